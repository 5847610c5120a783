//! What of a checkpoint is looked into: every stream once, with all that its handles say of it,
//! and which of them make up a database. Pure.

use crate::format::flink::changelog::MemorySegment;
use crate::format::flink::content::Channel;
use crate::format::flink::content::KeyGroups;
use crate::format::flink::content::Named;
use crate::format::flink::content::OperatorPart;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::stream::StreamHandle;
use crate::model::Location;
use crate::model::places::Places;

/// Everything of a checkpoint that is looked into.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    /// Streams, each once.
    pub pieces: Vec<Piece<'a>>,
    /// Databases, of pieces by their numbers.
    pub databases: Vec<Database>,
    /// Changes of keyed state, in the order in which they are applied: later ones are of states
    /// that earlier ones introduce.
    pub changes: Vec<Changes<'a>>,
    /// Backends whose changes these are.
    pub backends: Vec<Backend<'a>>,
    /// The number of the job or savepoint that it belongs to.
    pub unit: u32,
}

/// Changes of keyed state.
#[derive(Debug)]
pub enum Changes<'a> {
    /// In a piece, by its number; its content says which parts are whose.
    File(usize),
    /// Inside the metadata.
    Memory {
        /// The number of its piece.
        piece: usize,
        /// The number of the backend.
        backend: usize,
        /// The changes.
        segment: MemorySegment<'a>,
    },
}

/// A keyed backend with a changelog.
#[derive(Debug)]
pub struct Backend<'a> {
    /// Whose it is: the operator and the index of the subtask.
    pub of: (OperatorId, i32),
    /// The meta of its materialized part, if it has one: the stream, and where the meta ends.
    pub meta: Option<(Source<'a>, Option<u64>)>,
}

/// A stream of bytes.
#[derive(Debug)]
pub struct Piece<'a> {
    /// Where its bytes are.
    pub source: Source<'a>,
    /// What they are.
    pub content: Content,
    /// Who needs it, in words.
    pub owner: String,
    /// Whether other checkpoints may refer to it as well.
    pub is_shared: bool,
}

/// Where bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source<'a> {
    /// Inside the metadata.
    Inline(&'a [u8]),
    /// In a file.
    File {
        /// Where the file may be, the likelier place first.
        places: Vec<Location>,
        /// The first byte.
        start: u64,
        /// How many; `None` if the handle does not know.
        bytes: Option<u64>,
        /// Whether it is the whole file.
        whole: bool,
    },
}

impl<'a> Source<'a> {
    /// Where the bytes of a handle are; `None` if it is one without bytes.
    pub fn of(handle: &StreamHandle<'a>, places: &Places<'a>) -> Option<Self> {
        let handle = handle.innermost();
        if let StreamHandle::Inline { data, .. } = handle {
            return Some(Source::Inline(data));
        }
        let places = places.locations(places.of(handle)?);
        let (start, bytes, whole) = match handle {
            StreamHandle::Segment(segment) => {
                (segment.start.unsigned_abs(), Some(segment.length.unsigned_abs()), false)
            }
            _ => (0, handle.state_size(), true),
        };
        Some(Source::File { places, start, bytes, whole })
    }

    /// How many bytes, as far as the handle knows.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Source::Inline(bytes) => Some(bytes.len() as u64),
            Source::File { bytes, .. } => *bytes,
        }
    }
}

/// What bytes are.
#[derive(Debug, Clone)]
pub enum Content {
    /// A table of RocksDB.
    Sst,
    /// The MANIFEST of a database.
    Manifest,
    /// The file that names the MANIFEST.
    Current,
    /// The options of a database.
    Options,
    /// The meta of keyed state in a database.
    BackendMeta,
    /// Keyed state, key group by key group.
    KeyGroups(KeyGroups),
    /// Keyed state of an operator's own making.
    RawKeyGroups(KeyGroups),
    /// Operator state.
    Operator(Vec<OperatorPart>),
    /// In-flight data.
    Channels(Vec<Channel>),
    /// Changes of keyed state.
    Changelog(Vec<Named>),
    /// Something only its author knows.
    UserDefined(&'static str),
}

/// The files of one subtask's database.
#[derive(Debug)]
pub struct Database {
    /// Whose it is, in words.
    pub owner: String,
    /// The operator whose state it holds.
    pub operator: OperatorId,
    /// The index of the subtask.
    pub subtask: i32,
    /// The key groups of the subtask.
    pub key_groups: KeyGroupRange,
    /// Bytes of the key group in front of every key.
    pub prefix: usize,
    /// The piece that is the meta of its states.
    pub meta: Option<usize>,
    /// Its files.
    pub members: Vec<Member>,
}

/// A file of a database.
#[derive(Debug)]
pub struct Member {
    /// The name RocksDB knows it by.
    pub local_name: String,
    /// The number of its piece.
    pub piece: usize,
}

/// What a file of a database is, by the name RocksDB knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A table, by its number.
    Sst(u64),
    /// `MANIFEST-nnnnnn`.
    Manifest,
    /// `CURRENT`.
    Current,
    /// `OPTIONS-nnnnnn`.
    Options,
    /// Values that lie apart from their keys, where somebody configured that.
    Blob,
    /// Nothing that a database is opened with.
    Other,
}

impl FileKind {
    /// The kind of a local name.
    pub fn of(local_name: &str) -> Self {
        // RocksDB knows a number by one spelling alone.
        let number = |digits: &str| {
            let number: u64 = digits.parse().ok()?;
            (format!("{number:06}") == digits).then_some(number)
        };
        if let Some(number) = local_name.strip_suffix(".sst").and_then(number) {
            return FileKind::Sst(number);
        }
        if local_name.strip_suffix(".blob").and_then(number).is_some() {
            return FileKind::Blob;
        }
        let numbered = |prefix| local_name.strip_prefix(prefix).and_then(number).is_some();
        match local_name {
            "CURRENT" => FileKind::Current,
            _ if numbered("MANIFEST-") => FileKind::Manifest,
            _ if numbered("OPTIONS-") => FileKind::Options,
            _ => FileKind::Other,
        }
    }
}
