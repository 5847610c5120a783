//! Which state backend wrote a keyed handle, as far as the handle tells.

use super::Survey;
use crate::catalog::heads::probe_offset;
use crate::format::flink::error::FormatError;
use crate::format::flink::keyed::IncrementalHandle;
use crate::format::flink::keyed::KeyGroupsForm;
use crate::format::flink::keyed::KeyGroupsHandle;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::operator::Subtask;
use crate::format::flink::read::Reader;
use crate::format::flink::stream::NamedHandle;
use crate::format::flink::stream::StreamHandle;

/// What wrote the keyed state of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// RocksDB, only new files uploaded.
    RocksDbIncremental,
    /// RocksDB, everything in this checkpoint.
    RocksDbFull,
    /// ForSt whose live database is in the checkpoint directory.
    ForStIncremental,
    /// The heap (hashmap) backend.
    Heap,
    /// The changelog backend, over another one.
    Changelog,
    /// A canonical savepoint, of any backend.
    Canonical,
    /// Subtasks differ.
    Mixed,
}

impl Backend {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Backend::RocksDbIncremental => "rocksdb-incremental",
            Backend::RocksDbFull => "rocksdb-full",
            Backend::ForStIncremental => "forst-incremental",
            Backend::Heap => "heap",
            Backend::Changelog => "changelog",
            Backend::Canonical => "canonical",
            Backend::Mixed => "mixed",
        }
    }
}

/// What the managed keyed state of one subtask tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What wrote it.
    By(Backend),
    /// A database without any SST: a full checkpoint of it is the same as an incremental one.
    EmptyDatabase,
    /// It could not be told, and why.
    Unknown(String),
}

/// The one backend of several subtasks, each with its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Common {
    /// No subtask has managed keyed state.
    None,
    /// What wrote it.
    By(Backend),
    /// No subtask tells.
    Unknown {
        /// One that does not.
        subtask: i32,
        /// Why.
        why: String,
        /// How many do not.
        subtasks: usize,
    },
}

/// Concludes from what each subtask tells.
pub fn common(told: &[(i32, Told)]) -> Common {
    let mut known = told.iter().filter_map(|(_, told)| match told {
        Told::By(backend) => Some(*backend),
        Told::EmptyDatabase | Told::Unknown(_) => None,
    });
    if let Some(first) = known.next() {
        return Common::By(if known.all(|one| one == first) { first } else { Backend::Mixed });
    }
    let unknown = || {
        told.iter().filter_map(|(index, told)| match told {
            Told::Unknown(why) => Some((*index, why)),
            Told::By(_) | Told::EmptyDatabase => None,
        })
    };
    match (unknown().next(), told.is_empty()) {
        (Some((subtask, why)), _) => {
            Common::Unknown { subtask, why: why.clone(), subtasks: unknown().count() }
        }
        (None, true) => Common::None,
        (None, false) => Common::By(Backend::RocksDbIncremental),
    }
}

/// What a subtask tells; `None` without managed keyed state.
pub fn of_subtask<'a>(survey: Survey<'_, 'a>, subtask: &Subtask<'a>) -> Option<Told> {
    match subtask {
        Subtask::Running(state) => of_handle(survey, state.managed_keyed.as_ref()?),
        Subtask::Finished { .. } => None,
    }
}

fn of_handle<'a>(survey: Survey<'_, 'a>, handle: &KeyedHandle<'a>) -> Option<Told> {
    match handle {
        KeyedHandle::Incremental(handle) => Some(of_incremental(handle)),
        KeyedHandle::KeyGroups(handle) => of_key_groups(survey, handle),
        KeyedHandle::Changelog(_)
        | KeyedHandle::ChangelogMemory(_)
        | KeyedHandle::ChangelogFile(_) => Some(Told::By(Backend::Changelog)),
    }
}

