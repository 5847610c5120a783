//! Keyed state handles (sections 1.6.3 and 1.6.4); changelog ones are in `changelog.rs`.

use super::changelog::ChangelogHandle;
use super::changelog::FileSegments;
use super::changelog::MemorySegment;
use super::error::Problem;
use super::error::Result;
use super::list::Layout;
use super::list::List;
use super::list::Record;
use super::read::Reader;
use super::stream::NamedHandle;
use super::stream::StreamHandle;
use super::utf::Utf;

/// A handle to the keyed state of one subtask.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyedHandle<'a> {
    /// Tags 3, 7, 12: one stream with an offset for each key group.
    KeyGroups(KeyGroupsHandle<'a>),
    /// Tags 5, 11: the files of a RocksDB (or ForSt) database.
    Incremental(IncrementalHandle<'a>),
    /// Tags 8, 14: a materialized part and the changes since.
    Changelog(ChangelogHandle<'a>),
    /// Tag 9: changes inside the metadata.
    ChangelogMemory(MemorySegment<'a>),
    /// Tags 10, 13: changes in files.
    ChangelogFile(FileSegments<'a>),
}

/// A contiguous range of key groups, as it is written: first and count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyGroupRange {
    /// First key group.
    pub start: i32,
    /// How many; 0 is an empty range.
    pub count: i32,
}

impl KeyGroupRange {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self> {
        let at = r.clone();
        let start = r.i32("first key group")?;
        let count_at = r.clone();
        let count = r.i32("number of key groups")?;
        if start < 0 {
            return Err(at.error("first key group", Problem::Negative(start.into())));
        }
        if count < 0 {
            return Err(count_at.error("number of key groups", Problem::Negative(count.into())));
        }
        if start.checked_add(count).is_none() {
            return Err(count_at.invalid("number of key groups", "leads beyond 2^31 key groups"));
        }
        Ok(KeyGroupRange { start, count })
    }

    /// First and last key group, both inclusive; `None` for an empty range.
    pub fn bounds(self) -> Option<(i32, i32)> {
        let last = self.start.checked_add(self.count)?.checked_sub(1)?;
        (self.count > 0).then_some((self.start, last))
    }
}

/// Which tag a key-groups handle has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyGroupsForm {
    /// Tag 3, until 1.14: no state handle id.
    First,
    /// Tag 12, since 1.15.
    Second,
    /// Tag 7: a canonical savepoint.
    Savepoint,
}

/// One stream which holds key groups at known offsets.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyGroupsHandle<'a> {
    /// Which tag it has.
    pub form: KeyGroupsForm,
    /// First key group of the range; the offsets say how many.
    pub start_key_group: i32,
    /// Byte offset of each key group inside the stream.
    pub offsets: List<'a, i64>,
    /// The stream.
    pub delegate: Option<StreamHandle<'a>>,
    /// Present in the second form.
    pub state_handle_id: Option<Utf<'a>>,
}

impl<'a> KeyGroupsHandle<'a> {
    pub(crate) fn read_body(r: &mut Reader<'a>, tag: u8, layout: Layout) -> Result<Self> {
        let form = match tag {
            7 => KeyGroupsForm::Savepoint,
            12 => KeyGroupsForm::Second,
            _ => KeyGroupsForm::First,
        };
        let range = KeyGroupRange::read(&mut r.clone())?;
        r.i32("first key group")?;
        let offsets = List::read(r, layout, "number of key groups")?;
        let delegate = StreamHandle::read(r, layout)?;
        let state_handle_id = match form {
            KeyGroupsForm::Second => Some(r.utf("state handle id")?),
            KeyGroupsForm::First | KeyGroupsForm::Savepoint => None,
        };
        let start_key_group = range.start;
        Ok(KeyGroupsHandle { form, start_key_group, offsets, delegate, state_handle_id })
    }

    /// The key groups of the handle.
    pub fn key_groups(&self) -> KeyGroupRange {
        let count = i32::try_from(self.offsets.len()).unwrap_or(i32::MAX);
        KeyGroupRange { start: self.start_key_group, count }
    }

    /// Flink's class name.
    pub fn class(&self) -> &'static str {
        match self.form {
            KeyGroupsForm::Savepoint => "KeyGroupsSavepointStateHandle",
            KeyGroupsForm::First | KeyGroupsForm::Second => "KeyGroupsStateHandle",
        }
    }

    /// Bytes of the stream.
    pub fn state_size(&self) -> Option<u64> {
        size_of(self.delegate.as_ref())
    }
}

