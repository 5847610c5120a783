//! From the keyed state of a checkpoint to databases in directories.
//!
//! | to change | open |
//! |---|---|
//! | which subtasks are meant | `candidates.rs`, `choice.rs` |
//! | what is made, of what, and what is refused before anything is read | `plan.rs`, `conflict.rs` |
//! | who uploaded a file | `chain.rs` |
//! | the order in which everything is done, room | `apply.rs` |
//! | how a file gets here, and is checked on its way | `stage.rs`, `tee.rs` |
//! | whether files are a database | `unit.rs` |
//! | what is done with the files of a database | `finish.rs`, `build/finish.rs` |
//! | how RocksDB opens and reads a database | `open.rs` |
//! | how values of list state are joined | `merge_operator.rs` |
//! | how a database is built from rows | `build/` |
//! | the target directory: who writes there, what is published when | `site.rs`, `moves.rs` |
//! | what may be replaced in it | `former.rs` |
//! | errors, and what to do then | `error.rs` |

pub mod apply;
#[cfg(feature = "rocksdb")]
pub mod build;
pub mod candidates;
pub mod chain;
pub mod choice;
pub mod conflict;
pub mod error;
pub mod finish;
mod former;
pub mod made;
#[cfg(feature = "rocksdb")]
pub mod merge_operator;
mod moves;
#[cfg(feature = "rocksdb")]
pub mod open;
pub mod plan;
pub mod site;
pub mod stage;
mod tee;
pub mod unit;
#[cfg(not(feature = "rocksdb"))]
mod without_rocksdb;
