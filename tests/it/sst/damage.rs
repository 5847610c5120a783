//! What cannot be read is a warning, and everything else is told as before.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::document;
use super::list;

const JOB: &str = "ae794d9774cbbac779e858834152defc";

/// A copy of the job of `fixtures/profile-job`.
fn copy() -> tempfile::TempDir {
    fn all(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            match entry.path().is_dir() {
                true => all(&entry.path(), &to),
                false => drop(fs::copy(entry.path(), to).unwrap()),
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/profile-job");
    all(&fixture.join(JOB), &dir.path().join("root").join(JOB));
    dir
}

fn codes(document: &Value) -> Vec<&str> {
    let warnings = document["warnings"].as_array().unwrap().iter();
    let codes = warnings.map(|warning| warning["code"].as_str().unwrap());
    codes.filter(|code| code.ends_with("-unreadable")).collect()
}

/// The file of the first SST of a document, and the SST without its file.
fn first(root: &Path, document: &Value) -> (PathBuf, Value) {
    let file = list(document, "files")[0].clone();
    (root.join(file["path"].as_str().unwrap()), file)
}

#[test]
fn an_sst_that_cannot_be_read_is_left_out_of_sums() {
    type Change = fn(&Path);
    let changes: [(Change, &str); 4] = [
        (|path| fs::remove_file(path).unwrap(), "not there"),
        (|path| fs::write(path, b"").unwrap(), "it ends at byte 0"),
        (|path| fs::write(path, vec![0; fs::read(path).unwrap().len()]).unwrap(), "byte "),
        (
            |path| {
                let mut bytes = fs::read(path).unwrap();
                let length = bytes.len();
                // In the properties, which lie before metaindex and footer.
                bytes[length - 600] ^= 1;
                fs::write(path, bytes).unwrap();
            },
            "byte ",
        ),
    ];
    for (change, why) in changes {
        let dir = copy();
        let root = dir.path().join("root");
        let checkpoint = root.join(JOB).join("chk-6");
        let before = document(&checkpoint);
        assert_eq!(codes(&before), [""; 0]);
        let (path, file) = first(&root, &before);
        change(&path);
        let after = document(&checkpoint);
        assert_eq!(codes(&after), ["sst-unreadable"], "{why}");
        let warnings = after["warnings"].as_array().unwrap();
        let warning = warnings.iter().find(|one| one["code"] == "sst-unreadable").unwrap();
        assert_eq!(warning["subject"], file["path"]);
        assert!(warning["message"].as_str().unwrap().contains(why), "{warning}");

        let unread = &list(&after, "files")[0];
        for known in ["path", "local_name", "level", "key_groups", "column_family"] {
            assert_eq!(unread[known], file[known], "{known}");
        }
        for unknown in ["entries", "raw_bytes", "compression", "checksum", "created_at"] {
            assert!(unread[unknown].is_null() && !file[unknown].is_null(), "{unknown}");
        }
        assert_eq!(list(&after, "files")[1..], list(&before, "files")[1..]);
        let entries = |document: &Value| list(document, "operators")[0]["entries"].as_u64();
        let left = entries(&before).unwrap() - file["entries"].as_u64().unwrap();
        assert_eq!(entries(&after), Some(left));
        assert_eq!(list(&after, "operators")[0]["unread_files"], 1);
    }
}

#[test]
fn without_a_manifest_levels_are_unknown_and_all_else_is_not() {
    let dir = copy();
    let root = dir.path().join("root");
    let checkpoint = root.join(JOB).join("chk-6");
    let before = document(&checkpoint);
    let operators = before["operators"].as_array().unwrap();
    let operator = &list(&before, "operators")[0]["operator_id"];
    let operator = operators.iter().find(|one| one["operator_id"] == *operator).unwrap();
    let private = &operator["subtasks"][0]["managed_keyed"][0]["private"];
    let manifest = private
        .as_array()
        .unwrap()
        .iter()
        .find(|file| file["local_name"].as_str().unwrap().starts_with("MANIFEST-"));
    let path = root.join(manifest.unwrap()["handle"]["path"].as_str().unwrap());
    let mut bytes = fs::read(&path).unwrap();
    bytes[10] ^= 1;
    fs::write(&path, bytes).unwrap();

    let after = document(&checkpoint);
    assert_eq!(codes(&after), ["manifest-unreadable"]);
    let mut lost = 0;
    let [before_files, after_files] = [&before, &after].map(|document| {
        let mut files = list(document, "files").to_vec();
        files.sort_by_key(|file| {
            ["operator_id", "subtask", "local_name"].map(|k| file[k].to_string())
        });
        files
    });
    assert_eq!(before_files.len(), after_files.len());
    for (mut expected, after) in before_files.into_iter().zip(after_files) {
        if after["level"].is_null() {
            expected["level"] = Value::Null;
            expected["key_groups"] = Value::Null;
            lost += 1;
        }
        assert_eq!(after, expected);
    }
    let of_the_subtask = |document: &Value| list(document, "key_groups")[0]["files"].clone();
    assert_eq!(of_the_subtask(&before), lost);
}
