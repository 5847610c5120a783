//! The reader of the grammar.

use super::super::error::{FormatError, Problem, Result};
use super::super::read::{MAX_DEPTH, Reader};
use super::super::utf::Utf;
use super::{BLOCK_DATA, Class, EXTERNALIZABLE, Field, JavaStream, Node, SERIALIZABLE, Value};

const MAGIC: u32 = 0xACED_0005;
const FIRST_HANDLE: u32 = 0x7E_0000;

const NULL: u8 = 0x70;
const REFERENCE: u8 = 0x71;
const CLASS_DESC: u8 = 0x72;
const OBJECT: u8 = 0x73;
const STRING: u8 = 0x74;
const ARRAY: u8 = 0x75;
const CLASS: u8 = 0x76;
const BLOCK: u8 = 0x77;
const END_BLOCK: u8 = 0x78;
const RESET: u8 = 0x79;
const LONG_BLOCK: u8 = 0x7A;
const LONG_STRING: u8 = 0x7C;
const PROXY_CLASS_DESC: u8 = 0x7D;
const ENUM: u8 = 0x7E;

/// Reads a stream header and exactly one object; `r` then stands behind that object.
///
/// Layout: `AC ED 00 05`, then the object of section 1.9.1, which ends by itself. Memory is
/// bounded by a small multiple of the bytes read, and objects nest at most [`MAX_DEPTH`]
/// deep.
///
/// # Errors
///
/// Truncated, or not such a stream. An externalizable object of the obsolete protocol
/// without block data cannot be delimited and is refused.
pub fn read_object<'a>(r: &mut Reader<'a>) -> Result<JavaStream<'a>> {
    let start = r.clone();
    let magic = u32::from_be_bytes(r.i32("Java stream header")?.to_be_bytes());
    if magic != MAGIC {
        let problem = Problem::Magic { expected: MAGIC, found: magic };
        return Err(start.error("Java stream header", problem));
    }
    let mut parser = Parser { nodes: Vec::new(), handles: Vec::new() };
    let root = parser.value(r)?;
    Ok(JavaStream { nodes: parser.nodes, root })
}

struct Parser<'a> {
    nodes: Vec<Node<'a>>,
    /// Node of each handle; emptied by a reset.
    handles: Vec<u32>,
}

