//! RocksDB's formats: block-based tables (SSTs).
//!
//! | to change | open |
//! |---|---|
//! | varints and little-endian integers | `coding.rs` |
//! | anything inside an SST | `table/mod.rs` says where |

pub mod coding;
pub mod table;
