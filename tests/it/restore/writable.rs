//! RocksDB goes on with what was made: put, flush, compact, and open again.

use std::collections::BTreeMap;
use std::path::Path;

use super::running;
use crate::support::rows;
use crate::support::rows::Rows;

/// Puts a row into every column family of a database, compacts it, opens it again; the rows.
fn worked_with(directory: &Path, at: &str) -> usize {
    let mut expected = rows::of(directory);
    let put: Rows = expected
        .keys()
        .map(|family| (family.clone(), BTreeMap::from([(b"\x07new".to_vec(), at.into())])))
        .collect();
    let db = rows::open(directory, true, rows::string_append);
    for (family, entries) in &put {
        let family = db.cf_handle(family).unwrap();
        for (key, value) in entries {
            db.put_cf(&family, key, value).unwrap();
        }
        db.flush_cf(&family).unwrap();
        db.compact_range_cf(&family, None::<&[u8]>, None::<&[u8]>);
    }
    drop(db);
    for (family, entries) in put {
        expected.get_mut(&family).unwrap().extend(entries);
    }
    let found = rows::summary(&rows::of(directory));
    assert_eq!(found, rows::summary(&expected), "{at}");
    let db = rows::open(directory, true, rows::string_append);
    let again = rows::summary(&rows::rows(&db));
    assert_eq!(again, found, "{at}");
    expected.values().map(|entries| entries.len()).sum()
}

#[test]
fn what_was_placed_can_be_written_to() {
    let mut entries = 0;
    for name in ["A-1.13.6", "A-1.20.5", "A-2.3.0"] {
        let checkpoint = running::newest(name);
        let restored = running::restore(&checkpoint.directory, &["--all"]);
        for handle in &checkpoint.handles {
            entries += worked_with(&restored.database(handle), &checkpoint.at);
        }
    }
    assert!(entries > 30_000, "only {entries} entries");
}

#[test]
fn what_was_merged_can_be_written_to() {
    for name in ["A-1.13.6", "A-1.20.5", "A-2.3.0"] {
        let checkpoint = running::newest(name);
        let restored = running::restore(&checkpoint.directory, &["--merge"]);
        for one in restored.databases() {
            let operator = one["operator_id"].as_str().unwrap();
            worked_with(&restored.directory().join(operator), &checkpoint.at);
        }
    }
}

#[test]
fn what_was_built_can_be_written_to() {
    for name in ["B-savepoints-1.20.5", "B-savepoints-2.3.0"] {
        let savepoint = running::savepoint(name, "canonical");
        let restored = running::restore(&savepoint.directory, &["--all"]);
        for handle in &savepoint.handles {
            worked_with(&restored.database(handle), &savepoint.at);
        }
    }
}
