//! Key-groups streams of managed keyed state (section 6): the head, and a block for every key
//! group.

use std::io::Read;

use super::super::backend_meta::Hints;
use super::super::backend_meta::KeyedBackendMeta;
use super::super::error::FormatError;
use super::super::error::Problem;
use super::Parsed;
use super::Result;
use super::at;
use super::frames::IDENTIFIER;
use super::full::Full;
use super::heap::heap_group;
use super::input::Input;
use super::states::States;

/// What a handle says of a key-groups stream.
#[derive(Debug, Clone)]
pub struct KeyGroups {
    /// First key group.
    pub first: i32,
    /// Offset of each key group; 0 for an empty one in a full snapshot, -1 in raw state.
    pub offsets: Vec<i64>,
    /// Max parallelism of the operator: above 128 the prefix of a key has two bytes, not one.
    pub max_parallelism: i32,
    /// What the stream is, if that is known: a full snapshot in canonical savepoints (tag 7),
    /// a heap stream since 1.16 elsewhere. Otherwise it is told from the content.
    pub sort: Option<Sort>,
}

/// The two formats of key groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Canonical: entries as they are in RocksDB (section 6.1).
    Full,
    /// As the heap backend writes them (section 6.2).
    Heap,
}

/// Parses a stream of managed keyed state, `length` bytes, which `handle` describes.
pub fn key_groups(source: &mut dyn Read, length: u64, handle: &KeyGroups) -> Result<Parsed> {
    let mut input = Input::new(source, length);
    let blocks = blocks(handle, length, 0)?;
    let head = head(&mut input, &blocks, length)?;
    let meta = meta(&head)?;
    let mut states = States::of(&meta);
    let sort = sort(&mut input, &blocks, handle)?;
    for block in &blocks {
        input.until(block.end, "key group", |input| match sort {
            Sort::Full => {
                let prefix = handle.prefix();
                let full = Full { states: &mut states, group: block.group, prefix, sink: None };
                full.read(input, meta.compressed)
            }
            Sort::Heap => heap_group(&mut states, block.group, input, meta.compressed),
        })?;
    }
    input.finish("key-groups stream")?;
    Ok(states.parsed(length))
}

impl KeyGroups {
    /// Bytes of the key group in front of a key: 1 or 2.
    pub fn prefix(&self) -> u8 {
        key_group_prefix(self.max_parallelism)
    }
}

/// Bytes of the key group in front of a key of an operator: 1 or 2 (section 5.2).
pub fn key_group_prefix(max_parallelism: i32) -> u8 {
    if max_parallelism > 128 { 2 } else { 1 }
}

/// The bytes before the first key group.
pub(super) fn head(input: &mut Input<'_>, blocks: &[Block], length: u64) -> Result<Vec<u8>> {
    let end = blocks.first().map_or(length, |block| block.start);
    input.vec(end, "keyed backend meta")
}

/// The meta that a head is, to its last byte.
pub(super) fn meta(head: &[u8]) -> Result<KeyedBackendMeta<'_>> {
    KeyedBackendMeta::check(head)?;
    let head_end = head.len() as u64;
    let hints = Hints { end: Some(head_end), ..Hints::default() };
    let meta = KeyedBackendMeta::parse(head, &hints)?;
    if let Some(end) = meta.extent.bytes_read.filter(|end| *end != head_end) {
        let what = "ends before the first key group begins";
        return Err(at(end, "keyed backend meta", what).into());
    }
    Ok(meta)
}

/// What the stream is, by the handle or by the first key group, which comes next. One without
/// key groups is both.
pub(super) fn sort(input: &mut Input<'_>, blocks: &[Block], handle: &KeyGroups) -> Result<Sort> {
    match (handle.sort, blocks.first()) {
        (Some(sort), _) => Ok(sort),
        (None, Some(first)) if !handle.offsets.contains(&0) => tell(input, first, handle),
        _ => Ok(Sort::Full),
    }
}

/// Where a key group lies.
pub(super) struct Block {
    pub(super) group: i32,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// The key groups that are not empty, which is those whose offset is not `empty`; each ends
/// where the next begins, the last with the stream.
pub(super) fn blocks(handle: &KeyGroups, length: u64, empty: i64) -> Result<Vec<Block>> {
    const FIELD: &str = "offset of a key group";
    let mut blocks: Vec<Block> = Vec::new();
    for (group, &offset) in (handle.first..).zip(&handle.offsets) {
        if offset == empty {
            continue;
        }
        let fail = |problem| Err(FormatError { offset: length, field: FIELD, problem }.into());
        let Ok(start) = u64::try_from(offset) else { return fail(Problem::Negative(offset)) };
        if start > length {
            return fail(Problem::TooLarge { value: start, limit: length });
        }
        if let Some(before) = blocks.last_mut() {
            if start <= before.start {
                return Err(at(start, FIELD, "is not behind that of the key group before").into());
            }
            before.end = start;
        }
        blocks.push(Block { group, start, end: length });
    }
    Ok(blocks)
}

/// Tells a full snapshot from a heap stream by the first key group of which something lies
/// here (section 6.3).
fn tell(input: &mut Input<'_>, block: &Block, handle: &KeyGroups) -> Result<Sort> {
    let size = usize::try_from(block.end.saturating_sub(block.start)).unwrap_or(usize::MAX);
    let peeked = input.peek()?;
    let bytes = peeked.get(..size.min(peeked.len())).unwrap_or_default();
    if bytes.starts_with(&IDENTIFIER) {
        return Ok(Sort::Full);
    }
    let begins = bytes.first_chunk::<4>().map(|four| i32::from_be_bytes(*four));
    let two_bytes = handle.max_parallelism > 128;
    // In a full snapshot this would be state 0 and a key of 64 KiB times the key group.
    let heap = match block.group {
        0 => begins == Some(0) && !looks_full(bytes, size, two_bytes),
        group => begins == Some(group),
    };
    Ok(if heap { Sort::Heap } else { Sort::Full })
}

/// Whether the bytes of key group 0, as far as they are at hand, are entries of a full
/// snapshot.
fn looks_full(bytes: &[u8], size: usize, two_bytes: bool) -> bool {
    let prefix = if two_bytes { 2 } else { 1 };
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut left = size.saturating_sub(2);
    loop {
        let mut last = false;
        for key in [true, false] {
            let Some((length, behind)) = rest.split_first_chunk::<4>() else { return true };
            let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else { return false };
            left = left.saturating_sub(4);
            if length > left || (key && length <= prefix) {
                return false;
            }
            if key {
                let Some(first) = behind.first() else { return true };
                last = *first == 0x80;
                if !last && *first != 0 {
                    return false;
                }
            }
            left = left.saturating_sub(length);
            let Some(behind) = behind.get(length..) else { return true };
            rest = behind;
        }
        if last {
            let Some((mark, behind)) = rest.split_first_chunk::<2>() else { return true };
            left = left.saturating_sub(2);
            if *mark == [0xFF, 0xFF] {
                return left == 0;
            }
            rest = behind;
        }
    }
}
