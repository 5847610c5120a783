//! Builds a database from rows that come in any order.
//!
//! Rows are held until there are enough of them, sorted, and written as tables; what comes in
//! order goes on in the same table. Tables of a column family that overlap, or are many and small,
//! are merged through a database of their own. In the end RocksDB takes every table in by a move: no write-ahead
//! log, no memtable, no compaction, and nothing is held but what the caller allows.
//!
//! | to change | open |
//! |---|---|
//! | what is a database in the end, and is durable | `apply.rs` |
//! | which tables rows are written to, and when | `family.rs` |
//! | rows that wait | `rows.rs` |
//! | what a table looks like | `table.rs` |
//! | rows of another database | `copy.rs` |
//! | which rows a restored database is built from | `finish.rs` |

pub mod apply;
pub mod copy;
mod family;
mod finish;
mod rows;
mod table;

use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::open::without;

/// Why a database was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Flink has no state, and RocksDB no further column family, of that name.
    #[error("no column family can have the name {name:?}: {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A file or directory could not be made, made durable, or removed.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What RocksDB says, without the directory.
    #[error("{0}")]
    Database(String),
}

impl BuildError {
    fn told(error: &rocksdb::Error, directory: &Path) -> Self {
        BuildError::Database(without(error, directory))
    }
}
