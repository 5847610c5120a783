//! Java serialization streams: each element of the grammar, and hostile ones.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::super::error::{Problem, Result};
use super::super::read::Reader;
use super::super::serializer::tests::utf;
use super::{JavaStream, read_object};

const HEAD: [u8; 4] = [0xAC, 0xED, 0x00, 0x05];

/// `72`, name, suid, flags, fields, no annotation.
fn class(name: &str, flags: u8, fields: &[(u8, &str)]) -> Vec<u8> {
    let mut out = [&[0x72][..], &utf(name), &[0; 8], &[flags]].concat();
    out.extend(u16::try_from(fields.len()).unwrap().to_be_bytes());
    for (code, name) in fields {
        out.push(*code);
        out.extend(utf(name));
        if matches!(code, b'L' | b'[') {
            out.extend([&[0x74][..], &utf("Ljava/lang/Object;")].concat());
        }
    }
    out.push(0x78);
    out
}

fn stream(parts: &[&[u8]]) -> Vec<u8> {
    [&HEAD[..], &parts.concat()].concat()
}

fn read(bytes: &[u8]) -> JavaStream<'_> {
    let mut r = Reader::new(bytes);
    let stream = read_object(&mut r).unwrap();
    assert!(r.is_empty());
    stream
}

fn fails(bytes: &[u8]) -> String {
    read_object(&mut Reader::new(bytes)).unwrap_err().to_string()
}

#[test]
fn primitives_and_superclass_fields() {
    let codes: Vec<(u8, String)> = b"BCDFIJSZ".iter().map(|&b| (b, format!("f{b}"))).collect();
    let fields: Vec<(u8, &str)> = codes.iter().map(|(b, name)| (*b, name.as_str())).collect();
    let values = [
        &[0xFF][..],
        &[0xFF, 0xFE],
        &1.5_f64.to_be_bytes(),
        &0.25_f32.to_be_bytes(),
        &(-7_i32).to_be_bytes(),
        &i64::MIN.to_be_bytes(),
        &(-2_i16).to_be_bytes(),
        &[1],
        &[0, 0, 0, 9],
    ]
    .concat();
    let bytes = stream(&[
        &[0x73],
        &class("Sub", 2, &[(b'I', "own")]),
        &class("Top", 2, &fields),
        &[0x70],
        &values,
    ]);
    let stream = read(&bytes);
    let root = stream.root();
    let integer = |code: u8| root.field(&format!("f{code}")).unwrap().as_integer();
    assert_eq!(integer(b'B'), Some(-1));
    assert_eq!(integer(b'C'), Some(0xFFFE));
    assert_eq!(integer(b'I'), Some(-7));
    assert_eq!(integer(b'J'), Some(i64::MIN));
    assert_eq!(integer(b'S'), Some(-2));
    assert_eq!(root.field("f68").unwrap().as_float(), Some(1.5));
    assert_eq!(root.field("f70").unwrap().as_float(), Some(0.25));
    assert_eq!(root.field("f90").unwrap().as_bool(), Some(true));
    assert_eq!(root.field("own").unwrap().as_integer(), Some(9));
    assert!(root.field("none").is_none() && root.is_a("Top") && !root.is_a("Other"));
    assert_eq!(root.class_name().unwrap().to_str(), "Sub");
}

#[test]
fn an_object_may_contain_itself() {
    let bytes =
        stream(&[&[0x73], &class("Ring", 2, &[(b'L', "next")]), &[0x70, 0x71, 0, 0x7E, 0, 2]]);
    let stream = read(&bytes);
    let mut item = stream.root();
    for _ in 0..1000 {
        item = item.field("next").unwrap();
    }
    assert_eq!(item.class_name().unwrap().to_str(), "Ring");
}

