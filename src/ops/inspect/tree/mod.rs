//! A job directory or a checkpoint root as a whole: collects what is read of it. Pure.

mod conclude;
mod doubts;
mod problems;
mod row;
#[cfg(test)]
pub(crate) mod tests;
mod units;

pub use conclude::CrossReference;
pub use conclude::Facts;
pub use conclude::Totals;
pub use row::Growth;
pub use row::OperatorRow;
pub use row::Problem;
pub use row::Row;
pub use units::Count;
pub use units::Incomplete;
pub use units::Sums;
pub use units::Unit;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

use jiff::Timestamp;

use super::overview::Overview;
use super::select::Named;
use super::warnings;
use super::warnings::Finding;
use crate::catalog::survey::Below;
use crate::catalog::survey::EntryKind;
use crate::catalog::survey::FileEntry;
use crate::catalog::survey::Read;
use crate::catalog::survey::Sink;
use crate::catalog::survey::Sought;
use crate::catalog::survey::Unread;
use crate::catalog::survey::Why;
use crate::format::flink::operator::OperatorId;
use crate::model::Location;
use crate::model::layout;
use crate::model::layout::METADATA;
use crate::model::rebase::Rule;
use crate::model::references::Builder;
use crate::model::references::NodeId;
use crate::model::references::TooMany;

/// What a report is about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The directory: all that lies below it was listed.
    pub tree: Location,
    /// Where relative paths of the report begin: the root around a job directory.
    pub base: Location,
    /// Whether it is one job, and not a root with any number of them.
    pub is_job: bool,
    /// Places in whose stores files are looked for as well; without them only below the base.
    pub everywhere: Vec<Location>,
}

impl Subject {
    /// A job directory; one that is named by a job id has a root around it.
    pub fn job(tree: Location) -> Self {
        let named = tree.file_name().is_some_and(layout::is_job_id);
        let base = if named { tree.parent() } else { None };
        Subject {
            base: base.unwrap_or_else(|| tree.clone()),
            tree,
            is_job: true,
            everywhere: Vec::new(),
        }
    }

    /// A checkpoint root.
    pub fn root(tree: Location) -> Self {
        Subject { base: tree.clone(), tree, is_job: false, everywhere: Vec::new() }
    }

    /// Whether files that should lie there are looked for.
    pub fn seeks(&self, at: &Location) -> bool {
        at.is_below(&self.base) || self.everywhere.iter().any(|place| place.same_store(at))
    }

    /// A place below the base, or its URI.
    pub fn path_of(&self, at: &Location) -> String {
        at.relative_to(&self.base).map_or_else(|| at.to_string(), str::to_owned)
    }

    /// Where other jobs are that may refer to files here.
    pub fn around(&self) -> Option<Location> {
        (self.base != self.tree).then(|| self.base.clone())
    }
}

/// A name by which an operator can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorName {
    /// The uid its author gave it.
    pub uid: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// Everything that was read of a tree, and of places from where files in it may be referred to.
#[derive(Debug)]
pub struct Tree {
    subject: Subject,
    builder: Builder,
    rows: Vec<Row>,
    /// Names of operators, by the newest metadata version that has them.
    operators: BTreeMap<OperatorId, (i32, OperatorName)>,
    /// Directories of checkpoints, savepoints and jobs, by their paths below the tree.
    directories: BTreeSet<String>,
    /// Metadata files, by the directories they lie in.
    metadata: BTreeMap<String, FileEntry>,
    other: Other,
    rules: Vec<Rule>,
    /// Stated rules that mapped no path yet.
    unused_rules: Option<Vec<Rule>>,
    /// Links that were not followed, and where they lead.
    links: Vec<Rule>,
    /// Files that are being sought, by the numbers of their directories.
    missed: BTreeMap<u32, HashSet<NodeId>>,
    findings: Vec<Finding>,
    unlisted: u64,
}

