//! The inside of a block: entries with shared key prefixes, and restart points.

use super::error::Problem;
use super::error::TableError;
use super::layout::Region;
use crate::format::rocks::coding::bytes;
use crate::format::rocks::coding::varint32;

/// Bits of the last four bytes of a block; the others count its restart points.
const HASH_INDEX: u32 = 1 << 31;
const UNIFORM_KEYS: u32 = 1 << 29;
const SEPARATED: u32 = 1 << 28;
const RESTARTS: u32 = SEPARATED.wrapping_sub(1);
/// From here on a bucket of a hash index is no restart point: a collision, or empty.
const NO_RESTART: u8 = 254;

/// The longest key that is read. RocksDB advises against keys of more than 8 MiB.
pub const MAX_KEY: u64 = 64 << 20;

/// A block of entries: data, index, metaindex, properties, range deletions.
///
/// ```text
/// entry*             shared bytes, other bytes, value length (varint32 each), key, value
/// values*            if keys and values are separated
/// restart point*     where an entry shares nothing (4 bytes each)
/// hash index?        a restart point for each bucket (1 byte each), buckets (2 bytes)
/// values begin?      if keys and values are separated (4 bytes)
/// flags and count    of restart points (4 bytes)
/// ```
///
/// In separated blocks (RocksDB 11) the value lies among the values; an entry at a restart
/// point says where, after its value length, the others follow on.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    region: Region,
    entries: &'a [u8],
    /// `None` if values stand beside their keys.
    values: Option<&'a [u8]>,
    restarts: &'a [[u8; 4]],
}

impl<'a> Block<'a> {
    /// Finds the parts of a block's content; its entries are read one by one.
    pub fn parse(region: &Region, content: &'a [u8]) -> Result<Self, TableError> {
        let invalid = |what| region.error(Problem::Invalid(what));
        let too_short = invalid("is too short for its restart points");
        let (rest, packed) = content.split_last_chunk().ok_or(too_short.clone())?;
        let packed = u32::from_le_bytes(*packed);
        if packed & !(HASH_INDEX | UNIFORM_KEYS | SEPARATED | RESTARTS) != 0 {
            return Err(region.error(Problem::Unsupported("a block with unknown flags".to_owned())));
        }
        let mut rest = rest;
        let mut values_begin = None;
        if packed & SEPARATED != 0 {
            let (front, begin) = rest.split_last_chunk().ok_or(too_short.clone())?;
            (rest, values_begin) = (front, Some(u32::from_le_bytes(*begin)));
        }
        let mut buckets: &[u8] = &[];
        if packed & HASH_INDEX != 0 {
            let (front, count) = rest.split_last_chunk().ok_or(too_short.clone())?;
            let count = usize::from(u16::from_le_bytes(*count));
            let at = front.len().checked_sub(count).filter(|_| count > 0);
            let at = at.ok_or(invalid("has a hash index longer than itself"))?;
            (rest, buckets) = front.split_at(at);
        }
        let count = (packed & RESTARTS) as usize;
        let length = count.checked_mul(4).and_then(|bytes| rest.len().checked_sub(bytes));
        let (body, restarts) = rest.split_at(length.ok_or(too_short)?);
        let (restarts, _) = restarts.as_chunks();
        if restarts.first() != Some(&[0; 4]) {
            return Err(invalid("does not begin with a restart point"));
        }
        if buckets.iter().any(|bucket| *bucket < NO_RESTART && usize::from(*bucket) >= count) {
            return Err(invalid("has a hash index of restart points that are not there"));
        }
        let (entries, values) = match values_begin {
            None => (body, None),
            Some(begin) => {
                let parts = body.split_at_checked(begin as usize);
                let parts = parts.ok_or(invalid("has values that begin behind its end"))?;
                (parts.0, Some(parts.1))
            }
        };
        Ok(Block { region: *region, entries, values, restarts })
    }

    /// The entries from the first one on.
    pub fn entries(&self) -> Entries<'a> {
        Entries {
            region: self.region,
            length: self.entries.len(),
            rest: self.entries,
            values_length: self.values.map_or(0, <[u8]>::len),
            values: self.values,
            restarts: self.restarts,
            key: Vec::new(),
        }
    }

    /// The entries from the last restart point on: where the last entry is found.
    pub fn last_entries(&self) -> Result<Entries<'a>, TableError> {
        let mut entries = self.entries();
        let (Some((last, _)), false) = (self.restarts.split_last(), self.entries.is_empty()) else {
            return Ok(entries);
        };
        let at = u32::from_le_bytes(*last) as usize;
        let invalid = || self.region.error(Problem::Invalid("has a restart point behind its end"));
        entries.rest = self.entries.get(at..).ok_or_else(invalid)?;
        entries.restarts = std::slice::from_ref(last);
        if let (Some(values), Some(offset)) = (self.values, entries.first_value_offset()) {
            entries.values = Some(values.get(offset..).ok_or_else(invalid)?);
        }
        Ok(entries)
    }
}

