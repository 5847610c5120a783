//! Collects who refers to what, checkpoint by checkpoint, and what lies there.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;

use jiff::Timestamp;

use super::Checkpoint;
use super::NodeId;
use super::References;
use super::Slot;
use super::intern::Interner;
use super::names::LocalName;
use super::names::Name;
use super::names::Texts;
use super::node::Node;
use super::node::UNKNOWN;
use super::search::Search;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::stream::StreamHandle;
use crate::format::flink::utf::Utf;
use crate::model::places;
use crate::model::places::Places;
use crate::model::places::Whereabouts;
use crate::model::walk;
use crate::model::walk::Flow;
use crate::model::walk::Role;
use crate::model::walk::Use;
use crate::store::Location;

/// More references than can be counted in 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are more than 2^32 references; look at fewer checkpoints at a time")]
pub struct TooMany;

/// References on the way of being collected.
#[derive(Debug, Default)]
pub struct Builder {
    pub(super) nodes: Interner<Node>,
    pub(super) directories: Directories,
    pub(super) texts: Texts,
    operators: Interner<OperatorId>,
    databases: Interner<DatabaseKey>,
    slots: Vec<Slot>,
    pub(super) forward: Vec<u32>,
    pub(super) checkpoints: Vec<Checkpoint>,
    pub(super) renamed: BTreeMap<(u32, u32), LocalName>,
    pub(super) sizes: Disagreements,
    pub(super) search: Search,
}

/// Files to which handles give different sizes, as only damaged metadata does: what the first
/// handles say, and then each checkpoint with its size.
pub(super) type Disagreements = BTreeMap<u32, (u64, Vec<(u32, u64)>)>;

/// A database as it is kept: backend id, key groups, whether it is a materialized part.
pub(super) type DatabaseKey = (Box<[u8]>, i32, i32, bool);

impl Builder {
    /// Begins a checkpoint whose files are at these places.
    ///
    /// # Errors
    /// There are too many checkpoints.
    pub fn begin<'p, 'a>(&mut self, places: &'p Places<'a>) -> Result<Adding<'p, 'a>, TooMany> {
        Ok(Adding {
            places,
            number: index(self.checkpoints.len())?,
            first_slot: index(self.slots.len())?,
            first_reference: self.forward.len(),
            directories: Vec::new(),
            inline_directory: None,
            last: None,
            failed: None,
        })
    }

