//! Backend meta: each layout, foreign serializers in every place, damaged heads.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod seeds;

use super::super::serializer::tests::{
    LIST, LONG, MAP, composite, int, long, nested, snapshot, utf,
};
use super::{Hints, KeyedBackendMeta, OperatorBackendMeta, StateKind, StateMeta, wants_more};

const ODD: &str = "com.acme.OddSerializerSnapshot";
const VOID: &str =
    "org.apache.flink.runtime.state.VoidNamespaceSerializer$VoidNamespaceSerializerSnapshot";

fn state(name: &str, kind: i32, option: Option<(&str, &str)>, of: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = [utf(name), int(kind), int(option.is_some().into())].concat();
    if let Some((key, value)) = option {
        out.extend([utf(key), utf(value)].concat());
    }
    out.extend(int(i32::try_from(of.len()).unwrap()));
    for (role, serializer) in of {
        out.extend([&utf(role), &int(2), &serializer[..]].concat());
    }
    out
}

/// A keyed state; the value serializer comes first, as Flink happens to write it.
fn value_state(name: &str, value: Vec<u8>) -> Vec<u8> {
    let void = snapshot(VOID, 3, &[]);
    let of = [("VALUE_SERIALIZER", value), ("NAMESPACE_SERIALIZER", void)];
    state(name, 0, Some(("KEYED_STATE_TYPE", "VALUE")), &of)
}

fn timers(name: &str, serializer: Vec<u8>) -> Vec<u8> {
    state(name, 3, None, &[("VALUE_SERIALIZER", serializer)])
}

fn list(states: &[Vec<u8>]) -> Vec<u8> {
    [&i16::try_from(states.len()).unwrap().to_be_bytes()[..], &states.concat()].concat()
}

fn keyed(key: Vec<u8>, states: &[Vec<u8>]) -> Vec<u8> {
    [int(6), vec![0], int(2), key, list(states)].concat()
}

fn operator(states: &[Vec<u8>], broadcast: &[Vec<u8>]) -> Vec<u8> {
    [int(6), vec![0], list(states), list(broadcast)].concat()
}

fn names(states: &[StateMeta<'_>]) -> Vec<String> {
    states.iter().map(|state| state.name.to_str().into_owned()).collect()
}

fn parse(bytes: &[u8]) -> KeyedBackendMeta<'_> {
    KeyedBackendMeta::parse(bytes, &Hints::meta_handle(bytes)).unwrap()
}

#[test]
fn a_keyed_meta_without_surprises() {
    let map = composite(MAP, 1, &[], &[long(), long()]);
    let states = [value_state("a", long()), value_state("b", map), timers("t", long())];
    let bytes = keyed(long(), &states);
    let meta = parse(&bytes);
    assert_eq!((meta.version, meta.compressed), (6, false));
    assert_eq!(meta.key_serializer.snapshot_class.to_str(), LONG);
    assert_eq!(names(&meta.states), ["a", "b", "t"]);
    let kinds: Vec<_> = meta.states.iter().map(|state| state.kind.name()).collect();
    assert_eq!(kinds, ["KEY_VALUE", "KEY_VALUE", "PRIORITY_QUEUE"]);
    assert_eq!(meta.states[0].option("KEYED_STATE_TYPE"), Some("VALUE".into()));
    let map = meta.states[1].serializer("VALUE_SERIALIZER").unwrap();
    assert_eq!(map.nested.len(), 2);
    assert!(meta.states.iter().all(|state| state.note.is_none()));
    let extent = &meta.extent;
    assert_eq!((extent.bytes_read, extent.complete), (Some(bytes.len() as u64), true));

    // What follows is not part of it.
    let longer = [&bytes[..], b"\0\0more"].concat();
    let meta = KeyedBackendMeta::parse(&longer, &Hints::default()).unwrap();
    assert_eq!(meta.extent.bytes_read, Some(bytes.len() as u64));
}

#[test]
fn an_operator_meta_of_both_versions() {
    let union = ("OPERATOR_STATE_DISTRIBUTION_MODE", "UNION");
    let states = [state("u", 1, Some(union), &[("VALUE_SERIALIZER", long())])];
    let of = [("KEY_SERIALIZER", long()), ("VALUE_SERIALIZER", long())];
    let broadcast = [state("b", 2, Some((union.0, "BROADCAST")), &of)];
    let new = operator(&states, &broadcast);
    let old = [int(5), new[5..].to_vec()].concat();
    for (bytes, version) in [(new, 6), (old, 5)] {
        let meta = OperatorBackendMeta::parse(&bytes, &Hints::default()).unwrap();
        assert_eq!(meta.version, version);
        assert_eq!(names(&meta.operator_states), ["u"]);
        assert_eq!(names(&meta.broadcast_states), ["b"]);
        assert_eq!(meta.broadcast_states[0].kind, StateKind::Broadcast);
        assert_eq!(meta.extent.bytes_read, Some(bytes.len() as u64));
    }
}

