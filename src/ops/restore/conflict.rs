//! Why nothing can be planned. Pure.

use super::choice::Unmeant;
use crate::format::flink::operator::OperatorId;

/// Why no database is made of a heap stream.
pub(super) const HEAP: &str = "was written by the heap state backend, whose streams hold objects \
                               and no rows of RocksDB; a canonical savepoint of the job has rows";

/// Why nothing can be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// What was asked for cannot be meant.
    #[error(transparent)]
    Unmeant(#[from] Unmeant),
    /// A name that could lead anywhere, or that RocksDB has for no file of a checkpoint.
    #[error(
        "{owner}: the handle lists a file as {name:?}, which RocksDB gives to no file of a checkpoint"
    )]
    Name {
        /// Whose handle.
        owner: String,
        /// The name.
        name: String,
    },
    /// Two files of one name.
    #[error("{owner}: the handle lists {name} twice")]
    Twice {
        /// Whose handle.
        owner: String,
        /// The name.
        name: String,
    },
    /// Two databases would go to one place.
    #[error("operator {operator} has subtask {subtask} twice")]
    SamePlace {
        /// The operator.
        operator: OperatorId,
        /// The subtask.
        subtask: i32,
    },
    /// A database cannot be without it.
    #[error("{owner}: the handle lists no {what}")]
    Lacks {
        /// Whose handle.
        owner: String,
        /// What it lacks.
        what: &'static str,
    },
    /// A path that Flink writes to no place that can be read.
    #[error("{what}: {path} {why}")]
    Nowhere {
        /// What is there.
        what: String,
        /// The path.
        path: String,
        /// Why it is not read.
        why: &'static str,
    },
    /// Only other state than what RocksDB holds.
    #[error("{what} {why}")]
    NoRocksDb {
        /// Of what.
        what: String,
        /// Why not.
        why: &'static str,
    },
}
