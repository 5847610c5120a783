//! Files that are not where they were looked for first: which they are, and what was found of
//! them elsewhere.
//!
//! A listing alone proves nothing absent. It is older than metadata that was written since, it
//! may have stopped at a link, and the paths of a moved checkpoint can mean two places.

use std::collections::BTreeMap;
use std::collections::HashMap;

use jiff::Timestamp;

use super::Builder;
use super::NodeId;
use super::node::Node;
use super::node::UNKNOWN;
use crate::model::places::Whereabouts;
use crate::model::rebase::Rule;
use crate::model::references::names::LocalName;
use crate::model::references::names::Name;
use crate::store::Location;

/// What is known of files that no listing showed.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Files which are another one: they were found at its place.
    moved: HashMap<u32, u32>,
    /// Looked for and not there, by their numbers.
    pub(super) absent: Vec<u32>,
    /// Looked for, and it could not be told.
    pub(super) unseen: Vec<u32>,
}

/// Files of one directory that no listing showed.
#[derive(Debug, Clone)]
pub struct Missed {
    /// The number of the directory.
    pub directory: u32,
    /// Where it is.
    pub at: Whereabouts,
    /// The files.
    pub files: Vec<NodeId>,
}

impl Builder {
    /// Files that no listing showed and that a wanted checkpoint refers to.
    pub fn missed(&self, is_wanted: impl Fn(u32) -> bool) -> Vec<Missed> {
        let unlisted = |node: &Node| matches!(node, Node::File { found: UNKNOWN, .. });
        // Mostly there are none.
        if !self.nodes.iter().any(unlisted) {
            return Vec::new();
        }
        let mut known = vec![false; self.nodes.len()];
        let mut missed: BTreeMap<u32, Vec<NodeId>> = BTreeMap::new();
        for (number, checkpoint) in (0..).zip(&self.checkpoints) {
            if !is_wanted(number) {
                continue;
            }
            for node in &self.forward[self.span(checkpoint)] {
                let file = self.file_behind(*node);
                if let Some(Node::File { dir, found: UNKNOWN, .. }) = self.nodes.get(file)
                    && !self.search.moved.contains_key(&file)
                    && !std::mem::replace(&mut known[file as usize], true)
                {
                    missed.entry(*dir).or_default().push(NodeId(file));
                }
            }
        }
        let of_directory = |(directory, files)| {
            let at = self.directories.list.get(directory as usize)?.clone();
            Some(Missed { directory, at, files })
        };
        missed.into_iter().filter_map(of_directory).collect()
    }

    /// The place of a directory by its number; `None` if its text is no path.
    pub fn directory(&self, number: u32) -> Option<&Location> {
        self.directories.list.get(number as usize)?.now()
    }

    /// The name of a file in its directory; empty where the directory is the file itself.
    pub fn name_of(&self, file: NodeId) -> String {
        match self.nodes.get(file.0) {
            Some(Node::File { name, .. }) => super::view::text(&name.bytes(&self.texts)),
            _ => String::new(),
        }
    }

    /// The file of this name in a directory, if one was mentioned.
    pub fn file_in(&self, directory: u32, name: &str) -> Option<NodeId> {
        let name = Name::known(name.as_bytes(), &self.texts)?;
        self.nodes.find(&Node::file(directory, name)).map(NodeId)
    }

    /// Takes a file for the one that a listing showed in another directory, if it did.
    pub fn meet(&mut self, file: NodeId, directory: &Location) -> bool {
        let Some(Node::File { name, .. }) = self.nodes.get(file.0) else { return false };
        let there = self.directories.by_place.get(directory).copied();
        let there = there.and_then(|dir| self.nodes.find(&Node::file(dir, *name)));
        match there.and_then(|there| Some((there, self.nodes.get(there)?))) {
            Some((there, Node::File { found, .. })) if *found != UNKNOWN => {
                self.search.moved.insert(file.0, there);
                true
            }
            _ => false,
        }
    }

