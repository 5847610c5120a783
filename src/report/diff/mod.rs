//! `chkctl.diff/1`: what changed between two checkpoints.

pub mod build;
pub mod jsonl;

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Head;
use super::inspect::KeyGroupsJson;
use super::seq::Seq;

/// Schema of the document.
pub const SCHEMA: &str = "chkctl.diff/1";

/// Two checkpoints, the older first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DiffDocument<'r> {
    /// What all documents have; the location is that of the newer checkpoint.
    #[serde(flatten)]
    pub head: Head,
    /// The older checkpoint.
    pub from: SideJson,
    /// The newer checkpoint.
    pub to: SideJson,
    /// With `--operator`: everything but `from` and `to` is of this operator alone.
    pub operator_id: Option<String>,
    /// Whether `to` is older than `from`, by their ids within a job and otherwise by their times:
    /// then what grew with time has shrunk here.
    pub reversed: bool,
    /// Whether anything differs.
    pub different: bool,
    /// Whether it grew by more than `--max-growth`; null without it.
    pub grew_too_much: Option<bool>,
    /// All operators together; what several use counts once.
    pub totals: TotalsJson<'r>,
    /// The operators of both, in the order of their ids.
    pub operators: Seq<'r, OperatorDiffJson<'r>>,
}

/// One of the two checkpoints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SideJson {
    /// Canonical URI of its metadata file.
    pub location: String,
    /// Path of its metadata file below the base, or its URI.
    pub path: String,
    /// Checkpoint id.
    pub id: i64,
    /// The job id, where the directory names one.
    pub job_id: Option<String>,
    /// `checkpoint` or `savepoint`; null where nothing tells.
    pub kind: Option<&'static str>,
    /// `canonical` or `native`; null for checkpoints and where the metadata does not say.
    pub savepoint_format: Option<&'static str>,
    /// Version of the metadata format.
    pub metadata_version: i32,
    /// Releases of Flink that write such a file.
    pub written_by: String,
    /// When it was completed, RFC 3339 UTC.
    pub completed_at: Option<String>,
    /// Where `completed_at` is from: a copy changes it.
    pub completed_at_source: &'static str,
    /// All state, in Flink's count.
    pub state_bytes: Option<u64>,
    /// What it uploaded, in Flink's count.
    pub new_bytes: Option<u64>,
    /// State inside the metadata file.
    pub inline_bytes: u64,
}

/// Two values, of the older checkpoint and of the newer one.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct FromTo<T> {
    /// Of the older.
    pub from: T,
    /// Of the newer.
    pub to: T,
}

/// Sums over all operators.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TotalsJson<'r> {
    /// Files, and state inside the metadata.
    #[serde(flatten)]
    pub parts: PartsJson<'r>,
    /// All state, in Flink's count.
    pub state_bytes: FromTo<Option<u64>>,
    /// By how much that grew; negative where it shrank.
    pub growth_bytes: Option<i64>,
    /// The same as a part of the older: 0.2 is a fifth more.
    pub growth: Option<f64>,
    /// What each checkpoint uploaded in Flink's count: all since the one before it, which for
    /// the newer need not be the older one here.
    pub new_bytes: FromTo<Option<u64>>,
}

/// Files that both refer to, only the newer, only the older.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PartsJson<'r> {
    /// Both refer to them.
    pub kept: PartJson<'r>,
    /// Only the newer does: what was uploaded since the older.
    pub added: PartJson<'r>,
    /// Only the older does.
    pub dropped: PartJson<'r>,
    /// The same of state inside the metadata, coordinators' included.
    pub inline: InlineJson,
}

/// Physical files.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PartJson<'r> {
    /// How many. A merged file is kept if both refer to it.
    pub files: u64,
    /// How many of them are referred to as a whole.
    pub whole_files: u64,
    /// Segments of merged files: of those that are kept some can be added, and others dropped.
    pub segments: u64,
    /// Bytes referred to, each once; null if a size is unknown. Bytes in a merged file count where
    /// they belong, so they can be added to a file that is kept.
    pub bytes: Option<u64>,
    /// Their paths.
    pub paths: Seq<'r, String>,
}

