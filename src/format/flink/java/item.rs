//! Looking into an object: fields by name, wherever in the class hierarchy they are.

use super::super::utf::Utf;
use super::{Class, EXTERNALIZABLE, JavaStream, Node, SERIALIZABLE, Value};

/// A value in a [`JavaStream`]. Every accessor answers `None` when the value is of another
/// kind, so that a chain of them ends in `None` at the first surprise.
#[derive(Clone, Copy)]
pub struct Item<'s, 'a> {
    stream: &'s JavaStream<'a>,
    value: Value<'a>,
}

impl<'s, 'a> Item<'s, 'a> {
    pub(super) fn new(stream: &'s JavaStream<'a>, value: Value<'a>) -> Self {
        Item { stream, value }
    }

    /// Whether this is the null reference.
    pub fn is_null(self) -> bool {
        self.value == Value::Null
    }

    /// Binary class name of an object, array or enum constant. A class object answers with
    /// the class it stands for, a proxy with the empty name.
    pub fn class_name(self) -> Option<Utf<'a>> {
        self.class().map(|class| class.name)
    }

    /// Whether the class of this value, or one of its superclasses, has that name.
    pub fn is_a(self, name: &str) -> bool {
        let mut next = self.class();
        while let Some(class) = next {
            if class.name.as_bytes() == name.as_bytes() {
                return true;
            }
            next = self.superclass(class);
        }
        false
    }

    /// A field of an object. Where a class and its superclass both have a field of that name
    /// it is the field of the class.
    pub fn field(self, name: &str) -> Option<Item<'s, 'a>> {
        let mut found = None;
        self.walk(|class, fields, _| {
            let named = class.fields.iter().zip(fields);
            for (field, &value) in named {
                if field.name.as_bytes() == name.as_bytes() {
                    found = Some(value);
                }
            }
        });
        found.map(|value| Item { stream: self.stream, value })
    }

    /// What the `writeObject` or `writeExternal` methods of an object wrote, over all its
    /// classes: objects, and blocks of bytes.
    pub fn annotations(self) -> Vec<Item<'s, 'a>> {
        let mut found = Vec::new();
        self.walk(|_, _, annotation| {
            found.extend(annotation.iter().map(|&value| Item { stream: self.stream, value }));
        });
        found
    }

    /// The elements of an array of references.
    pub fn elements(self) -> Option<impl Iterator<Item = Item<'s, 'a>>> {
        match self.node()? {
            Node::Array { elements, .. } => {
                Some(elements.iter().map(move |&value| Item { stream: self.stream, value }))
            }
            _ => None,
        }
    }

    /// The encoded elements of an array of primitives, or the bytes of a block.
    pub fn bytes(self) -> Option<&'a [u8]> {
        match (self.value, self.node()) {
            (Value::Block(bytes), _) => Some(bytes),
            (_, Some(Node::Primitives { bytes, .. })) => Some(bytes),
            _ => None,
        }
    }

    /// A `boolean`.
    pub fn as_bool(self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// A `byte`, `char`, `short`, `int` or `long`.
    pub fn as_integer(self) -> Option<i64> {
        match self.value {
            Value::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// A `float` or `double`.
    pub fn as_float(self) -> Option<f64> {
        match self.value {
            Value::Float(value) => Some(value),
            _ => None,
        }
    }

    /// A string.
    pub fn as_text(self) -> Option<Utf<'a>> {
        match self.node()? {
            Node::Text(text) => Some(*text),
            _ => None,
        }
    }

    /// The name of an enum constant.
    pub fn enum_constant(self) -> Option<Utf<'a>> {
        match self.node()? {
            Node::Enum { constant, .. } => Some(*constant),
            _ => None,
        }
    }

    /// How many values one look through this one passes.
    pub(in crate::format::flink) fn breadth(self) -> usize {
        let values = match self.node() {
            Some(Node::Object { values, .. } | Node::Array { elements: values, .. }) => {
                values.len()
            }
            _ => 0,
        };
        let classes = self.class().map_or(0, |class| class.height);
        values.saturating_add(classes as usize).saturating_add(1)
    }

    /// Calls `visit` with each class of an object, topmost first, its fields' values and its
    /// annotation.
    fn walk(self, mut visit: impl FnMut(&Class<'a>, &'s [Value<'a>], &'s [Value<'a>])) {
        let Some(Node::Object { values, .. }) = self.node() else { return };
        let mut line = Vec::new();
        let mut next = self.class();
        while let Some(class) = next {
            line.push(class);
            next = self.superclass(class);
        }
        let mut rest: &'s [Value<'a>] = values;
        for class in line.into_iter().rev() {
            let holds_fields = class.has(SERIALIZABLE) && !class.has(EXTERNALIZABLE);
            let n = if holds_fields { class.fields.len() } else { 0 };
            let Some((fields, tail)) = rest.split_at_checked(n) else { return };
            rest = tail;
            let mut annotation: &[Value<'a>] = &[];
            if class.is_annotated() {
                let end = rest.iter().position(|value| *value == Value::EndOfAnnotation);
                let Some((pieces, tail)) = end.and_then(|end| rest.split_at_checked(end)) else {
                    return;
                };
                annotation = pieces;
                rest = tail.get(1..).unwrap_or_default();
            }
            visit(class, fields, annotation);
        }
    }

    fn node(self) -> Option<&'s Node<'a>> {
        match self.value {
            Value::Node(id) => self.stream.node(id),
            _ => None,
        }
    }

    fn class(self) -> Option<&'s Class<'a>> {
        match self.node()? {
            Node::Object { class, .. }
            | Node::Array { class, .. }
            | Node::Primitives { class, .. }
            | Node::Enum { class, .. }
            | Node::ClassObject { class } => self.stream.class(*class),
            Node::Class(class) => Some(class),
            Node::Text(_) => None,
        }
    }

    fn superclass(self, class: &Class<'a>) -> Option<&'s Class<'a>> {
        self.stream.class(class.superclass?)
    }
}
