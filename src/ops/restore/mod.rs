//! From the files of a handle to a database in a directory.
//!
//! | to change | open |
//! |---|---|
//! | what is put into a directory, and how | `apply.rs` |
//! | how RocksDB opens and reads it | `open.rs` |
//! | how values of list state are joined | `merge_operator.rs` |
//! | how a database is built from rows | `build/` |

pub mod apply;
pub mod candidates;
pub mod choice;
pub mod error;
#[cfg(feature = "rocksdb")]
pub mod build;
#[cfg(feature = "rocksdb")]
pub mod merge_operator;
#[cfg(feature = "rocksdb")]
pub mod open;
pub mod plan;
pub mod site;
pub mod stage;
