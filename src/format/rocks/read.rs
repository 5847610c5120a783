//! A cursor for records whose errors must say where and what.

use super::coding;
use crate::format::flink::error::FormatError;
use crate::format::flink::error::Problem;
use crate::format::flink::error::Result;

/// A cursor over a byte slice which knows its offset in the whole object.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: u64,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, the first of which lies at `offset` of the object.
    pub(crate) fn at(bytes: &'a [u8], offset: u64) -> Self {
        Reader { rest: bytes, offset }
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether every byte has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// An error in words at the current offset.
    pub(crate) fn invalid(&self, field: &'static str, what: &'static str) -> FormatError {
        FormatError { offset: self.offset, field, problem: Problem::Invalid(what) }
    }

    /// The next `n` bytes.
    pub(crate) fn bytes(&mut self, n: usize, field: &'static str) -> Result<&'a [u8]> {
        let (needed, available) = (n as u64, self.rest.len() as u64);
        let problem = Problem::Truncated { needed, available };
        self.take(|rest| coding::bytes(rest, n), field, problem)
    }

    /// Eight bytes, little-endian.
    pub(crate) fn fixed64(&mut self, field: &'static str) -> Result<u64> {
        let problem = Problem::Truncated { needed: 8, available: self.rest.len() as u64 };
        self.take(coding::fixed64, field, problem)
    }

    /// A varint of at most 32 bits.
    pub(crate) fn varint32(&mut self, field: &'static str) -> Result<u32> {
        self.take(coding::varint32, field, Problem::Invalid("is no varint of at most 32 bits"))
    }

    /// A varint of at most 64 bits.
    pub(crate) fn varint64(&mut self, field: &'static str) -> Result<u64> {
        self.take(coding::varint64, field, Problem::Invalid("is no varint of at most 64 bits"))
    }

    /// A varint32 length in bytes, and that many bytes.
    pub(crate) fn length_prefixed(&mut self, field: &'static str) -> Result<&'a [u8]> {
        let n = self.varint32(field)?;
        self.bytes(usize::try_from(n).unwrap_or(usize::MAX), field)
    }

    /// A reader of what [`Reader::length_prefixed`] returns.
    pub(crate) fn sub(&mut self, field: &'static str) -> Result<Self> {
        let bytes = self.length_prefixed(field)?;
        Ok(Reader::at(bytes, self.offset.saturating_sub(bytes.len() as u64)))
    }

    fn take<T>(
        &mut self,
        read: impl FnOnce(&mut &'a [u8]) -> Option<T>,
        field: &'static str,
        problem: Problem,
    ) -> Result<T> {
        let before = self.rest.len();
        let value = read(&mut self.rest);
        let read = before.saturating_sub(self.rest.len()) as u64;
        let value = value.ok_or(FormatError { offset: self.offset, field, problem })?;
        self.offset = self.offset.saturating_add(read);
        Ok(value)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests {
    use super::Reader;

    #[test]
    fn an_error_names_the_first_byte_of_its_field() {
        let mut reader = Reader::at(&[1, 0x80], 40);
        assert_eq!(reader.varint32("a"), Ok(1));
        let error = reader.varint64("b").unwrap_err();
        assert_eq!(error.to_string(), "byte 41: b: is no varint of at most 64 bits");
        let error = Reader::at(&[5, 1, 2], 0).length_prefixed("key").unwrap_err();
        assert_eq!(error.to_string(), "byte 1: key: needs 5 bytes, but 2 are left");
        let error = Reader::at(&[7; 7], 3).fixed64("n").unwrap_err();
        assert_eq!(error.to_string(), "byte 3: n: needs 8 bytes, but 7 are left");
        let mut outer = Reader::at(&[2, 9, 0x80], 10);
        let mut inner = outer.sub("part").unwrap();
        assert_eq!((inner.varint32("a"), outer.is_empty()), (Ok(9), true));
        assert_eq!(inner.varint32("b").unwrap_err().offset, 12);
    }
}
