//! What was found out about checkpoints: findings, and the verdict on each. Begins with what
//! listings tell: files that are missing or have another size.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

use jiff::Timestamp;

use super::fact::Looked;
use super::rules;
use super::rules::Finding;
use super::rules::Level;
use super::rules::Rule;
use super::rules::Severity;
use crate::model::Location;
use crate::model::layout;
use crate::model::references::File;
use crate::model::references::FileUse;
use crate::model::references::NodeId;
use crate::model::references::Paths;
use crate::model::walk::Role;
use crate::ops::inspect::overview::Snapshot;
use crate::ops::inspect::tree::Facts;
use crate::ops::inspect::tree::Problem;
use crate::ops::inspect::tree::Row;

/// What is known of some checkpoints at one level.
#[derive(Debug)]
pub struct Audit {
    /// How deep was looked.
    pub level: Level,
    /// Whether everything was looked at that the level asks for.
    pub complete: bool,
    /// Each checkpoint, in the order of the survey.
    pub checkpoints: Vec<Checkpoint>,
    /// Files that checkpoints refer to, and their bytes as far as they are known.
    pub files: Count,
    /// What was looked at in them.
    pub looked: Looked,
    /// What could not be parsed, as only its author knows how, by why: of how many streams.
    pub unparsed: BTreeMap<String, u64>,
    /// Files with a finding: nothing more is looked for in them.
    pub bad: HashSet<Location>,
    /// Changelog files whose sizes say nothing before their first bytes are known.
    pub undecided: Vec<Undecided>,
    findings: BTreeMap<Key, Finding>,
}

/// A changelog file. Its handle counts the bytes of changes; the file has one byte more, or, if
/// that byte says that it is compressed, any number.
#[derive(Debug, Clone)]
pub struct Undecided {
    /// Where it is.
    pub at: Location,
    /// What a report calls it.
    pub subject: String,
    /// Bytes that lie there.
    pub found: u64,
    /// Bytes that its handles speak of.
    pub stated: u64,
    /// The checkpoints that refer to it.
    pub checkpoints: Vec<usize>,
}

/// So many, of so many bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// One checkpoint or savepoint.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Its metadata file.
    pub metadata: Location,
    /// Its id; of one that could not be read the number of its directory.
    pub id: Option<i64>,
    /// What it is, where the metadata says so.
    pub snapshot: Option<Snapshot>,
    /// When it was completed.
    pub modified: Option<Timestamp>,
    /// Whether it was read.
    pub readable: bool,
    /// Whether it was removed while it was looked at.
    pub removed: bool,
    /// The number of the job, savepoint or other place it belongs to.
    pub unit: u32,
}

/// The answer about one checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that was asked for was looked at, and nothing is damaged.
    Restorable,
    /// Something is damaged or missing.
    Damaged,
    /// Not everything could be looked at, and what could is not damaged.
    Unknown,
}

impl Verdict {
    /// The word of reports.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Restorable => "restorable",
            Verdict::Damaged => "damaged",
            Verdict::Unknown => "unknown",
        }
    }
}

