//! The files of a job or a root.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::references::File;
use crate::model::references::FileUse;
use crate::model::references::NodeId;
use crate::model::references::Part;
use crate::model::references::Paths;
use crate::model::references::registry;
use crate::ops::inspect::tree::Facts;
use crate::ops::inspect::tree::Row;

/// One physical file, and everyone who refers to it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TreeFileJson {
    /// Path below the base, or a URI.
    pub path: String,
    /// Bytes: those that lie there, where they were listed; otherwise those of the handles.
    pub bytes: Option<u64>,
    /// Bytes referred to in it, each byte range once; null if a handle does not know.
    pub referenced_bytes: Option<u64>,
    /// How many handles refer to it.
    pub references: u64,
    /// Paths of the metadata files that refer to it.
    pub checkpoints: Vec<String>,
    /// Flink's class of the handles; null if nothing refers to it.
    pub class: Option<&'static str>,
    /// Whether it is neither below the base nor mapped there.
    pub outside: bool,
    /// Whether it was looked for by its name and is not there; null where that could not be
    /// told. What lies outside of the base is not looked for.
    pub missing: Option<bool>,
    /// When it was last modified, RFC 3339 UTC in whole seconds; null where it was not listed.
    pub modified_at: Option<String>,
    /// Who refers to it.
    pub referrers: Vec<TreeReferrer>,
    /// The parts of a merged file that handles refer to, in the order of their places.
    pub segments: Vec<SegmentUseJson>,
    /// The keys under which the shared state registry of the job masters that wrote these
    /// checkpoints counts it: made of the database and the local name until 1.16.2 and 1.17.1, of
    /// the place since 1.16.3, 1.17.2 and 1.18. Metadata of 1.16 to 1.20 does not tell, so both
    /// are there. Empty for what belongs to one checkpoint alone.
    pub registry_keys: Vec<String>,
}

/// A part of a merged file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SegmentUseJson {
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub bytes: u64,
    /// The logical file id, by which Flink knows it.
    pub logical_file_id: String,
    /// How many handles refer to it.
    pub references: u64,
    /// Paths of the metadata files that refer to it.
    pub checkpoints: Vec<String>,
    /// Who refers to it.
    pub referrers: Vec<TreeReferrer>,
}

/// One use of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TreeReferrer {
    /// Path of the metadata file.
    pub checkpoint: String,
    /// 32 hex digits.
    pub operator_id: String,
    /// Subtask index; null for a coordinator.
    pub subtask: Option<i32>,
    /// As in the document of a checkpoint.
    pub role: &'static str,
    /// The name under which the backend knows it; null where it has none.
    pub local_name: Option<String>,
}

/// Makes files of a report.
#[derive(Debug)]
pub(super) struct Lister<'r> {
    pub(super) facts: &'r Facts,
    pub(super) paths: Paths<'r>,
    /// Paths of metadata files, by their rows.
    metadata: Vec<String>,
}

impl<'r> Lister<'r> {
    pub(super) fn new(facts: &'r Facts) -> Self {
        let path = |row: &Row| facts.subject.path_of(&row.metadata);
        Lister {
            facts,
            paths: facts.references.paths(&facts.subject.base),
            metadata: facts.rows.iter().map(path).collect(),
        }
    }

    pub(super) fn file(&self, node: NodeId) -> Option<TreeFileJson> {
        let references = &self.facts.references;
        let file = references.file(node)?;
        let referrers = self.in_order(file.uses().collect());
        let segment = |part: Part<'_>| {
            let uses = self.in_order(references.uses(part.node).collect());
            SegmentUseJson {
                offset: part.start,
                bytes: part.bytes,
                logical_file_id: part.logical_file_id(),
                references: uses.len() as u64,
                checkpoints: self.checkpoints(&uses),
                referrers: self.referrers(&uses),
            }
        };
        Some(TreeFileJson {
            path: self.paths.of(node),
            bytes: file.found_bytes().or(file.bytes()),
            referenced_bytes: if referrers.is_empty() { Some(0) } else { file.bytes() },
            references: referrers.len() as u64,
            checkpoints: self.checkpoints(&referrers),
            class: file.class(),
            outside: self.paths.is_outside(&file),
            missing: (!file.is_unseen()).then_some(file.is_absent()),
            modified_at: file.modified().map(|time| time.to_string()),
            segments: file.parts().map(segment).collect(),
            registry_keys: self.registry_keys(&file),
            referrers: self.referrers(&referrers),
        })
    }

    /// Uses in the order of the rows of their checkpoints.
    fn in_order(&self, mut uses: Vec<FileUse<'r>>) -> Vec<FileUse<'r>> {
        uses.sort_by_key(|one| self.row(one.checkpoint));
        uses
    }

    fn row(&self, checkpoint: u32) -> usize {
        self.facts.by_number.get(checkpoint as usize).copied().unwrap_or(usize::MAX)
    }

    fn path(&self, checkpoint: u32) -> String {
        self.metadata.get(self.row(checkpoint)).cloned().unwrap_or_default()
    }

    fn checkpoints(&self, uses: &[FileUse<'_>]) -> Vec<String> {
        let mut numbers: Vec<u32> = uses.iter().map(|one| one.checkpoint).collect();
        numbers.dedup();
        numbers.into_iter().map(|number| self.path(number)).collect()
    }

    fn referrers(&self, uses: &[FileUse<'_>]) -> Vec<TreeReferrer> {
        let referrer = |one: &FileUse<'_>| TreeReferrer {
            checkpoint: self.path(one.checkpoint),
            operator_id: one.operator.to_string(),
            subtask: one.subtask,
            role: one.role.name(),
            local_name: one.local_name.clone(),
        };
        uses.iter().map(referrer).collect()
    }

    fn registry_keys(&self, file: &File<'_>) -> Vec<String> {
        let releases = |checkpoint| self.facts.row(checkpoint)?.registering_releases();
        registry::keys(&self.facts.references, file, releases).into_iter().collect()
    }
}
