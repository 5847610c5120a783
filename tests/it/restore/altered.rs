//! Files of a database that were altered by somebody who knows where: what is damaged is named,
//! and an OPTIONS file leads nobody anywhere.
#![cfg(unix)]

use std::fs;
use std::path::Path;

use chkctl::format::flink::stream::NamedHandle;
use chkctl::format::flink::stream::StreamHandle;
use tempfile::TempDir;

use super::hostile;
use super::hostile::World;
use super::left;
use crate::ldb;
use crate::support::databases::Database;
use crate::support::rows;

/// The files of a database, one with another content, inside of the metadata.
fn with<'a>(good: &'a Database, name: &str, bytes: &'a [u8]) -> World {
    World::of(good, changed(good, name, bytes))
}

fn changed<'a>(good: &'a Database, name: &str, bytes: &'a [u8]) -> Vec<NamedHandle<'a>> {
    let mut files = hostile::inline(good);
    let found = files.iter_mut().find(|file| file.local_name.to_str().contains(name)).unwrap();
    found.handle = Some(StreamHandle::Inline { name: "inline".into(), data: bytes });
    files
}

/// The content of a file, and its name.
fn content<'a>(good: &'a Database, name: &str) -> (&'a str, Vec<u8>) {
    let (name, bytes) = good.files.iter().find(|(local, _)| local.contains(name)).unwrap();
    (name, bytes.clone().unwrap())
}

#[test]
fn a_flipped_bit_is_named_by_object_and_byte() {
    let good = hostile::good();
    let (name, mut bytes) = content(&good, ".sst");
    // In the first block of data.
    bytes[9] ^= 0x04;
    for args in [&[][..], &["--merge"], &["--link"]] {
        let said = with(&good, name, &bytes).ends(args, 3, "[sst-data]");
        assert!(said.contains(name) && said.contains("byte 0: "), "{said}");
    }
    // In a file of its own it is found the same way, whether it is copied or linked.
    let home = tempfile::tempdir().unwrap();
    let at = home.path().join("table");
    fs::write(&at, &bytes).unwrap();
    let path = format!("file:{}", at.display());
    let size = i64::try_from(bytes.len()).unwrap();
    let mut files = hostile::inline(&good);
    let found = files.iter_mut().find(|file| file.local_name.to_str() == name).unwrap();
    found.handle = Some(StreamHandle::File { size, path: path.as_str().into() });
    for args in [&[][..], &["--merge"], &["--link"]] {
        let said = World::of(&good, files.clone()).ends(args, 3, "[sst-data]");
        assert!(said.contains(&format!("{} ({name}): byte 0: ", at.display())), "{said}");
    }
    // Whoever asks for lengths alone gets what is there; RocksDB says it when it reads.
    let world = World::of(&good, files);
    world.restores(&["--no-checksums"]);
    assert!(left::published(&world.target)[name] == bytes);
    let world = with(&good, name, &bytes);
    world.ends(&["--no-checksums", "--count"], 3, "RocksDB refuses what was put together");
}

#[test]
fn tables_cut_short_or_longer_than_they_are() {
    let good = hostile::good();
    let (name, bytes) = content(&good, ".sst");
    for length in [0, 1, 52, bytes.len() / 2, bytes.len() - 1] {
        for args in [&[][..], &["--merge"], &["--no-checksums"]] {
            with(&good, name, &bytes[..length]).ends(args, 3, name);
        }
    }
    let longer = [bytes.as_slice(), &[0; 100]].concat();
    with(&good, name, &longer).ends(&[], 3, name);
    let other = good.files.iter().filter(|(other, _)| other.ends_with(".sst") && other != name);
    for (_, other) in other {
        with(&good, name, other.as_deref().unwrap()).ends(&[], 3, name);
    }
}

#[test]
fn a_manifest_or_current_of_nonsense() {
    let good = hostile::good();
    let (manifest, bytes) = content(&good, "MANIFEST-");
    let flipped = [&bytes[..20], &[bytes[20] ^ 1], &bytes[21..]].concat();
    for bytes in [b"".as_slice(), b"nonsense", &[0; 5000], &[0xFF; 5000], &flipped] {
        for args in [&[][..], &["--merge"]] {
            with(&good, manifest, bytes).ends(args, 3, "MANIFEST");
        }
    }
    for bytes in ["", "\n", "MANIFEST-000099\n", "../MANIFEST-000005\n", "/etc/passwd\n", "\0"] {
        for args in [&[][..], &["--merge"]] {
            with(&good, "CURRENT", bytes.as_bytes()).ends(args, 3, "CURRENT");
        }
    }
}

