//! Values by hand: the vectors of the format and the edges of every encoding.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic)]

use super::ContentError;
use super::Stop;
use super::codec::Codec;
use super::codec::Pojo;
use super::input::Input;
use super::row::slot_of;

const TEXT: Codec = Codec::Text { nullable: true };
const INT: Codec = Codec::Fixed(4);

/// What reading all of these bytes as one value comes to: nothing, damage or a class.
fn outcome(codec: &Codec, hex: &str) -> &'static str {
    let hex: String = hex.split_whitespace().collect();
    let byte = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    let mut source = bytes.as_slice();
    let mut input = Input::new(&mut source, bytes.len() as u64);
    match codec.read(&mut input) {
        Ok(()) => match input.finish("value") {
            Ok(()) => "whole",
            Err(_) => "rest",
        },
        Err(Stop::Error(ContentError::Damage(error))) => {
            assert!(error.offset <= bytes.len() as u64);
            "damage"
        }
        Err(Stop::Error(ContentError::Source(e))) => panic!("{e}"),
        Err(Stop::Unknown(_)) => "unknown",
    }
}

fn check(codec: &Codec, cases: &[(&str, &str)]) {
    for (hex, expected) in cases {
        assert_eq!(outcome(codec, hex), *expected, "{codec:?} of {hex}");
    }
}

fn boxed(codec: Codec) -> Box<Codec> {
    Box::new(codec)
}

#[test]
fn strings() {
    let cases = [
        ("06 61 E901 AC41 BDB003 80BC03", "whole"),
        ("00", "whole"),
        ("01", "whole"),
        ("03 61", "damage"),
        ("02 8000", "damage"),
        ("02 FFFF04", "damage"),
        ("FFFFFFFF0F", "damage"),
        ("808080808001", "damage"),
        ("0261 62", "rest"),
    ];
    check(&TEXT, &cases);
    check(&Codec::Text { nullable: false }, &[("0161", "whole"), ("0261", "damage")]);
}

#[test]
fn numbers_and_times() {
    check(&Codec::Bool, &[("00", "whole"), ("01", "whole"), ("02", "damage"), ("", "damage")]);
    check(&Codec::Zero, &[("00", "whole"), ("01", "damage")]);
    let big = [
        ("00000000", "whole"),
        ("00000003", "whole"),
        ("00000004", "damage"),
        ("0000000601FF", "whole"),
        ("7FFFFFFF01", "damage"),
        ("FFFFFFFF", "damage"),
    ];
    check(&Codec::BigInteger, &big);
    check(&Codec::BigDecimal, &[("00000000", "whole"), ("00000001 00000002", "whole")]);
    let date =
        [("000007EA 02 1F", "whole"), ("80000000 8000", "whole"), ("000007EA 0D 01", "damage")];
    check(&Codec::LocalDate, &date);
    let time = [
        ("17 3B 3B 3B9AC9FF", "whole"),
        ("80 8000 80000000", "whole"),
        ("18 00 00 00000000", "damage"),
        ("00 00 00 3B9ACA00", "damage"),
    ];
    check(&Codec::LocalTime, &time);
    check(&Codec::LocalDateTime, &[("000007EA 02 1F 17 3B 3B 00000000", "whole")]);
    check(
        &Codec::Enum(2),
        &[("00000001", "whole"), ("00000002", "damage"), ("FFFFFFFF", "damage")],
    );
}

