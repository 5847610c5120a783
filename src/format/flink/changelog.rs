//! Changelog handles (section 1.6.5), in the forms of 1.14, 1.15 and 1.16.

use super::error::Problem;
use super::error::Result;
use super::keyed::KeyGroupRange;
use super::keyed::KeyedHandle;
use super::keyed::add;
use super::list::Layout;
use super::list::List;
use super::list::Record;
use super::read::Reader;
use super::stream::StreamHandle;
use super::utf::Utf;

/// `ChangelogStateBackendHandleImpl`: a materialized snapshot and the changes since.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangelogHandle<'a> {
    /// The key groups of the subtask.
    pub key_groups: KeyGroupRange,
    /// Bytes this checkpoint uploaded, -1 if unknown; not in the form of 1.14.
    pub checkpointed_size: Option<i64>,
    /// The materialized part: handles of the backend underneath.
    pub materialized: List<'a, Option<KeyedHandle<'a>>>,
    /// The changes since: in-memory or file segments.
    pub non_materialized: List<'a, Option<KeyedHandle<'a>>>,
    /// Number of the materialization; not in the form of 1.14.
    pub materialization_id: Option<i64>,
    /// The checkpoint that made the handle; since 1.16 (tag 14).
    pub checkpoint_id: Option<i64>,
    /// The handle's identity; not in the form of 1.14.
    pub state_handle_id: Option<Utf<'a>>,
}

impl<'a> ChangelogHandle<'a> {
    pub(crate) fn read_body(r: &mut Reader<'a>, tag: u8, layout: Layout) -> Result<Self> {
        let later = tag == 14 || !layout.changelog_of_1_14;
        Ok(ChangelogHandle {
            key_groups: KeyGroupRange::read(r)?,
            checkpointed_size: when(later, || r.i64("checkpointed size"))?,
            materialized: List::read(r, layout, "number of materialized handles")?,
            non_materialized: List::read(r, layout, "number of changelog segments")?,
            materialization_id: when(later, || r.i64("materialization id"))?,
            checkpoint_id: when(tag == 14, || r.i64("checkpoint id of a changelog handle"))?,
            state_handle_id: when(later, || r.utf("state handle id"))?,
        })
    }

    /// Bytes of both parts.
    pub fn state_size(&self) -> Option<u64> {
        let parts = self.materialized.iter().chain(self.non_materialized.iter()).flatten();
        parts.map(|handle| handle.state_size()).fold(Some(0), add)
    }

    /// Bytes this checkpoint uploaded, if the metadata knows.
    pub fn checkpointed_size(&self) -> Option<u64> {
        u64::try_from(self.checkpointed_size?).ok()
    }
}

/// `InMemoryChangelogStateHandle`: changes inside the metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct MemorySegment<'a> {
    /// The key groups of the subtask.
    pub key_groups: KeyGroupRange,
    /// First sequence number.
    pub from: i64,
    /// Sequence number behind the last.
    pub to: i64,
    /// The changes.
    pub changes: List<'a, Change<'a>>,
    /// The handle's identity; not in the form of 1.14.
    pub state_handle_id: Option<Utf<'a>>,
}

impl<'a> MemorySegment<'a> {
    pub(crate) fn read_body(r: &mut Reader<'a>, layout: Layout) -> Result<Self> {
        Ok(MemorySegment {
            key_groups: KeyGroupRange::read(r)?,
            from: r.i64("first sequence number")?,
            to: r.i64("last sequence number")?,
            changes: List::read(r, layout, "number of changes")?,
            state_handle_id: when(!layout.changelog_of_1_14, || r.utf("state handle id"))?,
        })
    }

    /// Bytes of all changes.
    pub fn state_size(&self) -> u64 {
        self.changes.iter().fold(0, |sum: u64, c| sum.saturating_add(c.data.len() as u64))
    }
}

/// One change of a [`MemorySegment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// Key group, -1 for a change of metadata.
    pub key_group: i32,
    /// The change itself.
    pub data: &'a [u8],
}

impl<'a> Record<'a> for Change<'a> {
    const MIN_SIZE: usize = 8;

    fn read(r: &mut Reader<'a>, _: Layout) -> Result<Self> {
        Ok(Change { key_group: r.i32("key group of a change")?, data: r.sized_bytes("change")? })
    }
}

/// `ChangelogStateHandleStreamImpl`: changes in files.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSegments<'a> {
    /// The key groups of the subtask.
    pub key_groups: KeyGroupRange,
    /// The files, each with the offset at which this subtask's changes begin.
    pub handles: List<'a, OffsetHandle<'a>>,
    /// Bytes of the changes.
    pub state_size: i64,
    /// Bytes this checkpoint uploaded; not in the form of 1.14.
    pub incremental_size: Option<i64>,
    /// The handle's identity; not in the form of 1.14.
    pub state_handle_id: Option<Utf<'a>>,
    /// Which changelog storage holds the files; tag 13. Tag 10 means "filesystem".
    pub storage: Option<Utf<'a>>,
}

impl<'a> FileSegments<'a> {
    pub(crate) fn read_body(r: &mut Reader<'a>, tag: u8, layout: Layout) -> Result<Self> {
        let later = tag == 13 || !layout.changelog_of_1_14;
        Ok(FileSegments {
            key_groups: KeyGroupRange::read(r)?,
            handles: List::read(r, layout, "number of changelog files")?,
            state_size: r.i64("state size of a changelog segment")?,
            incremental_size: when(later, || r.i64("incremental size"))?,
            state_handle_id: when(later, || r.utf("state handle id"))?,
            storage: when(tag == 13, || r.utf("storage identifier"))?,
        })
    }

    /// Bytes this checkpoint uploaded, if the metadata knows.
    pub fn incremental_size(&self) -> Option<u64> {
        u64::try_from(self.incremental_size?).ok()
    }
}

/// A stream and an offset in it. Offsets count decompressed bytes behind the first byte.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetHandle<'a> {
    /// Where the changes begin.
    pub offset: i64,
    /// The stream.
    pub handle: Option<StreamHandle<'a>>,
}

impl<'a> Record<'a> for OffsetHandle<'a> {
    const MIN_SIZE: usize = 9;

    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Self> {
        let at = r.clone();
        let offset = r.i64("offset in a changelog file")?;
        if offset < 0 {
            return Err(at.error("offset in a changelog file", Problem::Negative(offset)));
        }
        Ok(OffsetHandle { offset, handle: StreamHandle::read(r, layout)? })
    }
}

fn when<T>(present: bool, read: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
    if present { read().map(Some) } else { Ok(None) }
}
