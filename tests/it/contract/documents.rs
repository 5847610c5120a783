//! Documents of real checkpoints against the schema, read strictly: a field that the schema does
//! not name is as wrong as one that is missing.

use std::path::Path;

use serde_json::Map;
use serde_json::Value;

use super::Contract;
use super::stdout;
use crate::support::archives;
use crate::support::chkctl;

/// Variants in which every kind of handle occurs.
const VARIANTS: [&str; 12] = [
    "A-1.13.6",
    "A-empty-2.3.0",
    "A-heaptimers-1.20.5",
    "A-masterhook-2.3.0",
    "B-savepoints-2.3.0",
    "C-changelog-1.20.5",
    "D-merge-across-2.3.0",
    "E-unaligned-2.3.0",
    "H-full-1.20.5",
    "H-hashmap-2.3.0",
    "I-sql-1.20.5",
    "J-finished-2.3.0",
];

#[test]
fn documents_conform_to_the_schema() {
    let contract = Contract::strict("inspect");
    for name in VARIANTS {
        let archive = archives::unpack(name);
        for checkpoint in archive.checkpoints() {
            let path = archive.root().join(&checkpoint);
            let path = path.to_str().unwrap();
            for more in [&[][..], &["--files", "--sst"]] {
                let args = [&["inspect", path, "--output", "json"], more].concat();
                let document: Value = serde_json::from_str(&stdout(&args)).unwrap();
                assert_eq!(contract.complaint(&document), None, "{path} {more:?}");
            }
        }
    }
}

#[test]
fn documents_of_verify_and_latest_conform_to_the_schema() {
    for name in VARIANTS.into_iter().chain(["G-halt-resume-1.20.5"]) {
        let root = archives::unpack(name).root();
        for (command, level) in
            [("verify", "exists"), ("verify", "blocks"), ("latest", "size"), ("latest", "footer")]
        {
            let contract = Contract::strict(command);
            let args = [command, root.to_str().unwrap(), "--level", level, "--output", "json"];
            let document: Value = serde_json::from_slice(&chkctl::run(&args).stdout).unwrap();
            assert_eq!(contract.complaint(&document), None, "{name} {args:?}");
        }
    }
}

#[cfg(feature = "rocksdb")]
#[test]
fn documents_of_restore_conform_to_the_schema() {
    let contract = Contract::strict("restore");
    let kinds = ["A-2.0.2", "B-savepoints-2.3.0", "C-changelog-1.20.5", "D-merge-across-2.3.0"];
    for name in kinds {
        let archive = archives::unpack(name);
        for checkpoint in archive.checkpoints() {
            let home = tempfile::tempdir().unwrap();
            let (from, to) = (archive.root().join(checkpoint), home.path().join("to"));
            let [from, to] = [from.to_str().unwrap(), to.to_str().unwrap()];
            let args = ["restore", from, to, "--all", "--output", "json"];
            let printed: Value = serde_json::from_str(&stdout(&args)).unwrap();
            assert_eq!(contract.complaint(&printed), None, "{from}");
            // What is beside the databases is what was said.
            let written = std::fs::read(home.path().join("to/restore.json")).unwrap();
            assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), printed, "{from}");
        }
    }
}

#[test]
fn documents_of_jobs_and_roots_conform_to_the_schema() {
    let [job, root, either] =
        ["chkctl.inspect.job/1", "chkctl.inspect.root/1", "inspect"].map(Contract::strict);
    for name in VARIANTS {
        let archive = archives::unpack(name);
        let root_path = archive.root().to_str().unwrap().to_owned();
        for (contract, path, more) in places(&archive, &root_path, &job, &root) {
            let args = ["inspect", &path, "--output", "json"];
            let document: Value = serde_json::from_str(&stdout(&[&args, more].concat())).unwrap();
            assert_eq!(contract.complaint(&document), None, "{path} {more:?}");
            assert_eq!(either.complaint(&document), None, "{path} {more:?}");
            let mut spoilt = document.clone();
            spoilt.as_object_mut().unwrap().remove("cross_references");
            assert!(contract.complaint(&spoilt).is_some(), "{path}: what is missing is found");
        }
    }
}

type Place<'c> = (&'c Contract, String, &'static [&'static str]);

/// A root and its jobs, with flags.
fn places<'c>(
    archive: &archives::Archive,
    root_path: &str,
    job: &'c Contract,
    root: &'c Contract,
) -> Vec<Place<'c>> {
    let mut places: Vec<Place<'c>> =
        vec![(root, root_path.to_owned(), &[]), (root, root_path.to_owned(), &["--files"])];
    for path in archive.jobs() {
        let path = path.to_str().unwrap().to_owned();
        places.push((job, path.clone(), &[]));
        places.push((job, path, &["--files", "--history"]));
    }
    places
}

