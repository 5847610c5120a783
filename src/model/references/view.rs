//! A physical file and who refers to it.

use std::borrow::Cow;

use jiff::Timestamp;

use super::NodeId;
use super::References;
use super::build::DatabaseKey;
use super::names::Name;
use super::node::Node;
use super::node::UNKNOWN;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::utf::Utf;
use crate::model::places::Whereabouts;
use crate::model::walk::Role;
use crate::store::Location;

/// A physical file: one that is referred to, or one that was listed, or both.
#[derive(Debug, Clone, Copy)]
pub struct File<'r> {
    references: &'r References,
    node: NodeId,
    name: Name,
    dir: u32,
    modified: u32,
    bytes: u64,
    found: u64,
}

/// A part of a merged file.
#[derive(Debug, Clone)]
pub struct Part<'r> {
    /// Its number.
    pub node: NodeId,
    /// First byte.
    pub start: u64,
    /// Bytes.
    pub bytes: u64,
    /// The logical file id, encoded as it was written.
    id: Cow<'r, [u8]>,
}

impl Part<'_> {
    /// The logical file id.
    pub fn logical_file_id(&self) -> String {
        text(&self.id)
    }
}

/// One reference.
#[derive(Debug, Clone)]
pub struct FileUse<'r> {
    /// The number of the checkpoint.
    pub checkpoint: u32,
    /// The operator.
    pub operator: OperatorId,
    /// Its subtask; `None` for the coordinator.
    pub subtask: Option<i32>,
    /// What for.
    pub role: Role,
    /// The name under which the backend knows it.
    pub local_name: Option<String>,
    /// The database it belongs to.
    pub database: Option<DatabaseOf<'r>>,
}

/// The database of one subtask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseOf<'r> {
    backend_id: &'r [u8],
    /// The key groups of the subtask.
    pub key_groups: KeyGroupRange,
    /// Whether it is the materialized part of a changelog handle.
    pub materialized: bool,
}

impl<'r> DatabaseOf<'r> {
    pub(super) fn new(key: &'r DatabaseKey) -> Self {
        let (backend_id, start, count, materialized) = key;
        let key_groups = KeyGroupRange { start: *start, count: *count };
        DatabaseOf { backend_id, key_groups, materialized: *materialized }
    }

    /// The backend's id as the metadata has it: a UUID.
    pub fn backend_id(&self) -> String {
        text(self.backend_id)
    }
}

impl<'r> File<'r> {
    /// The file that a node is; `None` if it is something else.
    pub(super) fn of(references: &'r References, node: NodeId) -> Option<Self> {
        match *references.nodes.get(node.0)? {
            Node::File { name, dir, local_name: _, modified, bytes, found } => {
                Some(File { references, node, name, dir, modified, bytes, found })
            }
            Node::Inline { .. } | Node::Segment { .. } => None,
        }
    }

    /// Its number.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The number of its directory in [`References::directories`].
    pub fn directory_number(&self) -> u32 {
        self.dir
    }

