//! Can RocksDB, new and old, work with what was built?

use std::path::Path;
use std::process::Command;

use chkctl::ops::restore::merge_operator;
use rocksdb::ColumnFamilyDescriptor;
use rocksdb::DB;
use rocksdb::IteratorMode;
use rocksdb::Options;

use super::build;
use super::files;

const NAMES: [&str; 3] = ["count", "history", "empty"];

/// Rows whose tables overlap, so that they are merged, and those of a family without any.
fn built(directory: &Path) {
    let keys: Vec<[u8; 4]> = (0..5_000_u32).map(|n| (n * 7 % 5_000).to_be_bytes()).collect();
    let rows = keys.iter().enumerate().map(|(n, key)| (n % 2, &key[..], &b"some value"[..]));
    assert_eq!(build(directory, &NAMES, 32 << 10, rows), [2_500, 2_500, 0]);
}

#[test]
fn nothing_lies_there_but_a_database_that_is_closed() {
    let home = tempfile::tempdir().unwrap();
    built(home.path());
    let expected = ["#.sst", "#.sst", "CURRENT", "IDENTITY", "MANIFEST-", "OPTIONS-"];
    assert_eq!(files(home.path()), expected);
    let options = std::fs::read_dir(home.path()).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name()?.to_str()?.to_owned();
        name.starts_with("OPTIONS-").then(|| std::fs::read_to_string(&path).unwrap())
    });
    assert!(!options.unwrap().contains(home.path().to_str().unwrap()));
}

fn reopen(directory: &Path) -> DB {
    let families = std::iter::once(&"default").chain(&NAMES).map(|name| {
        let mut options = Options::default();
        merge_operator::register(&mut options);
        ColumnFamilyDescriptor::new(*name, options)
    });
    DB::open_cf_descriptors(&Options::default(), directory, families).unwrap()
}

#[test]
fn rocksdb_writes_flushes_and_compacts_it() {
    let home = tempfile::tempdir().unwrap();
    built(home.path());
    let before = super::rows_of(home.path());
    let db = reopen(home.path());
    for name in NAMES {
        let family = db.cf_handle(name).unwrap();
        db.put_cf(&family, b"\xFFnew", b"x").unwrap();
        db.merge_cf(&family, b"\xFFnew", b"y").unwrap();
        db.flush_cf(&family).unwrap();
        db.compact_range_cf(&family, None::<&[u8]>, None::<&[u8]>);
    }
    drop(db);
    let db = reopen(home.path());
    for name in NAMES {
        let family = db.cf_handle(name).unwrap();
        let rows = db.iterator_cf(&family, IteratorMode::Start);
        let mut rows: Vec<_> = rows
            .map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).unwrap())
            .collect();
        assert_eq!(rows.pop(), Some((b"\xFFnew".to_vec(), b"x,y".to_vec())));
        assert_eq!(rows, before[name]);
    }
}

/// Debian has RocksDB 7.8. Where it is not installed there is nothing to try.
#[test]
fn ldb_of_an_older_rocksdb_scans_it() {
    let home = tempfile::tempdir().unwrap();
    built(home.path());
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        Some(text)
    };
    if run("ldb", &["--version"]).is_none() {
        return;
    }
    let directory = format!("--db={}", home.path().display());
    for (name, rows) in [("count", 2_500), ("history", 2_500), ("empty", 0)] {
        let family = format!("--column_family={name}");
        let options = ["--try_load_options", "--ignore_unknown_options"];
        let args = [&[&*directory, &*family, "scan", "--hex"][..], &options].concat();
        let text = run("ldb", &args).unwrap();
        assert_eq!(text.lines().filter(|line| line.starts_with("0x")).count(), rows, "{text}");
    }
    let file = format!("--file={}", home.path().display());
    let text = run("sst_dump", &[&file, "--command=check", "--verify_checksum"]).unwrap();
    assert!(!text.contains("not a valid"), "{text}");
}