impl<'a> Parser<'a> {
    /// One object of any kind.
    fn value(&mut self, r: &mut Reader<'a>) -> Result<Value<'a>> {
        loop {
            let start = r.clone();
            let tag = r.u8("Java type code")?;
            return match tag {
                NULL => Ok(Value::Null),
                REFERENCE => self.reference(r).map(Value::Node),
                STRING => {
                    let text = r.utf("Java string")?;
                    self.assign(Node::Text(text), r).map(Value::Node)
                }
                LONG_STRING => self.long_string(r),
                RESET => {
                    self.handles.clear();
                    continue;
                }
                CLASS_DESC | PROXY_CLASS_DESC => {
                    *r = start;
                    r.nested("Java class descriptor", |r| self.class_of(r)).map(Value::Node)
                }
                OBJECT => r.nested("Java object", |r| self.object(r)),
                ARRAY => r.nested("Java array", |r| self.array(r)),
                ENUM => r.nested("Java enum", |r| self.enum_constant(r)),
                CLASS => r.nested("Java class", |r| {
                    let class = self.class_of(r)?;
                    self.assign(Node::ClassObject { class }, r).map(Value::Node)
                }),
                found => {
                    let problem = Problem::Tag { found, allowed: "112 to 126 of an object" };
                    Err(start.error("Java type code", problem))
                }
            };
        }
    }

    /// Appends a node and gives it the next handle.
    fn assign(&mut self, node: Node<'a>, r: &Reader<'a>) -> Result<u32> {
        let id = u32::try_from(self.nodes.len())
            .map_err(|_| r.invalid("Java object", "is one of more than 4294967295"))?;
        self.nodes.push(node);
        self.handles.push(id);
        Ok(id)
    }

    fn reference(&mut self, r: &mut Reader<'a>) -> Result<u32> {
        let start = r.clone();
        let handle = u32::from_be_bytes(r.i32("Java back reference")?.to_be_bytes());
        handle
            .checked_sub(FIRST_HANDLE)
            .and_then(|index| self.handles.get(usize::try_from(index).ok()?).copied())
            .ok_or_else(|| start.invalid("Java back reference", "names no earlier object"))
    }

    fn long_string(&mut self, r: &mut Reader<'a>) -> Result<Value<'a>> {
        let start = r.clone();
        let n = r.i64("Java string length")?;
        let n = usize::try_from(n)
            .map_err(|_| start.error("Java string length", Problem::Negative(n)))?;
        let text = Utf::from_encoded(r.bytes(n, "Java string")?);
        self.assign(Node::Text(text), r).map(Value::Node)
    }

    /// A class descriptor that must not be null. Its fields and superclasses are all known.
    fn class_of(&mut self, r: &mut Reader<'a>) -> Result<u32> {
        let start = r.clone();
        let class = self.class_desc(r)?;
        class.ok_or_else(|| start.invalid("Java class descriptor", "is null"))
    }

    /// A class descriptor with those of its superclasses, which follow one another.
    fn class_desc(&mut self, r: &mut Reader<'a>) -> Result<Option<u32>> {
        let start = r.clone();
        let mut read_here = Vec::new();
        let mut superclass = loop {
            let start = r.clone();
            let id = match r.u8("Java class descriptor")? {
                NULL => break None,
                REFERENCE => break Some(self.reference(r)?),
                CLASS_DESC => self.plain_class(r)?,
                PROXY_CLASS_DESC => self.proxy_class(r)?,
                found => {
                    let problem = Problem::Tag { found, allowed: "112, 113, 114 or 125" };
                    return Err(start.error("Java class descriptor", problem));
                }
            };
            read_here.push(id);
            if read_here.len() > MAX_DEPTH as usize {
                return Err(too_many_superclasses(&start));
            }
        };
        // Used while it is still being read, a class could become its own superclass.
        let unusable = || start.invalid("Java class descriptor", "is none, or is not complete yet");
        let mut height = match superclass {
            None => 0,
            Some(id) => self.height(id).ok_or_else(unusable)?,
        };
        for id in read_here.into_iter().rev() {
            height = height.saturating_add(1);
            if height > MAX_DEPTH {
                return Err(too_many_superclasses(&start));
            }
            if let Some(class) = self.class_mut(id) {
                class.superclass = superclass;
                class.height = height;
            }
            superclass = Some(id);
        }
        Ok(superclass)
    }

    fn plain_class(&mut self, r: &mut Reader<'a>) -> Result<u32> {
        let name = r.utf("Java class name")?;
        r.i64("Java serialVersionUID")?;
        let class = Class { name, flags: 0, fields: Box::default(), superclass: None, height: 0 };
        let id = self.assign(Node::Class(class), r)?;
        let flags = r.u8("Java class flags")?;
        let mut fields = Vec::new();
        for _ in 0..r.u16("Java field count")? {
            fields.push(self.field(r)?);
        }
        if let Some(class) = self.class_mut(id) {
            class.flags = flags;
            class.fields = fields.into_boxed_slice();
        }
        self.annotation(r, &mut Vec::new())?;
        Ok(id)
    }

    fn field(&mut self, r: &mut Reader<'a>) -> Result<Field<'a>> {
        let start = r.clone();
        let code = r.u8("Java field type")?;
        let name = r.utf("Java field name")?;
        match code {
            b'B' | b'C' | b'D' | b'F' | b'I' | b'J' | b'S' | b'Z' => {}
            b'L' | b'[' => {
                self.value(r)?;
            }
            found => {
                let problem = Problem::Tag { found, allowed: "one of B C D F I J S Z L [" };
                return Err(start.error("Java field type", problem));
            }
        }
        Ok(Field { code, name })
    }

    fn proxy_class(&mut self, r: &mut Reader<'a>) -> Result<u32> {
        let class = Class {
            name: Utf::default(),
            flags: SERIALIZABLE,
            fields: Box::default(),
            superclass: None,
            height: 0,
        };
        let id = self.assign(Node::Class(class), r)?;
        for _ in 0..r.count(2, "Java proxy interface count")? {
            r.utf("Java proxy interface")?;
        }
        self.annotation(r, &mut Vec::new())?;
        Ok(id)
    }

    fn object(&mut self, r: &mut Reader<'a>) -> Result<Value<'a>> {
        let start = r.clone();
        let class = self.class_of(r)?;
        let id = self.assign(Node::Object { class, values: Box::default() }, r)?;
        let mut line = Vec::new();
        let mut next = Some(class);
        while let Some(id) = next {
            line.push(id);
            next = self.class(id).and_then(|class| class.superclass);
        }
        let mut read = Vec::new();
        for class in line.into_iter().rev() {
            let Some((flags, annotated)) = self.class(class).map(|c| (c.flags, c.is_annotated()))
            else {
                continue;
            };
            if flags & EXTERNALIZABLE != 0 {
                if flags & BLOCK_DATA == 0 {
                    let what = "is externalizable without block data, so its end is unknown";
                    return Err(start.invalid("Java object", what));
                }
            } else if flags & SERIALIZABLE != 0 {
                let mut index = 0_usize;
                while let Some(code) = self.field_code(class, index) {
                    read.push(self.element(code, r)?);
                    index = index.saturating_add(1);
                }
            }
            if annotated {
                self.annotation(r, &mut read)?;
                read.push(Value::EndOfAnnotation);
            }
        }
        self.fill(id, read);
        Ok(Value::Node(id))
    }

    fn array(&mut self, r: &mut Reader<'a>) -> Result<Value<'a>> {
        let start = r.clone();
        let class = self.class_of(r)?;
        let name = self.class(class).map(|class| class.name.as_bytes());
        let Some(&[b'[', code, ..]) = name else {
            return Err(start.invalid("Java array", "is of a class that is not an array's"));
        };
        let width = match code {
            b'B' | b'Z' => 1,
            b'C' | b'S' => 2,
            b'I' | b'F' => 4,
            b'J' | b'D' => 8,
            _ => {
                let elements = Box::default();
                let id = self.assign(Node::Array { class, elements }, r)?;
                let mut read = Vec::new();
                for _ in 0..r.count(1, "Java array length")? {
                    read.push(self.value(r)?);
                }
                self.fill(id, read);
                return Ok(Value::Node(id));
            }
        };
        let id = self.assign(Node::Primitives { class, bytes: &[] }, r)?;
        let n = r.count(width, "Java array length")?;
        let encoded = r.bytes(n.saturating_mul(width), "Java array")?;
        if let Some(Node::Primitives { bytes, .. }) = self.node_mut(id) {
            *bytes = encoded;
        }
        Ok(Value::Node(id))
    }

    fn enum_constant(&mut self, r: &mut Reader<'a>) -> Result<Value<'a>> {
        let class = self.class_of(r)?;
        let id = self.assign(Node::Enum { class, constant: Utf::default() }, r)?;
        let start = r.clone();
        let name = self.value(r)?;
        let name = match name {
            Value::Node(id) => match self.node_mut(id) {
                Some(Node::Text(text)) => Some(*text),
                _ => None,
            },
            _ => None,
        };
        let name = name.ok_or_else(|| start.invalid("Java enum constant", "is not a string"))?;
        if let Some(Node::Enum { constant, .. }) = self.node_mut(id) {
            *constant = name;
        }
        Ok(Value::Node(id))
    }

    /// A value of the given type code.
    fn element(&mut self, code: u8, r: &mut Reader<'a>) -> Result<Value<'a>> {
        const FIELD: &str = "Java field";
        Ok(match code {
            b'Z' => Value::Bool(r.bool(FIELD)?),
            b'B' => Value::Integer(i8::from_be_bytes([r.u8(FIELD)?]).into()),
            b'C' => Value::Integer(r.u16(FIELD)?.into()),
            b'S' => Value::Integer(r.i16(FIELD)?.into()),
            b'I' => Value::Integer(r.i32(FIELD)?.into()),
            b'J' => Value::Integer(r.i64(FIELD)?),
            b'F' => {
                let bits = u32::from_be_bytes(r.i32(FIELD)?.to_be_bytes());
                Value::Float(f32::from_bits(bits).into())
            }
            b'D' => {
                let bits = u64::from_be_bytes(r.i64(FIELD)?.to_be_bytes());
                Value::Float(f64::from_bits(bits))
            }
            _ => self.value(r)?,
        })
    }

    /// Objects and blocks up to the end mark.
    fn annotation(&mut self, r: &mut Reader<'a>, into: &mut Vec<Value<'a>>) -> Result<()> {
        loop {
            match r.rest().first() {
                Some(&END_BLOCK) => return r.u8("Java annotation").map(|_| ()),
                Some(&BLOCK) => {
                    r.u8("Java block data")?;
                    let n = r.u8("Java block length")?;
                    into.push(Value::Block(r.bytes(n.into(), "Java block data")?));
                }
                Some(&LONG_BLOCK) => {
                    r.u8("Java block data")?;
                    into.push(Value::Block(r.sized_bytes("Java block data")?));
                }
                _ => {
                    let value = self.value(r)?;
                    into.push(value);
                }
            }
        }
    }

    /// Sets what an object or array holds, which is known only after its handle.
    fn fill(&mut self, id: u32, read: Vec<Value<'a>>) {
        match self.node_mut(id) {
            Some(Node::Object { values, .. } | Node::Array { elements: values, .. }) => {
                *values = read.into_boxed_slice();
            }
            _ => debug_assert!(false, "only objects and arrays are filled"),
        }
    }

    fn node_mut(&mut self, id: u32) -> Option<&mut Node<'a>> {
        self.nodes.get_mut(usize::try_from(id).ok()?)
    }

    fn class(&self, id: u32) -> Option<&Class<'a>> {
        match self.nodes.get(usize::try_from(id).ok()?)? {
            Node::Class(class) => Some(class),
            _ => None,
        }
    }

    fn class_mut(&mut self, id: u32) -> Option<&mut Class<'a>> {
        match self.node_mut(id)? {
            Node::Class(class) => Some(class),
            _ => None,
        }
    }

    fn height(&self, id: u32) -> Option<u32> {
        self.class(id).map(|class| class.height).filter(|&height| height > 0)
    }

    fn field_code(&self, class: u32, index: usize) -> Option<u8> {
        self.class(class)?.fields.get(index).map(|field| field.code)
    }
}

#[cold]
fn too_many_superclasses(at: &Reader<'_>) -> FormatError {
    at.invalid("Java class descriptor", "has more than 64 superclasses")
}
