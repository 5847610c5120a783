//! The one error of the format room.

use std::fmt;

/// What is wrong with the bytes, and where.
///
/// `offset` counts bytes from the start of the object that was given to the parser.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {field}: {problem}")]
pub struct FormatError {
    /// Byte offset of the field that could not be read.
    pub offset: u64,
    /// The field, in the words of the format ("magic", "operator count", ...).
    pub field: &'static str,
    /// What was found there and what was expected.
    pub problem: Problem,
}

/// The kinds of damage a parser can meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The object ends before the field does. Both counts are bytes.
    Truncated {
        /// Bytes the field needs.
        needed: u64,
        /// Bytes that are left.
        available: u64,
    },
    /// A count or length that the rest of the object cannot hold.
    TooLarge {
        /// The value found.
        value: u64,
        /// The most that the remaining bytes could hold.
        limit: u64,
    },
    /// A value that must not be negative, is.
    Negative(i64),
    /// The object is something else altogether.
    Magic {
        /// Four bytes, big-endian.
        expected: u32,
        /// Four bytes, big-endian.
        found: u32,
    },
    /// A version this parser does not read.
    Version {
        /// The version found.
        found: i64,
        /// The versions that can be read.
        readable: &'static str,
    },
    /// A tag that is unknown or not allowed at this place.
    Tag {
        /// The tag found.
        found: u8,
        /// The tags that may stand here.
        allowed: &'static str,
    },
    /// Anything else, in words.
    Invalid(&'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Truncated { needed, available } => {
                write!(f, "needs {needed} bytes, but {available} are left")
            }
            Problem::TooLarge { value, limit } => {
                write!(f, "is {value}, but the remaining bytes can hold at most {limit}")
            }
            Problem::Negative(value) => write!(f, "is {value}, expected zero or more"),
            Problem::Magic { expected, found } => {
                write!(f, "expected {expected:#010X}, found {found:#010X}")
            }
            Problem::Version { found, readable } => {
                write!(f, "is {found}, readable are {readable}")
            }
            Problem::Tag { found, allowed } => write!(f, "is {found}, expected {allowed}"),
            Problem::Invalid(what) => f.write_str(what),
        }
    }
}

/// Result of every parser in this room.
pub type Result<T> = std::result::Result<T, FormatError>;
