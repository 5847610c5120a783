//! The physical files of a checkpoint: each counted once, whoever refers to it.

use super::Survey;
use crate::format::flink::keyed::add;
use crate::format::flink::operator::OperatorId;
use crate::model::Location;
use crate::model::references::Builder;
use crate::model::references::File;
use crate::model::references::NodeId;
use crate::model::references::References;
use crate::model::references::TooMany;

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
    /// The files that are listed.
    pub fn of(&self, references: &References, base: &Location) -> Vec<NodeId> {
        let wanted = |file: &File<'_>| match self.operator {
            Some(operator) => file.uses().any(|one| one.operator == operator),
            None => true,
        };
        let mut files = references.by_path(base);
        files.retain(|node| references.file(*node).is_some_and(|file| wanted(&file)));
        let bytes = |file: &File<'_>| file.found_bytes().or(file.bytes());
        let key = |node: &NodeId| references.file(*node);
        match self.order {
            Order::Path => {}
            Order::Bytes => {
                files.sort_by_cached_key(|node| std::cmp::Reverse(key(node).map(|f| bytes(&f))));
            }
            Order::References => {
                files.sort_by_cached_key(|node| {
                    std::cmp::Reverse(key(node).map(|f| f.references()))
                });
            }
            Order::Age => files.sort_by_cached_key(|node| {
                let modified = key(node).and_then(|file| file.modified());
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
    pub(super) fn of(survey: Survey<'_, '_>) -> Result<Self, TooMany> {
        let mut builder = Builder::default();
        builder.add(survey.metadata, survey.places)?;
        let references = builder.finish();
        let base = &survey.places.home().base;
        let directories = references.directories().iter();
        let is_outside: Vec<bool> = directories.map(|dir| dir.is_outside(base)).collect();
        let (mut files, mut bytes, mut outside, mut suspicious) = (0, Some(0), 0, None);
        for file in references.files() {
            files += 1;
            bytes = add(bytes, file.bytes());
            outside += u64::from(is_outside[file.directory_number() as usize]);
            if suspicious.is_none() && file.is_suspicious() {
                suspicious = Some(file.path(base));
            }
        }
        Ok(Files { references, files, bytes, outside, suspicious })
    }
}
