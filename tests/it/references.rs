//! Who refers to what, against Flink's own view of every fixture (`reachability.tsv`), both ways:
//! every file has just the referrers that Flink's classes found, and every checkpoint just its
//! files. And the sums made of that, against the same oracle.

mod claimed;
mod history;
mod jobs;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::archives;
use crate::support::archives::Archive;
use crate::support::chkctl;
use crate::support::parallel;

/// What Flink's classes say of a tree.
#[derive(Debug, Default)]
pub(crate) struct Reachability {
    /// Files that lie there: bytes, and the metadata files that refer to them.
    pub(crate) files: BTreeMap<String, (u64, BTreeSet<String>)>,
    /// Metadata files and their bytes.
    pub(crate) metadata: BTreeMap<String, u64>,
    /// Files that are referred to and do not lie there.
    pub(crate) missing: BTreeMap<String, BTreeSet<String>>,
}

impl Reachability {
    pub(crate) fn of(archive: &Archive) -> Self {
        let mut all = Reachability::default();
        let text = fs::read_to_string(archive.oracle().join("reachability.tsv")).unwrap();
        let set = |text: &str| text.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
        for line in text.lines() {
            if let Some(missing) = line.strip_prefix("# MISSING") {
                let mut columns = missing.trim().split('\t');
                let path = columns.next().unwrap().to_owned();
                all.missing.insert(path, set(columns.next_back().unwrap()));
                continue;
            }
            let [path, bytes, by] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            if line.starts_with('#') {
                continue;
            }
            let (path, bytes) = (path.to_owned(), bytes.parse().unwrap());
            match by {
                "@" => drop(all.metadata.insert(path, bytes)),
                "-" => drop(all.files.insert(path, (bytes, BTreeSet::new()))),
                by => drop(all.files.insert(path, (bytes, set(by)))),
            }
        }
        assert!(!all.files.is_empty(), "{}: an oracle without files", archive.name);
        all
    }
}

/// The document of `chkctl inspect --files` of a place in an archive.
pub(crate) fn inspect(archive: &Archive, below: &str) -> Value {
    inspect_with(archive, below, &[])
}

/// The same, with more flags.
pub(crate) fn inspect_with(archive: &Archive, below: &str, flags: &[&str]) -> Value {
    let path = archive.root().join(below);
    let args = ["inspect", path.to_str().unwrap(), "--files", "--output", "json"];
    let output = chkctl::run(&[&args, flags].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {below}: {stderr}", archive.name);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The strings of a JSON list.
pub(crate) fn strings(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn files_of_every_root_have_the_referrers_that_flink_finds() {
    let names = archives::names();
    let checked = parallel::map(&names, |name| check_root(&archives::unpack(name)));
    let (files, references): (Vec<usize>, Vec<usize>) = checked.into_iter().unzip();
    let sums = [files.iter().sum::<usize>(), references.iter().sum()];
    assert_eq!(sums, [FILES, REFERENCES], "files and references of all fixtures");
}

/// Files in all oracles together, missing ones included, and pairs of a file and a checkpoint.
const FILES: usize = 4860;
const REFERENCES: usize = 6464;

/// Compares a root, and returns how many files and how many referrers of them there were.
fn check_root(archive: &Archive) -> (usize, usize) {
    let flink = Reachability::of(archive);
    let document = inspect(archive, "");
    let name = &archive.name;

    let mut ours = BTreeMap::new();
    for file in document["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        assert!(ours.insert(path.to_owned(), file).is_none(), "{name}: {path} twice");
    }
    let all = flink.files.iter().map(|(path, (bytes, by))| (path, Some(*bytes), by));
    let missing = flink.missing.iter().map(|(path, by)| (path, None, by));
    let (mut files, mut references) = (0, 0);
    for (path, bytes, by) in all.chain(missing) {
        let file = ours.remove(path).unwrap_or_else(|| panic!("{name}: {path} is not listed"));
        assert_eq!(&strings(&file["checkpoints"]), by, "{name}: {path}");
        assert_eq!(file["missing"], bytes.is_none(), "{name}: {path}");
        if let Some(bytes) = bytes {
            assert_eq!(file["bytes"], bytes, "{name}: {path}");
        }
        let referrers = file["referrers"].as_array().unwrap();
        let of_referrers: BTreeSet<String> = referrers
            .iter()
            .map(|referrer| referrer["checkpoint"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(&of_referrers, by, "{name}: {path}");
        assert_eq!(file["references"], referrers.len(), "{name}: {path}");
        files += 1;
        references += by.len();
    }
    assert_eq!(ours.keys().next(), None, "{name}: Flink knows of no such file");

    let totals = &document["totals"];
    let of = |wanted: fn(&BTreeSet<String>) -> bool| {
        let found = flink.files.values().filter(|(_, by)| wanted(by));
        found.fold((0, 0), |(n, sum), (bytes, _)| (n + 1, sum + bytes))
    };
    let metadata: u64 = flink.metadata.values().sum();
    let (referenced, unreferenced) = (of(|by| !by.is_empty()), of(BTreeSet::is_empty));
    assert_eq!(totals["referenced_files"], referenced.0, "{name}");
    assert_eq!(totals["referenced_bytes"], referenced.1, "{name}");
    assert_eq!(totals["unreferenced_files"], unreferenced.0, "{name}");
    assert_eq!(totals["unreferenced_bytes"], unreferenced.1, "{name}");
    assert_eq!(totals["metadata_bytes"], metadata, "{name}");
    assert_eq!(totals["physical_bytes"], referenced.1 + unreferenced.1 + metadata, "{name}");
    assert_eq!(totals["files"], flink.files.len() + flink.metadata.len(), "{name}");
    assert_eq!(totals["missing_files"], flink.missing.len(), "{name}");
    assert_eq!(totals["complete"], true, "{name}");
    (files, references)
}