    /// The directory it is in.
    pub fn directory(&self) -> Option<&'r Whereabouts> {
        self.references.directories.get(self.dir as usize)
    }

    /// The last part of its path; empty where the directory stands for the whole path.
    pub fn name(&self) -> String {
        text(&self.name.bytes(&self.references.texts))
    }

    /// Where its writer had it, whatever it is reached by now.
    pub fn written_place(&self) -> Option<Location> {
        self.directory()?.written().map(|dir| dir.join(&self.name()))
    }

    /// Whether its path is none that Flink writes.
    pub fn is_suspicious(&self) -> bool {
        let name = self.name.as_text(&self.references.texts);
        self.directory().is_none_or(|dir| dir.is_suspicious(name.unwrap_or_default()))
    }

    /// Bytes that lie there; `None` if no listing showed it.
    pub fn found_bytes(&self) -> Option<u64> {
        (self.found != UNKNOWN).then_some(self.found)
    }

    /// When it was last modified, in whole seconds, if a listing showed that.
    pub fn modified(&self) -> Option<Timestamp> {
        let seconds = (self.modified > 0).then_some(self.modified)?;
        Timestamp::from_second(seconds.into()).ok()
    }

    /// Whether it was looked for at every place where it may be and is not there.
    pub fn is_absent(&self) -> bool {
        self.references.search.absent.binary_search(&self.node.0).is_ok()
    }

    /// Whether it was looked for, and could not be told to be there or not.
    pub fn is_unseen(&self) -> bool {
        self.references.search.unseen.binary_search(&self.node.0).is_ok()
    }

    /// Whether it lies there or is referred to; the other ones turned out to be files that are
    /// known by another place.
    pub(super) fn is_known(&self) -> bool {
        self.found != UNKNOWN || self.is_referenced()
    }

    /// Flink's class of the first handle to it; `None` if nothing refers to it.
    pub fn class(&self) -> Option<&'static str> {
        let slot = self.references.slots_of(self.node).first();
        let slot = slot.and_then(|slot| self.references.slots.get(*slot as usize));
        match slot.map(|slot| slot.relative) {
            Some(true) => Some("RelativeFileStateHandle"),
            Some(false) => Some("FileStateHandle"),
            None => {
                let merged = !self.references.parts_of(self.node).is_empty();
                merged.then_some("SegmentFileStateHandle")
            }
        }
    }

    /// Bytes that handles refer to, each once; `None` if a handle does not know.
    pub fn bytes(&self) -> Option<u64> {
        self.bytes_of(|_| true)
    }

    /// As [`File::bytes`], of those nodes of this file that are wanted.
    pub fn bytes_of(&self, wanted: impl Fn(NodeId) -> bool) -> Option<u64> {
        // A handle to the whole file refers to it from its beginning.
        let mut end = match (wanted(self.node), self.bytes) {
            (false, _) => 0,
            (true, UNKNOWN) => return None,
            (true, bytes) => bytes,
        };
        let mut bytes = end;
        for part in self.parts().filter(|part| wanted(part.node)) {
            let part_end = part.start.checked_add(part.bytes)?;
            bytes = bytes.checked_add(part_end.saturating_sub(part.start.max(end)))?;
            end = end.max(part_end);
        }
        Some(bytes)
    }

    /// How long it must be for all that refer to it, as far as that is known.
    pub fn end(&self) -> u64 {
        let whole = if self.bytes == UNKNOWN { 0 } else { self.bytes };
        self.parts().map(|part| part.start.saturating_add(part.bytes)).fold(whole, u64::max)
    }

    /// How long it must be for one checkpoint, as far as that is known.
    pub fn end_in(&self, checkpoint: u32) -> u64 {
        let refers = |node| self.references.refers(checkpoint, node);
        let whole = match refers(self.node) {
            true => self.references.bytes_in(checkpoint, self.node, self.bytes),
            false => 0,
        };
        let whole = if whole == UNKNOWN { 0 } else { whole };
        let parts = self.parts().filter(|part| refers(part.node));
        parts.map(|part| part.start.saturating_add(part.bytes)).fold(whole, u64::max)
    }

    /// The sizes that handles of one checkpoint give to the whole file, each once: mostly one;
    /// none if none refers to the whole of it, or none knows.
    pub fn sizes_in(&self, checkpoint: u32) -> Vec<u64> {
        let slots = self.references.slots_of(self.node).iter();
        let of_it = |slot: &&u32| {
            let slot = self.references.slots.get(**slot as usize);
            slot.is_some_and(|slot| slot.checkpoint == checkpoint)
        };
        let referring = slots.filter(of_it).count();
        let (first, noted) = match self.references.sizes.get(&self.node.0) {
            Some((first, all)) => {
                let of_it = all.iter().filter(|(number, _)| *number == checkpoint);
                (*first, of_it.map(|(_, size)| *size).collect())
            }
            None => (self.bytes, Vec::new()),
        };
        let mut sizes: Vec<u64> = noted;
        // Those that were met before any that differs are not noted one by one.
        if referring > sizes.len() {
            sizes.push(first);
        }
        sizes.retain(|size| *size != UNKNOWN);
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Its segments that handles refer to, in the order of their places.
    pub fn parts(&self) -> impl Iterator<Item = Part<'r>> {
        let references = self.references;
        references.parts_of(self.node).iter().filter_map(move |node| {
            match references.nodes.get(node.0)? {
                Node::Segment { id, start, bytes, .. } => Some(Part {
                    node: *node,
                    start: *start,
                    bytes: *bytes,
                    id: id.bytes(&references.texts),
                }),
                _ => None,
            }
        })
    }

    /// Its own node and those of its segments.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        let parts = self.references.parts_of(self.node);
        std::iter::once(self.node).chain(parts.iter().copied())
    }

    /// How many handles refer to it or to a segment of it.
    pub fn references(&self) -> u64 {
        self.nodes().map(|node| self.references.slots_of(node).len() as u64).sum()
    }

    /// The checkpoints that refer to it or to a segment of it, each once, in their order.
    pub fn checkpoints(&self) -> Vec<u32> {
        let mut all: Vec<u32> =
            self.nodes().flat_map(|node| self.references.checkpoints_of(node)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether anything refers to it.
    pub fn is_referenced(&self) -> bool {
        self.nodes().any(|node| !self.references.slots_of(node).is_empty())
    }

    /// The only checkpoint that refers to it; `None` if several do, or none.
    pub fn only_checkpoint(&self) -> Option<u32> {
        let mut all = self.nodes().flat_map(|node| self.references.checkpoints_of(node));
        let first = all.next()?;
        all.all(|checkpoint| checkpoint == first).then_some(first)
    }

    /// Whether a reference to it or to a segment of it is wanted: by the number of its
    /// checkpoint, and by its operator.
    pub fn is_used(&self, wanted: impl Fn(u32, OperatorId) -> bool) -> bool {
        let mut all = self.nodes().flat_map(|node| self.references.groups_of(node));
        all.any(|(checkpoint, group)| wanted(checkpoint, group.operator))
    }

    /// Every reference to it or to a segment of it.
    pub fn uses(&self) -> impl Iterator<Item = FileUse<'r>> {
        let references = self.references;
        self.nodes().flat_map(move |node| references.uses(node))
    }
}

