//! What the streams of a checkpoint hold, parsed to the last byte in order to find damage.
//!
//! | to change | open |
//! |---|---|
//! | how bytes are pulled, windows, ends | `input.rs` |
//! | Snappy frames and their checksums | `frames.rs` |
//! | which serializer writes what | `codec.rs` |
//! | what a value of it must look like | `value.rs`, `row.rs` |
//! | the states of a keyed stream | `states.rs` |
//! | key-groups streams: full snapshots, heap | `key_groups.rs`, `full.rs`, `heap.rs` |
//! | what reads the rows of full snapshots | `rows.rs` |
//! | operator state | `operator.rs` |
//! | in-flight data | `channel.rs` |
//! | changelog segments | `changelog.rs`, `change.rs` |
//! | raw keyed state | `raw.rs` |
//!
//! A stream may have gigabytes, so it is pulled from a [`Read`] and never held:
//! 64 KiB of it are, one Snappy chunk, and its head (at most [`MAX_HEAD`]). What is only stepped
//! over is not buffered, and no length found in a stream is trusted with an allocation.
//!
//! Without checksums a changed number or character cannot be told from another one. What can
//! be told: every cut, everything behind the end, and every change of a length, count, tag,
//! flag, key group, state id or offset that does not by chance lead to the same end.

mod change;
mod changelog;
mod channel;
mod codec;
mod frames;
mod full;
mod heap;
mod input;
mod key_groups;
mod operator;
mod raw;
mod row;
mod rows;
mod states;
#[cfg(test)]
mod tests;
mod value;

pub use change::Backend;
pub use changelog::Named;
pub use changelog::changelog_file;
pub use changelog::changelog_memory;
pub use changelog::changelog_order;
pub use channel::Channel;
pub use channel::channel_state;
pub use codec::Codec;
pub use key_groups::KeyGroups;
pub use key_groups::Sort;
pub use key_groups::key_group_prefix;
pub use key_groups::key_groups;
pub use operator::OperatorPart;
pub use operator::operator_state;
pub use raw::raw_key_groups;
pub use rows::RowError;
pub use rows::Rows;
pub use rows::full_rows;

use std::io;
use std::io::Read;

use super::backend_meta::Hints;
use super::backend_meta::KeyedBackendMeta;
use super::error::FormatError;
use super::error::Problem;
use input::Input;

/// Longest head (backend meta) of a stream in bytes. Real ones have some kilobytes.
pub const MAX_HEAD: u64 = 64 << 20;

/// Why a stream was not parsed to its end.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// The bytes are not what Flink writes. The offset counts from the start of the stream;
    /// inside of Snappy frames it is that of the chunk which was being read.
    #[error(transparent)]
    Damage(#[from] FormatError),
    /// The bytes could not be had, which says nothing about them.
    #[error("the stream could not be read: {0}")]
    Source(io::Error),
}

/// Result of reading content.
pub type Result<T, E = ContentError> = std::result::Result<T, E>;

/// A stream that was parsed to its last byte without finding damage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parsed {
    /// Bytes of the stream, as they are stored.
    pub bytes: u64,
    /// Entries of keyed state, elements of operator state, buffers, or changes.
    pub entries: u64,
    /// The same by the name of the state, in the order of the head.
    pub states: Vec<(String, u64)>,
    /// What could not be decoded, and why; sorted, each once. Around it all has been checked
    /// that can be: frames, counts, offsets, ends.
    pub opaque: Vec<String>,
}

/// What ends the decoding of a value: an error, or a serializer nobody here knows.
#[derive(Debug)]
pub(super) enum Stop {
    Error(ContentError),
    /// Class of the serializer's snapshot.
    Unknown(String),
}

impl<E: Into<ContentError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Error(error.into())
    }
}

/// Parses the stream of an incremental handle's meta handle, `length` bytes: a keyed backend
/// meta (section 4.1) and nothing else.
pub fn backend_meta(source: &mut dyn Read, length: u64) -> Result<Parsed> {
    let mut input = Input::new(source, length);
    let bytes = input.vec(length, "backend meta")?;
    KeyedBackendMeta::check(&bytes)?;
    let meta = KeyedBackendMeta::parse(&bytes, &Hints::meta_handle(&bytes))?;
    if let Some(end) = meta.extent.bytes_read.filter(|end| *end != length) {
        return Err(at(end, "backend meta", "has bytes behind its last field").into());
    }
    input.finish("backend meta")?;
    let mut opaque: Vec<String> = meta.extent.notes.iter().map(|note| note.text.clone()).collect();
    for state in &meta.states {
        opaque.extend(state.note.iter().map(|note| format!("{}: {note}", state.name.to_str())));
    }
    opaque.sort();
    opaque.dedup();
    let states = meta.states.iter().map(|state| (state.name.to_str().into_owned(), 0)).collect();
    Ok(Parsed { bytes: length, entries: 0, states, opaque })
}

/// Reads a stream whose content only its author knows: raw operator state, coordinator state.
/// That it has the length its handle says is all that can be checked.
pub fn user_defined(source: &mut dyn Read, length: u64, what: &str) -> Result<Parsed> {
    rest_is_user_defined(&mut Input::new(source, length), length, what)
}

fn rest_is_user_defined(input: &mut Input<'_>, length: u64, what: &str) -> Result<Parsed> {
    input.skip_rest("user-defined content")?;
    input.finish("user-defined content")?;
    let opaque = vec![format!("{what}: its content is defined by its author")];
    Ok(Parsed { bytes: length, opaque, ..Parsed::default() })
}

/// An error in words.
fn at(offset: u64, field: &'static str, what: &'static str) -> FormatError {
    FormatError { offset, field, problem: Problem::Invalid(what) }
}
