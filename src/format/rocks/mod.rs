//! RocksDB's formats: what a database says of itself.
//!
//! | to change | open |
//! |---|---|
//! | varints, fixed integers, length-prefixed bytes | `coding.rs`; with offsets, `read.rs` |
//! | blocks, records and checksums of a log | `log.rs` |
//! | the edits in a MANIFEST, and what is live after them | `manifest.rs`, `manifest/` |
//! | which MANIFEST is current | `current.rs` |
//! | the options a database was opened with | `options.rs` |

pub mod coding;
pub mod current;
pub mod log;
pub mod manifest;
pub mod options;
mod read;