#[test]
fn old_versions_are_refused_by_name() {
    for version in 1..6 {
        let bytes = [int(version), vec![0; 100]].concat();
        let error = KeyedBackendMeta::parse(&bytes, &Hints::default()).unwrap_err().to_string();
        assert!(error.contains(&format!("is {version}")) && error.contains("1.8"), "{error}");
        let operator = OperatorBackendMeta::parse(&bytes, &Hints::default());
        assert_eq!(operator.is_err(), version != 5);
    }
}

#[test]
fn every_cut_asks_for_more() {
    let list = composite(LIST, 1, &[], &[snapshot(ODD, 3, b"body")]);
    let bytes = keyed(long(), &[value_state("a", long()), value_state("b", list)]);
    let more = Hints { more: true, ..Hints::default() };
    for n in 0..bytes.len() {
        let error = KeyedBackendMeta::parse(&bytes[..n], &more).unwrap_err();
        assert!(wants_more(&error), "{n}: {error}");
        // As a complete stream it is damaged, or incomplete if the cut is in a serializer.
        if let Ok(meta) = KeyedBackendMeta::parse(&bytes[..n], &Hints::default()) {
            assert!(!meta.extent.complete, "{n}: {meta:?}");
            assert!(!meta.extent.notes.is_empty());
        }
    }
}

/// Bodies a foreign snapshot might have.
fn bodies() -> Vec<Vec<u8>> {
    vec![
        vec![],
        vec![0],
        vec![0; 7],
        vec![0xFF; 40],
        utf("com.acme.Event"),
        br#"{"type":"record","name":"Event","fields":[{"name":"id","type":"long"}]}"#.to_vec(),
        [utf("com.acme.Event"), int(1), utf("x")].concat(),
        [int(3), long(), utf("com.acme.Event"), long()].concat(),
        nested(&[long(), long()]),
        // Words of the format out of place.
        utf("VALUE_SERIALIZER"),
        [utf("VALUE_SERIALIZER"), int(3), utf("NAMESPACE_SERIALIZER"), int(1)].concat(),
        [utf("a"), int(0), int(0), int(1), utf("VALUE_SERIALIZER")].concat(),
    ]
}

#[test]
fn a_foreign_serializer_hides_no_state() {
    for body in bodies() {
        let odd = || snapshot(ODD, 3, &body);
        let of = |class: &str, n: usize, at: usize| {
            let nested: Vec<_> = (0..n).map(|i| if i == at { odd() } else { long() }).collect();
            composite(class, 1, &[], &nested)
        };
        let values = [odd(), of(LIST, 1, 0), of(MAP, 2, 0), of(MAP, 2, 1), of("com.Own", 3, 1)];
        for value in &values {
            for key in [long(), value.clone()] {
                for at in 0..3 {
                    let mut states = ["a", "b", "c"].map(|name| value_state(name, long()));
                    states[at] = value_state(["a", "b", "c"][at], value.clone());
                    let bytes = keyed(key.clone(), &states);
                    check_all_listed(&bytes, at, &body);
                }
            }
            // As the very last thing.
            let bytes = keyed(long(), &[value_state("a", long()), timers("b", value.clone())]);
            let meta = parse(&bytes);
            assert_eq!(names(&meta.states), ["a", "b"]);
            assert_eq!(meta.extent.bytes_read, Some(bytes.len() as u64), "{body:?}");
            assert!(meta.extent.complete && meta.states[1].note.is_some());
            // And as the key of no states at all.
            let bytes = keyed(value.clone(), &[]);
            let meta = parse(&bytes);
            assert_eq!(meta.extent.bytes_read, Some(bytes.len() as u64), "{body:?}");
            assert!(meta.extent.complete && meta.extent.notes.len() == 1);
        }
    }
}

