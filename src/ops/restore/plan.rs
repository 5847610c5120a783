//! What a restore makes, and of what: databases, where they go, and the files or streams they
//! are made of. Pure.

use std::collections::BTreeSet;

use super::candidates::Candidate;
use super::candidates::Part;
use super::chain::identity;
use super::choice::Choice;
use super::conflict::Conflict;
use super::conflict::HEAP;
use crate::format::flink::content::KeyGroups;
use crate::format::flink::content::Sort;
use crate::format::flink::content::key_group_prefix;
use crate::format::flink::keyed::IncrementalHandle;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::stream::StreamHandle;
use crate::model::Location;
use crate::model::places::Places;
use crate::ops::verify::plan::FileKind;
use crate::ops::verify::plan::Source;

/// Everything that is made.
#[derive(Debug)]
pub struct RestorePlan<'a> {
    /// The databases, in the order of operators and subtasks.
    pub databases: Vec<Database<'a>>,
    /// Subtasks that were asked for and have no state a database can be made of.
    pub left_out: Vec<LeftOut>,
}

/// A database that is made.
#[derive(Debug)]
pub struct Database<'a> {
    /// The operator whose state it holds.
    pub operator: OperatorId,
    /// The uid its author gave it.
    pub uid: Option<String>,
    /// The operator's name.
    pub name: Option<String>,
    /// The subtask; `None` where all of an operator are merged.
    pub subtask: Option<i32>,
    /// First and last key group; `None` if it has none.
    pub key_groups: Option<(i32, i32)>,
    /// Bytes of the key group in front of every key.
    pub prefix: usize,
    /// Where it goes: a path below the target, empty for the target itself.
    pub directory: String,
    /// What it is made of.
    pub make: Make<'a>,
    /// What of its state lies in a changelog, beyond what it is made of.
    pub beyond: Beyond,
    /// Bytes of raw keyed state, which is in no database: that of operators of their own kind, and
    /// timers on the heap.
    pub raw_keyed: u64,
}

/// How a database is made.
#[derive(Debug)]
pub enum Make<'a> {
    /// Its files are put side by side, under the names RocksDB knows them by.
    Place(FileSet<'a>),
    /// Its rows are read and written anew.
    Build(Vec<Input<'a>>),
}

/// Rows that go into a database.
#[derive(Debug)]
pub struct Input<'a> {
    /// Whose they were, in words.
    pub owner: String,
    /// First and last key group of the rows that are taken.
    pub keep: (i32, i32),
    /// Where they are.
    pub rows: Rows<'a>,
}

/// Where rows are.
#[derive(Debug)]
pub enum Rows<'a> {
    /// In a database, whose files these are.
    Database(FileSet<'a>),
    /// In a key-groups stream.
    Stream {
        /// Its bytes.
        source: Source<'a>,
        /// How a report shows its file.
        path: Option<String>,
        /// What the handle says of it.
        groups: KeyGroups,
    },
}

/// The files of a handle.
#[derive(Debug)]
pub struct FileSet<'a> {
    /// Whose handle, in words.
    pub owner: String,
    /// The key groups of the handle; after a rescale its tables can hold more.
    pub key_groups: KeyGroupRange,
    /// The files.
    pub files: Vec<Placed<'a>>,
}

/// A file of a database.
#[derive(Debug, Clone)]
pub struct Placed<'a> {
    /// The name RocksDB knows it by: one that [`FileKind`] knows, so that it leads nowhere.
    pub local_name: String,
    /// What it is.
    pub kind: FileKind,
    /// Where its bytes are.
    pub source: Source<'a>,
    /// How a report shows its file; `None` of one inside the metadata.
    pub path: Option<String>,
    /// What tells it from other files.
    pub identity: String,
}

/// What lies in a changelog.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beyond {
    /// Parts of changelog files, and lists of changes inside the metadata.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A subtask of which nothing is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The operator.
    pub operator: OperatorId,
    /// The uid its author gave it.
    pub uid: Option<String>,
    /// The operator's name.
    pub name: Option<String>,
    /// The subtask; `None` of an operator that has finished.
    pub subtask: Option<i32>,
    /// Why.
    pub why: &'static str,
}

