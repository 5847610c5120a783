//! State handles.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::KeyedMetaJson;
use super::OperatorMetaJson;
use crate::format::flink::keyed::KeyGroupRange;
use crate::report::seq::Seq;

/// A stream handle.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StreamJson<'r> {
    /// Flink's class name.
    pub class: &'static str,
    /// Bytes of the state; null if the metadata does not know.
    pub state_bytes: Option<u64>,
    /// What its class has.
    #[serde(flatten)]
    pub detail: StreamDetailJson<'r>,
}

/// What a stream handle of each class has.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum StreamDetailJson<'r> {
    /// `FileStateHandle`.
    File {
        /// Path below the base, or a URI.
        path: String,
    },
    /// `RelativeFileStateHandle`.
    Relative {
        /// Path below the base, or a URI.
        path: String,
        /// Name in the directory of the metadata file.
        relative_path: String,
    },
    /// `SegmentFileStateHandle`, `EmptySegmentFileStateHandle`.
    Segment {
        /// Path of the physical file, below the base or a URI; the word `empty` for the empty
        /// segment, as in Flink.
        path: String,
        /// First byte in the physical file.
        offset: i64,
        /// `EXCLUSIVE` or `SHARED`.
        scope: &'static str,
        /// Identity of the segment.
        logical_file_id: String,
    },
    /// `ByteStreamStateHandle`.
    Inline {
        /// The path the state would have had as a file, or another name.
        name: String,
        /// Bytes inside the metadata.
        inline_bytes: u64,
        /// SHA-256 of these bytes, in hex.
        sha256: String,
    },
    /// `KeyGroupsStateHandle` as a plain stream.
    KeyGroups {
        /// The key groups.
        key_groups: Option<KeyGroupsJson>,
        /// Offset of each key group.
        offsets: Seq<'r, i64>,
        /// The stream.
        handle: Box<Option<StreamJson<'r>>>,
    },
}

/// A range of key groups, both ends inclusive.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyGroupsJson {
    /// First key group.
    pub start: i32,
    /// Last key group.
    pub end: i32,
}

impl KeyGroupsJson {
    /// A range; `None` for an empty one.
    pub(crate) fn of(range: KeyGroupRange) -> Option<Self> {
        range.bounds().map(|(start, end)| KeyGroupsJson { start, end })
    }
}

/// A handle to keyed state.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyedJson<'r> {
    /// Flink's class name.
    pub class: &'static str,
    /// Key groups; null when empty.
    pub key_groups: Option<KeyGroupsJson>,
    /// All its state.
    pub state_bytes: Option<u64>,
    /// What this checkpoint uploaded; null where the metadata lacks it.
    pub new_bytes: Option<u64>,
    /// Identity of the handle; null where its form has none.
    pub state_handle_id: Option<String>,
    /// What its class has.
    #[serde(flatten)]
    pub detail: KeyedDetailJson<'r>,
    /// What the meta of its states says; null for raw state, for the handles of a changelog,
    /// the parts of which have it, and if it could not be read.
    pub backend_meta: Option<KeyedMetaJson>,
}

/// What a keyed handle of each class has.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum KeyedDetailJson<'r> {
    /// `IncrementalRemoteKeyedStateHandle`.
    Incremental {
        /// UUID of the backend.
        backend_id: String,
        /// The checkpoint or, under changelog, the materialization that made the handle.
        checkpoint_id: i64,
        /// The meta stream.
        meta: Option<StreamJson<'r>>,
        /// Files that other checkpoints may use: SSTs.
        shared: Seq<'r, NamedJson<'r>>,
        /// Files of this checkpoint alone.
        private: Seq<'r, NamedJson<'r>>,
    },
    /// `KeyGroupsStateHandle`, `KeyGroupsSavepointStateHandle`.
    KeyGroups {
        /// Offset of each key group in the stream.
        offsets: Seq<'r, i64>,
        /// The stream.
        handle: Option<StreamJson<'r>>,
    },
    /// `ChangelogStateBackendHandleImpl`.
    Changelog {
        /// The checkpoint that made the handle; null before 1.16.
        checkpoint_id: Option<i64>,
        /// Number of the materialization; null in 1.14.
        materialization_id: Option<i64>,
        /// The materialized part.
        materialized: Seq<'r, KeyedJson<'r>>,
        /// The changes since.
        non_materialized: Seq<'r, KeyedJson<'r>>,
    },
    /// `InMemoryChangelogStateHandle`.
    ChangelogMemory {
        /// First sequence number.
        from: i64,
        /// Sequence number behind the last.
        to: i64,
        /// Number of changes.
        changes: u64,
        /// What this checkpoint wrote: the changes are inside the metadata.
        incremental_bytes: Option<u64>,
        /// The changelog storage: none.
        storage: Option<String>,
        /// Files: none.
        handles: Seq<'r, ChangelogEntryJson<'r>>,
    },
    /// `ChangelogStateHandleStreamImpl`.
    ChangelogFile {
        /// What this checkpoint uploaded; null in 1.14.
        incremental_bytes: Option<u64>,
        /// The changelog storage.
        storage: Option<String>,
        /// The files, each with the offset of the changes.
        handles: Seq<'r, ChangelogEntryJson<'r>>,
    },
}

/// A file of a database.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NamedJson<'r> {
    /// The name under which the backend knows it.
    pub local_name: String,
    /// Where it is.
    pub handle: Option<StreamJson<'r>>,
}

/// A file of changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangelogEntryJson<'r> {
    /// Where the changes begin.
    pub offset: i64,
    /// The file.
    pub handle: Option<StreamJson<'r>>,
}

/// A handle to operator state.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperatorStateJson<'r> {
    /// Flink's class name.
    pub class: &'static str,
    /// Bytes of the stream.
    pub state_bytes: Option<u64>,
    /// Where the parts of each state begin.
    pub states: BTreeMap<String, PartitionJson>,
    /// The stream.
    pub handle: Option<StreamJson<'r>>,
    /// What the head of the stream says; null for raw state and if it could not be read.
    pub backend_meta: Option<OperatorMetaJson>,
    /// Directory of merged files of a task manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_owned_dir: Option<String>,
    /// Directory of merged files of a subtask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_dir: Option<String>,
}

/// The parts of one operator state.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PartitionJson {
    /// `SPLIT_DISTRIBUTE`, `UNION` or `BROADCAST`.
    pub mode: &'static str,
    /// Offset of each part.
    pub offsets: Vec<i64>,
}

/// A handle to in-flight data.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChannelJson<'r> {
    /// Flink's class name.
    pub class: &'static str,
    /// Bytes of the state.
    pub state_bytes: Option<u64>,
    /// The subtask that wrote it; null in 1.11.
    pub subtask: Option<i32>,
    /// The channels.
    pub infos: Seq<'r, ChannelInfoJson<'r>>,
    /// The stream, of which only parts belong to this handle.
    pub handle: Option<StreamJson<'r>>,
}

/// One channel.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ChannelInfoJson<'r> {
    /// Of an input.
    Input {
        /// Gate index.
        gate: i32,
        /// Channel index.
        channel: i32,
        /// Bytes of its state; null if the metadata does not know.
        bytes: Option<u64>,
        /// Offset of each buffer.
        offsets: Seq<'r, i64>,
    },
    /// Of an output.
    Output {
        /// Partition index.
        partition: i32,
        /// Subpartition index.
        subpartition: i32,
        /// Bytes of its state; null if the metadata does not know.
        bytes: Option<u64>,
        /// Offset of each buffer.
        offsets: Seq<'r, i64>,
    },
}
