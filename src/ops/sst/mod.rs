//! What the SSTs of a checkpoint say of the state in them, summed per state, per operator and
//! per subtask.
//!
//! | to change | open |
//! |---|---|
//! | what is read, and what is read once for several handles | `plan.rs` |
//! | threads, reading | `probe.rs` |
//! | what is kept of a table's head, of a MANIFEST | `table.rs`, `live.rs` |
//! | sums, skew | `sums.rs` |
//!
//! An SST is read once, and counts once for each subtask handle that refers to it: a database of
//! each of them holds it. Within a checkpoint that happens after a rescale only.

pub mod conclude;
mod live;
pub mod plan;
pub mod probe;
pub mod sums;
pub mod table;

use std::rc::Rc;
use std::sync::Arc;

use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::operator::OperatorId;
use crate::model::Location;
use crate::ops::inspect::Finding;
use sums::Sums;
use table::TableFacts;

/// What is known of the SSTs of a checkpoint.
#[derive(Debug, Default)]
pub struct Ssts {
    /// Every SST of every handle, in the order of operators, subtasks, levels and numbers.
    pub files: Vec<SstFile>,
    /// Sums for each operator and column family, in that order.
    pub states: Vec<StateSums>,
    /// Sums for each operator.
    pub operators: Vec<OperatorSums>,
    /// Sums for each subtask, in the order of operators and subtasks.
    pub subtasks: Vec<SubtaskSums>,
    /// What could not be read.
    pub findings: Vec<Finding>,
    /// Reads of files, each a request where they lie in an object store.
    pub requests: u64,
    /// Bytes that were read of files.
    pub read_bytes: u64,
}

/// An SST of a subtask's handle.
#[derive(Debug, Clone)]
pub struct SstFile {
    /// Where it most likely lies; `None` of one inside the metadata, or without a valid path.
    pub place: Option<Location>,
    /// Where it begins in that file: merged files hold several.
    pub offset: u64,
    /// The name RocksDB knows it by.
    pub local_name: String,
    /// Whose it is.
    pub operator: OperatorId,
    /// The index of the subtask.
    pub subtask: i32,
    /// The column family, which is the state, as it or else the MANIFEST says.
    pub column_family: Option<Arc<str>>,
    /// Its level, as the MANIFEST says.
    pub level: Option<u32>,
    /// The key groups of its first and last key, as the MANIFEST says.
    pub key_groups: Option<(i32, i32)>,
    /// Bytes of the file, as its handle says.
    pub stored_bytes: Option<u64>,
    /// What it says of itself; `None` if it could not be read.
    pub table: Option<Rc<TableFacts>>,
}

/// Sums over the SSTs of a state of an operator.
#[derive(Debug, Clone)]
pub struct StateSums {
    /// The operator.
    pub operator: OperatorId,
    /// The state; `None` of files of which nothing tells.
    pub column_family: Option<Arc<str>>,
    /// The sums.
    pub sums: Sums,
}

/// Sums over the SSTs of an operator.
#[derive(Debug, Clone)]
pub struct OperatorSums {
    /// The operator.
    pub operator: OperatorId,
    /// The sums.
    pub sums: Sums,
    /// How many times the mean of all subtasks the largest has: entries, stored bytes.
    pub skew: [Option<f64>; 2],
}

/// Sums over the SSTs of a subtask.
#[derive(Debug, Clone)]
pub struct SubtaskSums {
    /// The operator.
    pub operator: OperatorId,
    /// The index of the subtask.
    pub subtask: i32,
    /// Its key groups.
    pub key_groups: KeyGroupRange,
    /// The sums.
    pub sums: Sums,
    /// How many times the mean of all subtasks it has: entries, stored bytes.
    pub share: [Option<f64>; 2],
}
