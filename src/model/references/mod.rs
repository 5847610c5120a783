//! Who refers to what: each physical file, each segment of a merged file and each piece of
//! inline state, with every checkpoint, operator and subtask that refers to it.
//!
//! A file lives as long as some checkpoint that must stay restorable refers to it, so counts
//! are derived here from metadata and kept nowhere. There can be millions of files in hundreds
//! of checkpoints: a file takes 52 bytes, and a reference eight, four in each direction.
//!
//! | to change | open |
//! |---|---|
//! | what a reference is, when two mean the same file | `build.rs`, `node.rs` |
//! | what can be asked | here, `view.rs` |
//! | the keys of Flink's shared state registry | `registry.rs` |

mod build;
mod intern;
mod names;
mod node;
mod paths;
pub mod registry;
mod search;
#[cfg(test)]
pub(crate) mod tests;
mod view;

pub use build::Adding;
pub use build::Builder;
pub use build::TooMany;
pub use names::sst_number;
pub use paths::Paths;
pub use search::Missed;
pub use view::DatabaseOf;
pub use view::File;
pub use view::FileUse;
pub use view::Part;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::format::flink::operator::OperatorId;
use crate::model::places::Whereabouts;
use crate::model::walk::Role;
use build::DatabaseKey;
use build::Disagreements;
use intern::Interner;
use names::LocalName;
use names::Texts;
use node::Node;
use node::UNKNOWN;
use search::Search;

/// References of any number of checkpoints, and the files that lie there.
#[derive(Debug)]
pub struct References {
    nodes: Interner<Node>,
    directories: Vec<Whereabouts>,
    texts: Texts,
    operators: Interner<OperatorId>,
    databases: Interner<DatabaseKey>,
    slots: Vec<Slot>,
    /// The nodes that slots refer to, slot by slot.
    forward: Vec<u32>,
    checkpoints: Vec<Checkpoint>,
    /// Local names that differ from the one kept with the node: by node and place in `forward`.
    renamed: BTreeMap<(u32, u32), LocalName>,
    sizes: Disagreements,
    search: Search,
    /// Where in `inverse` the slots of each node begin.
    offsets: Vec<u32>,
    inverse: Vec<u32>,
    /// Segments by their files.
    parts: Vec<NodeId>,
}

/// Something that is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// Where references come from: equal ones of one subtask that follow each other.
#[derive(Debug, Clone, Copy)]
struct Slot {
    checkpoint: u32,
    operator: u32,
    /// -1 for the coordinator.
    subtask: i32,
    role: Role,
    /// Whether their paths are relative to the metadata.
    relative: bool,
    /// `u32::MAX` for what is in no database.
    database: u32,
    /// Where in `forward` its nodes begin.
    first: u32,
}

#[derive(Debug, Clone, Copy)]
struct Checkpoint {
    first_slot: u32,
    end_slot: u32,
}

/// References of one subtask in one role.
#[derive(Debug, Clone, Copy)]
pub struct Group<'r> {
    /// The operator.
    pub operator: OperatorId,
    /// The subtask; `None` for the coordinator.
    pub subtask: Option<i32>,
    /// What for.
    pub role: Role,
    /// The database the files belong to.
    pub database: Option<DatabaseOf<'r>>,
    slot: u32,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A physical file.
    File,
    /// State inside metadata.
    Inline,
    /// A part of a merged file.
    Segment,
}

impl References {
    /// Number of checkpoints.
    pub fn checkpoints(&self) -> u32 {
        // The builder numbers them in 32 bits.
        self.checkpoints.len() as u32
    }

    /// Number of references.
    pub fn len(&self) -> usize {
        self.forward.len()
    }

    /// Whether nothing refers to anything.
    pub fn is_empty(&self) -> bool {
        self.forward.is_empty()
    }

