//! Does `verify` find what is wrong with checkpoints, all of it and nothing else?
//!
//! | module | asks |
//! |---|---|
//! | `damaged` | is every recorded fault found, with its code, from its level on? |
//! | `fixtures` | is everything that Flink wrote whole, and what is missing found? |
//! | `requests` | what is asked of an object store, and how often? |
//! | `faults` | who is blamed; could it look; is it called restorable only if all was looked at? |
//! | `races` | what if checkpoints go while they are looked at, or requests fail? |
//! | `latest` | which snapshot does `latest` choose, and when does it refuse to? |

mod damaged;
mod faults;
mod fixtures;
mod latest;
mod races;
mod requests;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::archives;
use crate::support::chkctl;

/// The exit code and the document of `chkctl verify`.
fn verify<A: AsRef<OsStr>>(place: &Path, args: &[A]) -> (i32, Value) {
    let mut all = vec![OsStr::new("verify"), place.as_os_str()];
    all.extend(["--output", "json", "--quiet"].map(OsStr::new));
    all.extend(args.iter().map(AsRef::as_ref));
    let output = chkctl::run(&all);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let document = serde_json::from_str(&stdout)
        .unwrap_or_else(|error| panic!("verify {}: {error}: {stderr}", place.display()));
    (output.status.code().unwrap(), document)
}

/// Codes and subjects of the findings.
fn findings(document: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = document["findings"].as_array().unwrap().iter();
    all.map(|finding| (text(&finding["code"]), text(&finding["subject"]))).collect()
}

/// Ids and verdicts, the newest first.
fn verdicts(document: &Value) -> Vec<(i64, String)> {
    let all = document["checkpoints"].as_array().unwrap().iter();
    all.map(|one| (one["id"].as_i64().unwrap(), one["verdict"].as_str().unwrap().to_owned()))
        .collect()
}

/// A copy of an archive's tree that may be changed.
fn copy_of(name: &str) -> (TempDir, PathBuf) {
    let archive = archives::unpack(name);
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let to = dir.path().join(name);
    copy(&archive.root(), &to);
    (dir, to)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
            let time = entry.metadata().unwrap().modified().unwrap();
            fs::File::options().write(true).open(&to).unwrap().set_modified(time).unwrap();
        }
    }
}

/// The job directory in a tree with one.
fn job_of(root: &Path) -> PathBuf {
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut jobs = entries.filter(|path| path.join("shared").is_dir());
    let job = jobs.next().unwrap();
    assert_eq!(jobs.next(), None, "{} has one job", root.display());
    job
}

/// Flips one bit of a file.
fn flip(file: &Path, byte: usize, bit: u8) {
    let mut bytes = fs::read(file).unwrap();
    bytes[byte] ^= 1 << bit;
    fs::write(file, bytes).unwrap();
}

/// SSTs in `shared` with the numbers of checkpoints that refer to them, by path below the tree.
fn shared_ssts(root: &Path) -> Vec<(PathBuf, usize)> {
    let args = ["inspect", "--files", "--output", "json", root.to_str().unwrap()];
    let document: Value = serde_json::from_slice(&chkctl::run(&args).stdout).unwrap();
    let files = document["files"].as_array().unwrap().iter();
    let is_sst = |file: &&Value| {
        let mut names = file["referrers"].as_array().unwrap().iter();
        names.any(|one| one["local_name"].as_str().is_some_and(|name| name.ends_with(".sst")))
    };
    let ssts = files.filter(is_sst).map(|file| {
        let path = root.join(file["path"].as_str().unwrap());
        (path, file["checkpoints"].as_array().unwrap().len())
    });
    ssts.collect()
}
