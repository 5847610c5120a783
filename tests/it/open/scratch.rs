//! The scratch directory: where it cannot be had, and that it never stays.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use super::fixtures::names;
use super::fixtures::verify;
use crate::support::archives;
use crate::support::chkctl;

fn run(scratch: &Path) -> (Option<i32>, Vec<u8>, String) {
    let archive = archives::unpack("A-empty-2.3.0");
    let args = ["verify", "--level", "open", "--output", "json", "--scratch"].map(Into::into);
    let output =
        chkctl::run(&[&args[..], &[scratch.into(), archive.root().into_os_string()]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), output.stdout, stderr)
}

/// Every database is told not to have been opened, for this reason, and nothing is damaged.
fn untried(stdout: &[u8], reason: &str) {
    let document: Value = serde_json::from_slice(stdout).unwrap();
    let findings = document["findings"].as_array().unwrap();
    assert!(!findings.is_empty());
    for one in findings {
        assert_eq!(one["code"], "open-untried", "{one}");
        assert!(one["evidence"].as_str().unwrap().contains(reason), "{one}");
        assert!(one["remedy"].as_str().unwrap().contains("--scratch"), "{one}");
    }
    assert_eq!(document["totals"]["damaged"], 0);
    assert_eq!(document["totals"]["databases"], 0);
}

#[test]
fn a_scratch_that_is_no_directory_is_a_usage_error() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    for (scratch, why) in [(file, "is not a directory"), (home.path().join("x"), "does not exist")]
    {
        let (code, stdout, stderr) = run(&scratch);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stdout.is_empty() && stderr.contains(why), "{stderr}");
    }
}

#[test]
fn a_scratch_in_which_nothing_can_be_made_leaves_it_open() {
    let nobody_writes_here = Path::new("/proc");
    if !nobody_writes_here.join("self").exists() {
        return;
    }
    let (code, stdout, stderr) = run(nobody_writes_here);
    assert_eq!(code, Some(1), "{stderr}");
    untried(&stdout, "no directory can be made in /proc: ");
}

#[test]
fn a_full_disk_is_no_damage() {
    let archive = archives::unpack("A-empty-2.3.0");
    let scratch = tempfile::tempdir().unwrap();
    // No file may get a byte, as on a disk that is full.
    let line = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let output = Command::new("bash")
        .args(["-c", line, "-", env!("CARGO_BIN_EXE_chkctl"), "verify", "-q", "--level", "open"])
        .args(["--output", "json", "--scratch"])
        .args([scratch.path(), &archive.root()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    untried(&output.stdout, "File too large");
    assert_eq!(names(scratch.path()), BTreeSet::new());
}

#[test]
fn time_that_is_up_leaves_nothing() {
    let archive = archives::unpack("A-retained8-1.20.5");
    let (document, _) = verify(archive.root(), &["--max-duration", "50ms"]);
    assert_eq!(document["complete"], false);
    assert_eq!(document["totals"]["restorable"], 0);
}

/// Runs until databases are being opened, and sends a signal then.
fn signalled(signal: &str) -> ExitStatus {
    let archive = archives::unpack("A-retained8-1.20.5");
    let scratch = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_chkctl"))
        .args(["verify", "--level", "open", "--concurrency", "1", "--scratch"])
        .args([scratch.path(), &archive.root()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let made = loop {
        if let Some(entry) = fs::read_dir(scratch.path()).unwrap().next() {
            break entry.unwrap();
        }
        assert_eq!(child.try_wait().unwrap(), None, "it opens databases");
        assert!(started.elapsed() < Duration::from_secs(60));
    };
    let name = made.file_name().into_string().unwrap();
    assert!(name.starts_with(&format!("chkctl-verify-{}-", child.id())), "{name}");
    if let Ok(found) = made.metadata() {
        assert_eq!(found.permissions().mode() & 0o777, 0o700);
    }
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "half a report is none");
    assert_eq!(names(scratch.path()), BTreeSet::new(), "{signal}");
    output.status
}

#[test]
fn signals_leave_nothing() {
    assert_eq!(signalled("-INT").code(), Some(130));
    assert_eq!(signalled("-TERM").signal(), Some(15));
    assert_eq!(signalled("-HUP").signal(), Some(1));
}
