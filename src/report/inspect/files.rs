//! The physical files of a checkpoint.

use schemars::JsonSchema;
use serde::Serialize;

/// One physical file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FileJson {
    /// Path below the base, or a URI.
    pub path: String,
    /// Bytes referred to in it, each byte range once; null if the metadata does not know.
    pub bytes: Option<u64>,
    /// How many handles refer to it.
    pub references: u64,
    /// Paths of the metadata files that refer to it.
    pub checkpoints: Vec<String>,
    /// Flink's class of the handle.
    pub class: &'static str,
    /// Whether it is neither below the base nor mapped there.
    pub outside: bool,
    /// Who refers to it.
    pub referrers: Vec<Referrer>,
}

/// One use of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Referrer {
    /// 32 hex digits.
    pub operator_id: String,
    /// Subtask index; null for a coordinator.
    pub subtask: Option<i32>,
    /// `shared`, `private`, `backend-meta`, `key-groups`, `operator`, `raw-operator`,
    /// `changelog`, `input-channel`, `result-subpartition` or `coordinator`.
    pub role: &'static str,
    /// The name under which the backend knows it; null where it has none.
    pub local_name: Option<String>,
}
