//! One database by its subtask or by a key group is the one it is among all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use super::running;
use super::running::Checkpoint;
use super::running::Handle;
use super::running::Restored;
use crate::support::rows;

/// Names and content of what lies in a directory, but for what tells of this very run.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let own = |name: &str| name == "restore.json" || name.starts_with("LOG") || name == "LOCK";
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| !own(path.file_name().unwrap().to_str().unwrap()));
    let of = |path: PathBuf| (path.file_name().unwrap().into(), fs::read(&path).unwrap());
    files.map(of).collect()
}

/// Every form of chkctl's handles, and a rescaled one.
fn samples() -> Vec<Checkpoint> {
    let names = ["A-1.13.6", "A-1.20.5", "C-changelog-1.20.5", "D-merge-across-2.3.0"];
    let mut samples: Vec<Checkpoint> = names.map(running::newest).into();
    samples.extend(["F-claim-rescale-2.3.0", "H-full-1.20.5"].map(running::newest));
    samples.push(running::savepoint("B-savepoints-2.3.0", "native"));
    samples
}

/// What `args` give for a handle, alone, is what lies among all.
fn is_among(all: &Restored, checkpoint: &Checkpoint, handle: &Handle, args: &[&str]) {
    let one = running::restore(&checkpoint.directory, args);
    let at = format!("{} {args:?}", checkpoint.at);
    assert_eq!(one.databases().len(), 1, "{at}");
    assert_eq!(one.databases()[0]["operator_id"], handle.operator.as_str(), "{at}");
    assert_eq!(one.databases()[0]["subtask"], handle.subtask, "{at}");
    let (found, expected) = (files(&one.directory()), files(&all.database(handle)));
    assert!(found.keys().eq(expected.keys()), "{at}: {:?}, {:?}", found.keys(), expected.keys());
    for (name, bytes) in expected {
        assert!(found[&name] == bytes, "{at}: {}", name.display());
    }
}

#[test]
fn a_subtask_alone_has_the_files_it_has_among_all() {
    for checkpoint in samples() {
        let all = running::restore(&checkpoint.directory, &["--all"]);
        for handle in &checkpoint.handles {
            let subtask = handle.subtask.to_string();
            let args = ["--operator", &handle.operator, "--subtask", &subtask];
            is_among(&all, &checkpoint, handle, &args);
        }
    }
}

#[test]
fn a_key_group_is_that_of_the_subtask_that_owns_it() {
    for checkpoint in
        [running::newest("F-claim-rescale-1.20.5"), running::newest("A-maxpar4096-1.20.5")]
    {
        let all = running::restore(&checkpoint.directory, &["--all"]);
        for handle in &checkpoint.handles {
            for group in [handle.key_groups.0, handle.key_groups.1] {
                let group = group.to_string();
                let args = ["--operator", &handle.operator, "--key-group", &group];
                is_among(&all, &checkpoint, handle, &args);
            }
        }
        // A subtask of each operator owns it.
        let owners = running::restore(&checkpoint.directory, &["--key-group", "0"]);
        let of = checkpoint.handles.iter().filter(|one| one.key_groups.0 == 0);
        let of: Vec<&Handle> = of.collect();
        assert_eq!((owners.databases().len(), of.len()), (3, 3), "{}", checkpoint.at);
        for handle in of {
            let (found, expected) = (owners.database(handle), all.database(handle));
            assert!(files(&found) == files(&expected), "{}", checkpoint.at);
        }
    }
}

#[test]
fn a_subtask_of_a_canonical_savepoint_holds_the_same_alone() {
    let savepoint = running::savepoint("B-savepoints-1.20.5", "canonical");
    let all = running::restore(&savepoint.directory, &["--all"]);
    for handle in &savepoint.handles {
        let subtask = handle.subtask.to_string();
        let args = ["--operator", &handle.operator, "--subtask", &subtask];
        let one = running::restore(&savepoint.directory, &args);
        let same = rows::of(&one.directory()) == rows::of(&all.database(handle));
        assert!(same, "{} {args:?}", savepoint.at);
    }
}