#[test]
fn arrays_enums_classes_and_long_strings() {
    let elements = [
        &[0, 0, 0, 5][..],
        &[0x7C, 0, 0, 0, 0, 0, 0, 0, 2, b'h', b'i'],
        &[0x70],
        // Handles: 0 array class, 1 array, 2 "hi".
        &[0x71, 0, 0x7E, 0, 2],
        &[0x7E],
        &class("Color", 0x12, &[]),
        &class("java.lang.Enum", 0x12, &[]),
        &[0x70, 0x74, 0, 3, b'R', b'E', b'D'],
        &[0x76],
        &class("Any", 2, &[]),
        &[0x70],
    ]
    .concat();
    let bytes = stream(&[&[0x75], &class("[Ljava.lang.Object;", 2, &[]), &[0x70], &elements]);
    let array = read(&bytes);
    let items: Vec<_> = array.root().elements().unwrap().collect();
    assert_eq!(items[0].as_text().unwrap().to_str(), "hi");
    assert!(items[1].is_null());
    assert_eq!(items[2].as_text().unwrap().to_str(), "hi");
    assert_eq!(items[3].enum_constant().unwrap().to_str(), "RED");
    assert!(items[3].is_a("java.lang.Enum"));
    assert_eq!(items[4].class_name().unwrap().to_str(), "Any");

    let ints = [0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
    let bytes = stream(&[&[0x75], &class("[I", 2, &[]), &[0x70], &ints]);
    assert_eq!(read(&bytes).root().bytes(), Some(&ints[4..]));
}

#[test]
fn annotations_of_several_classes() {
    // A class with `writeObject` below an externalizable one with block data.
    let bytes = stream(&[
        &[0x73],
        &class("Sub", 3, &[(b'I', "n")]),
        &class("Top", 0x0C, &[]),
        &[0x70],
        &[0x77, 1, 0xAA, 0x74, 0, 1, b'x', 0x78],
        &[0, 0, 0, 5, 0x7A, 0, 0, 0, 2, 0xBB, 0xCC, 0x78],
    ]);
    let stream = read(&bytes);
    let root = stream.root();
    assert_eq!(root.field("n").unwrap().as_integer(), Some(5));
    let pieces = root.annotations();
    assert_eq!(pieces[0].bytes(), Some(&[0xAA][..]));
    assert_eq!(pieces[1].as_text().unwrap().to_str(), "x");
    assert_eq!(pieces[2].bytes(), Some(&[0xBB, 0xCC][..]));
}

#[test]
fn a_reset_forgets_the_handles() {
    let text = [0x74, 0, 1, b'x'];
    let array = |tail: &[u8]| {
        let n = [0, 0, 0, 2];
        stream(&[&[0x75], &class("[Ljava.lang.Object;", 2, &[]), &[0x70], &n, &text, tail])
    };
    read(&array(&[0x71, 0, 0x7E, 0, 2]));
    assert!(fails(&array(&[0x79, 0x71, 0, 0x7E, 0, 2])).contains("no earlier object"));
}

#[test]
fn a_proxy_has_its_handler() {
    let proxy = [&[0x7D, 0, 0, 0, 1][..], &utf("Iface"), &[0x78]].concat();
    let top = class("java.lang.reflect.Proxy", 2, &[(b'L', "h")]);
    let bytes = stream(&[&[0x73], &proxy, &top, &[0x70, 0x74, 0, 1, b'h']]);
    assert_eq!(read(&bytes).root().field("h").unwrap().as_text().unwrap().to_str(), "h");
}

#[test]
fn what_cannot_be_delimited_or_refers_to_nothing_is_refused() {
    assert!(fails(b"\0\0\0\0p").contains("0xACED0005"));
    assert!(fails(&stream(&[&[0x73], &class("X", 4, &[]), &[0x70]])).contains("externalizable"));
    assert!(fails(&stream(&[&[0x71, 0, 0x7E, 0, 0]])).contains("no earlier object"));
    assert!(fails(&stream(&[&[0x7B]])).contains("is 123"));
    assert!(fails(&stream(&[&[0x73, 0x70]])).contains("is null"));
    // Its own superclass.
    let bytes = stream(&[&[0x73], &class("X", 2, &[]), &[0x71, 0, 0x7E, 0, 0]]);
    assert!(fails(&bytes).contains("not complete"));
    // Used before it is complete, in its own annotation.
    let mut own = class("X", 2, &[]);
    own.pop();
    let bytes = stream(&[&[0x73], &own, &[0x73, 0x71, 0, 0x7E, 0, 0, 0x78, 0x70]]);
    assert!(fails(&bytes).contains("not complete"));
    // An enum whose constant is a number of an array, an array of no array class.
    let bytes = stream(&[&[0x7E], &class("E", 0x12, &[]), &[0x70, 0x70]]);
    assert!(fails(&bytes).contains("not a string"));
    assert!(fails(&stream(&[&[0x75], &class("X", 2, &[]), &[0x70]])).contains("not an array"));
}

#[test]
fn hostile_lengths_and_depths() {
    let array = |name: &str| {
        stream(&[&[0x75], &class(name, 2, &[]), &[0x70], &i32::MAX.to_be_bytes(), &[0x70]])
    };
    for name in ["[I", "[Ljava.lang.Object;"] {
        let error = read_object(&mut Reader::new(&array(name))).unwrap_err();
        assert!(matches!(error.problem, Problem::TooLarge { .. }), "{error}");
    }
    let long = [0x7C, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    assert!(fails(&stream(&[&long])).contains("expected zero or more"));
    // Objects in objects, all of one class.
    let deep = stream(&[
        &[0x73],
        &class("X", 2, &[(b'L', "x")]),
        &[0x70],
        &[0x73, 0x71, 0, 0x7E, 0, 0].repeat(100_000),
    ]);
    assert!(fails(&deep).contains("64 levels"));
    // Classes in annotations of classes, and superclasses without end.
    let mut open = class("X", 2, &[]);
    open.pop();
    assert!(fails(&stream(&[&open.repeat(100_000)])).contains("64 levels"));
    let line = class("X", 2, &[]).repeat(100_000);
    assert!(fails(&stream(&[&[0x73], &line])).contains("64 superclasses"));
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(tail in proptest::collection::vec(0x6A_u8..0x80, 0..200)) {
        let _: Result<_> = read_object(&mut Reader::new(&stream(&[&tail])));
    }

    #[test]
    fn no_bytes_behind_a_class_panic(tail in proptest::collection::vec(0_u8.., 0..100)) {
        let known = class("X", 3, &[(b'L', "x")]);
        let bytes = stream(&[&[0x73], &known, &[0x70], &tail]);
        let _: Result<_> = read_object(&mut Reader::new(&bytes));
    }
}
