//! The physical files of a checkpoint: each counted once, whoever refers to it.

use std::cmp::Reverse;

use crate::format::flink::keyed::add;
use crate::format::flink::operator::OperatorId;
use crate::model::Location;
use crate::model::references::File;
use crate::model::references::NodeId;
use crate::model::references::Paths;
use crate::model::references::References;

/// In which order files are listed. What is equal is in the order of the paths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By path.
    #[default]
    Path,
    /// The largest first.
    Bytes,
    /// What most handles refer to first.
    References,
    /// The oldest first; those of unknown age last.
    Age,
}

/// Which files are listed, and in which order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection {
    /// Only those that this operator refers to.
    pub operator: Option<OperatorId>,
    /// In which order.
    pub order: Order,
    /// Only so many.
    pub top: Option<usize>,
}

impl Selection {
    /// The files that are listed, of those that are shown at all.
    pub fn of(
        &self,
        references: &References,
        paths: &Paths<'_>,
        shown: impl Fn(&File<'_>) -> bool,
    ) -> Vec<NodeId> {
        let mut files = paths.sorted();
        let file = |node: &NodeId| references.file(*node);
        files.retain(|node| file(node).is_some_and(|file| shown(&file)));
        if let Some(operator) = self.operator {
            let by_it = |file: File<'_>| file.is_used(|_, by| by == operator);
            files.retain(|node| file(node).is_some_and(by_it));
        }
        match self.order {
            Order::Path => {}
            Order::Bytes => files.sort_by_cached_key(|node| {
                Reverse(file(node).and_then(|file| file.found_bytes().or(file.bytes())))
            }),
            Order::References => {
                files.sort_by_cached_key(|node| Reverse(file(node).map(|file| file.references())))
            }
            Order::Age => files.sort_by_cached_key(|node| {
                let modified = file(node).and_then(|file| file.modified());
                (modified.is_none(), modified)
            }),
        }
        files.truncate(self.top.unwrap_or(usize::MAX));
        files
    }
}

/// The physical files of a checkpoint and who refers to them.
#[derive(Debug)]
pub struct Files {
    /// The references of this one checkpoint.
    pub references: References,
    /// Distinct physical files.
    pub files: u64,
    /// Bytes referred to in them, each range once; `None` if a size is unknown.
    pub bytes: Option<u64>,
    /// Files that lie outside of the base and that no rule maps.
    pub outside: u64,
    /// A path that no Flink writes, if there is one.
    pub suspicious: Option<String>,
}

impl Files {
    /// The files of a report with this base.
    pub(super) fn of(references: References, base: &Location) -> Self {
        let paths = references.paths(base);
        let (mut files, mut bytes, mut outside, mut suspicious) = (0, Some(0), 0, None);
        for file in references.files() {
            files += 1;
            bytes = add(bytes, file.bytes());
            outside += u64::from(paths.is_outside(&file));
            if suspicious.is_none() && file.is_suspicious() {
                suspicious = Some(paths.of(file.node()));
            }
        }
        Files { references, files, bytes, outside, suspicious }
    }
}
