//! `diff` of the checkpoints of every fixture that follow each other, against what `inspect` says
//! of each alone, against Flink's own view of the tree, and against the disk.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use crate::contract::Contract;
use crate::references::Reachability;
use crate::references::strings;
use crate::support::archives;
use crate::support::archives::Archive;
use crate::support::chkctl;
use crate::support::parallel;

fn diff(from: &Path, to: &Path) -> Value {
    let args = ["diff", from.to_str().unwrap(), to.to_str().unwrap(), "--output", "json"];
    let output = chkctl::run(&args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {}: {stderr}", from.display(), to.display());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn inspect(path: &Path) -> Value {
    let args = ["inspect", path.to_str().unwrap(), "--files", "--output", "json"];
    serde_json::from_slice(&chkctl::run(&args).stdout).unwrap()
}

/// The checkpoints of a job, in the order of their ids.
fn checkpoints(job: &Path) -> Vec<PathBuf> {
    let number = |path: &PathBuf| path.file_name()?.to_str()?.strip_prefix("chk-")?.parse().ok();
    let entries = fs::read_dir(job).unwrap().map(|entry| entry.unwrap().path());
    let with_metadata = entries.filter(|path| path.join("_metadata").exists());
    let mut found: Vec<(u64, PathBuf)> =
        with_metadata.filter_map(|path| Some((number(&path)?, path))).collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

fn paths(part: &Value) -> BTreeSet<String> {
    let paths = strings(&part["paths"]);
    assert_eq!(part["files"], paths.len());
    paths
}

fn files_of(document: &Value) -> BTreeMap<String, u64> {
    let files = document["files"].as_array().unwrap().iter();
    let file =
        |file: &Value| (file["path"].as_str().unwrap().to_owned(), file["bytes"].as_u64().unwrap());
    files.map(file).collect()
}

#[test]
fn consecutive_checkpoints_of_every_fixture() {
    let contract = Contract::strict("diff");
    let names = archives::names();
    let pairs = parallel::map(&names, |name| {
        let archive = archives::unpack(name);
        let flink = Reachability::of(&archive);
        let mut pairs = 0;
        for job in archive.jobs() {
            for pair in checkpoints(&job).windows(2) {
                let document = diff(&pair[0], &pair[1]);
                let at = format!("{name} {}", pair[1].display());
                assert_eq!(contract.complaint(&document), None, "{at}");
                let (from, to) = (inspect(&pair[0]), inspect(&pair[1]));
                check(&document, &from, &to, &at);
                let on_disk = check_disk(&document, &archive, &flink, &at);
                on_disk.inspect(|on_disk| assert_uploaded(&document, *on_disk, &at));
                pairs += 1;
            }
        }
        pairs
    });
    assert_eq!(pairs.iter().sum::<usize>(), 122, "pairs in all fixtures");
}

/// Added and kept are all of the newer, dropped and kept all of the older, in all scopes.
fn check(document: &Value, from: &Value, to: &Value, at: &str) {
    let totals = &document["totals"];
    let [kept, added, dropped] = ["kept", "added", "dropped"].map(|part| paths(&totals[part]));
    let (older, newer) = (files_of(from), files_of(to));
    let keys = |files: &BTreeMap<String, u64>| files.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(&kept | &added, keys(&newer), "{at}: kept and added");
    assert_eq!(&kept | &dropped, keys(&older), "{at}: kept and dropped");
    assert!(kept.is_disjoint(&added) && kept.is_disjoint(&dropped), "{at}");
    let bytes = |part: &str| totals[part]["bytes"].as_u64().unwrap();
    assert_eq!(bytes("kept") + bytes("added"), newer.values().sum::<u64>(), "{at}");
    assert_eq!(bytes("kept") + bytes("dropped"), older.values().sum::<u64>(), "{at}");
    for (side, inspected) in [("from", from), ("to", to)] {
        for key in ["id", "job_id", "kind", "metadata_version", "state_bytes", "new_bytes"] {
            assert_eq!(document[side][key], inspected["checkpoint"][key], "{at}: {side}.{key}");
        }
    }
    assert_all_of(document, to, "to", "added", at);
    assert_all_of(document, from, "from", "dropped", at);
    let growth = totals["growth_bytes"].as_i64().unwrap();
    let size = |side: &str| totals["state_bytes"][side].as_i64().unwrap();
    assert_eq!(growth, size("to") - size("from"), "{at}");

    // Every operator: its own files, and those of its subtasks together.
    let used_by = |document: &Value, operator: &str| -> BTreeSet<String> {
        let by_it = |file: &&Value| {
            let mut referrers = file["referrers"].as_array().unwrap().iter();
            referrers.any(|referrer| referrer["operator_id"] == operator)
        };
        let files = document["files"].as_array().unwrap().iter().filter(by_it);
        files.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
    };
    for operator in document["operators"].as_array().unwrap() {
        let id = operator["operator_id"].as_str().unwrap();
        let [kept, added, dropped] =
            ["kept", "added", "dropped"].map(|part| paths(&operator[part]));
        assert_eq!(&kept | &added, used_by(to, id), "{at}: {id}");
        assert_eq!(&kept | &dropped, used_by(from, id), "{at}: {id}");
        let subtasks = operator["subtasks"].as_array().unwrap();
        let together = |part: &str| -> BTreeSet<String> {
            subtasks.iter().flat_map(|subtask| paths(&subtask[part])).collect()
        };
        let all = &(&together("kept") | &together("added")) | &together("dropped");
        assert_eq!(all, &(&kept | &added) | &dropped, "{at}: {id}: subtasks");
        let states = operator["states"].as_array().unwrap().iter();
        // These jobs never change their states, but a state may be registered later.
        let changed =
            states.filter(|state| !["same", "added"].contains(&state["change"].as_str().unwrap()));
        assert_eq!(changed.count(), 0, "{at}: {id}");
    }
}

/// What was kept and what is only in one of the two is all state of that one to the byte: files
/// and state inside the metadata. Flink counts what several handles name for each of them, and of
/// files of a changelog only what changed in its key groups.
fn assert_all_of(document: &Value, inspected: &Value, side: &str, only: &str, at: &str) {
    let files = inspected["files"].as_array().unwrap().iter();
    let shared = files.filter(|file| file["segments"].as_array().is_none_or(Vec::is_empty));
    let is_shared = shared.into_iter().any(|file| file["references"].as_u64() > Some(1));
    if is_shared || at.starts_with("C-changelog") {
        return;
    }
    let totals = &document["totals"];
    let bytes = |part: &str| {
        let inline = totals["inline"][part]["bytes"].as_u64().unwrap();
        totals[part]["bytes"].as_u64().unwrap() + inline
    };
    assert_eq!(bytes("kept") + bytes(only), totals["state_bytes"][side], "{at}: {side}");
}

/// What was added appeared on disk, as large, and is what Flink's classes find in the newer only.
/// Returns how much that is, where it can be told.
fn check_disk(document: &Value, archive: &Archive, flink: &Reachability, at: &str) -> Option<u64> {
    let [from, to] = ["from", "to"].map(|side| document[side]["path"].as_str().unwrap());
    let added = paths(&document["totals"]["added"]);
    let only_newer = |by: &BTreeSet<String>| by.contains(to) && !by.contains(from);
    let listed = flink.files.iter().filter(|(_, (_, by))| only_newer(by));
    let expected: BTreeMap<&String, u64> =
        listed.map(|(path, (bytes, _))| (path, *bytes)).collect();
    let missing = flink.missing.iter().filter(|(_, by)| only_newer(by)).map(|(path, _)| path);
    let all: BTreeSet<&String> = expected.keys().copied().chain(missing).collect();
    assert_eq!(added.iter().collect::<BTreeSet<_>>(), all, "{at}");

    let merged = archive.name.starts_with("D-merge");
    let complete = flink.missing.values().all(|by| !only_newer(by));
    if merged || !complete {
        // Bytes are added to files that are there already; or they are no longer there.
        return None;
    }
    let on_disk: u64 = expected
        .keys()
        .map(|path| {
            let bytes = fs::metadata(archive.root().join(path)).unwrap().len();
            // A changelog handle speaks of the content behind the first byte.
            bytes - u64::from(path.starts_with("dstl/"))
        })
        .sum();
    assert_eq!(document["totals"]["added"]["bytes"], on_disk, "{at}");
    Some(on_disk)
}

/// Flink's own count of what the newer checkpoint uploaded, where it recorded one and there is no
/// gap before it: everything that was added, inline state and coordinators included.
fn assert_uploaded(document: &Value, on_disk: u64, at: &str) {
    let id = |side: &str| document[side]["id"].as_i64().unwrap();
    let plain = ["A-", "B-", "F-", "H-", "I-", "J-"].iter().any(|family| at.starts_with(family));
    let Some(new) = document["to"]["new_bytes"].as_u64() else { return };
    if !plain || id("to") != id("from") + 1 {
        return;
    }
    let inline = document["totals"]["inline"]["added"]["bytes"].as_u64().unwrap();
    // Coordinators are written anew each time, also those that are the same as before.
    let operators = document["operators"].as_array().unwrap().iter();
    let coordinators = operators.flat_map(|operator| operator["subtasks"].as_array().unwrap());
    let coordinators = coordinators.filter(|one| one["index"].is_null());
    let again: u64 = coordinators.map(|one| one["inline"]["kept"]["bytes"].as_u64().unwrap()).sum();
    assert_eq!(new, on_disk + inline + again, "{at}");
}

/// A coordinator's state in the metadata, by its content alone.
#[test]
fn a_coordinator_that_changed_is_a_difference() {
    let archive = archives::unpack("A-2.3.0");
    let chk = archive.root().join(archive.checkpoints().last().unwrap());
    let whole = inspect(&chk);
    let operators = whole["operators"].as_array().unwrap();
    let mut coordinators = operators.iter().map(|operator| &operator["coordinator"]);
    let coordinator = coordinators.rfind(|handle| !handle.is_null()).unwrap();
    let name = coordinator["name"].as_str().unwrap().as_bytes();
    let original = fs::read(chk.join("_metadata")).unwrap();
    // The name is followed by the length of the state and the state.
    let at = original.windows(name.len()).position(|text| text == name).unwrap() + name.len();
    let length = u32::try_from(coordinator["inline_bytes"].as_u64().unwrap()).unwrap();
    assert_eq!(original[at..at + 4], length.to_be_bytes());

    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let dir = dir.path().join(name);
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("_metadata"), bytes).unwrap();
        dir
    };
    let from = write("original", &original);
    let mut flipped = original.clone();
    flipped[at + 4] ^= 1;
    let mut enlarged = original;
    enlarged[at..at + 4].copy_from_slice(&(length + 1).to_be_bytes());
    enlarged.insert(at + 4, 0);
    for (name, bytes) in [("flipped", flipped), ("enlarged", enlarged)] {
        let to = write(name, &bytes);
        let document = diff(&from, &to);
        assert_eq!(document["different"], true, "{name}");
        let added = &document["totals"]["inline"]["added"];
        assert_eq!(added["handles"], 1, "{name}");
        let args = ["diff", from.to_str().unwrap(), to.to_str().unwrap(), "--exit-code", "-q"];
        assert_eq!(chkctl::run(&args).status.code(), Some(3), "{name}");
    }
}