fn of_incremental(handle: &IncrementalHandle<'_>) -> Told {
    // A full checkpoint has its SSTs among the private files (section 5.5 of the format).
    if handle.shared.is_empty() {
        let is_sst = |file: NamedHandle<'_>| file.local_name.as_bytes().ends_with(b".sst");
        return match handle.private.iter().any(is_sst) {
            true => Told::By(Backend::RocksDbFull),
            false => Told::EmptyDatabase,
        };
    }
    let of_forst = |file: NamedHandle<'_>| match &file.handle {
        Some(StreamHandle::File { path, .. }) => is_forst_path(&path.to_str()),
        Some(StreamHandle::Segment(segment)) => is_forst_path(&segment.path.to_str()),
        _ => false,
    };
    Told::By(match handle.shared.iter().any(of_forst) {
        true => Backend::ForStIncremental,
        false => Backend::RocksDbIncremental,
    })
}

/// `shared/op_<operator identifier>_attempt_<n>/db/<uuid>`: a live ForSt database.
fn is_forst_path(path: &str) -> bool {
    let mut segments = path.rsplit('/').skip(1);
    segments.next() == Some("db")
        && segments.next().is_some_and(|name| name.starts_with("op_") && name.contains("_attempt_"))
}

fn of_key_groups<'a>(survey: Survey<'_, 'a>, handle: &KeyGroupsHandle<'a>) -> Option<Told> {
    let (_, last) = handle.key_groups().bounds()?;
    Some(if handle.form == KeyGroupsForm::Savepoint {
        Told::By(Backend::Canonical)
    } else if survey.metadata.layout.version > 3 {
        // Since 1.16 RocksDB writes no such handle any more.
        Told::By(Backend::Heap)
    } else if handle.offsets.iter().any(|offset| offset == 0) {
        // Only a full snapshot leaves out empty key groups.
        Told::By(Backend::RocksDbFull)
    } else {
        block_of(survey, handle, last).map_or_else(Told::Unknown, Told::By)
    })
}

/// What the block of the highest key group tells (section 6.3 of the format).
fn block_of<'a>(
    survey: Survey<'_, 'a>,
    handle: &KeyGroupsHandle<'a>,
    last: i32,
) -> Result<Backend, String> {
    let stream = handle.delegate.as_ref().ok_or("its handle has no stream")?;
    if last == 0 {
        // The first bytes do not tell, so all of it must be at hand.
        let block = match stream {
            StreamHandle::Inline { data, .. } => handle
                .offsets
                .iter()
                .next()
                .and_then(|offset| data.get(usize::try_from(offset).ok()?..)),
            _ => None,
        };
        return match block.map(is_full_snapshot) {
            Some(true) => Ok(Backend::RocksDbFull),
            _ => Err("key group 0 alone does not tell a heap from a full snapshot".into()),
        };
    }
    let offset = probe_offset(handle, survey.metadata.layout.version)
        .ok_or("an offset of its handle is negative")?;
    let head =
        survey.heads.at(survey.places, stream, offset).ok_or("its stream was not read")??;
    let block: [u8; 4] = *head.first_chunk().ok_or("its stream ends before its last key group")?;
    let is_heap = i32::from_be_bytes(block) == last;
    Ok(if is_heap { Backend::Heap } else { Backend::RocksDbFull })
}

