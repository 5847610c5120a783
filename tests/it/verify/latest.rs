//! Which snapshot is the newest that can be restored.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::copy_of;
use super::job_of;
use crate::support::chkctl;

/// Exit code, stdout, stderr.
fn latest(place: &Path, args: &[&str]) -> (i32, String, String) {
    let output = chkctl::run(&[&["latest", place.to_str().unwrap()], args].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn spelled(path: &Path) -> String {
    format!("file:{}\n", path.display())
}

/// Checkpoint directories of a job, the newest first.
fn checkpoints(job: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(job).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = entries.filter(|path| path.join("_metadata").exists()).collect();
    all.sort_by_key(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        std::cmp::Reverse(name.trim_start_matches("chk-").parse::<i64>().unwrap())
    });
    all
}

#[test]
fn damaged_ones_are_passed_over_and_told() {
    let (_dir, root) = copy_of("A-2.0.2");
    let job = job_of(&root);
    let [newest, second, oldest] = checkpoints(&job).try_into().unwrap();
    for place in [&root, &job, &newest] {
        let (code, stdout, stderr) = latest(place, &[]);
        assert_eq!((code, stdout), (0, spelled(&newest)), "{stderr}");
        assert!(!stderr.contains("skipped") && stderr.contains("it was moved"), "{stderr}");
    }
    fs::write(newest.join("_metadata"), b"").unwrap();
    let (code, stdout, stderr) = latest(&job, &[]);
    assert_eq!((code, stdout), (0, spelled(&second)));
    assert!(stderr.contains(&format!("file:{}: skipped: ", newest.display())), "{stderr}");
    assert!(stderr.contains("metadata-empty"), "{stderr}");
    assert_eq!(latest(&job, &["--quiet"]).2, "");

    let file = fs::read_dir(&second).unwrap().map(|entry| entry.unwrap().path());
    let file = file.filter(|path| path.file_name().unwrap() != "_metadata").max().unwrap();
    fs::remove_file(file).unwrap();
    let (code, stdout, _) = latest(&job, &["--output", "json"]);
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, document["path"].as_str()), (0, Some(spelled(&oldest).trim())));
    assert_eq!(document["skipped"].as_array().unwrap().len(), 2);

    fs::remove_dir_all(&oldest).unwrap();
    let (code, stdout, stderr) = latest(&job, &[]);
    assert_eq!((code, stdout.as_str()), (3, ""));
    assert!(stderr.contains("no snapshot here can be restored"), "{stderr}");
    let (code, stdout, _) = latest(&job, &["--output", "json"]);
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &document["path"]), (3, &Value::Null));
}

#[test]
fn one_that_could_not_be_looked_at_is_not_passed_over() {
    let (_dir, root) = copy_of("A-2.0.2");
    let job = job_of(&root);
    let newest = checkpoints(&job).remove(0).join("_metadata");
    let mut bytes = fs::read(&newest).unwrap();
    bytes[7] = 9;
    fs::write(&newest, &bytes).unwrap();
    let (code, stdout, stderr) = latest(&job, &[]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("cannot be told to be restorable"), "{stderr}");
}

#[test]
fn time_decides_and_then_the_id() {
    let (_dir, root) = copy_of("A-2.0.2");
    let job = job_of(&root);
    let [newest, second, oldest] = checkpoints(&job).try_into().unwrap();
    let touch = |path: &Path, seconds: u64| {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        let file = fs::File::options().write(true).open(path.join("_metadata")).unwrap();
        file.set_modified(time).unwrap();
    };
    touch(&newest, 2_000_000_000);
    touch(&second, 2_000_000_000);
    touch(&oldest, 1_000_000_000);
    assert_eq!(latest(&job, &[]).1, spelled(&newest));
    // Ids begin again where a job is run anew with a fixed job id.
    touch(&oldest, 2_000_000_001);
    assert_eq!(latest(&job, &[]).1, spelled(&oldest));
}

#[test]
fn kinds_and_jobs_are_told_apart() {
    let (_dir, root) = copy_of("B-savepoints-2.3.0");
    let (code, stdout, stderr) = latest(&root, &["--kind", "checkpoint", "--level", "blocks"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("/chk-"), "{stdout}");
    let (_, stdout, _) = latest(&root, &["--kind", "savepoint"]);
    assert!(stdout.contains("/savepoint-"), "{stdout}");

    let (_dir, root) = copy_of("F-claim-same-1.20.5");
    let (code, stdout, stderr) = latest(&root, &[]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("holds snapshots of 2 jobs"), "{stderr}");
    assert!(stderr.matches("hint: name one of them: ").count() == 1, "{stderr}");
}
