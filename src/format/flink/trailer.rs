//! The trailer of versions 4 and later: a Java object behind the last operator.

use super::error::Result;
use super::properties::CheckpointProperties;
use super::properties::read_properties;
use super::read::Reader;
use super::utf::Utf;

/// The bytes of the checkpoint properties, to be decoded or to be copied as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailer<'a> {
    /// One complete Java serialization stream.
    pub bytes: &'a [u8],
}

impl<'a> Trailer<'a> {
    /// Reads one object and leaves what is behind it.
    pub(crate) fn read(r: &mut Reader<'a>) -> Result<Self> {
        let before = r.rest();
        read_properties(r)?;
        let taken = before.len().saturating_sub(r.rest().len());
        Ok(Trailer { bytes: before.get(..taken).unwrap_or_default() })
    }

    /// The properties in it.
    pub fn properties(&self) -> CheckpointProperties<'a> {
        // Bytes from `read` have been decoded once; others may be anything.
        let broken = |_| CheckpointProperties::Unfamiliar {
            class: Utf::default(),
            what: "not one Java serialization stream",
        };
        read_properties(&mut Reader::new(self.bytes)).unwrap_or_else(broken)
    }
}
