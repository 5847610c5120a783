//! Do RocksDB's own tools open what was put together, with the OPTIONS file that is written for
//! it? `ldb` of Debian's package rocksdb-tools, and RocksDB as it is linked, load that file.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use chkctl::format::rocks::current;
use chkctl::format::rocks::manifest::Manifest;
use chkctl::format::rocks::options;
use chkctl::ops::restore::open;
use rocksdb::Cache;
use rocksdb::DB;
use rocksdb::Env;
use rocksdb::IteratorMode;
use rocksdb::Options;
use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;
use tempfile::TempDir;

use crate::support::archives;
use crate::support::archives::Archive;
use crate::support::archives::hex;
use crate::support::databases;
use crate::support::parallel;

/// Each generation of RocksDB, each compression, and files that were merged.
const SAMPLES: [&str; 11] = [
    "A-1.13.6",
    "A-1.20.5",
    "A-2.3.0",
    "A-lz4-1.20.5",
    "A-no-1.20.5",
    "A-zlib-1.20.5",
    "A-zstd-1.20.5",
    "D-merge-across-1.20.5",
    "D-merge-across-2.3.0",
    "D-merge-within-1.20.5",
    "D-merge-within-2.3.0",
];

/// Entries and their hash, by column family, as the oracle has them.
type Content = BTreeMap<String, (u64, String)>;

#[test]
fn tools_read_what_flink_read() {
    if !ldb_is_there() {
        return;
    }
    let compared = parallel::map(&SAMPLES, |sample| {
        let archive = archives::unpack(sample);
        let (databases, newest) = newest(&archive);
        let mut families = BTreeSet::new();
        for (tag, files, expected) in databases {
            let at = format!("{sample} {newest} {tag}");
            let home = tempfile::tempdir().unwrap();
            put_together(home.path(), &files, str::to_owned);
            assert_eq!(linked(home.path()), expected, "{at}: RocksDB as it is linked");
            assert_eq!(by_ldb(home.path()), expected, "{at}: ldb");
            families.extend(expected.into_keys().map(|name| (tag.clone(), name)));
        }
        families.len()
    });
    assert!(compared.iter().all(|families| *families >= 10), "{compared:?}");
    assert!(compared.iter().sum::<usize>() > 300, "{compared:?}");
}

/// Opened to be written to, the database keeps what it has and stays one that can be opened.
#[test]
fn tools_can_write() {
    if !ldb_is_there() {
        return;
    }
    for sample in ["A-1.13.6", "A-1.20.5", "A-2.3.0"] {
        let (databases, _) = newest(&archives::unpack(sample));
        let (tag, files, mut expected) = databases.into_iter().next().unwrap();
        let home = tempfile::tempdir().unwrap();
        put_together(home.path(), &files, str::to_owned);
        let families: Vec<String> = expected.keys().cloned().collect();
        for family in &families {
            ldb(home.path(), &["compact", &format!("--column_family={family}")]);
        }
        ldb(home.path(), &["put", "key", "value"]);
        assert_eq!(ldb(home.path(), &["get", "key"]), "value\n", "{sample} {tag}");
        ldb(home.path(), &["delete", "key"]);
        assert_eq!(by_ldb(home.path()), expected, "{sample} {tag}");
        // RocksDB 7.8 wrote another OPTIONS file.
        assert_eq!(linked(home.path()), expected, "{sample} {tag}");
        expected.clear();
        assert_ne!(by_ldb(home.path()), expected);
    }
}

/// With the stored file RocksDB writes where it says; with what is written for it, nowhere else.
#[test]
fn a_stored_file_leads_nowhere() {
    if !ldb_is_there() {
        return;
    }
    let (databases, _) = newest(&archives::unpack("A-2.3.0"));
    let (_, files, expected) = databases.into_iter().next().unwrap();
    let outside: Vec<TempDir> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let [logs, wal, paths, cf_paths] = [0, 1, 2, 3].map(|n| outside[n].path().display());
    let hostile = |stored: &str| {
        let own = ["db_log_dir=", "wal_dir=", "db_paths=", "cf_paths="];
        let lines = stored.lines().filter(|line| !own.iter().any(|own| line.contains(own)));
        let mut text = String::new();
        for line in lines {
            text.extend([line, "\n"]);
            if line == "[DBOptions]" {
                let roots = format!("  db_paths={{{{path={paths};target_size=1;}}}}\n");
                text.extend([format!("  db_log_dir={logs}\n  wal_dir={wal}\n"), roots]);
            } else if line.starts_with("[CFOptions") {
                text.push_str(&format!("  cf_paths={{{{path={cf_paths};target_size=1;}}}}\n"));
            }
        }
        text
    };
    let filled = |directory: &TempDir| fs::read_dir(directory).unwrap().next().is_some();
    let empty = || !outside.iter().any(filled);

    let home = tempfile::tempdir().unwrap();
    let manifest = put_together(home.path(), &files, hostile);
    drop(open::read_only(home.path(), &manifest, 1 << 20, None).unwrap());
    assert!(empty(), "opened by chkctl");
    assert_eq!(linked(home.path()), expected);
    assert_eq!(by_ldb(home.path()), expected);
    ldb(home.path(), &["put", "key", "value"]);
    ldb(home.path(), &["compact"]);
    assert!(empty(), "opened by ldb");

    // That the stored file does lead there: the test can fail.
    let home = tempfile::tempdir().unwrap();
    for (name, bytes) in &files {
        let text = || hostile(str::from_utf8(bytes).unwrap()).into_bytes();
        let bytes = if name.starts_with("OPTIONS-") { text() } else { bytes.clone() };
        fs::write(home.path().join(name), bytes).unwrap();
    }
    command(home.path(), &["put", "key", "value"]).output().unwrap();
    let led: Vec<bool> = outside.iter().map(filled).collect();
    assert_eq!(led[..2], [true, true], "{led:?}");
}

