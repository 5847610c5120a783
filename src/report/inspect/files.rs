//! The physical files of a checkpoint.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::references::File;
use crate::model::references::FileUse;
use crate::model::references::NodeId;
use crate::model::references::Part;
use crate::model::references::Paths;
use crate::model::references::References;

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
    /// The parts of a merged file that handles refer to, in the order of their places.
    pub segments: Vec<SegmentJson>,
}

/// A part of a merged file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SegmentJson {
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub bytes: u64,
    /// The logical file id, by which Flink knows it.
    pub logical_file_id: String,
    /// How many handles refer to it.
    pub references: u64,
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

impl Referrer {
    pub(super) fn of(one: FileUse<'_>) -> Self {
        Referrer {
            operator_id: one.operator.to_string(),
            subtask: one.subtask,
            role: one.role.name(),
            local_name: one.local_name,
        }
    }
}

/// A file that one checkpoint refers to.
pub(super) fn file(
    references: &References,
    paths: &Paths<'_>,
    node: NodeId,
    metadata: &str,
) -> Option<FileJson> {
    let file = references.file(node)?;
    Some(FileJson {
        path: paths.of(node),
        bytes: file.bytes(),
        references: file.references(),
        checkpoints: vec![metadata.to_owned()],
        class: file.class()?,
        outside: paths.is_outside(&file),
        referrers: file.uses().map(Referrer::of).collect(),
        segments: segments(references, &file),
    })
}

/// The segments of a merged file.
pub(super) fn segments(references: &References, file: &File<'_>) -> Vec<SegmentJson> {
    let segment = |part: Part<'_>| SegmentJson {
        offset: part.start,
        bytes: part.bytes,
        logical_file_id: part.logical_file_id(),
        references: references.uses(part.node).count() as u64,
    };
    file.parts().map(segment).collect()
}
