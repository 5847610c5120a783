//! The physical files of a checkpoint: each counted once, whoever refers to it.

use std::collections::HashMap;
use std::collections::HashSet;

use super::Survey;
use crate::format::flink::changelog::MemorySegment;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::keyed::add;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::stream::StreamHandle;
use crate::format::flink::utf::Utf;
use crate::model::places::Place;
use crate::model::walk;
use crate::model::walk::Role;

/// Sums over distinct files.
#[derive(Debug, Clone, Default)]
pub struct FileSums {
    /// Distinct physical files.
    pub files: u64,
    /// Bytes referred to in them, each range once; `None` if a size is unknown.
    pub bytes: Option<u64>,
    /// Files that lie outside of the base.
    pub outside: u64,
    /// Bytes inside the metadata file.
    pub inline_bytes: u64,
    /// Whether any handle is a segment of a merged file.
    pub merged: bool,
    /// A shared file with a relative path, if there is one.
    pub relative_shared: Option<String>,
    /// A path that no Flink writes, if there is one.
    pub hostile: Option<String>,
}

impl FileSums {
    pub(super) fn of(survey: Survey<'_, '_>) -> Self {
        let places = survey.places;
        let mut sums = FileSums { bytes: Some(0), ..FileSums::default() };
        let mut whole: HashSet<Place<'_>> = HashSet::new();
        let mut segments: HashMap<Place<'_>, HashSet<(i64, i64)>> = HashMap::new();
        walk::streams(survey.metadata, |_, _, stream| {
            let handle = innermost(&stream.handle);
            let place = match handle {
                StreamHandle::Inline { data, .. } => {
                    sums.inline_bytes += data.len() as u64;
                    None
                }
                StreamHandle::EmptySegment => {
                    sums.merged = true;
                    None
                }
                _ => places.of(handle),
            };
            let Some(place) = place else { return };
            let first = match handle {
                StreamHandle::Segment(segment) => {
                    sums.merged = true;
                    let known = segments.contains_key(&place);
                    let ranges = segments.entry(place).or_default();
                    if ranges.insert((segment.start, segment.length)) {
                        sums.bytes = add(sums.bytes, handle.state_size());
                    }
                    !known
                }
                _ => {
                    let first = whole.insert(place);
                    if first {
                        sums.bytes = add(sums.bytes, handle.state_size());
                    }
                    first
                }
            };
            if first {
                sums.files += 1;
                sums.outside += u64::from(places.is_outside(place));
                if places.is_suspicious(place) && sums.hostile.is_none() {
                    sums.hostile = Some(places.text(place));
                }
            }
            let relative = matches!(handle, StreamHandle::Relative { .. });
            if relative && stream.role == Role::Shared && sums.relative_shared.is_none() {
                sums.relative_shared = Some(places.text(place));
            }
        });
        sums.inline_bytes += in_memory_changes(survey);
        sums
    }
}

/// Changes that changelog handles carry inside the metadata.
fn in_memory_changes(survey: Survey<'_, '_>) -> u64 {
    fn of(handle: &KeyedHandle<'_>) -> u64 {
        match handle {
            KeyedHandle::ChangelogMemory(segment) => MemorySegment::state_size(segment),
            KeyedHandle::Changelog(handle) => {
                let parts = handle.materialized.iter().chain(handle.non_materialized.iter());
                parts.flatten().map(|part| of(&part)).sum()
            }
            _ => 0,
        }
    }
    survey.metadata.keyed_handles().map(|handle| of(&handle)).sum()
}

/// The stream behind a key-groups handle in the place of a stream.
fn innermost<'h, 'a>(handle: &'h StreamHandle<'a>) -> &'h StreamHandle<'a> {
    match handle {
        StreamHandle::KeyGroups(keyed) => keyed.delegate.as_ref().map_or(handle, innermost),
        _ => handle,
    }
}

/// One use of a physical file.
#[derive(Debug, Clone, Copy)]
pub struct FileUse<'a> {
    /// The file.
    pub place: Place<'a>,
    /// First byte and number of bytes, for a segment.
    pub segment: Option<(i64, i64)>,
    /// Bytes, if known.
    pub bytes: Option<u64>,
    /// Flink's class of the handle.
    pub class: &'static str,
    /// What for.
    pub role: Role,
    /// The operator that refers to it.
    pub operator: OperatorId,
    /// Its subtask; `None` for the coordinator.
    pub subtask: Option<i32>,
    /// The name under which the backend knows it.
    pub local_name: Option<Utf<'a>>,
}

/// Every use of every file, uses of one file beside each other, files in the order of their
/// directories and names. With an operator only that one's uses.
pub fn uses<'a>(survey: Survey<'_, 'a>, only: Option<OperatorId>) -> Vec<FileUse<'a>> {
    let mut uses = Vec::new();
    walk::streams(survey.metadata, |operator, subtask, stream| {
        if only.is_some_and(|only| only != operator.id) {
            return;
        }
        let handle = innermost(&stream.handle);
        let Some(place) = survey.places.of(handle) else { return };
        let segment = match handle {
            StreamHandle::Segment(segment) => Some((segment.start, segment.length)),
            _ => None,
        };
        uses.push(FileUse {
            place,
            segment,
            bytes: handle.state_size(),
            class: handle.class(),
            role: stream.role,
            operator: operator.id,
            subtask,
            local_name: stream.local_name,
        });
    });
    uses.sort_by(|a, b| {
        let key = |u: &FileUse<'a>| (u.place, u.operator, u.subtask, u.role, u.segment);
        key(a).cmp(&key(b)).then_with(|| a.local_name.cmp(&b.local_name))
    });
    uses
}
