//! What was seen in a stream of bytes.

use super::rules::Rule;
use super::rules::Severity;
use crate::format::flink::content::Parsed;
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
    /// Nothing wrong, as far as it was parsed.
    Sound(Parsed),
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

impl Fact {
    /// Whether something is wrong, and not just unknown.
    pub fn is_damage(&self) -> bool {
        matches!(self, Fact::Bad { rule, .. } if rule.severity == Severity::Damaged)
    }
}

/// What of a table is compared with other tables and with the MANIFEST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SstFact {
    /// Bytes of the file.
    pub bytes: u64,
    /// The column family, if the table says so.
    pub column_family: Option<Box<[u8]>>,
    /// Its entries, those that delete included.
    pub entries: u64,
    /// Its entries that delete.
    pub deletions: u64,
    /// Whether it deletes anything.
    pub deletes: bool,
    /// Whether it deletes ranges, which reach beyond its keys.
    pub deletes_ranges: bool,
    /// Whether it was written outside of the database and ingested.
    pub external: bool,
    /// The sequence number of all its entries that was written into it when it was ingested.
    pub global_sequence: Option<u64>,
    /// The first and the last internal key of its data blocks; `None` if they were not looked at or
    /// there are none.
    pub keys: Option<[Box<[u8]>; 2]>,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Bytes that were read of state, metadata not counted.
    pub bytes: u64,
    /// Blocks of SSTs whose checksums were computed.
    pub blocks: u64,
    /// Reads of files, each a request where they lie in an object store.
    pub requests: u64,
    /// SSTs.
    pub ssts: u64,
    /// Databases that RocksDB read to their end.
    pub databases: u64,
    /// Entries in these.
    pub entries: u64,
}

impl Looked {
    /// What reading took so far.
    pub fn reading(requests: u64, bytes: u64) -> Self {
        Looked { requests, bytes, ..Looked::default() }
    }

    /// Adds what was looked at elsewhere.
    pub fn add(&mut self, other: Looked) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.blocks = self.blocks.saturating_add(other.blocks);
        self.requests = self.requests.saturating_add(other.requests);
        self.ssts = self.ssts.saturating_add(other.ssts);
        self.databases = self.databases.saturating_add(other.databases);
        self.entries = self.entries.saturating_add(other.entries);
    }
}
