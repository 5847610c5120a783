//! Primitive encodings: big-endian integers and modified UTF-8 (section 0 of the format).

use super::error::{FormatError, Problem, Result};
use super::utf::Utf;

/// How deep serializer snapshots and Java objects may nest before the input is taken for
/// hostile. Real files stay below ten.
pub const MAX_DEPTH: u32 = 64;

/// How deep something may nest.
#[derive(Debug, Clone, Copy)]
pub struct Depth {
    /// Levels that are allowed.
    pub limit: u32,
    /// What is said of a level more.
    pub exceeded: &'static str,
}

/// A cursor over a byte slice which knows its offset in the whole object.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: u64,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their first byte on.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::at(bytes, 0)
    }

    /// Reads `bytes`, the first of which lies at `offset` of the object, so that errors
    /// name the place in the object and not in the slice.
    pub fn at(bytes: &'a [u8], offset: u64) -> Self {
        Reader { rest: bytes, offset, depth: 0 }
    }

    /// Offset of the next byte in the whole object.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether every byte has been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// An error at the current offset.
    pub fn error(&self, field: &'static str, problem: Problem) -> FormatError {
        FormatError { offset: self.offset, field, problem }
    }

    /// An error in words at the current offset.
    pub fn invalid(&self, field: &'static str, what: &'static str) -> FormatError {
        self.error(field, Problem::Invalid(what))
    }

    /// The next `n` bytes.
    #[inline]
    pub fn bytes(&mut self, n: usize, field: &'static str) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(n) {
            Some((head, tail)) => {
                self.rest = tail;
                self.offset = self.offset.saturating_add(n as u64);
                Ok(head)
            }
            None => Err(self.truncated(n as u64, field)),
        }
    }

    #[cold]
    fn truncated(&self, needed: u64, field: &'static str) -> FormatError {
        self.error(field, Problem::Truncated { needed, available: self.rest.len() as u64 })
    }

    #[inline]
    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N]> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, tail)) => {
                self.rest = tail;
                self.offset = self.offset.saturating_add(N as u64);
                Ok(*head)
            }
            None => Err(self.truncated(N as u64, field)),
        }
    }

    /// One unsigned byte.
    #[inline]
    pub fn u8(&mut self, field: &'static str) -> Result<u8> {
        self.array::<1>(field).map(|[b]| b)
    }

    /// One byte; everything but 0 is true.
    #[inline]
    pub fn bool(&mut self, field: &'static str) -> Result<bool> {
        self.u8(field).map(|b| b != 0)
    }

    /// Two bytes, unsigned.
    #[inline]
    pub fn u16(&mut self, field: &'static str) -> Result<u16> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// Two bytes, signed.
    #[inline]
    pub fn i16(&mut self, field: &'static str) -> Result<i16> {
        self.array(field).map(i16::from_be_bytes)
    }

    /// Four bytes, signed.
    #[inline]
    pub fn i32(&mut self, field: &'static str) -> Result<i32> {
        self.array(field).map(i32::from_be_bytes)
    }

    /// Eight bytes, signed.
    #[inline]
    pub fn i64(&mut self, field: &'static str) -> Result<i64> {
        self.array(field).map(i64::from_be_bytes)
    }

    /// A four-byte length in bytes, and that many bytes.
    pub fn sized_bytes(&mut self, field: &'static str) -> Result<&'a [u8]> {
        let n = self.count(1, field)?;
        self.bytes(n, field)
    }

    /// A reader of the next `n` bytes alone, at the same offset and depth. `self` skips them.
    pub fn sub(&mut self, n: usize, field: &'static str) -> Result<Reader<'a>> {
        let (offset, depth) = (self.offset, self.depth);
        Ok(Reader { rest: self.bytes(n, field)?, offset, depth })
    }

    /// A four-byte count of records of at least `min_size` bytes each. Refused when it is
    /// negative or when the remaining bytes cannot hold that many, so that nobody sizes
    /// anything by a hostile count.
    #[inline]
    pub fn count(&mut self, min_size: usize, field: &'static str) -> Result<usize> {
        let before = self.offset;
        let n = self.i32(field)?;
        let fail = |problem| Err(FormatError { offset: before, field, problem });
        let Ok(n) = usize::try_from(n) else {
            return fail(Problem::Negative(n.into()));
        };
        let limit = self.rest.len().checked_div(min_size).unwrap_or(usize::MAX);
        if n > limit {
            return fail(Problem::TooLarge { value: n as u64, limit: limit as u64 });
        }
        Ok(n)
    }

    /// A modified UTF-8 string with a two-byte length.
    #[inline]
    pub fn utf(&mut self, field: &'static str) -> Result<Utf<'a>> {
        let n = self.u16(field)?;
        self.bytes(n.into(), field).map(Utf::from_encoded)
    }

    /// Runs `read` one level deeper; refuses to descend below [`MAX_DEPTH`].
    pub fn nested<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let exceeded = "is nested more than 64 levels deep";
        self.nested_in(Depth { limit: MAX_DEPTH, exceeded }, field, read)
    }

    /// As [`Reader::nested`], with another limit.
    pub fn nested_in<T>(
        &mut self,
        depth: Depth,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.depth >= depth.limit {
            return Err(self.invalid(field, depth.exceeded));
        }
        self.depth = self.depth.saturating_add(1);
        let value = read(self);
        self.depth = self.depth.saturating_sub(1);
        value
    }

    /// Fails unless every byte has been read.
    pub fn finish(&self, field: &'static str) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.invalid(field, "has bytes behind its last field"))
    }
}
