//! RocksDB's formats: what a database says of itself, and its tables (SSTs).
//!
//! | to change | open |
//! |---|---|
//! | varints and little-endian integers | `coding.rs`; with offsets in errors `read.rs` |
//! | anything inside an SST | `table/mod.rs` says where |
//! | blocks, records and checksums of a log | `log.rs` |
//! | the edits in a MANIFEST, and what is live after them | `manifest.rs`, `manifest/` |
//! | which MANIFEST is current | `current.rs` |
//! | the options a database was opened with | `options.rs`; what of them is written `options/write.rs` |

pub mod coding;
pub mod current;
pub mod log;
pub mod manifest;
pub mod options;
pub mod read;
pub mod table;
