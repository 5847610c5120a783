//! Serializer snapshots: each layout of the table.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic)]

mod sql;

use super::super::read::Reader;
use super::super::utf::encode;
use super::snapshot::{Context, read_record, read_snapshot};
use super::table::{Layout, Part, all, layout_of};
use super::{Detail, Opaque, Serializer};

pub(crate) const LONG: &str =
    "org.apache.flink.api.common.typeutils.base.LongSerializer$LongSerializerSnapshot";
pub(crate) const LIST: &str = "org.apache.flink.api.common.typeutils.base.ListSerializerSnapshot";
pub(crate) const MAP: &str = "org.apache.flink.api.common.typeutils.base.MapSerializerSnapshot";
pub(crate) const R: &str = "org.apache.flink.api.java.typeutils.runtime.";
pub(crate) const TYPES: &str = "org.apache.flink.table.runtime.typeutils.";

pub(crate) fn utf(text: &str) -> Vec<u8> {
    let bytes = encode(text);
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], &bytes].concat()
}

pub(crate) fn int(n: i32) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

pub(crate) fn snapshot(class: &str, version: i32, body: &[u8]) -> Vec<u8> {
    [&utf(class), &int(version), body].concat()
}

pub(crate) fn long() -> Vec<u8> {
    snapshot(LONG, 3, &[])
}

pub(crate) fn nested(of: &[Vec<u8>]) -> Vec<u8> {
    [int(1_333_245), int(1), int(i32::try_from(of.len()).unwrap()), of.concat()].concat()
}

pub(crate) fn composite(class: &str, outer: i32, part: &[u8], of: &[Vec<u8>]) -> Vec<u8> {
    snapshot(class, 3, &[&int(911_108), &int(outer), part, &nested(of)].concat())
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit = |b: u8| u8::try_from(char::from(b).to_digit(16).unwrap()).unwrap();
    digits.chunks(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}

/// Reads one snapshot and insists that nothing is left over.
fn read(bytes: &[u8]) -> Serializer<'_> {
    let mut r = Reader::new(bytes);
    let read = read_snapshot(&mut r, &mut Context::default()).unwrap();
    assert!(r.is_empty(), "{read:?} leaves {} bytes", r.rest().len());
    read
}

/// Every cut must be an error, none a panic.
fn cut_everywhere(bytes: &[u8]) {
    for n in 0..bytes.len() {
        read_snapshot(&mut Reader::new(&bytes[..n]), &mut Context::default()).unwrap_err();
    }
}

/// A stream with one object without fields of the class named.
pub(crate) fn java_object(class: &str) -> Vec<u8> {
    let head = [0xAC, 0xED, 0x00, 0x05, 0x73, 0x72];
    let tail = [0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0x78, 0x70];
    [&head[..], &utf(class), &tail].concat()
}

fn logical(kind: &str) -> Vec<u8> {
    java_object(&format!("org.apache.flink.table.types.logical.{kind}Type"))
}

pub(crate) type Entry<'a> = (&'a str, Option<&'a [u8]>, Option<&'a [u8]>);

pub(crate) fn frames(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut out = 5_440_760_593_776_i64.to_be_bytes().to_vec();
    out.extend(int(i32::try_from(entries.len()).unwrap()));
    for (name, key, value) in entries {
        out.extend(utf(name));
        for frame in [key, value] {
            out.push(frame.is_some().into());
            if let Some(frame) = frame {
                out.extend(int(i32::try_from(frame.len()).unwrap()));
                out.extend_from_slice(frame);
            }
        }
    }
    out
}

#[test]
fn a_long_is_vector_9_4() {
    let mut bytes = int(2);
    bytes.extend([0x00, 0x50]);
    bytes.extend_from_slice(LONG.as_bytes());
    bytes.extend(int(3));
    let mut r = Reader::new(&bytes);
    let read = read_record(&mut r, &mut Context::default(), |_| {}).unwrap();
    assert_eq!(read.short_name(), "LongSerializer");
    assert_eq!((read.snapshot_version, &read.detail, read.opaque), (3, &Detail::None, None));
    bytes[3] = 1;
    read_record(&mut Reader::new(&bytes), &mut Context::default(), |_| {}).unwrap_err();
}

/// A snapshot of each class of the table.
pub(crate) fn minimal_of_all() -> Vec<Vec<u8>> {
    all().map(|(name, layout)| minimal(&name, layout)).collect()
}

