//! The history of every job of every fixture, against the files of its checkpoints: who has which
//! file, drawn from the referrers that `files_of_every_root_have_the_referrers_that_flink_finds`
//! compares with Flink.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use super::inspect_with;
use crate::support::archives;
use crate::support::parallel;

/// Operator, subtask, path, offset of a segment.
type Cell = (String, i64, String, Option<u64>);

#[test]
fn histories_of_every_job_follow_from_its_files() {
    let names = archives::names();
    let cells = parallel::map(&names, |name| {
        let archive = archives::unpack(name);
        let jobs = archive.jobs();
        jobs.iter()
            .map(|job| {
                let job = job.file_name().unwrap().to_str().unwrap();
                let document = inspect_with(&archive, job, &["--history"]);
                check(&document, job, &format!("{name} {job}"))
            })
            .sum::<usize>()
    });
    assert!(cells.iter().sum::<usize>() > 3000, "{cells:?}");
}

/// Compares, and returns the number of files in the history.
fn check(document: &Value, job: &str, at: &str) -> usize {
    let list = |value: &Value| value.as_array().unwrap().clone();
    let rows = list(&document["checkpoints"]);
    let columns: Vec<&str> = rows.iter().map(|row| row["path"].as_str().unwrap()).collect();

    let mut expected: BTreeMap<Cell, BTreeSet<usize>> = BTreeMap::new();
    let mut counts: BTreeMap<(String, Option<u64>), u64> = BTreeMap::new();
    for file in list(&document["files"]) {
        let path = file["path"].as_str().unwrap().to_owned();
        let segments = list(&file["segments"]);
        let parts = segments.iter().map(|part| (part["offset"].as_u64(), part));
        let whole = segments.is_empty().then_some((None, &file));
        for (offset, part) in parts.chain(whole) {
            let by = part["checkpoints"].as_array().unwrap().len();
            counts.insert((path.clone(), offset), by as u64);
            for referrer in list(&part["referrers"]) {
                let role = referrer["role"].as_str().unwrap();
                let column = columns.iter().position(|path| *path == referrer["checkpoint"]);
                let (Some(column), "shared" | "changelog") = (column, role) else { continue };
                let operator = referrer["operator_id"].as_str().unwrap().to_owned();
                let subtask = referrer["subtask"].as_i64().unwrap();
                let cell = (operator, subtask, path.clone(), offset);
                expected.entry(cell).or_default().insert(column);
            }
        }
    }

    // The first is null where marks do not tell.
    let mut sums = vec![[Some(0_u64); 3]; columns.len()];
    let mut ours = BTreeSet::new();
    for group in list(&document["history"]["groups"]) {
        let operator = group["operator_id"].as_str().unwrap().to_owned();
        let subtask = group["subtask"].as_i64().unwrap();
        for file in list(&group["files"]) {
            let marks = file["marks"].as_str().unwrap();
            for (sums, mark) in sums.iter_mut().zip(marks.chars()) {
                let at = match mark {
                    'o' => {
                        sums[0] = None;
                        continue;
                    }
                    '+' => 0,
                    '=' => 1,
                    '-' => 2,
                    _ => continue,
                };
                sums[at] = sums[at].map(|sum| sum + 1);
            }
            if file["inline"] == true {
                continue;
            }
            let path = file["path"].as_str().unwrap().to_owned();
            let offset = file["offset"].as_u64();
            assert_eq!(file["count"], counts[&(path.clone(), offset)], "{at}: {path}");
            let cell = (operator.clone(), subtask, path, offset);
            if let Some(has) = expected.get(&cell) {
                assert_eq!(marks, marks_of(has, columns.len()), "{at}: {cell:?}");
            }
            assert!(ours.insert(cell.clone()), "{at}: {cell:?} twice");
        }
    }
    // All files of a materialized part can be shared, whatever their role.
    let missing: Vec<&Cell> = expected.keys().filter(|cell| !ours.contains(*cell)).collect();
    assert_eq!(missing, Vec::<&Cell>::new(), "{at}");
    let more = ours.iter().filter(|cell| !expected.contains_key(*cell)).count();
    assert!(more == 0 || at.starts_with("C-changelog"), "{at}: {more}");

    let of_columns = list(&document["history"]["checkpoints"]);
    assert_eq!(of_columns.len(), columns.len(), "{at}: {job}");
    for (column, sums) in of_columns.iter().zip(&sums) {
        let counted = ["new_files", "reused_files", "gone_files"].map(|name| &column[name]);
        let expected = sums.map(Value::from);
        assert_eq!(counted, expected.each_ref(), "{at}: {}", column["id"]);
    }
    ours.len()
}

/// The marks of a file which these of so many checkpoints have.
fn marks_of(has: &BTreeSet<usize>, columns: usize) -> String {
    let first = *has.first().unwrap();
    let mark = |column| match (has.contains(&column), column.checked_sub(1)) {
        (true, None) => 'o',
        (true, _) if column == first => '+',
        (true, _) => '=',
        (false, Some(before)) if has.contains(&before) => '-',
        (false, _) => '.',
    };
    (0..columns).map(mark).collect()
}
