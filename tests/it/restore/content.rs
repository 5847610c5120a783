//! Every database of every fixture, against what the RocksDB of that Flink release read in it.

use std::path::Path;

use serde_json::Value;

use super::running;
use super::running::Checkpoint;
use super::running::Handle;
use crate::support::archives;
use crate::support::databases;
use crate::support::parallel;
use crate::support::rows;

#[test]
fn every_database_holds_what_flink_read_in_it() {
    let archives: Vec<_> = archives::names().iter().map(|name| archives::unpack(name)).collect();
    let checkpoints: Vec<_> = archives.iter().flat_map(running::checkpoints).collect();
    let compared = parallel::map(&checkpoints, compare);
    let sum = |of: fn(&(usize, usize)) -> usize| compared.iter().map(of).sum::<usize>();
    let found = (checkpoints.len(), sum(|one| one.0), sum(|one| one.1));
    assert_eq!(found, (180, 1065, 6956), "checkpoints, databases and column families compared");
}

/// The number of databases and column families that were compared.
fn compare(checkpoint: &Checkpoint) -> (usize, usize) {
    let Checkpoint { at, directory, handles } = checkpoint;
    if handles.iter().any(|handle| handle.summary.is_none()) {
        return compare_whole(checkpoint);
    }
    let restored = running::restore(directory, &["--all", "--count"]);
    let databases = restored.databases();
    assert_eq!(databases.len(), handles.len(), "{at}");
    let of = |handle: &Handle| {
        let at = format!("{at} {} {}", handle.operator, handle.subtask);
        let reported = databases.iter().find(|one| {
            one["operator_id"] == handle.operator.as_str() && one["subtask"] == handle.subtask
        });
        same(handle, &restored.database(handle), reported.unwrap(), &at)
    };
    (handles.len(), handles.iter().map(of).sum())
}

/// Where files are missing nothing can be had as a whole, but every database that is.
fn compare_whole(Checkpoint { at, directory, handles }: &Checkpoint) -> (usize, usize) {
    let (home, output) = running::run(directory, &["--all"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{at}: {stderr}");
    let published = archives::directories_with(home.path(), "CURRENT");
    let staged = |path: &&std::path::PathBuf| !path.starts_with("restored/.chkctl-restore");
    assert_eq!(published.iter().find(staged), None, "{at}");
    let whole = handles.iter().filter(|handle| handle.summary.is_some());
    let of = |handle: &Handle| {
        let at = format!("{at} {} {}", handle.operator, handle.subtask);
        let subtask = handle.subtask.to_string();
        let args = ["--count", "--operator", &handle.operator, "--subtask", &subtask];
        let restored = running::restore(directory, &args);
        same(handle, &restored.directory(), &restored.databases()[0], &at)
    };
    let families: Vec<usize> = whole.map(of).collect();
    (families.len(), families.into_iter().sum())
}

/// Compares a database with the oracle, and the report with both.
fn same(handle: &Handle, directory: &Path, reported: &Value, at: &str) -> usize {
    let expected = handle.summary.as_ref().unwrap();
    let mut found = rows::summary(&rows::of(directory));
    let groups = &reported["key_groups"];
    let groups = (groups["start"].as_u64().unwrap(), groups["end"].as_u64().unwrap());
    assert_eq!(groups, handle.key_groups, "{at}");
    assert_eq!(reported["changelog"].is_object(), handle.behind, "{at}");
    for family in reported["column_families"].as_array().unwrap() {
        let entries = found[family["name"].as_str().unwrap()].0;
        assert_eq!(family["entries"], entries, "{at} {family}");
        assert_eq!(family["entries_exact"], true, "{at} {family}");
    }
    assert_eq!(reported["column_families"].as_array().unwrap().len(), found.len(), "{at}");
    let expected = databases::expected(expected);
    // RocksDB itself has one more, of which a key-value stream knows nothing.
    if !expected.contains_key("default") {
        assert_eq!(found.remove("default").unwrap().0, 0, "{at}");
    }
    assert_eq!(found, expected, "{at}");
    expected.len()
}