/// Places in these stores are read.
pub type IsWanted<'w> = &'w dyn Fn(&Location) -> bool;

impl<'a> RestorePlan<'a> {
    /// What a choice makes of a checkpoint. Only places that are wanted are read.
    ///
    /// # Errors
    /// See [`Conflict`]: nothing is made then.
    pub fn of(
        metadata: &Metadata<'a>,
        places: &Places<'a>,
        choice: &Choice,
        is_wanted: IsWanted<'_>,
    ) -> Result<Self, Conflict> {
        let candidates = Candidate::all(metadata);
        let mut planner = Planner { places, is_wanted, choice, version: metadata.layout.version };
        let mut keyed = candidates.iter().filter(|one| one.is_keyed()).peekable();
        if keyed.peek().is_some() && keyed.all(|one| planner.why_not(one) == Some(HEAP)) {
            return Err(Conflict::NoRocksDb { what: "keyed state".to_owned(), why: HEAP });
        }
        let chosen = choice.of(&candidates)?;
        let mut left_out = Candidate::finished(metadata);
        left_out.retain(|one| choice.all && choice.operator.is_none_or(|id| id == one.operator));
        let mut groups: Vec<Vec<&Candidate<'a>>> = Vec::new();
        let mut seen = BTreeSet::new();
        for candidate in chosen {
            let (operator, subtask) = (candidate.operator, candidate.subtask);
            if !seen.insert((operator, subtask)) {
                return Err(Conflict::SamePlace { operator, subtask });
            }
            if let Some(why) = planner.why_not(candidate) {
                left_out.push(candidate.left_out(why));
                continue;
            }
            let last = groups.last_mut().filter(|group| {
                choice.merge && group.first().is_some_and(|first| first.operator == operator)
            });
            match last {
                Some(group) => group.push(candidate),
                None => groups.push(vec![candidate]),
            }
        }
        if groups.is_empty() {
            return Err(none_left(&left_out));
        }
        let alone = groups.len() == 1;
        let mut databases = Vec::new();
        for group in &groups {
            databases.extend(planner.database(group, alone)?);
        }
        Ok(RestorePlan { databases, left_out })
    }
}

impl RestorePlan<'_> {
    /// Places of files and streams that are read, the likeliest of each.
    pub fn sources(&self) -> impl Iterator<Item = &Location> {
        let sources = self.databases.iter().flat_map(Database::sources);
        sources.filter_map(|source| match source {
            Source::File { places, .. } => places.first(),
            Source::Inline(_) => None,
        })
    }

    /// How many files and streams are read.
    pub fn streams_and_files(&self) -> usize {
        self.databases.iter().map(|database| database.sources().len()).sum()
    }
}

impl<'a> Input<'a> {
    fn sources(&self) -> Vec<&Source<'a>> {
        match &self.rows {
            Rows::Database(set) => set.sources(),
            Rows::Stream { source, .. } => vec![source],
        }
    }
}

impl<'a> FileSet<'a> {
    fn sources(&self) -> Vec<&Source<'a>> {
        self.files.iter().map(|file| &file.source).collect()
    }
}

impl FileSet<'_> {
    /// Bytes of its files, as far as their handles know. These can say anything.
    pub fn bytes(&self) -> u64 {
        let known = self.files.iter().filter_map(|file| file.source.bytes());
        known.fold(0, u64::saturating_add)
    }
}

impl Placed<'_> {
    /// Where it begins in its file.
    pub fn offset(&self) -> u64 {
        match &self.source {
            Source::File { start, .. } => *start,
            Source::Inline(_) => 0,
        }
    }
}

