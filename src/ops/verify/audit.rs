//! What was found out about checkpoints: findings, and the verdict on each.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

use jiff::Timestamp;

use super::fact::Looked;
use super::files;
use super::rules;
use super::rules::Finding;
use super::rules::Level;
use super::rules::Rule;
use super::rules::Severity;
use crate::model::Location;
use crate::model::layout;
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
    /// Whether time was up before that.
    pub out_of_time: bool,
    /// Each checkpoint, in the order of the survey.
    pub checkpoints: Vec<Checkpoint>,
    /// Files that checkpoints refer to, and their bytes as far as they are known.
    pub files: Count,
    /// What was looked at in them.
    pub looked: Looked,
    /// What could not be parsed, as only its author knows how, by why: of how many streams.
    pub unparsed: BTreeMap<String, u64>,
    /// Files with a finding, and the checkpoint it is about: nothing more is looked for in them
    /// for that one.
    pub bad: HashSet<(Location, usize)>,
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
            out_of_time: false,
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
        files::judge(&mut audit, facts, numbers.collect());
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
            Some(0) | None => files::wrong_size(found, stated.saturating_add(1)),
            Some(1) => return,
            Some(other) => {
                (rules::CHANGELOG_SEGMENT, format!("its first byte is {other}, not 0 or 1"))
            }
        };
        self.bad.extend(checkpoints.iter().map(|number| (at.clone(), *number)));
        self.find(rule, subject, evidence, checkpoints);
    }

    /// Notes that time was up.
    pub fn stop(&mut self) {
        self.complete = false;
        self.out_of_time = true;
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
            Some(Problem::Newer(error)) => (rules::METADATA_VERSION, error.clone()),
            Some(Problem::Unread(error)) => (rules::METADATA_UNREADABLE, error.clone()),
            Some(Problem::Removed) => return self.remove(number, subject),
            Some(Problem::Files { .. }) | None => {
                let directory = row.directory();
                let named = directory.file_name().and_then(layout::checkpoint_number);
                return match (named, row.id) {
                    (Some(named), Some(id)) if named != id => {
                        let evidence = format!("it is that of checkpoint {id}");
                        self.find(rules::CHECKPOINT_ID, subject, evidence, [number]);
                    }
                    _ => {}
                };
            }
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
