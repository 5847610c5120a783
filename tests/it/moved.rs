//! Checkpoints that were moved, copied, renamed or linked in part: no file that a checkpoint
//! needs is called unreferenced, and none that is there is called missing.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::archives;
use crate::support::chkctl;

const JOB: &str = "a8302c4319f7f0df0b0770b92f527a3c";
const FIRST: &str = "b874f0456581df516a4c4a420960cb42";
const SECOND: &str = "47b90795f6f8959b9a7e4b1271bfa31f";

/// A root whose paths are those of its writer, as if it had never been moved.
fn in_place(name: &str) -> (TempDir, PathBuf) {
    // As long as the directory of the writer, so that the lengths of the texts stay right.
    let dir = tempfile::Builder::new().prefix("chk").rand_bytes(6).tempdir_in("/tmp").unwrap();
    let here = dir.path().to_str().unwrap().to_owned();
    assert_eq!(here.len(), "/tmp/flink-lab".len());
    let root = dir.path().join(name);
    copy(&archives::unpack(name).root(), &root, &|bytes| {
        replaced(bytes, b"/tmp/flink-lab/", format!("{here}/").as_bytes())
    });
    (dir, root)
}

/// A root that was moved.
fn moved(name: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let root = dir.path().join("root");
    copy(&archives::unpack(name).root(), &root, &|bytes| bytes);
    (dir, root)
}

