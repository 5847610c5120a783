//! What each command answers: the JSON contract, and how it looks as a table.
//!
//! The documents here are the contract of `--output json`: fields may be added, never removed
//! or re-typed. They are written while they are walked, so that a document never exists as a
//! whole in memory. Tables show the same facts to a person.

pub mod diff;
pub mod document;
pub mod error;
pub mod inspect;
pub mod latest;
pub mod restore;
pub mod schema;
pub mod seq;
pub mod table;
pub mod text;
pub mod units;
pub mod verify;
