//! SQL types of every kind, made up field by field.

use super::super::super::java::read_object;
use super::super::sql::type_name;
use super::*;

#[derive(Clone)]
enum Field {
    Flag(bool),
    Int(i32),
    Object(Vec<u8>),
}
use Field::{Flag, Int, Object};

/// A class descriptor without a superclass.
fn class(name: &str, flags: u8, fields: &[(&str, Field)]) -> Vec<u8> {
    let mut out = [&[0x72][..], &utf(name), &[0; 8], &[flags]].concat();
    out.extend(u16::try_from(fields.len()).unwrap().to_be_bytes());
    for (name, field) in fields {
        match field {
            Flag(_) => out.extend([b"Z", &utf(name)[..]].concat()),
            Int(_) => out.extend([b"I", &utf(name)[..]].concat()),
            Object(_) => out.extend([b"L", &utf(name)[..], b"\x74\0\x01X"].concat()),
        }
    }
    out.extend([0x78, 0x70]);
    out
}

fn object(name: &str, fields: &[(&str, Field)]) -> Vec<u8> {
    let mut out = [&[0x73][..], &class(name, 2, fields)].concat();
    for (_, field) in fields {
        match field {
            Flag(value) => out.push((*value).into()),
            Int(value) => out.extend(int(*value)),
            Object(bytes) => out.extend(bytes),
        }
    }
    out
}

fn logical(kind: &str, fields: &[(&str, Field)]) -> Vec<u8> {
    object(&format!("org.apache.flink.table.types.logical.{kind}Type"), fields)
}

fn text(text: &str) -> Vec<u8> {
    [&[0x74][..], &utf(text)].concat()
}

fn constant(name: &str) -> Field {
    Object([&[0x7E][..], &class("E", 0x12, &[]), &text(name)].concat())
}

fn array(of: &[Vec<u8>]) -> Vec<u8> {
    let n = int(i32::try_from(of.len()).unwrap());
    [&[0x75][..], &class("[Ljava.lang.Object;", 2, &[]), &n, &of.concat()].concat()
}

/// `List.of`: the elements are written by the class itself.
fn immutable(of: &[Vec<u8>]) -> Vec<u8> {
    let head = [&[0x73][..], &class("java.util.CollSer", 3, &[("tag", Int(1))]), &int(1)].concat();
    [&head[..], &[0x77, 4, 0, 0, 0, 2], &of.concat(), &[0x78]].concat()
}

fn name(object: &[u8]) -> String {
    let bytes = [&[0xAC, 0xED, 0, 5][..], object].concat();
    let mut r = Reader::new(&bytes);
    let stream = read_object(&mut r).unwrap();
    assert!(r.is_empty());
    type_name(stream.root(), bytes.len())
}

#[test]
fn types_without_types_in_them() {
    let sized = |kind, field, expected| (kind, vec![(field, Int(3))], expected);
    let both = vec![("precision", Int(10)), ("scale", Int(2))];
    for (kind, fields, expected) in [
        sized("Char", "length", "CHAR(3)"),
        sized("VarChar", "length", "VARCHAR(3)"),
        sized("Binary", "length", "BINARY(3)"),
        sized("VarBinary", "length", "VARBINARY(3)"),
        sized("Time", "precision", "TIME(3)"),
        sized("Timestamp", "precision", "TIMESTAMP(3)"),
        sized("LocalZonedTimestamp", "precision", "TIMESTAMP_LTZ(3)"),
        sized("ZonedTimestamp", "precision", "TIMESTAMP(3) WITH TIME ZONE"),
        ("Decimal", both, "DECIMAL(10, 2)"),
        ("Raw", vec![("clazz", Object(text("com.acme.X")))], "RAW('com.acme.X', '...')"),
        ("Later", vec![], "LATER"),
    ] {
        assert_eq!(name(&logical(kind, &fields)), expected);
        let mut not_null = fields.clone();
        not_null.push(("isNullable", Flag(false)));
        assert_eq!(name(&logical(kind, &not_null)), format!("{expected} NOT NULL"));
    }
    for (kind, expected) in [
        ("Boolean", "BOOLEAN"),
        ("TinyInt", "TINYINT"),
        ("SmallInt", "SMALLINT"),
        ("Int", "INT"),
        ("BigInt", "BIGINT"),
        ("Float", "FLOAT"),
        ("Double", "DOUBLE"),
        ("Date", "DATE"),
        ("Null", "NULL"),
        ("Variant", "VARIANT"),
        ("Bitmap", "BITMAP"),
    ] {
        assert_eq!(name(&logical(kind, &[("isNullable", Flag(true))])), expected);
    }
    let rowtime = [("precision", Int(3)), ("kind", constant("ROWTIME"))];
    assert_eq!(name(&logical("Timestamp", &rowtime)), "TIMESTAMP(3) *ROWTIME*");
    let regular = [("precision", Int(3)), ("kind", constant("REGULAR"))];
    assert_eq!(name(&logical("Timestamp", &regular)), "TIMESTAMP(3)");
    // A data type says its logical type; what is neither, its class; null is a type, too.
    let atomic = object("AtomicDataType", &[("logicalType", Object(logical("Int", &[])))]);
    assert_eq!(name(&atomic), "INT");
    assert_eq!(name(&object("com.acme.Odd", &[])), "com.acme.Odd");
    assert_eq!(name(&[0x70]), "NULL");
}

