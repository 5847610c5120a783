//! `chkctl.inspect.checkpoint/1`: what is in a checkpoint.

pub mod build;
mod convert;
mod files;
mod handles;
pub mod jsonl;
mod meta;
mod sst;
#[cfg(test)]
mod tests;
pub mod tree;

pub use files::FileJson;
pub use files::Referrer;
pub use files::SegmentJson;
pub use handles::ChangelogEntryJson;
pub use handles::ChannelInfoJson;
pub use handles::ChannelJson;
pub use handles::KeyGroupsJson;
pub use handles::KeyedDetailJson;
pub use handles::KeyedJson;
pub use handles::NamedJson;
pub use handles::OperatorStateJson;
pub use handles::PartitionJson;
pub use handles::StreamDetailJson;
pub use handles::StreamJson;
pub use meta::KeyedMetaJson;
pub use meta::OperatorMetaJson;
pub use meta::SerializerJson;
pub use meta::StateJson;
pub use sst::SstJson;
pub use sst::SstKeyGroupsJson;
pub use sst::SstLevelJson;
pub use sst::SstOperatorJson;
pub use sst::SstStateJson;
pub use sst::SstSumsJson;
pub use sst::SstsJson;

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Head;
use super::seq::Seq;
use crate::ops::inspect::warnings::label_of;

/// Schema of the document.
pub const SCHEMA: &str = "chkctl.inspect.checkpoint/1";

/// One checkpoint or savepoint, whole.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckpointDocument<'r> {
    /// What all documents have.
    #[serde(flatten)]
    pub head: Head,
    /// The checkpoint as a whole.
    pub checkpoint: CheckpointJson,
    /// Its operators, in the order of their ids.
    pub operators: Seq<'r, OperatorJson<'r>>,
    /// Its physical files, with `--files`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Seq<'r, FileJson>>,
    /// What its SSTs say of the state in them, with `--sst`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sst: Option<SstsJson<'r>>,
}

/// A checkpoint as a whole.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckpointJson {
    /// Checkpoint id.
    pub id: i64,
    /// `checkpoint` or `savepoint`; null where nothing tells, as often before 1.16.
    pub kind: Option<&'static str>,
    /// `canonical` or `native`; null for checkpoints and where the metadata does not say.
    pub savepoint_format: Option<&'static str>,
    /// The job id, where the directory names one.
    pub job_id: Option<String>,
    /// Version of the metadata format.
    pub metadata_version: i32,
    /// Releases of Flink that write such a file.
    pub written_by: String,
    /// Bytes of the metadata file.
    pub metadata_bytes: u64,
    /// Bytes behind the end of the format, which Flink ignores.
    pub trailing_bytes: u64,
    /// When the checkpoint was completed, RFC 3339 UTC.
    pub completed_at: Option<String>,
    /// Where `completed_at` is from: a copy changes it.
    pub completed_at_source: &'static str,
    /// What is special: `changelog`, `file-merging`, `unaligned` (in-flight data),
    /// `finished-tasks`.
    pub features: Vec<&'static str>,
    /// The checkpoint properties; null where the file has none or other ones.
    pub properties: Option<PropertiesJson>,
    /// State of checkpoint hooks of the job master.
    pub master_states: Vec<MasterStateJson>,
    /// All state, in Flink's count: a stream counts as often as handles name it.
    pub state_bytes: Option<u64>,
    /// What this checkpoint uploaded; null if it may have been written before 1.15, or a
    /// handle does not record it.
    pub new_bytes: Option<u64>,
    /// State inside the metadata file.
    pub inline_bytes: u64,
    /// Distinct physical files.
    pub files: u64,
    /// Bytes referred to in these files, each byte range once; null if a size is unknown.
    pub file_bytes: Option<u64>,
    /// Distinct files that are neither below the base nor mapped there.
    pub outside_files: u64,
    /// State handles in the slots of all subtasks.
    pub handles: u64,
}

/// The checkpoint properties, all fields of the trailer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PropertiesJson {
    /// Deleted when the job is cancelled.
    pub discard_cancelled: bool,
    /// Deleted when the job fails.
    pub discard_failed: bool,
    /// Deleted when the job finishes.
    pub discard_finished: bool,
    /// Deleted when a newer checkpoint subsumes it.
    pub discard_subsumed: bool,
    /// Deleted when the job is suspended.
    pub discard_suspended: bool,
    /// Taken on demand.
    pub forced: bool,
    /// Restored without being claimed.
    pub unclaimed: bool,
    /// Whether it is a savepoint.
    pub savepoint: bool,
    /// The field `checkpointType`.
    pub checkpoint_type: CheckpointTypeJson,
}

