//! Primitive encodings, the other way round.

use super::encode::EncodeError;
use super::utf::Utf;

/// Bytes of a file under construction.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.u8(value.into());
    }

    pub(crate) fn i32(&mut self, value: i32) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn count(&mut self, n: usize) -> Result<(), EncodeError> {
        self.i32(i32::try_from(n).map_err(|_| EncodeError::TooMany(n))?);
        Ok(())
    }

    pub(crate) fn sized_bytes(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.count(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// A string; Flink cannot write, and so nobody can read, more than 65,535 bytes.
    pub(crate) fn utf(&mut self, text: Utf<'_>) -> Result<(), EncodeError> {
        let bytes = text.as_bytes();
        let too_long = |_| EncodeError::TooLong { start: start_of(text), bytes: bytes.len() };
        let n = u16::try_from(bytes.len()).map_err(too_long)?;
        self.bytes.extend_from_slice(&n.to_be_bytes());
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

fn start_of(text: Utf<'_>) -> String {
    text.to_str().chars().take(40).collect()
}
