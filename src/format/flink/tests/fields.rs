//! Every field that cannot be anything: damage that is told by name and place.

use super::samples;
use crate::format::flink::channel::Side;
use crate::format::flink::encode::Target;
use crate::format::flink::error::FormatError;
use crate::format::flink::keyed::KeyGroupsForm;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::stream::StreamHandle;

/// What is said about a file of version 6 in which the only occurrence of `from` became `to`.
fn damaged(file: &Metadata<'_>, from: &[u8], to: &[u8]) -> FormatError {
    let mut bytes = file.encode(Target::version(6).unwrap()).unwrap();
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert_eq!(places.len(), 1, "{from:02x?} must occur once");
    bytes.splice(places[0]..places[0] + from.len(), to.iter().copied());
    let error = Metadata::parse(&bytes).expect_err("damaged");
    assert!(error.offset <= bytes.len() as u64);
    error
}

#[track_caller]
fn says(error: &FormatError, expected: &str) {
    let told = error.to_string();
    assert!(told.contains(expected), "{told:?} should contain {expected:?}");
}

#[test]
fn tags() {
    let none = samples::with(Vec::new());
    says(&damaged(&none, b"\x01\0\x0Afile:/c/b1", b"\x07\0\x0A"), "stream handle tag: is 7");
    says(&damaged(&none, b"\x01\0\x0Afile:/c/b1", b"\x10\0\x0A"), "that is not inline");
    let keyed = samples::with_keyed(samples::incremental(true));
    let head = [11, 0, 0, 0, 0, 0, 0, 0, 7];
    says(&damaged(&keyed, &head, &[4]), "keyed state handle tag: is 4, expected a keyed");
    let operator = samples::with_operator(samples::operator_handle(None));
    let head = [4, 0, 0, 0, 3];
    says(&damaged(&operator, &head, &[5]), "operator state handle tag: is 5");
    says(&damaged(&operator, b"\0\x01u\x01", b"\0\x01u\x03"), "distribution mode: is 3");
    let merging = samples::with_operator(samples::operator_handle(Some(true)));
    says(&damaged(&merging, b"shared\x01\x10", b"shared\x01\0"), "is not a segment");
    for (side, tag) in [(Side::Input, 1), (Side::Output, 2)] {
        let file = samples::with_channels(samples::channel(side));
        let handle = [tag, 0, 0, 0, 1, 0, 0, 0, 2];
        let swapped = [3 - tag, 0, 0, 0, 1, 0, 0, 0, 2];
        says(&damaged(&file, &handle, &swapped), &format!("is {}, expected {tag} or", 3 - tag));
    }
}

#[test]
fn numbers_that_must_not_be_negative() {
    let bytes = samples::with(Vec::new()).encode(Target::version(6).unwrap()).unwrap();
    let mut negative = bytes.clone();
    negative[8] = 0x80;
    says(&Metadata::parse(&negative).unwrap_err(), "byte 8: checkpoint id: is -");

    let file = samples::with_stream(samples::segment());
    let place = |start: i64, length: i64| [start.to_be_bytes(), length.to_be_bytes()].concat();
    says(&damaged(&file, &place(16, 32), &place(-1, 32)), "segment start: is -1");
    says(&damaged(&file, &place(16, 32), &place(16, -2)), "segment length: is -2");
    let scope = |scope| [&place(16, 32)[..], &[0, 0, 0, scope]].concat();
    says(&damaged(&file, &scope(0), &scope(2)), "neither 0 (EXCLUSIVE) nor 1 (SHARED)");

    let file = samples::with_stream(samples::file());
    let size = |size: i64| [&[2][..], &size.to_be_bytes()].concat();
    says(&damaged(&file, &size(99), &size(-2)), "file size: is -2");

    let file = samples::with_keyed(KeyedHandle::Changelog(samples::changelog(true)));
    let offset = |offset: i64| [&offset.to_be_bytes()[..], &[2]].concat();
    says(&damaged(&file, &offset(17), &offset(-9)), "offset in a changelog file: is -9");

    let file = samples::with_channels(samples::channel(Side::Input));
    let place = |gate: i32, channel: i32| [gate.to_be_bytes(), channel.to_be_bytes()].concat();
    says(&damaged(&file, &place(2, 3), &place(-2, 3)), "gate or partition index: is -2");
    says(&damaged(&file, &place(2, 3), &place(2, -3)), "channel index: is -3");
}

#[test]
fn key_group_ranges() {
    let handle = samples::key_groups(KeyGroupsForm::Savepoint);
    let file = samples::with_keyed(KeyedHandle::KeyGroups(handle));
    let range =
        |start: i32, count: i32| [&[7][..], &start.to_be_bytes(), &count.to_be_bytes()].concat();
    let damaged = |start, count| damaged(&file, &range(64, 2), &range(start, count));
    says(&damaged(-1, 2), "first key group: is -1");
    says(&damaged(64, -2), "number of key groups: is -2");
    says(&damaged(i32::MAX, 2), "leads beyond 2^31 key groups");
    says(&damaged(64, 1 << 30), "the remaining bytes can hold at most");
}

#[test]
fn lengths_that_contradict_what_they_enclose() {
    let state = samples::master_state();
    let file = Metadata { master_states: vec![state].into(), ..samples::with(Vec::new()) };
    let payload = [0, 0, 0, 2, 5, 6];
    says(&damaged(&file, &payload, &[0, 0, 0, 1, 5, 6]), "has bytes behind its last field");
    says(&damaged(&file, &payload, &[0, 0, 0, 3, 5, 6]), "payload of a master state: is 3");
    says(&damaged(&file, &[0xC9, 0x6B], &[0xC9, 0x6C]), "expected 0xC96B1696, found 0xC96C1696");
    let file = samples::with_channels(samples::merged_channels(Side::Output));
    let count = [0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0];
    let fewer = [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0];
    says(&damaged(&file, &count, &fewer), "merged channel offsets: has bytes behind");
}

#[test]
fn an_inline_handle_longer_than_the_file() {
    let file = samples::with_stream(StreamHandle::Inline { name: "n".into(), data: &[1, 2] });
    let error = damaged(&file, b"\0\x01n\0\0\0\x02", b"\0\x01n\x7F\0\0\0");
    says(&error, "inline handle data: is 2130706432, but the remaining bytes can hold at most");
}
