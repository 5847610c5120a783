//! Runs `restore`, and finds what it made and what Flink says of it.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::archives;
use crate::support::archives::Archive;
use crate::support::chkctl;

/// A checkpoint of a fixture, and what Flink says of its keyed state.
pub(super) struct Checkpoint {
    /// The archive and the directory in it.
    pub(super) at: String,
    /// Where it lies.
    pub(super) directory: PathBuf,
    /// One for each subtask with keyed state.
    pub(super) handles: Vec<Handle>,
}

/// What Flink says of the keyed state of a subtask.
pub(super) struct Handle {
    /// The operator.
    pub(super) operator: String,
    /// Which of its subtasks.
    pub(super) subtask: u64,
    /// The first and the last key group it is responsible for.
    pub(super) key_groups: (u64, u64),
    /// How many bytes at the beginning of every key are the key group.
    pub(super) prefix: usize,
    /// Whether changes lie in a changelog behind what it has materialized.
    pub(super) behind: bool,
    /// The summary of the content; `None` if files of it are missing.
    pub(super) summary: Option<Value>,
}

impl Handle {
    /// Is the key of one of its own key groups?
    pub(super) fn owns(&self, key: &[u8]) -> bool {
        let group = self.key_group(key);
        (self.key_groups.0..=self.key_groups.1).contains(&group)
    }

    /// The key group of a key.
    pub(super) fn key_group(&self, key: &[u8]) -> u64 {
        key[..self.prefix].iter().fold(0, |all, byte| all << 8 | u64::from(*byte))
    }
}

/// A finished restore, and a directory that vanishes with it.
pub(super) struct Restored {
    home: TempDir,
    /// The document on stdout.
    pub(super) report: Value,
}

impl Restored {
    /// The directory that was given.
    pub(super) fn directory(&self) -> PathBuf {
        self.home.path().join("restored")
    }

    /// The databases that the report lists.
    pub(super) fn databases(&self) -> &Vec<Value> {
        self.report["databases"].as_array().unwrap()
    }

    /// Where the database of a subtask lies among several.
    pub(super) fn database(&self, handle: &Handle) -> PathBuf {
        self.directory().join(&handle.operator).join(handle.subtask.to_string())
    }
}

/// Runs `restore CHECKPOINT DIR --output json ARGS`, for `DIR` in a new directory.
pub(super) fn run<A: AsRef<OsStr>>(checkpoint: &Path, args: &[A]) -> (TempDir, Output) {
    let home = tempfile::tempdir().unwrap();
    let mut all: Vec<OsString> = ["restore", "--quiet", "--output", "json"].map(Into::into).into();
    all.extend([checkpoint.into(), home.path().join("restored").into()]);
    all.extend(args.iter().map(|arg| arg.as_ref().to_owned()));
    let output = chkctl::run(&all);
    (home, output)
}

/// The same, which must succeed and leave the report in the directory too.
pub(super) fn restore<A: AsRef<OsStr>>(checkpoint: &Path, args: &[A]) -> Restored {
    let (home, output) = run(checkpoint, args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{stderr}", checkpoint.display(), output.status);
    let report = serde_json::from_slice(&output.stdout).unwrap();
    let kept = fs::read(home.path().join("restored/restore.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&kept).unwrap(), report);
    Restored { home, report }
}

/// All checkpoints and savepoints of a fixture of whose content Flink says something.
pub(super) fn checkpoints(archive: &Archive) -> Vec<Checkpoint> {
    let of = |at: PathBuf| {
        let oracle = archive.oracle().join(&at);
        let summary = read(&oracle.join("kv-summary.json"))?;
        let metadata = read(&oracle.join("_metadata.json")).unwrap();
        let handles = summary["handles"].as_array().unwrap().iter();
        let handles = handles.map(|summary| handle(summary, &metadata)).collect();
        let directory = archive.root().join(&at);
        let at = format!("{} {}", archive.name, at.display());
        Some(Checkpoint { at, directory, handles })
    };
    archive.checkpoints().into_iter().filter_map(of).collect()
}

/// The checkpoint of a fixture that was taken last before any savepoint.
pub(super) fn newest(name: &str) -> Checkpoint {
    let all = checkpoints(&archives::unpack(name)).into_iter();
    let id =
        |one: &Checkpoint| one.at.rsplit_once("/chk-").map(|(_, id)| id.parse::<u64>().unwrap());
    all.max_by_key(id).unwrap()
}

/// The savepoint of a fixture in that format.
pub(super) fn savepoint(name: &str, format: &str) -> Checkpoint {
    let mut all = checkpoints(&archives::unpack(name)).into_iter();
    all.find(|one| one.at.contains(&format!("savepoints-{format}"))).unwrap()
}

fn read(file: &Path) -> Option<Value> {
    Some(serde_json::from_slice(&fs::read(file).ok()?).unwrap())
}

fn handle(summary: &Value, metadata: &Value) -> Handle {
    let mut tag = summary["handle"].as_str().unwrap().splitn(3, '-');
    let operator = tag.next().unwrap().to_owned();
    let subtask: u64 = tag.next().unwrap().parse().unwrap();
    let operators = metadata["operators"].as_array().unwrap();
    let found = operators.iter().find(|one| one["operatorId"] == operator.as_str()).unwrap();
    let prefix = if found["maxParallelism"].as_u64().unwrap() > 128 { 2 } else { 1 };
    let mut subtasks = found["subtasks"].as_array().unwrap().iter();
    let state = subtasks.find(|one| one["index"] == subtask).unwrap();
    let segments = state["managedKeyed"][0]["nonMaterialized"].as_array();
    let behind = segments.is_some_and(|all| !all.is_empty());
    let range = &summary["keyGroupRange"];
    let key_groups = match range.is_null() {
        true => (1, 0),
        false => (range["start"].as_u64().unwrap(), range["end"].as_u64().unwrap()),
    };
    let whole = summary.get("error").is_none();
    let summary = whole.then(|| summary.clone());
    Handle { operator, subtask, key_groups, prefix, behind, summary }
}