/// Whether ldb can be run; it must be where the project is built for others.
pub(crate) fn ldb_is_there() -> bool {
    let found = Command::new("ldb").arg("--version").output().is_ok();
    let required = env::var_os("CI").is_some_and(|value| value == "true");
    assert!(found || !required, "ldb is missing: ./setup --all installs it");
    if !found {
        // Not a macro, whose output is shown of tests that fail only.
        let said = b"NOT TESTED: ldb is missing; ./setup --all installs it\n";
        io::stderr().write_all(said).unwrap();
    }
    found
}

/// The files of a database by local name.
type Files = Vec<(String, Vec<u8>)>;

/// The whole databases of the newest checkpoint with an oracle: tag, files, content.
fn newest(archive: &Archive) -> (Vec<(String, Files, Content)>, String) {
    let mut directories = archive.checkpoints().into_iter().rev();
    let found = directories.find_map(|directory| {
        let summary = archive.oracle().join(&directory).join("kv-summary.json");
        let text = fs::read_to_string(summary).ok()?;
        Some((directory, serde_json::from_str::<Value>(&text).unwrap()))
    });
    let (directory, summary) = found.unwrap();
    let mut all = Vec::new();
    for database in databases::of(&archive.root().join(&directory)) {
        let mut handles = summary["handles"].as_array().unwrap().iter();
        let handle = handles.find(|handle| handle["handle"] == *database.tag).unwrap();
        // Files that Flink did not find either.
        if handle.get("error").is_some() {
            continue;
        }
        let files = database.files.into_iter();
        let files: Files = files.map(|(name, bytes)| (name, bytes.unwrap())).collect();
        all.push((database.tag, files, databases::expected(handle)));
    }
    assert!(!all.is_empty(), "{}", directory.display());
    (all, directory.display().to_string())
}

/// Writes the files, with an OPTIONS file rendered from what `change` makes of the stored one.
fn put_together(home: &Path, files: &Files, change: impl Fn(&str) -> String) -> Manifest {
    let of = |name: &str| &files.iter().find(|(local, _)| local == name).unwrap().1;
    let manifest = current::parse(of("CURRENT")).unwrap().manifest;
    let manifest = Manifest::parse(of(manifest)).unwrap();
    for (name, bytes) in files {
        if name.starts_with("OPTIONS-") {
            let stored = change(str::from_utf8(bytes).unwrap());
            let stored = options::parse(stored.as_bytes()).unwrap();
            let written = options::render(&manifest, Some(&stored));
            let read = options::parse(&written).unwrap();
            assert_eq!(read.rocksdb_version, stored.rocksdb_version);
            assert_eq!(read.column_families.len(), manifest.column_families.len());
            fs::write(home.join(name), written).unwrap();
        } else {
            fs::write(home.join(name), bytes).unwrap();
        }
    }
    manifest
}

/// What RocksDB reads that loads the OPTIONS file by itself.
fn linked(home: &Path) -> Content {
    let cache = Cache::new_lru_cache(1 << 20);
    let (options, families) =
        Options::load_latest(home, Env::new().unwrap(), false, cache).unwrap();
    let names: Vec<String> = families.iter().map(|family| family.name().to_owned()).collect();
    let db = DB::open_cf_descriptors_read_only(&options, home, families, false).unwrap();
    let of = |name: &String| {
        let entries = db.iterator_cf(&db.cf_handle(name).unwrap(), IteratorMode::Start);
        let entries = entries.map(|entry| {
            let (key, value) = entry.unwrap();
            (hex(&key), hex(&value))
        });
        (name.clone(), content(name, entries))
    };
    names.iter().map(of).collect()
}

/// What ldb reads.
pub(crate) fn by_ldb(home: &Path) -> Content {
    let listed = ldb(home, &["list_column_families"]);
    let (_, names) = listed.split_once("\n{").unwrap();
    let names = names.trim_end().strip_suffix('}').unwrap().split(", ");
    let of = |name: &str| {
        let printed = ldb(home, &["scan", "--hex", &format!("--column_family={name}")]);
        let entries = printed.lines().map(|line| {
            let (key, value) = line.split_once(" : ").unwrap();
            let hex = |text: &str| text.strip_prefix("0x").unwrap().to_ascii_lowercase();
            (hex(key), hex(value))
        });
        (name.to_owned(), content(name, entries))
    };
    names.map(of).collect()
}

/// Entries, as hex, and their hash, as the oracle computes it.
fn content(name: &str, entries: impl Iterator<Item = (String, String)>) -> (u64, String) {
    let mut hash = Sha256::new();
    let mut count = 0;
    for (key, value) in entries {
        hash.update(format!("{name}\t{key}\t{value}\n"));
        count += 1;
    }
    (count, hex(&hash.finalize()))
}

pub(crate) fn command(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("ldb");
    command.arg(format!("--db={}", home.display()));
    command.args(["--try_load_options", "--ignore_unknown_options"]).args(args);
    command
}

/// What ldb prints; it must succeed.
pub(crate) fn ldb(home: &Path, args: &[&str]) -> String {
    let output = command(home, args).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{args:?}: {stdout}{stderr}");
    stdout
}