    /// Adds a stream of the checkpoint that was begun last.
    pub fn add<'a>(
        &mut self,
        checkpoint: &mut Adding<'_, 'a>,
        operator: OperatorId,
        subtask: Option<i32>,
        stream: Use<'a>,
    ) -> Flow {
        match self.add_use(checkpoint, operator, subtask, stream) {
            Ok(()) => Flow::Continue(()),
            Err(error) => {
                checkpoint.failed = Some(error);
                Flow::Break(())
            }
        }
    }

    /// Ends a checkpoint, and returns its number: 0 for the first.
    ///
    /// # Errors
    /// There are too many references altogether; those of this checkpoint are left out.
    pub fn end(&mut self, checkpoint: Adding<'_, '_>) -> Result<u32, TooMany> {
        let Adding { number, first_slot, first_reference, failed, .. } = checkpoint;
        let end_slot = match (failed, index(self.slots.len())) {
            (None, Ok(end_slot)) => end_slot,
            _ => {
                self.slots.truncate(first_slot as usize);
                self.forward.truncate(first_reference);
                self.renamed.retain(|(_, reference), _| (*reference as usize) < first_reference);
                self.sizes.values_mut().for_each(|(_, of)| of.retain(|one| one.0 != number));
                return Err(TooMany);
            }
        };
        self.checkpoints.push(Checkpoint { first_slot, end_slot });
        Ok(number)
    }

    /// Adds everything that a checkpoint refers to, and returns its number.
    ///
    /// # Errors
    /// Those of [`Builder::begin`] and [`Builder::end`].
    pub fn add_all<'a>(
        &mut self,
        metadata: &Metadata<'a>,
        places: &Places<'a>,
    ) -> Result<u32, TooMany> {
        let mut checkpoint = self.begin(places)?;
        // What ended it early is told at the end.
        let _ended = walk::streams(metadata, |operator, subtask, stream| {
            self.add(&mut checkpoint, operator.id, subtask, stream)
        });
        self.end(checkpoint)
    }

    fn add_use<'a>(
        &mut self,
        checkpoint: &mut Adding<'_, 'a>,
        operator: OperatorId,
        subtask: Option<i32>,
        stream: Use<'a>,
    ) -> Result<(), TooMany> {
        let Some(node) = self.node(checkpoint, &stream) else { return Ok(()) };
        let relative = matches!(stream.handle.innermost(), StreamHandle::Relative { .. });
        let Use { role, database, .. } = stream;
        let origin = Origin { operator, subtask, role, database, relative };
        if checkpoint.last != Some(origin) {
            checkpoint.last = Some(origin);
            let database = database.map(|database| {
                let groups = database.key_groups;
                let id = database.backend_id.as_bytes().into();
                self.databases.intern((id, groups.start, groups.count, database.materialized))
            });
            self.slots.push(Slot {
                checkpoint: checkpoint.number,
                operator: self.operators.intern(operator),
                subtask: subtask.unwrap_or(-1),
                role,
                relative,
                database: database.unwrap_or(u32::MAX),
                first: index(self.forward.len())?,
            });
        }
        self.name(node, stream.local_name);
        index(self.forward.len() + 1)?;
        self.forward.push(node);
        Ok(())
    }

    /// The number of what a stream refers to; `None` where there is nothing by itself.
    fn node<'a>(&mut self, checkpoint: &mut Adding<'_, 'a>, stream: &Use<'a>) -> Option<u32> {
        let handle = stream.handle.innermost();
        // A coordinator's state is named by the operator, so the name says nothing about it.
        if let StreamHandle::Inline { name, data } = handle {
            return (stream.role != Role::Coordinator)
                .then(|| self.inline(checkpoint, *name, data.len() as u64));
        }
        let place = checkpoint.places.of(handle)?;
        let dir = checkpoint.directory(place.directory(), &mut self.directories);
        let file = self.file(dir, place.name().as_bytes());
        if let StreamHandle::Segment(segment) = handle {
            let id = Name::of(segment.logical_file_id.as_bytes(), &mut self.texts);
            let [start, bytes] = [segment.start, segment.length].map(|n| n.unsigned_abs());
            let local_name = LocalName::NONE;
            return Some(self.nodes.intern_near(Node::Segment {
                id,
                file,
                local_name,
                start,
                bytes,
            }));
        }
        self.size(file, checkpoint.number, handle.state_size().unwrap_or(UNKNOWN));
        Some(file)
    }

    /// Notes the size that a handle gives to a file: the same one each time.
    fn size(&mut self, file: u32, checkpoint: u32, size: u64) {
        let Some(Node::File { bytes, .. }) = self.nodes.get_mut(file) else { return };
        let known = std::mem::replace(bytes, size.max(*bytes));
        if let Some((_, sizes)) = self.sizes.get_mut(&file) {
            sizes.push((checkpoint, size));
        } else if known != size && known != 0 && known != UNKNOWN && size != UNKNOWN {
            self.sizes.insert(file, (known, vec![(checkpoint, size)]));
        }
    }

    fn file(&mut self, dir: u32, name: &[u8]) -> u32 {
        self.nodes.intern_near(Node::file(dir, Name::of(name, &mut self.texts)))
    }

    fn inline<'a>(&mut self, adding: &mut Adding<'_, 'a>, name: Utf<'a>, bytes: u64) -> u32 {
        let text = name.as_bytes();
        let cut = text.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
        let (dir, name) = text.split_at(cut);
        let dir = match adding.inline_directory {
            Some((known, number)) if known == dir => number,
            _ => {
                let text = Utf::from_encoded(dir).to_str();
                let number = self.directories.of_text(text.trim_end_matches('/'));
                adding.inline_directory = Some((dir, number));
                number
            }
        };
        let name = Name::of(name, &mut self.texts);
        self.nodes.intern_near(Node::Inline { name, dir, local_name: LocalName::NONE, bytes })
    }

    /// Notes under which name the backend knows a node: mostly the same one each time.
    fn name(&mut self, node: u32, local_name: Option<Utf<'_>>) {
        let Some(local_name) = local_name else { return };
        let local_name = LocalName::of(Some(local_name.as_bytes()), &mut self.texts);
        let Some(known) = self.nodes.get_mut(node).map(Node::local_name_mut) else { return };
        if *known == LocalName::NONE {
            *known = local_name;
        } else if *known != local_name {
            // The reference that is about to be added.
            let reference = u32::try_from(self.forward.len()).unwrap_or(u32::MAX);
            self.renamed.insert((node, reference), local_name);
        }
    }

    /// Notes a file that lies there: in this directory, by this path below it.
    pub fn listed(
        &mut self,
        root: &Location,
        path: &str,
        size: Option<u64>,
        time: Option<Timestamp>,
    ) {
        // Spelled as places of handles are, so that the two meet.
        let (dir, name) = path.split_at(places::name_begins(path.as_bytes()));
        let dir = self.directories.listed(root, dir.trim_end_matches('/'));
        let node = self.file(dir, name.as_bytes());
        self.lies(node, size, time);
    }

    /// Notes what lies there as a file.
    pub(super) fn lies(&mut self, node: u32, size: Option<u64>, time: Option<Timestamp>) {
        // One whose size cannot be told is asked for by its name later.
        if let (Some(size), Some(Node::File { found, modified, .. })) =
            (size, self.nodes.get_mut(node))
        {
            *found = size;
            let seconds = time.and_then(|time| u32::try_from(time.as_second()).ok());
            *modified = seconds.unwrap_or(0);
        }
    }

    /// Looks for files that seem to be needed by nobody: calls `found` with the directory of
    /// each that lies there and is not referred to.
    pub fn unreferenced(&self, mut found: impl FnMut(&Whereabouts)) {
        let mut referenced = vec![false; self.nodes.len()];
        for node in &self.forward {
            referenced[self.file_behind(*node) as usize] = true;
        }
        for (node, referenced) in self.nodes.iter().zip(referenced) {
            if let Node::File { dir, .. } = node
                && !referenced
                && let Some(dir) = self.directories.list.get(*dir as usize)
            {
                found(dir);
            }
        }
    }

    /// The file that a segment is in; anything else is itself.
    pub(super) fn file_behind(&self, node: u32) -> u32 {
        match self.nodes.get(node) {
            Some(Node::Segment { file, .. }) => *file,
            _ => node,
        }
    }

    /// The places in `forward` of a checkpoint.
    pub(super) fn span(&self, checkpoint: &Checkpoint) -> Range<usize> {
        let start = |slot: u32| self.slots.get(slot as usize).map(|slot| slot.first as usize);
        let end = start(checkpoint.end_slot).unwrap_or(self.forward.len());
        start(checkpoint.first_slot).unwrap_or(end)..end
    }

    /// The checkpoints that refer to a file which was looked for and not seen.
    pub fn lacking(&self) -> Vec<u32> {
        if self.search.absent.is_empty() {
            return Vec::new();
        }
        let mut lacks = vec![false; self.nodes.len()];
        self.search.absent.iter().for_each(|node| lacks[*node as usize] = true);
        let lacks = |node: &u32| lacks[self.file_behind(*node) as usize];
        let numbered = (0..).zip(&self.checkpoints);
        let lacking = numbered.filter(|(_, of)| self.forward[self.span(of)].iter().any(lacks));
        lacking.map(|(number, _)| number).collect()
    }

    /// Everything that was added, to be asked.
    pub fn finish(mut self) -> References {
        self.settle();
        self.nodes.freeze();
        self.texts.freeze();
        self.databases.freeze();
        self.slots.shrink_to_fit();
        self.forward.shrink_to_fit();
        let inverse = Inverse::of(&self.nodes, &self.slots, &self.forward);
        References {
            parts: parts(&self.nodes),
            nodes: self.nodes,
            directories: self.directories.list,
            texts: self.texts,
            operators: self.operators,
            databases: self.databases,
            slots: self.slots,
            forward: self.forward,
            checkpoints: self.checkpoints,
            renamed: self.renamed,
            sizes: self.sizes,
            search: self.search,
            offsets: inverse.offsets,
            inverse: inverse.slots,
        }
    }
}

