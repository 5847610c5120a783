//! SQL types: from Flink's `LogicalType` objects to the text Flink prints for them.

use std::cell::Cell;
use std::ops::Deref;

use super::super::java::Item;

const LOGICAL: &str = "org.apache.flink.table.types.logical.";

/// Types nest by reference, so that a small object can print as an endless one.
const MAX_DEPTH: u32 = 16;
const MAX_CHARS: usize = 4096;

/// How often each byte of an object may be looked at. A type is named again and again while
/// the end of a foreign snapshot is searched, and real ones need less than one look a byte.
const MAX_LOOKS: usize = 8;

/// An item that must not be looked into without end: objects refer to each other, so that a
/// few of them can make a long text out of many.
#[derive(Clone, Copy)]
struct Limited<'s, 'a> {
    item: Item<'s, 'a>,
    /// Values that may yet be looked at.
    left: &'s Cell<usize>,
}

impl<'s, 'a> Limited<'s, 'a> {
    fn of(self, item: Item<'s, 'a>) -> Self {
        Limited { item, ..self }
    }

    /// Pays for looking through all values of the item; `None` if that is too much.
    fn look(self) -> Option<Item<'s, 'a>> {
        let left = self.left.get().checked_sub(self.item.breadth());
        self.left.set(left.unwrap_or_default());
        left.map(|_| self.item)
    }

    fn field(self, name: &str) -> Option<Self> {
        self.look()?.field(name).map(|inner| self.of(inner))
    }
}

impl<'s, 'a> Deref for Limited<'s, 'a> {
    type Target = Item<'s, 'a>;

    fn deref(&self) -> &Item<'s, 'a> {
        &self.item
    }
}

/// Text of a `LogicalType`, or of a `DataType`, which has one, that took so many bytes.
pub(super) fn type_name(item: Item<'_, '_>, bytes: usize) -> String {
    let mut out = String::new();
    let left = Cell::new(bytes.saturating_mul(MAX_LOOKS));
    write_type(Limited { item, left: &left }, MAX_DEPTH, &mut out);
    if left.get() == 0 || out.len() > MAX_CHARS {
        let end = (0..=MAX_CHARS.min(out.len())).rev().find(|&n| out.is_char_boundary(n));
        out.truncate(end.unwrap_or_default());
        out.push('…');
    }
    out
}

fn write_type(item: Limited<'_, '_>, depth: u32, out: &mut String) {
    if out.len() > MAX_CHARS || item.left.get() == 0 {
        return;
    }
    let Some(depth) = depth.checked_sub(1) else {
        out.push('…');
        return;
    };
    if let Some(inner) = item.field("logicalType") {
        return write_type(inner, depth, out);
    }
    let class = item.class_name().unwrap_or_default().to_str();
    let Some(kind) = class.strip_prefix(LOGICAL).and_then(|name| name.strip_suffix("Type")) else {
        out.push_str(if item.is_null() { "NULL" } else { &class });
        return;
    };
    let number =
        |name: &str| item.field(name).and_then(|part| part.as_integer()).unwrap_or_default();
    let sized = |word: &str, size: &str| format!("{word}({})", number(size));
    let plain = match kind {
        "Char" => sized("CHAR", "length"),
        "VarChar" => sized("VARCHAR", "length"),
        "Binary" => sized("BINARY", "length"),
        "VarBinary" => sized("VARBINARY", "length"),
        "Boolean" => "BOOLEAN".to_owned(),
        "Decimal" => format!("DECIMAL({}, {})", number("precision"), number("scale")),
        "TinyInt" => "TINYINT".to_owned(),
        "SmallInt" => "SMALLINT".to_owned(),
        "Int" => "INT".to_owned(),
        "BigInt" => "BIGINT".to_owned(),
        "Float" => "FLOAT".to_owned(),
        "Double" => "DOUBLE".to_owned(),
        "Date" => "DATE".to_owned(),
        "Time" => sized("TIME", "precision"),
        "Timestamp" => sized("TIMESTAMP", "precision"),
        "LocalZonedTimestamp" => sized("TIMESTAMP_LTZ", "precision"),
        "ZonedTimestamp" => sized("TIMESTAMP", "precision") + " WITH TIME ZONE",
        "YearMonthInterval" | "DayTimeInterval" => interval(item),
        "Null" => "NULL".to_owned(),
        "Variant" => "VARIANT".to_owned(),
        "Bitmap" => "BITMAP".to_owned(),
        "Raw" => format!("RAW('{}', '...')", text(item, "clazz")),
        "Array" | "Multiset" | "Map" | "Row" | "Structured" | "Distinct" => {
            write_nested(kind, item, depth, out);
            String::new()
        }
        other => other.to_ascii_uppercase(),
    };
    out.push_str(&plain);
    if item.field("isNullable").and_then(|part| part.as_bool()) == Some(false) {
        out.push_str(" NOT NULL");
    }
    match item.field("kind").and_then(|part| part.enum_constant()).map(|kind| kind.to_str()) {
        Some(kind) if kind != "REGULAR" => {
            out.push_str(" *");
            out.push_str(&kind);
            out.push('*');
        }
        _ => {}
    }
}

