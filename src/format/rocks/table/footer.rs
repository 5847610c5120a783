//! The last bytes of a table: which format it has, and where its metaindex is.

use std::ops::Range;

use super::checksum::ChecksumKind;
use super::error::Part;
use super::error::Problem;
use super::error::TableError;
use crate::format::rocks::coding::bytes;
use crate::format::rocks::coding::fixed32;
use crate::format::rocks::coding::put_varint64;
use crate::format::rocks::coding::varint64;

/// Bytes behind every block: its compression (1) and its checksum (4).
pub const TRAILER: u64 = 5;
/// The longest footer.
pub const MAX_FOOTER: u64 = 53;

/// The last eight bytes of tables since format version 1.
const MAGIC: u64 = 0x88e2_41b7_85f4_cff7;
/// The last eight bytes of tables of format version 0.
const LEGACY_MAGIC: u64 = 0xdb47_7524_8b80_fb57;
/// Tables of other kinds: plain, legacy plain, cuckoo.
const OTHER_TABLES: [u64; 3] = [0x8242_2296_63bf_9564, 0x4f34_18eb_7a8f_13b8, 0x926789d0c5f17873];
/// Begins the second part of a footer since version 6.
const EXTENDED_MAGIC: [u8; 4] = [0x3e, 0x00, 0x7a, 0x00];
/// Two handles of at most 20 bytes each.
const HANDLES: usize = 40;

/// Where a block lies, without its trailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Handle {
    /// Its first byte.
    pub offset: u64,
    /// Its bytes.
    pub size: u64,
}

impl Handle {
    /// Two varints.
    pub(super) fn read(input: &mut &[u8]) -> Option<Self> {
        Some(Handle { offset: varint64(input)?, size: varint64(input)? })
    }

    /// The bytes of the block and its trailer, or the complaint that they are not in a file,
    /// or the part of one, that ends at `limit`.
    pub(super) fn range(self, part: Part, limit: u64) -> Result<Range<u64>, TableError> {
        let with_trailer = self.size.saturating_add(TRAILER);
        let end = self.offset.checked_add(with_trailer).filter(|end| *end <= limit);
        end.map(|end| self.offset..end).ok_or(TableError {
            part,
            offset: self.offset,
            problem: Problem::Truncated {
                needed: with_trailer,
                available: limit.saturating_sub(self.offset),
            },
        })
    }
}

/// The footer of a table.
///
/// ```text
/// version 0      handles, padding to 40 bytes                      legacy magic (8)
/// versions 1-5   checksum kind (1), handles, padding to 40 bytes,  version (4), magic (8)
/// versions 6-7   checksum kind (1), 3e 00 7a 00, checksum (4), context (4),
///                metaindex size (4), 24 zeros,                     version (4), magic (8)
/// ```
///
/// The handles are those of the metaindex and of the index. Since version 6 the metaindex ends
/// where the footer begins and tells where the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footer {
    /// Where it begins.
    pub offset: u64,
    /// Which format the table has, 0 to 7.
    pub format_version: u32,
    /// How its blocks are protected.
    pub checksum: ChecksumKind,
    /// Where the metaindex is.
    pub metaindex: Handle,
    /// Where the index is; `None` since version 6.
    pub index: Option<Handle>,
    /// What makes checksums differ from file to file since version 6, before that 0.
    pub base_context_checksum: u32,
}