/// What is neither metadata nor state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Other {
    /// How many.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Tree {
    /// Nothing yet of a tree.
    pub fn new(subject: Subject) -> Self {
        Tree {
            subject,
            builder: Builder::default(),
            rows: Vec::new(),
            operators: BTreeMap::new(),
            directories: BTreeSet::new(),
            metadata: BTreeMap::new(),
            other: Other::default(),
            rules: Vec::new(),
            unused_rules: None,
            links: Vec::new(),
            missed: BTreeMap::new(),
            findings: Vec::new(),
            unlisted: 0,
        }
    }

    fn listed(&mut self, file: &FileEntry) {
        let (dir, name) = file.name.rsplit_once('/').unwrap_or(("", &file.name));
        if !matches!(file.kind, EntryKind::Regular | EntryKind::Link) {
            self.other.files += 1;
            return;
        }
        // What a file system of Hadoop puts into an object store in place of a directory.
        let marker = layout::is_of_a_job(name) || layout::is_job_id(name);
        if file.size == Some(0) && marker && !self.subject.tree.is_local() {
            self.directories.insert(file.name.clone());
            return;
        }
        self.directory(dir);
        if name == METADATA {
            self.metadata.insert(dir.to_owned(), file.clone());
            return;
        }
        self.builder.listed(&self.subject.tree, &file.name, file.size, file.modified);
    }

    /// Notes a directory that a report speaks of even if nothing is in it.
    fn directory(&mut self, path: &str) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let known = layout::is_snapshot_name(name) || layout::is_job_id(name);
        if known && !self.directories.contains(path) {
            self.directories.insert(path.to_owned());
        }
    }

    fn finding(&mut self, code: &'static str, subject: String, message: impl Into<String>) {
        self.findings.push(Finding { code, subject, message: message.into() });
    }

    fn rows_of(&mut self, at: &Location) -> impl Iterator<Item = &mut Row> {
        self.rows.iter_mut().filter(move |row| row.metadata == *at)
    }
}

impl Sink for Tree {
    fn below(&mut self, found: &Below) {
        match found {
            Below::File(file) => self.listed(file),
            Below::Directory(path) => self.directory(path),
            Below::LinkNotFollowed { name, target } => {
                let at = self.subject.tree.join(name);
                self.not_followed(&at);
                if let Some(to) = target {
                    self.links.push(Rule { from: at, to: to.clone(), stated: false });
                }
            }
            Below::Unspellable(path) => {
                self.other.files += 1;
                let message = "the name is not UTF-8, so no Flink wrote it; it is left out";
                self.finding("name-unspellable", path.clone(), message);
            }
        }
    }

    fn unlisted(&mut self, at: &Location, error: &str) {
        self.unlisted += 1;
        let at = at.display_short().into_owned();
        let message = format!(
            "could not be listed, so files that are referred to from there look unreferenced, \
             and files that lie there are not counted: {error}"
        );
        self.finding("listing-incomplete", at, message);
    }

    fn not_followed(&mut self, at: &Location) {
        let message = "a symbolic link that leads nowhere, in a circle, or to what is listed \
                       anyway, was not followed";
        self.finding("link-not-followed", at.display_short().into_owned(), message);
    }

    fn metadata(&mut self, file: Result<Read<'_, '_>, Unread>) {
        match file {
            Ok(read) => self.read(&read),
            Err(Unread { why: Why::NotCompleted, .. }) => {}
            Err(Unread { at, why: Why::Foreign }) => self.foreign(&at),
            Err(Unread { at, why: Why::Removed }) => {
                self.rows.push(Row::unread(at, Problem::Removed));
            }
            Err(Unread { at, why: Why::Failed(error) }) => {
                let subject = at.display_short().into_owned();
                let problem = Problem::failed(&error, &subject);
                self.finding("metadata-unreadable", subject, problem.message());
                let listed = at
                    .parent()
                    .and_then(|dir| self.metadata.get(dir.relative_to(&self.subject.tree)?));
                let (modified, metadata_bytes) =
                    listed.map_or((None, None), |file| (file.modified, file.size));
                self.rows.push(Row { modified, metadata_bytes, ..Row::unread(at, problem) });
            }
        }
    }

    fn doubts(&mut self) -> Vec<Location> {
        self.jobs_in_doubt()
    }

    fn sought(&mut self) -> Vec<Sought> {
        self.files_to_seek()
    }

    fn sighted(&mut self, directory: u32, at: &Location, file: &FileEntry) {
        self.seen_at(directory, at, file);
    }