#[test]
fn intervals() {
    let day = [
        ("resolution", constant("DAY_TO_SECOND")),
        ("dayPrecision", Int(2)),
        ("fractionalPrecision", Int(6)),
    ];
    assert_eq!(name(&logical("DayTimeInterval", &day)), "INTERVAL DAY(2) TO SECOND(6)");
    let year = [("resolution", constant("YEAR_TO_MONTH")), ("yearPrecision", Int(4))];
    assert_eq!(name(&logical("YearMonthInterval", &year)), "INTERVAL YEAR(4) TO MONTH");
}

#[test]
fn types_of_types() {
    let long = || Object(logical("BigInt", &[]));
    let not_null = || Object(logical("Int", &[("isNullable", Flag(false))]));
    assert_eq!(name(&logical("Array", &[("elementType", not_null())])), "ARRAY<INT NOT NULL>");
    assert_eq!(name(&logical("Multiset", &[("elementType", long())])), "MULTISET<BIGINT>");
    assert_eq!(name(&logical("Array", &[])), "ARRAY<?>");
    let map = [("keyType", long()), ("valueType", not_null())];
    assert_eq!(name(&logical("Map", &map)), "MAP<BIGINT, INT NOT NULL>");

    let field = |name: &str, of| object("F", &[("name", Object(text(name))), ("type", of)]);
    let [a, b] = [field("a", long()), field("b", not_null())];
    let both = vec![a.clone(), b];
    let unmodifiable = |inner| Object(object("U", &[("list", Object(inner))]));
    for (list, expected) in [
        (Object(object("Arrays$ArrayList", &[("a", Object(array(&both)))])), true),
        (Object(immutable(&both)), true),
        (unmodifiable(immutable(&both)), true),
        (Object(object("U", &[("c", Object(immutable(&both)))])), true),
        (Object(object("Collections$SingletonList", &[("element", Object(a))])), false),
    ] {
        let both = "ROW<`a` BIGINT, `b` INT NOT NULL>";
        let expected = if expected { both } else { "ROW<`a` BIGINT>" };
        assert_eq!(name(&logical("Row", &[("fields", list)])), expected);
    }
    let untyped = Object(immutable(&[object("F", &[("name", Object(text("x")))])]));
    assert_eq!(name(&logical("Row", &[("fields", untyped)])), "ROW<`x` ?>");
    assert_eq!(name(&logical("Row", &[])), "ROW<>");
}

#[test]
fn structured_and_distinct_types() {
    let parts = [("catalogName", "c"), ("databaseName", "d"), ("objectName", "o")];
    let parts = parts.map(|(name, part)| (name, Object(text(part))));
    let named = [("objectIdentifier", Object(object("ObjectIdentifier", &parts)))];
    assert_eq!(name(&logical("Distinct", &named)), "`c`.`d`.`o`");
    let field = object("A", &[("name", Object(text("x"))), ("type", Object(logical("Int", &[])))]);
    let attributes = Object(immutable(&[field]));
    let own = Object([&[0x76][..], &class("com.acme.User", 2, &[])].concat());
    let inline = [
        ("objectIdentifier", Object(vec![0x70])),
        ("implementationClass", own),
        ("attributes", attributes.clone()),
    ];
    let expected = "STRUCTURED<'com.acme.User', `x` INT>";
    assert_eq!(name(&logical("Structured", &inline)), expected);
    let by_name = [("className", Object(text("com.acme.User"))), ("attributes", attributes)];
    assert_eq!(name(&logical("Structured", &by_name)), expected);
}

#[test]
fn names_are_as_long_as_a_screen_and_no_longer() {
    let mut deep = logical("Int", &[]);
    for _ in 0..20 {
        deep = logical("Array", &[("elementType", Object(deep))]);
    }
    assert_eq!(name(&deep), format!("{}…{}", "ARRAY<".repeat(16), ">".repeat(16)));

    let long = "é".repeat(3000);
    let field = |_| object("F", &[("name", Object(text(&long)))]);
    let fields = [("fields", Object(immutable(&(0..9).map(field).collect::<Vec<_>>())))];
    let shown = name(&logical("Row", &fields));
    assert!(shown.ends_with("é…") && shown.len() < 4100, "{} bytes", shown.len());
    // A thousand references to one field with a thousand others beside its name.
    let mut fields = vec![("", Flag(true)); 1000];
    fields.push(("name", Object(text("x"))));
    let field = object("F", &fields);
    // Handles: 0 to 2 the row, 3 the class of the list, 4 the list, 5 the class of the field.
    let references = vec![[0x71, 0, 0x7E, 0, 7].to_vec(); 999];
    let list = Object(immutable(&[&[field][..], &references].concat()));
    let shown = name(&logical("Row", &[("fields", list)]));
    assert!(shown.starts_with("ROW<`x` ?, `x` ?, ") && shown.ends_with('…'), "{shown}");
    assert!(shown.matches("`x`").count() < 50, "{shown}");
    // A list that contains itself is no list at all.
    let mut endless = [&[0x73][..], &class("U", 2, &[("list", Object(vec![]))])].concat();
    endless.extend([0x71, 0, 0x7E, 0, 5]);
    assert_eq!(name(&logical("Row", &[("fields", Object(endless))])), "ROW<>");
}