    /// All physical files: those that are referred to, and those that were listed.
    pub fn files(&self) -> impl Iterator<Item = File<'_>> {
        let all = (0..).zip(self.nodes.iter());
        all.filter_map(|(number, _)| File::of(self, NodeId(number))).filter(File::is_known)
    }

    /// A physical file by its number; `None` if it is the number of something else.
    pub fn file(&self, node: NodeId) -> Option<File<'_>> {
        File::of(self, node)
    }

    /// The physical file behind a node; `None` for inline state.
    pub fn file_of(&self, node: NodeId) -> Option<File<'_>> {
        match self.nodes.get(node.0)? {
            Node::Segment { file, .. } => File::of(self, NodeId(*file)),
            _ => File::of(self, node),
        }
    }

    /// What a node is.
    pub fn kind(&self, node: NodeId) -> Kind {
        match self.nodes.get(node.0) {
            Some(Node::Inline { .. }) => Kind::Inline,
            Some(Node::Segment { .. }) => Kind::Segment,
            Some(Node::File { .. }) | None => Kind::File,
        }
    }

    /// Bytes of a node alone, `None` if not known.
    pub fn bytes(&self, node: NodeId) -> Option<u64> {
        self.nodes.get(node.0)?.bytes()
    }

    /// Where a segment begins in its file; `None` for what is no segment.
    pub fn offset(&self, node: NodeId) -> Option<u64> {
        match self.nodes.get(node.0)? {
            Node::Segment { start, .. } => Some(*start),
            _ => None,
        }
    }

    /// The references of one checkpoint, in the order of its metadata.
    pub fn groups(&self, checkpoint: u32) -> impl Iterator<Item = Group<'_>> {
        let slots = self.checkpoints.get(checkpoint as usize);
        let slots = slots.map_or(0..0, |checkpoint| checkpoint.first_slot..checkpoint.end_slot);
        slots.filter_map(|number| self.group(number))
    }

    fn group(&self, number: u32) -> Option<Group<'_>> {
        let slot = self.slots.get(number as usize)?;
        Some(Group {
            operator: *self.operators.get(slot.operator)?,
            subtask: (slot.subtask >= 0).then_some(slot.subtask),
            role: slot.role,
            database: self.databases.get(slot.database).map(DatabaseOf::new),
            slot: number,
        })
    }

    /// Where a node is referred to: the numbers of checkpoints, and the groups in them.
    pub fn groups_of(&self, node: NodeId) -> impl Iterator<Item = (u32, Group<'_>)> {
        self.slots_of(node).iter().filter_map(|slot| {
            Some((self.slots.get(*slot as usize)?.checkpoint, self.group(*slot)?))
        })
    }

    /// What a group refers to, in the order of the metadata.
    pub fn nodes(&self, group: Group<'_>) -> impl Iterator<Item = NodeId> {
        let nodes = self.forward.get(self.span(group.slot)).unwrap_or_default();
        nodes.iter().map(|node| NodeId(*node))
    }

    /// The places in `forward` of a slot.
    fn span(&self, slot: u32) -> Range<usize> {
        let first = |number: usize| self.slots.get(number).map(|slot| slot.first as usize);
        let end = self.forward.len();
        let number = slot as usize;
        first(number).unwrap_or(end)..first(number + 1).unwrap_or(end)
    }

    /// A file in a shared list of a checkpoint that is named by a relative path, if there is
    /// one: normal in native savepoints only.
    pub fn relative_shared(&self, checkpoint: u32) -> Option<NodeId> {
        let relative = |slot: u32| self.slots.get(slot as usize).is_some_and(|slot| slot.relative);
        let mut groups = self.groups(checkpoint);
        let shared = groups.find(|group| group.role == Role::Shared && relative(group.slot))?;
        self.nodes(shared).next()
    }

    /// The slots that refer to a node, in their order; as often as they do.
    fn slots_of(&self, node: NodeId) -> &[u32] {
        let at = node.0 as usize;
        let span = match (self.offsets.get(at), self.offsets.get(at + 1)) {
            (Some(first), Some(end)) => *first as usize..*end as usize,
            _ => 0..0,
        };
        self.inverse.get(span).unwrap_or_default()
    }

    /// The segments in a file, in the order of their places in it.
    fn parts_of(&self, file: NodeId) -> &[NodeId] {
        let number = |part: &NodeId| match self.nodes.get(part.0) {
            Some(Node::Segment { file, .. }) => *file,
            _ => u32::MAX,
        };
        let first = self.parts.partition_point(|part| number(part) < file.0);
        let rest = self.parts.get(first..).unwrap_or_default();
        let end = rest.partition_point(|part| number(part) == file.0);
        rest.get(..end).unwrap_or_default()
    }

    /// Whether a checkpoint refers to a node.
    pub fn refers(&self, checkpoint: u32, node: NodeId) -> bool {
        self.checkpoints_of(node).any(|number| number == checkpoint)
    }

    /// The checkpoints that refer to a node itself, each once, in their order.
    pub fn checkpoints_of(&self, node: NodeId) -> impl Iterator<Item = u32> {
        let slots = self.slots_of(node).iter();
        let mut last = None;
        slots.filter_map(move |slot| {
            let checkpoint = self.slots.get(*slot as usize)?.checkpoint;
            (last.replace(checkpoint) != Some(checkpoint)).then_some(checkpoint)
        })
    }

    /// Files to which handles give different sizes: the size that was met first, and a
    /// checkpoint with another one.
    pub fn disagreements(&self) -> impl Iterator<Item = (NodeId, u64, u32, u64)> {
        self.sizes.iter().filter_map(|(node, (first, sizes))| {
            let mut known = sizes.iter().filter(|(_, size)| *size != UNKNOWN);
            let (checkpoint, size) = known.find(|(_, size)| size != first)?;
            Some((NodeId(*node), *first, *checkpoint, *size))
        })
    }

    /// Bytes that one checkpoint speaks of, if it refers to a whole file.
    fn bytes_in(&self, checkpoint: u32, node: NodeId, usual: u64) -> u64 {
        let Some((first, sizes)) = self.sizes.get(&node.0) else { return usual };
        let of_it = sizes.iter().filter(|(number, _)| *number == checkpoint);
        of_it.map(|(_, size)| *size).max().unwrap_or(*first)
    }

    /// The name under which the backend knows a node, as it was first mentioned.
    pub fn local_name(&self, node: NodeId) -> Option<String> {
        let local_name = self.nodes.get(node.0)?.local_name();
        local_name.bytes(&self.texts).map(|name| view::text(&name))
    }

    /// The last part of the path of a node; of a segment that of its file.
    pub fn name(&self, node: NodeId) -> String {
        match self.nodes.get(node.0) {
            Some(Node::Segment { file, .. }) => self.name(NodeId(*file)),
            Some(Node::File { name, .. } | Node::Inline { name, .. }) => {
                view::text(&name.bytes(&self.texts))
            }
            None => String::new(),
        }
    }

    /// All directories in which files are, by their numbers.
    pub fn directories(&self) -> &[Whereabouts] {
        &self.directories
    }

    /// Bytes on the heap that grow with files and references.
    pub fn heap_bytes(&self) -> usize {
        let words = self.forward.capacity() + self.inverse.capacity() + self.offsets.capacity();
        self.nodes.heap_bytes()
            + words * size_of::<u32>()
            + self.parts.capacity() * size_of::<NodeId>()
            + self.slots.capacity() * size_of::<Slot>()
            + self.renamed.len() * size_of::<((u32, u32), LocalName)>()
            + (self.search.absent.capacity() + self.search.unseen.capacity()) * size_of::<u32>()
            + self.texts.heap_bytes()
    }
}