/// A key, which is lent until the next is read, and its value, which lies in the block.
pub type Entry<'k, 'a> = (&'k [u8], &'a [u8]);

/// Reads the entries of a block in order, and finds that restart points and lengths fit.
pub struct Entries<'a> {
    region: Region,
    /// Bytes of all entries.
    length: usize,
    rest: &'a [u8],
    values_length: usize,
    values: Option<&'a [u8]>,
    /// Those which are not behind us.
    restarts: &'a [[u8; 4]],
    key: Vec<u8>,
}

/// How long the values of a block are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueLength {
    /// As the entry says.
    Stated,
    /// As the value itself shows.
    Inherent,
}

impl<'a> Entries<'a> {
    /// The next key with its value; `None` after the last one.
    #[expect(clippy::should_implement_trait, reason = "the key is lent")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Entry<'_, 'a>>, TableError> {
        let Some((_, value_length)) = self.next_key(ValueLength::Stated)? else { return Ok(None) };
        let from = self.values.as_mut().unwrap_or(&mut self.rest);
        match bytes(from, value_length) {
            Some(value) => Ok(Some((&self.key, value))),
            None => Err(self.invalid("has a value that is longer than what is left")),
        }
    }

    /// Reads the next entry up to its value: how many bytes its key shares with the one before
    /// and how long its value is. [`Self::key`] is the key then.
    #[inline]
    pub(super) fn next_key(
        &mut self,
        values: ValueLength,
    ) -> Result<Option<(usize, usize)>, TableError> {
        if self.rest.is_empty() {
            return self.end();
        }
        let at = self.position();
        let restart = self.restarts.first().map(|next| u32::from_le_bytes(*next) as usize);
        if restart.is_some_and(|restart| restart < at) {
            return Err(self.invalid("has a restart point between two entries"));
        }
        let Some((shared, other, value_length)) = self.lengths(values) else {
            return Err(self.invalid("has an entry that is cut short"));
        };
        if restart == Some(at) {
            self.restarts = self.restarts.split_first().map_or(&[], |(_, rest)| rest);
            if shared != 0 {
                return Err(self.invalid("has a restart point where a key is shared"));
            }
            self.restart_values()?;
        }
        if shared > self.key.len() {
            return Err(self.invalid("has a key that shares more than there is"));
        }
        let Some(other) = bytes(&mut self.rest, other) else {
            return Err(self.invalid("has a key that is longer than what is left"));
        };
        self.key.truncate(shared);
        self.key.extend_from_slice(other);
        let size = self.key.len() as u64;
        if size > MAX_KEY {
            return Err(self.region.error(Problem::TooLarge { size, limit: MAX_KEY }));
        }
        Ok(Some((shared, value_length)))
    }

    #[inline]
    fn lengths(&mut self, values: ValueLength) -> Option<(usize, usize, usize)> {
        let shared = varint32(&mut self.rest)? as usize;
        let other = varint32(&mut self.rest)? as usize;
        let value = match values {
            ValueLength::Stated => varint32(&mut self.rest)? as usize,
            ValueLength::Inherent => 0,
        };
        Some((shared, other, value))
    }

    /// In a separated block an entry at a restart point says where its value is: behind the
    /// values before it.
    fn restart_values(&mut self) -> Result<(), TableError> {
        let Some(values) = self.values else { return Ok(()) };
        let here = self.values_length.saturating_sub(values.len());
        if varint32(&mut self.rest).map(|offset| offset as usize) != Some(here) {
            return Err(self.invalid("has a value that does not follow the one before"));
        }
        Ok(())
    }

    /// Where the value of the entry at a restart point is.
    fn first_value_offset(&self) -> Option<usize> {
        let mut rest = self.rest;
        for _ in 0..3 {
            varint32(&mut rest)?;
        }
        varint32(&mut rest).map(|offset| offset as usize)
    }

    #[cold]
    fn end(&self) -> Result<Option<(usize, usize)>, TableError> {
        // A block without entries has one restart point nevertheless.
        if !self.restarts.is_empty() && self.length > 0 || self.restarts.len() > 1 {
            return Err(self.invalid("has a restart point behind its last entry"));
        }
        if self.values.is_some_and(|rest| !rest.is_empty()) {
            return Err(self.invalid("has values without keys"));
        }
        Ok(None)
    }

    /// How many bytes of the block the entries read so far take.
    pub(super) fn position(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    /// The key that was read last.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// What follows the key that was read last.
    pub(super) fn rest(&mut self) -> &mut &'a [u8] {
        &mut self.rest
    }

    #[cold]
    pub(super) fn invalid(&self, what: &'static str) -> TableError {
        self.region.error(Problem::Invalid(what))
    }
}