fn copy(from: &Path, to: &Path, metadata: &dyn Fn(Vec<u8>) -> Vec<u8>) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to, metadata);
        } else if entry.file_name() == "_metadata" {
            fs::write(to, metadata(fs::read(entry.path()).unwrap())).unwrap();
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn replaced(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(from.len()).position(|window| window == from) {
        at += found;
        bytes[at..at + from.len()].copy_from_slice(to);
    }
    bytes
}

fn inspect(place: &Path, flags: &[&str]) -> Value {
    let args = ["inspect", place.to_str().unwrap(), "--files", "--output", "json"];
    let output = chkctl::run(&[&args, flags].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", place.display());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn codes(document: &Value) -> BTreeSet<String> {
    let warnings = document["warnings"].as_array().unwrap();
    warnings.iter().map(|warning| warning["code"].as_str().unwrap().to_owned()).collect()
}

/// What the checkpoints of a job free, refer to and miss, by their ids.
fn rows(document: &Value) -> Vec<[Value; 4]> {
    let rows = document["checkpoints"].as_array().unwrap();
    let columns = ["id", "exclusive_bytes", "files", "missing_files"];
    rows.iter().map(|row| columns.map(|column| row[column].clone())).collect()
}

#[test]
fn a_checkpoint_that_was_renamed_in_a_moved_job_still_needs_its_files() {
    for new_name in ["chk-10.bak", "chk-00010", "keep"] {
        let (_dir, root) = moved("A-retained8-1.20.5");
        let job = root.join(JOB);
        let expected = inspect(&job, &[]);
        fs::rename(job.join("chk-10"), job.join(new_name)).unwrap();
        let document = inspect(&job, &[]);
        for total in ["unreferenced_files", "missing_files", "referenced_files", "complete"] {
            let [ours, theirs] = [&document, &expected].map(|one| &one["totals"][total]);
            assert_eq!(ours, theirs, "{new_name} {total}");
        }
        assert_eq!(rows(&document), rows(&expected), "{new_name}");
        assert_eq!(document["cross_references"], Value::Array(Vec::new()), "{new_name}");
    }
}

#[test]
fn a_checkpoint_that_was_moved_out_of_its_job_still_needs_its_files() {
    let (_dir, root) = moved("A-retained8-1.20.5");
    fs::rename(root.join(JOB).join("chk-10"), root.join("keep")).unwrap();
    let document = inspect(&root, &[]);
    assert_eq!(document["totals"]["unreferenced_files"], 0);
    assert_eq!(document["totals"]["missing_files"], 0);
}

/// Flink reads them where they were written, and so it finds them.
#[test]
fn files_that_a_copied_job_needs_of_another_one_are_where_they_were() {
    let (_dir, root) = in_place("F-legacy-same-1.20.5");
    let (_kept, other) = moved("F-legacy-same-1.20.5");
    fs::remove_dir_all(other.join(FIRST)).unwrap();
    fs::remove_dir_all(other.join(SECOND)).unwrap();
    copy(&root.join(SECOND), &other.join(SECOND), &|bytes| bytes);
    for place in [other.clone(), other.join(SECOND)] {
        let document = inspect(&place, &[]);
        assert!(!codes(&document).contains("files-missing"), "{:?}", document["warnings"]);
        assert_eq!(document["totals"]["missing_files"], 0);
        let outside = document["files"].as_array().unwrap().iter();
        let outside = outside.filter(|file| {
            file["path"].as_str().unwrap().starts_with(&format!("file://{}", root.display()))
        });
        assert_eq!(outside.count(), 56);
    }
    let document = inspect(&other, &[]);
    let jobs = document["jobs"].as_array().unwrap();
    assert_eq!(jobs.iter().filter(|job| job["job_id"] == SECOND).count(), 1);
    assert!(jobs.iter().all(|job| job["job_id"] != FIRST), "nothing of it is here");

    // Gone from there as well.
    fs::remove_dir_all(root.join(FIRST).join("shared")).unwrap();
    let document = inspect(&other, &[]);
    assert!(codes(&document).contains("files-missing"));
    assert_eq!(document["totals"]["missing_files"], 56);
}

/// Two jobs that were copied to two places, of which one needs files of the other.
#[test]
fn jobs_that_were_copied_apart_are_brought_together() {
    let (_dir, root) = in_place("F-legacy-same-1.20.5");
    let expected = inspect(&root.join(FIRST), &[]);
    let apart = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let [a, b] = ["a", "b"].map(|name| apart.path().join(name));
    copy(&root.join(SECOND), &a.join(SECOND), &|bytes| bytes);
    copy(&root.join(FIRST), &b.join(FIRST), &|bytes| bytes);
    fs::remove_dir_all(&root).unwrap();
    let also = |place: &Path| place.to_str().unwrap().to_owned();
    let document = inspect(&b.join(FIRST), &["--also", &also(&a)]);
    assert_eq!(rows(&document), rows(&expected));
    let document = inspect(&a, &["--also", &also(&b)]);
    assert!(!codes(&document).contains("files-missing"), "{:?}", document["warnings"]);
}

/// Two copies, and a copy beside what it was made of, of which the second is a checkpoint newer.
#[test]
fn a_checkpoint_and_its_copy_do_not_differ() {
    let (_kept, original) = in_place("F-legacy-same-1.20.5");
    let copies = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let [a, b] = ["a", "b"].map(|name| copies.path().join(name));
    copy(&original, &a, &|bytes| bytes);
    copy(&original, &b, &|bytes| bytes);
    let diff = |from: &Path, to: &Path| -> Value {
        let [from, to] = [from, to].map(|place| place.to_str().unwrap().to_owned());
        let output = chkctl::run(&["diff", "--output", "json", &from, &to]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let of = |root: &Path, id: u8| root.join(SECOND).join(format!("chk-{id}"));
    for (one, other) in [(&a, &b), (&original, &a), (&a, &original)] {
        let same = diff(&of(one, 8), &of(other, 8));
        assert_eq!(same["different"], false);
        assert_eq!(same["totals"]["added"]["files"], 0);
        let next = diff(&of(one, 8), &of(other, 9));
        let expected = diff(&of(&original, 8), &of(&original, 9));
        for part in ["kept", "added", "dropped"] {
            let [ours, theirs] = [&next, &expected].map(|one| &one["totals"][part]);
            assert_eq!((&ours["files"], &ours["bytes"]), (&theirs["files"], &theirs["bytes"]));
        }
        assert_eq!(
            next["operators"].as_array().unwrap().len(),
            expected["operators"].as_array().unwrap().len()
        );
        let added = next["totals"]["added"]["paths"].as_array().unwrap();
        for path in added.iter().map(|path| path.as_str().unwrap()) {
            let path = path.strip_prefix("file://").map_or(other.join(path), PathBuf::from);
            assert!(path.exists(), "{}", path.display());
        }
    }
}

#[test]
fn a_linked_shared_directory_is_where_it_leads() {
    let (_dir, root) = in_place("A-retained8-1.20.5");
    let expected = inspect(&root.join(JOB), &[]);
    let pool = root.join("pool");
    fs::create_dir(&pool).unwrap();
    fs::rename(root.join(JOB).join("shared"), pool.join("x")).unwrap();
    symlink("../pool/x", root.join(JOB).join("shared")).unwrap();
    let document = inspect(&root, &[]);
    assert_eq!(document["totals"]["unreferenced_files"], 0);
    assert_eq!(document["totals"]["missing_files"], 0);
    assert_eq!(document["totals"]["physical_bytes"], expected["totals"]["physical_bytes"]);
    assert!(!codes(&document).contains("files-missing"));
}

#[test]
fn a_link_to_a_checkpoint_is_no_second_checkpoint() {
    let (_dir, root) = in_place("A-retained8-1.20.5");
    let job = root.join(JOB);
    let expected = [inspect(&job, &[]), inspect(&root, &[])];
    symlink("chk-10", job.join("chk-11")).unwrap();
    symlink("chk-10", job.join("chk-latest")).unwrap();
    for (place, expected) in [&job, &root].into_iter().zip(expected) {
        let document = inspect(place, &[]);
        assert_eq!(document["checkpoints"], expected["checkpoints"]);
        assert_eq!(document["totals"], expected["totals"]);
    }
}

#[test]
fn a_checkpoint_that_lies_elsewhere_behind_a_link_is_one() {
    let (dir, root) = in_place("A-retained8-1.20.5");
    let job = root.join(JOB);
    let expected = [inspect(&job, &[]), inspect(&root, &[])];
    let elsewhere = dir.path().join("elsewhere");
    fs::rename(job.join("chk-3"), &elsewhere).unwrap();
    symlink(&elsewhere, job.join("chk-3")).unwrap();
    for (place, expected) in [&job, &root].into_iter().zip(expected) {
        let document = inspect(place, &[]);
        assert_eq!(document["checkpoints"], expected["checkpoints"]);
        assert_eq!(document["totals"], expected["totals"]);
        assert_eq!(document["cross_references"], expected["cross_references"]);
    }
}

#[test]
fn escapes_in_directories_part_nothing() {
    for name in ["team%41", "100%", "a b%20c"] {
        let (dir, root) = moved("A-retained8-1.20.5");
        let expected = inspect(&root.join(JOB), &[]);
        let odd = dir.path().join(name);
        fs::rename(&root, &odd).unwrap();
        let document = inspect(&odd.join(JOB), &[]);
        assert_eq!(document["totals"], expected["totals"], "{name}");
        assert_eq!(rows(&document), rows(&expected), "{name}");
        let document = inspect(&odd, &[]);
        assert_eq!(document["totals"]["unreferenced_files"], 0, "{name}");
    }
}

#[test]
fn a_rule_that_maps_nothing_is_said_once() {
    let (_dir, root) = moved("A-retained8-1.20.5");
    let document = inspect(&root, &["--rebase", "/nowhere=/else"]);
    let unused = document["warnings"].as_array().unwrap().iter();
    assert_eq!(unused.filter(|warning| warning["code"] == "rebase-unused").count(), 1);
    let rule = format!("file:/tmp/flink-lab/A-retained8-1.20.5={}", root.display());
    let document = inspect(&root, &["--rebase", &rule]);
    assert_eq!(codes(&document), BTreeSet::new());
}
