//! What was seen in a stream of bytes.

use super::audit::Looked;
use super::rules::Rule;
use crate::format::rocks::manifest::Manifest;

/// What was seen, and what it took.
#[derive(Debug)]
pub struct Probed {
    /// What was seen.
    pub fact: Fact,
    /// What was read.
    pub looked: Looked,
}

/// What was seen.
#[derive(Debug, Clone)]
pub enum Fact {
    /// A sound table.
    Sst(SstFact),
    /// A sound MANIFEST.
    Manifest(Box<Manifest>),
    /// A sound CURRENT: the MANIFEST it names.
    Current(String),
    /// Nothing wrong; what could not be parsed, and why.
    Sound(Vec<String>),
    /// Something wrong, or something that could not be looked at.
    Bad {
        /// What.
        rule: &'static Rule,
        /// Where in the stream.
        offset: Option<u64>,
        /// What was seen.
        evidence: String,
    },
    /// The file is not there any more.
    Gone,
    /// It was not looked at: another finding says enough, or it is not in the sample.
    Skipped,
    /// It was not looked at, as time was up.
    OutOfTime,
}

/// What of a table is compared with other tables and with the MANIFEST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SstFact {
    /// Bytes of the file.
    pub bytes: u64,
    /// The column family, if the table says so.
    pub column_family: Option<Box<[u8]>>,
    /// Whether it deletes anything.
    pub deletes: bool,
    /// Whether it deletes ranges, which reach beyond its keys.
    pub deletes_ranges: bool,
    /// The first and the last user key of its data blocks; `None` if they were not looked at or
    /// there are none.
    pub keys: Option<[Box<[u8]>; 2]>,
}
