//! Java Object Serialization streams, read as data (section 1.9.1 of the format).
//!
//! Nothing is ever instantiated and no class is known here: a stream is a set of nodes in
//! one arena that refer to each other by number, so a cyclic or shared object costs what it
//! costs in the stream. [`read_object`] fills it, [`Item`] reads it field by field.

mod item;
mod read;
#[cfg(test)]
mod tests;

pub use item::Item;
pub use read::read_object;

use super::utf::Utf;

/// One object and all it refers to.
#[derive(Debug, Clone)]
pub struct JavaStream<'a> {
    nodes: Vec<Node<'a>>,
    root: Value<'a>,
}

impl<'a> JavaStream<'a> {
    /// The object that was written.
    pub fn root(&self) -> Item<'_, 'a> {
        Item::new(self, self.root)
    }

    fn node(&self, id: u32) -> Option<&Node<'a>> {
        self.nodes.get(usize::try_from(id).ok()?)
    }

    fn class(&self, id: u32) -> Option<&Class<'a>> {
        match self.node(id)? {
            Node::Class(class) => Some(class),
            _ => None,
        }
    }
}

/// A field's value, an array element or a piece of an annotation.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value<'a> {
    Null,
    /// Number of a node in the arena.
    Node(u32),
    Bool(bool),
    /// `byte`, `char`, `short`, `int` and `long`.
    Integer(i64),
    /// `float` and `double`.
    Float(f64),
    /// Bytes which a `writeObject` method wrote itself.
    Block(&'a [u8]),
    /// Ends the annotation of one class of an object.
    EndOfAnnotation,
}

/// Whatever is assigned a handle in the stream.
#[derive(Debug, Clone)]
enum Node<'a> {
    Class(Class<'a>),
    Text(Utf<'a>),
    /// The values of all classes, topmost superclass first; after the fields of a class that
    /// writes an annotation come its pieces and [`Value::EndOfAnnotation`].
    Object {
        class: u32,
        values: Box<[Value<'a>]>,
    },
    Array {
        class: u32,
        elements: Box<[Value<'a>]>,
    },
    /// An array of primitives, as encoded.
    Primitives {
        class: u32,
        bytes: &'a [u8],
    },
    Enum {
        class: u32,
        constant: Utf<'a>,
    },
    ClassObject {
        class: u32,
    },
}

/// A class descriptor.
#[derive(Debug, Clone)]
struct Class<'a> {
    /// Binary name; empty for a proxy class.
    name: Utf<'a>,
    flags: u8,
    fields: Box<[Field<'a>]>,
    superclass: Option<u32>,
    /// How many classes there are from the topmost one to this; 0 while it is being read.
    height: u32,
}

#[derive(Debug, Clone, Copy)]
struct Field<'a> {
    /// `B C D F I J S Z` or, for references, `L` and `[`.
    code: u8,
    name: Utf<'a>,
}

const WRITES_ANNOTATION: u8 = 0x01;
const SERIALIZABLE: u8 = 0x02;
const EXTERNALIZABLE: u8 = 0x04;
const BLOCK_DATA: u8 = 0x08;

impl Class<'_> {
    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether the data of this class in an object end with an annotation.
    fn is_annotated(&self) -> bool {
        self.has(EXTERNALIZABLE) || (self.has(SERIALIZABLE) && self.has(WRITES_ANNOTATION))
    }
}
