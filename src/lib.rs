//! Reads Apache Flink checkpoints and savepoints where they lie, without a JVM.
//!
//! Seven rooms, one direction: each may use those below it and none above.
//!
//! | room | what is in it |
//! |---|---|
//! | [`cli`] | flags, wiring, exit codes, progress; the only room that prints |
//! | [`report`] | what each command answers: the JSON contract, and how it looks as a table |
//! | [`ops`] | what the commands do; what decides is pure |
//! | [`catalog`] | finds checkpoints, reads metadata and the heads of streams; only reads |
//! | [`model`] | layout of directories, places of files, walks over handles, references; pure |
//! | [`mod@format`] | bytes to values: formats of Flink and RocksDB; pure, and cannot panic |
//! | [`store`] | places and what lies there; the only room that does IO |
//!
//! | to change | open |
//! |---|---|
//! | a flag | `cli/args.rs` |
//! | an exit code | `cli/exit.rs` |
//! | a field or a column | `report/inspect/`, `report/diff/`, `report/table/` |
//! | what is warned about | `ops/inspect/warnings.rs`, `ops/inspect/tree/problems.rs` |
//! | what is counted, and for whom | `ops/inspect/tree/conclude.rs` |
//! | the picture of a history | `ops/inspect/history.rs`, `report/table/history.rs` |
//! | what is kept, added or dropped; compactions | `ops/diff/` |
//! | what SSTs say of states, and how it is summed | `ops/sst/` |
//! | who refers to what; keys of Flink's registry | `model/references/` |
//! | whose files a handle names | `model/walk.rs` |
//! | what a LOCATION may be | `catalog/find.rs`, `store/location.rs` |
//! | who is read because he may refer to a place | `catalog/survey.rs`, `catalog/discover.rs` |
//! | how moved checkpoints are found | `model/rebase.rs` |
//! | metadata versions and handles | `format/flink/` |
//! | MANIFEST, CURRENT, OPTIONS | `format/rocks/` |
//! | SSTs: versions, checksums, compression, indexes | `format/rocks/table/` |
//! | what streams of state hold, to the last byte | `format/flink/content/` |

pub mod catalog;
pub mod cli;
pub mod format;
pub mod model;
pub mod ops;
pub mod report;
pub mod store;
