//! What handles refer to: files, segments of merged files, inline state.

use std::hash::Hash;
use std::hash::Hasher;

use super::names::LocalName;
use super::names::Name;

/// Says that a number of bytes is not known.
pub(super) const UNKNOWN: u64 = u64::MAX;

/// Something that can be referred to. There can be millions, so it is kept in 48 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    /// A physical file.
    File {
        name: Name,
        /// Number of its directory.
        dir: u32,
        local_name: LocalName,
        /// Modification time in seconds since 1970; 0 if not known.
        modified: u32,
        /// Bytes that handles to the whole file speak of; 0 without such a handle.
        bytes: u64,
        /// Bytes that lie there, if a listing showed it.
        found: u64,
    },
    /// State inside metadata, by the path it would have had as a file.
    Inline { name: Name, dir: u32, local_name: LocalName, bytes: u64 },
    /// A part of a merged file.
    Segment {
        /// The logical file id.
        id: Name,
        /// Number of the file's own node.
        file: u32,
        local_name: LocalName,
        start: u64,
        bytes: u64,
    },
}

/// What makes two mentions mean the same.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    File(u32, Name),
    Inline(u32, Name),
    Segment(u32, Name, u64, u64),
}

impl Node {
    /// A file of which nothing is known yet.
    pub(super) fn file(dir: u32, name: Name) -> Node {
        let local_name = LocalName::NONE;
        Node::File { name, dir, local_name, modified: 0, bytes: 0, found: UNKNOWN }
    }

    fn key(&self) -> Key {
        match *self {
            Node::File { name, dir, .. } => Key::File(dir, name),
            Node::Inline { name, dir, .. } => Key::Inline(dir, name),
            Node::Segment { id, file, start, bytes, .. } => Key::Segment(file, id, start, bytes),
        }
    }

    pub(super) fn local_name(&self) -> LocalName {
        let (Node::File { local_name, .. }
        | Node::Inline { local_name, .. }
        | Node::Segment { local_name, .. }) = self;
        *local_name
    }

    pub(super) fn local_name_mut(&mut self) -> &mut LocalName {
        let (Node::File { local_name, .. }
        | Node::Inline { local_name, .. }
        | Node::Segment { local_name, .. }) = self;
        local_name
    }

    /// Bytes that handles speak of, of this node alone.
    pub(super) fn bytes(&self) -> Option<u64> {
        let (Node::File { bytes, .. } | Node::Inline { bytes, .. } | Node::Segment { bytes, .. }) =
            *self;
        (bytes != UNKNOWN).then_some(bytes)
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Node {}

impl Hash for Node {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_node_takes_48_bytes() {
        assert_eq!(size_of::<super::Node>(), 48);
    }
}