/// State inside the metadata.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct InlineJson {
    /// Both have it.
    pub kept: InlinePartJson,
    /// Only the newer does.
    pub added: InlinePartJson,
    /// Only the older does.
    pub dropped: InlinePartJson,
}

/// Pieces of state inside the metadata.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct InlinePartJson {
    /// How many.
    pub handles: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// An operator of either checkpoint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperatorDiffJson<'r> {
    /// Its sums, which are also a record of their own.
    #[serde(flatten)]
    pub summary: OperatorDiffSummary<'r>,
    /// Its subtasks, by index.
    pub subtasks: Seq<'r, SubtaskDiffJson<'r>>,
}

/// An operator without its subtasks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperatorDiffSummary<'r> {
    /// 32 hex digits.
    pub operator_id: String,
    /// The uid its author gave it, where either checkpoint has it.
    pub uid: Option<String>,
    /// Its name, where either checkpoint has it.
    pub name: Option<String>,
    /// `same`, `added`, `removed` or `rescaled`.
    pub change: &'static str,
    /// Number of subtasks.
    pub parallelism: FromTo<Option<i32>>,
    /// Number of key groups.
    pub max_parallelism: FromTo<Option<i32>>,
    /// Whether all subtasks had finished; null where it is not there.
    pub fully_finished: FromTo<Option<bool>>,
    /// The backend of the keyed state, as in `inspect`.
    pub backend: FromTo<Option<&'static str>>,
    /// All its state, in Flink's count; null where it is not there.
    pub state_bytes: FromTo<Option<u64>>,
    /// What each checkpoint uploaded of it.
    pub new_bytes: FromTo<Option<u64>>,
    /// By how much its state grew.
    pub growth_bytes: Option<i64>,
    /// The same as a part of the older.
    pub growth: Option<f64>,
    /// Files, and state inside the metadata.
    #[serde(flatten)]
    pub parts: PartsJson<'r>,
    /// Its states, by name; null where those of one side could not be read.
    pub states: Option<Vec<StateDiffJson>>,
    /// Databases in which SSTs gave way to newer ones.
    pub compactions: Vec<CompactionJson>,
}

/// A state of either checkpoint.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StateDiffJson {
    /// Its name.
    pub name: String,
    /// Its kind, such as `KEY_VALUE`.
    pub kind: &'static str,
    /// `same`, `added`, `removed` or `changed` (a serializer or option differs).
    pub change: &'static str,
    /// What differs.
    pub differences: Vec<DifferenceJson>,
}

/// A serializer or option that differs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DifferenceJson {
    /// Which one: `KEY_SERIALIZER`, `VALUE_SERIALIZER`, `KEYED_STATE_TYPE`, ...
    pub role: String,
    /// In the older checkpoint, as a readable type or value.
    pub from: String,
    /// In the newer one.
    pub to: String,
}

/// SSTs of one database that gave way to newer ones, told by their numbers. What was flushed
/// meanwhile is among the newer ones.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CompactionJson {
    /// The subtask.
    pub subtask: Option<i32>,
    /// The backend's id.
    pub backend_id: String,
    /// SSTs that are gone.
    pub replaced: SstsJson,
    /// SSTs that are newer than all of the older checkpoint, at least one.
    pub by: SstsJson,
}

/// SSTs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SstsJson {
    /// How many.
    pub files: u64,
    /// Their bytes; null if a size is unknown.
    pub bytes: Option<u64>,
    /// The names under which RocksDB knows them, in the order of their numbers.
    pub local_names: Vec<String>,
}

/// A subtask of either checkpoint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubtaskDiffJson<'r> {
    /// Subtask index; null for the coordinator.
    pub index: Option<i32>,
    /// The key groups of its database.
    pub key_groups: FromTo<Option<KeyGroupsJson>>,
    /// Whether it had finished; an operator that had as a whole lists no subtasks.
    pub finished: FromTo<bool>,
    /// Files, and state inside the metadata.
    #[serde(flatten)]
    pub parts: PartsJson<'r>,
}