#[test]
fn every_json_line_of_a_job_or_root_is_a_record_of_a_known_type() {
    for name in VARIANTS {
        let archive = archives::unpack(name);
        for path in archive.jobs().into_iter().chain([archive.root()]) {
            let is_root = path == archive.root();
            let history = if is_root { &[][..] } else { &["--history"] };
            let path = path.to_str().unwrap();
            let args =
                |format| [&["inspect", path, "--files", "--output", format][..], history].concat();
            let text = stdout(&args("jsonl"));
            let records: Vec<Value> =
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let document: Value = serde_json::from_str(&stdout(&args("json"))).unwrap();
            let of = |kind: &str| -> Vec<&Value> {
                records.iter().filter(|record| record["type"] == kind).collect()
            };
            let known = ["header", "entry", "checkpoint", "file", "totals"];
            let total: usize = known.iter().map(|kind| of(kind).len()).sum();
            assert_eq!(total, records.len(), "{path}: only known types");
            assert_eq!(
                (&records[0]["type"], &records[0]["schema"]),
                (&"header".into(), &document["schema"])
            );
            assert_eq!(records[records.len() - 1]["type"], "totals", "{path}");
            let list = |value: &Value| value.as_array().map_or(0, Vec::len);
            assert_eq!(of("file").len(), list(&document["files"]), "{path}");
            let jobs = document["jobs"].as_array();
            let in_jobs = jobs.map_or(list(&document["checkpoints"]), |jobs| {
                jobs.iter().map(|job| list(&job["checkpoints"])).sum()
            });
            let checkpoints = in_jobs + list(&document["savepoints"]);
            assert_eq!(of("checkpoint").len(), checkpoints, "{path}");
            for (key, value) in document["totals"].as_object().unwrap() {
                assert_eq!(&records[records.len() - 1][key], value, "{path}: {key}");
            }
        }
    }
}

#[test]
fn a_document_that_does_not_conform_is_found() {
    let contract = Contract::strict("inspect");
    let archive = archives::unpack("H-hashmap-2.3.0");
    let good = chkctl::inspect_json(&archive.root().join(&archive.checkpoints()[0]));
    assert_eq!(contract.complaint(&good), None);
    let spoilt = |change: fn(&mut Value)| {
        let mut document = good.clone();
        change(&mut document);
        contract.complaint(&document)
    };
    assert!(spoilt(|document| document["checkpoint"]["files"] = "9".into()).is_some());
    assert!(spoilt(|document| document["checkpoint"]["surprise"] = 1.into()).is_some());
    assert!(spoilt(|document| document["operators"][0]["subtasks"][0]["x"] = 1.into()).is_some());
    let removed = spoilt(|document| {
        document["checkpoint"].as_object_mut().unwrap().remove("new_bytes");
    });
    assert!(removed.is_some(), "what is unknown is null, never absent");
}

#[test]
fn every_json_line_is_a_record_of_a_known_type() {
    for name in VARIANTS {
        let archive = archives::unpack(name);
        for checkpoint in archive.checkpoints() {
            let text = chkctl::inspect("jsonl", &archive.root().join(&checkpoint));
            check_records(&archive.root().join(checkpoint), &text);
        }
    }
}

fn check_records(path: &Path, text: &str) {
    let records: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&str> =
        records.iter().map(|record| record["type"].as_str().expect("a type")).collect();
    let known = ["header", "operator", "subtask", "file", "totals"];
    assert!(types.iter().all(|kind| known.contains(kind)), "{path:?}: {types:?}");
    assert_eq!((types[0], types[types.len() - 1]), ("header", "totals"), "{path:?}");
    let count = |kind: &str| types.iter().filter(|other| **other == kind).count();
    assert_eq!((count("header"), count("totals")), (1, 1), "{path:?}");
    let totals = &records[records.len() - 1];
    assert_eq!(totals["operators"], count("operator"), "{path:?}");
    assert_eq!(totals["files"], count("file"), "{path:?}");
    let header = &records[0];
    assert_eq!(header["schema"], "chkctl.inspect.checkpoint/1", "{path:?}");
    for field in ["state_bytes", "new_bytes", "files", "file_bytes", "handles"] {
        assert_eq!(totals[field], header["checkpoint"][field], "{path:?}: {field}");
    }
    let mut operator = &Value::Null;
    for record in &records {
        match record["type"].as_str() {
            Some("operator") => operator = &record["operator_id"],
            Some("subtask") => assert_eq!(&record["operator_id"], operator, "{path:?}"),
            _ => {}
        }
    }
}

/// The schema with every object closed: only the properties it names are allowed.
pub(super) fn strict(mut schema: Value) -> Value {
    close(&mut schema, false);
    schema
}

/// `part` says that the schema is one of several which describe the same object.
fn close(schema: &mut Value, part: bool) {
    let Value::Object(object) = schema else { return };
    let of_objects = |object: &Map<String, Value>, key: &str| {
        object.get(key).is_some_and(|parts| parts[0]["properties"].is_object())
    };
    let is_object = object.contains_key("properties")
        || of_objects(object, "oneOf")
        || of_objects(object, "anyOf");
    if is_object && !part && !object.contains_key("additionalProperties") {
        object.insert("unevaluatedProperties".into(), false.into());
    }
    for (key, value) in object {
        match (key.as_str(), value) {
            ("properties" | "$defs", Value::Object(inner)) => {
                inner.values_mut().for_each(|schema| close(schema, false));
            }
            ("oneOf" | "anyOf" | "allOf", Value::Array(parts)) => {
                parts.iter_mut().for_each(|schema| close(schema, true));
            }
            ("items" | "additionalProperties", schema) => close(schema, false),
            _ => {}
        }
    }
}
