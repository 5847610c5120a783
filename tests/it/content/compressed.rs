//! Streams of the fixtures, compressed as Flink would have written them.

use std::io::Read;
use std::io::Write;

use chkctl::format::flink::content::OperatorPart;

use super::streams::Kind;
use super::streams::Stream;
use super::streams_of;

/// The stream with the frames of Snappy, and where they begin.
pub(crate) fn compress(stream: &Stream) -> (Stream, usize) {
    let mut bytes;
    let first;
    let kind = match &stream.kind {
        Kind::KeyGroups(handle, sort) => {
            let starts: Vec<usize> =
                handle.offsets.iter().filter(|at| **at != 0).map(|at| *at as usize).collect();
            first = starts[0];
            bytes = head(&stream.bytes[..first]);
            let mut handle = handle.clone();
            let ends = starts.iter().skip(1).copied().chain([stream.bytes.len()]);
            let mut offsets = handle.offsets.iter_mut().filter(|at| **at != 0);
            for (start, end) in starts.iter().copied().zip(ends) {
                *offsets.next().unwrap() = bytes.len() as i64;
                if stream.sort() == "heap" {
                    // Each state has a stream of its own; where it ends does not matter.
                    let middle = start + 4 + (end - start - 4) / 2;
                    bytes.extend(&stream.bytes[start..start + 4]);
                    bytes.extend(framed(&stream.bytes[start + 4..middle]));
                    bytes.extend(framed(&stream.bytes[middle..end]));
                } else {
                    bytes.extend(framed(&stream.bytes[start..end]));
                }
            }
            Kind::KeyGroups(handle, *sort)
        }
        Kind::Operator(parts) => {
            let mut starts: Vec<i64> =
                parts.iter().flat_map(|part| part.offsets.iter().copied()).collect();
            starts.sort_unstable();
            first = starts[0] as usize;
            bytes = head(&stream.bytes[..first]);
            bytes.extend(b"\xFF\x06\0\0sNaPpY");
            let mut moved = Vec::new();
            for (i, start) in starts.iter().enumerate() {
                let end = starts.get(i + 1).map_or(stream.bytes.len(), |at| *at as usize);
                moved.push(bytes.len() as i64);
                bytes.extend(&framed(&stream.bytes[*start as usize..end])[10..]);
            }
            let at = |old: &i64| moved[starts.binary_search(old).unwrap()];
            let parts = parts.iter().map(|part| OperatorPart {
                offsets: part.offsets.iter().map(at).collect(),
                ..part.clone()
            });
            Kind::Operator(parts.collect())
        }
        Kind::Changelog(..) => {
            first = 1;
            bytes = vec![1];
            bytes.extend(framed(&stream.bytes[1..]));
            stream.kind.clone()
        }
        _ => panic!("{} is never compressed", stream.sort()),
    };
    (Stream { kind, owner: stream.owner.clone(), bytes }, first)
}

/// The head, which says now that what follows is compressed.
fn head(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    assert_eq!(bytes[..5], [0, 0, 0, 6, 0], "a head with a compression flag");
    bytes[4] = 1;
    bytes
}

pub(super) fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = snap::write::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.into_inner().unwrap()
}

/// What the frames of a compressed stream hold, one block after the other.
pub(super) fn decompress(stream: &Stream, first: usize) -> Vec<u8> {
    let mut starts: Vec<usize> = match &stream.kind {
        Kind::KeyGroups(handle, _) => {
            handle.offsets.iter().filter(|at| **at != 0).map(|at| *at as usize).collect()
        }
        Kind::Operator(parts) => {
            parts.iter().flat_map(|part| &part.offsets).map(|at| *at as usize).collect()
        }
        _ => vec![first],
    };
    starts.sort_unstable();
    let ends = starts.iter().skip(1).copied().chain([stream.bytes.len()]);
    let mut content = Vec::new();
    for (start, end) in starts.iter().copied().zip(ends) {
        let skipped = if stream.sort() == "heap" { 4 } else { 0 };
        let block = [&b"\xFF\x06\0\0sNaPpY"[..], &stream.bytes[start + skipped..end]].concat();
        content.extend(&stream.bytes[start..start + skipped]);
        snap::read::FrameDecoder::new(&*block).read_to_end(&mut content).unwrap();
    }
    content
}

#[test]
fn compressed_streams_hold_what_the_others_do() {
    let kinds = [
        ("B-savepoints-2.3.0", "full snapshot"),
        ("H-hashmap-2.3.0", "heap"),
        ("H-hashmap-2.3.0", "operator"),
        ("C-changelog-1.20.5", "changelog"),
    ];
    for (name, sort) in kinds {
        let streams = streams_of(name, sort);
        assert!(!streams.is_empty(), "{sort}");
        for stream in streams {
            let plain = stream.parse().unwrap();
            if plain.entries == 0 {
                continue;
            }
            let (packed, _) = compress(&stream);
            let parsed = packed.parse().unwrap_or_else(|error| panic!("{sort}: {error}"));
            assert_eq!(parsed.states, plain.states, "{sort}");
            assert_eq!(parsed.entries, plain.entries, "{sort}");
            assert_eq!(parsed.opaque, plain.opaque, "{sort}");
        }
    }
}

#[test]
fn offsets_of_1_18_0_are_said_to_be_unreliable() {
    let stream = streams_of("H-hashmap-2.3.0", "operator")
        .into_iter()
        .find(|stream| stream.parse().unwrap().entries > 2)
        .unwrap();
    let (mut packed, _) = compress(&stream);
    let Kind::Operator(parts) = &mut packed.kind else { unreachable!() };
    let first = parts.iter().flat_map(|part| part.offsets.iter().copied()).min().unwrap();
    parts.iter_mut().for_each(|part| part.offsets.fill(first));
    let parsed = packed.parse().unwrap();
    assert!(parsed.opaque[0].contains("FLINK-34063"), "{:?}", parsed.opaque);
    let last = packed.bytes.len() - 1;
    packed.bytes[last] ^= 1;
    assert!(packed.parse().is_err(), "the frames are checked all the same");
}
