//! Bytes on their way from where they are to where they go, seen by whoever checks them.

use std::io;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use crate::ops::verify::fact::Fact;
use crate::ops::verify::source::AHEAD;
use crate::ops::verify::source::Bytes;
use crate::ops::verify::source::Limits;
use crate::ops::verify::source::Ranges;
use crate::ops::verify::source::Unread;
use crate::ops::verify::source::chunks;

/// Bytes that can no longer be had once something has ended everything.
pub(super) struct Stopping<'s, 'a> {
    pub(super) bytes: &'s mut Bytes<'a>,
    pub(super) stop: &'s AtomicBool,
}

impl Ranges for Stopping<'_, '_> {
    fn read(&mut self, range: Range<u64>, into: &mut Vec<u8>) -> Result<(), Unread> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(Unread::OutOfTime),
            false => self.bytes.read(range, into),
        }
    }

    fn ahead(&mut self, range: Range<u64>) {
        self.bytes.ahead(range);
    }

    fn size(&self) -> Option<u64> {
        self.bytes.file_size()
    }
}

/// Bytes that are written as they are read, from the first to the last.
pub(super) struct Tee<'t, 'a> {
    pub(super) bytes: &'t mut Bytes<'a>,
    /// Set when something has ended everything.
    pub(super) stop: &'t AtomicBool,
    /// Writes bytes at an offset.
    pub(super) write: &'t dyn Fn(&[u8], u64) -> io::Result<()>,
    /// Every byte before it was written.
    pub(super) next: u64,
    /// Why something could not be written.
    pub(super) failed: Option<io::Error>,
}

impl Tee<'_, '_> {
    /// Lets something see the bytes, and writes all of them.
    pub(super) fn pour(
        &mut self,
        length: u64,
        see: impl FnOnce(&mut Bytes<'_>) -> Result<Option<Fact>, Unread>,
        limits: Limits,
    ) -> Result<Option<Fact>, Unread> {
        let fact = see(&mut Bytes::File { reader: self, start: 0, length })?;
        if fact.as_ref().is_some_and(Fact::is_damage) {
            return Ok(fact);
        }
        // What nobody wanted to see.
        let mut chunk = Vec::new();
        let rest = chunks(self.next, length, limits.chunk);
        for range in rest {
            self.read(range.clone(), &mut chunk)?;
            chunks(range.end, length, limits.chunk).take(AHEAD).for_each(|ahead| self.ahead(ahead));
        }
        Ok(fact)
    }
}

impl Ranges for Tee<'_, '_> {
    fn read(&mut self, range: Range<u64>, into: &mut Vec<u8>) -> Result<(), Unread> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Unread::OutOfTime);
        }
        self.bytes.read(range.clone(), into)?;
        // Heads and tails are read before all the rest: they are written when they come by again.
        if range.start > self.next {
            return Ok(());
        }
        let skip = usize::try_from(self.next.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let new = into.get(skip..).unwrap_or_default();
        if new.is_empty() {
            return Ok(());
        }
        if let Err(error) = (self.write)(new, self.next) {
            self.failed = Some(error);
            return Err(Unread::OutOfTime);
        }
        self.next = self.next.saturating_add(new.len() as u64);
        Ok(())
    }

    fn ahead(&mut self, range: Range<u64>) {
        self.bytes.ahead(range);
    }

    fn size(&self) -> Option<u64> {
        self.bytes.file_size()
    }
}
