//! Is what Flink wrote parsed to its last byte, and what is damaged found?

pub(crate) mod compressed;
mod damage;
mod rows;
pub(crate) mod streams;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chkctl::format::flink::changelog::Change;
use chkctl::format::flink::content;
use chkctl::format::flink::content::Parsed;
use serde_json::Value;

use crate::support::archives;
use crate::support::parallel;
use streams::Collector;
use streams::Kind;
use streams::Stream;

/// Streams and entries in all fixtures together, by the kind of stream.
const STREAMS: [(&str, u64, u64); 8] = [
    ("author's", 174, 0),
    ("backend meta", 1035, 0),
    ("changelog", 12, 43704),
    ("channel", 10, 169),
    ("full snapshot", 48, 58511),
    ("heap", 36, 34180),
    ("operator", 1458, 132192),
    ("raw keyed", 18, 1848),
];

/// All that is not decoded in all fixtures together, and in how many streams.
const OPAQUE: [(&str, &str, u64); 1] =
    [("author's", "coordinator: its content is defined by its author", 174)];

/// Changes that lie inside of metadata, and streams whose files are absent.
const MEMORY_AND_MISSING: (u64, usize) = (0, 0);

#[test]
fn every_stream_of_every_fixture_is_parsed_to_its_end() {
    let names = archives::names();
    assert_eq!(names.len(), 53, "archives");
    let mut errors = Vec::new();
    let mut streams: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut opaque: BTreeMap<(&str, String), u64> = BTreeMap::new();
    let mut memory_and_missing = (0, 0);
    for found in parallel::map(&names, |name| parse_all(name)) {
        memory_and_missing.0 += found.memory;
        memory_and_missing.1 += found.missing;
        for (place, sort, bytes, parsed) in found.parsed {
            let parsed = match parsed {
                Ok(parsed) => parsed,
                Err(error) => {
                    errors.push(format!("{place}, {sort} of {bytes} bytes: {error}"));
                    continue;
                }
            };
            assert_eq!(parsed.bytes, bytes, "{place}");
            let (number, entries) = streams.entry(sort).or_default();
            *number += 1;
            *entries += parsed.entries;
            for said in parsed.opaque {
                *opaque.entry((sort, said)).or_default() += 1;
            }
        }
    }
    assert_eq!(errors, [""; 0]);
    let streams: Vec<_> = streams.into_iter().map(|(sort, (n, m))| (sort, n, m)).collect();
    assert_eq!(streams, STREAMS);
    let opaque: Vec<_> = opaque.iter().map(|((sort, said), n)| (*sort, &**said, *n)).collect();
    assert_eq!(opaque, OPAQUE);
    assert_eq!(memory_and_missing, MEMORY_AND_MISSING);
}

/// What was parsed of an archive.
struct Found {
    /// Place, kind, bytes, and the outcome.
    parsed: Vec<(String, &'static str, u64, Result<Parsed, String>)>,
    memory: u64,
    missing: usize,
}

fn parse_all(name: &str) -> Found {
    let archive = archives::unpack(name);
    let mut found = Found { parsed: Vec::new(), memory: 0, missing: 0 };
    for checkpoint in archive.checkpoints() {
        let root = archive.root();
        let all = Collector::collect(&root, &checkpoint);
        found.memory += all.memory;
        found.missing += all.missing;
        for stream in &all.streams {
            let place = format!("{name}/{} {}", checkpoint.display(), stream.owner);
            let parsed = stream.parse().map_err(|error| error.to_string());
            found.parsed.push((place, stream.sort(), stream.bytes.len() as u64, parsed));
        }
    }
    found
}

/// All streams of one kind in an archive.
pub(crate) fn streams_of(name: &str, sort: &str) -> Vec<Stream> {
    let archive = archives::unpack(name);
    let root = archive.root();
    let checkpoints = archive.checkpoints();
    let all = checkpoints.iter().flat_map(|at| Collector::collect(&root, at).streams);
    all.filter(|stream| stream.sort() == sort).collect()
}

#[test]
fn full_snapshots_hold_the_entries_that_flink_restores() {
    let mut compared = 0;
    for name in
        ["B-savepoints-1.20.5", "B-savepoints-2.3.0", "H-full-1.14.6", "H-full-snappy-1.14.6"]
    {
        let archive = archives::unpack(name);
        let root = archive.root();
        for checkpoint in archive.checkpoints() {
            let oracle = kv_summary(&archive.oracle(), &checkpoint);
            for stream in Collector::collect(&root, &checkpoint).streams {
                if stream.sort() == "full snapshot" {
                    let mut states = stream.parse().unwrap().states;
                    states.sort();
                    assert_eq!(oracle[&format!("{}-0", stream.owner)], states, "{name}");
                    compared += states.iter().map(|(_, n)| n).sum::<u64>();
                }
            }
        }
    }
    assert_eq!(compared, 58511, "entries in full snapshots");
}

/// Number of entries by handle and state, as Flink's restore code counted them.
fn kv_summary(oracle: &Path, checkpoint: &Path) -> BTreeMap<String, Vec<(String, u64)>> {
    let file = fs::read(oracle.join(checkpoint).join("kv-summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&file).unwrap();
    let handles = summary["handles"].as_array().unwrap().iter().map(|handle| {
        let families = handle["columnFamilies"].as_array().unwrap().iter().map(|family| {
            let name = family["columnFamily"].as_str().unwrap().to_owned();
            (name, family["entries"].as_u64().unwrap())
        });
        let mut families: Vec<_> = families.collect();
        families.sort();
        (handle["handle"].as_str().unwrap().to_owned(), families)
    });
    handles.collect()
}

/// The changes of the change set at this offset, as an in-memory segment would have them.
fn changes_at(file: &[u8], offset: i64) -> Vec<Change<'_>> {
    let mut rest = &file[1 + usize::try_from(offset).unwrap()..];
    let number = |rest: &mut &[u8]| {
        let (four, behind) = rest.split_first_chunk().unwrap();
        *rest = behind;
        i32::from_be_bytes(*four)
    };
    let mut changes = Vec::new();
    for _ in 0..number(&mut rest) {
        let (n, key_group) = (number(&mut rest), number(&mut rest));
        for _ in 0..n {
            let length = usize::try_from(number(&mut rest)).unwrap();
            let (data, behind) = rest.split_at(length);
            rest = behind;
            changes.push(Change { key_group, data });
        }
    }
    changes
}

#[test]
fn changes_in_memory_are_decoded_as_those_in_files() {
    let mut decoded = 0;
    for stream in streams_of("C-changelog-1.20.5", "changelog") {
        let Kind::Changelog(named, backends) = &stream.kind else { unreachable!() };
        let changes = changes_at(&stream.bytes, named[0].offset);
        let mut backend = backends[named[0].backend].clone();
        let parsed = content::changelog_memory(changes.iter().copied(), &mut backend).unwrap();
        assert_eq!((parsed.entries, parsed.opaque), (changes.len() as u64, Vec::new()));
        decoded += parsed.entries;
        let cut = changes.iter().map(|change| Change { data: &change.data[1..], ..*change });
        assert!(content::changelog_memory(cut, &mut backend).is_err());
    }
    assert!(decoded > 5000, "{decoded}");
}
