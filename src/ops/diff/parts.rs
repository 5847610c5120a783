//! Kept, added and dropped.

use super::Pair;
use crate::format::flink::keyed::add;
use crate::model::references::File;
use crate::model::references::Kind;
use crate::model::references::NodeId;
use crate::model::references::References;

/// What two checkpoints refer to: both, only the newer, only the older.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Both refer to it.
    pub kept: Part,
    /// Only the newer does.
    pub added: Part,
    /// Only the older does.
    pub dropped: Part,
    /// The same of state inside the metadata.
    pub inline: Inline,
}

/// The same of state inside the metadata.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Inline {
    /// Both have it.
    pub kept: InlinePart,
    /// Only the newer does.
    pub added: InlinePart,
    /// Only the older does.
    pub dropped: InlinePart,
}

/// Physical files, and bytes in them. A merged file counts once, as kept if both refer to it;
/// its bytes count where they belong, so a kept file can have bytes that were added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The files.
    pub files: Vec<NodeId>,
    /// Handles of whole files, each file once.
    pub whole: u64,
    /// Segments of merged files, each once.
    pub segments: u64,
    /// Bytes referred to, each once; `None` if a size is unknown.
    pub bytes: Option<u64>,
}

impl Default for Part {
    fn default() -> Self {
        Part { files: Vec::new(), whole: 0, segments: 0, bytes: Some(0) }
    }
}

/// Pieces of state inside the metadata.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InlinePart {
    /// How many.
    pub handles: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl InlinePart {
    fn add(&mut self, bytes: Option<u64>) {
        self.handles += 1;
        self.bytes = self.bytes.saturating_add(bytes.unwrap_or_default());
    }
}

impl Parts {
    /// Compares what the two refer to, in any order and as often as they do.
    pub(super) fn of(references: &References, nodes: Pair<Vec<NodeId>>) -> Parts {
        let distinct = |mut nodes: Vec<NodeId>| {
            nodes.sort_unstable();
            nodes.dedup();
            nodes
        };
        let nodes = nodes.map(distinct);
        let has = |side: &[NodeId], node: NodeId| side.binary_search(&node).is_ok();
        let (from, to) = (nodes.from.as_slice(), nodes.to.as_slice());

        let mut parts = Parts::default();
        let mut files: Vec<NodeId> = Vec::new();
        let only_to = to.iter().filter(|node| !has(from, **node));
        for node in from.iter().chain(only_to).copied() {
            let Parts { kept, added, dropped, inline } = &mut parts;
            let (part, inline) = match (has(from, node), has(to, node)) {
                (true, true) => (kept, &mut inline.kept),
                (false, _) => (added, &mut inline.added),
                (true, false) => (dropped, &mut inline.dropped),
            };
            match references.kind(node) {
                Kind::Inline => inline.add(references.bytes(node)),
                Kind::File => part.whole += 1,
                Kind::Segment => part.segments += 1,
            }
            files.extend(references.file_of(node).map(|file| file.node()));
        }
        files.sort_unstable();
        files.dedup();
        for file in files.into_iter().filter_map(|node| references.file(node)) {
            parts.add(&file, |node| has(from, node), |node| has(to, node));
        }
        parts
    }

    fn add(
        &mut self,
        file: &File<'_>,
        in_from: impl Fn(NodeId) -> bool,
        in_to: impl Fn(NodeId) -> bool,
    ) {
        let (older, newer) = (file.nodes().any(&in_from), file.nodes().any(&in_to));
        let part = match (older, newer) {
            (true, true) => &mut self.kept,
            (false, _) => &mut self.added,
            (true, false) => &mut self.dropped,
        };
        part.files.push(file.node());
        // What both refer to is what each refers to, less what either does.
        let [from, to] = [file.bytes_of(&in_from), file.bytes_of(&in_to)];
        let either = file.bytes_of(|node| in_from(node) || in_to(node));
        let both = add(from, to).zip(either).map(|(sum, either)| sum.saturating_sub(either));
        let rest = |bytes: Option<u64>| bytes.zip(both).map(|(all, both)| all.saturating_sub(both));
        self.kept.bytes = add(self.kept.bytes, both);
        self.added.bytes = add(self.added.bytes, rest(to));
        self.dropped.bytes = add(self.dropped.bytes, rest(from));
    }

    /// Adds state inside the metadata that no name identifies, but only its content: that of a
    /// coordinator.
    pub(super) fn add_content(&mut self, content: Pair<Option<&[u8]>>) {
        let bytes = |content: &[u8]| Some(content.len() as u64);
        match (content.from, content.to) {
            (Some(from), Some(to)) if from == to => self.inline.kept.add(bytes(to)),
            (from, to) => {
                to.into_iter().for_each(|to| self.inline.added.add(bytes(to)));
                from.into_iter().for_each(|from| self.inline.dropped.add(bytes(from)));
            }
        }
    }

    /// Whether both refer to the same.
    pub fn is_same(&self) -> bool {
        let inline = &self.inline;
        [&self.added, &self.dropped]
            .into_iter()
            .all(|part| part.files.is_empty() && part.bytes == Some(0))
            && [inline.added, inline.dropped].into_iter().all(|part| part.handles == 0)
    }
}
