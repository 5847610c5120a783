//! Debian's `ldb`, which knows nothing of chkctl, with the command of the README.

use super::running;
use super::running::Checkpoint;
use crate::ldb;
use crate::support::parallel;
use crate::support::rows;

#[test]
fn ldb_reads_one_of_each_kind() {
    if !ldb::ldb_is_there() {
        return;
    }
    let mut kinds: Vec<(Checkpoint, &str)> = Vec::new();
    let of_files = [
        // Every generation of RocksDB, in `_metadata` where they are small, and outside of it.
        "A-1.13.6",
        "A-1.14.6",
        "A-1.20.5",
        "A-2.3.0",
        "A-zstd-1.20.5",
        "C-changelog-1.20.5",
        "D-merge-across-1.20.5",
        "D-merge-within-2.3.0",
        "F-claim-rescale-2.3.0",
        "H-full-1.20.5",
    ];
    kinds.extend(of_files.map(|name| (running::newest(name), "--all")));
    kinds.extend(["H-full-1.14.6"].map(|name| (running::newest(name), "--all")));
    for name in ["B-savepoints-1.20.5", "B-savepoints-2.3.0"] {
        kinds.push((running::savepoint(name, "native"), "--all"));
        kinds.push((running::savepoint(name, "canonical"), "--all"));
    }
    let merged = ["A-1.13.6", "A-1.20.5", "A-2.3.0", "H-full-snappy-1.14.6"];
    kinds.extend(merged.map(|name| (running::newest(name), "--merge")));
    parallel::map(&kinds, |(checkpoint, choice)| {
        let at = format!("{} {choice}", checkpoint.at);
        // Values, a list with merge records, a map and timers.
        let operator = "eb62da86593154933fe4085e2e81db2d";
        let restored = running::restore(&checkpoint.directory, &["--operator", operator, choice]);
        for one in restored.databases() {
            let directory = restored.directory().join(one["directory"].as_str().unwrap());
            let expected = rows::summary(&rows::of(&directory));
            assert_eq!(ldb::by_ldb(&directory), expected, "{at}");
            let entries: u64 = expected.values().map(|(entries, _)| entries).sum();
            assert!(entries > 500, "{at}: only {entries} entries");
        }
    });
}
