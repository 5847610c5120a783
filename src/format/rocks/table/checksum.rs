//! Checksums of blocks: the hot path of a verification.

use std::hash::Hasher;

use crc_fast::CrcAlgorithm;
use twox_hash::XxHash3_64;
use twox_hash::XxHash32;
use twox_hash::XxHash64;

use super::error::Part;
use super::error::Problem;
use super::error::TableError;
use super::footer::Footer;
use super::head::Head;
use super::layout::Region;

/// How the blocks of a table are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChecksumKind {
    /// Not at all: zero stands where the checksum would. Damage is noticed by luck only.
    None,
    /// CRC32c, masked.
    Crc32c,
    /// The XXH32 hash.
    XxHash,
    /// The lower half of the XXH64 hash.
    XxHash64,
    /// The lower half of the XXH3 hash; the compression byte is mixed in afterwards.
    Xxh3,
}

impl ChecksumKind {
    /// The kind with this number in a footer.
    pub(super) fn known(number: u8) -> Option<Self> {
        use ChecksumKind::*;
        [None, Crc32c, XxHash, XxHash64, Xxh3].get(usize::from(number)).copied()
    }

    /// RocksDB's name of it.
    pub fn name(self) -> &'static str {
        match self {
            ChecksumKind::None => "kNoChecksum",
            ChecksumKind::Crc32c => "kCRC32c",
            ChecksumKind::XxHash => "kxxHash",
            ChecksumKind::XxHash64 => "kxxHash64",
            ChecksumKind::Xxh3 => "kXXH3",
        }
    }

    /// The checksum of a block and its compression byte.
    #[inline]
    pub(super) fn of(self, bytes: &[u8]) -> u32 {
        match self {
            ChecksumKind::None => 0,
            ChecksumKind::Crc32c => mask(crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, bytes)),
            ChecksumKind::XxHash => XxHash32::oneshot(0, bytes),
            ChecksumKind::XxHash64 => XxHash64::oneshot(0, bytes) as u32,
            ChecksumKind::Xxh3 => match bytes.split_last() {
                Some((last, front)) => with_last_byte(XxHash3_64::oneshot(front), *last),
                None => 0,
            },
        }
    }
}

/// So that the CRC of data that holds CRCs is not weak.
fn mask(crc: u64) -> u32 {
    (crc as u32).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn with_last_byte(hash: u64, last: u8) -> u32 {
    (hash as u32) ^ u32::from(last).wrapping_mul(0x6b90_83d9)
}

/// Checks all bytes of a region: the checksum of a block, the zeros of padding. A footer was
/// checked when the head was read; the properties of an ingested file too, which have not got
/// the checksum they should have.
pub fn check(head: &Head, region: &Region, bytes: &[u8]) -> Result<(), TableError> {
    region.check_length(bytes.len() as u64)?;
    match kind_of(head, region) {
        Bytes::Checked => Ok(()),
        Bytes::Zeros => check_zero(region, bytes.iter().fold(0, |all, byte| all | byte) == 0),
        Bytes::Block => check_block(&head.footer, region, bytes),
    }
}

/// What can be asked of the bytes of a region.
enum Bytes {
    Checked,
    Zeros,
    Block,
}

fn kind_of(head: &Head, region: &Region) -> Bytes {
    match region.part {
        Part::Footer => Bytes::Checked,
        Part::Properties if head.ingested => Bytes::Checked,
        Part::Padding => Bytes::Zeros,
        _ => Bytes::Block,
    }
}

/// Checks the checksum of a block.
#[inline]
pub(super) fn check_block(
    footer: &Footer,
    region: &Region,
    bytes: &[u8],
) -> Result<(), TableError> {
    region.check_length(bytes.len() as u64)?;
    let (content, stored) = bytes.split_last_chunk().unwrap_or((bytes, &[0; 4]));
    compare(footer, region, u32::from_le_bytes(*stored), footer.checksum.of(content))
}

fn check_zero(region: &Region, zero: bool) -> Result<(), TableError> {
    zero.then_some(()).ok_or(region.error(Problem::Invalid("holds other bytes than zero")))
}

fn compare(footer: &Footer, region: &Region, stored: u32, computed: u32) -> Result<(), TableError> {
    let stored = stored.wrapping_sub(footer.context_at(region.start));
    if stored == computed {
        return Ok(());
    }
    Err(region.error(Problem::Checksum { stored, computed }))
}

/// As [`check`], for the bytes of a region that come in several parts.
pub struct Check<'a> {
    head: &'a Head,
    region: Region,
    hash: Running,
    /// Bytes that were given.
    seen: u64,
    trailer: [u8; 5],
    /// Whether padding was zero.
    zero: bool,
}