impl Footer {
    /// Reads the footer at the end of `tail`, which is the end of a file with `size` bytes.
    pub fn parse(tail: &[u8], size: u64) -> Result<Self, TableError> {
        let complain = |offset, problem| TableError { part: Part::Footer, offset, problem };
        let too_short = |needed| {
            complain(0, Problem::Truncated { needed, available: size.min(tail.len() as u64) })
        };
        let (front, magic) = tail.split_last_chunk().ok_or(too_short(48))?;
        let magic = u64::from_le_bytes(*magic);
        let length = match magic {
            LEGACY_MAGIC => 48_u64,
            MAGIC => MAX_FOOTER,
            other => {
                let offset = size.saturating_sub(8);
                let other_table = Problem::Unsupported("a plain or cuckoo table".to_owned());
                let known = OTHER_TABLES.contains(&other);
                let problem = if known { other_table } else { Problem::NotATable { magic } };
                return Err(complain(offset, problem));
            }
        };
        let offset = size.checked_sub(length).ok_or(too_short(length))?;
        let complain = |problem| complain(offset, problem);
        let from = tail.len().checked_sub(length as usize).ok_or(too_short(length))?;
        let whole = tail.get(from..).unwrap_or_default();
        if magic == LEGACY_MAGIC {
            let handles = front.get(from..).unwrap_or_default();
            return Self::with_handles(offset, 0, ChecksumKind::Crc32c, handles).map_err(complain);
        }
        let mut rest = whole;
        let (Some([kind]), Some(middle), Some(version)) =
            (bytes(&mut rest, 1), bytes(&mut rest, HANDLES), fixed32(&mut rest))
        else {
            return Err(too_short(length));
        };
        if version == 0 || version > 7 {
            return Err(complain(Problem::Version(version)));
        }
        let checksum = ChecksumKind::known(*kind).ok_or(complain(Problem::ChecksumKind(*kind)))?;
        if version < 6 {
            return Self::with_handles(offset, version, checksum, middle).map_err(complain);
        }
        Self::with_checksum(offset, version, checksum, whole, middle).map_err(complain)
    }

    /// Versions 0 to 5. The handles must stand there as RocksDB writes them, and zeros behind
    /// them: nothing else protects these bytes.
    fn with_handles(
        offset: u64,
        format_version: u32,
        checksum: ChecksumKind,
        middle: &[u8],
    ) -> Result<Self, Problem> {
        let mut rest = middle;
        let handles = (Handle::read(&mut rest), Handle::read(&mut rest));
        let (Some(metaindex), Some(index)) = handles else {
            return Err(Problem::Invalid("holds no two block handles"));
        };
        let mut expected = Vec::with_capacity(HANDLES);
        for value in [metaindex.offset, metaindex.size, index.offset, index.size] {
            put_varint64(&mut expected, value);
        }
        expected.resize(HANDLES, 0);
        if expected != middle {
            return Err(Problem::Invalid("other bytes than zero follow the block handles"));
        }
        let index = Some(index);
        Ok(Footer { offset, format_version, checksum, metaindex, index, base_context_checksum: 0 })
    }

    /// Versions 6 and 7.
    fn with_checksum(
        offset: u64,
        format_version: u32,
        checksum: ChecksumKind,
        whole: &[u8],
        middle: &[u8],
    ) -> Result<Self, Problem> {
        let mut rest = middle;
        let magic = bytes(&mut rest, EXTENDED_MAGIC.len());
        let numbers = (fixed32(&mut rest), fixed32(&mut rest), fixed32(&mut rest));
        let (Some(stored), Some(context), Some(metaindex_size)) = numbers else {
            return Err(Problem::Invalid("is cut short"));
        };
        if magic != Some(&EXTENDED_MAGIC) {
            return Err(Problem::Invalid("has no extended magic"));
        }
        let mut without_checksum = whole.to_vec();
        if let Some(field) = without_checksum.get_mut(5..9) {
            field.fill(0);
        }
        let stored = stored.wrapping_sub(context_modifier(context, offset));
        let computed = checksum.of(&without_checksum);
        if stored != computed {
            return Err(Problem::Checksum { stored, computed });
        }
        if rest.iter().any(|byte| *byte != 0) {
            return Err(Problem::Unsupported("a footer with reserved bytes in use".to_owned()));
        }
        let size = u64::from(metaindex_size);
        let start = offset.checked_sub(TRAILER).and_then(|end| end.checked_sub(size));
        let start = start.ok_or(Problem::Truncated {
            needed: size.saturating_add(TRAILER),
            available: offset,
        })?;
        Ok(Footer {
            offset,
            format_version,
            checksum,
            metaindex: Handle { offset: start, size },
            index: None,
            base_context_checksum: context,
        })
    }

    /// What is added to the checksum of a block at `offset`.
    pub(super) fn context_at(&self, offset: u64) -> u32 {
        context_modifier(self.base_context_checksum, offset)
    }
}

fn context_modifier(base: u32, offset: u64) -> u32 {
    let modifier = base ^ (offset as u32).wrapping_add((offset >> 32) as u32);
    if base == 0 { 0 } else { modifier }
}
