//! `chkctl.verify/1`: whether checkpoints are whole and undamaged.

use std::io;
use std::io::Write;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::document::COMPLETED_AT_SOURCE;
use super::document::Head;
use super::document::Looked;
use super::document::Rebased;
use super::document::line;
use crate::model::layout::METADATA;
use crate::ops::inspect::Finding as Noticed;
use crate::ops::inspect::tree::Facts;
use crate::ops::verify::Audit;
use crate::ops::verify::Checkpoint;
use crate::ops::verify::Finding;
use crate::ops::verify::Verdict;

/// Schema of the document.
pub const SCHEMA: &str = "chkctl.verify/1";

/// The document.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerifyDocument {
    /// What all documents have.
    #[serde(flatten)]
    pub head: Head,
    /// How deep was looked: `exists`, `size`, `footer`, `blocks` or `open`.
    pub level: &'static str,
    /// Whether everything was looked at that the level asks for; false after sampling or a time
    /// limit, and then nothing is called restorable.
    pub complete: bool,
    /// Which part of the files was looked into, with `--sample`: 0.05 is a twentieth.
    pub sample: Option<f64>,
    /// The checkpoints and savepoints, the newest first.
    pub checkpoints: Vec<VerifiedJson>,
    /// `location` of the newest one that can be restored, by completion time, then by id.
    pub newest_restorable: Option<String>,
    /// The newest restorable one of each job and savepoint directory, where LOCATION is a root.
    pub jobs: Vec<NewestOfJob>,
    /// What was found, the worst first.
    pub findings: Vec<FindingJson>,
    /// What is there and could not be parsed, as its serializer is not known or it is the
    /// operator's own; its checksums, if it has any, its size and its frames were checked.
    pub unparsed: Vec<UnparsedJson>,
    /// Sums.
    pub totals: TotalsJson,
}

/// One checkpoint or savepoint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerifiedJson {
    /// Checkpoint id; of one that could not be read the number of its directory.
    pub id: Option<i64>,
    /// Path of its metadata file.
    pub path: String,
    /// Canonical URI of its directory.
    pub location: String,
    /// `checkpoint` or `savepoint`; null where nothing tells.
    pub kind: Option<&'static str>,
    /// When it was completed, RFC 3339 UTC.
    pub completed_at: Option<String>,
    /// Where `completed_at` is from: a copy changes it.
    pub completed_at_source: &'static str,
    /// `restorable`, `damaged` or `unknown`.
    pub verdict: &'static str,
    /// Findings about it.
    pub findings: u64,
}

/// A job, and what it can be restored from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewestOfJob {
    /// Its directory.
    pub path: String,
    /// `location` of its newest restorable checkpoint.
    pub newest_restorable: Option<String>,
}

/// Something that was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingJson {
    /// Stable code.
    pub code: &'static str,
    /// `damaged`, `unknown` (could not look) or `note`.
    pub severity: &'static str,
    /// The object it is about: a path as in the rest of the document.
    pub subject: String,
    /// The byte in it where it was noticed.
    pub offset: Option<u64>,
    /// What the code means, in words.
    pub message: &'static str,
    /// What was seen.
    pub evidence: String,
    /// The next thing to do.
    pub remedy: &'static str,
    /// The checkpoints it is about: paths of their metadata files.
    pub checkpoints: Vec<String>,
}

/// Content of streams that could not be parsed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UnparsedJson {
    /// What, and why.
    pub what: String,
    /// In how many streams.
    pub streams: u64,
}

/// Sums over everything.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TotalsJson {
    /// Checkpoints and savepoints.
    pub checkpoints: u64,
    /// Those that can be restored.
    pub restorable: u64,
    /// Those that are damaged.
    pub damaged: u64,
    /// Those of which it could not be told.
    pub unknown: u64,
    /// Distinct files that they refer to.
    pub files: u64,
    /// Bytes of these that handles refer to.
    pub bytes: u64,
    /// Bytes of state that were read.
    pub bytes_read: u64,
    /// SSTs that were looked into.
    pub ssts: u64,
    /// Blocks of SSTs whose checksums were computed.
    pub blocks: u64,
    /// Reads of files of state, each a request where they lie in an object store.
    pub requests: u64,
    /// Databases that RocksDB opened and read to their end.
    pub databases: u64,
    /// Entries in these.
    pub entries: u64,
}

/// What the report is made of.
#[derive(Debug)]
pub struct Context<'c> {
    /// `checkpoint-root`, `job-directory`, ...
    pub location_kind: &'static str,
    /// What was asked for.
    pub location: &'c crate::model::Location,
    /// When it was looked at.
    pub now: Timestamp,
    /// With `--sample`.
    pub sample: Option<f64>,
}

/// Codes of what is a finding here and not a warning.
const JUDGED: [&str; 8] = [
    "metadata-unreadable",
    "files-missing",
    "files-unseen",
    "relative-shared-handle",
    "suspicious-path",
    "sizes-disagree",
    "listing-incomplete",
    "checkpoint-removed",
];