/// Whether the block of a key group is, to its last byte, one of a full snapshot.
fn is_full_snapshot(block: &[u8]) -> bool {
    const END: i16 = -1;
    let mut r = Reader::new(block);
    let mut states = || -> Result<(), FormatError> {
        let mut state = r.i16("state id")?;
        while state != END {
            let mut last = false;
            while !last {
                let key = r.sized_bytes("key")?;
                r.sized_bytes("value")?;
                last = key.first().is_none_or(|byte| byte & 0x80 != 0);
            }
            state = r.i16("state id")?;
        }
        r.finish("key group")
    };
    states().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::flink::keyed::KeyGroupRange;
    use crate::format::flink::list::List;

    fn database(
        shared: &[(&'static str, &'static str)],
        private: &[&'static str],
    ) -> IncrementalHandle<'static> {
        let file = |local_name: &'static str, path: &'static str| NamedHandle {
            local_name: local_name.into(),
            handle: Some(StreamHandle::File { size: 1, path: path.into() }),
        };
        let shared: Vec<_> = shared.iter().map(|(name, path)| file(name, path)).collect();
        let private: Vec<_> = private.iter().map(|name| file(name, "/cp/shared/p")).collect();
        IncrementalHandle {
            checkpoint_id: 1,
            backend_id: "id".into(),
            key_groups: KeyGroupRange { start: 0, count: 64 },
            second: None,
            meta: None,
            shared: shared.into(),
            private: private.into(),
        }
    }

    #[test]
    fn a_database_without_files_tells_nothing() {
        let full = of_incremental(&database(&[], &["000012.sst", "CURRENT"]));
        let empty = of_incremental(&database(&[], &["MANIFEST-4", "CURRENT"]));
        let incremental = of_incremental(&database(&[("1.sst", "/cp/shared/a")], &["CURRENT"]));
        assert_eq!((&full, &empty), (&Told::By(Backend::RocksDbFull), &Told::EmptyDatabase));
        let of = |told: &[&Told]| {
            let told: Vec<_> = (0..).zip(told.iter().map(|told| (*told).clone())).collect();
            common(&told)
        };
        assert_eq!(of(&[&full, &empty]), Common::By(Backend::RocksDbFull));
        assert_eq!(of(&[&empty, &incremental]), Common::By(Backend::RocksDbIncremental));
        assert_eq!(of(&[&empty, &empty]), Common::By(Backend::RocksDbIncremental));
        assert_eq!(of(&[&full, &empty, &incremental]), Common::By(Backend::Mixed));
        assert_eq!(of(&[]), Common::None);
        let unknown = Told::Unknown("gone".into());
        assert_eq!(of(&[&full, &unknown]), Common::By(Backend::RocksDbFull));
        let why = Common::Unknown { subtask: 1, why: "gone".into(), subtasks: 2 };
        assert_eq!(of(&[&empty, &unknown, &unknown]), why);
    }

    #[test]
    fn forst_is_told_by_any_file() {
        let live = "/cp/shared/op_x_attempt_0/db/u2";
        let told = of_incremental(&database(&[("1.sst", "/cp/shared/a"), ("2.sst", live)], &[]));
        assert_eq!(told, Told::By(Backend::ForStIncremental));
        let segment = StreamHandle::Segment(crate::format::flink::stream::Segment {
            start: 0,
            length: 1,
            scope: crate::format::flink::stream::Scope::Shared,
            path: live.into(),
            logical_file_id: "l".into(),
        });
        let shared: List<'_, _> =
            vec![NamedHandle { local_name: "1.sst".into(), handle: Some(segment) }].into();
        let told = of_incremental(&IncrementalHandle { shared, ..database(&[], &[]) });
        assert_eq!(told, Told::By(Backend::ForStIncremental));
    }

    #[test]
    fn a_full_snapshot_ends_where_its_states_end() {
        // State 0 with a last entry, then state 1 with two, then the end.
        let block = b"\0\0\0\0\0\x02\x80k\0\0\0\x01v\0\x01\
            \0\0\0\x02\0k\0\0\0\x01v\0\0\0\x02\x80l\0\0\0\0\xFF\xFF";
        assert!(is_full_snapshot(block));
        assert!(!is_full_snapshot(&block[..block.len() - 1]));
        assert!(!is_full_snapshot(&[block.as_slice(), b"x"].concat()));
        // A heap: key group 0, state 0, no entries.
        assert!(!is_full_snapshot(b"\0\0\0\0\0\0\0\0\0\0"));
    }
}
