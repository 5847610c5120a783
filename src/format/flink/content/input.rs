//! A cursor over a stream that is pulled, not held.

use std::io;
use std::io::Read;

use super::super::error::FormatError;
use super::super::error::Problem;
use super::ContentError;
use super::MAX_HEAD;
use super::Result;
use super::Stop;

const CAPACITY: usize = 64 << 10;

/// Enough for what was decompressed, of which there may be many small pieces.
const BLOCK_CAPACITY: usize = 4 << 10;

/// Reads a stream field by field. Knows its offset and an end beyond which no field may reach.
pub(super) struct Input<'r> {
    source: &'r mut dyn Read,
    /// Room for what was pulled; allocated when something is.
    buffer: Vec<u8>,
    capacity: usize,
    /// Where the bytes that were pulled and not taken yet begin in `buffer`.
    start: usize,
    /// Where they end.
    filled: usize,
    offset: u64,
    end: u64,
}

impl<'r> Input<'r> {
    /// Reads `source`, which is to have `length` bytes; `u64::MAX` if nobody knows.
    pub(super) fn new(source: &'r mut dyn Read, length: u64) -> Self {
        let capacity = match length {
            u64::MAX => BLOCK_CAPACITY,
            // One more, to see whether the source goes on.
            _ => usize::try_from(length.saturating_add(1)).unwrap_or(CAPACITY).min(CAPACITY),
        };
        Input { source, buffer: Vec::new(), capacity, start: 0, filled: 0, offset: 0, end: length }
    }

    /// Offset of the next byte.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes up to the end.
    pub(super) fn left(&self) -> u64 {
        self.end.saturating_sub(self.offset)
    }

    /// An error at the current offset.
    pub(super) fn error(&self, field: &'static str, problem: Problem) -> ContentError {
        FormatError { offset: self.offset, field, problem }.into()
    }

    /// An error in words at the current offset.
    pub(super) fn invalid(&self, field: &'static str, what: &'static str) -> ContentError {
        self.error(field, Problem::Invalid(what))
    }