fn index(n: usize) -> Result<u32, TooMany> {
    u32::try_from(n).map_err(|_| TooMany)
}

/// What is the same for all references of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Origin<'a> {
    operator: OperatorId,
    subtask: Option<i32>,
    role: Role,
    database: Option<walk::Database<'a>>,
    relative: bool,
}

/// A checkpoint on the way of being added.
#[derive(Debug)]
pub struct Adding<'p, 'a> {
    places: &'p Places<'a>,
    number: u32,
    first_slot: u32,
    first_reference: usize,
    /// Numbers of directories here, by their numbers in `places`.
    directories: Vec<Option<u32>>,
    inline_directory: Option<(&'a [u8], u32)>,
    last: Option<Origin<'a>>,
    failed: Option<TooMany>,
}

impl Adding<'_, '_> {
    fn directory(&mut self, number: u32, all: &mut Directories) -> u32 {
        let at = number as usize;
        if let Some(Some(known)) = self.directories.get(at) {
            return *known;
        }
        let whereabouts =
            self.places.whereabouts(number).unwrap_or_else(|| Whereabouts::of(None, ""));
        let found = all.of(whereabouts);
        if self.directories.len() <= at {
            self.directories.resize(at + 1, None);
        }
        self.directories[at] = Some(found);
        found
    }
}

/// The directories of all files, each once however it is spelled.
#[derive(Debug, Default)]
pub(super) struct Directories {
    pub(super) list: Vec<Whereabouts>,
    pub(super) by_place: HashMap<Location, u32>,
    by_text: HashMap<String, u32>,
    last_listed: Option<(String, u32)>,
}

impl Directories {
    pub(super) fn of(&mut self, whereabouts: Whereabouts) -> u32 {
        let Some(now) = whereabouts.now().cloned() else {
            return self.of_text(whereabouts.text());
        };
        // Each costs more than four bytes, so they are fewer than 2^32.
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let number = *self.by_place.entry(now).or_insert(next);
        match self.list.get_mut(number as usize) {
            Some(known) => known.merge(whereabouts),
            None => self.list.push(whereabouts),
        }
        number
    }