fn check_all_listed(bytes: &[u8], foreign: usize, body: &[u8]) {
    let open = Hints::default();
    let named = Hints { names: &["a", "b", "c"], ..Hints::meta_handle(bytes) };
    for hints in [Hints::meta_handle(bytes), open, named] {
        let meta = KeyedBackendMeta::parse(bytes, &hints).unwrap();
        assert_eq!(names(&meta.states), ["a", "b", "c"], "{body:?}");
        assert!(meta.extent.complete, "{body:?} {:?}", meta.extent);
        assert_eq!(meta.extent.bytes_read, Some(bytes.len() as u64), "{body:?}");
        for (i, state) in meta.states.iter().enumerate() {
            assert_eq!(state.note.is_some(), i == foreign, "{body:?} {:?}", state.note);
            assert_eq!(state.serializers.len(), 2);
        }
        let note = meta.states[foreign].note.as_ref().unwrap();
        assert!(note.starts_with("VALUE_SERIALIZER: the layout of com."), "{note}");
    }
}

#[test]
fn several_foreign_serializers() {
    let bodies = bodies();
    for (i, first) in bodies.iter().enumerate() {
        let second = &bodies[(i + 5) % bodies.len()];
        let odd = |body: &[u8]| snapshot(ODD, 1, body);
        let map = composite(MAP, 1, &[], &[odd(first), odd(second)]);
        let bytes = keyed(
            odd(first),
            &[
                value_state("a", odd(second)),
                value_state("b", map),
                value_state("c", long()),
                timers("d", odd(first)),
            ],
        );
        let meta = parse(&bytes);
        assert_eq!(names(&meta.states), ["a", "b", "c", "d"], "{first:?} {second:?}");
        assert!(meta.extent.complete);
        assert!(meta.states[2].note.is_none());
        assert_eq!(meta.extent.bytes_read, Some(bytes.len() as u64));
    }
}

#[test]
fn where_a_last_foreign_serializer_ends_may_be_unknown() {
    let meta = keyed(long(), &[value_state("a", long()), timers("b", snapshot(ODD, 3, b"xyz"))]);
    let bytes = [&meta[..], b"data of key groups"].concat();
    let open = KeyedBackendMeta::parse(&bytes, &Hints::default()).unwrap();
    assert_eq!((names(&open.states), open.extent.bytes_read), (vec!["a".into(), "b".into()], None));
    assert!(open.extent.complete);
    assert!(open.states[1].note.as_ref().unwrap().contains("so is where it ends"));

    let end = Hints { end: Some(meta.len() as u64), ..Hints::default() };
    let known = KeyedBackendMeta::parse(&bytes, &end).unwrap();
    assert_eq!(known.extent.bytes_read, Some(meta.len() as u64));
    assert!(known.states[1].note.as_ref().unwrap().contains("3 bytes"));
}

#[test]
fn foreign_operator_state() {
    let mode = |mode| Some(("OPERATOR_STATE_DISTRIBUTION_MODE", mode));
    for body in bodies() {
        let odd = || snapshot(ODD, 3, &body);
        let lists = [
            state("l", 1, mode("SPLIT_DISTRIBUTE"), &[("VALUE_SERIALIZER", long())]),
            state("u", 1, mode("UNION"), &[("VALUE_SERIALIZER", odd())]),
        ];
        let of = [("KEY_SERIALIZER", odd()), ("VALUE_SERIALIZER", odd())];
        let broadcast = [state("b", 2, mode("BROADCAST"), &of)];
        let bytes = operator(&lists, &broadcast);
        let end = Hints { end: Some(bytes.len() as u64), ..Hints::default() };
        let meta = OperatorBackendMeta::parse(&bytes, &end).unwrap();
        assert_eq!(names(&meta.operator_states), ["l", "u"], "{body:?}");
        assert_eq!(names(&meta.broadcast_states), ["b"], "{body:?}");
        assert!(meta.extent.complete);

        let bytes = operator(&lists, &[]);
        let end = Hints { end: Some(bytes.len() as u64), ..Hints::default() };
        let meta = OperatorBackendMeta::parse(&bytes, &end).unwrap();
        assert_eq!(names(&meta.operator_states), ["l", "u"], "{body:?}");
        assert!(meta.extent.complete && meta.broadcast_states.is_empty(), "{body:?}");
    }
}

#[test]
fn a_known_class_of_an_unknown_version_is_foreign_too() {
    let bytes = keyed(long(), &[value_state("a", snapshot(LONG, 9, b"new")), timers("b", long())]);
    let meta = parse(&bytes);
    assert_eq!(names(&meta.states), ["a", "b"]);
    let value = meta.states[0].serializer("VALUE_SERIALIZER").unwrap();
    assert_eq!((value.snapshot_version, value.opaque.unwrap().bytes), (9, Some(3)));
}

