//! Do full checkpoints of Flink 1.14, plain and compressed, become the databases of incremental
//! ones with the same content?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use super::Families;
use super::rows_of;
use super::streams::build;
use crate::content::streams::Collector;
use crate::content::streams::Kind;
use crate::support::databases;

/// A root with one directory for each format.
fn unpack(home: &Path) -> PathBuf {
    let archive =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/streams/full-1.14.6.tar.zst");
    let packed = fs::read(archive).unwrap();
    let mut zstd = zstd::Decoder::new(packed.as_slice()).unwrap();
    zstd.window_log_max(27).unwrap();
    tar::Archive::new(zstd).unpack(home).unwrap();
    home.join("full-1.14.6")
}

/// The newest checkpoint of a format, below the root.
fn newest(root: &Path, format: &str) -> PathBuf {
    let entries = |directory: &Path| {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let [job] = &entries(&root.join(format))[..] else { panic!("one job") };
    let checkpoints = entries(job).into_iter().filter(|path| path.join("_metadata").exists());
    checkpoints.max().expect("a checkpoint").strip_prefix(root).unwrap().to_owned()
}

/// The rows of an incremental checkpoint, by operator and subtask.
fn incremental(root: &Path, format: &str) -> BTreeMap<String, Families> {
    let of = databases::of(&root.join(newest(root, format))).into_iter().map(|database| {
        let home = tempfile::tempdir().unwrap();
        for (name, bytes) in database.files {
            fs::write(home.path().join(name), bytes.unwrap()).unwrap();
        }
        (database.tag.strip_suffix("-0").unwrap().to_owned(), rows_of(home.path()))
    });
    of.collect()
}

/// What becomes of the streams of a full one.
fn full(root: &Path, format: &str) -> BTreeMap<String, Families> {
    let streams = Collector::collect(root, &newest(root, format)).streams;
    let streams = streams.iter().filter(|stream| matches!(stream.kind, Kind::KeyGroups(..)));
    let built = streams.map(|stream| {
        assert_eq!(stream.bytes[4] != 0, format.starts_with("snappy"), "what the head says");
        let home = tempfile::tempdir().unwrap();
        build(stream, home.path(), 64 << 10);
        (stream.owner.clone(), rows_of(home.path()))
    });
    built.collect()
}

#[test]
fn full_checkpoints_of_1_14_become_the_databases_of_incremental_ones() {
    let home = tempfile::tempdir().unwrap();
    let root = unpack(home.path());
    let mut compared = Vec::new();
    for (format, other) in
        [("full", "incremental"), ("snappy", "incremental"), ("snappy-4096", "incremental-4096")]
    {
        let (built, expected) = (full(&root, format), incremental(&root, other));
        assert!(built == expected, "{format}");
        let families: Vec<_> = built.values().flatten().collect();
        compared.push((families.len(), families.iter().map(|(_, rows)| rows.len()).sum::<usize>()));
    }
    // Two subtasks with three states and timers of both kinds.
    assert_eq!(compared, [(10, 5_800); 3]);
}