/// A snapshot of a class of the table with as little in it as it can have.
fn minimal(name: &str, layout: Layout) -> Vec<u8> {
    let part = |part| match part {
        Part::Class | Part::Text => utf("X"),
        Part::FlagSince(_) => vec![1],
        Part::FieldCount | Part::Precision | Part::NullPadding => int(7),
        Part::Decimal => [int(10), int(2)].concat(),
        Part::Object => java_object("X"),
        Part::LogicalType => logical("BigInt"),
        Part::LogicalTypes => [int(1), logical("Int")].concat(),
        Part::Blob => [int(2), vec![1, 2]].concat(),
        Part::Snapshot => long(),
        Part::Nested => nested(&[long()]),
        Part::Enum => [utf("E"), int(1), utf("A")].concat(),
        Part::ScalaEnum => [utf("E"), int(1), utf("A"), int(0)].concat(),
        Part::Pojo | Part::Kryo => [utf("P"), frames(&[]), frames(&[]), frames(&[])].concat(),
        Part::Avro => vec![2, b'C', 2, b'S'],
    };
    let join = |parts: &[Part]| parts.iter().flat_map(|&p| part(p)).collect::<Vec<u8>>();
    match layout {
        Layout::Simple => snapshot(name, 3, &[]),
        Layout::Composite(parts) => composite(name, 4, &join(parts), &[long()]),
        Layout::Body(versions, parts) => snapshot(name, *versions.last().unwrap(), &join(parts)),
    }
}

#[test]
fn every_class_of_the_table_is_found_by_its_name() {
    let names: Vec<_> = all().collect();
    assert!(names.len() > 110);
    for (name, layout) in names {
        assert_eq!(layout_of(&name), Some(layout), "{name}");
        assert_eq!(layout_of(&format!("{name}X")), None);
        let bytes = minimal(&name, layout);
        assert_eq!(read(&bytes).opaque, None, "{name}");
        cut_everywhere(&bytes);
    }
}

#[test]
fn classes_that_look_alike_are_not_in_the_table() {
    for name in ["", "LongSerializer", "com.acme.LongSerializer$LongSerializerSnapshot"] {
        assert_eq!(layout_of(name), None);
    }
    // In the table as `X$XSnapshot`, so neither as X nor with another Y.
    let base = "org.apache.flink.api.common.typeutils.base.";
    assert_eq!(layout_of(&format!("{base}LongSerializer")), None);
    assert_eq!(layout_of(&format!("{base}LongSerializer$IntSerializerSnapshot")), None);
}

#[test]
fn snapshots_from_before_1_8() {
    assert_eq!(read(&snapshot(LONG, 2, &utf("LongSerializer"))).snapshot_version, 2);
    let old =
        |class: &str, part: &[u8]| snapshot(class, 2, &[part, &nested(&[long(), long()])].concat());
    assert_eq!(read(&old(MAP, &[])).nested.len(), 2);
    let tuple = old(&format!("{R}TupleSerializerSnapshot"), &utf("T2"));
    assert_eq!(read(&tuple).detail, Detail::Class("T2".into()));
}

#[test]
fn outer_versions_decide_about_flags() {
    let linked = format!("{TYPES}LinkedListSerializer$LinkedListSerializerSnapshot");
    for (class, first) in [
        (linked.as_str(), 3),
        ("org.apache.flink.cep.nfa.NFAStateSerializerSnapshot", 2),
        (&format!("{R}RowSerializer$RowSerializerSnapshot"), 4),
    ] {
        assert_eq!(read(&composite(class, first, &[1], &[long()])).nested.len(), 1);
        assert_eq!(read(&composite(class, first - 1, &[], &[long()])).nested.len(), 1);
    }
}

#[test]
fn details() {
    let class = format!("{R}NullableSerializer$NullableSerializerSnapshot");
    assert_eq!(read(&composite(&class, 2, &int(8), &[long()])).detail, Detail::NullPadding(8));

    let class = "org.apache.flink.api.scala.typeutils.ScalaEnumSerializerSnapshot";
    let body = [utf("E"), int(2), utf("B"), int(1), utf("A"), int(0)].concat();
    let constants = vec!["A".into(), "B".into()];
    let expected = Detail::Enum { class: "E".into(), constants };
    assert_eq!(read(&snapshot(class, 2, &body)).detail, expected);

    let class = "org.apache.flink.formats.avro.typeutils.AvroSerializerSnapshot";
    let avro = |class: &str, schema: &str| Detail::Avro {
        class: class.to_owned(),
        schema: schema.to_owned(),
    };
    // A length of 130 takes two bytes, as does a character above U+007F.
    let schema = format!("é{}", "x".repeat(128));
    let mut body = vec![2, b'C', 0x82, 0x01, 0xE9, 0x01];
    body.extend_from_slice("x".repeat(128).as_bytes());
    assert_eq!(read(&snapshot(class, 3, &body)).detail, avro("C", &schema));
    let body = [utf("C"), utf("{}")].concat();
    assert_eq!(read(&snapshot(class, 2, &body)).detail, avro("C", "{}"));
    assert_eq!(read(&snapshot(class, 1, &utf("{}"))).detail, avro("", "{}"));
}

