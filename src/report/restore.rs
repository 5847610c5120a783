//! `chkctl.restore/1`: which databases were made of a checkpoint, and of what.

use std::collections::HashMap;
use std::io;
use std::io::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::document::COMPLETED_AT_SOURCE;
use super::document::Head;
use super::document::Looked;
use super::document::Rebased;
use super::document::line;
use super::inspect::KeyGroupsJson;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::properties::CheckpointProperties;
use crate::model::Location;
use crate::model::places::Places;
use crate::ops::inspect::Finding;
use crate::ops::restore::chain::Chain;
use crate::ops::restore::made::MadeDatabase;
use crate::ops::restore::made::MadeFile;
use crate::ops::restore::made::Restored;
use crate::ops::restore::plan::Beyond;
use crate::ops::restore::plan::Database;
use crate::ops::restore::plan::LeftOut;
use crate::ops::restore::plan::Make;
use crate::ops::restore::plan::Placed;
use crate::ops::restore::plan::RestorePlan;
use crate::ops::restore::plan::Rows;
use crate::ops::restore::stage::How;
use jiff::Timestamp;

/// Schema of the document.
pub const SCHEMA: &str = "chkctl.restore/1";

/// The document, which is also `restore.json` beside the databases.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RestoreDocument {
    /// What all documents have.
    #[serde(flatten)]
    pub head: Head,
    /// What was restored.
    pub checkpoint: RestoredCheckpointJson,
    /// The directory that everything is in.
    pub target: String,
    /// Whether RocksDB has opened every database; false in a build without it.
    pub opened: bool,
    /// The databases, in the order of operators and subtasks.
    pub databases: Vec<DatabaseJson>,
    /// Subtasks that were asked for and have no state of which a database could be made.
    pub not_restored: Vec<NotRestoredJson>,
    /// Sums.
    pub totals: RestoreTotalsJson,
}

/// The checkpoint or savepoint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RestoredCheckpointJson {
    /// Its id.
    pub id: i64,
    /// `checkpoint` or `savepoint`; null where nothing tells.
    pub kind: Option<&'static str>,
    /// Path of its metadata file.
    pub path: String,
    /// When it was completed, RFC 3339 UTC.
    pub completed_at: Option<String>,
    /// Where `completed_at` is from: a copy changes it.
    pub completed_at_source: &'static str,
}

/// A database.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DatabaseJson {
    /// The operator's id.
    pub operator_id: String,
    /// The uid its author gave it; null where the metadata has none.
    pub uid: Option<String>,
    /// The operator's name; null where the metadata has none.
    pub name: Option<String>,
    /// The subtask; null where all subtasks of the operator were merged.
    pub subtask: Option<i32>,
    /// Where it is, below `target`: `.` is `target` itself.
    pub directory: String,
    /// Key groups of its rows; null if it has none. A database made of its files can hold rows
    /// of more: after a rescale they stay until they are compacted.
    pub key_groups: Option<KeyGroupsJson>,
    /// `files`: those that the checkpoint has; `rows`: they were written anew.
    pub made_of: &'static str,
    /// Its files.
    pub files: Vec<FileJson>,
    /// Where rows were taken from, if it was made of rows.
    pub sources: Vec<SourceJson>,
    /// Bytes of its files.
    pub bytes: u64,
    /// Its column families, in the order of their ids; each but `default` is a state.
    pub column_families: Vec<ColumnFamilyJson>,
    /// Changes that lie in the changelog and are not in the database; null without any.
    pub changelog: Option<ChangelogJson>,
    /// Bytes of raw keyed state of the subtask, which is in no database: what is its operator's
    /// own, and timers on the heap.
    pub raw_keyed_bytes: u64,
}

/// A file of a database.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FileJson {
    /// The name RocksDB knows it by.
    pub local_name: String,
    /// Where it came from: relative to `base`, or a URI; null if it was inside the metadata or
    /// made here.
    pub path: Option<String>,
    /// Where it begins in that file: merged files hold several.
    pub offset: u64,
    /// Its bytes.
    pub bytes: u64,
    /// How it got here: `copied`, `linked`, `reflinked`, `inline` (from inside the metadata),
    /// `kept` (from a run before) or `made` (written here).
    pub how: &'static str,
    /// The checkpoint of the job that uploaded it; null where the job directory does not show it
    /// any more, and of what was made here.
    pub uploaded_by: Option<i64>,
}

/// A file or stream that rows were taken from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SourceJson {
    /// Its place: relative to `base`, or a URI; null if it is inside the metadata.
    pub path: Option<String>,
    /// Bytes that were read; null where the metadata does not know.
    pub bytes: Option<u64>,
    /// The checkpoint of the job that uploaded it; null where nothing tells.
    pub uploaded_by: Option<i64>,
}

