//! Counted sequences, kept as the bytes they are.
//!
//! A metadata file can hold millions of handles. Reading checks them all but keeps none:
//! a list that was read is a view of its bytes which decodes one record at a time, so a
//! parsed file costs no memory beyond the file. A list that was built holds its records.

use super::error::Result;
use super::read::Reader;

/// What the version number alone does not say about the layout of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Metadata version, 2 to 7.
    pub version: i32,
    /// Tags 8, 9 and 10 in the form of 1.14 (section 1.6.5).
    pub changelog_of_1_14: bool,
    /// Channel handles without the subtask index, as 1.11 wrote them (section 1.8.1).
    pub channels_of_1_11: bool,
}

impl Layout {
    /// The usual layout of a metadata version.
    pub fn new(version: i32) -> Self {
        Layout { version, changelog_of_1_14: false, channels_of_1_11: false }
    }
}

/// One record of a [`List`].
pub trait Record<'a>: Clone + 'a {
    /// The fewest bytes a record takes; bounds what a count may claim.
    const MIN_SIZE: usize;

    /// Reads one record.
    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Self>;
}

/// A sequence of records: a checked view of encoded bytes, or records of one's own.
#[derive(Debug, Clone)]
pub struct List<'a, T>(Items<'a, T>);

#[derive(Debug, Clone)]
enum Items<'a, T> {
    Encoded { bytes: &'a [u8], count: usize, layout: Layout },
    Built(Vec<T>),
}

impl<'a, T: Record<'a>> List<'a, T> {
    /// Reads a four-byte count and that many records, checks each, and keeps the bytes.
    pub fn read(r: &mut Reader<'a>, layout: Layout, field: &'static str) -> Result<Self> {
        let count = r.count(T::MIN_SIZE, field)?;
        Self::read_counted(r, layout, count)
    }

    /// As [`List::read`], where the count has been read already.
    pub fn read_counted(r: &mut Reader<'a>, layout: Layout, count: usize) -> Result<Self> {
        let start = r.rest();
        for _ in 0..count {
            T::read(r, layout)?;
        }
        let taken = start.len().saturating_sub(r.rest().len());
        let bytes = start.get(..taken).unwrap_or_default();
        Ok(List(Items::Encoded { bytes, count, layout }))
    }

    /// The records in order, decoded on the way; takes the list with it.
    pub fn into_records(self) -> Records<'a, T> {
        match self.0 {
            Items::Encoded { bytes, count, layout } => {
                Records(Source::Encoded { reader: Reader::new(bytes), left: count, layout })
            }
            Items::Built(records) => Records(Source::Built(records.into_iter())),
        }
    }

    /// The records in order, decoded on the way.
    pub fn iter(&self) -> Iter<'a, '_, T> {
        Iter(match &self.0 {
            Items::Encoded { bytes, count, layout } => {
                Source::Encoded { reader: Reader::new(bytes), left: *count, layout: *layout }
            }
            Items::Built(records) => Source::Built(records.iter().cloned()),
        })
    }
}

impl<T> List<'_, T> {
    /// Number of records.
    pub fn len(&self) -> usize {
        match &self.0 {
            Items::Encoded { count, .. } => *count,
            Items::Built(records) => records.len(),
        }
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> From<Vec<T>> for List<'_, T> {
    fn from(records: Vec<T>) -> Self {
        List(Items::Built(records))
    }
}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        List(Items::Built(Vec::new()))
    }
}

impl<'a, T: Record<'a> + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

/// Iterator over the records of a [`List`] which is kept.
#[derive(Debug)]
pub struct Iter<'a, 'l, T>(Source<'a, std::iter::Cloned<std::slice::Iter<'l, T>>>);

/// Iterator over the records of a [`List`] which is given away.
#[derive(Debug)]
pub struct Records<'a, T>(Source<'a, std::vec::IntoIter<T>>);

#[derive(Debug)]
enum Source<'a, B> {
    Encoded { reader: Reader<'a>, left: usize, layout: Layout },
    Built(B),
}

impl<'a, T: Record<'a>, B: Iterator<Item = T>> Source<'a, B> {
    fn next(&mut self) -> Option<T> {
        match self {
            Source::Encoded { reader, left, layout } => {
                *left = left.checked_sub(1)?;
                // These bytes were read once when the list was made, so this is never an error.
                T::read(reader, *layout).ok()
            }
            Source::Built(records) => records.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Source::Encoded { left, .. } => (*left, Some(*left)),
            Source::Built(records) => records.size_hint(),
        }
    }
}

impl<'a, T: Record<'a>> Iterator for Iter<'a, '_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<'a, T: Record<'a>> Iterator for Records<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

/// Byte offsets inside a stream: eight bytes each.
impl<'a> Record<'a> for i64 {
    const MIN_SIZE: usize = 8;

    fn read(r: &mut Reader<'a>, _: Layout) -> Result<Self> {
        r.i64("offset")
    }
}
