//! Which state backend wrote a keyed handle, as far as the handle tells.

use super::Survey;
use crate::catalog::heads::probe_offset;
use crate::format::flink::keyed::IncrementalHandle;
use crate::format::flink::keyed::KeyGroupsForm;
use crate::format::flink::keyed::KeyGroupsHandle;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::operator::Subtask;
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

/// The one backend of several subtasks; `None` without any, or if nothing tells.
pub fn common(backends: &[Backend]) -> Option<Backend> {
    let first = *backends.first()?;
    Some(if backends.iter().all(|one| *one == first) { first } else { Backend::Mixed })
}

/// The backend of a subtask's managed keyed state, if it has any and something tells.
pub fn of_subtask<'a>(survey: Survey<'_, 'a>, subtask: &Subtask<'a>) -> Option<Backend> {
    match subtask {
        Subtask::Running(state) => of_handle(survey, state.managed_keyed.as_ref()?),
        Subtask::Finished { .. } => None,
    }
}

fn of_handle<'a>(survey: Survey<'_, 'a>, handle: &KeyedHandle<'a>) -> Option<Backend> {
    match handle {
        KeyedHandle::Incremental(handle) => Some(of_incremental(handle)),
        KeyedHandle::KeyGroups(handle) => of_key_groups(survey, handle),
        KeyedHandle::Changelog(_)
        | KeyedHandle::ChangelogMemory(_)
        | KeyedHandle::ChangelogFile(_) => Some(Backend::Changelog),
    }
}

fn of_incremental(handle: &IncrementalHandle<'_>) -> Backend {
    // A full checkpoint has its SSTs among the private files (section 5.5 of the format).
    let is_sst = |name: &[u8]| name.ends_with(b".sst");
    let private_sst = handle.private.iter().any(|file| is_sst(file.local_name.as_bytes()));
    if handle.shared.is_empty() && private_sst {
        return Backend::RocksDbFull;
    }
    let of_forst = handle.shared.iter().take(1).any(|file| match &file.handle {
        Some(StreamHandle::File { path, .. }) => is_forst_path(&path.to_str()),
        _ => false,
    });
    if of_forst { Backend::ForStIncremental } else { Backend::RocksDbIncremental }
}

/// `shared/op_<operator identifier>_attempt_<n>/db/<uuid>`: a live ForSt database.
fn is_forst_path(path: &str) -> bool {
    let mut segments = path.rsplit('/').skip(1);
    segments.next() == Some("db")
        && segments.next().is_some_and(|name| name.starts_with("op_") && name.contains("_attempt_"))
}

fn of_key_groups<'a>(survey: Survey<'_, 'a>, handle: &KeyGroupsHandle<'a>) -> Option<Backend> {
    if handle.form == KeyGroupsForm::Savepoint {
        return Some(Backend::Canonical);
    }
    if survey.metadata.layout.version > 3 {
        // Since 1.16 RocksDB writes no such handle any more.
        return Some(Backend::Heap);
    }
    if handle.offsets.iter().any(|offset| offset == 0) {
        // Only a full snapshot leaves out empty key groups.
        return Some(Backend::RocksDbFull);
    }
    let offset = probe_offset(handle, survey.metadata.layout.version)?;
    let (_, last) = handle.key_groups().bounds()?;
    let head = survey.heads.at(survey.places, handle.delegate.as_ref()?, offset)?.ok()?;
    let block: [u8; 4] = *head.first_chunk()?;
    Some(if i32::from_be_bytes(block) == last { Backend::Heap } else { Backend::RocksDbFull })
}