/// `IncrementalRemoteKeyedStateHandle`: the files of one database and who made them.
#[derive(Debug, Clone, PartialEq)]
pub struct IncrementalHandle<'a> {
    /// The checkpoint that made this handle; under changelog the materialization.
    pub checkpoint_id: i64,
    /// The backend's UUID as text.
    pub backend_id: Utf<'a>,
    /// The key groups of the subtask.
    pub key_groups: KeyGroupRange,
    /// Tag 11: what only that form has. `None` is tag 5, written until 1.14.
    pub second: Option<SecondForm<'a>>,
    /// The keyed backend meta stream (section 4.1).
    pub meta: Option<StreamHandle<'a>>,
    /// Files that other checkpoints may refer to as well: the SSTs.
    pub shared: List<'a, NamedHandle<'a>>,
    /// Files of this checkpoint alone: MANIFEST, CURRENT, OPTIONS.
    pub private: List<'a, NamedHandle<'a>>,
}

/// What tag 11 has and tag 5 has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondForm<'a> {
    /// Bytes newly persisted by this checkpoint, -1 if unknown.
    pub checkpointed_size: i64,
    /// The handle's identity, a UUID.
    pub state_handle_id: Utf<'a>,
}

impl<'a> IncrementalHandle<'a> {
    fn read_body(r: &mut Reader<'a>, tag: u8, layout: Layout) -> Result<Self> {
        let checkpoint_id = r.i64("checkpoint id of an incremental handle")?;
        let backend_id = r.utf("backend identifier")?;
        let key_groups = KeyGroupRange::read(r)?;
        let second = tag == 11;
        let checkpointed_size = if second { r.i64("checkpointed size")? } else { -1 };
        let meta = StreamHandle::read(r, layout)?;
        let shared = List::read(r, layout, "number of shared files")?;
        let private = List::read(r, layout, "number of private files")?;
        let second = match second {
            true => {
                Some(SecondForm { checkpointed_size, state_handle_id: r.utf("state handle id")? })
            }
            false => None,
        };
        Ok(IncrementalHandle {
            checkpoint_id,
            backend_id,
            key_groups,
            second,
            meta,
            shared,
            private,
        })
    }

    /// Bytes of the meta stream and all files.
    pub fn state_size(&self) -> Option<u64> {
        let files = self.shared.iter().chain(self.private.iter());
        files.map(|file| size_of(file.handle.as_ref())).fold(size_of(self.meta.as_ref()), add)
    }

    /// Bytes this checkpoint uploaded, if the metadata knows.
    pub fn checkpointed_size(&self) -> Option<u64> {
        u64::try_from(self.second?.checkpointed_size).ok()
    }
}

/// Bytes behind a handle; the null handle has none.
pub fn size_of(handle: Option<&StreamHandle<'_>>) -> Option<u64> {
    handle.map_or(Some(0), StreamHandle::state_size)
}

/// A sum that is unknown as soon as a part of it is.
pub fn add(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a?.checked_add(b?)
}

const ALLOWED: &str = "a keyed state handle: 0, 3, 5 or 7 to 14";

