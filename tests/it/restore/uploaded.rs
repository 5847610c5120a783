//! The checkpoint that uploaded a file is the first one that Flink's own view says needs it.

use std::collections::BTreeMap;
use std::fs;

use super::running;
use crate::support::archives;

/// Numbers of the checkpoints that need each file, as Flink sees it.
fn needed_by(archive: &archives::Archive) -> BTreeMap<String, Vec<i64>> {
    let text = fs::read_to_string(archive.oracle().join("reachability.tsv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let of = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let number = |path: &str| {
            let directory = path.strip_suffix("/_metadata")?;
            directory.rsplit_once("chk-")?.1.parse().ok()
        };
        let mut numbers: Vec<i64> = fields[2].split(',').filter_map(number).collect();
        numbers.sort_unstable();
        (fields[0].to_owned(), numbers)
    };
    lines.map(of).collect()
}

#[test]
fn who_uploaded_a_file_is_told_as_far_as_the_job_directory_shows_it() {
    let (mut told, mut unknown) = (0, 0);
    for name in ["A-retained8-1.20.5", "A-2.0.2", "D-merge-within-2.3.0"] {
        let archive = archives::unpack(name);
        let needed_by = needed_by(&archive);
        let oldest = *needed_by.values().flatten().min().unwrap();
        for checkpoint in archive.checkpoints() {
            let id: i64 = checkpoint.to_str().unwrap().rsplit_once('-').unwrap().1.parse().unwrap();
            let restored = running::restore(&archive.root().join(&checkpoint), &["--all"]);
            for database in restored.databases() {
                for file in database["files"].as_array().unwrap() {
                    let Some(path) = file["path"].as_str() else { continue };
                    let first = needed_by[path][0];
                    // Merged files hold parts of several checkpoints.
                    if name.starts_with("D-") && file["uploaded_by"].as_i64() != Some(first) {
                        let by = file["uploaded_by"].as_i64();
                        assert!(by.is_none_or(|by| by >= first && by <= id), "{name} {path}");
                        continue;
                    }
                    let expected = (first > oldest || first == 1).then_some(first);
                    assert_eq!(file["uploaded_by"].as_i64(), expected, "{name} {path}");
                    told += i64::from(expected.is_some());
                    unknown += i64::from(expected.is_none());
                }
            }
        }
    }
    assert_eq!((told, unknown), (846, 248));
}
