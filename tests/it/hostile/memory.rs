//! What a hostile file may cost: a fixed address space beside the file itself, and seconds.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::time::Duration;
use std::time::Instant;

use super::all;
use super::changelog;
use super::encode;
use super::file;
use super::incremental;
use super::keyed;
use super::operator;
use chkctl::format::flink::keyed::KeyedHandle;

/// Address space for small files. An idle process takes less than a tenth of it, and RocksDB,
/// where it is linked, as much again as all the rest of the program.
pub(super) const SMALL: u64 = if cfg!(feature = "rocksdb") { 448 << 20 } else { 256 << 20 };
/// Any run takes far less than this, even without optimisation on a busy machine.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs `chkctl` with at most so many bytes of address space.
pub(super) fn limited(bytes: u64, args: &[&str]) -> Output {
    let started = Instant::now();
    let output = Command::new("sh")
        .args(["-c", "ulimit -v $0 && exec \"$@\"", &(bytes >> 10).to_string()])
        .arg(env!("CARGO_BIN_EXE_chkctl"))
        .args(args)
        .env("NO_COLOR", "1")
        // Each thread's arena takes address space, not memory.
        .env("MALLOC_ARENA_MAX", "2")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let what = format!("{args:?}: {:?}: {stderr:.2000}", output.status);
    assert!(!stderr.contains("panicked") && !stderr.contains("memory allocation"), "{what}");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{what}");
    assert!(started.elapsed() < LONGEST, "{what}: {:?}", started.elapsed());
    output
}

#[test]
fn the_limit_is_one() {
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 4096 && exec \"$0\" --version", env!("CARGO_BIN_EXE_chkctl")])
        .output()
        .unwrap();
    assert!(!output.status.success(), "4 MiB are not enough for any process");
}

#[test]
fn small_hostile_files_fail_in_little_memory() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for (name, bytes) in all() {
        assert!(bytes.len() < 10_000, "{name} is small");
        let path = write(dir.path(), name, &bytes);
        let harmless = ["path-through-dots", "names"].contains(&name);
        for format in ["table", "json", "jsonl"] {
            let args = ["inspect", &path, "--files", "--states", "--output", format];
            let output = limited(SMALL, &args);
            assert_eq!(output.status.success(), harmless, "{name}");
        }
    }
}

#[test]
fn handles_nested_as_deep_as_allowed_are_read_in_little_memory() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let names: Vec<String> = (0..1000).map(|number| format!("file:/cp/shared/{number}")).collect();
    let files = names.iter().map(|name| file(name)).collect();
    let deep = (0..1).fold(KeyedHandle::Incremental(incremental(files)), changelog);
    let path = write(dir.path(), "deep", &encode(vec![operator("deep", keyed(deep))]));
    for format in ["table", "json", "jsonl"] {
        assert!(limited(SMALL, &["inspect", &path, "--output", format]).status.success());
    }
}

#[test]
fn very_many_operators_are_listed_in_proportion_to_the_file() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let uids: Vec<String> = (0..50_000).map(|number| format!("operator-{number}")).collect();
    let operators = uids.iter().map(|uid| operator(uid, Default::default())).collect();
    let path = write(dir.path(), "many", &encode(operators));
    for format in ["table", "json", "jsonl"] {
        let output = limited(4 * SMALL, &["inspect", &path, "--output", format]);
        assert!(output.status.success(), "{format}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("operator-49999"), "{format}");
    }
}

#[test]
fn a_large_foreign_file_is_never_read() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("_metadata");
    // A hole: a terabyte that takes no space.
    let hole = fs::File::create(&path).unwrap();
    for (size, says) in [(64 << 20, "byte 0: magic number"), (1 << 40, "byte 0: magic number")] {
        // Some file systems hold no such hole.
        if hole.set_len(size).is_err() {
            continue;
        }
        let output = limited(SMALL, &["inspect", path.to_str().unwrap()]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(says), "{stderr}");
    }
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> String {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}