    fn of_text(&mut self, text: &str) -> u32 {
        if let Ok(place) = Location::parse_flink(text) {
            return self.of(Whereabouts::of(Some(place), ""));
        }
        if let Some(known) = self.by_text.get(text) {
            return *known;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(Whereabouts::of(None, text));
        self.by_text.insert(text.to_owned(), number);
        number
    }

    fn listed(&mut self, root: &Location, path: &str) -> u32 {
        if let Some((last, number)) = &self.last_listed
            && last == path
        {
            return *number;
        }
        let number = self.of(Whereabouts::of(Some(root.join(path)), ""));
        self.last_listed = Some((path.to_owned(), number));
        number
    }
}

/// For each node the slots that refer to it.
struct Inverse {
    offsets: Vec<u32>,
    slots: Vec<u32>,
}

impl Inverse {
    /// Counting sort: slots of one node come in their order.
    fn of(nodes: &Interner<Node>, slots: &[Slot], forward: &[u32]) -> Inverse {
        let mut offsets = vec![0_u32; nodes.len() + 1];
        for node in forward {
            offsets[*node as usize + 1] += 1;
        }
        let mut sum = 0;
        for offset in &mut offsets {
            sum += *offset;
            *offset = sum;
        }
        let mut filled = vec![0_u32; forward.len()];
        // Each offset walks to the end of its part, which is where the next one began.
        for (number, slot) in (0..).zip(slots) {
            let end =
                slots.get(number as usize + 1).map_or(forward.len(), |next| next.first as usize);
            for node in &forward[slot.first as usize..end] {
                let at = &mut offsets[*node as usize];
                filled[*at as usize] = number;
                *at += 1;
            }
        }
        offsets.rotate_right(1);
        if let Some(first) = offsets.first_mut() {
            *first = 0;
        }
        Inverse { offsets, slots: filled }
    }
}

/// Segments by the files they are in, each file's in the order of their places in it.
fn parts(nodes: &Interner<Node>) -> Vec<NodeId> {
    let is_segment = |(_, node): &(u32, &Node)| matches!(node, Node::Segment { .. });
    let numbered = (0..).zip(nodes.iter());
    let mut parts: Vec<NodeId> = numbered.filter(is_segment).map(|(n, _)| NodeId(n)).collect();
    parts.sort_unstable_by_key(|part| match nodes.get(part.0) {
        Some(Node::Segment { file, start, bytes, .. }) => (*file, *start, *bytes),
        _ => (u32::MAX, 0, 0),
    });
    parts
}
