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

/// One use of a physical file. There can be millions, so it is kept small.
#[derive(Debug, Clone, Copy)]
pub struct FileUse<'a> {
    /// The file.
    pub place: Place<'a>,
    /// The name under which the backend knows it; empty where it has none.
    pub local_name: Utf<'a>,
    /// First byte of a segment; -1 for a whole file.
    pub start: i64,
    /// Bytes, -1 if unknown.
    pub bytes: i64,
    /// The operator that refers to it, by its position in [`FileUses::operators`].
    pub operator: u32,
    /// Its subtask; -1 for the coordinator.
    pub subtask: i32,
    /// What for.
    pub role: Role,
    /// Whether the path is relative to the metadata file.
    pub relative: bool,
}

impl FileUse<'_> {
    /// Flink's class of the handle.
    pub fn class(&self) -> &'static str {
        match (self.start, self.relative) {
            (0.., _) => "SegmentFileStateHandle",
            (_, true) => "RelativeFileStateHandle",
            (_, false) => "FileStateHandle",
        }
    }
}

/// Every use of every file.
#[derive(Debug)]
pub struct FileUses<'a> {
    /// The operators that refer to files.
    pub operators: Vec<OperatorId>,
    /// The uses: those of one file beside each other, files in the order of their directories
    /// and names.
    pub uses: Vec<FileUse<'a>>,
}

impl<'a> FileUses<'a> {
    /// All uses, or those of one operator.
    pub fn of(survey: Survey<'_, 'a>, only: Option<OperatorId>) -> Self {
        let places = survey.places;
        let mut operators: Vec<OperatorId> = Vec::new();
        let mut uses = Vec::new();
        walk::streams(survey.metadata, |operator, subtask, stream| {
            if only.is_some_and(|only| only != operator.id) {
                return;
            }
            let handle = innermost(&stream.handle);
            let Some(place) = places.of(handle) else { return };
            // Streams come operator by operator.
            if operators.last() != Some(&operator.id) {
                operators.push(operator.id);
            }
            uses.push(FileUse {
                place,
                local_name: stream.local_name.unwrap_or_default(),
                start: match handle {
                    StreamHandle::Segment(segment) => segment.start,
                    _ => -1,
                },
                bytes: handle.state_size().and_then(|n| i64::try_from(n).ok()).unwrap_or(-1),
                operator: u32::try_from(operators.len() - 1).unwrap_or(u32::MAX),
                subtask: subtask.unwrap_or(-1),
                role: stream.role,
                relative: matches!(handle, StreamHandle::Relative { .. }),
            });
        });
        uses.sort_unstable_by(|a, b| {
            let key = |u: &FileUse<'a>| (u.place, u.operator, u.subtask, u.role, u.start);
            key(a).cmp(&key(b)).then_with(|| a.local_name.cmp(&b.local_name))
        });
        FileUses { operators, uses }
    }
}