impl<'a> Database<'a> {
    fn sources(&self) -> Vec<&Source<'a>> {
        match &self.make {
            Make::Place(set) => set.sources(),
            Make::Build(inputs) => inputs.iter().flat_map(Input::sources).collect(),
        }
    }

    /// Its operator and subtask, in words.
    pub fn label(&self) -> String {
        let operator = label(self.uid.as_deref(), self.name.as_deref(), self.operator);
        match self.subtask {
            Some(subtask) => format!("{operator} subtask {subtask}"),
            None => operator,
        }
    }
}

/// An operator in words.
pub fn label(uid: Option<&str>, name: Option<&str>, operator: OperatorId) -> String {
    uid.or(name).map_or_else(|| operator.to_string(), str::to_owned)
}

fn none_left(left_out: &[LeftOut]) -> Conflict {
    let heap = left_out.iter().find(|one| one.why == HEAP);
    match heap.or(left_out.first()) {
        Some(LeftOut { operator, uid, name, subtask, why }) => {
            let operator = label(uid.as_deref(), name.as_deref(), *operator);
            let what = match subtask {
                Some(subtask) => format!("{operator} subtask {subtask}"),
                None => operator,
            };
            Conflict::NoRocksDb { what, why }
        }
        None => {
            let what = "the checkpoint".to_owned();
            Conflict::NoRocksDb { what, why: "has no keyed state" }
        }
    }
}

struct Planner<'p, 'a> {
    places: &'p Places<'a>,
    is_wanted: IsWanted<'p>,
    choice: &'p Choice,
    version: i32,
}

