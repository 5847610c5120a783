//! Against a reading of every entry of every SST, and against what Flink's RocksDB read.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::fs;
use std::rc::Rc;

use serde_json::Value;

use super::SAMPLES;
use super::document;
use super::list;
use crate::rocks::read::Entry;
use crate::rocks::read::Table;
use crate::support::archives;
use crate::support::archives::Archive;
use crate::support::databases;
use crate::support::parallel;
use chkctl::format::rocks::table::key::Kind;
use sha2::Digest;
use sha2::Sha256;

/// What is compared of an SST: whose it is; its numbers; first and last key group.
type Row = ([String; 4], [u64; 7], Option<[u64; 2]>);

#[test]
fn every_sst_is_what_a_reading_of_all_its_entries_finds() {
    let compared = parallel::map(&SAMPLES, |name| {
        let archive = archives::unpack(name);
        let mut known = HashMap::new();
        let checkpoints = archive.checkpoints();
        checkpoints.iter().map(|at| compare(&archive, at, &mut known)).sum::<usize>()
    });
    let compared: usize = compared.into_iter().sum();
    assert!(compared > 2500, "only {compared} SSTs were compared");
}

fn compare(
    archive: &Archive,
    at: &std::path::Path,
    known: &mut HashMap<[u8; 32], Rc<Table>>,
) -> usize {
    let directory = archive.root().join(at);
    let document = document(&directory);
    let place = format!("{} {}", archive.name, at.display());
    let prefix = |operator: &str| {
        let operators = document["operators"].as_array().unwrap();
        let found = operators.iter().find(|one| one["operator_id"] == operator).unwrap();
        if found["max_parallelism"].as_u64().unwrap() > 128 { 2 } else { 1 }
    };
    let (mut expected, mut missing) = (Vec::new(), 0);
    for database in databases::of(&directory) {
        let mut tag = database.tag.splitn(3, '-');
        let (operator, subtask) = (tag.next().unwrap(), tag.next().unwrap());
        for (name, bytes) in database.files.iter().filter(|(name, _)| name.ends_with(".sst")) {
            let Some(bytes) = bytes else {
                missing += 1;
                continue;
            };
            let hash: [u8; 32] = Sha256::digest(bytes).into();
            let table = known.entry(hash).or_insert_with(|| Rc::new(Table::read(bytes).unwrap()));
            let owner = [operator, subtask, name].map(str::to_owned);
            expected.push(row(owner, table, bytes.len() as u64, prefix(operator)));
        }
    }
    let files = list(&document, "files");
    let read = files.iter().filter(|file| !file["entries"].is_null());
    let mut found: Vec<Row> = read.map(row_of).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{place}");
    assert_eq!(files.len(), expected.len() + missing, "{place}");
    let warnings = document["warnings"].as_array().unwrap().iter();
    let unread = warnings.filter(|one| one["code"] == "sst-unreadable").count();
    assert_eq!(missing > 0, unread > 0, "{place}");
    check_sums(&document, &place);
    check_states(archive, at, &document, &place);
    expected.len()
}

fn row(owner: [String; 3], table: &Table, stored: u64, prefix: usize) -> Row {
    let [operator, subtask, name] = owner;
    let family = table.head.properties.column_family_name.clone().unwrap();
    let entries = &table.entries;
    let count = |is: fn(Kind) -> bool| entries.iter().filter(|one| is(one.kind)).count() as u64;
    let ranges = table.range_deletions.len() as u64;
    let of_ranges = |length: fn(&[u8], &[u8]) -> usize| {
        let all = table.range_deletions.iter();
        all.map(|one| length(&one.start, &one.end) as u64).sum::<u64>()
    };
    let bytes = |length: fn(&Entry) -> usize| entries.iter().map(|e| length(e) as u64).sum::<u64>();
    let numbers = [
        entries.len() as u64 + ranges,
        count(|kind| matches!(kind, Kind::Deletion | Kind::SingleDeletion)) + ranges,
        count(|kind| kind == Kind::Merge),
        ranges,
        bytes(|entry| entry.user_key.len() + 8) + of_ranges(|start, _| start.len() + 8),
        bytes(|entry| entry.value.len()) + of_ranges(|_, end| end.len()),
        stored,
    ];
    let family = String::from_utf8(family).unwrap();
    ([operator, subtask, name, family], numbers, key_groups(table, prefix))
}

/// The key groups of the first and of the last key, and of what range deletions delete.
fn key_groups(table: &Table, prefix: usize) -> Option<[u64; 2]> {
    let group = |key: &[u8]| key[..prefix].iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    let keys = table.entries.iter().map(|entry| [group(&entry.user_key); 2]);
    let ranges = table.range_deletions.iter().map(|one| {
        let whole = one.end.len() == prefix;
        [group(&one.start), group(&one.end) - u64::from(whole)]
    });
    keys.chain(ranges).reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])
}