#[test]
fn two_in_reverse_order_are_said_to_be() {
    let archive = archives::unpack("A-2.3.0");
    let job = archive.jobs().remove(0);
    let checkpoints = checkpoints(&job);
    let (older, newer) = (&checkpoints[0], &checkpoints[checkpoints.len() - 1]);
    for (from, to, reversed) in [(older, newer, false), (newer, older, true)] {
        let document = diff(from, to);
        assert_eq!(document["reversed"], reversed);
        let operators = document["operators"].as_array().unwrap().iter();
        let compactions =
            operators.map(|operator| operator["compactions"].as_array().unwrap().len());
        assert_eq!(compactions.sum::<usize>() > 0, !reversed);
    }
}

#[test]
fn a_checkpoint_and_itself() {
    for name in ["A-2.3.0", "C-changelog-1.20.5", "D-merge-within-2.3.0", "H-hashmap-1.20.5"] {
        let archive = archives::unpack(name);
        for checkpoint in archive.checkpoints() {
            let path = archive.root().join(checkpoint);
            let document = diff(&path, &path);
            assert_eq!(document["different"], false, "{}", path.display());
            let args = ["diff", path.to_str().unwrap(), path.to_str().unwrap(), "--exit-code"];
            assert_eq!(chkctl::run(&args).status.code(), Some(0));
        }
    }
}