/// Flink's `SnapshotType`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "class")]
pub enum CheckpointTypeJson {
    /// Class `CheckpointType`.
    CheckpointType {
        /// `Checkpoint` or `Full Checkpoint`.
        name: String,
        /// `FORWARD_BACKWARD` or `FORWARD`.
        sharing_files_strategy: String,
    },
    /// Class `SavepointType`.
    SavepointType {
        /// `Savepoint`, `Terminate Savepoint` or `Suspend Savepoint`.
        name: String,
        /// `CANONICAL` or `NATIVE`.
        format_type: String,
        /// `NONE`, `SUSPEND` or `TERMINATE`.
        post_checkpoint_action: String,
    },
}

/// State of one checkpoint hook.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MasterStateJson {
    /// Identifier of the hook.
    pub name: String,
    /// Version of the hook's serializer.
    pub version: i32,
    /// Bytes of the state.
    pub bytes: u64,
}

/// One operator.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperatorJson<'r> {
    /// Its sums, which are also a record of their own.
    #[serde(flatten)]
    pub summary: OperatorSummary<'r>,
    /// Its subtasks, in the order of their indexes.
    pub subtasks: Seq<'r, SubtaskJson<'r>>,
}

/// An operator without its subtasks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperatorSummary<'r> {
    /// 32 hex digits.
    pub operator_id: String,
    /// The uid its author gave it; null before 2.0.
    pub uid: Option<String>,
    /// Its name; null before 2.0.
    pub name: Option<String>,
    /// Number of subtasks.
    pub parallelism: i32,
    /// Number of key groups.
    pub max_parallelism: i32,
    /// Whether all subtasks had finished.
    pub fully_finished: bool,
    /// All state in Flink's count.
    pub state_bytes: Option<u64>,
    /// What this checkpoint uploaded.
    pub new_bytes: Option<u64>,
    /// Keyed state, managed and raw.
    pub keyed_bytes: Option<u64>,
    /// Operator state, managed and raw.
    pub operator_bytes: Option<u64>,
    /// In-flight data.
    pub channel_bytes: Option<u64>,
    /// The backend of the keyed state: `rocksdb-incremental`, `rocksdb-full`, `heap`,
    /// `changelog`, `canonical`, `forst-incremental`, `mixed`; null without keyed state or
    /// where nothing tells.
    pub backend: Option<&'static str>,
    /// Whether there is keyed state and nothing tells of which backend.
    #[serde(skip)]
    pub backend_unknown: bool,
    /// The largest subtask's share of the state against an even one; null without state.
    #[serde(skip)]
    pub skew: Option<f64>,
    /// State of the coordinator.
    pub coordinator: Option<StreamJson<'r>>,
    /// Bytes of the coordinator's state.
    pub coordinator_bytes: u64,
    /// The states of all subtasks, merged by name.
    pub states: Vec<StateJson>,
}

impl OperatorSummary<'_> {
    /// What it is called: uid, name or id.
    pub fn label(&self) -> &str {
        let Self { uid, name, operator_id, .. } = self;
        label_of(uid.as_deref(), name.as_deref(), operator_id)
    }
}

/// One subtask.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubtaskJson<'r> {
    /// Subtask index.
    pub index: i32,
    /// Whether it had finished.
    pub finished: bool,
    /// All its state in Flink's count.
    pub state_bytes: Option<u64>,
    /// What this checkpoint uploaded of it.
    pub new_bytes: Option<u64>,
    /// Keyed state, managed and raw.
    pub keyed_bytes: Option<u64>,
    /// Operator state, managed and raw.
    pub operator_bytes: Option<u64>,
    /// In-flight data.
    pub channel_bytes: Option<u64>,
    /// The checkpoint its state belongs to (version 7).
    pub reference_checkpoint_id: Option<i64>,
    /// Managed keyed state, at most one handle.
    pub managed_keyed: Seq<'r, KeyedJson<'r>>,
    /// Raw keyed state, at most one handle.
    pub raw_keyed: Seq<'r, KeyedJson<'r>>,
    /// Managed operator state, at most one handle.
    pub managed_operator: Seq<'r, OperatorStateJson<'r>>,
    /// Raw operator state, at most one handle.
    pub raw_operator: Seq<'r, OperatorStateJson<'r>>,
    /// In-flight data of the inputs.
    pub input_channel: Seq<'r, ChannelJson<'r>>,
    /// In-flight data of the outputs.
    pub result_subpartition: Seq<'r, ChannelJson<'r>>,
}