/// A column family.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ColumnFamilyJson {
    /// Its name: that of the state.
    pub name: String,
    /// Entries; null if nothing tells.
    pub entries: Option<u64>,
    /// Whether they were counted; else there are at most so many: it is what the properties of
    /// the tables say, where a key counts each time it was written.
    pub entries_exact: bool,
}

/// What lies in a changelog.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangelogJson {
    /// Parts of changelog files, and lists of changes inside the metadata.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A subtask of which no database was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NotRestoredJson {
    /// The operator's id.
    pub operator_id: String,
    /// The uid its author gave it.
    pub uid: Option<String>,
    /// The operator's name.
    pub name: Option<String>,
    /// The subtask.
    pub subtask: Option<i32>,
    /// Why, in words.
    pub why: &'static str,
}

/// Sums over all databases.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct RestoreTotalsJson {
    /// Databases.
    pub databases: u64,
    /// Their files.
    pub files: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Bytes that were copied.
    pub copied_bytes: u64,
    /// Bytes that are hard links or reflinks.
    pub linked_bytes: u64,
    /// Bytes that were there from a run before.
    pub kept_bytes: u64,
    /// Bytes that were written here.
    pub made_bytes: u64,
    /// Bytes that were read of state.
    pub read_bytes: u64,
    /// Reads of files of state, each a request where they lie in an object store.
    pub requests: u64,
    /// SSTs that were looked into.
    pub ssts: u64,
    /// Blocks of SSTs whose checksums were computed.
    pub blocks: u64,
}

/// What the report is made of.
pub struct Context<'c, 'a> {
    /// `metadata-file`, `snapshot-directory` or `job-directory`.
    pub location_kind: &'static str,
    /// The metadata file.
    pub location: &'c Location,
    /// When it was written.
    pub modified: Option<Timestamp>,
    /// What is in it.
    pub metadata: &'c Metadata<'a>,
    /// Where its files are.
    pub places: &'c Places<'a>,
    /// Who uploaded them.
    pub chain: &'c Chain,
    /// The directory that everything goes to.
    pub target: String,
    /// When it was done.
    pub now: Timestamp,
}

impl RestoreDocument {
    /// Makes the document.
    pub fn new(plan: &RestorePlan<'_>, restored: &Restored, context: &Context<'_, '_>) -> Self {
        let places = context.places;
        let base = &places.home().base;
        let looked =
            Looked { at: context.location, kind: context.location_kind, base, when: context.now };
        let rules = places.rebasing().rules().iter().enumerate();
        let rebased = rules.filter(|(at, _)| places.has_used(*at));
        let rebased = rebased.map(|(_, rule)| Rebased::of(rule)).collect();
        let pairs = || plan.databases.iter().zip(&restored.databases);
        let findings: Vec<Finding> =
            pairs().flat_map(|(database, made)| noticed(database, made)).collect();
        let mut totals = RestoreTotalsJson {
            read_bytes: restored.looked.bytes,
            requests: restored.looked.requests,
            ssts: restored.looked.ssts,
            blocks: restored.looked.blocks,
            ..RestoreTotalsJson::default()
        };
        let mut databases = Vec::new();
        for (database, made) in pairs() {
            databases.push(DatabaseJson::of(database, made, context.chain));
            totals.add(made);
        }
        let metadata = context.location;
        RestoreDocument {
            head: Head::new(SCHEMA, looked, rebased, &findings),
            checkpoint: RestoredCheckpointJson {
                id: context.metadata.checkpoint_id,
                kind: kind(context.metadata),
                path: metadata
                    .relative_to(base)
                    .map_or_else(|| metadata.to_string(), str::to_owned),
                completed_at: context.modified.map(|time| time.to_string()),
                completed_at_source: COMPLETED_AT_SOURCE,
            },
            target: context.target.clone(),
            opened: cfg!(feature = "rocksdb"),
            databases,
            not_restored: plan.left_out.iter().map(NotRestoredJson::of).collect(),
            totals,
        }
    }

    /// Writes one record a line: header, databases, what was not restored, totals.
    ///
    /// # Errors
    /// What `out` says.
    pub fn jsonl(&self, out: &mut impl Write) -> io::Result<()> {
        let RestoreDocument { head, checkpoint, target, opened, .. } = self;
        line(out, "header", Header { head, checkpoint, target, opened: *opened })?;
        self.databases.iter().try_for_each(|one| line(out, "database", one))?;
        self.not_restored.iter().try_for_each(|one| line(out, "not_restored", one))?;
        line(out, "totals", &self.totals)
    }
}