#[test]
fn what_cannot_be_recovered_is_incomplete_and_says_so() {
    let mut bytes = keyed(long(), &[value_state("a", long()), timers("b", snapshot(ODD, 3, b"x"))]);
    // A third state is announced that is not there.
    let at = bytes.len()
        - value_state("a", long()).len()
        - timers("b", snapshot(ODD, 3, b"x")).len()
        - 1;
    bytes[at] = 3;
    let meta = parse(&bytes);
    assert_eq!(names(&meta.states), ["a", "b"]);
    assert!(!meta.extent.complete && meta.extent.bytes_read.is_none());
    assert!(meta.extent.notes[0].text.starts_with("only 2 of 3 states"));
}

#[test]
fn hostile_counts_and_many_foreigners_end_soon() {
    let bytes = [int(6), vec![0], int(2), long(), vec![0x7F, 0xFF]].concat();
    assert!(KeyedBackendMeta::parse(&bytes, &Hints::meta_handle(&bytes)).is_err());
    let many: Vec<_> =
        (0..300).map(|i| value_state(&format!("s{i}"), snapshot(ODD, 3, b"odd"))).collect();
    let bytes = keyed(long(), &many);
    let meta = parse(&bytes);
    assert_eq!((meta.states.len(), meta.extent.complete), (300, true));
    // Every two bytes look like the beginning of something.
    let body = [0, 3, b'a', b'.', b'b', 0, 0, 0, 1].repeat(20_000);
    let bytes = keyed(snapshot(ODD, 3, &body), &[]);
    let _ = KeyedBackendMeta::parse(&bytes, &Hints::default());
}

proptest::proptest! {
    #[test]
    fn any_body_of_a_foreign_serializer_is_stepped_over(
        body in proptest::collection::vec(0_u8.., 0..80),
        version in 0..1000_i32,
    ) {
        let odd = || snapshot(ODD, version, &body);
        let map = composite(MAP, 1, &[], &[odd(), long()]);
        let states = [value_state("a", odd()), value_state("b", map), timers("c", odd())];
        let bytes = keyed(odd(), &states);
        let meta = parse(&bytes);
        proptest::prop_assert_eq!(names(&meta.states), ["a", "b", "c"]);
        proptest::prop_assert!(meta.extent.complete);
    }

    #[test]
    fn no_damage_panics(at in 0..600_usize, with in proptest::collection::vec(0_u8.., 1..8)) {
        let map = composite(MAP, 1, &[], &[snapshot(ODD, 3, b"body"), long()]);
        let mut bytes = keyed(long(), &[value_state("a", map), timers("b", long())]);
        let at = at.min(bytes.len());
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with);
        let _ = KeyedBackendMeta::parse(&bytes, &Hints::meta_handle(&bytes));
        let _ = OperatorBackendMeta::parse(&bytes, &Hints::default());
    }
}
/// Bodies made of pieces that look like the format itself.
fn fragments() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        proptest::collection::vec(0_u8.., 0..10),
        (3..9_i32).prop_map(int),
        Just(utf("com.acme.Event")),
        Just(utf("x")),
        Just(utf("VALUE_SERIALIZER")),
        Just([utf("NAMESPACE_SERIALIZER"), int(1)].concat()),
        Just(snapshot("com.acme.Event", 1, &[])),
        Just(long()),
        Just(nested(&[long()])),
        Just(br#"{"type":"record"}"#.to_vec()),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest::proptest! {
    #[test]
    fn bodies_that_look_like_the_format_hide_no_state(
        bodies in proptest::array::uniform6(fragments()),
        foreign in proptest::array::uniform6(proptest::bool::ANY),
        open in proptest::bool::ANY,
    ) {
        let [a, b, c, d, e, key] = [0, 1, 2, 3, 4, 5].map(|i| {
            if foreign[i] { snapshot(ODD, 3, &bodies[i]) } else { long() }
        });
        let states = [
            value_state("a", a),
            value_state("b", composite(MAP, 1, &[], &[b, c])),
            value_state("c", composite(LIST, 1, &[], &[d])),
            timers("d", e),
        ];
        let bytes = keyed(key, &states);
        let hints = if open { Hints::default() } else { Hints::meta_handle(&bytes) };
        let meta = KeyedBackendMeta::parse(&bytes, &hints).unwrap();
        proptest::prop_assert_eq!(names(&meta.states), ["a", "b", "c", "d"]);
        proptest::prop_assert!(meta.extent.complete);
    }
}
