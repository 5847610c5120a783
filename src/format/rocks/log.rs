//! RocksDB's log format: records in blocks of 32 KiB, each fragment with a checksum.
//!
//! A fragment is a masked CRC-32C (4 bytes, over everything from the type on), a length
//! (2 bytes), a type (1 byte), for recyclable types a log number (4 bytes), and the data, all
//! little-endian. A record is one full fragment, or a first, any middle and a last one. What is
//! left of a block when no header fits is zero. Facts: `db/log_format.h`, `db/log_reader.cc`.
//!
//! RocksDB reads logs that a crash cut short and forgives their end; this reader does not: a
//! file of a checkpoint is complete, so that everything in it must make sense.

use std::borrow::Cow;

use crc_fast::CrcAlgorithm;

/// Bytes of a block; no fragment crosses its end.
const BLOCK: usize = 32 << 10;
/// Where the bytes begin over which the checksum is: with the type.
const CHECKSUMMED: usize = 6;
/// Bytes in front of the data of a fragment.
const HEADER: usize = 7;
/// The same, for recyclable types.
const RECYCLABLE_HEADER: usize = 11;
/// Types with this bit may be skipped by readers that do not know them.
const SAFE_TO_IGNORE: u8 = 0x80;

/// What is wrong with a log, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogError {
    /// Byte offset of the fragment in the file.
    pub offset: u64,
    /// What was found there.
    pub problem: LogProblem,
}

/// The kinds of damage a log can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogProblem {
    /// The file ends inside of a header.
    #[error("its header needs {needed} bytes, but the file ends after {available}")]
    HeaderCut {
        /// Bytes of the header.
        needed: usize,
        /// Bytes that are there.
        available: usize,
    },
    /// The file or the block ends inside of the data.
    #[error("it says that {length} bytes follow its header, but {available} do")]
    DataCut {
        /// Bytes it should have.
        length: usize,
        /// Bytes until the end of the file or of the block.
        available: usize,
    },
    /// The checksum is not that of the bytes.
    #[error("checksum is {stored:#010x}, its bytes give {computed:#010x}")]
    Checksum {
        /// As stored, unmasked.
        stored: u32,
        /// CRC-32C of type and data.
        computed: u32,
    },
    /// A type that does not belong here.
    #[error("is of type {0}, expected 1 to 8 (full, first, middle, last; recyclable or not)")]
    Type(u8),
    /// A fragment of another log, whose file was used again.
    #[error("belongs to log {0}, expected 0")]
    OtherLog(u32),
    /// The end of a block, too short for a header, holds something, or nothing comes after it.
    #[error("the block ends with {0} bytes that are no record and not the zeros before another")]
    Padding(usize),
    /// A record begins before the one in front of it has ended.
    #[error("begins while the record at byte {0} has no end yet")]
    NoEnd(u64),
    /// A middle or last fragment without a first one.
    #[error("continues a record that has no beginning")]
    NoBeginning,
    /// The file ends before the record does.
    #[error("has no last fragment before the file ends")]
    Unfinished,
}

/// One record.
#[derive(Debug, Clone)]
pub struct LogRecord<'a> {
    /// Byte offset in the file of its first fragment.
    pub offset: u64,
    /// Its data, put together if it was in fragments.
    pub data: Cow<'a, [u8]>,
}

/// The part of a record that a fragment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Full,
    First,
    Middle,
    Last,
}

struct Fragment<'a> {
    /// `None` if its type is unknown and may be skipped.
    part: Option<Part>,
    data: &'a [u8],
}

/// The records of a log, one after the other; ends behind the first error.
#[derive(Debug, Clone)]
pub struct LogReader<'a> {
    bytes: &'a [u8],
    /// Offset of the next fragment.
    next: usize,
    failed: bool,
}

impl<'a> LogReader<'a> {
    /// Reads a whole file.
    pub fn new(bytes: &'a [u8]) -> Self {
        LogReader { bytes, next: 0, failed: false }
    }

