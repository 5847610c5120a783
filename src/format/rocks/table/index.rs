//! Index blocks: which block holds the keys up to which one.

use super::block::Block;
use super::block::Entries;
use super::block::ValueLength;
use super::error::TableError;
use super::footer::Handle;
use super::footer::TRAILER;
use super::properties::Properties;
use crate::format::rocks::coding::length_prefixed;
use crate::format::rocks::coding::signed_varint64;

/// How the entries of an index are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct IndexForm {
    /// Keys are user keys, not internal keys.
    pub(super) user_keys: bool,
    /// A key that shares bytes with the one before is followed by the difference of the sizes
    /// of both blocks, which lie side by side; the entry then says nothing of its length.
    pub(super) delta: bool,
    /// The first key of the block follows its handle.
    pub(super) first_key: bool,
}

impl IndexForm {
    /// The form of an index of partitions, in a table with these properties.
    pub(super) fn of_partitions(properties: &Properties) -> Self {
        IndexForm {
            user_keys: properties.index_key_is_user_key == Some(1),
            delta: properties.index_value_is_delta_encoded == Some(1),
            first_key: false,
        }
    }
}

/// Reads the entries of an index block.
///
/// Each has a key that is not below any key in its block and below all in the next.
pub(super) struct IndexEntries<'a> {
    entries: Entries<'a>,
    form: IndexForm,
    last: Handle,
}

impl<'a> IndexEntries<'a> {
    pub(super) fn new(block: &Block<'a>, form: IndexForm) -> Self {
        IndexEntries { entries: block.entries(), form, last: Handle::default() }
    }

    /// The next key and the block it is for.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(&[u8], Handle)>, TableError> {
        let read = if self.form.delta { self.self_delimited()? } else { self.sized()? };
        Ok(read.map(|handle| {
            self.last = handle;
            (self.entries.key(), handle)
        }))
    }

    fn sized(&mut self) -> Result<Option<Handle>, TableError> {
        let Some((_, mut value)) = self.entries.next()? else { return Ok(None) };
        let handle = Handle::read(&mut value).filter(|_| self.first_key(&mut value).is_some());
        match handle.filter(|_| value.is_empty()) {
            Some(handle) => Ok(Some(handle)),
            None => Err(self.entries.invalid("holds something other than a block handle")),
        }
    }

    fn self_delimited(&mut self) -> Result<Option<Handle>, TableError> {
        let Some((shared, _)) = self.entries.next_key(ValueLength::Inherent)? else {
            return Ok(None);
        };
        let mut rest = *self.entries.rest();
        let handle = match shared {
            0 => Handle::read(&mut rest),
            _ => self.delta(&mut rest),
        };
        let first_key = self.first_key(&mut rest);
        *self.entries.rest() = rest;
        match handle.filter(|_| first_key.is_some()) {
            Some(handle) => Ok(Some(handle)),
            None => Err(self.entries.invalid("holds something other than a block handle")),
        }
    }

    fn delta(&self, rest: &mut &[u8]) -> Option<Handle> {
        let Handle { offset, size } = self.last;
        Some(Handle {
            offset: offset.checked_add(size)?.checked_add(TRAILER)?,
            size: size.checked_add_signed(signed_varint64(rest)?)?,
        })
    }

    /// Takes the first key, if there should be one.
    fn first_key(&self, rest: &mut &[u8]) -> Option<()> {
        if self.form.first_key {
            length_prefixed(rest)?;
        }
        Some(())
    }
}
