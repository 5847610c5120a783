//! `--merge` and `--key-groups` against the databases of the subtasks, clipped here.

use std::collections::BTreeSet;
use std::path::Path;

use super::running;
use super::running::Checkpoint;
use super::running::Handle;
use super::running::Restored;
use crate::support::archives;
use crate::support::parallel;
use crate::support::rows;
use crate::support::rows::Rows;

/// The rows of all subtasks of an operator, clipped to their key groups and to these.
fn union(checkpoint: &Checkpoint, all: &Restored, operator: &str, part: (u64, u64)) -> Rows {
    let mut union = Rows::new();
    for handle in checkpoint.handles.iter().filter(|handle| handle.operator == operator) {
        for (family, entries) in rows::of(&all.database(handle)) {
            let whole = union.entry(family).or_default();
            for (key, value) in entries {
                let asked = (part.0..=part.1).contains(&handle.key_group(&key));
                if handle.owns(&key) && asked {
                    let twice = whole.insert(key, value);
                    assert!(twice.is_none(), "{}: a key of two subtasks", checkpoint.at);
                }
            }
        }
    }
    union
}

/// The operators with keyed state.
fn operators(checkpoint: &Checkpoint) -> BTreeSet<&str> {
    checkpoint.handles.iter().map(|handle| handle.operator.as_str()).collect()
}

/// Compares column by column, so that a failure can be read; the number of rows.
fn same(found: &Path, expected: &Rows, at: &str) -> usize {
    let mut found = rows::of(found);
    // A database that RocksDB built has it even if no part of it has.
    if !expected.contains_key("default") {
        assert_eq!(found.remove("default").unwrap().len(), 0, "{at}");
    }
    assert!(rows::summary(&found) == rows::summary(expected), "{at}: {}", first(&found, expected));
    expected.values().map(|entries| entries.len()).sum()
}

/// The first difference.
fn first(found: &Rows, expected: &Rows) -> String {
    if !found.keys().eq(expected.keys()) {
        return format!("families {:?} instead of {:?}", found.keys(), expected.keys());
    }
    for (family, entries) in expected {
        for key in entries.keys().chain(found[family].keys()) {
            let (is, should) = (found[family].get(key), entries.get(key));
            if is != should {
                return format!("{family} {key:02x?}: {is:02x?} instead of {should:02x?}");
            }
        }
    }
    "none".to_owned()
}

#[test]
fn a_merged_database_is_the_union_of_its_subtasks() {
    // What was taken last of every fixture, and every savepoint.
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    for name in archives::names() {
        let mut all = running::checkpoints(&archives::unpack(&name));
        let savepoints = all.extract_if(.., |one| !one.at.contains("/chk-")).collect::<Vec<_>>();
        checkpoints.extend(savepoints);
        if !all.is_empty() {
            checkpoints.push(running::newest(&name));
        }
    }
    let compared = parallel::map(&checkpoints, |checkpoint| {
        let all = running::restore(&checkpoint.directory, &["--all"]);
        let each = operators(checkpoint).into_iter().map(|operator| {
            let at = format!("{} {operator}", checkpoint.at);
            let args = ["--merge", "--count", "--operator", operator];
            let merged = running::restore(&checkpoint.directory, &args);
            let expected = union(checkpoint, &all, operator, (0, u64::MAX));
            assert_eq!(merged.databases().len(), 1, "{at}");
            for family in merged.databases()[0]["column_families"].as_array().unwrap() {
                let entries =
                    expected.get(family["name"].as_str().unwrap()).map_or(0, |rows| rows.len());
                assert_eq!(family["entries"], entries, "{at} {family}");
                assert_eq!(family["entries_exact"], true, "{at} {family}");
            }
            same(&merged.directory(), &expected, &at)
        });
        let each: Vec<usize> = each.collect();
        (each.len(), each.into_iter().sum::<usize>())
    });
    let operators: usize = compared.iter().map(|one| one.0).sum();
    let entries: usize = compared.iter().map(|one| one.1).sum();
    assert_eq!((checkpoints.len(), operators), (56, 164), "checkpoints and operators");
    assert!(entries > 300_000, "only {entries} entries were compared");
}

#[test]
fn all_operators_merge_side_by_side() {
    let checkpoint = running::newest("F-claim-rescale-2.3.0");
    let all = running::restore(&checkpoint.directory, &["--all"]);
    let merged = running::restore(&checkpoint.directory, &["--merge"]);
    for operator in operators(&checkpoint) {
        let expected = union(&checkpoint, &all, operator, (0, u64::MAX));
        same(&merged.directory().join(operator), &expected, operator);
    }
    assert_eq!(merged.databases().len(), 3);
}

#[test]
fn a_range_of_key_groups_is_that_part() {
    for (checkpoint, last) in [
        (running::newest("A-1.20.5"), 127),
        (running::newest("F-claim-rescale-1.20.5"), 127),
        (running::newest("A-maxpar4096-2.3.0"), 4095),
        (running::savepoint("B-savepoints-2.3.0", "canonical"), 127),
    ] {
        let all = running::restore(&checkpoint.directory, &["--all"]);
        for part in [(0, 0), (last / 3, last * 2 / 3), (last, last), (0, last)] {
            let groups = format!("{}-{}", part.0, part.1);
            for operator in operators(&checkpoint) {
                let args = ["--merge", "--operator", operator, "--key-groups", &groups];
                let cut = running::restore(&checkpoint.directory, &args);
                let at = format!("{} {operator} {groups}", checkpoint.at);
                same(&cut.directory(), &union(&checkpoint, &all, operator, part), &at);
            }
            // Every subtask that has some of them keeps its own.
            let cut = running::restore(&checkpoint.directory, &["--all", "--key-groups", &groups]);
            let kept = |one: &&Handle| one.key_groups.0 <= part.1 && part.0 <= one.key_groups.1;
            let kept: Vec<&Handle> = checkpoint.handles.iter().filter(kept).collect();
            assert_eq!(cut.databases().len(), kept.len(), "{} {groups}", checkpoint.at);
            for handle in kept {
                let own = (part.0.max(handle.key_groups.0), part.1.min(handle.key_groups.1));
                let expected = union(&checkpoint, &all, &handle.operator, own);
                let at = format!("{} {} {groups}", checkpoint.at, handle.operator);
                same(&cut.database(handle), &expected, &at);
            }
        }
    }
}

#[test]
fn a_canonical_savepoint_is_the_checkpoint_of_the_same_moment() {
    for name in ["B-savepoints-1.20.5", "B-savepoints-2.3.0"] {
        // No input came in between: `run.json`.
        let checkpoint = running::newest(name);
        let savepoint = running::savepoint(name, "canonical");
        let placed = running::restore(&checkpoint.directory, &["--all"]);
        let built = running::restore(&savepoint.directory, &["--all"]);
        let of = |handle: &Handle, restored: &Restored| rows::of(&restored.database(handle));
        let mut states = 0;
        for handle in &savepoint.handles {
            let (found, expected) = (of(handle, &built), of(handle, &placed));
            assert!(found == expected, "{name}: {}", first(&found, &expected));
            states += found.len() - 1;
        }
        assert_eq!((savepoint.handles.len(), states), (6, 34), "{name}");
        for operator in operators(&savepoint) {
            let merged = ["--merge", "--operator", operator];
            let built = running::restore(&savepoint.directory, &merged);
            let union = union(&checkpoint, &placed, operator, (0, u64::MAX));
            same(&built.directory(), &union, &format!("{name} {operator}"));
        }
    }
}
