//! Compression of blocks.

use std::borrow::Cow;

use bzip2::Decompress as Bzip2;
use flate2::Decompress as Inflate;
use flate2::FlushDecompress;
use zstd::bulk::Decompressor as Zstd;

use super::error::Problem;
use super::error::TableError;
use super::footer::Footer;
use super::layout::Region;
use crate::format::rocks::coding::fixed64;
use crate::format::rocks::coding::varint32;

#[cfg(test)]
mod tests;

/// The most bytes a block may have when it is decompressed. RocksDB knows no limit but 4 GiB;
/// a block holds about `block_size` bytes, or one entry that is longer.
pub const MOST_DECOMPRESSED: u64 = 256 << 20;

/// How a block is compressed, by the first byte of its trailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// Snappy, which knows its size.
    Snappy,
    /// Raw deflate with a window of 2^14 bytes.
    Zlib,
    /// Bzip2.
    Bzip2,
    /// An LZ4 block, written by the fast compressor.
    Lz4,
    /// An LZ4 block, written by the strong compressor.
    Lz4hc,
    /// Zstandard, also as it was written before its format was final.
    Zstd,
}

impl Compression {
    /// The compression with this number.
    pub fn known(number: u8) -> Option<Self> {
        Some(match number {
            0 => Compression::None,
            1 => Compression::Snappy,
            2 => Compression::Zlib,
            3 => Compression::Bzip2,
            4 => Compression::Lz4,
            5 => Compression::Lz4hc,
            7 | 0x40 => Compression::Zstd,
            _ => return None,
        })
    }

    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "nothing",
            Compression::Snappy => "Snappy",
            Compression::Zlib => "Zlib",
            Compression::Bzip2 => "BZip2",
            Compression::Lz4 => "LZ4",
            Compression::Lz4hc => "LZ4HC",
            Compression::Zstd => "ZSTD",
        }
    }

    /// The most bytes that `compressed` bytes can stand for.
    fn bound(self, compressed: u64) -> u64 {
        let ratio = match self {
            Compression::None => 1,
            // A copy of 64 bytes takes three.
            Compression::Snappy => 32,
            // A match of 258 bytes takes two bits.
            Compression::Zlib => 1032,
            // Each byte makes a match 255 longer.
            Compression::Lz4 | Compression::Lz4hc => 255,
            Compression::Bzip2 | Compression::Zstd => return u64::MAX,
        };
        compressed.saturating_mul(ratio).saturating_add(64)
    }
}

/// Makes the contents of blocks from their bytes in the file.
pub struct Decoder {
    /// Since format version 2 the decompressed size stands before the compressed bytes.
    sized: bool,
    limit: u64,
    dictionary: Vec<u8>,
    zstd: Option<Zstd<'static>>,
    buffer: Vec<u8>,
}

impl Decoder {
    /// For the blocks of a table which are compressed without dictionary: all but data blocks.
    pub fn new(footer: &Footer) -> Self {
        Decoder {
            sized: footer.format_version >= 2,
            limit: MOST_DECOMPRESSED,
            dictionary: Vec::new(),
            zstd: None,
            buffer: Vec::new(),
        }
    }

    /// With the content of the dictionary block, for data blocks.
    pub fn with_dictionary(self, dictionary: &[u8]) -> Self {
        Decoder { dictionary: dictionary.to_vec(), zstd: None, ..self }
    }

    /// With a lower limit than [`MOST_DECOMPRESSED`].
    pub fn with_limit(self, limit: u64) -> Self {
        Decoder { limit: limit.min(MOST_DECOMPRESSED), ..self }
    }

