//! Every job directory of every fixture by itself: its rows against the oracles of its
//! checkpoints, and what it calls its own against Flink's view of the whole root.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::Reachability;
use super::inspect;
use super::strings;
use crate::support::archives;
use crate::support::archives::Archive;
use crate::support::parallel;

#[test]
fn rows_of_every_job_are_what_flink_says() {
    let names = archives::names();
    let rows = parallel::map(&names, |name| {
        let archive = archives::unpack(name);
        let jobs = fs::read_dir(archive.root()).unwrap();
        let jobs = jobs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        jobs.filter(|job| job.len() == 32).map(|job| check_job(&archive, &job)).sum::<usize>()
    });
    assert_eq!(rows.iter().sum::<usize>(), 181, "checkpoints of all jobs");
}

fn check_job(archive: &Archive, job: &str) -> usize {
    let flink = Reachability::of(archive);
    let document = inspect(archive, job);
    let at = format!("{} {job}", archive.name);
    assert_eq!(document["schema"], "chkctl.inspect.job/1", "{at}");
    assert_eq!(document["job_id"], job, "{at}");

    let mut ids = Vec::new();
    let mut before = None;
    for row in document["checkpoints"].as_array().unwrap() {
        let path = row["path"].as_str().unwrap();
        ids.push(row["id"].as_i64().unwrap());
        check_row(archive, &flink, row, path);
        let size = row["state_bytes"].as_i64().unwrap();
        let growth = before.map(|before: i64| size - before);
        assert_eq!(row["growth_bytes"].as_i64(), growth, "{at} {path}");
        before = Some(size);
    }
    assert!(ids.is_sorted(), "{at}: {ids:?}");
    let below = |path: &&String| path.starts_with(job);
    let expected: BTreeSet<&String> = flink.metadata.keys().filter(below).collect();
    assert_eq!(ids.len(), expected.len(), "{at}: checkpoints");

    // What lies in the job directory, whoever refers to it, and what the job refers to elsewhere.
    let all = flink.files.iter().map(|(path, (_, by))| (path, by)).chain(&flink.missing);
    let expected: BTreeMap<&String, &BTreeSet<String>> =
        all.filter(|(path, by)| below(path) || by.iter().any(|by| below(&by))).collect();
    let files = document["files"].as_array().unwrap();
    let ours: BTreeMap<String, BTreeSet<String>> = files
        .iter()
        .map(|file| (file["path"].as_str().unwrap().to_owned(), strings(&file["checkpoints"])))
        .collect();
    assert_eq!(ours.iter().collect::<BTreeMap<_, _>>(), expected, "{at}");

    let orphans = flink.files.iter().filter(|(path, (_, by))| below(path) && by.is_empty());
    let orphans = orphans.fold((0, 0), |(n, sum), (_, (bytes, _))| (n + 1, sum + bytes));
    let totals = &document["totals"];
    assert_eq!(totals["unreferenced_files"], orphans.0, "{at}");
    assert_eq!(totals["unreferenced_bytes"], orphans.1, "{at}");
    ids.len()
}

fn check_row(archive: &Archive, flink: &Reachability, row: &Value, path: &str) {
    let oracle = archive.oracle().join(format!("{path}.json"));
    let oracle: Value = serde_json::from_slice(&fs::read(oracle).unwrap()).unwrap();
    let at = format!("{} {path}", archive.name);
    assert_eq!(row["id"], oracle["checkpointId"], "{at}");
    assert_eq!(row["state_bytes"], oracle["totalStateSize"], "{at}");
    // Until 1.14 Flink did not record what a checkpoint uploaded; the oracle's sum is then 0.
    let release = oracle["flinkVersion"].as_str().unwrap();
    let recorded = !release.starts_with("1.13.") && !release.starts_with("1.14.");
    let new = if recorded { oracle["totalCheckpointedSize"].clone() } else { Value::Null };
    assert_eq!(row["new_bytes"], new, "{at}");
    assert_eq!(row["metadata_bytes"], oracle["metadataBytes"], "{at}");

    let referenced = flink.files.iter().filter(|(_, (_, by))| by.contains(path));
    let missing = flink.missing.values().filter(|by| by.contains(path)).count();
    assert_eq!(row["files"], referenced.clone().count() + missing, "{at}");
    assert_eq!(row["missing_files"], missing, "{at}");
    // Changelog files lie outside of the job directory, where only their handles tell a size:
    // that of the content behind the first byte.
    let bytes = |path: &str, bytes: u64| bytes - u64::from(path.starts_with("dstl/"));
    let exclusive: u64 = referenced
        .filter(|(_, (_, by))| by.len() == 1)
        .map(|(file, (size, _))| bytes(file, *size))
        .sum();
    assert_eq!(row["exclusive_bytes"], exclusive, "{at}");
    let problem = if missing > 0 { "files-missing".into() } else { Value::Null };
    assert_eq!(row["problem_code"], problem, "{at}");
}