    fn searched(&mut self, directory: u32, failed: Option<String>) {
        self.search_ended(directory, failed);
    }

    fn suspects(&mut self) -> Vec<Location> {
        self.metadata_to_ask_for()
    }

    fn removed(&mut self, at: &Location) {
        self.rows_of(at).for_each(|row| row.problem = Some(Problem::Removed));
    }
}

impl Tree {
    fn read(&mut self, read: &Read<'_, '_>) {
        let Read { file, metadata, places } = *read;
        let at = &file.location;
        let mut findings = warnings::of_the_file(metadata, at);
        let mut operators = Vec::new();
        let mut adding = match self.builder.begin(places) {
            Ok(adding) => adding,
            Err(error) => return self.unread(at, &error),
        };
        let builder = &mut self.builder;
        let mut add = |id, subtask, stream| builder.add(&mut adding, id, subtask, stream);
        let overview = Overview::of(metadata, &mut add, |state, sums| {
            if state.has_odd_parallelism() {
                findings.push(Finding::odd_parallelism(&state));
            }
            let version = metadata.layout.version;
            let known = self.operators.get(&state.id).map_or(i32::MIN, |(known, _)| *known);
            if known < version {
                let [uid, name] = [state.uid, state.name].map(|text| text.map(|t| t.to_string()));
                self.operators.insert(state.id, (version, OperatorName { uid, name }));
            }
            operators.push(OperatorRow { id: state.id, sizes: sums.sizes });
        });
        self.findings.extend(findings);
        let number = match self.builder.end(adding) {
            Ok(number) => number,
            Err(error) => return self.unread(at, &error),
        };
        let stated = places.rebasing().rules().iter().filter(|rule| rule.stated);
        let unused = self.unused_rules.get_or_insert_with(|| stated.cloned().collect());
        for (number, rule) in places.rebasing().rules().iter().enumerate() {
            if !unused.is_empty() && places.has_used(number) {
                unused.retain(|one| one != rule);
            }
            if !self.rules.contains(rule) {
                self.rules.push(rule.clone());
            }
        }
        // Completed after the listing.
        if let Some(dir) = at.parent().as_ref().and_then(|dir| dir.relative_to(&self.subject.tree))
            && at.file_name() == Some(METADATA)
            && !self.metadata.contains_key(dir)
        {
            let (size, modified) = (Some(file.bytes.len() as u64), file.modified);
            let entry =
                FileEntry { name: METADATA.into(), size, modified, kind: EntryKind::Regular };
            self.metadata.insert(dir.to_owned(), entry);
        }
        self.rows.push(Row {
            number: Some(number),
            id: Some(metadata.checkpoint_id),
            modified: file.modified,
            metadata_bytes: Some(file.bytes.len() as u64),
            version: Some(metadata.layout.version),
            overview: Some(overview),
            operators,
            ..Row::at(at.clone())
        });
    }

    fn unread(&mut self, at: &Location, error: &TooMany) {
        let problem = Problem::Unread(error.to_string());
        self.finding("metadata-unreadable", at.display_short().into_owned(), problem.message());
        self.rows.push(Row::unread(at.clone(), problem));
    }

    /// Another program's file: no metadata, but a file that lies there.
    fn foreign(&mut self, at: &Location) {
        let dir = at.parent();
        let dir = dir.as_ref().and_then(|dir| dir.relative_to(&self.subject.tree));
        if let Some(file) = dir.and_then(|dir| self.metadata.remove(dir)) {
            self.other.files += 1;
            self.other.bytes += file.size.unwrap_or_default();
        }
    }

    /// Concludes what the tree is.
    pub fn conclude(self, now: Timestamp, only: Option<OperatorId>) -> Facts {
        conclude::conclude(self, now, only)
    }

    /// The operators of all checkpoints.
    pub fn operators(&self) -> Vec<Named<'_>> {
        let text = |text: &Option<String>| text.clone().map(Cow::Owned);
        let named = |(id, (_, OperatorName { uid, name })): (&OperatorId, &(i32, OperatorName))| {
            Named { id: *id, uid: text(uid), name: text(name) }
        };
        self.operators.iter().map(named).collect()
    }
}