impl<'a> KeyedHandle<'a> {
    /// Reads a tag and what it announces; `None` is the null handle.
    pub fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Option<Self>> {
        let at = r.clone();
        let tag = r.u8("keyed state handle tag")?;
        Ok(Some(match tag {
            0 => return Ok(None),
            3 | 7 | 12 => KeyedHandle::KeyGroups(KeyGroupsHandle::read_body(r, tag, layout)?),
            5 | 11 => KeyedHandle::Incremental(IncrementalHandle::read_body(r, tag, layout)?),
            8 | 14 => KeyedHandle::Changelog(ChangelogHandle::read_body(r, tag, layout)?),
            9 => KeyedHandle::ChangelogMemory(MemorySegment::read_body(r, layout)?),
            10 | 13 => KeyedHandle::ChangelogFile(FileSegments::read_body(r, tag, layout)?),
            found => {
                let problem = Problem::Tag { found, allowed: ALLOWED };
                return Err(at.error("keyed state handle tag", problem));
            }
        }))
    }

    /// Flink's class name.
    pub fn class(&self) -> &'static str {
        match self {
            KeyedHandle::KeyGroups(handle) => handle.class(),
            KeyedHandle::Incremental(_) => "IncrementalRemoteKeyedStateHandle",
            KeyedHandle::Changelog(_) => "ChangelogStateBackendHandleImpl",
            KeyedHandle::ChangelogMemory(_) => "InMemoryChangelogStateHandle",
            KeyedHandle::ChangelogFile(_) => "ChangelogStateHandleStreamImpl",
        }
    }

    /// The key groups of the handle.
    pub fn key_groups(&self) -> KeyGroupRange {
        match self {
            KeyedHandle::KeyGroups(handle) => handle.key_groups(),
            KeyedHandle::Incremental(handle) => handle.key_groups,
            KeyedHandle::Changelog(handle) => handle.key_groups,
            KeyedHandle::ChangelogMemory(handle) => handle.key_groups,
            KeyedHandle::ChangelogFile(handle) => handle.key_groups,
        }
    }

    /// Flink's `getStateSize`: all bytes behind the handle.
    pub fn state_size(&self) -> Option<u64> {
        match self {
            KeyedHandle::KeyGroups(handle) => handle.state_size(),
            KeyedHandle::Incremental(handle) => handle.state_size(),
            KeyedHandle::Changelog(handle) => handle.state_size(),
            KeyedHandle::ChangelogMemory(handle) => Some(handle.state_size()),
            KeyedHandle::ChangelogFile(handle) => u64::try_from(handle.state_size).ok(),
        }
    }

    /// Flink's `getCheckpointedSize`: the bytes this checkpoint uploaded, `None` where the
    /// metadata lacks the field.
    pub fn checkpointed_size(&self) -> Option<u64> {
        match self {
            KeyedHandle::KeyGroups(handle) => match handle.form {
                KeyGroupsForm::First => None,
                KeyGroupsForm::Second | KeyGroupsForm::Savepoint => handle.state_size(),
            },
            KeyedHandle::Incremental(handle) => handle.checkpointed_size(),
            KeyedHandle::Changelog(handle) => handle.checkpointed_size(),
            KeyedHandle::ChangelogMemory(handle) => Some(handle.state_size()),
            KeyedHandle::ChangelogFile(handle) => handle.incremental_size(),
        }
    }

    /// The handle's identity, where its form has one.
    pub fn state_handle_id(&self) -> Option<Utf<'a>> {
        match self {
            KeyedHandle::KeyGroups(handle) => handle.state_handle_id,
            KeyedHandle::Incremental(handle) => handle.second.map(|form| form.state_handle_id),
            KeyedHandle::Changelog(handle) => handle.state_handle_id,
            KeyedHandle::ChangelogMemory(handle) => handle.state_handle_id,
            KeyedHandle::ChangelogFile(handle) => handle.state_handle_id,
        }
    }
}

/// A keyed handle inside a changelog handle; Flink skips null entries. Walking handles that
/// nest would cost the square of their depth, and Flink never nests them.
impl<'a> Record<'a> for Option<KeyedHandle<'a>> {
    const MIN_SIZE: usize = 1;

    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Self> {
        if let Some(8 | 14) = r.rest().first() {
            return Err(r.invalid("changelog handle", "is inside of another changelog handle"));
        }
        KeyedHandle::read(r, layout)
    }
}
