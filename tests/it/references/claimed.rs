//! Restored jobs that go on using files of the job they were restored from.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Reachability;
use super::inspect;
use super::strings;
use crate::support::archives;

/// Restores, and how many files the restored job still needs of the other one.
const RESTORES: [(&str, usize); 6] = [
    ("F-claim-same-1.20.5", 56),
    ("F-claim-same-2.3.0", 2),
    ("F-claim-rescale-1.20.5", 0),
    ("F-claim-rescale-2.3.0", 0),
    ("F-legacy-same-1.20.5", 56),
    ("F-noclaim-rescale-1.20.5", 0),
];

#[test]
fn cross_references_are_those_of_flink_file_by_file() {
    for (name, files) in RESTORES {
        let archive = archives::unpack(name);
        let flink = Reachability::of(&archive);
        let job_of = |path: &str| path.split('/').next().unwrap().to_owned();
        let mut expected: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        let all = flink.files.iter().map(|(path, (_, by))| (path, by)).chain(&flink.missing);
        for (path, by) in all {
            for from in by.iter().map(|by| job_of(by)).filter(|from| *from != job_of(path)) {
                expected.entry((from, job_of(path))).or_default().insert(path.clone());
            }
        }
        assert_eq!(expected.values().map(BTreeSet::len).sum::<usize>(), files, "{name}");

        let jobs: BTreeSet<String> = flink.metadata.keys().map(|path| job_of(path)).collect();
        let mut documents = vec![inspect(&archive, "")];
        documents.extend(jobs.iter().map(|job| inspect(&archive, job)));
        assert_eq!(documents.len(), 3, "{name}: a root and two jobs");
        for document in documents {
            let ours = document["cross_references"].as_array().unwrap();
            let ours: BTreeMap<(String, String), BTreeSet<String>> = ours
                .iter()
                .map(|cross| {
                    let place = |key: &str| cross[key].as_str().unwrap().to_owned();
                    assert_eq!(cross["files"], cross["paths"].as_array().unwrap().len());
                    ((place("from"), place("to")), strings(&cross["paths"]))
                })
                .collect();
            assert_eq!(ours, expected, "{name}: {}", document["location"]);
        }
    }
}

/// In job 1's directory lie files which job 2 alone needs. Looked at by itself, job 1 would call
/// them nobody's; its siblings are read so that it does not.
#[test]
fn files_of_a_claimed_job_are_not_called_unreferenced() {
    let archive = archives::unpack("F-claim-same-1.20.5");
    let job = "7f6b2129307ca3db4bd22f3a0679eca5";
    let document = inspect(&archive, job);
    assert_eq!(document["totals"]["unreferenced_files"], 0);
    assert_eq!(document["also_read"]["checkpoints"], 3);
    let files = document["files"].as_array().unwrap();
    let foreign = |file: &&serde_json::Value| {
        let by = strings(&file["checkpoints"]);
        !by.is_empty() && by.iter().all(|by| !by.starts_with(job))
    };
    assert_eq!(files.iter().filter(foreign).count(), 45);

    let path = archive.root().join(job);
    let args = ["inspect", path.to_str().unwrap(), "--isolated", "--output", "json"];
    let output = crate::support::chkctl::run(&args);
    let isolated: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(isolated["totals"]["unreferenced_files"], 45);
    assert_eq!(isolated["also_read"]["checkpoints"], 0);
}
