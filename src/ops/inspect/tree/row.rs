//! One checkpoint in a table of several.

use jiff::Timestamp;

use crate::catalog::CatalogError;
use crate::format::flink::error as format;
use crate::format::flink::operator::OperatorId;
use crate::model::Location;
use crate::model::layout;
use crate::model::release::Releases;
use crate::ops::inspect::overview::Overview;
use crate::ops::inspect::overview::Snapshot;
use crate::ops::inspect::sizes::Sizes;

/// One checkpoint or savepoint.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its metadata file.
    pub metadata: Location,
    /// Its number in the references; `None` if it was not read.
    pub number: Option<u32>,
    /// Its id, or the one in the name of its directory.
    pub id: Option<i64>,
    /// Modification time of the metadata: when it was completed, unless it was copied.
    pub modified: Option<Timestamp>,
    /// Bytes of the metadata file.
    pub metadata_bytes: Option<u64>,
    /// Version of the metadata format.
    pub version: Option<i32>,
    /// What it is as a whole; `None` if it was not read.
    pub overview: Option<Overview>,
    /// Its operators.
    pub operators: Vec<OperatorRow>,
    /// The number of the unit it belongs to.
    pub unit: u32,
    /// Distinct files it refers to.
    pub files: u64,
    /// Bytes of files that only it refers to; `None` if a size is unknown or it was not read.
    pub exclusive_bytes: Option<u64>,
    /// Files it refers to that are not there.
    pub missing: u64,
    /// Files it refers to that could not be looked for.
    pub unseen: u64,
    /// Files that are shorter than it says.
    pub short: u64,
    /// Against the one before it.
    pub growth: Option<Growth>,
    /// What is wrong with it.
    pub problem: Option<Problem>,
}

/// An operator of one checkpoint.
#[derive(Debug, Clone, Copy)]
pub struct OperatorRow {
    /// The operator.
    pub id: OperatorId,
    /// Its sums.
    pub sizes: Sizes,
}

/// How full sizes differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// Bytes more; negative for less.
    pub bytes: i64,
    /// The same as a part of the size it grew from; `None` if that was nothing.
    pub ratio: Option<f64>,
}

impl Growth {
    /// From one size to another.
    pub fn between(from: Option<u64>, to: Option<u64>) -> Option<Growth> {
        let (from, to) = (from?, to?);
        let bytes = i64::try_from(i128::from(to) - i128::from(from)).ok()?;
        let ratio = (from > 0).then(|| bytes as f64 / from as f64);
        Some(Growth { bytes, ratio })
    }

    /// The ratio to six digits behind the point: what a reader can use of it.
    pub fn rounded(self) -> Option<f64> {
        self.ratio.map(|ratio| (ratio * 1e6).round() / 1e6)
    }
}

/// What is wrong with a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// It was removed while it was looked at, as Flink does with what newer ones replace.
    Removed,
    /// Its metadata has no bytes.
    Empty,
    /// Its metadata is damaged, or of a release that is not known: where and how.
    Damaged(String),
    /// Its metadata has a version that is not known yet: which.
    Newer(String),
    /// Its metadata could not be read: why.
    Unread(String),
    /// Files are missing or too short.
    Files {
        /// How many are not there.
        missing: u64,
        /// How many could not be looked for.
        unseen: u64,
        /// How many are shorter than their handles say.
        short: u64,
        /// How many it refers to.
        of: u64,
    },
}

impl Problem {
    pub(super) fn failed(error: &CatalogError, subject: &str) -> Self {
        // Who prints it says of what.
        let text = error.to_string();
        let text = text.strip_prefix(&format!("{subject}: ")).unwrap_or(&text).to_owned();
        match error {
            CatalogError::EmptyMetadata { .. } => Problem::Empty,
            CatalogError::Format { source, .. }
                if matches!(source.problem, format::Problem::Version { found: 8 | 9, .. }) =>
            {
                Problem::Newer(text)
            }
            CatalogError::Format { .. } => Problem::Damaged(text),
            _ => Problem::Unread(text),
        }
    }

    /// A stable word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Problem::Removed => "removed",
            Problem::Empty => "empty",
            Problem::Damaged(_) => "damaged",
            Problem::Newer(_) | Problem::Unread(_) => "unreadable",
            Problem::Files { missing: 0, short: 0, .. } => "files-unseen",
            Problem::Files { .. } => "files-missing",
        }
    }

    /// It in few words.
    pub fn what(&self) -> String {
        match self {
            Problem::Removed => "removed while this was read".into(),
            Problem::Empty => "its metadata has 0 bytes: it was never completed".into(),
            Problem::Damaged(_) => "its metadata is damaged".into(),
            Problem::Newer(_) => "its metadata is of a release that is not known".into(),
            Problem::Unread(_) => "its metadata could not be read".into(),
            Problem::Files { missing, unseen, short, of } => {
                let parts = [
                    (*missing, "missing"),
                    (*short, "too short"),
                    (*unseen, "could not be looked for"),
                ];
                let mut what = String::new();
                for (count, how) in parts.iter().filter(|(count, _)| *count > 0) {
                    what += &match what.as_str() {
                        "" => format!("{count} of {of} files {how}"),
                        _ => format!(", {count} {how}"),
                    };
                }
                what
            }
        }
    }

    /// It in all words, with the place in the file where there is one.
    pub fn message(&self) -> String {
        match self {
            Problem::Removed | Problem::Empty | Problem::Files { .. } => self.what(),
            Problem::Damaged(error) | Problem::Newer(error) | Problem::Unread(error) => {
                format!("{}: {error}", self.what())
            }
        }
    }

    /// Whether it kept the checkpoint from being looked at, so that the report is not all.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Problem::Removed | Problem::Files { .. })
    }
}

impl Row {
    pub(super) fn at(metadata: Location) -> Self {
        let directory = metadata.parent();
        let name = directory.as_ref().and_then(Location::file_name);
        let id = name.and_then(layout::checkpoint_number);
        Row {
            metadata,
            number: None,
            id,
            modified: None,
            metadata_bytes: None,
            version: None,
            overview: None,
            operators: Vec::new(),
            unit: u32::MAX,
            files: 0,
            exclusive_bytes: None,
            missing: 0,
            unseen: 0,
            short: 0,
            growth: None,
            problem: None,
        }
    }

    pub(super) fn unread(metadata: Location, problem: Problem) -> Self {
        Row { problem: Some(problem), ..Row::at(metadata) }
    }

    /// The directory that holds it.
    pub fn directory(&self) -> Location {
        self.metadata.parent().unwrap_or_else(|| self.metadata.clone())
    }

    /// The releases whose registry holds its shared state; `None` for savepoints, which
    /// register nothing, and for what was not read.
    pub fn registering_releases(&self) -> Option<Releases> {
        let overview = self.overview.as_ref()?;
        let savepoint = overview.snapshot.is_some_and(Snapshot::is_savepoint);
        (!savepoint).then_some(overview.releases)
    }

    /// Sums of one operator, or of all.
    pub fn sizes(&self, only: Option<OperatorId>) -> Option<Sizes> {
        let overview = self.overview.as_ref()?;
        let Some(only) = only else { return Some(overview.sizes) };
        let operator = self.operators.iter().find(|operator| operator.id == only);
        let none = || Sizes::zero(overview.releases.record_new_bytes());
        Some(operator.map_or_else(none, |operator| operator.sizes))
    }
}