fn kind(metadata: &Metadata<'_>) -> Option<&'static str> {
    match metadata.properties()? {
        CheckpointProperties::Known(known) => {
            Some(if known.snapshot_type.is_savepoint() { "savepoint" } else { "checkpoint" })
        }
        _ => None,
    }
}

fn noticed(database: &Database<'_>, made: &MadeDatabase) -> Vec<Finding> {
    let of_notes = made.notes.iter().map(|note| Finding {
        code: note.code,
        subject: database.label(),
        message: note.message.clone(),
    });
    let Beyond { segments, bytes } = database.beyond;
    let changelog = (segments > 0).then(|| Finding {
        code: "changelog-not-applied",
        subject: database.label(),
        message: format!(
            "the database is what was materialized; {segments} segments of the changelog with \
             {bytes} bytes of later changes are not in it"
        ),
    });
    let raw = (database.raw_keyed > 0).then(|| Finding {
        code: "raw-keyed-state-left-out",
        subject: database.label(),
        message: format!(
            "{} bytes of raw keyed state, such as timers on the heap, are not in the database",
            database.raw_keyed
        ),
    });
    of_notes.chain(changelog).chain(raw).collect()
}

impl DatabaseJson {
    fn of(database: &Database<'_>, made: &MadeDatabase, chain: &Chain) -> Self {
        let placed: &[Placed<'_>] = match &database.make {
            Make::Place(set) => &set.files,
            Make::Build(_) => &[],
        };
        let by_name: HashMap<&str, &Placed<'_>> =
            placed.iter().map(|one| (one.local_name.as_str(), one)).collect();
        let file = |file: &MadeFile| {
            let placed = by_name.get(file.local_name.as_str()).copied();
            FileJson {
                local_name: file.local_name.clone(),
                path: placed.and_then(|one| one.path.clone()),
                offset: placed.map_or(0, Placed::offset),
                bytes: file.bytes,
                how: file.how.name(),
                uploaded_by: placed.and_then(|one| chain.uploaded_by(one)),
            }
        };
        let column_families = made.families.iter().map(|family| ColumnFamilyJson {
            name: family.name.clone(),
            entries: family.entries,
            entries_exact: family.exact,
        });
        let Beyond { segments, bytes } = database.beyond;
        DatabaseJson {
            operator_id: database.operator.to_string(),
            uid: database.uid.clone(),
            name: database.name.clone(),
            subtask: database.subtask,
            directory: match database.directory.as_str() {
                "" => ".".to_owned(),
                directory => directory.to_owned(),
            },
            key_groups: database.key_groups.map(|(start, end)| KeyGroupsJson { start, end }),
            made_of: match database.make {
                Make::Place(_) => "files",
                Make::Build(_) => "rows",
            },
            files: made.files.iter().map(file).collect(),
            sources: sources(database, chain),
            bytes: made.files.iter().map(|file| file.bytes).sum(),
            column_families: column_families.collect(),
            changelog: (segments > 0).then_some(ChangelogJson { segments, bytes }),
            raw_keyed_bytes: database.raw_keyed,
        }
    }
}

fn sources(database: &Database<'_>, chain: &Chain) -> Vec<SourceJson> {
    let Make::Build(inputs) = &database.make else { return Vec::new() };
    let mut sources = Vec::new();
    for input in inputs {
        match &input.rows {
            Rows::Database(set) => sources.extend(set.files.iter().map(|file| SourceJson {
                path: file.path.clone(),
                bytes: file.source.bytes(),
                uploaded_by: chain.uploaded_by(file),
            })),
            Rows::Stream { source, path, .. } => sources.push(SourceJson {
                path: path.clone(),
                bytes: source.bytes(),
                uploaded_by: None,
            }),
        }
    }
    sources
}

impl NotRestoredJson {
    fn of(one: &LeftOut) -> Self {
        NotRestoredJson {
            operator_id: one.operator.to_string(),
            uid: one.uid.clone(),
            name: one.name.clone(),
            subtask: one.subtask,
            why: one.why,
        }
    }
}

impl RestoreTotalsJson {
    fn add(&mut self, made: &MadeDatabase) {
        self.databases += 1;
        for file in &made.files {
            self.files += 1;
            self.bytes += file.bytes;
            let sum = match file.how {
                How::Kept => &mut self.kept_bytes,
                How::Inline | How::Copied => &mut self.copied_bytes,
                How::Reflinked | How::Linked => &mut self.linked_bytes,
                How::Made => &mut self.made_bytes,
            };
            *sum += file.bytes;
        }
    }
}

#[derive(Serialize)]
struct Header<'d> {
    #[serde(flatten)]
    head: &'d Head,
    checkpoint: &'d RestoredCheckpointJson,
    target: &'d str,
    opened: bool,
}
