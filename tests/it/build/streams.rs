//! Do full snapshots become the databases that Flink makes of them?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chkctl::format::flink::backend_meta::KeyedBackendMeta;
use chkctl::format::flink::content::KeyGroups;
use chkctl::format::flink::content::Parsed;
use chkctl::format::flink::content::RowError;
use chkctl::format::flink::content::Rows;
use chkctl::format::flink::content::Sort;
use chkctl::format::flink::content::full_rows;
use chkctl::ops::restore::build::BuildError;
use chkctl::ops::restore::build::apply::Builder;
use serde_json::Value;

use super::states_of;
use crate::content::compressed::compress;
use crate::content::streams::Collector;
use crate::content::streams::Kind;
use crate::content::streams::Stream;
use crate::support::archives;
use crate::support::databases;
use crate::support::rows;

/// Builds a database of the rows it is given.
struct Building<'d> {
    directory: &'d Path,
    memory: u64,
    builder: Option<Builder>,
}

impl Rows for Building<'_> {
    type Error = BuildError;

    fn begin(&mut self, meta: &KeyedBackendMeta<'_>) -> Result<(), BuildError> {
        assert!(self.builder.is_none() && meta.extent.complete);
        let names: Vec<String> =
            meta.states.iter().map(|state| state.name.to_str().into_owned()).collect();
        self.builder = Some(Builder::create(self.directory, &names, self.memory)?);
        Ok(())
    }

    fn row(&mut self, state: usize, key: &[u8], value: &[u8]) -> Result<(), BuildError> {
        self.builder.as_mut().expect("begin comes first").add(state, key, value)
    }
}

fn handle(stream: &Stream) -> &KeyGroups {
    let Kind::KeyGroups(handle, _) = &stream.kind else { panic!("not of key groups") };
    handle
}

/// Builds a database of a stream; returns what was read.
pub(super) fn build(stream: &Stream, directory: &Path, memory: u64) -> Parsed {
    let mut rows = Building { directory, memory, builder: None };
    let length = stream.bytes.len() as u64;
    let parsed = full_rows(&mut &*stream.bytes, length, handle(stream), &mut rows).unwrap();
    let entries = rows.builder.expect("a builder").finish().unwrap();
    let counted: Vec<u64> = parsed.states.iter().map(|(_, entries)| *entries).collect();
    assert_eq!(entries, counted);
    parsed
}

/// What the oracle says of each handle of a checkpoint.
fn oracle(directory: &Path) -> BTreeMap<String, BTreeMap<String, (u64, String)>> {
    let text = fs::read_to_string(directory.join("kv-summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&text).unwrap();
    let handles = summary["handles"].as_array().unwrap().iter();
    handles
        .map(|handle| {
            let mut expected = databases::expected(handle);
            expected.remove("default");
            (handle["handle"].as_str().unwrap().to_owned(), expected)
        })
        .collect()
}

#[test]
fn canonical_savepoints_become_the_databases_of_the_incremental_checkpoint() {
    let mut families = 0;
    for (name, checkpoint) in [
        ("B-savepoints-1.20.5", "c8fe1a4052934f43507aa470be442afc/chk-4"),
        ("B-savepoints-2.3.0", "29fd738c29badb5a3c185b2ab2bbb63a/chk-4"),
    ] {
        let archive = archives::unpack(name);
        let root = archive.root();
        // Taken after the same input.
        let incremental = oracle(&archive.oracle().join(checkpoint));
        for directory in archive.checkpoints() {
            if !directory.starts_with("savepoints-canonical") {
                continue;
            }
            let expected = oracle(&archive.oracle().join(&directory));
            let streams = Collector::collect(&root, &directory).streams;
            let full = streams.iter().filter(|stream| stream.sort() == "full snapshot");
            for (n, stream) in full.enumerate() {
                let home = tempfile::tempdir().unwrap();
                // With little memory, then with enough.
                let parsed =
                    build(stream, home.path(), if n % 2 == 0 { 4 << 10 } else { 64 << 20 });
                assert_eq!(parsed, stream.parse().unwrap());
                let built = rows::summary(&states_of(home.path()));
                let tag = format!("{}-0", stream.owner);
                assert_eq!(built, expected[&tag], "{name} {tag}");
                assert_eq!(built, incremental[&tag], "{name} {tag}");
                families += built.len();
            }
        }
    }
    assert_eq!(families, 68, "column families were compared");
}

#[test]
fn compressed_streams_become_the_same_databases() {
    let mut families = 0;
    for stream in crate::content::streams_of("B-savepoints-2.3.0", "full snapshot") {
        if stream.parse().unwrap().entries == 0 {
            continue;
        }
        let (plain, packed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        build(&stream, plain.path(), 64 << 20);
        build(&compress(&stream).0, packed.path(), 64 << 20);
        let rows = states_of(plain.path());
        assert_eq!(rows, states_of(packed.path()));
        families += rows.len();
    }
    assert_eq!(families, 34, "column families were compared");
}

/// Takes so many rows.
struct Few(usize);

impl Rows for Few {
    type Error = &'static str;

    fn begin(&mut self, _: &KeyedBackendMeta<'_>) -> Result<(), &'static str> {
        Ok(())
    }

    fn row(&mut self, _: usize, _: &[u8], _: &[u8]) -> Result<(), &'static str> {
        self.0 = self.0.checked_sub(1).ok_or("that is enough")?;
        Ok(())
    }
}

#[test]
fn heap_streams_are_refused_before_the_first_row() {
    let mut refused = 0;
    for stream in crate::content::streams_of("H-hashmap-1.20.5", "heap") {
        let mut handle = handle(&stream).clone();
        for sort in [Some(Sort::Heap), None] {
            handle.sort = sort;
            let length = stream.bytes.len() as u64;
            let read = full_rows(&mut &*stream.bytes, length, &handle, &mut Few(0));
            assert!(matches!(read, Err(RowError::Heap)), "{read:?}");
            refused += 1;
        }
    }
    assert_eq!(refused, 36);
}

#[test]
fn what_takes_the_rows_ends_the_reading() {
    for stream in crate::content::streams_of("B-savepoints-2.3.0", "full snapshot") {
        let entries = usize::try_from(stream.parse().unwrap().entries).unwrap();
        for stream in [compress(&stream).0, stream] {
            let read = |few| {
                let length = stream.bytes.len() as u64;
                full_rows(&mut &*stream.bytes, length, handle(&stream), &mut Few(few))
            };
            assert_eq!(read(entries).unwrap().entries, entries as u64);
            for few in [0, entries / 2, entries - 1] {
                let stopped = read(few);
                assert!(matches!(stopped, Err(RowError::Taken("that is enough"))), "{stopped:?}");
            }
        }
    }
}
