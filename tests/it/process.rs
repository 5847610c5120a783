//! chkctl as a process among others: signals, closed pipes, full disks, the environment.
#![cfg(unix)]

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use crate::support::s3::S3;

const JOB: &str = "fixtures/profile-job/ae794d9774cbbac779e858834152defc@latest";

/// Every report on more than one checkpoint, in every format.
const TREES: [&str; 9] = [
    "inspect fixtures/profile-job",
    "inspect fixtures/profile-job --output json",
    "inspect fixtures/profile-job/ae794d9774cbbac779e858834152defc",
    "inspect fixtures/profile-job/ae794d9774cbbac779e858834152defc --history",
    "inspect fixtures/profile-job/ae794d9774cbbac779e858834152defc --history --output json",
    "inspect fixtures/profile-job/ae794d9774cbbac779e858834152defc --files --output jsonl",
    "diff fixtures/profile-job/ae794d9774cbbac779e858834152defc",
    "diff fixtures/profile-job/ae794d9774cbbac779e858834152defc --output json",
    "diff fixtures/profile-job/ae794d9774cbbac779e858834152defc --files --output jsonl",
];

fn chkctl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chkctl"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("NO_COLOR", "1");
    command.env_remove("RUST_LOG").env_remove("CHKCTL_OUTPUT");
    command
}

/// A shell command line in which `chkctl` is what is tested.
fn shell(line: &str) -> Output {
    let dir = Path::new(env!("CARGO_BIN_EXE_chkctl")).parent().unwrap();
    let path = format!("{}:{}", dir.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.args(["-c", line]).env("PATH", path).env("NO_COLOR", "1");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_interrupt_ends_it_with_130() {
    // A server that accepts and never answers.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("endpoint=http://{}", server.local_addr().unwrap());
    let mut child = chkctl()
        .args(["inspect", "s3://bucket/cp", "--store-option", &endpoint])
        .args(["--store-option", "region=x", "--store-option", "skip_signature=true"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It asks, so its handler is in place.
    let (mut connection, _) = server.accept().unwrap();
    assert_ne!(connection.read(&mut [0; 1]).unwrap(), 0);
    let started = Instant::now();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(started.elapsed() < Duration::from_secs(5), "at once");
}

#[test]
fn an_interrupt_ends_the_reading_of_a_tree() {
    let server = S3::start(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
    let endpoint = format!("endpoint={}", server.url);
    let mut child = chkctl()
        .args(["inspect", "s3://silent/profile-job", "--output", "json"])
        .args(["--store-option", &endpoint, "--store-option", "region=x"])
        .args(["--store-option", "skip_signature=true"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let asks = |head: &String| head.starts_with("GET ") && head.contains("/_metadata HTTP");
    while !server.requests().iter().any(asks) {
        assert_eq!(child.try_wait().unwrap(), None, "it asks for metadata");
        std::thread::sleep(Duration::from_millis(10));
    }
    let started = Instant::now();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(started.elapsed() < Duration::from_secs(5), "at once");
    assert_eq!(text(&output.stdout), "", "half a report is none");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for command in ["inspect --files --output jsonl", "inspect --output json", "inspect --files"] {
        let output = shell(&format!("(chkctl -q {command} {JOB}; echo $? >&2) | head -c 10"));
        assert_eq!(text(&output.stderr), "0\n", "{command}");
    }
    for command in TREES {
        let output = shell(&format!("(chkctl -q {command}; echo $? >&2) | head -c 10"));
        assert_eq!(text(&output.stderr), "0\n", "{command}");
    }
    for command in ["schema", "man inspect", "completions zsh", "stores", "--help"] {
        let output = shell(&format!("(chkctl {command}; echo $? >&2) | true"));
        assert_eq!(text(&output.stderr), "0\n", "{command}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_a_failure_that_says_so() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    for command in ["inspect", "inspect --output jsonl --files", "inspect --output json"] {
        let output = shell(&format!("chkctl -q {command} {JOB} > /dev/full"));
        assert_eq!(output.status.code(), Some(1), "{command}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains("stdout: the report cannot be written: "), "{command}: {stderr}");
    }
    for command in TREES {
        let output = shell(&format!("chkctl -q {command} > /dev/full"));
        assert_eq!(output.status.code(), Some(1), "{command}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains("stdout: the report cannot be written: "), "{command}: {stderr}");
    }
    let output = shell("chkctl schema > /dev/full");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn nobody_to_talk_to_changes_nothing() {
    let output = shell(&format!("chkctl inspect {JOB} 2>&-"));
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("Checkpoint 6 of job ae794d97"));
    for format in ["table", "json"] {
        let output = shell(&format!("chkctl inspect nowhere --output {format} 2>&-"));
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn the_environment_chooses_the_format_also_of_failures() {
    let run = |args: &[&str]| chkctl().env("CHKCTL_OUTPUT", "json").args(args).output().unwrap();
    let document: Value = serde_json::from_slice(&run(&["inspect", JOB]).stdout).unwrap();
    assert_eq!(document["schema"], "chkctl.inspect.checkpoint/1");
    for (args, code) in [(&["inspect", "nowhere"][..], 1), (&["inspect"], 2), (&["inspekt"], 2)] {
        let failure: Value = serde_json::from_slice(&run(args).stderr).unwrap();
        assert_eq!(failure["exit_code"], code, "{args:?}");
    }
    let stated = run(&["inspect", "--output", "table"]);
    assert!(text(&stated.stderr).starts_with("error: "), "what is stated comes first");
}

#[test]
fn stdout_is_the_report_and_nothing_else() {
    let quiet = chkctl().args(["-q", "inspect", JOB]).output().unwrap();
    let loud = chkctl().args(["-vvv", "inspect", JOB]).output().unwrap();
    assert_eq!(text(&quiet.stdout), text(&loud.stdout));
    assert_eq!(text(&quiet.stderr), "");
    assert!(text(&loud.stderr).contains("note: the checkpoint was moved"));
}

#[test]
fn what_may_not_be_read_is_denied_and_not_absent() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(closed.join("_metadata"), "x").unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let readable = fs::read_dir(&closed).is_ok();
    let output = chkctl().arg("inspect").arg(&closed).output().unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    if readable {
        // Nothing is denied to root.
        return;
    }
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("closed: access denied"), "{stderr}");
    assert!(stderr.contains("\nhint: run as a user who may read it"), "{stderr}");
}