    /// The content of a block. `bytes` are all of its region, and their checksum is not looked
    /// at: that is what [`check`](super::checksum::check) is for.
    pub fn content<'b>(
        &'b mut self,
        region: &Region,
        bytes: &'b [u8],
    ) -> Result<&'b [u8], TableError> {
        region.check_length(bytes.len() as u64)?;
        let Some((content, [number, ..])) = bytes.split_last_chunk::<5>() else {
            return Err(region.error(Problem::Invalid("is no block")));
        };
        let kind = Compression::known(*number)
            .ok_or_else(|| region.error(Problem::Compression(*number)))?;
        if kind == Compression::None {
            return Ok(content);
        }
        self.decompress(kind, content).map_err(|problem| region.error(problem))?;
        Ok(&self.buffer)
    }

    fn decompress(&mut self, kind: Compression, content: &[u8]) -> Result<(), Problem> {
        let failed = |cause: Cow<'_, str>| Problem::Decompression {
            kind: kind.name(),
            cause: cause.into_owned(),
        };
        let mut input = content;
        let stated = self.stated_size(kind, &mut input);
        let stated = stated.ok_or_else(|| failed("it has no size".into()))?;
        if let Some(size) = stated.filter(|size| *size > self.limit) {
            return Err(Problem::TooLarge { size, limit: self.limit });
        }
        let bound = kind.bound(content.len() as u64);
        if stated.is_some_and(|size| size > bound) {
            return Err(failed("its size is more than these bytes can stand for".into()));
        }
        let most = usize::try_from(stated.unwrap_or(bound.min(self.limit)));
        let most = most.map_err(|_| failed("its size is too large".into()))?;
        self.buffer.clear();
        let done = match kind {
            Compression::None => Ok(()),
            Compression::Snappy => self.snappy(input, most),
            Compression::Zlib => self.zlib(input, most, stated.is_some()),
            Compression::Bzip2 => self.bzip2(input, most, stated.is_some()),
            Compression::Lz4 | Compression::Lz4hc => self.lz4(input, most),
            Compression::Zstd => self.zstd(input, most),
        };
        done.map_err(|cause| failed(cause.into()))?;
        if stated.is_some_and(|size| size != self.buffer.len() as u64) {
            return Err(failed("it is shorter than it says".into()));
        }
        Ok(())
    }

    /// Takes the decompressed size from the front; `Some(None)` where none stands there.
    fn stated_size(&self, kind: Compression, input: &mut &[u8]) -> Option<Option<u64>> {
        match kind {
            Compression::Snappy => snap::raw::decompress_len(input).ok().map(|n| Some(n as u64)),
            Compression::Lz4 | Compression::Lz4hc if !self.sized => {
                // A size_t of the machine that wrote it, of which four bytes were used.
                fixed64(input).map(|size| Some(size & 0xffff_ffff))
            }
            Compression::Zlib | Compression::Bzip2 if !self.sized => Some(None),
            _ => varint32(input).map(|size| Some(u64::from(size))),
        }
    }

    fn snappy(&mut self, input: &[u8], size: usize) -> Result<(), String> {
        self.buffer.resize(size, 0);
        let mut decoder = snap::raw::Decoder::new();
        decoder.decompress(input, &mut self.buffer).map(|_| ()).map_err(|e| e.to_string())
    }

    fn lz4(&mut self, input: &[u8], size: usize) -> Result<(), String> {
        self.buffer.resize(size, 0);
        let into = &mut self.buffer;
        let done = lz4_flex::block::decompress_into_with_dict(input, into, &self.dictionary);
        self.buffer.truncate(done.map_err(|e| e.to_string())?);
        Ok(())
    }

    fn zstd(&mut self, input: &[u8], size: usize) -> Result<(), String> {
        let new = || Zstd::with_dictionary(&self.dictionary).map_err(|e| e.to_string());
        let mut decoder = self.zstd.take().map_or_else(new, Ok)?;
        self.buffer.reserve_exact(size);
        let done = decoder.decompress_to_buffer(input, &mut self.buffer);
        self.zstd = Some(decoder);
        done.map(|_| ()).map_err(|e| e.to_string())
    }

    fn zlib(&mut self, input: &[u8], most: usize, exact: bool) -> Result<(), String> {
        let mut decoder = Inflate::new_with_window_bits(false, 14);
        if !self.dictionary.is_empty() {
            decoder.set_dictionary(&self.dictionary).map_err(|e| e.to_string())?;
        }
        self.grow(most, exact, |buffer| {
            let read = usize::try_from(decoder.total_in()).unwrap_or(usize::MAX);
            let rest = input.get(read..).unwrap_or_default();
            let done = decoder.decompress_vec(rest, buffer, FlushDecompress::None);
            done.map(|status| status == flate2::Status::StreamEnd).map_err(|e| e.to_string())
        })
    }

    fn bzip2(&mut self, input: &[u8], most: usize, exact: bool) -> Result<(), String> {
        let mut decoder = Bzip2::new(false);
        self.grow(most, exact, |buffer| {
            let read = usize::try_from(decoder.total_in()).unwrap_or(usize::MAX);
            let rest = input.get(read..).unwrap_or_default();
            let done = decoder.decompress_vec(rest, buffer);
            done.map(|status| status == bzip2::Status::StreamEnd).map_err(|e| e.to_string())
        })
    }

    /// Gives `step` room for output until it is done: all at once if its size is known,
    /// otherwise ever more. A step that makes no progress has no input left.
    fn grow(
        &mut self,
        most: usize,
        exact: bool,
        mut step: impl FnMut(&mut Vec<u8>) -> Result<bool, String>,
    ) -> Result<(), String> {
        let buffer = &mut self.buffer;
        if exact {
            // One byte more, so that the end of the stream is seen and what is too long too.
            buffer.reserve_exact(most.saturating_add(1));
        }
        loop {
            if buffer.len() > most {
                return Err("it is longer than it says".to_owned());
            }
            if buffer.spare_capacity_mut().is_empty() {
                buffer.reserve(buffer.len().max(4096));
            }
            let before = buffer.len();
            if step(buffer)? {
                return Ok(());
            }
            if buffer.len() == before {
                return Err("it ends too early".to_owned());
            }
        }
    }
}
