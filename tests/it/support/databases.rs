//! The databases that incremental handles name, and the bytes of their files.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
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
use serde_json::Value;

/// A database of a checkpoint.
pub(crate) struct Database {
    /// The name the oracle gives its handle.
    pub(crate) tag: String,
    /// The key groups of its handle.
    #[cfg_attr(not(feature = "rocksdb"), expect(dead_code))]
    pub(crate) groups: RangeInclusive<u16>,
    /// Bytes of the key group in front of a key.
    #[cfg_attr(not(feature = "rocksdb"), expect(dead_code))]
    pub(crate) prefix: usize,
    /// The local names of its files and their bytes; `None` if a file is missing.
    pub(crate) files: Vec<(String, Option<Vec<u8>>)>,
}

/// What the oracle says of a handle: entries and their hash, by column family.
pub(crate) fn expected(handle: &Value) -> BTreeMap<String, (u64, String)> {
    let families = handle["columnFamilies"].as_array().unwrap().iter();
    let of = |family: &Value| {
        let sha = family["sha256"].as_str().unwrap().to_owned();
        let name = family["columnFamily"].as_str().unwrap().to_owned();
        (name, (family["entries"].as_u64().unwrap(), sha))
    };
    families.map(of).collect()
}

/// The databases of the checkpoint in a directory.
pub(crate) fn of(directory: &Path) -> Vec<Database> {
    let stores = Stores::new(StoreOptions::default());
    let location = Location::local(&directory.join("_metadata")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let file = runtime.block_on(checkpoint::read(&stores, location)).unwrap();
    let metadata = file.parse().unwrap();
    let options = Default::default();
    let places = checkpoint::places(&stores, &metadata, &file.location, &options);
    let places = runtime.block_on(places);
    let handles = incremental_handles(&metadata).into_iter();
    let databases = handles.map(|(tag, max_parallelism, handle)| {
        let files =
            handle.shared.iter().chain(handle.private.iter()).map(|file| {
                (file.local_name.to_string(), bytes_of(&file.handle.unwrap(), &places))
            });
        let first = u16::try_from(handle.key_groups.start).unwrap();
        let count = u16::try_from(handle.key_groups.count).unwrap();
        let prefix = if max_parallelism > 128 { 2 } else { 1 };
        Database { tag, groups: first..=first + count - 1, prefix, files: files.collect() }
    });
    databases.collect()
}

/// Incremental handles, with the names the oracle gives them and their max parallelism.
fn incremental_handles<'a>(metadata: &Metadata<'a>) -> Vec<(String, i32, IncrementalHandle<'a>)> {
    let mut found = Vec::new();
    for operator in metadata.operators.iter() {
        let max = operator.max_parallelism;
        for subtask in operator.subtasks.iter().flat_map(|list| list.iter()) {
            let Subtask::Running(state) = subtask else { continue };
            let tag = format!("{}-{}-0", operator.id, state.index);
            match state.managed_keyed {
                Some(KeyedHandle::Incremental(handle)) => found.push((tag, max, handle)),
                Some(KeyedHandle::Changelog(handle)) => {
                    for (n, part) in handle.materialized.iter().flatten().enumerate() {
                        if let KeyedHandle::Incremental(handle) = part {
                            found.push((format!("{tag}-mat{n}"), max, handle));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    found
}

fn bytes_of<'a>(stream: &StreamHandle<'a>, places: &Places<'a>) -> Option<Vec<u8>> {
    if let StreamHandle::Inline { data, .. } = stream {
        return Some(data.to_vec());
    }
    let locations = places.locations(places.of(stream).unwrap());
    let mut paths = locations.iter().filter_map(Location::local_path);
    let whole = fs::read(paths.find(|path| path.exists())?).unwrap();
    let StreamHandle::Segment(segment) = stream else { return Some(whole) };
    let start = usize::try_from(segment.start).unwrap();
    let length = usize::try_from(segment.length).unwrap();
    Some(whole[start..start + length].to_vec())
}
