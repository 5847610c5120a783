//! What can be wrong with a MANIFEST.

use std::fmt;

use crate::format::flink::error::FormatError;
use crate::format::rocks::log::LogError;
use crate::format::rocks::log::LogProblem;

/// What is wrong with a MANIFEST, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("MANIFEST record at byte {offset}: {problem}")]
pub struct ManifestError {
    /// Byte offset of the record in the file; the length of the file if it lacks something.
    pub offset: u64,
    /// What was found there.
    pub problem: ManifestProblem,
}

/// The kinds of damage a MANIFEST can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestProblem {
    /// The log is damaged.
    #[error(transparent)]
    Log(LogProblem),
    /// The version edit in a record cannot be read; its offset counts from where the data of
    /// the record begins.
    #[error("{0}")]
    Edit(EditError),
    /// A column family that is there already is added.
    #[error("adds column family {0}, which exists")]
    FamilyExists(u32),
    /// A column family that is not there is used or dropped.
    #[error("is about column family {0}, which does not exist")]
    NoFamily(u32),
    /// A column family is added or dropped, and files in the same breath, which RocksDB would
    /// pass over.
    #[error("adds or drops column family {0} and changes its files at once")]
    FilesOfNewFamily(u32),
    /// A file that is live already is added.
    #[error("adds file {number} to level {level}, but it is live in level {live} already")]
    FileExists {
        /// The file.
        number: u64,
        /// Where it is added.
        level: u32,
        /// Where it is.
        live: u32,
    },
    /// A file is deleted where it does not live.
    #[error("deletes file {number} from level {level}, where it is not live{}", Elsewhere(*.live))]
    NoFile {
        /// The file.
        number: u64,
        /// Where it is deleted.
        level: u32,
        /// Where it lives instead.
        live: Option<u32>,
    },
    /// A blob file that is there already is added.
    #[error("adds blob file {0}, which exists")]
    BlobFileExists(u64),
    /// Garbage in a blob file that is not there.
    #[error("counts garbage of blob file {0}, which does not exist")]
    NoBlobFile(u64),
    /// More garbage than there are blobs.
    #[error("counts more garbage in blob file {0} than there are blobs")]
    TooMuchGarbage(u64),
    /// The edits of an atomic group do not count down to zero.
    #[error("expected the edit of an atomic group after which {expected} remain, found {found}")]
    AtomicGroup {
        /// What the edit should say.
        expected: u64,
        /// What it says, "no group" if it is in none.
        found: InGroup,
    },
    /// The file ends inside of an atomic group.
    #[error("an atomic group begins of which the last {0} edits are missing")]
    UnfinishedGroup(u64),
    /// No edit says something that every MANIFEST must say.
    #[error("the file ends and no record tells the {0}")]
    Missing(&'static str),
}

impl From<LogError> for ManifestError {
    fn from(error: LogError) -> Self {
        ManifestError { offset: error.offset, problem: ManifestProblem::Log(error.problem) }
    }
}

/// An error inside of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} at byte {} of its data: {}", .0.field, .0.offset, .0.problem)]
pub struct EditError(pub FormatError);

/// How many edits of its atomic group remain after this one, if it is in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InGroup(pub Option<u32>);

impl fmt::Display for InGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(remaining) => write!(f, "{remaining}"),
            None => f.write_str("an edit in no group"),
        }
    }
}

struct Elsewhere(Option<u32>);

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(level) => write!(f, ", but in level {level}"),
            None => Ok(()),
        }
    }
}