/// What makes two findings one.
type Key = (String, &'static Rule, Option<u64>, String);

impl Audit {
    /// What listings and metadata tell, at the levels `exists` and `size`.
    pub fn of(facts: &Facts, level: Level) -> Self {
        let in_tree = |row: &&Row| row.metadata.is_below(&facts.subject.tree);
        let rows: Vec<&Row> = facts.rows.iter().filter(in_tree).collect();
        let mut audit = Audit {
            level,
            complete: true,
            checkpoints: rows.iter().map(|row| Checkpoint::of(row)).collect(),
            files: Count::default(),
            looked: Looked::default(),
            unparsed: BTreeMap::new(),
            bad: HashSet::new(),
            undecided: Vec::new(),
            findings: BTreeMap::new(),
        };
        for (number, row) in rows.iter().enumerate() {
            audit.judge_metadata(number, row, facts.subject.path_of(&row.metadata));
        }
        if facts.unlisted > 0 {
            audit.judge_places(facts);
        }
        let numbers = rows.iter().enumerate();
        let numbers = numbers.filter_map(|(number, row)| Some((row.number?, number)));
        Files {
            facts,
            paths: facts.references.paths(&facts.subject.base),
            numbers: numbers.collect(),
            disagreeing: facts.references.disagreements().map(|(node, ..)| node).collect(),
            audit: &mut audit,
        }
        .judge();
        audit
    }

    /// Notes something that was found about checkpoints; the same thing again adds them to it.
    pub fn add(&mut self, finding: Finding) {
        let Finding { subject, rule, offset, evidence, checkpoints } = &finding;
        let key = (subject.clone(), *rule, *offset, evidence.clone());
        let checkpoints = checkpoints.clone();
        self.findings.entry(key).or_insert(finding).checkpoints.extend(checkpoints);
    }

    /// All findings, the worst first, then in the order of their subjects.
    pub fn findings(&self) -> Vec<&Finding> {
        let mut all: Vec<&Finding> = self.findings.values().collect();
        all.sort_by_key(|finding| finding.rule.severity);
        all
    }

    /// What is to be said of each checkpoint.
    pub fn verdicts(&self) -> Vec<Verdict> {
        let whole = if self.complete { Verdict::Restorable } else { Verdict::Unknown };
        let mut verdicts = vec![whole; self.checkpoints.len()];
        for finding in self.findings.values() {
            let verdict = match finding.rule.severity {
                Severity::Damaged => Verdict::Damaged,
                Severity::Unknown => Verdict::Unknown,
                Severity::Note => continue,
            };
            for number in &finding.checkpoints {
                if let Some(known) = verdicts.get_mut(*number)
                    && *known != Verdict::Damaged
                {
                    *known = verdict;
                }
            }
        }
        verdicts
    }

    /// Whether anything is damaged.
    pub fn is_damaged(&self) -> bool {
        self.has(Severity::Damaged)
    }

    /// Whether something could not be looked at. A checkpoint that Flink removed meanwhile is
    /// nobody's loss while there are others.
    pub fn is_unknown(&self) -> bool {
        let all_removed = self.checkpoints.iter().all(|checkpoint| checkpoint.removed);
        self.findings.values().any(|finding| {
            let removed = finding.rule == rules::CHECKPOINT_REMOVED;
            finding.rule.severity == Severity::Unknown && (!removed || all_removed)
        })
    }

    fn has(&self, severity: Severity) -> bool {
        self.findings.values().any(|finding| finding.rule.severity == severity)
    }

    /// The newest checkpoint of those wanted that can be restored: by completion time, then
    /// by id.
    pub fn newest_restorable(&self, wanted: impl Fn(&Checkpoint) -> bool) -> Option<usize> {
        let verdicts = self.verdicts();
        let all = self.checkpoints.iter().enumerate();
        let restorable = all.filter(|(number, checkpoint)| {
            verdicts.get(*number) == Some(&Verdict::Restorable) && wanted(checkpoint)
        });
        restorable.max_by_key(|(_, checkpoint)| checkpoint.age()).map(|(number, _)| number)
    }

    /// Notes that a checkpoint was removed while it was looked at. What was found missing of
    /// it before is no damage then.
    pub fn remove(&mut self, number: usize, subject: String) {
        if let Some(checkpoint) = self.checkpoints.get_mut(number) {
            checkpoint.removed = true;
        }
        self.findings.retain(|_, finding| {
            finding.checkpoints.remove(&number);
            !finding.checkpoints.is_empty()
        });
        let evidence = "its metadata file is gone".to_owned();
        self.find(rules::CHECKPOINT_REMOVED, subject, evidence, [number]);
    }

    /// Decides on a changelog file by its first byte; `None` if it has none.
    pub fn decide(&mut self, file: Undecided, first: Option<u8>) {
        let Undecided { at, subject, found, stated, checkpoints } = file;
        let (rule, evidence) = match first {
            Some(0) | None => wrong_size(found, stated.saturating_add(1)),
            Some(1) => return,
            Some(other) => {
                (rules::CHANGELOG_SEGMENT, format!("its first byte is {other}, not 0 or 1"))
            }
        };
        self.bad.insert(at);
        self.find(rule, subject, evidence, checkpoints);
    }

    /// Adds a finding without an offset.
    pub fn find(
        &mut self,
        rule: &'static Rule,
        subject: String,
        evidence: String,
        checkpoints: impl IntoIterator<Item = usize>,
    ) {
        let checkpoints: BTreeSet<usize> = checkpoints.into_iter().collect();
        self.add(Finding { subject, rule, offset: None, evidence, checkpoints });
    }

    fn judge_metadata(&mut self, number: usize, row: &Row, subject: String) {
        let (rule, evidence) = match &row.problem {
            Some(Problem::Empty) => (rules::METADATA_EMPTY, "it has 0 bytes".to_owned()),
            Some(Problem::Damaged(error)) => (rules::METADATA_DAMAGED, error.clone()),
            Some(Problem::Unread(error)) => (rules::METADATA_UNREADABLE, error.clone()),
            Some(Problem::Removed) => return self.remove(number, subject),
            Some(Problem::Files { .. }) | None => return,
        };
        self.find(rule, subject, evidence, [number]);
    }

    fn judge_places(&mut self, facts: &Facts) {
        let unlisted = facts.findings.iter().filter(|one| one.code == "listing-incomplete");
        for one in unlisted {
            let evidence = "checkpoints may lie there that were not looked at".to_owned();
            self.find(rules::PLACE_UNLISTED, one.subject.clone(), evidence, []);
        }
    }
}

impl Checkpoint {
    fn of(row: &Row) -> Self {
        Checkpoint {
            metadata: row.metadata.clone(),
            id: row.id,
            snapshot: row.overview.and_then(|overview| overview.snapshot),
            modified: row.modified,
            readable: row.number.is_some(),
            removed: false,
            unit: row.unit,
        }
    }

    /// Whether it is a savepoint: as the metadata says, or else its directory.
    pub fn is_savepoint(&self) -> bool {
        let named = || {
            let directory = self.metadata.parent();
            let name = directory.as_ref().and_then(Location::file_name);
            name.is_some_and(layout::is_savepoint_name)
        };
        self.snapshot.map_or_else(named, Snapshot::is_savepoint)
    }

    /// `checkpoint` or `savepoint`; `None` where the metadata does not say.
    pub fn kind(&self) -> Option<&'static str> {
        self.snapshot.map(|kind| if kind.is_savepoint() { "savepoint" } else { "checkpoint" })
    }

    /// By what a newer one is told from an older one.
    pub fn age(&self) -> (Option<Timestamp>, Option<i64>) {
        (self.modified, self.id)
    }
}

