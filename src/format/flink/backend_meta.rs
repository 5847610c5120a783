//! Backend meta: which states a backend holds, and how they are serialized (section 4).
//!
//! It is the whole content of the meta handle of an incremental keyed handle, and the head of
//! every other stream of managed state. The formats have no lengths, so a serializer snapshot
//! of a class that is not Flink's cannot be stepped over; `resync.rs` finds what follows it.

use super::error::{FormatError, Problem, Result};
use super::read::Reader;
use super::serializer::{Serializer, known};
use super::utf::Utf;

mod draft;
mod resync;
#[cfg(test)]
mod tests;

use draft::{Draft, Kind, read_state};
use resync::{Resolved, resolve};

/// What is known about the bytes beforehand. All of it only helps where a serializer is not
/// Flink's; `Hints::default()` is for a complete stream of which nothing is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'h> {
    /// The bytes are only the beginning of the stream. Then nothing is guessed from its end,
    /// and what more bytes could cure is an error for which [`wants_more`] is true.
    pub more: bool,
    /// Offset at which the meta ends: the length of a meta handle's stream, the smallest
    /// offset of a key-groups handle (zeros aside) or of an uncompressed operator handle.
    pub end: Option<u64>,
    /// Names of the states, as far as they are known: those of RocksDB's column families.
    pub names: &'h [&'h str],
}

impl Hints<'_> {
    /// For the meta handle of an incremental handle, which ends where its stream ends.
    pub fn meta_handle(bytes: &[u8]) -> Self {
        Hints { end: Some(bytes.len() as u64), ..Hints::default() }
    }
}

/// Whether an error could be due to the bytes being only the beginning of the stream.
pub fn wants_more(error: &FormatError) -> bool {
    matches!(error.problem, Problem::Truncated { .. } | Problem::TooLarge { .. })
}

/// Head of a stream of managed keyed state (section 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedBackendMeta<'a> {
    /// Always 6.
    pub version: i32,
    /// Whether each key group of the stream is compressed (Snappy). Says nothing about SST
    /// files.
    pub compressed: bool,
    /// Serializer of the keys.
    pub key_serializer: Serializer<'a>,
    /// The states. The position is the state id in full-snapshot and heap streams.
    pub states: Vec<StateMeta<'a>>,
    /// How far the meta was read, and how well.
    pub extent: Extent,
}

/// Head of a stream of managed operator state (section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorBackendMeta<'a> {
    /// 5 or, since 1.18, 6.
    pub version: i32,
    /// Whether what follows is compressed (Snappy).
    pub compressed: bool,
    /// List and union states.
    pub operator_states: Vec<StateMeta<'a>>,
    /// Broadcast states.
    pub broadcast_states: Vec<StateMeta<'a>>,
    /// How far the meta was read, and how well.
    pub extent: Extent,
}

/// How far a meta was read, and how well.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extent {
    /// Bytes of the meta; state data or nothing follows. `None` if the last serializer is not
    /// Flink's and nothing tells where it ends, or if the meta is not complete.
    pub bytes_read: Option<u64>,
    /// Whether all states are listed.
    pub complete: bool,
    /// What was skipped or is missing, apart from what the states' own notes say.
    pub notes: Vec<Note>,
}

/// A remark on a place in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Offset of the place.
    pub offset: u64,
    /// What is to be said about it.
    pub text: String,
}

/// A state (section 4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateMeta<'a> {
    /// Name of the state.
    pub name: Utf<'a>,
    /// Kind of the state.
    pub kind: StateKind,
    /// Options: `KEYED_STATE_TYPE` or `OPERATOR_STATE_DISTRIBUTION_MODE`, in the order of the
    /// stream, which is arbitrary.
    pub options: Vec<(Utf<'a>, Utf<'a>)>,
    /// Serializers by role: `VALUE_SERIALIZER`, `NAMESPACE_SERIALIZER`, `KEY_SERIALIZER`,
    /// `USER_KEY_SERIALIZER`, in the order of the stream, which is arbitrary.
    pub serializers: Vec<(Utf<'a>, Serializer<'a>)>,
    /// What of its serializers could not be read.
    pub note: Option<String>,
}

impl<'a> StateMeta<'a> {
    /// Reads one state record, as it stands in a changelog; `None` if a serializer in it is not
    /// Flink's, so that nobody knows where it ends.
    pub(super) fn read(r: &mut Reader<'a>) -> Result<Option<Self>> {
        let mut states = Vec::new();
        let read = known(|cx| read_state(r, cx, &mut states, &mut None))?;
        Ok(read.and_then(|()| states.pop()))
    }

    /// Value of an option.
    pub fn option(&self, key: &str) -> Option<Utf<'a>> {
        let found = self.options.iter().find(|(name, _)| name.as_bytes() == key.as_bytes());
        found.map(|&(_, value)| value)
    }

    /// Serializer in a role.
    pub fn serializer(&self, role: &str) -> Option<&Serializer<'a>> {
        let found = self.serializers.iter().find(|(name, _)| name.as_bytes() == role.as_bytes());
        found.map(|(_, serializer)| serializer)
    }
}

