//! The trailer of versions 4 and later: a Java object behind the last operator.

use super::error::Result;
use super::read::Reader;

/// The bytes of the checkpoint properties, to be decoded or to be copied as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailer<'a> {
    /// One complete Java serialization stream.
    pub bytes: &'a [u8],
}

impl<'a> Trailer<'a> {
    pub(crate) fn read(r: &mut Reader<'a>) -> Result<Self> {
        let n = r.rest().len();
        Ok(Trailer { bytes: r.bytes(n, "checkpoint properties")? })
    }
}
