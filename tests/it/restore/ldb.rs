//! Debian's `ldb`, a RocksDB that is none of ours, with the command of the README.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::running;
use super::running::Checkpoint;
use crate::support::archives::hex;
use crate::support::rows;

/// Runs `ldb` on a database as the README says; its stdout.
fn ldb(directory: &Path, args: &[&str], at: &str) -> String {
    let output = Command::new("ldb")
        .arg(format!("--db={}", directory.display()))
        .args(["--try_load_options", "--ignore_unknown_options"])
        .args(args)
        .output()
        .expect("ldb is of the Debian package rocksdb-tools, which ./setup installs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{at} {args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Reads each column family of a database with `ldb`, and compares; the entries.
fn same(directory: &Path, at: &str) -> usize {
    let expected = rows::of(directory);
    let families = ldb(directory, &["list_column_families"], at);
    for family in expected.keys() {
        assert!(families.contains(family), "{at}: {family} is not in {families}");
    }
    let mut compared = 0;
    for (family, entries) in &expected {
        let of_it = format!("--column_family={family}");
        let printed = ldb(directory, &["scan", "--hex", &of_it], at);
        let rows = printed.lines().filter_map(|line| line.split_once(" : "));
        let found: BTreeMap<&str, &str> = rows.collect();
        let spelled = |bytes: &[u8]| format!("0x{}", hex(bytes).to_uppercase());
        let entries: BTreeMap<String, String> =
            entries.iter().map(|(key, value)| (spelled(key), spelled(value))).collect();
        let entries: BTreeMap<&str, &str> =
            entries.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert!(found == entries, "{at} {family}: {} of {}", found.len(), entries.len());
        compared += found.len();
    }
    compared
}

#[test]
fn ldb_reads_one_of_each_kind() {
    let placed = [
        // Every generation of RocksDB; the first two with most of their files inside `_metadata`.
        "A-1.13.6",
        "A-1.20.5",
        "A-1.14.6",
        "A-2.3.0",
        "A-zstd-1.20.5",
        "C-changelog-1.20.5",
        "D-merge-across-1.20.5",
        "D-merge-within-2.3.0",
        "F-claim-rescale-2.3.0",
        "H-full-1.20.5",
    ];
    let mut kinds: Vec<(Checkpoint, &str)> = Vec::new();
    kinds.extend(placed.map(|name| (running::newest(name), "--all")));
    for name in ["B-savepoints-1.20.5", "B-savepoints-2.3.0"] {
        kinds.push((running::savepoint(name, "native"), "--all"));
        kinds.push((running::savepoint(name, "canonical"), "--all"));
    }
    for name in ["A-1.13.6", "A-1.20.5", "A-2.3.0"] {
        kinds.push((running::newest(name), "--merge"));
    }
    for (checkpoint, choice) in kinds {
        let restored = running::restore(&checkpoint.directory, &[choice]);
        let at = format!("{} {choice}", checkpoint.at);
        // The largest state, with merge records, timers and what has been deleted.
        let of_profile = |one: &&running::Handle| one.operator.starts_with("eb62da86");
        let handle = checkpoint.handles.iter().find(of_profile).unwrap();
        let directory = match choice {
            "--merge" => restored.directory().join(&handle.operator),
            _ => restored.database(handle),
        };
        let compared = same(&directory, &at);
        assert!(compared > 1000, "{at}: only {compared} entries");
    }
}