#[test]
fn a_rescaled_restore_shows_as_one() {
    let archive = archives::unpack("F-noclaim-rescale-1.20.5");
    // Job 1 runs with parallelism 2 up to chk-5, job 2 with 3.
    let of = |id: &str| {
        let jobs = archive.jobs().into_iter();
        jobs.map(|job| job.join(id)).find(|path| path.exists()).unwrap()
    };
    let document = diff(&of("chk-5"), &of("chk-7"));
    let operators = document["operators"].as_array().unwrap();
    let rescaled = operators.iter().filter(|operator| operator["change"] == "rescaled").count();
    assert!(rescaled >= 3, "{rescaled} operators");
    assert_eq!(document["totals"]["kept"]["files"], 0, "nothing is shared after NO_CLAIM");
    assert_ne!(document["from"]["job_id"], document["to"]["job_id"]);
}

#[test]
fn jsonl_says_the_same_as_json() {
    for name in ["A-2.3.0", "D-merge-across-2.3.0", "F-claim-same-1.20.5"] {
        let archive = archives::unpack(name);
        for job in archive.jobs() {
            let run = |format| {
                let args = ["diff", job.to_str().unwrap(), "--output", format];
                let output = chkctl::run(&args);
                assert!(output.status.success());
                String::from_utf8(output.stdout).unwrap()
            };
            let document: Value = serde_json::from_str(&run("json")).unwrap();
            let records: Vec<Value> =
                run("jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let of = |kind: &str| -> Vec<&Value> {
                records.iter().filter(|record| record["type"] == kind).collect()
            };
            let operators = document["operators"].as_array().unwrap();
            let subtasks: usize =
                operators.iter().map(|one| one["subtasks"].as_array().unwrap().len()).sum();
            let files: u64 = ["kept", "added", "dropped"]
                .iter()
                .map(|part| document["totals"][*part]["files"].as_u64().unwrap())
                .sum();
            assert_eq!(of("operator").len(), operators.len(), "{name}");
            assert_eq!(of("subtask").len(), subtasks, "{name}");
            assert_eq!(of("file").len() as u64, files, "{name}");
            for key in ["from", "to", "reversed"] {
                assert_eq!(records[0][key], document[key], "{name}: {key}");
            }
            let totals = records.last().unwrap();
            for key in ["different", "grew_too_much"] {
                assert_eq!(totals[key], document[key], "{name}: {key}");
            }
            for key in ["state_bytes", "growth_bytes", "growth", "new_bytes", "inline"] {
                assert_eq!(totals[key], document["totals"][key], "{name}: {key}");
            }
            assert_eq!(records.len() as u64, 2 + (operators.len() + subtasks) as u64 + files);
        }
    }
}
