//! Snappy framing (section 6.4): chunks, each with a checksum of what it decompresses to.

use std::io;
use std::io::Read;

use snap::raw::Decoder;

use super::super::error::FormatError;
use super::ContentError;
use super::Result;
use super::at;
use super::input::Input;

/// A chunk of the type `FF` with the text `sNaPpY`, which begins a stream.
pub(super) const IDENTIFIER: [u8; 10] = [0xFF, 6, 0, 0, b's', b'N', b'a', b'P', b'p', b'Y'];

/// Most bytes a chunk decompresses to.
const BLOCK: usize = 64 << 10;

const FIELD: &str = "Snappy chunk";

/// Decompresses the chunks of an input up to its current end.
struct Frames<'i, 'r> {
    input: &'i mut Input<'r>,
    block: Vec<u8>,
    start: usize,
    /// Where the chunk begins that was read last.
    chunk: u64,
    /// Whether the damage is one of the frames, and has its place.
    failed: bool,
}

/// Lets `read` see what the frames up to the current end of `input` decompress to; it must
/// take all of it. The frames begin with the identifier, or may, where they are a part of a
/// stream whose identifier stands elsewhere.
pub(super) fn framed(
    input: &mut Input<'_>,
    identified: bool,
    read: impl FnOnce(&mut Input<'_>) -> Result<()>,
) -> Result<()> {
    if identified {
        identifier(input)?;
    }
    let chunk = input.offset();
    let mut frames = Frames { input, block: Vec::new(), start: 0, chunk, failed: false };
    let mut inner = Input::new(&mut frames, u64::MAX);
    let done = read(&mut inner).and_then(|()| inner.finish("compressed block"));
    match done {
        Err(ContentError::Damage(error)) if !frames.failed => {
            Err(FormatError { offset: frames.chunk, ..error }.into())
        }
        other => other,
    }
}

/// The identifier that begins a framed stream.
pub(super) fn identifier(input: &mut Input<'_>) -> Result<()> {
    let before = input.offset();
    if input.vec(IDENTIFIER.len() as u64, "Snappy stream identifier")? == IDENTIFIER {
        return Ok(());
    }
    Err(at(before, "Snappy stream identifier", "is not FF 06 00 00 73 4E 61 50 70 59").into())
}

impl Read for Frames<'_, '_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.start >= self.block.len() {
            match self.next_block() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(ContentError::Damage(damage)) => {
                    self.failed = true;
                    return Err(io::Error::other(damage));
                }
                Err(ContentError::Source(e)) => return Err(e),
            }
        }
        let mut rest = self.block.get(self.start..).unwrap_or_default();
        let n = rest.read(target)?;
        self.start = self.start.saturating_add(n);
        Ok(n)
    }
}

impl Frames<'_, '_> {
    /// Reads chunks up to the next one with data; false at the end.
    fn next_block(&mut self) -> Result<bool> {
        if self.input.at_end()? {
            return Ok(false);
        }
        self.chunk = self.input.offset();
        let kind = self.input.u8(FIELD)?;
        let [a, b, c] = [self.input.u8(FIELD)?, self.input.u8(FIELD)?, self.input.u8(FIELD)?];
        let length = u64::from(u32::from_le_bytes([a, b, c, 0]));
        match kind {
            0 | 1 => self.data(kind == 0, length)?,
            0xFF => {
                if length != 6 || self.input.vec(length, FIELD)? != b"sNaPpY" {
                    return Err(self.wrong("is a stream identifier other than sNaPpY"));
                }
            }
            // Padding and what readers are to step over; Flink writes neither.
            0x80..=0xFE => self.input.skip(length, FIELD)?,
            _ => return Err(self.wrong("is of a type that no reader may step over")),
        }
        Ok(true)
    }

    fn data(&mut self, compressed: bool, length: u64) -> Result<()> {
        // What does not shrink is stored, so no chunk is much larger than a block.
        let most = snap::raw::max_compress_len(BLOCK) as u64;
        let Some(length) = length.checked_sub(4).filter(|n| *n <= most) else {
            return Err(self.wrong("has a length that no chunk has"));
        };
        let mut checksum = [0; 4];
        for byte in &mut checksum {
            *byte = self.input.u8("Snappy checksum")?;
        }
        let bytes = self.input.vec(length, FIELD)?;
        self.start = 0;
        self.block = match compressed {
            false => bytes,
            true => {
                let size = snap::raw::decompress_len(&bytes).unwrap_or(usize::MAX);
                if size > BLOCK {
                    return Err(self.wrong("decompresses to more than 64 KiB"));
                }
                let block = Decoder::new().decompress_vec(&bytes);
                block.map_err(|_| self.wrong("cannot be decompressed"))?
            }
        };
        if self.block.len() > BLOCK {
            return Err(self.wrong("holds more than 64 KiB"));
        }
        if masked_crc(&self.block) != u32::from_le_bytes(checksum) {
            return Err(self.wrong("has a checksum (CRC-32C) that is not that of its data"));
        }
        Ok(())
    }

    fn wrong(&self, what: &'static str) -> ContentError {
        at(self.chunk, FIELD, what).into()
    }
}

/// CRC-32C, rotated and shifted as the framing format demands.
fn masked_crc(bytes: &[u8]) -> u32 {
    let crc = crc_fast::crc32_iscsi(bytes);
    crc.rotate_right(15).wrapping_add(0xA282_EAD8)
}