/// A size that is not the one it should be.
fn wrong_size(found: u64, expected: u64) -> (&'static Rule, String) {
    if found < expected {
        let few = expected - found;
        return (rules::FILE_SHORT, format!("it has {found} bytes, {few} fewer than {expected}"));
    }
    let many = found - expected;
    (rules::FILE_LONG, format!("it has {found} bytes, {many} more than {expected}"))
}

/// A pass over all files.
struct Files<'f> {
    facts: &'f Facts,
    paths: Paths<'f>,
    /// Numbers of checkpoints in the audit, by those in the references.
    numbers: BTreeMap<u32, usize>,
    disagreeing: HashSet<NodeId>,
    audit: &'f mut Audit,
}

impl Files<'_> {
    fn judge(&mut self) {
        for file in self.facts.references.files() {
            let of_file = file.checkpoints();
            let blamed: Vec<(u32, usize)> =
                of_file.iter().filter_map(|n| Some((*n, *self.numbers.get(n)?))).collect();
            if blamed.is_empty() {
                continue;
            }
            self.audit.files.files += 1;
            let bytes = file.bytes().unwrap_or_default();
            self.audit.files.bytes = self.audit.files.bytes.saturating_add(bytes);
            match file.found_bytes() {
                None => self.not_found(&file, &blamed),
                Some(found) if self.audit.level >= Level::Size => {
                    self.judge_size(&file, found, &blamed);
                }
                Some(_) => {}
            }
        }
    }

    fn not_found(&mut self, file: &File<'_>, blamed: &[(u32, usize)]) {
        let usage = file.uses().next().map(|usage| self.usage(&usage)).unwrap_or_default();
        let evidence = |what: &str| format!("{what}; {usage}");
        let (rule, evidence) = if file.is_suspicious() {
            (rules::PATH_INVALID, evidence("it is not followed"))
        } else if file.is_absent() {
            let at = file.written_place().filter(|at| self.facts.subject.seeks(at));
            let at = at.map_or_else(String::new, |at| format!(", nor at {}", at.display_short()));
            let relative = self.relative(file, blamed);
            let rule = if relative { rules::RELATIVE_FILE_MISSING } else { rules::FILE_MISSING };
            let now = file.directory().and_then(|dir| dir.now().cloned());
            let moved = file.written_place().map(|at| at.parent()) != Some(now);
            let at = if moved { at } else { String::new() };
            (rule, evidence(&format!("it is not there{at}")))
        } else if file.is_unseen() {
            (rules::FILE_UNSEEN, evidence(&self.why_unseen(file)))
        } else {
            (rules::FILE_ELSEWHERE, evidence("its store was not asked"))
        };
        let subject = self.paths.of(file.node());
        self.blame(file, rule, subject, evidence, blamed);
    }

    /// Whether only relative names in shared lists of checkpoints lead to it.
    fn relative(&self, file: &File<'_>, blamed: &[(u32, usize)]) -> bool {
        let shared = file.uses().any(|usage| usage.role == Role::Shared);
        let savepoint = |number: &usize| {
            self.audit.checkpoints.get(*number).is_some_and(Checkpoint::is_savepoint)
        };
        let is_relative = file.class() == Some("RelativeFileStateHandle");
        shared && is_relative && !blamed.iter().any(|(_, number)| savepoint(number))
    }

    fn why_unseen(&self, file: &File<'_>) -> String {
        let at = file.directory().and_then(|dir| dir.now().cloned());
        let at = at.map(|at| at.display_short().into_owned()).unwrap_or_default();
        let found =
            self.facts.findings.iter().find(|one| one.code == "files-unseen" && one.subject == at);
        let text = found.and_then(|one| one.message.split_once(": "));
        text.map_or_else(|| "its directory could not be asked".into(), |(_, why)| why.to_owned())
    }

    fn judge_size(&mut self, file: &File<'_>, found: u64, blamed: &[(u32, usize)]) {
        let subject = self.paths.of(file.node());
        if self.disagreeing.contains(&file.node()) {
            let known = self.facts.references.disagreements();
            let sizes = known.filter(|(node, ..)| *node == file.node());
            let evidence = sizes.map(|(_, first, _, other)| {
                format!("handles say {first} and {other} bytes, and it has {found}")
            });
            let evidence = evidence.collect::<Vec<_>>().join("; ");
            self.blame(file, rules::SIZES_DISAGREE, subject, evidence, blamed);
            return;
        }
        if file.uses().all(|usage| usage.role == Role::Changelog) {
            return self.judge_changelog(file, found, subject, blamed);
        }
        for one in blamed {
            let whole = file.whole_in(one.0);
            let (rule, evidence) = match whole {
                Some(whole) if found != whole => wrong_size(found, whole),
                _ if file.end_in(one.0) > found => (
                    rules::SEGMENT_OUT_OF_FILE,
                    format!("it has {found} bytes, and a segment ends at {}", file.end_in(one.0)),
                ),
                _ => continue,
            };
            self.blame(file, rule, subject.clone(), evidence, std::slice::from_ref(one));
        }
    }

    fn judge_changelog(
        &mut self,
        file: &File<'_>,
        found: u64,
        subject: String,
        blamed: &[(u32, usize)],
    ) {
        let place = file.directory().and_then(|dir| dir.now()).map(|dir| dir.join(&file.name()));
        let (Some(stated), Some(at)) = (file.bytes(), place) else { return };
        if found != stated.saturating_add(1) {
            let checkpoints = blamed.iter().map(|(_, number)| *number).collect();
            let undecided = Undecided { at, subject, found, stated, checkpoints };
            self.audit.undecided.push(undecided);
        }
    }

    fn blame(
        &mut self,
        file: &File<'_>,
        rule: &'static Rule,
        subject: String,
        evidence: String,
        blamed: &[(u32, usize)],
    ) {
        if let Some(dir) = file.directory().and_then(|dir| dir.now()) {
            self.audit.bad.insert(dir.join(&file.name()));
        }
        let removed = |number: &usize| {
            self.audit.checkpoints.get(*number).is_some_and(|checkpoint| checkpoint.removed)
        };
        let blamed: Vec<usize> =
            blamed.iter().map(|(_, number)| *number).filter(|number| !removed(number)).collect();
        if !blamed.is_empty() {
            self.audit.find(rule, subject, evidence, blamed);
        }
    }

    /// Who needs a file, in words.
    fn usage(&self, usage: &FileUse<'_>) -> String {
        let operator = self.facts.label(&usage.operator.to_string());
        let subtask =
            usage.subtask.map_or_else(String::new, |subtask| format!(" subtask {subtask}"));
        let name = match &usage.local_name {
            Some(name) => format!(" as {name}"),
            None => format!(" as {}", usage.role.name()),
        };
        format!("{operator}{subtask} needs it{name}")
    }
}
