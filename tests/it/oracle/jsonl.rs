//! `--output jsonl` says the same as `--output json`, one record a line.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use super::pair::list;
use crate::support::archives;
use crate::support::chkctl;

/// Fixtures with different handles: inline, merged and changelog files, channels, finished.
const SAMPLES: [&str; 6] = [
    "A-2.3.0",
    "B-savepoints-1.20.5",
    "C-changelog-1.20.5",
    "D-merge-within-2.3.0",
    "E-unaligned-2.3.0",
    "J-finished-1.20.5",
];

const SLOTS: [&str; 6] = [
    "managed_keyed",
    "raw_keyed",
    "managed_operator",
    "raw_operator",
    "input_channel",
    "result_subpartition",
];

#[test]
fn jsonl_has_the_same_records_as_json() {
    for sample in SAMPLES {
        let archive = archives::unpack(sample);
        for checkpoint in archive.checkpoints() {
            let path = archive.root().join(&checkpoint);
            let lines = chkctl::inspect("jsonl", &path);
            let records: Vec<Value> =
                lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let document = chkctl::inspect_json(&path);
            compare(&records, &document, &format!("{sample} {}", checkpoint.display()));
        }
    }
}

fn compare(records: &[Value], document: &Value, at: &str) {
    let kinds: Vec<&str> = records.iter().map(|record| record["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"header"), "{at}");
    assert_eq!(kinds.last(), Some(&"totals"), "{at}");
    let of = |kind: &str| records.iter().filter(|record| record["type"] == kind).collect();
    let (operators, subtasks, files): (Vec<_>, Vec<_>, Vec<_>) =
        (of("operator"), of("subtask"), of("file"));
    assert_eq!(2 + operators.len() + subtasks.len() + files.len(), records.len(), "{at}");

    let header = &records[0];
    for key in ["schema", "location", "base"] {
        assert_eq!(header[key], document[key], "{at} {key}");
    }
    for (key, value) in document["checkpoint"].as_object().unwrap() {
        assert_eq!(&header["checkpoint"][key], value, "{at} checkpoint.{key}");
    }

    let mut of_document = BTreeMap::new();
    for operator in list(&document["operators"]) {
        let id = operator["operator_id"].as_str().unwrap();
        let record = operators.iter().find(|record| record["operator_id"] == id);
        let record = record.unwrap_or_else(|| panic!("{at}: no record of operator {id}"));
        for (key, value) in operator.as_object().unwrap() {
            if key != "subtasks" {
                assert_eq!(&record[key], value, "{at} {id} {key}");
            }
        }
        for subtask in list(&operator["subtasks"]) {
            of_document.insert((id, subtask["index"].as_i64().unwrap()), subtask);
        }
    }
    assert_eq!(operators.len(), list(&document["operators"]).len(), "{at} operators");
    assert_eq!(subtasks.len(), of_document.len(), "{at} subtasks");

    let mut handles = 0;
    for record in subtasks {
        let id = record["operator_id"].as_str().unwrap();
        let subtask = of_document[&(id, record["index"].as_i64().unwrap())];
        for (key, value) in subtask.as_object().unwrap() {
            assert_eq!(&record[key], value, "{at} {id} {key}");
        }
        handles += SLOTS.iter().map(|slot| list(&record[slot]).len()).sum::<usize>();
    }
    assert_eq!(document["checkpoint"]["handles"], handles, "{at} handles");

    let paths: BTreeSet<&str> = files.iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths.len(), files.len(), "{at}: a file twice");
    assert_eq!(document["checkpoint"]["files"], files.len(), "{at} files");
}
