//! The bytes of a file that were read so far.

use std::borrow::Cow;
use std::ops::Range;

use super::error::TableError;

/// Ranges of a file's bytes. What needs others says so with [`Outcome::Read`].
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    size: u64,
    /// No two of them touch.
    pieces: Vec<(u64, Cow<'a, [u8]>)>,
}

/// What became of reading something from [`Pieces`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It is read.
    Done(T),
    /// These bytes must be added first; then ask again. They lie within the file, so who
    /// cannot read all of them has found a file that is shorter than it was said to be.
    Read(Range<u64>),
}

/// Why something is not read yet.
pub(super) enum Need {
    Read(Range<u64>),
    Error(TableError),
}

impl From<TableError> for Need {
    fn from(error: TableError) -> Self {
        Need::Error(error)
    }
}

/// The same, in the words of callers.
pub(super) fn outcome<T>(read: Result<T, Need>) -> Result<Outcome<T>, TableError> {
    match read {
        Ok(value) => Ok(Outcome::Done(value)),
        Err(Need::Read(range)) => Ok(Outcome::Read(range)),
        Err(Need::Error(error)) => Err(error),
    }
}

impl<'a> Pieces<'a> {
    /// Nothing of a file with `size` bytes.
    pub fn new(size: u64) -> Self {
        Pieces { size, pieces: Vec::new() }
    }

    /// All of a file.
    pub fn whole(bytes: &'a [u8]) -> Self {
        Pieces { size: bytes.len() as u64, pieces: vec![(0, Cow::Borrowed(bytes))] }
    }

    /// Adds the bytes that begin at `start`.
    pub fn add(&mut self, start: u64, bytes: impl Into<Cow<'a, [u8]>>) {
        let mut piece = (start, bytes.into());
        while let Some(at) = self.pieces.iter().position(|other| touch(other, &piece)) {
            piece = join(self.pieces.swap_remove(at), piece);
        }
        self.pieces.push(piece);
    }

    /// The size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The bytes of a range, if all of them were added.
    pub fn get(&self, range: &Range<u64>) -> Option<&[u8]> {
        if range.is_empty() {
            return Some(&[]);
        }
        let mut pieces = self.pieces.iter().filter(|(start, _)| *start <= range.start);
        pieces.find_map(|(start, bytes)| {
            let from = usize::try_from(range.start.checked_sub(*start)?).ok()?;
            let to = usize::try_from(range.end.checked_sub(*start)?).ok()?;
            bytes.get(from..to)
        })
    }

    /// The bytes of a range, or the wish to have it.
    pub(super) fn need(&self, range: Range<u64>) -> Result<&[u8], Need> {
        self.get(&range).ok_or(Need::Read(range))
    }
}

fn end(piece: &(u64, Cow<'_, [u8]>)) -> u64 {
    piece.0.saturating_add(piece.1.len() as u64)
}

fn touch(a: &(u64, Cow<'_, [u8]>), b: &(u64, Cow<'_, [u8]>)) -> bool {
    a.0 <= end(b) && b.0 <= end(a)
}

fn join<'a>(a: (u64, Cow<'a, [u8]>), b: (u64, Cow<'a, [u8]>)) -> (u64, Cow<'a, [u8]>) {
    let (mut first, second) = if a.0 <= b.0 { (a, b) } else { (b, a) };
    let known = end(&first).saturating_sub(second.0);
    let rest = usize::try_from(known).ok().and_then(|known| second.1.get(known..));
    if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
        first.1.to_mut().extend_from_slice(rest);
    }
    first
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_touch_become_one() {
        let file: Vec<u8> = (0..100).collect();
        let mut pieces = Pieces::new(100);
        for range in [80..100, 0..10, 40..60, 60..70, 65..80, 8..9, 5..12] {
            pieces.add(range.start as u64, &file[range]);
        }
        assert_eq!(pieces.get(&(0..12)), Some(&file[0..12]));
        assert_eq!(pieces.get(&(41..99)), Some(&file[41..99]));
        assert_eq!(pieces.get(&(40..100)), Some(&file[40..100]));
        assert_eq!([pieces.get(&(11..13)), pieces.get(&(39..41))], [None, None]);
        assert_eq!(pieces.get(&(90..101)), None);
        assert_eq!(pieces.get(&(50..50)), Some(&[][..]));
        assert_eq!(pieces.pieces.len(), 2);
        assert_eq!(Pieces::new(0).get(&(0..0)), Some(&[][..]));
    }
}
