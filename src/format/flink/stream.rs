//! Stream state handles (section 1.6.2): where bytes of state are.

use super::error::Problem;
use super::error::Result;
use super::keyed::KeyGroupsHandle;
use super::list::Layout;
use super::list::Record;
use super::read::Depth;
use super::read::Reader;
use super::utf::Utf;

/// A handle to a stream of bytes. `None` in its place is Flink's null handle (tag 0).
#[derive(Debug, Clone, PartialEq)]
pub enum StreamHandle<'a> {
    /// Tag 1, `ByteStreamStateHandle`: the bytes are inside the metadata.
    Inline {
        /// The path the data would have had as a file; the identity of the handle.
        name: Utf<'a>,
        /// The state itself.
        data: &'a [u8],
    },
    /// Tag 2, `FileStateHandle`: a file by its absolute path.
    File {
        /// Bytes, -1 if unknown.
        size: i64,
        /// Path in Flink's string form (section 2.6).
        path: Utf<'a>,
    },
    /// Tag 6, `RelativeFileStateHandle`: a file beside the metadata.
    Relative {
        /// File name inside the exclusive directory.
        path: Utf<'a>,
        /// Bytes, -1 if unknown.
        size: i64,
    },
    /// Tag 15, `SegmentFileStateHandle`: a part of a merged file.
    Segment(Segment<'a>),
    /// Tag 16, `EmptySegmentFileStateHandle`: stands for no bytes at all.
    EmptySegment,
    /// Tag 3, `KeyGroupsStateHandle` in the place of a plain stream.
    KeyGroups(Box<KeyGroupsHandle<'a>>),
}

/// A range of bytes in a physical file which holds many of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment<'a> {
    /// First byte in the physical file.
    pub start: i64,
    /// Bytes.
    pub length: i64,
    /// Who shares the physical file.
    pub scope: Scope,
    /// Absolute path of the physical file.
    pub path: Utf<'a>,
    /// The segment's identity, a random UUID.
    pub logical_file_id: Utf<'a>,
}

/// `CheckpointedStateScope` of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// 0: owned by one checkpoint.
    Exclusive,
    /// 1: may be used by later checkpoints.
    Shared,
}

impl Scope {
    /// Flink's name of the constant.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Exclusive => "EXCLUSIVE",
            Scope::Shared => "SHARED",
        }
    }
}

/// How deep key-groups handles may nest: Flink has no reason to nest even two.
const MAX_NESTED: Depth = Depth { limit: 4, exceeded: "is nested more than 4 levels deep" };

const ALLOWED: &str = "a stream handle: 0, 1, 2, 3, 6, 15 or 16";

impl<'a> StreamHandle<'a> {
    /// Reads a tag and what it announces; `None` is the null handle.
    pub fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Option<Self>> {
        let at = r.clone();
        let tag = r.u8("stream handle tag")?;
        Ok(Some(match tag {
            0 => return Ok(None),
            1 => StreamHandle::Inline {
                name: r.utf("inline handle name")?,
                data: r.sized_bytes("inline handle data")?,
            },
            2 => StreamHandle::File { size: size(r)?, path: r.utf("file path")? },
            3 => StreamHandle::KeyGroups(Box::new(r.nested_in(
                MAX_NESTED,
                "key-groups handle",
                |r| KeyGroupsHandle::read_body(r, tag, layout),
            )?)),
            6 => StreamHandle::Relative { path: r.utf("relative path")?, size: size(r)? },
            15 => StreamHandle::Segment(Segment {
                start: not_negative(r, "segment start")?,
                length: not_negative(r, "segment length")?,
                scope: scope(r)?,
                path: r.utf("segment file path")?,
                logical_file_id: r.utf("logical file id")?,
            }),
            16 => StreamHandle::EmptySegment,
            found => {
                let problem = Problem::Tag { found, allowed: ALLOWED };
                return Err(at.error("stream handle tag", problem));
            }
        }))
    }

    /// The stream itself, where a key-groups handle stands in the place of a stream.
    pub fn innermost(&self) -> &Self {
        match self {
            StreamHandle::KeyGroups(keyed) => keyed.delegate.as_ref().map_or(self, Self::innermost),
            _ => self,
        }
    }

    /// Flink's class name.
    pub fn class(&self) -> &'static str {
        match self {
            StreamHandle::Inline { .. } => "ByteStreamStateHandle",
            StreamHandle::File { .. } => "FileStateHandle",
            StreamHandle::Relative { .. } => "RelativeFileStateHandle",
            StreamHandle::Segment(_) => "SegmentFileStateHandle",
            StreamHandle::EmptySegment => "EmptySegmentFileStateHandle",
            StreamHandle::KeyGroups(_) => "KeyGroupsStateHandle",
        }
    }

    /// Bytes of state behind the handle, `None` if the metadata does not know.
    pub fn state_size(&self) -> Option<u64> {
        match self {
            StreamHandle::Inline { data, .. } => Some(data.len() as u64),
            StreamHandle::File { size, .. } | StreamHandle::Relative { size, .. } => {
                u64::try_from(*size).ok()
            }
            StreamHandle::Segment(segment) => u64::try_from(segment.length).ok(),
            StreamHandle::EmptySegment => Some(0),
            StreamHandle::KeyGroups(handle) => handle.state_size(),
        }
    }
}

/// A file with the name by which the backend knows it: `HandleAndLocalPath`.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedHandle<'a> {
    /// The local name, for RocksDB for example `000012.sst`.
    pub local_name: Utf<'a>,
    /// Where its bytes are.
    pub handle: Option<StreamHandle<'a>>,
}

impl<'a> Record<'a> for NamedHandle<'a> {
    const MIN_SIZE: usize = 3;

    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Self> {
        Ok(NamedHandle {
            local_name: r.utf("local file name")?,
            handle: StreamHandle::read(r, layout)?,
        })
    }
}

fn size(r: &mut Reader<'_>) -> Result<i64> {
    let at = r.clone();
    let size = r.i64("file size")?;
    if size < -1 {
        return Err(at.error("file size", Problem::Negative(size)));
    }
    Ok(size)
}

fn not_negative(r: &mut Reader<'_>, field: &'static str) -> Result<i64> {
    let at = r.clone();
    let value = r.i64(field)?;
    if value < 0 {
        return Err(at.error(field, Problem::Negative(value)));
    }
    Ok(value)
}

fn scope(r: &mut Reader<'_>) -> Result<Scope> {
    let at = r.clone();
    match r.i32("segment scope")? {
        0 => Ok(Scope::Exclusive),
        1 => Ok(Scope::Shared),
        _ => Err(at.invalid("segment scope", "is neither 0 (EXCLUSIVE) nor 1 (SHARED)")),
    }
}
