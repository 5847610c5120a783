//! Do the handles name a database? The files of every incremental handle, placed under their
//! local names, must open in RocksDB and hold what the RocksDB of that Flink release read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chkctl::catalog::checkpoint;
use chkctl::format::flink::keyed::IncrementalHandle;
use chkctl::format::flink::keyed::KeyedHandle;
use chkctl::format::flink::metadata::Metadata;
use chkctl::format::flink::operator::Subtask;
use chkctl::format::flink::stream::StreamHandle;
use chkctl::model::places::Places;
use chkctl::store::Location;
use chkctl::store::StoreOptions;
use chkctl::store::Stores;
use rocksdb::ColumnFamilyDescriptor;
use rocksdb::DB;
use rocksdb::IteratorMode;
use rocksdb::MergeOperands;
use rocksdb::Options;
use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;

use crate::support::archives;
use crate::support::archives::hex;

/// Each generation of RocksDB and handle form; inline, plain, relative and merged files.
const SAMPLES: [&str; 8] = [
    "A-1.13.6",
    "A-1.14.6",
    "A-zstd-1.20.5",
    "A-2.3.0",
    "B-savepoints-2.3.0",
    "C-changelog-1.20.5",
    "D-merge-across-2.3.0",
    "F-claim-rescale-2.3.0",
];

#[test]
fn the_files_of_a_handle_are_a_database_with_the_content_flink_read() {
    let mut databases = 0;
    for sample in SAMPLES {
        let archive = archives::unpack(sample);
        for directory in archive.checkpoints() {
            let summary = archive.oracle().join(&directory).join("kv-summary.json");
            let Ok(text) = fs::read_to_string(summary) else { continue };
            let summary: Value = serde_json::from_str(&text).unwrap();
            let at = format!("{sample} {}", directory.display());
            databases += compare(&archive.root().join(&directory), &summary, &at);
        }
    }
    assert!(databases > 100, "only {databases} databases were compared");
}

fn compare(directory: &Path, summary: &Value, at: &str) -> usize {
    let stores = Stores::new(StoreOptions::default());
    let location = Location::local(&directory.join("_metadata")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let file = runtime.block_on(checkpoint::read(&stores, location)).unwrap();
    let metadata = file.parse().unwrap();
    let options = Default::default();
    let places = checkpoint::places(&stores, &metadata, &file.location, &options);
    let places = runtime.block_on(places);
    let mut compared = 0;
    for (tag, handle) in incremental_handles(&metadata) {
        let expected = summary["handles"].as_array().unwrap();
        let expected = expected.iter().find(|handle| handle["handle"] == tag.as_str());
        let expected = expected.unwrap_or_else(|| panic!("{at}: {tag} is not in the oracle"));
        // Files that Flink did not find either.
        if expected.get("error").is_some() {
            continue;
        }
        let home = tempfile::tempdir().unwrap();
        place_files(&handle, &places, home.path());
        let expected: BTreeMap<String, (u64, String)> = expected["columnFamilies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cf| {
                let sha = cf["sha256"].as_str().unwrap().to_owned();
                let name = cf["columnFamily"].as_str().unwrap().to_owned();
                (name, (cf["entries"].as_u64().unwrap(), sha))
            })
            .collect();
        assert_eq!(content(home.path()), expected, "{at} {tag}");
        compared += 1;
    }
    compared
}

/// Incremental handles with the names the oracle gives them.
fn incremental_handles<'a>(metadata: &Metadata<'a>) -> Vec<(String, IncrementalHandle<'a>)> {
    let mut found = Vec::new();
    for operator in metadata.operators.iter() {
        for subtask in operator.subtasks.iter().flat_map(|list| list.iter()) {
            let Subtask::Running(state) = subtask else { continue };
            let tag = format!("{}-{}-0", operator.id, state.index);
            match state.managed_keyed {
                Some(KeyedHandle::Incremental(handle)) => found.push((tag, handle)),
                Some(KeyedHandle::Changelog(handle)) => {
                    for (n, part) in handle.materialized.iter().flatten().enumerate() {
                        if let KeyedHandle::Incremental(part) = part {
                            found.push((format!("{tag}-mat{n}"), part));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    found
}

fn place_files<'a>(handle: &IncrementalHandle<'a>, places: &Places<'a>, home: &Path) {
    for file in handle.shared.iter().chain(handle.private.iter()) {
        let stream = file.handle.unwrap();
        let bytes = match &stream {
            StreamHandle::Inline { data, .. } => data.to_vec(),
            _ => {
                let place = places.of(&stream).unwrap();
                let locations = places.locations(place);
                let mut paths = locations.iter().filter_map(Location::local_path);
                let path = paths.find(|path| path.exists()).unwrap();
                let whole = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                match &stream {
                    StreamHandle::Segment(segment) => {
                        let start = usize::try_from(segment.start).unwrap();
                        let length = usize::try_from(segment.length).unwrap();
                        whole[start..start + length].to_vec()
                    }
                    _ => whole,
                }
            }
        };
        fs::write(home.join(file.local_name.to_string()), bytes).unwrap();
    }
}

/// Entries and hash of each column family, as the oracle computes them.
fn content(home: &Path) -> BTreeMap<String, (u64, String)> {
    let names = DB::list_cf(&Options::default(), home).unwrap();
    let families = names.iter().map(|name| {
        let mut options = Options::default();
        options.set_merge_operator_associative("stringappendtest", append);
        ColumnFamilyDescriptor::new(name, options)
    });
    let db = DB::open_cf_descriptors_read_only(&Options::default(), home, families, false).unwrap();
    let of = |name: &String| {
        let family = db.cf_handle(name).unwrap();
        let mut hash = Sha256::new();
        let mut entries = 0;
        for entry in db.iterator_cf(&family, IteratorMode::Start) {
            let (key, value) = entry.unwrap();
            hash.update(format!("{name}\t{}\t{}\n", hex(&key), hex(&value)));
            entries += 1;
        }
        (name.clone(), (entries, hex(&hash.finalize())))
    };
    names.iter().map(of).collect()
}

/// Flink's merge of list state: elements joined by one comma.
fn append(_key: &[u8], existing: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    let parts: Vec<&[u8]> = existing.into_iter().chain(operands.iter()).collect();
    Some(parts.join(&b','))
}