fn write_nested(kind: &str, item: Limited<'_, '_>, depth: u32, out: &mut String) {
    let part = |name: &str, out: &mut String| match item.field(name) {
        Some(inner) => write_type(inner, depth, out),
        None => out.push('?'),
    };
    match kind {
        "Array" | "Multiset" => {
            out.push_str(if kind == "Array" { "ARRAY<" } else { "MULTISET<" });
            part("elementType", out);
            out.push('>');
        }
        "Map" => {
            out.push_str("MAP<");
            part("keyType", out);
            out.push_str(", ");
            part("valueType", out);
            out.push('>');
        }
        "Row" => {
            out.push_str("ROW<");
            write_fields(item.field("fields"), "", depth, out);
        }
        _ => match item.field("objectIdentifier").filter(|named| !named.is_null()) {
            Some(named) => {
                let parts = ["catalogName", "databaseName", "objectName"];
                out.push_str(&parts.map(|part| format!("`{}`", text(named, part))).join("."));
            }
            None => {
                let own = text(item, "implementationClass");
                let class = if own.is_empty() { text(item, "className") } else { own };
                out.push_str(&format!("STRUCTURED<'{class}'"));
                write_fields(item.field("attributes"), ", ", depth, out);
            }
        },
    }
}

/// The fields of a row or attributes of a structured type, and the closing bracket.
fn write_fields(list: Option<Limited<'_, '_>>, before: &str, depth: u32, out: &mut String) {
    let fields = list.map(|list| list_items(list, depth)).unwrap_or_default();
    for (i, field) in fields.into_iter().enumerate() {
        if out.len() > MAX_CHARS || field.left.get() == 0 {
            return;
        }
        out.push_str(if i == 0 { before } else { ", " });
        out.push('`');
        out.push_str(&text(field, "name"));
        out.push_str("` ");
        match field.field("type") {
            Some(inner) => write_type(inner, depth, out),
            None => out.push('?'),
        }
    }
    out.push('>');
}

/// `DAY_TO_SECOND` with the precisions of its ends.
fn interval(item: Limited<'_, '_>) -> String {
    let resolution =
        item.field("resolution").and_then(|part| part.enum_constant()).unwrap_or_default();
    let word = |word: &str| {
        let precision = match word {
            "YEAR" => item.field("yearPrecision"),
            "DAY" => item.field("dayPrecision"),
            "SECOND" => item.field("fractionalPrecision"),
            _ => None,
        };
        match precision.and_then(|part| part.as_integer()) {
            Some(n) => format!("{word}({n})"),
            None => word.to_owned(),
        }
    };
    let words: Vec<String> = resolution.to_str().split('_').map(word).collect();
    format!("INTERVAL {}", words.join(" "))
}

/// A string field, or the name of the class object in it.
fn text(item: Limited<'_, '_>, name: &str) -> String {
    let value = item.field(name);
    let text = value.and_then(|value| value.as_text().or_else(|| value.class_name()));
    text.unwrap_or_default().to_str().into_owned()
}

/// The elements of a `java.util` list: an array list, a list that wraps an array or another
/// list, or one of the immutable lists of `List.of`.
fn list_items<'s, 'a>(list: Limited<'s, 'a>, depth: u32) -> Vec<Limited<'s, 'a>> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    if let Some(elements) = list.field("a").and_then(Limited::look).and_then(Item::elements) {
        return elements.map(|item| list.of(item)).collect();
    }
    if let Some(only) = list.field("element") {
        return vec![only];
    }
    for wrapped in ["list", "c"] {
        if let Some(inner) = list.field(wrapped) {
            return list_items(inner, depth);
        }
    }
    let written = list.look().map(Item::annotations).unwrap_or_default();
    let objects = written.into_iter().filter(|item| item.bytes().is_none());
    objects.map(|item| list.of(item)).collect()
}