#[test]
fn containers() {
    check(&Codec::Sized, &[("00000002 AABB", "whole"), ("00000003 AABB", "damage")]);
    let list = Codec::List(boxed(TEXT));
    check(
        &list,
        &[("00000002 0261 00", "whole"), ("FFFFFFFF", "damage"), ("00000003 0261", "damage")],
    );
    // Elements without a byte cost nothing, however many there are.
    check(&Codec::List(boxed(Codec::sequence(Vec::new()))), &[("7FFFFFFF", "whole")]);
    check(&Codec::Options(boxed(INT)), &[("00000002 00 01 00000007", "whole")]);
    let map = Codec::Map(boxed(TEXT), boxed(INT));
    check(&map, &[("00000002 0261 01 0262 00 00000007", "whole"), ("00000001 0261 02", "damage")]);
    let linked = |mask| Codec::LinkedList { mask, element: boxed(Codec::Fixed(1)) };
    check(&linked(false), &[("00000002 0102", "whole")]);
    check(&linked(true), &[("00000003 40 0103", "whole"), ("00000003 50 0103", "damage")]);
    check(&linked(true), &[("7FFFFFFF FF", "damage")]);
    let nullable = Codec::Nullable { padding: 2, value: boxed(Codec::Fixed(2)) };
    check(&nullable, &[("01 0000", "whole"), ("00 AABB", "whole"), ("01 0001", "damage")]);
    assert_eq!(nullable.declared(), Some(3));
    check(&Codec::Option(boxed(INT)), &[("00", "whole"), ("01 00000001", "whole")]);
    check(
        &Codec::Either(boxed(TEXT), boxed(INT)),
        &[("01 0261", "whole"), ("00 00000001", "whole")],
    );
    let union = Codec::Union(boxed(TEXT), boxed(INT));
    check(&union, &[("01 0261", "whole"), ("02 00000001", "whole"), ("00", "damage")]);
    let element = Codec::StreamElement(boxed(TEXT));
    let cases = [("00 0000000000000001 0261", "whole"), ("01 0261", "whole"), ("05", "unknown")];
    check(&element, &cases);
    check(&element, &[("02 0000000000000001", "whole")]);
}

#[test]
fn pojos_and_rows() {
    let fields = vec![INT, TEXT, Codec::Fixed(8)];
    let plain = |fields| Pojo { fields, registered: Vec::new(), unregistered: Default::default() };
    let inner = Codec::Pojo(boxed_pojo(plain(vec![INT])));
    let pojo = Codec::Pojo(Box::new(Pojo {
        fields,
        registered: vec![inner.clone()],
        unregistered: [("S".to_owned(), inner)].into(),
    }));
    let cases = [
        ("02 00 00000005 00 037062 01", "whole"),
        ("01", "whole"),
        ("08 00 02 00 00000001", "whole"),
        ("08 01", "damage"),
        ("04 0001 53 02 01", "whole"),
        ("04 0001 54 02 01", "unknown"),
        ("03", "damage"),
    ];
    check(&pojo, &cases);
    let row = |kinds| Codec::Row { kinds, fields: vec![INT, INT] };
    check(&row(true), &[("10 00000005", "whole"), ("11 00000005", "damage"), ("30", "whole")]);
    check(&row(false), &[("40 00000005", "whole"), ("C0", "whole")]);
}

fn boxed_pojo(pojo: Pojo) -> Box<Pojo> {
    Box::new(pojo)
}

#[test]
fn binary_rows() {
    let types = [
        "INT NOT NULL",
        "VARCHAR(2147483647)",
        "VARCHAR(2147483647)",
        "DECIMAL(5, 2)",
        "DECIMAL(30, 2)",
        "TIMESTAMP(3)",
        "TIMESTAMP(9)",
    ];
    let row = Codec::BinaryRow(types.iter().map(|name| slot_of(name)).collect());
    let start = "00000068 0000000000000000 0700000000000000 6162630000000083";
    let rest = "d204000000000000 0200000050000000 e803000000000000 0500000060000000
                68656c6c6f20776f726c640000000000 04d20000000000000000000000000000 e803000000000000";
    let with = |outside: &str| format!("{start} {outside} {rest}");
    check(&row, &[(&with("0b00000040000000"), "whole"), (&with("0b0000003F000000"), "damage")]);
    check(&row, &[(&with("2900000040000000"), "damage"), (&with("0000000000000088"), "damage")]);
    check(&row, &[("00000008 0000000000000000", "damage")]);
    check(
        &Codec::BinaryRow(vec![slot_of("BOOLEAN")]),
        &[
            ("00000010 0000000000000000 0100000000000000", "whole"),
            ("00000010 0400000000000000 0100000000000000", "damage"),
            ("00000010 0000000000000000 0200000000000000", "damage"),
            ("00000010 0001000000000000 0200000000000000", "whole"),
        ],
    );
}

#[test]
fn lengths_are_declared_as_flink_declares_them() {
    let pair = |a, b| Codec::sequence(vec![a, b]).declared();
    assert_eq!(pair(INT, Codec::Fixed(8)), Some(12));
    assert_eq!(pair(INT, TEXT), None);
    assert_eq!(pair(INT, Codec::VoidNamespace), None);
    assert_eq!(Codec::VoidNamespace.declared(), Some(0));
    assert_eq!(Codec::Unknown(String::new()).declared(), None);
}