#[test]
fn pojos_and_what_is_foreign_inside_their_frames() {
    let foreign = snapshot("com.acme.OddSnapshot", 1, b"whatever");
    let list = composite(LIST, 1, &[], &[snapshot("com.acme.OddSnapshot", 1, b"12")]);
    let body = [
        utf("com.acme.Pojo"),
        frames(&[
            ("a", Some(b"key"), Some(&long())),
            ("b", None, None),
            ("c", Some(b""), Some(&foreign)),
            ("d", Some(b""), Some(&list)),
            ("e", Some(b""), Some(b"\0")),
        ]),
        frames(&[("Sub", Some(b""), Some(&long()))]),
        frames(&[("Other", Some(b""), None)]),
    ]
    .concat();
    let bytes = snapshot(&format!("{R}PojoSerializerSnapshot"), 2, &body);
    let pojo = read(&bytes);
    let Detail::Pojo { class, fields, registered, unregistered } = &pojo.detail else {
        panic!("{pojo:?}")
    };
    assert_eq!(class.to_str(), "com.acme.Pojo");
    let indexes: Vec<_> = fields.iter().map(|field| field.nested).collect();
    assert_eq!(indexes, [Some(0), None, Some(1), Some(2), Some(3)]);
    assert_eq!((registered[0].nested, unregistered[0].nested), (Some(4), None));
    let lengths: Vec<_> =
        pojo.nested.iter().map(|s| s.opaque.and_then(|opaque| opaque.bytes)).collect();
    assert_eq!(lengths, [None, Some(8), Some(list.len() as u64 - 71), Some(1), None]);
    assert_eq!(pojo.nested[1].snapshot_class.to_str(), "com.acme.OddSnapshot");
    assert_eq!(pojo.nested[2].snapshot_class.to_str(), LIST);
    cut_everywhere(&bytes);
}

#[test]
fn kryo_maps_are_stepped_over() {
    let odd = [0xFF_u8; 3];
    let map = frames(&[("a", Some(&odd), Some(&odd)), ("b", None, None)]);
    let body = [utf("com.acme.Generic"), map.clone(), map, frames(&[])].concat();
    let bytes = snapshot(&format!("{R}kryo.KryoSerializerSnapshot"), 2, &body);
    assert_eq!(read(&bytes).detail, Detail::Class("com.acme.Generic".into()));
    cut_everywhere(&bytes);
}

#[test]
fn sql_types_as_flink_writes_and_prints_them() {
    // `MAP<BIGINT NOT NULL, ARRAY<DOUBLE>>` and a row with a row in it, of release 2.3.
    for (object, expected) in [
        (MAP_TYPE, "MAP<BIGINT NOT NULL, ARRAY<DOUBLE>>"),
        (ROW_TYPE, "ROW<`x` INT, `y` ROW<`f0` BIGINT>>"),
    ] {
        let body = [int(1), hex(object), nested(&[long()])].concat();
        let class = format!("{TYPES}RowDataSerializer$RowDataSerializerSnapshot");
        let bytes = snapshot(&class, 3, &body);
        assert_eq!(read(&bytes).detail, Detail::LogicalTypes(vec![expected.to_owned()]));
        cut_everywhere(&bytes);
    }
}

#[test]
fn an_unknown_composite_shows_what_is_nested() {
    let bytes = composite("com.acme.PairSnapshot", 1, &[], &[long(), long()]);
    let pair = read(&bytes);
    assert_eq!((pair.nested.len(), pair.opaque), (2, None));
    let bytes = composite("com.acme.PairSnapshot", 1, b"outer", &[long()]);
    let pair = read(&bytes);
    assert_eq!(pair.opaque, Some(Opaque { offset: 35, bytes: Some(5) }));
    assert_eq!(pair.nested.len(), 1);
}

#[test]
fn hostile_nesting_ends_in_an_error_and_not_in_the_stack() {
    let open = [snapshot(LIST, 3, &int(911_108)), int(1), int(1_333_245), int(1), int(1)].concat();
    let deep = open.repeat(10_000);
    let error = read_snapshot(&mut Reader::new(&deep), &mut Context::default()).unwrap_err();
    assert!(error.to_string().contains("64 levels"), "{error}");

    // Frames in frames; each must be as long as what it holds.
    let mut inner = long();
    for _ in 0..200 {
        let fields = frames(&[("f", None, Some(&inner))]);
        let body = [utf("P"), fields, frames(&[]), frames(&[])].concat();
        inner = snapshot(&format!("{R}PojoSerializerSnapshot"), 2, &body);
    }
    let mut opaque = 0;
    read(&inner).visit(&mut |s| opaque += usize::from(s.opaque.is_some()));
    assert_eq!(opaque, 1);
}