impl References {
    /// Every reference to a node itself, in the order of the checkpoints' numbers and of their
    /// metadata.
    pub fn uses(&self, node: NodeId) -> impl Iterator<Item = FileUse<'_>> {
        let slots = self.slots_of(node);
        slots.chunk_by(|a, b| a == b).flat_map(move |same| {
            let slot = same.first().copied().unwrap_or(u32::MAX);
            let mut names = self.local_names(node, slot, same.len()).into_iter();
            std::iter::from_fn(move || {
                let local_name = names.next()?;
                let group = self.group(slot)?;
                let checkpoint = self.slots.get(slot as usize)?.checkpoint;
                let super::Group { operator, subtask, role, database, .. } = group;
                Some(FileUse { checkpoint, operator, subtask, role, local_name, database })
            })
        })
    }

    /// The local names of so many references from one slot to one node.
    fn local_names(&self, node: NodeId, slot: u32, count: usize) -> Vec<Option<String>> {
        let usual = self.local_name(node);
        let mut names = vec![usual; count];
        if self.renamed.is_empty() {
            return names;
        }
        let span = self.span(slot);
        let key = |at: usize| (node.0, u32::try_from(at).unwrap_or(u32::MAX));
        let others = self.renamed.range(key(span.start)..key(span.end));
        for (name, (_, other)) in names.iter_mut().rev().zip(others.rev()) {
            *name = other.bytes(&self.texts).map(|name| text(&name));
        }
        names
    }
}

/// Text of modified UTF-8.
pub(super) fn text(encoded: &[u8]) -> String {
    Utf::from_encoded(encoded).to_str().into_owned()
}