#[test]
fn options_of_nonsense_are_no_obstacle() {
    let good = hostile::good();
    let (name, bytes) = content(&good, "OPTIONS-");
    let whole = World::of(&good, hostile::inline(&good));
    whole.restores(&[]);
    let expected = rows::summary(&rows::of(&whole.target));
    let long = b"[".repeat(17 << 20);
    let half = &bytes[..bytes.len() / 2];
    let nul = [bytes.as_slice(), b"\0\0\xff\xfe"].concat();
    for odd in [b"".as_slice(), b"\n", b"nonsense", &[0xFF; 9999], half, &nul, &long] {
        let world = with(&good, name, odd);
        let said = world.restores(&["--output", "json"]);
        assert_eq!(rows::summary(&rows::of(&world.target)), expected, "{said}");
        let report = fs::read_to_string(world.target.join("restore.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        // What is empty or cut between two options says nothing wrong.
        let is_silent = odd.is_empty() || odd == b"\n" || odd == half;
        let warned = report["warnings"].to_string().contains("\"options\"");
        assert!(warned || is_silent, "{}", report["warnings"]);
        let written = left::published(&world.target)[name].clone();
        assert!(written.starts_with(b"#") && written.len() < 100_000);
    }
}

#[test]
fn options_that_send_rocksdb_elsewhere_have_no_effect() {
    if !ldb::ldb_is_there() {
        return;
    }
    let good = hostile::good();
    let (name, bytes) = content(&good, "OPTIONS-");
    let outside: Vec<TempDir> = (0..5).map(|_| tempfile::tempdir().unwrap()).collect();
    let [logs, wal, paths, cf_paths, backup] = [0, 1, 2, 3, 4].map(|n| outside[n].path().display());
    let mut hostile_text = String::new();
    for line in String::from_utf8(bytes).unwrap().lines() {
        let own = ["db_log_dir=", "wal_dir=", "db_paths=", "cf_paths=", "env="];
        if own.iter().any(|own| line.trim_start().starts_with(own)) {
            continue;
        }
        hostile_text.push_str(line);
        hostile_text.push('\n');
        if line == "[DBOptions]" {
            hostile_text.push_str(&format!(
                "  db_log_dir={logs}\n  wal_dir={wal}\n  env={{id=Hostile;dir={backup}}}\n  \
                 db_paths={{{{path={paths};target_size=1;}}}}\n"
            ));
        } else if line.starts_with("[CFOptions") {
            let paths = format!("  cf_paths={{{{path={cf_paths};target_size=1;}}}}\n");
            hostile_text.push_str(&paths);
        }
    }
    let is_empty = |directory: &TempDir| fs::read_dir(directory).unwrap().next().is_none();
    for args in [&["--count"][..], &["--merge"]] {
        let world = with(&good, name, hostile_text.as_bytes());
        world.restores(args);
        assert!(outside.iter().all(is_empty), "restored");
        let written = left::published(&world.target);
        let written = written.iter().find(|(name, _)| name.starts_with("OPTIONS-")).unwrap();
        let written = String::from_utf8(written.1.clone()).unwrap();
        for directory in &outside {
            assert!(!written.contains(directory.path().to_str().unwrap()), "{written}");
        }
        assert_eq!(ldb::by_ldb(&world.target), rows::summary(&rows::of(&world.target)));
        ldb::ldb(&world.target, &["put", "key", "value"]);
        ldb::ldb(&world.target, &["compact"]);
        assert_eq!(ldb::ldb(&world.target, &["get", "key"]), "value\n");
        assert!(outside.iter().all(is_empty), "worked with");
    }
    // That the stored file does lead there: the test can fail.
    let world = with(&good, name, hostile_text.as_bytes());
    world.restores(&[]);
    fs::write(Path::new(&world.target).join(name), &hostile_text).unwrap();
    ldb::command(&world.target, &["put", "key", "value"]).output().unwrap();
    assert!(!outside.iter().all(is_empty));
}
