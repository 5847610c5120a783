//! Checkpoints with one fault each: what is damaged is never published, and told by the code that
//! `verify` has for it; damage to what a restore does not need is no obstacle.

use super::left;
use super::served::said;
use crate::support::chkctl;
use crate::support::damage;
use crate::support::parallel;

/// How a restore of everything ends: its exit code, and words of what it says.
fn expected(name: &str) -> (i32, String) {
    let (code, words) = match name {
        // Of these no database is made; the segment is one of them.
        "backend-meta" | "changelog-segment" | "channel-state" | "operator-state" => (0, ""),
        "segment-out-of-file" => (0, ""),
        // A database can be opened without.
        "options" => (0, "OPTIONS-000029: "),
        "heap-stream" => (4, "was written by the heap state backend"),
        "local-name" => (4, "000053.sst\", which RocksDB gives to no file"),
        "database-incomplete" => (4, "\"CURRENT.old\", which RocksDB gives to no file"),
        "metadata-damaged" | "metadata-empty" => (1, "_metadata: "),
        "path-invalid" => (1, "is no path that Flink writes"),
        "inline-sst" => (3, "000056.sst inside the metadata: byte 0: "),
        "relative-file-missing" => (3, "[file-missing]"),
        // Of the two that share the file the one is right.
        "sizes-disagree" => (3, "[file-long]"),
        name => return (3, format!("[{name}]")),
    };
    (code, words.to_owned())
}

#[test]
fn every_fault_ends_as_it_should() {
    let ended = parallel::map(&damage::recipes(), |(name, recipe)| {
        let (code, words) = expected(name);
        for choice in ["--all", "--merge"] {
            let home = tempfile::tempdir().unwrap();
            let prepared = damage::prepare(recipe, home.path());
            let target = home.path().join("restored");
            let from = prepared.checkpoint.to_str().unwrap();
            let output = chkctl::run(&["restore", from, target.to_str().unwrap(), choice]);
            let said = said(&output);
            assert_eq!(output.status.code(), Some(code), "{name} {choice}: {said}");
            // Only what is copied has an OPTIONS file that is written anew.
            let is_told = said.contains(&words) || (name == "options" && choice == "--merge");
            assert!(is_told, "{name} {choice}: {said}");
            assert_eq!(left::databases(&target).is_empty(), code != 0, "{name} {choice}: {said}");
            assert_eq!(left::published(&target).is_empty(), code != 0, "{name} {choice}: {said}");
        }
        code
    });
    let damaged = ended.iter().filter(|code| **code == 3).count();
    assert!(damaged >= 15, "{ended:?}");
}
