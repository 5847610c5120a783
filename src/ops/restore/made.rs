//! What a restore made. Pure.

use super::stage::How;
use crate::ops::verify::fact::Looked;

/// Everything that was made.
#[derive(Debug, Default)]
pub struct Restored {
    /// The databases, in the order of the plan.
    pub databases: Vec<MadeDatabase>,
    /// What was read for it.
    pub looked: Looked,
}

/// A database that was made.
#[derive(Debug, Default)]
pub struct MadeDatabase {
    /// Its files, by name.
    pub files: Vec<MadeFile>,
    /// Its column families, in the order of their ids.
    pub families: Vec<Family>,
    /// What is worth a word although it was made.
    pub notes: Vec<Note>,
    /// What was read to make it, beyond its files.
    pub looked: Looked,
}

/// A file of a database.
#[derive(Debug)]
pub struct MadeFile {
    /// The name RocksDB knows it by.
    pub local_name: String,
    /// Its bytes.
    pub bytes: u64,
    /// How it got there.
    pub how: How,
}

/// A column family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its name, which is that of the state.
    pub name: String,
    /// Its entries; `None` if nothing tells.
    pub entries: Option<u64>,
    /// Whether they were counted, and not taken from what its tables say.
    pub exact: bool,
}

/// Something worth a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Stable code.
    pub code: &'static str,
    /// What was noticed, in words.
    pub message: String,
}
