//! The physical files of a checkpoint: each counted once, whoever refers to it.

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

/// The physical files of a checkpoint and who uses them.
#[derive(Debug)]
pub struct Files<'a> {
    /// The operators that refer to files.
    pub operators: Vec<OperatorId>,
    /// Every use of every file: those of one file beside each other, files in the order of
    /// their directories and names.
    pub uses: Vec<FileUse<'a>>,
    /// Sums over distinct files.
    pub sums: FileSums,
}

/// Sums over distinct files.
#[derive(Debug, Clone, Default)]
pub struct FileSums {
    /// Distinct physical files.
    pub files: u64,
    /// Bytes referred to in them, each range once; `None` if a size is unknown.
    pub bytes: Option<u64>,
    /// Files that lie outside of the base and that no rule maps.
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

impl<'a> Files<'a> {
    pub(super) fn of(survey: Survey<'_, 'a>) -> Self {
        let places = survey.places;
        let mut sums = FileSums::default();
        let mut operators: Vec<OperatorId> = Vec::new();
        let mut uses = Vec::new();
        walk::streams(survey.metadata, |operator, subtask, stream| {
            let handle = stream.handle.innermost();
            let start = match handle {
                StreamHandle::Inline { data, .. } => {
                    sums.inline_bytes += data.len() as u64;
                    return;
                }
                StreamHandle::EmptySegment => {
                    sums.merged = true;
                    return;
                }
                StreamHandle::Segment(segment) => {
                    sums.merged = true;
                    segment.start
                }
                _ => -1,
            };
            let Some(place) = places.of(handle) else { return };
            // Streams come operator by operator.
            if operators.last() != Some(&operator.id) {
                operators.push(operator.id);
            }
            let relative = matches!(handle, StreamHandle::Relative { .. });
            if relative && stream.role == Role::Shared && sums.relative_shared.is_none() {
                sums.relative_shared = Some(places.text(place));
            }
            uses.push(FileUse {
                place,
                local_name: stream.local_name.unwrap_or_default(),
                start,
                bytes: handle.state_size().and_then(|n| i64::try_from(n).ok()).unwrap_or(-1),
                operator: u32::try_from(operators.len() - 1).unwrap_or(u32::MAX),
                subtask: subtask.unwrap_or(-1),
                role: stream.role,
                relative,
            });
        });
        uses.sort_unstable_by(|a, b| {
            let key = |u: &FileUse<'a>| (u.place, u.operator, u.subtask, u.role, u.start);
            key(a).cmp(&key(b)).then_with(|| a.local_name.cmp(&b.local_name))
        });
        sums.inline_bytes += in_memory_changes(survey);
        sums.bytes = Some(0);
        for file in one_by_one(&uses) {
            let Some(first) = file.first() else { continue };
            sums.files += 1;
            sums.bytes = add(sums.bytes, bytes_in(file));
            sums.outside += u64::from(places.is_outside(first.place));
            if sums.hostile.is_none() && places.is_suspicious(first.place) {
                sums.hostile = Some(places.text(first.place));
            }
        }
        Files { operators, uses, sums }
    }
}

/// The uses of each file, file by file.
pub fn one_by_one<'u, 'a>(uses: &'u [FileUse<'a>]) -> impl Iterator<Item = &'u [FileUse<'a>]> + 'u {
    uses.chunk_by(|a, b| a.place == b.place)
}

/// Bytes that the uses of one file refer to, each once; `None` if a size is unknown.
pub fn bytes_in(file: &[FileUse<'_>]) -> Option<u64> {
    distinct_bytes(file.iter().map(|one| (one.start, one.bytes)))
}

/// Bytes in ranges of start and length. A handle to a whole file (start -1) refers to it from
/// its beginning.
fn distinct_bytes(ranges: impl Iterator<Item = (i64, i64)>) -> Option<u64> {
    let range = |(start, bytes): (i64, i64)| {
        let start = u64::try_from(start).unwrap_or(0);
        Some((start, start.checked_add(u64::try_from(bytes).ok()?)?))
    };
    let mut ranges = ranges.map(range).collect::<Option<Vec<_>>>()?;
    ranges.sort_unstable();
    let mut end_of_last = 0;
    let distinct = ranges.into_iter().map(|(start, end)| {
        let new = end.saturating_sub(start.max(end_of_last));
        end_of_last = end_of_last.max(end);
        new
    });
    Some(distinct.sum())
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
    /// The operator that refers to it, by its position in [`Files::operators`].
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

#[cfg(test)]
mod tests {
    use super::distinct_bytes;

    #[test]
    fn each_byte_of_a_file_counts_once() {
        let bytes = |ranges: &[(i64, i64)]| distinct_bytes(ranges.iter().copied());
        assert_eq!(bytes(&[(-1, 10), (-1, 10)]), Some(10));
        assert_eq!(bytes(&[(-1, 10), (-1, 30)]), Some(30));
        assert_eq!(bytes(&[(0, 10), (5, 10)]), Some(15));
        assert_eq!(bytes(&[(0, 10), (20, 5), (0, 10)]), Some(15));
        assert_eq!(bytes(&[(-1, 100), (20, 5)]), Some(100));
        assert_eq!(bytes(&[(0, 10), (-1, -1)]), None);
    }
}