fn row_of(file: &Value) -> Row {
    let text = |name: &str| match &file[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let numbers = [
        "entries",
        "deletions",
        "merge_operands",
        "range_deletions",
        "raw_key_bytes",
        "raw_value_bytes",
        "stored_bytes",
    ];
    let groups = &file["key_groups"];
    let groups = ["start", "end"].map(|name| groups[name].as_u64());
    let groups = groups[0].zip(groups[1]).map(|(start, end)| [start, end]);
    let owner = ["operator_id", "subtask", "local_name", "column_family"].map(text);
    (owner, numbers.map(|name| file[name].as_u64().unwrap()), groups)
}

/// Sums are those of the files.
fn check_sums(document: &Value, place: &str) {
    let files = list(document, "files");
    for (name, keys) in [
        ("states", &["operator_id", "column_family"][..]),
        ("operators", &["operator_id"]),
        ("key_groups", &["operator_id", "subtask"]),
    ] {
        let mut counted = 0;
        for sums in list(document, name) {
            let same = |file: &&Value| keys.iter().all(|key| file[key] == sums[key]);
            let of_it: Vec<&Value> = files.iter().filter(same).collect();
            let read = || of_it.iter().filter(|file| !file["entries"].is_null());
            counted += of_it.len();
            let count = |key: &str| sums[key].as_u64().unwrap() as usize;
            assert_eq!(count("files"), read().count(), "{place} {name}");
            assert_eq!(count("files") + count("unread_files"), of_it.len(), "{place} {name}");
            for key in ["entries", "deletions", "raw_bytes", "stored_bytes", "data_bytes"] {
                let sum: u64 = read().map(|file| file[key].as_u64().unwrap()).sum();
                assert_eq!(sums[key], sum, "{place} {name} {key}");
            }
            let on = |level: &Value| read().filter(|file| file["level"] == *level).count() as u64;
            for level in sums["levels"].as_array().unwrap() {
                assert_eq!(level["files"], on(&level["level"]), "{place} {name}");
            }
            let ratio = sums["compression_ratio"].as_f64();
            let stored = sums["stored_bytes"].as_f64().unwrap();
            let expected = (stored > 0.0).then(|| sums["raw_bytes"].as_f64().unwrap() / stored);
            let difference = expected.zip(ratio).map(|(a, b)| (a - b).abs());
            assert_eq!(ratio.is_some(), expected.is_some(), "{place} {name}");
            assert!(difference.is_none_or(|differs| differs < 1e-9), "{place} {name}");
        }
        assert_eq!(counted, files.len(), "{place}: every file is in one of {name}");
    }
    for operator in list(document, "operators") {
        let subtasks = list(document, "key_groups").iter();
        let of_it = subtasks.filter(|one| one["operator_id"] == operator["operator_id"]);
        let entries: Vec<f64> = of_it.map(|one| one["entries"].as_f64().unwrap()).collect();
        let mean = entries.iter().sum::<f64>() / entries.len() as f64;
        let largest = entries.iter().copied().reduce(f64::max).unwrap();
        if mean > 0.0 {
            let skew = operator["entries_skew"].as_f64().unwrap();
            assert!((skew - largest / mean).abs() < 1e-9, "{place}: {skew}");
        }
    }
}

/// Column families are states, and hold at least what Flink's RocksDB read in them.
fn check_states(archive: &Archive, at: &std::path::Path, document: &Value, place: &str) {
    let mut sums: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for state in list(document, "states") {
        let [operator, family] =
            ["operator_id", "column_family"].map(|name| state[name].as_str().unwrap());
        let operators = document["operators"].as_array().unwrap();
        let found = operators.iter().find(|one| one["operator_id"] == operator).unwrap();
        let states = found["states"].as_array().unwrap().iter();
        let names: BTreeSet<_> = states.map(|state| state["name"].as_str().unwrap()).collect();
        assert!(names.contains(family), "{place}: {family} is no state of {operator}");
        sums.insert((operator, family), state["entries"].as_u64().unwrap());
    }
    let summary = archive.oracle().join(at).join("kv-summary.json");
    let Ok(text) = fs::read_to_string(summary) else { return };
    let summary: Value = serde_json::from_str(&text).unwrap();
    let handles = summary["handles"].as_array().unwrap().iter();
    let operators: BTreeSet<&str> = sums.keys().map(|(operator, _)| *operator).collect();
    let mut visible: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for handle in handles.filter(|handle| handle.get("error").is_none()) {
        let operator = handle["handle"].as_str().unwrap().split_once('-').unwrap().0;
        if !operators.contains(operator) {
            continue;
        }
        for family in handle["columnFamilies"].as_array().unwrap() {
            let name = family["columnFamily"].as_str().unwrap();
            *visible.entry((operator, name)).or_default() += family["entries"].as_u64().unwrap();
        }
    }
    for ((operator, family), entries) in visible.into_iter().filter(|(_, entries)| *entries > 0) {
        let physical = sums.get(&(operator, family)).copied().unwrap_or_default();
        assert!(physical >= entries, "{place} {operator} {family}: {physical} of {entries}");
    }
}
