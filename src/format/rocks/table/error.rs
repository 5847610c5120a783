//! What is wrong with a table, and where.

use std::fmt;

/// A part of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Keys and values.
    Data,
    /// A whole filter, or the index of a partitioned one.
    Filter,
    /// A partition of a filter.
    FilterPartition,
    /// The index of data blocks, or of its partitions.
    Index,
    /// A partition of the index.
    IndexPartition,
    /// The dictionary data blocks are compressed with.
    Dictionary,
    /// Range deletions.
    RangeDeletions,
    /// Table properties.
    Properties,
    /// A meta block whose content is not read here.
    OtherMeta,
    /// Names and places of the meta blocks.
    Metaindex,
    /// The end of the file.
    Footer,
    /// Zeros which align data blocks.
    Padding,
}

impl Part {
    /// The part in words, to be followed by its place.
    pub fn name(self) -> &'static str {
        match self {
            Part::Data => "data block",
            Part::Filter => "filter block",
            Part::FilterPartition => "filter partition",
            Part::Index => "index block",
            Part::IndexPartition => "index partition",
            Part::Dictionary => "compression dictionary",
            Part::RangeDeletions => "range deletions",
            Part::Properties => "properties block",
            Part::OtherMeta => "meta block",
            Part::Metaindex => "metaindex block",
            Part::Footer => "footer",
            Part::Padding => "padding",
        }
    }
}

/// What is wrong with a table, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} at byte {offset}: {problem}", .part.name())]
pub struct TableError {
    /// The part that is damaged.
    pub part: Part,
    /// Where that part begins in the file.
    pub offset: u64,
    /// What is wrong with it.
    pub problem: Problem,
}

/// The kinds of damage, and of what is not supported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A block's bytes do not have the checksum that stands behind them.
    Checksum {
        /// The checksum in the file, without the context of versions 6 and 7.
        stored: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
    /// The file does not end as a table does.
    NotATable {
        /// Its last eight bytes, little-endian.
        magic: u64,
    },
    /// The part is longer than what there is. Both counts are bytes.
    Truncated {
        /// Bytes the part needs.
        needed: u64,
        /// Bytes there are.
        available: u64,
    },
    /// More bytes than are read into memory.
    TooLarge {
        /// Bytes the part has, or says it has.
        size: u64,
        /// The most that is read.
        limit: u64,
    },
    /// A format version that cannot be read.
    Version(u32),
    /// A kind of checksum that is not known.
    ChecksumKind(u8),
    /// A compression that is not known.
    Compression(u8),
    /// A compressed block cannot be decompressed.
    Decompression {
        /// The compression, as the block says.
        kind: &'static str,
        /// What the decompressor says.
        cause: String,
    },
    /// A table of a sort that is not read here.
    Unsupported(String),
    /// Two statements of the file that cannot both be true.
    Contradiction {
        /// What both are about.
        about: &'static str,
        /// What the properties say.
        stated: u64,
        /// What was found.
        found: u64,
    },
    /// Bytes before this part that belong to no part.
    Gap(u64),
    /// Bytes that belong to the part before as well.
    Overlap(u64),
    /// Anything else, in words.
    Invalid(&'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Checksum { stored, computed } => {
                write!(f, "checksum is {stored:#010x}, its bytes give {computed:#010x}")
            }
            Problem::NotATable { magic } => {
                write!(f, "no SST ends with {magic:#018x}")
            }
            Problem::Truncated { needed, available } => {
                write!(f, "needs {needed} bytes, but there are {available}")
            }
            Problem::TooLarge { size, limit } => {
                write!(f, "has {size} bytes, at most {limit} are read")
            }
            Problem::Version(version) => {
                write!(f, "format version is {version}, readable are 0 to 7")
            }
            Problem::ChecksumKind(kind) => write!(f, "checksum kind is {kind}, known are 0 to 4"),
            Problem::Compression(kind) => write!(f, "compression {kind:#04x} is not known"),
            Problem::Decompression { kind, cause } => {
                write!(f, "cannot be decompressed with {kind}: {cause}")
            }
            Problem::Unsupported(what) => write!(f, "{what} cannot be read"),
            Problem::Contradiction { about, stated, found } => {
                write!(f, "{about} should be {stated}, but is {found}")
            }
            Problem::Gap(bytes) => write!(f, "the {bytes} bytes before it belong to nothing"),
            Problem::Overlap(bytes) => {
                write!(f, "{bytes} of its bytes belong to what lies before it too")
            }
            Problem::Invalid(what) => f.write_str(what),
        }
    }
}
