//! Bytes to values: the formats of Flink and of RocksDB, and nothing else.
//!
//! This room is pure. It is given `&[u8]` and returns values that borrow from it; it does no
//! IO, knows no store and never panics: the lints below forbid the usual ways of doing so.
//! Every error carries the byte offset and what was expected there.
//!
//! | format | is in |
//! |---|---|
//! | `_metadata`, handles, backend meta | [`flink`] |
//! | SSTs | [`rocks::table`] |
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod flink;
pub mod rocks;
