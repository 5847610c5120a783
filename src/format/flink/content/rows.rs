//! The rows of a full snapshot (section 6.1), for whoever puts them into a database again.

use std::io;
use std::io::Read;

use super::super::backend_meta::KeyedBackendMeta;
use super::ContentError;
use super::Parsed;
use super::full::Full;
use super::input::Input;
use super::key_groups::KeyGroups;
use super::key_groups::Sort;
use super::key_groups::blocks;
use super::key_groups::head;
use super::key_groups::meta;
use super::key_groups::sort;
use super::states::States;

/// Takes the rows of a stream.
pub trait Rows {
    /// What can go wrong with it.
    type Error;

    /// Is told once, before the first row, which states there are.
    fn begin(&mut self, meta: &KeyedBackendMeta<'_>) -> Result<(), Self::Error>;

    /// Is given a row as RocksDB has it: the position of its state in the meta, the key with
    /// its key group, the value.
    ///
    /// A meta that could not be read to its end (`extent.complete`) may lack the state.
    fn row(&mut self, state: usize, key: &[u8], value: &[u8]) -> Result<(), Self::Error>;
}

/// Why rows were not read to the end of the stream.
#[derive(Debug, thiserror::Error)]
pub enum RowError<E> {
    /// The stream is damaged, or could not be read.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// It is one of the heap backend, which has objects in place of rows.
    #[error("the stream is one of the heap backend, whose entries are not those of RocksDB")]
    Heap,
    /// What took the rows.
    #[error("{0}")]
    Taken(E),
}

/// Reads the rows of a full snapshot of managed keyed state, `length` bytes, which `handle`
/// describes, in the order of the stream: by key groups, and inside of them in any order.
///
/// All is checked that [`key_groups`](super::key_groups) checks, except for what keys and values
/// decode to: no serializer has to be known. One row is held at a time.
///
/// # Errors
/// The stream is damaged, cannot be read, is one of the heap backend, or `rows` fails. What was
/// given to `rows` before that is no more than a part.
pub fn full_rows<R: Rows>(
    source: &mut dyn Read,
    length: u64,
    handle: &KeyGroups,
    rows: &mut R,
) -> Result<Parsed, RowError<R::Error>> {
    let mut input = Input::new(source, length);
    let blocks = blocks(handle, length, 0)?;
    let head = head(&mut input, &blocks, length)?;
    let meta = meta(&head)?;
    if sort(&mut input, &blocks, handle)? == Sort::Heap {
        return Err(RowError::Heap);
    }
    rows.begin(&meta).map_err(RowError::Taken)?;
    let mut states = States::of(&meta);
    let mut failed = None;
    for block in &blocks {
        let mut sink = |state: usize, key: &[u8], value: &[u8]| {
            rows.row(state, key, value).map_err(|error| {
                failed = Some(error);
                ContentError::Source(io::Error::other("a row was not taken"))
            })
        };
        let (group, prefix) = (block.group, handle.prefix());
        let full = Full { states: &mut states, group, prefix, sink: Some(&mut sink) };
        let read = input.until(block.end, "key group", |input| full.read(input, meta.compressed));
        match (read, failed.take()) {
            (Err(_), Some(error)) => return Err(RowError::Taken(error)),
            (read, _) => read?,
        }
    }
    input.finish("key-groups stream")?;
    Ok(states.parsed(length))
}