    fn record(&mut self) -> Result<Option<LogRecord<'a>>, LogError> {
        let mut open: Option<(u64, Vec<u8>)> = None;
        loop {
            let offset = self.next as u64;
            let fail = |offset, problem| Err(LogError { offset, problem });
            let Some(Fragment { part, data }) = self.fragment()? else {
                return match open {
                    Some((begun, _)) => fail(begun, LogProblem::Unfinished),
                    None => Ok(None),
                };
            };
            let Some(part) = part else {
                // RocksDB drops what it has of a record when it skips a fragment.
                if let Some((begun, _)) = open {
                    return fail(offset, LogProblem::NoEnd(begun));
                }
                continue;
            };
            match (part, &mut open) {
                // Old writers left an empty first fragment behind where only a header fitted.
                (Part::Full | Part::First, Some((begun, data))) if !data.is_empty() => {
                    return fail(offset, LogProblem::NoEnd(*begun));
                }
                (Part::Full, _) => {
                    return Ok(Some(LogRecord { offset, data: Cow::Borrowed(data) }));
                }
                (Part::First, _) => open = Some((offset, data.to_vec())),
                (Part::Middle | Part::Last, None) => return fail(offset, LogProblem::NoBeginning),
                (Part::Middle | Part::Last, Some((begun, whole))) => {
                    whole.extend_from_slice(data);
                    if part == Part::Last {
                        let data = Cow::Owned(std::mem::take(whole));
                        return Ok(Some(LogRecord { offset: *begun, data }));
                    }
                }
            }
        }
    }

    /// The next fragment; `None` at the end of the file.
    fn fragment(&mut self) -> Result<Option<Fragment<'a>>, LogError> {
        if self.next == self.bytes.len() {
            return Ok(None);
        }
        self.skip_padding()?;
        let offset = self.next as u64;
        let fail = |problem| Err(LogError { offset, problem });
        let file = self.bytes.get(self.next..).unwrap_or_default();
        let block = file.get(..self.left_in_block()).unwrap_or(file);
        let cut = |needed| fail(LogProblem::HeaderCut { needed, available: block.len() });
        let [c0, c1, c2, c3, l0, l1, kind, rest @ ..] = block else { return cut(HEADER) };
        let (mut log, mut rest) = (0, rest);
        if matches!(kind, 5..=8) {
            let [n0, n1, n2, n3, data @ ..] = rest else { return cut(RECYCLABLE_HEADER) };
            log = u32::from_le_bytes([*n0, *n1, *n2, *n3]);
            rest = data;
        }
        let length = usize::from(u16::from_le_bytes([*l0, *l1]));
        let Some((data, behind)) = rest.split_at_checked(length) else {
            return fail(LogProblem::DataCut { length, available: rest.len() });
        };
        let end = block.len().saturating_sub(behind.len());
        let stored = unmask(u32::from_le_bytes([*c0, *c1, *c2, *c3]));
        let computed = crc32c(block.get(CHECKSUMMED..end).unwrap_or_default());
        if computed != stored {
            return fail(LogProblem::Checksum { stored, computed });
        }
        if log != 0 {
            return fail(LogProblem::OtherLog(log));
        }
        let part = match kind {
            1 | 5 => Some(Part::Full),
            2 | 6 => Some(Part::First),
            3 | 7 => Some(Part::Middle),
            4 | 8 => Some(Part::Last),
            kind if kind & SAFE_TO_IGNORE != 0 => None,
            kind => return fail(LogProblem::Type(*kind)),
        };
        self.next = self.next.saturating_add(end);
        Ok(Some(Fragment { part, data }))
    }

    /// Bytes from the next fragment to the end of its block.
    fn left_in_block(&self) -> usize {
        BLOCK.saturating_sub(self.next.checked_rem(BLOCK).unwrap_or(0))
    }

    /// Goes to the next block if no header fits into this one. Writers of recyclable logs
    /// already do so when only the shorter header would fit.
    ///
    /// A block is filled up only when something is written into the next one, so a file that
    /// ends with padding has lost a record.
    fn skip_padding(&mut self) -> Result<(), LogError> {
        let left = self.left_in_block();
        let end = self.next.saturating_add(left);
        let padding = self.bytes.get(self.next..end.min(self.bytes.len())).unwrap_or_default();
        let zero = padding.iter().all(|byte| *byte == 0);
        if left >= RECYCLABLE_HEADER || (left >= HEADER && !zero) {
            return Ok(());
        }
        if !zero || end >= self.bytes.len() {
            let problem = LogProblem::Padding(padding.len());
            return Err(LogError { offset: self.next as u64, problem });
        }
        self.next = end;
        Ok(())
    }
}

impl<'a> Iterator for LogReader<'a> {
    type Item = Result<LogRecord<'a>, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let record = self.record();
        self.failed = record.is_err();
        record.transpose()
    }
}

fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, bytes) as u32
}

/// RocksDB never stores a CRC as it is, lest checksums of data with checksums degenerate.
fn unmask(masked: u32) -> u32 {
    masked.wrapping_sub(0xA282_EAD8).rotate_left(15)
}

#[cfg(test)]
pub(in crate::format::rocks) mod tests;
