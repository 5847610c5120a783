//! RocksDB's primitive encodings: little-endian integers, varints, length-prefixed bytes.

use crate::format::flink::error::FormatError;
use crate::format::flink::error::Problem;
use crate::format::flink::error::Result;

/// A cursor over a byte slice which knows its offset in the whole object.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: u64,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, the first of which lies at `offset` of the object.
    pub fn at(bytes: &'a [u8], offset: u64) -> Self {
        Reader { rest: bytes, offset }
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

    /// An error in words at the current offset.
    pub fn invalid(&self, field: &'static str, what: &'static str) -> FormatError {
        FormatError { offset: self.offset, field, problem: Problem::Invalid(what) }
    }

    /// The next `n` bytes.
    pub fn bytes(&mut self, n: usize, field: &'static str) -> Result<&'a [u8]> {
        let Some((head, tail)) = self.rest.split_at_checked(n) else {
            let (needed, available) = (n as u64, self.rest.len() as u64);
            let problem = Problem::Truncated { needed, available };
            return Err(FormatError { offset: self.offset, field, problem });
        };
        self.rest = tail;
        self.offset = self.offset.saturating_add(n as u64);
        Ok(head)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N, field)?);
        Ok(array)
    }

    /// One byte.
    pub fn u8(&mut self, field: &'static str) -> Result<u8> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    /// Two bytes, little-endian.
    pub fn fixed16(&mut self, field: &'static str) -> Result<u16> {
        self.array(field).map(u16::from_le_bytes)
    }

    /// Four bytes, little-endian.
    pub fn fixed32(&mut self, field: &'static str) -> Result<u32> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// Eight bytes, little-endian.
    pub fn fixed64(&mut self, field: &'static str) -> Result<u64> {
        self.array(field).map(u64::from_le_bytes)
    }

    /// One to five bytes of seven bits each, the lowest first.
    pub fn varint32(&mut self, field: &'static str) -> Result<u32> {
        let start = self.clone();
        let value = self.varint64(field)?;
        u32::try_from(value).map_err(|_| start.invalid(field, "is larger than 32 bits"))
    }

    /// One to ten bytes of seven bits each, the lowest first.
    pub fn varint64(&mut self, field: &'static str) -> Result<u64> {
        let start = self.clone();
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8(field)?;
            let bits = u64::from(byte & 0x7F);
            let shifted = bits << shift;
            if shifted >> shift != bits {
                break;
            }
            value |= shifted;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(start.invalid(field, "is larger than 64 bits"))
    }

    /// A varint32 length in bytes, and that many bytes.
    pub fn length_prefixed(&mut self, field: &'static str) -> Result<&'a [u8]> {
        let n = self.varint32(field)?;
        self.bytes(usize::try_from(n).unwrap_or(usize::MAX), field)
    }
}

#[cfg(test)]
mod tests {
    use super::Reader;

    #[test]
    fn varints_are_read_up_to_their_width() {
        let value = |bytes: &[u8]| Reader::at(bytes, 0).varint64("n").ok();
        assert_eq!(value(&[0]), Some(0));
        assert_eq!(value(&[0xAC, 0x02]), Some(300));
        let mut largest = [0xFF; 10];
        largest[9] = 1;
        assert_eq!(value(&largest), Some(u64::MAX));
        largest[9] = 2;
        assert_eq!(value(&largest), None);
        assert_eq!(value(&[0xFF; 11]), None);
        let narrow = |bytes: &[u8]| Reader::at(bytes, 0).varint32("n").ok();
        assert_eq!(narrow(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), Some(u32::MAX));
        assert_eq!(narrow(&[0xFF, 0xFF, 0xFF, 0xFF, 0x1F]), None);
    }

    #[test]
    fn an_error_names_the_first_byte_of_its_field() {
        let mut reader = Reader::at(&[1, 0x80], 40);
        assert_eq!(reader.varint32("a"), Ok(1));
        let error = reader.clone().varint32("b").unwrap_err();
        assert_eq!(error.to_string(), "byte 42: b: needs 1 bytes, but 0 are left");
        let error = Reader::at(&[5, 1, 2], 0).length_prefixed("key").unwrap_err();
        assert_eq!(error.to_string(), "byte 1: key: needs 5 bytes, but 2 are left");
    }
}
