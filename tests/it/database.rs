//! Do the handles name a database? The files of every incremental handle, placed under their
//! local names, must open in RocksDB and hold what the RocksDB of that Flink release read.

use std::fs;
use std::path::Path;

use chkctl::ops::restore::merge_operator;
use serde_json::Value;

use crate::support::archives;
use crate::support::databases;
use crate::support::databases::Database;
use crate::support::rows;

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
    let mut compared = 0;
    for Database { tag, files, .. } in databases::of(directory) {
        let expected = summary["handles"].as_array().unwrap();
        let expected = expected.iter().find(|handle| handle["handle"] == tag.as_str());
        let expected = expected.unwrap_or_else(|| panic!("{at}: {tag} is not in the oracle"));
        // Files that Flink did not find either.
        if expected.get("error").is_some() {
            continue;
        }
        let home = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(home.path().join(name), bytes.unwrap()).unwrap();
        }
        let expected = databases::expected(expected);
        let db = rows::open(home.path(), false, merge_operator::register);
        assert_eq!(rows::summary(&rows::rows(&db)), expected, "{at} {tag}");
        compared += 1;
    }
    compared
}