enum Running {
    None,
    Crc32c(Box<crc_fast::Digest>),
    XxHash(XxHash32),
    XxHash64(XxHash64),
    Xxh3(Box<XxHash3_64>),
}

impl<'a> Check<'a> {
    /// Begins with a region.
    pub fn new(head: &'a Head, region: Region) -> Self {
        let hash = match (kind_of(head, &region), head.footer.checksum) {
            (Bytes::Checked | Bytes::Zeros, _) | (_, ChecksumKind::None) => Running::None,
            (_, ChecksumKind::Crc32c) => {
                Running::Crc32c(Box::new(crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi)))
            }
            (_, ChecksumKind::XxHash) => Running::XxHash(XxHash32::with_seed(0)),
            (_, ChecksumKind::XxHash64) => Running::XxHash64(XxHash64::with_seed(0)),
            (_, ChecksumKind::Xxh3) => Running::Xxh3(Box::new(XxHash3_64::new())),
        };
        Check { head, region, hash, seen: 0, trailer: [0; 5], zero: true }
    }

    /// Goes on with the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if self.region.part == Part::Padding {
            self.zero &= bytes.iter().all(|byte| *byte == 0);
        }
        let content = self.region.content_length();
        let of_content = usize::try_from(content.saturating_sub(self.seen)).unwrap_or(usize::MAX);
        let (front, back) = bytes.split_at(of_content.min(bytes.len()));
        self.hash.write(front);
        let seen = self.seen.saturating_add(front.len() as u64);
        for (place, byte) in (seen.saturating_sub(content)..).zip(back) {
            let place = usize::try_from(place).ok();
            if let Some(slot) = place.and_then(|place| self.trailer.get_mut(place)) {
                *slot = *byte;
            }
        }
        self.seen = self.seen.saturating_add(bytes.len() as u64);
    }

    /// Ends, and compares.
    pub fn finish(self) -> Result<(), TableError> {
        self.region.check_length(self.seen)?;
        match kind_of(self.head, &self.region) {
            Bytes::Checked => Ok(()),
            Bytes::Zeros => check_zero(&self.region, self.zero),
            Bytes::Block => {
                let [compression, a, b, c, d] = self.trailer;
                let computed = self.hash.finish(compression);
                let stored = u32::from_le_bytes([a, b, c, d]);
                compare(&self.head.footer, &self.region, stored, computed)
            }
        }
    }
}

impl Running {
    fn write(&mut self, bytes: &[u8]) {
        match self {
            Running::None => {}
            Running::Crc32c(digest) => digest.update(bytes),
            Running::XxHash(hash) => hash.write(bytes),
            Running::XxHash64(hash) => hash.write(bytes),
            Running::Xxh3(hash) => hash.write(bytes),
        }
    }

    fn finish(mut self, last: u8) -> u32 {
        if let Running::Xxh3(hash) = self {
            return with_last_byte(hash.finish(), last);
        }
        self.write(&[last]);
        match self {
            Running::Crc32c(digest) => mask(digest.finalize()),
            Running::XxHash(hash) => hash.finish_32(),
            Running::XxHash64(hash) => hash.finish() as u32,
            Running::None | Running::Xxh3(_) => 0,
        }
    }
}