    /// Takes files for one that lie at different places now and which their writer had at one:
    /// a checkpoint and its copy. `rules` are those by which the checkpoints were moved.
    pub fn unite_copies(&mut self, rules: &[Rule]) {
        // The place of a relative path is known as it is now only.
        let origin = |written: &Location| {
            let of = |rule: &Rule| Some(rule.from.join(written.relative_to(&rule.to)?));
            rules.iter().find_map(of).unwrap_or_else(|| written.clone())
        };
        let mut first: HashMap<Location, u32> = HashMap::new();
        let mut copies: HashMap<u32, u32> = HashMap::new();
        for (number, directory) in (0..).zip(&self.directories.list) {
            let Some(written) = directory.written() else { continue };
            let known = *first.entry(origin(written)).or_insert(number);
            if known != number {
                copies.insert(number, known);
            }
        }
        if copies.is_empty() {
            return;
        }
        for (number, node) in (0..).zip(self.nodes.iter()) {
            if let Node::File { dir, name, .. } = node
                && let Some(original) = copies.get(dir)
                && let Some(same) = self.nodes.find(&Node::file(*original, *name))
            {
                self.search.moved.insert(number, same);
            }
        }
    }

    /// Notes that a file was found in a directory: its own, or another one where it may be as
    /// well. `listed` is what a listing would have shown, where it should have shown it.
    pub fn found(
        &mut self,
        file: NodeId,
        directory: &Location,
        listed: Option<(Option<u64>, Option<Timestamp>)>,
    ) {
        let Some(Node::File { name, dir, .. }) = self.nodes.get(file.0).copied() else { return };
        let at = self.directories.of(Whereabouts::of(Some(directory.clone()), ""));
        let mut node = file.0;
        if at != dir {
            node = self.nodes.intern(Node::file(at, name));
            self.search.moved.insert(file.0, node);
        }
        if let Some((size, time)) = listed {
            self.lies(node, size, time);
        }
    }

    /// Notes that files were looked for and not found.
    pub fn absent(&mut self, files: impl IntoIterator<Item = NodeId>) {
        self.search.absent.extend(files.into_iter().map(|file| file.0));
    }

    /// Notes that files could not be looked for.
    pub fn unseen(&mut self, files: impl IntoIterator<Item = NodeId>) {
        self.search.unseen.extend(files.into_iter().map(|file| file.0));
    }

    /// Puts what was found elsewhere into effect.
    pub(super) fn settle(&mut self) {
        self.search.absent.sort_unstable();
        self.search.unseen.sort_unstable();
        let mut moved = std::mem::take(&mut self.search.moved);
        if moved.is_empty() {
            return;
        }
        self.settle_segments(&mut moved);
        // In an order that does not differ from run to run.
        let in_order: BTreeMap<u32, u32> = moved.iter().map(|(from, to)| (*from, *to)).collect();
        for (from, to) in &in_order {
            let Some(Node::File { bytes, local_name, .. }) = self.nodes.get(*from).copied() else {
                continue;
            };
            if let Some(Node::File { bytes: known, local_name: name, .. }) = self.nodes.get_mut(*to)
            {
                *known = bytes.max(*known);
                if *name == LocalName::NONE {
                    *name = local_name;
                }
            }
            if let Some(sizes) = self.sizes.remove(from) {
                self.sizes.insert(*to, sizes);
            }
        }
        for (reference, node) in (0..).zip(&mut self.forward) {
            let Some(to) = moved.get(node) else { continue };
            let name = |node| self.nodes.get(node).map(Node::local_name);
            let own = self.renamed.remove(&(*node, reference)).or(name(*node));
            if own != name(*to)
                && let Some(own) = own
            {
                self.renamed.insert((*to, reference), own);
            }
            *node = *to;
        }
    }

    /// The segments of a file go with it.
    fn settle_segments(&mut self, moved: &mut HashMap<u32, u32>) {
        let numbered = (0..).zip(self.nodes.iter());
        let of_moved = numbered.filter_map(|(number, node)| match node {
            Node::Segment { file, .. } => Some((number, *node, *moved.get(file)?)),
            _ => None,
        });
        for (number, mut node, to) in of_moved.collect::<Vec<_>>() {
            if let Node::Segment { file, .. } = &mut node {
                *file = to;
            }
            let there = self.nodes.intern(node);
            moved.insert(number, there);
        }
    }
}
