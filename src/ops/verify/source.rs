//! Bytes of a piece, wherever they are.

use std::io;
use std::ops::Range;

/// Bytes that can be read range by range, by a thread of its own.
pub enum Bytes<'a> {
    /// All of them.
    Inline(&'a [u8]),
    /// In a file, from an offset on.
    File {
        /// The file.
        reader: &'a mut dyn Ranges,
        /// Where they begin.
        start: u64,
        /// How many.
        length: u64,
    },
}

/// A file that is read range by range.
pub trait Ranges {
    /// Reads a range whole, in place of what the buffer held.
    fn read(&mut self, range: Range<u64>, into: &mut Vec<u8>) -> Result<(), Unread>;
    /// Says which range is read soon; those that come first are said first.
    fn ahead(&mut self, range: Range<u64>);
    /// How many bytes the whole file has, where that is known.
    fn size(&self) -> Option<u64> {
        None
    }
}

/// Ranges that are said to be read soon.
pub const AHEAD: usize = 4;

/// Why bytes could not be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unread {
    /// The file is not there.
    #[error("it is not there any more")]
    Gone,
    /// Anything else, in words.
    #[error("{0}")]
    Failed(String),
    /// Time is up.
    #[error("time is up")]
    OutOfTime,
}

impl Bytes<'_> {
    /// How many there are.
    pub fn length(&self) -> u64 {
        match self {
            Bytes::Inline(bytes) => bytes.len() as u64,
            Bytes::File { length, .. } => *length,
        }
    }

    /// How many bytes the whole file has that they are in, where that is known.
    pub fn file_size(&self) -> Option<u64> {
        match self {
            Bytes::Inline(_) => None,
            Bytes::File { reader, .. } => reader.size(),
        }
    }

    /// Reads a range whole.
    ///
    /// # Errors
    /// The file could not be read, or ends before the range does.
    pub fn read(&mut self, range: Range<u64>, into: &mut Vec<u8>) -> Result<(), Unread> {
        match self {
            Bytes::Inline(bytes) => {
                let part = slice(bytes, &range)
                    .ok_or_else(|| Unread::Failed("a range lies outside of inline state".into()))?;
                into.clear();
                into.extend_from_slice(part);
                Ok(())
            }
            Bytes::File { reader, start, .. } => {
                reader.read(range.start + *start..range.end + *start, into)
            }
        }
    }

    /// Says which range is read soon.
    pub fn ahead(&mut self, range: Range<u64>) {
        if let Bytes::File { reader, start, .. } = self {
            reader.ahead(range.start + *start..range.end + *start);
        }
    }
}

fn slice<'b>(bytes: &'b [u8], range: &Range<u64>) -> Option<&'b [u8]> {
    let start = usize::try_from(range.start).ok()?;
    let end = usize::try_from(range.end).ok()?;
    bytes.get(start..end)
}

/// Bytes from the first to the last, in chunks.
pub struct Stream<'s, 'a> {
    bytes: &'s mut Bytes<'a>,
    chunk: u64,
    /// Where the next chunk begins.
    next: u64,
    buffer: Vec<u8>,
    given: usize,
    /// Why it ended early.
    pub failed: Option<Unread>,
}

impl<'s, 'a> Stream<'s, 'a> {
    /// Begins at the first byte.
    pub fn new(bytes: &'s mut Bytes<'a>, chunk: u64) -> Self {
        Stream { bytes, chunk, next: 0, buffer: Vec::new(), given: 0, failed: None }
    }

    fn range_at(&self, start: u64) -> Range<u64> {
        start..start.saturating_add(self.chunk).min(self.bytes.length())
    }
}

impl io::Read for Stream<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.buffer.len() {
            let range = self.range_at(self.next);
            if range.is_empty() {
                return Ok(0);
            }
            self.given = 0;
            if let Err(why) = self.bytes.read(range.clone(), &mut self.buffer) {
                self.buffer.clear();
                self.failed = Some(why);
                return Err(io::Error::other("could not be read"));
            }
            self.next = range.end;
            chunks(range.end, self.bytes.length(), self.chunk)
                .take(AHEAD)
                .for_each(|ahead| self.bytes.ahead(ahead));
        }
        let rest = self.buffer.get(self.given..).unwrap_or_default();
        let count = rest.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

/// Ranges of a chunk each, from an offset to the end.
pub fn chunks(from: u64, length: u64, chunk: u64) -> impl Iterator<Item = Range<u64>> {
    let range = move |start: u64| start..start.saturating_add(chunk.max(1)).min(length);
    std::iter::successors(Some(range(from)), move |before| Some(range(before.end)))
        .take_while(|range| !range.is_empty())
}

/// How much may be read at a time, and held.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes that are read at a time.
    pub chunk: u64,
    /// Bytes that one piece may hold.
    pub memory: u64,
}