impl VerifyDocument {
    /// Makes the document.
    pub fn new(facts: &Facts, audit: &Audit, context: &Context<'_>) -> Self {
        let subject = &facts.subject;
        let looked = Looked {
            at: context.location,
            kind: context.location_kind,
            base: &subject.base,
            when: context.now,
        };
        let rebased = facts.rules.iter().map(Rebased::of).collect();
        let noticed: Vec<Noticed> =
            facts.findings.iter().filter(|one| !JUDGED.contains(&one.code)).cloned().collect();
        let path = |checkpoint: &Checkpoint| subject.path_of(&checkpoint.metadata);
        let verdicts = audit.verdicts();
        let count = |verdict| verdicts.iter().filter(|one| **one == verdict).count() as u64;
        let newest = |wanted: &dyn Fn(&Checkpoint) -> bool| {
            let number = audit.newest_restorable(wanted)?;
            audit.checkpoints.get(number).map(location_of)
        };
        let findings = audit.findings();
        let mut about = vec![0_u64; audit.checkpoints.len()];
        for number in findings.iter().flat_map(|one| &one.checkpoints) {
            about.get_mut(*number).into_iter().for_each(|count| *count += 1);
        }
        let mut order: Vec<usize> = (0..audit.checkpoints.len()).collect();
        order.sort_by_key(|number| {
            std::cmp::Reverse(audit.checkpoints.get(*number).map(Checkpoint::age))
        });
        let verified = |number: usize| {
            let checkpoint = audit.checkpoints.get(number)?;
            Some(VerifiedJson {
                id: checkpoint.id,
                path: path(checkpoint),
                location: location_of(checkpoint),
                kind: checkpoint.kind(),
                completed_at: checkpoint.modified.map(|time| time.to_string()),
                completed_at_source: COMPLETED_AT_SOURCE,
                verdict: verdicts.get(number).copied().unwrap_or(Verdict::Unknown).name(),
                findings: about.get(number).copied().unwrap_or_default(),
            })
        };
        let mut units: Vec<u32> = audit.checkpoints.iter().map(|one| one.unit).collect();
        units.sort_unstable();
        units.dedup();
        let of_unit = |unit: u32| {
            let at = &facts.unit(unit)?.at;
            let newest_restorable = newest(&|checkpoint: &Checkpoint| checkpoint.unit == unit);
            Some(NewestOfJob { path: subject.path_of(at), newest_restorable })
        };
        let is_root = context.location_kind == "checkpoint-root";
        let finding = |finding: &&Finding| FindingJson {
            code: finding.rule.code,
            severity: finding.rule.severity.name(),
            subject: finding.subject.clone(),
            offset: finding.offset,
            message: finding.rule.what,
            evidence: finding.evidence.clone(),
            remedy: finding.rule.remedy,
            checkpoints: finding
                .checkpoints
                .iter()
                .filter_map(|number| audit.checkpoints.get(*number).map(path))
                .collect(),
        };
        VerifyDocument {
            head: Head::new(SCHEMA, looked, rebased, &noticed),
            level: audit.level.name(),
            complete: audit.complete,
            sample: context.sample,
            checkpoints: order.into_iter().filter_map(verified).collect(),
            newest_restorable: newest(&|_| true),
            jobs: units.into_iter().filter(|_| is_root).filter_map(of_unit).collect(),
            findings: findings.iter().map(finding).collect(),
            unparsed: audit
                .unparsed
                .iter()
                .map(|(what, streams)| UnparsedJson { what: what.clone(), streams: *streams })
                .collect(),
            totals: TotalsJson {
                checkpoints: audit.checkpoints.len() as u64,
                restorable: count(Verdict::Restorable),
                damaged: count(Verdict::Damaged),
                unknown: count(Verdict::Unknown),
                files: audit.files.files,
                bytes: audit.files.bytes,
                bytes_read: audit.looked.bytes,
                ssts: audit.looked.ssts,
                blocks: audit.looked.blocks,
                requests: audit.looked.requests,
                databases: audit.looked.databases,
                entries: audit.looked.entries,
            },
        }
    }

    /// Writes one record a line: header, checkpoints, findings, what was not parsed, totals.
    ///
    /// # Errors
    /// What `out` says.
    pub fn jsonl(&self, out: &mut impl Write) -> io::Result<()> {
        let VerifyDocument { head, level, complete, sample, newest_restorable, jobs, .. } = self;
        line(out, "header", Header { head, level, complete: *complete, sample: *sample })?;
        self.checkpoints.iter().try_for_each(|one| line(out, "checkpoint", one))?;
        self.findings.iter().try_for_each(|one| line(out, "finding", one))?;
        self.unparsed.iter().try_for_each(|one| line(out, "unparsed", one))?;
        line(out, "totals", Totals { newest_restorable, jobs, totals: &self.totals })
    }
}

/// The directory of a checkpoint, or its metadata file if that has another name.
fn location_of(checkpoint: &Checkpoint) -> String {
    let metadata = &checkpoint.metadata;
    let directory = metadata.parent().filter(|_| metadata.file_name() == Some(METADATA));
    directory.as_ref().unwrap_or(metadata).to_string()
}

#[derive(Serialize)]
struct Header<'d> {
    #[serde(flatten)]
    head: &'d Head,
    level: &'static str,
    complete: bool,
    sample: Option<f64>,
}

#[derive(Serialize)]
struct Totals<'d> {
    newest_restorable: &'d Option<String>,
    jobs: &'d [NewestOfJob],
    #[serde(flatten)]
    totals: &'d TotalsJson,
}