pub(crate) const MAP_TYPE: &str = "
aced00057372002c6f72672e6170616368652e666c696e6b2e7461626c652e74797065732e6c6f676963616c2e4d
61705479706500000000000000010200024c00076b6579547970657400324c6f72672f6170616368652f666c696e
6b2f7461626c652f74797065732f6c6f676963616c2f4c6f676963616c547970653b4c000976616c756554797065
71007e0001787200306f72672e6170616368652e666c696e6b2e7461626c652e74797065732e6c6f676963616c2e
4c6f676963616c5479706500000000000000010200025a000a69734e756c6c61626c654c000874797065526f6f74
7400364c6f72672f6170616368652f666c696e6b2f7461626c652f74797065732f6c6f676963616c2f4c6f676963
616c54797065526f6f743b7870017e7200346f72672e6170616368652e666c696e6b2e7461626c652e7479706573
2e6c6f676963616c2e4c6f676963616c54797065526f6f7400000000000000001200007872000e6a6176612e6c61
6e672e456e756d000000000000000012000078707400034d41507372002f6f72672e6170616368652e666c696e6b
2e7461626c652e74797065732e6c6f676963616c2e426967496e745479706500000000000000010200007871007e
0002007e71007e0005740006424947494e547372002e6f72672e6170616368652e666c696e6b2e7461626c652e74
797065732e6c6f676963616c2e41727261795479706500000000000000010200014c000b656c656d656e74547970
6571007e00017871007e0002017e71007e000574000541525241597372002f6f72672e6170616368652e666c696e
6b2e7461626c652e74797065732e6c6f676963616c2e446f75626c65547970650000000000000001020000787100
7e0002017e71007e0005740006444f55424c45";

pub(crate) const ROW_TYPE: &str = "
aced00057372002c6f72672e6170616368652e666c696e6b2e7461626c652e74797065732e6c6f676963616c2e52
6f775479706500000000000000010200014c00066669656c64737400104c6a6176612f7574696c2f4c6973743b78
7200306f72672e6170616368652e666c696e6b2e7461626c652e74797065732e6c6f676963616c2e4c6f67696361
6c5479706500000000000000010200025a000a69734e756c6c61626c654c000874797065526f6f747400364c6f72
672f6170616368652f666c696e6b2f7461626c652f74797065732f6c6f676963616c2f4c6f676963616c54797065
526f6f743b7870017e7200346f72672e6170616368652e666c696e6b2e7461626c652e74797065732e6c6f676963
616c2e4c6f676963616c54797065526f6f7400000000000000001200007872000e6a6176612e6c616e672e456e75
6d00000000000000001200007870740003524f57737200266a6176612e7574696c2e436f6c6c656374696f6e7324
556e6d6f6469666961626c654c697374fc0f2531b5ec8e100200014c00046c69737471007e00017872002c6a6176
612e7574696c2e436f6c6c656374696f6e7324556e6d6f6469666961626c65436f6c6c656374696f6e19420080cb
5ef71e0200014c0001637400164c6a6176612f7574696c2f436f6c6c656374696f6e3b7870737200136a6176612e
7574696c2e41727261794c6973747881d21d99c7619d03000149000473697a657870000000027704000000027372
00356f72672e6170616368652e666c696e6b2e7461626c652e74797065732e6c6f676963616c2e526f7754797065
24526f774669656c6400000000000000010200034c000b6465736372697074696f6e7400124c6a6176612f6c616e
672f537472696e673b4c00046e616d6571007e00104c0004747970657400324c6f72672f6170616368652f666c69
6e6b2f7461626c652f74797065732f6c6f676963616c2f4c6f676963616c547970653b787070740001787372002c
6f72672e6170616368652e666c696e6b2e7461626c652e74797065732e6c6f676963616c2e496e74547970650000
0000000000010200007871007e0002017e71007e0005740007494e54454745527371007e000f7074000179737100
7e00000171007e00077371007e00097371007e000d000000017704000000017371007e000f707400026630737200
2f6f72672e6170616368652e666c696e6b2e7461626c652e74797065732e6c6f676963616c2e426967496e745479
706500000000000000010200007871007e0002017e71007e0005740006424947494e547871007e001c7871007e00
0e";