    fn truncated(&self, field: &'static str, needed: u64, available: u64) -> ContentError {
        self.error(field, Problem::Truncated { needed, available })
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.filled).unwrap_or_default()
    }

    fn take(&mut self, n: usize) {
        self.start = self.start.saturating_add(n);
        self.offset = self.offset.saturating_add(n as u64);
    }

    /// Pulls until `n` bytes are buffered, or as many as there is room for; false at the end of
    /// the source.
    fn fill(&mut self, n: usize) -> Result<bool> {
        self.buffer.resize(self.capacity, 0);
        while self.buffered().len() < n.min(self.capacity) {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.filled, 0);
                self.filled = self.filled.saturating_sub(self.start);
                self.start = 0;
            }
            let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
            match self.source.read(free) {
                Ok(0) => return Ok(false),
                Ok(n) => self.filled = self.filled.saturating_add(n).min(self.buffer.len()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    return Err(match e.downcast::<FormatError>() {
                        Ok(damage) => ContentError::Damage(damage),
                        Err(e) => ContentError::Source(e),
                    });
                }
            }
        }
        Ok(true)
    }

    /// The next bytes without taking them: as many as the buffer holds, or all up to the end.
    pub(super) fn peek(&mut self) -> Result<&[u8]> {
        self.fill(CAPACITY)?;
        let n = usize::try_from(self.left()).unwrap_or(CAPACITY).min(self.buffered().len());
        Ok(self.buffered().get(..n).unwrap_or_default())
    }

    #[inline]
    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N]> {
        if self.left() < N as u64 {
            return Err(self.truncated(field, N as u64, self.left()));
        }
        if self.buffered().len() < N && !self.fill(N)? {
            return Err(self.truncated(field, N as u64, self.buffered().len() as u64));
        }
        let taken = self.buffered().first_chunk::<N>().copied().unwrap_or([0; N]);
        self.take(N);
        Ok(taken)
    }

    #[inline]
    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8> {
        self.array::<1>(field).map(|[b]| b)
    }

    /// One byte that is 0 or 1, as all writers have it.
    pub(super) fn bool(&mut self, field: &'static str) -> Result<bool> {
        let before = self.offset;
        match self.u8(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(super::at(before, field, "is neither 0 nor 1").into()),
        }
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16> {
        self.array(field).map(u16::from_be_bytes)
    }

    pub(super) fn i32(&mut self, field: &'static str) -> Result<i32> {
        self.array(field).map(i32::from_be_bytes)
    }

    pub(super) fn i64(&mut self, field: &'static str) -> Result<i64> {
        self.array(field).map(i64::from_be_bytes)
    }

    /// A four-byte count of items of at least `min_size` bytes each.
    pub(super) fn count(&mut self, min_size: u64, field: &'static str) -> Result<u64> {
        let before = self.offset;
        let n = self.i32(field)?;
        let fail = |problem| Err(FormatError { offset: before, field, problem }.into());
        let Ok(value) = u64::try_from(n) else { return fail(Problem::Negative(n.into())) };
        match self.left().checked_div(min_size) {
            Some(limit) if value > limit => fail(Problem::TooLarge { value, limit }),
            _ => Ok(value),
        }
    }

    /// Steps over `n` bytes.
    pub(super) fn skip(&mut self, n: u64, field: &'static str) -> Result<()> {
        if n > self.left() {
            return Err(self.truncated(field, n, self.left()));
        }
        let mut left = n;
        while left > 0 {
            if self.buffered().is_empty() && !self.fill(1)? {
                return Err(self.truncated(field, left, 0));
            }
            let step = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffered().len());
            self.take(step);
            left = left.saturating_sub(step as u64);
        }
        Ok(())
    }

    /// Steps over whatever is left of the stream or of the part that is being read.
    pub(super) fn skip_rest(&mut self, field: &'static str) -> Result<()> {
        if self.end != u64::MAX {
            return self.skip(self.left(), field);
        }
        while self.fill(1)? {
            let n = self.buffered().len();
            self.take(n);
        }
        Ok(())
    }

    /// Steps over at most `n` buffered bytes below 0x80; returns how many there were.
    pub(super) fn skip_ascii(&mut self, n: u64) -> u64 {
        let n = usize::try_from(n.min(self.left())).unwrap_or(usize::MAX);
        let ascii = self.buffered().iter().take(n).take_while(|b| b.is_ascii()).count();
        self.take(ascii);
        ascii as u64
    }

    /// The next `n` bytes, of at most [`MAX_HEAD`]; takes memory only as they arrive.
    pub(super) fn vec(&mut self, n: u64, field: &'static str) -> Result<Vec<u8>> {
        if n > self.left() {
            return Err(self.truncated(field, n, self.left()));
        }
        if n > MAX_HEAD {
            return Err(self.error(field, Problem::TooLarge { value: n, limit: MAX_HEAD }));
        }
        let mut bytes = Vec::new();
        self.append(n, &mut bytes, field)?;
        Ok(bytes)
    }

    /// Adds the next `n` bytes, however many; takes memory only as they arrive.
    pub(super) fn append(
        &mut self,
        n: u64,
        bytes: &mut Vec<u8>,
        field: &'static str,
    ) -> Result<()> {
        if n > self.left() {
            return Err(self.truncated(field, n, self.left()));
        }
        let mut missing = n;
        while missing > 0 {
            if self.buffered().is_empty() && !self.fill(1)? {
                return Err(self.truncated(field, missing, 0));
            }
            let step = usize::try_from(missing).unwrap_or(usize::MAX).min(self.buffered().len());
            bytes.extend_from_slice(self.buffered().get(..step).unwrap_or_default());
            self.take(step);
            missing = missing.saturating_sub(step as u64);
        }
        Ok(())
    }

    /// Whether nothing is left, neither up to the end nor in the source.
    pub(super) fn at_end(&mut self) -> Result<bool> {
        Ok(self.left() == 0 || !self.fill(1)?)
    }

    /// Fails unless the stream ends here, where its handle says.
    pub(super) fn finish(&mut self, field: &'static str) -> Result<()> {
        if self.left() > 0 && self.end != u64::MAX {
            return Err(self.invalid(field, "has bytes behind its last field"));
        }
        match self.fill(1)? {
            true if self.end == u64::MAX => {
                Err(self.invalid(field, "has bytes behind its last field"))
            }
            true => Err(self.invalid(field, "goes on behind the length its handle names")),
            false => Ok(()),
        }
    }

    /// Lets `read` see no more than the bytes up to `end`; it must take them all.
    pub(super) fn until<E: From<ContentError>>(
        &mut self,
        end: u64,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let needed = end.saturating_sub(self.offset);
        if end > self.end || end < self.offset {
            return Err(self.truncated(field, needed, self.left()).into());
        }
        let outer = std::mem::replace(&mut self.end, end);
        let done = read(self);
        self.end = outer;
        done?;
        if self.offset != end {
            return Err(self.invalid(field, "has bytes behind its last field").into());
        }
        Ok(())
    }

    /// As [`Self::until`] for the next `n` bytes. Where `read` stops at a serializer that is
    /// not known the rest is stepped over, and the class of the serializer is the answer.
    pub(super) fn part(
        &mut self,
        n: u64,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<Option<String>> {
        if n > self.left() {
            return Err(self.truncated(field, n, self.left()));
        }
        let mut unknown = None;
        self.until(self.offset.saturating_add(n), field, |input| match read(input) {
            Err(Stop::Unknown(class)) => {
                unknown = Some(class);
                input.skip_rest(field)
            }
            Err(Stop::Error(e)) => Err(e),
            Ok(()) => Ok(()),
        })?;
        Ok(unknown)
    }
}