/// Kinds of states. In the stream it is the position here, as `i32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateKind {
    /// Keyed state.
    KeyValue,
    /// List or union state of an operator.
    Operator,
    /// Broadcast state.
    Broadcast,
    /// Timers.
    PriorityQueue,
    /// Keyed state of the asynchronous API of 2.x.
    KeyValueV2,
}

impl StateKind {
    /// Flink's name of the constant.
    pub fn name(self) -> &'static str {
        match self {
            StateKind::KeyValue => "KEY_VALUE",
            StateKind::Operator => "OPERATOR",
            StateKind::Broadcast => "BROADCAST",
            StateKind::PriorityQueue => "PRIORITY_QUEUE",
            StateKind::KeyValueV2 => "KEY_VALUE_V2",
        }
    }

    pub(super) fn from_code(code: i32) -> Option<Self> {
        Some(match code {
            0 => StateKind::KeyValue,
            1 => StateKind::Operator,
            2 => StateKind::Broadcast,
            3 => StateKind::PriorityQueue,
            4 => StateKind::KeyValueV2,
            _ => return None,
        })
    }
}

impl<'a> KeyedBackendMeta<'a> {
    /// Reads the meta at the head of `bytes`, which begin with the stream. What follows the
    /// meta is not looked at; `extent.bytes_read` tells where it begins.
    ///
    /// # Errors
    ///
    /// The meta is cut short or damaged, or its version is one of 1 to 5, which only releases
    /// before 1.8 write. A serializer that is not Flink's is no error: it costs a note on its
    /// state and, at worst, `extent.complete`.
    pub fn parse(bytes: &'a [u8], hints: &Hints<'_>) -> Result<Self> {
        let (draft, mut extent) = finish(resolve(Kind::Keyed, bytes, hints)?);
        let Some(key_serializer) = draft.key_serializer else {
            let problem = Problem::Invalid("is missing");
            return Err(FormatError { offset: 5, field: "key serializer", problem });
        };
        let mut notes = Vec::new();
        describe("key serializer", &key_serializer, &mut notes);
        notes.append(&mut extent.notes);
        extent.notes = notes;
        Ok(KeyedBackendMeta {
            version: draft.version,
            compressed: draft.compressed,
            key_serializer,
            states: draft.states,
            extent,
        })
    }
}

impl KeyedBackendMeta<'_> {
    /// Fails at what is wrong with the meta at the head of `bytes`, where that is not a class
    /// nobody here knows: [`Self::parse`] makes the best of both.
    pub(super) fn check(bytes: &[u8]) -> Result<()> {
        check(Kind::Keyed, bytes)
    }
}

impl OperatorBackendMeta<'_> {
    /// As [`KeyedBackendMeta::check`].
    pub(super) fn check(bytes: &[u8]) -> Result<()> {
        check(Kind::Operator, bytes)
    }
}

fn check(kind: Kind, bytes: &[u8]) -> Result<()> {
    known(|cx| Draft::default().read(kind, &mut Reader::new(bytes), cx)).map(|_| ())
}

impl<'a> OperatorBackendMeta<'a> {
    /// Reads the meta at the head of `bytes`, as [`KeyedBackendMeta::parse`] does.
    ///
    /// # Errors
    ///
    /// As there; the versions refused are 1 to 4.
    pub fn parse(bytes: &'a [u8], hints: &Hints<'_>) -> Result<Self> {
        let (draft, extent) = finish(resolve(Kind::Operator, bytes, hints)?);
        Ok(OperatorBackendMeta {
            version: draft.version,
            compressed: draft.compressed,
            operator_states: draft.states,
            broadcast_states: draft.broadcast,
            extent,
        })
    }
}

/// Puts into words what was not read.
fn finish(resolved: Resolved<'_>) -> (Draft<'_>, Extent) {
    let Resolved { mut draft, bytes_read, failure } = resolved;
    for state in draft.states.iter_mut().chain(&mut draft.broadcast) {
        let mut notes = Vec::new();
        for (role, serializer) in &state.serializers {
            describe(&role.to_str(), serializer, &mut notes);
        }
        let texts: Vec<String> = notes.into_iter().map(|note| note.text).collect();
        state.note = (!texts.is_empty()).then(|| texts.join("; "));
    }
    let mut extent = Extent { bytes_read, complete: failure.is_none(), notes: Vec::new() };
    if let Some(error) = failure {
        let listed = draft.states.len().saturating_add(draft.broadcast.len());
        let text = match draft.declared {
            0 => format!("the states could not be read: {error}"),
            n => format!("only {listed} of {n} states could be read: {error}"),
        };
        extent.notes.push(Note { offset: error.offset, text });
    }
    (draft, extent)
}

fn describe(role: &str, serializer: &Serializer<'_>, notes: &mut Vec<Note>) {
    serializer.visit(&mut |snapshot| {
        let Some(opaque) = snapshot.opaque else { return };
        let outcome = match opaque.bytes {
            Some(0) => "its snapshot is taken to be empty".to_owned(),
            Some(n) => format!("{n} bytes at offset {} were skipped", opaque.offset),
            None => format!("and so is where it ends, from offset {} on", opaque.offset),
        };
        let text = format!(
            "{role}: the layout of {} version {} is unknown, {outcome}",
            snapshot.snapshot_class, snapshot.snapshot_version,
        );
        notes.push(Note { offset: opaque.offset, text });
    });
}
