//! Job directories and roots in which something hostile lies beside good checkpoints.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::all;
use super::encode;
use super::memory::SMALL;
use super::memory::limited;
use super::sweep::Random;
use super::terminal::harmless;
use super::with_file;
use crate::support::chkctl;
use crate::support::parallel;

const JOB: &str = "ae794d9774cbbac779e858834152defc";
const GOOD: [i64; 3] = [4, 5, 6];

/// A root of its own with a good job in it: three checkpoints.
fn good_root() -> TempDir {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/profile-job").join(JOB);
    copy(&from, &dir.path().join(JOB));
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// Puts metadata into a checkpoint directory of the job.
fn add(root: &TempDir, id: usize, bytes: &[u8]) -> PathBuf {
    let dir = root.path().join(JOB).join(format!("chk-{id}"));
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("_metadata"), bytes).unwrap();
    dir
}

/// The rows of the good checkpoints in the document of their job or of the root.
fn good_rows(document: &Value) -> Vec<Value> {
    let job = document.get("jobs").map_or(document, |jobs| &jobs[0]);
    let rows = job["checkpoints"].as_array().unwrap().iter();
    rows.filter(|row| GOOD.contains(&row["id"].as_i64().unwrap_or_default())).cloned().collect()
}

#[test]
fn good_checkpoints_are_seen_beside_hostile_ones_in_little_memory() {
    let alone = good_root();
    let hostile = good_root();
    for (number, (_, bytes)) in all().into_iter().enumerate() {
        add(&hostile, 100 + number, &bytes);
    }
    for below in ["", JOB] {
        let [alone, hostile] = [&alone, &hostile].map(|root| root.path().join(below));
        let [alone, hostile] = [alone.to_str().unwrap(), hostile.to_str().unwrap()];
        let args = ["inspect", hostile, "--files", "--output", "json"];
        let output = limited(SMALL, &args);
        assert_eq!(output.status.code(), Some(1));
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
        let expected = chkctl::inspect_json(Path::new(alone));
        let fields = ["state_bytes", "new_bytes", "exclusive_bytes", "files", "problem"];
        let shown = |rows: Vec<Value>| -> Vec<Vec<Value>> {
            rows.iter().map(|row| fields.map(|field| row[field].clone()).to_vec()).collect()
        };
        let rows = good_rows(&seen);
        assert_eq!(rows.len(), GOOD.len());
        assert_eq!(shown(rows), shown(good_rows(&expected)), "{below}");
        for format in ["table", "jsonl"] {
            let args = ["inspect", hostile, "--files", "--output", format];
            assert_eq!(limited(SMALL, &args).status.code(), Some(1), "{below} {format}");
        }
    }
    let job = hostile.path().join(JOB);
    let job = job.to_str().unwrap();
    assert_eq!(limited(SMALL, &["inspect", job, "--history"]).status.code(), Some(1));
    for number in 0..all().len() {
        for [from, to] in [["@6", "@1"], ["@1", "@6"]] {
            let hostile = |text: &str| text.replace("@1", &format!("@{}", 100 + number));
            let (from, to) = (format!("{job}{}", hostile(from)), hostile(to));
            for format in ["table", "json", "jsonl"] {
                limited(SMALL, &["diff", &from, &to, "--files", "--output", format]);
            }
        }
    }
}

