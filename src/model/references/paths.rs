//! How a report shows files, and in which order.

use super::File;
use super::NodeId;
use super::References;
use super::names::Name;
use super::node::Node;
use super::view;
use crate::store::Location;

/// The paths of files in a report with one base; each directory is looked at once.
#[derive(Debug)]
pub struct Paths<'r> {
    references: &'r References,
    directories: Vec<Directory>,
}

#[derive(Debug)]
struct Directory {
    /// Below the base, or a URI; with a slash at its end unless it is empty.
    text: String,
    outside: bool,
}

impl References {
    /// How a report with this base shows files.
    pub fn paths(&self, base: &Location) -> Paths<'_> {
        let directory = |dir: &crate::model::places::Whereabouts| {
            let text = dir.text_below(base, "");
            Directory { text, outside: dir.is_outside(base) }
        };
        Paths { references: self, directories: self.directories.iter().map(directory).collect() }
    }
}

impl Paths<'_> {
    /// The path of a file, of the file that a segment is in, or the one that inline state would
    /// have had.
    pub fn of(&self, node: NodeId) -> String {
        let (dir, name) = match self.references.nodes.get(node.0) {
            Some(Node::Segment { file, .. }) => return self.of(NodeId(*file)),
            Some(Node::File { name, dir, .. } | Node::Inline { name, dir, .. }) => (*dir, *name),
            None => return String::new(),
        };
        let dir = self.directories.get(dir as usize).map_or("", |dir| dir.text.as_str());
        let name = name.bytes(&self.references.texts);
        crate::model::places::joined(dir, &view::text(&name))
    }

    /// Whether a file lies outside of the base and no rule maps it there.
    pub fn is_outside(&self, file: &File<'_>) -> bool {
        let dir = self.directories.get(file.directory_number() as usize);
        dir.is_none_or(|dir| dir.outside)
    }

    /// All files, directory by directory in the order of their paths.
    pub fn sorted(&self) -> Vec<NodeId> {
        let mut order: Vec<usize> = (0..self.directories.len()).collect();
        order.sort_by_key(|dir| &self.directories[*dir].text);
        let mut rank = vec![0_u32; order.len()];
        (0..).zip(order).for_each(|(at, dir)| rank[dir] = at);
        let texts = &self.references.texts;
        let name = |node: &NodeId| match self.references.nodes.get(node.0) {
            Some(Node::File { name, .. }) => name.bytes(texts),
            _ => Default::default(),
        };
        // Sorting by what is at hand is several times faster than looking into the nodes.
        let key = |(number, node): (u32, &Node)| match node {
            Node::File { dir, name, .. } => {
                File::of(self.references, NodeId(number)).filter(File::is_known)?;
                Some((rank[*dir as usize], Name::head(*name, texts), NodeId(number)))
            }
            _ => None,
        };
        let mut files: Vec<_> = (0..).zip(self.references.nodes.iter()).filter_map(key).collect();
        files.sort_unstable_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| name(&a.2).cmp(&name(&b.2)))
        });
        files.into_iter().map(|(_, _, node)| node).collect()
    }
}