impl<'a> Planner<'_, 'a> {
    /// Why nothing is made of a subtask.
    fn why_not(&self, candidate: &Candidate<'a>) -> Option<&'static str> {
        let is_heap = |part: &Part<'a>| match part {
            Part::Stream(handle) => {
                let groups = handle.groups(candidate.max_parallelism, self.version);
                groups.sort == Some(Sort::Heap)
            }
            Part::Database(_) => false,
        };
        match candidate.why_not() {
            Some(why) => Some(why),
            None if candidate.parts.iter().any(is_heap) => Some(HEAP),
            None => None,
        }
    }

    /// The database of a subtask, or of all of an operator; none if nothing of it is kept.
    fn database(
        &mut self,
        group: &[&Candidate<'a>],
        alone: bool,
    ) -> Result<Option<Database<'a>>, Conflict> {
        let Some(first) = group.first() else { return Ok(None) };
        let subtask = (!self.choice.merge).then_some(first.subtask);
        let id = first.operator;
        let directory = match (alone, subtask) {
            (true, _) => String::new(),
            (false, Some(subtask)) => format!("{id}/{subtask}"),
            (false, None) => id.to_string(),
        };
        let kept = self.choice.key_groups;
        let whole = |candidate: &Candidate<'a>| {
            let bounds = candidate.key_groups.bounds();
            match (bounds, kept) {
                (Some((first, last)), Some((from, to))) => {
                    Some((first.max(from), last.min(to))).filter(|(first, last)| first <= last)
                }
                (bounds, None) => bounds,
                (None, _) => None,
            }
        };
        let ranges: Vec<(i32, i32)> = group.iter().filter_map(|one| whole(one)).collect();
        let key_groups = ranges.iter().copied().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let beyond = group.iter().fold(Beyond::default(), |sum, one| Beyond {
            segments: sum.segments.saturating_add(one.beyond.segments),
            bytes: sum.bytes.saturating_add(one.beyond.bytes),
        });
        let as_it_is = match first.parts.as_slice() {
            [Part::Database(handle)] if !self.choice.merge && kept.is_none() => {
                // After a rescale a materialized part can hold more than the subtask has.
                (handle.key_groups == first.key_groups).then_some(handle)
            }
            _ => None,
        };
        let make = match as_it_is {
            Some(handle) => Make::Place(self.files(handle, &first.label())?),
            None => Make::Build(self.inputs(group, whole)?),
        };
        Ok(Some(Database {
            operator: id,
            uid: first.uid.clone(),
            name: first.name.clone(),
            subtask,
            key_groups,
            prefix: key_group_prefix(first.max_parallelism).into(),
            directory,
            make,
            beyond,
            raw_keyed: group.iter().map(|one| one.raw_keyed).sum(),
        }))
    }

    fn inputs(
        &self,
        group: &[&Candidate<'a>],
        whole: impl Fn(&Candidate<'a>) -> Option<(i32, i32)>,
    ) -> Result<Vec<Input<'a>>, Conflict> {
        let mut inputs = Vec::new();
        for candidate in group {
            let Some((from, to)) = whole(candidate) else { continue };
            for part in &candidate.parts {
                let Some((first, last)) = part.key_groups().bounds() else { continue };
                let keep = (first.max(from), last.min(to));
                if keep.0 > keep.1 {
                    continue;
                }
                let owner = candidate.label();
                let rows = match part {
                    Part::Database(handle) => Rows::Database(self.files(handle, &owner)?),
                    Part::Stream(handle) => {
                        let lacks = || Conflict::Lacks { owner: owner.clone(), what: "stream" };
                        let stream = handle.0.delegate.as_ref().ok_or_else(lacks)?;
                        let source = self.source(stream, &owner)?;
                        let path = self.places.of(stream).map(|place| self.places.text(place));
                        let groups = handle.groups(candidate.max_parallelism, self.version);
                        Rows::Stream { source, path, groups }
                    }
                };
                inputs.push(Input { owner, keep, rows });
            }
        }
        // One after the other they are in the order of their keys.
        inputs.sort_by_key(|input| input.keep);
        Ok(inputs)
    }

    /// The files of a handle.
    fn files(&self, handle: &IncrementalHandle<'a>, owner: &str) -> Result<FileSet<'a>, Conflict> {
        let mut files: Vec<Placed<'a>> = Vec::new();
        let mut names = BTreeSet::new();
        for file in handle.shared.iter().chain(handle.private.iter()) {
            let owner = || owner.to_owned();
            let local_name = file.local_name.to_str().into_owned();
            let kind = FileKind::of(&local_name);
            if kind == FileKind::Other {
                return Err(Conflict::Name { owner: owner(), name: local_name });
            }
            if !names.insert(local_name.clone()) {
                return Err(Conflict::Twice { owner: owner(), name: local_name });
            }
            let Some(stream) = &file.handle else {
                return Err(Conflict::Lacks { owner: owner(), what: "bytes of a file" });
            };
            let what = format!("{} as {local_name}", owner());
            let source = self.source(stream, &what)?;
            let path = self.places.of(stream).map(|place| self.places.text(place));
            let identity = identity(&file, &source);
            files.push(Placed { local_name, kind, source, path, identity });
        }
        let has = |kind: FileKind| files.iter().any(|file| file.kind == kind);
        for (kind, what) in [(FileKind::Current, "CURRENT"), (FileKind::Manifest, "MANIFEST")] {
            if !has(kind) {
                return Err(Conflict::Lacks { owner: owner.to_owned(), what });
            }
        }
        let key_groups = handle.key_groups;
        Ok(FileSet { owner: owner.to_owned(), key_groups, files })
    }

    fn source(&self, stream: &StreamHandle<'a>, what: &str) -> Result<Source<'a>, Conflict> {
        let lacks = Conflict::Lacks { owner: what.to_owned(), what: "bytes of a file" };
        let mut source = Source::of(stream, self.places).ok_or(lacks)?;
        if let Source::File { places, .. } = &mut source {
            let path = || self.places.of(stream).map(|place| self.places.text(place));
            let nowhere = |why| Conflict::Nowhere {
                what: what.to_owned(),
                path: path().unwrap_or_default(),
                why,
            };
            if places.is_empty() {
                return Err(nowhere("is no path that Flink writes"));
            }
            places.retain(|place| (self.is_wanted)(place));
            if places.is_empty() {
                return Err(nowhere("lies in another store and is not read"));
            }
        }
        Ok(source)
    }
}