#[test]
fn a_flipped_byte_in_one_checkpoint_leaves_the_others_as_they_are() {
    let root = good_root();
    let job = root.path().join(JOB);
    let good = fs::read(job.join("chk-6/_metadata")).unwrap();
    let others = |document: &Value| {
        let rows = document["checkpoints"].as_array().unwrap().iter();
        let other = |row: &&Value| !row["path"].as_str().unwrap().contains("chk-6");
        let rows: Vec<Value> = rows.filter(other).cloned().collect();
        assert_eq!(rows.len(), 2);
        rows
    };
    let expected = others(&chkctl::inspect_json(&job));
    let mut random = Random(7);
    let flips: Vec<(usize, u8)> =
        (0..100).map(|_| (random.below(good.len()), 1 << random.below(8))).collect();
    let broken = parallel::map(&flips, |(at, bit)| {
        let root = good_root();
        let mut bytes = good.clone();
        bytes[*at] ^= bit;
        add(&root, 6, &bytes);
        let job = root.path().join(JOB);
        let job = job.to_str().unwrap();
        let place = format!("bit {bit} of byte {at}");
        let json = chkctl::run(&["inspect", job, "--files", "--output", "json"]);
        let table = chkctl::run(&["inspect", job, "--files", "--history"]);
        for output in [&json, &table] {
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{place}: {stderr}");
        }
        assert_eq!(json.status.code(), table.status.code(), "{place}");
        let document: Value = serde_json::from_slice(&json.stdout).unwrap();
        for (row, expected) in others(&document).iter().zip(&expected) {
            for field in ["id", "state_bytes", "new_bytes", "files", "problem"] {
                assert_eq!(row[field], expected[field], "{place}");
            }
        }
        json.status.code() == Some(1)
    });
    assert!(broken.iter().any(|broken| *broken) && !broken.iter().all(|broken| *broken));
}

#[test]
fn names_of_directories_and_files_do_not_reach_the_terminal() {
    let root = good_root();
    let job = root.path().join(JOB);
    let hostile = "\u{1b}]0;title\u{7}\u{1b}[2J\r\nerror: all is lost";
    let operators = vec![
        with_file(hostile, "file:/cp/\u{1b}[2J/../x"),
        with_file("\u{1b}[8mhidden\u{9b}31m", "file:/cp/y\r\nerror: all is lost"),
    ];
    let bytes = encode(operators);
    add(&root, 7, &bytes);
    for name in ["chk-7\u{1b}[2J", "savepoint-\u{1b}[31m\nerror: all is lost"] {
        for dir in [root.path(), &job] {
            fs::create_dir(dir.join(name)).unwrap();
            fs::write(dir.join(name).join("_metadata"), &bytes[..bytes.len() - 1]).unwrap();
        }
    }
    let not_utf8 = std::ffi::OsStr::from_bytes(b"\xff\x1b[2J");
    for dir in [job.join("shared"), job.join("chk-6"), root.path().to_owned()] {
        fs::write(dir.join(hostile.replace('/', "")), "x").unwrap();
        fs::write(dir.join(not_utf8), "x").unwrap();
    }
    fs::create_dir(job.join("chk-8")).unwrap();
    fs::write(job.join("chk-8").join("\u{1b}[2J"), "x").unwrap();

    let (root, job) = (root.path().to_str().unwrap(), job.to_str().unwrap());
    let [six, seven] = ["6", "7"].map(|id| format!("{job}@{id}"));
    for args in [
        &["inspect", root, "--files"][..],
        &["inspect", job, "--files", "--history"],
        &["inspect", job, "--operator", "nobody"],
        &["inspect", root, "--operator", "\u{1b}"],
        &["diff", &six, &seven, "--files"],
        &["diff", &seven, &six, "--operator", "\u{1b}"],
        &["diff", root],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_chkctl"))
            .args(["--color", "always"])
            .args(args)
            .output()
            .unwrap();
        harmless(output, &format!("{args:?}"));
    }
}

#[test]
fn a_large_foreign_file_beside_checkpoints_is_never_read() {
    let root = good_root();
    let job = root.path().join(JOB);
    // Where a checkpoint must be it is one that is broken, and elsewhere none at all.
    for (below, rows, other_bytes, code) in
        [("table", GOOD.len(), 1_u64 << 40, 0), ("chk-7", GOOD.len() + 1, 1 << 40, 1)]
    {
        fs::create_dir(job.join(below)).unwrap();
        // A hole: a terabyte that takes no space.
        let hole = fs::File::create(job.join(below).join("_metadata")).unwrap();
        if hole.set_len(1 << 40).is_err() {
            // Some file systems hold no such hole.
            return;
        }
        let output = limited(SMALL, &["inspect", job.to_str().unwrap(), "--output", "json"]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["checkpoints"].as_array().unwrap().len(), rows, "{below}");
        assert_eq!(document["totals"]["other_bytes"], other_bytes, "{below}");
        assert_eq!(output.status.code(), Some(code), "{below}");
    }
}
