//! Does every recipe of `fixtures/damaged` break what it says, and nothing else?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chkctl::format::flink::metadata::Metadata;
use chkctl::format::flink::stream::StreamHandle;
use chkctl::model::walk;
use chkctl::ops::verify::Level;
use chkctl::ops::verify::Severity;
use chkctl::ops::verify::rules;

use crate::support::archives;
use crate::support::damage;
use crate::support::damage::Fault;
use crate::support::damage::Recipe;
use crate::support::parallel;

/// What can be found by `blocks` and has no recipe. No Flink of the fixtures writes filters,
/// dictionaries or other meta blocks; every bit of tables with them is flipped in
/// `rocks/damage.rs`. Keys outside of their key groups are in `ops/verify/databases.rs`,
/// metadata of another checkpoint in `verify/faults.rs`.
const ELSEWHERE: [&str; 6] =
    ["sst-filter", "sst-dictionary", "sst-meta", "sst-layout", "sst-key-range", "checkpoint-id"];

/// Files by their path relative to the root.
type Tree = BTreeMap<String, Vec<u8>>;

#[test]
fn there_is_a_recipe_for_every_code() {
    let recipes = damage::recipes();
    let found = |code: &str| recipes.iter().any(|(_, recipe)| recipe.expected.code == code);
    for rule in rules::ALL {
        let by_reading = rule.level <= Level::Blocks && rule.severity != Severity::Unknown;
        let expected = by_reading && !ELSEWHERE.contains(&rule.code);
        assert_eq!(found(rule.code), expected, "{}", rule.code);
    }
    for (name, recipe) in &recipes {
        // State inside of the metadata is damaged in no way of its own.
        assert!(*name == recipe.expected.code || name == "inline-sst", "{name}");
        let levels = ["exists", "size", "footer", "blocks"];
        assert!(levels.contains(&&*recipe.expected.level), "{name}");
        assert!(recipe.what.len() > 20, "{name}");
    }
}

#[test]
fn every_recipe_changes_what_it_says_and_nothing_else() {
    parallel::map(&damage::recipes(), |(name, recipe)| {
        let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let whole = damage::prepare_whole(recipe, whole.path());
        let before = tree(&whole.root);
        let prepared = damage::prepare(recipe, broken.path());
        let after = tree(&prepared.root);
        assert!(prepared.checkpoint.join("_metadata").is_file(), "{name}");
        assert!(before.values().map(Vec::len).sum::<usize>() < 4 << 20, "{name} is large");
        check_whole(recipe, &before);
        check_fault(name, recipe, &before, &after);
    });
}

fn tree(root: &Path) -> Tree {
    let mut files = Tree::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

/// Without its fault the checkpoint is as Flink left it: every file has the content that the
/// oracle saw.
fn check_whole(recipe: &Recipe, before: &Tree) {
    let archive = archives::unpack(&recipe.archive);
    for (file, bytes) in before {
        assert_eq!(*bytes, fs::read(archive.root().join(file)).unwrap(), "{file}");
    }
    let oracle = archive.oracle().join(&recipe.checkpoint).join("_metadata.json");
    let oracle: serde_json::Value = serde_json::from_slice(&fs::read(oracle).unwrap()).unwrap();
    let referenced = oracle["referencedFiles"].as_array().unwrap();
    let path = |file: &serde_json::Value| file.as_str().unwrap().to_owned();
    let mut expected: Vec<String> = referenced.iter().map(path).collect();
    expected.push(format!("{}/_metadata", recipe.checkpoint));
    expected.sort();
    expected.dedup();
    assert_eq!(before.keys().cloned().collect::<Vec<_>>(), expected, "{}", recipe.archive);
}

fn check_fault(name: &str, recipe: &Recipe, before: &Tree, after: &Tree) {
    let changed: Vec<&String> = before.keys().chain(after.keys()).collect();
    let mut changed: Vec<&String> =
        changed.into_iter().filter(|file| before.get(*file) != after.get(*file)).collect();
    changed.sort();
    changed.dedup();
    let metadata = format!("{}/_metadata", recipe.checkpoint);
    let files = match &recipe.fault {
        Fault::Delete { file } => {
            assert!(!after.contains_key(file), "{name}");
            vec![file]
        }
        Fault::Truncate { file, length } => {
            let (was, is) = (&before[file], &after[file]);
            assert!(is.len() as u64 == *length && was.len() > is.len(), "{name}");
            assert!(was.starts_with(is), "{name}");
            vec![file]
        }
        Fault::Append { file, hex } => {
            let (was, is) = (&before[file], &after[file]);
            assert!(is.starts_with(was) && archives::hex(&is[was.len()..]) == *hex, "{name}");
            vec![file]
        }
        Fault::Flip { file, offset, bit } => {
            let found = differences(&before[file], &after[file]);
            assert!(
                matches!(found[..], [(at, bits)] if at == *offset && bits == 1 << bit),
                "{name}"
            );
            vec![file]
        }
        Fault::Set { file, offset, byte } => {
            let found = differences(&before[file], &after[file]);
            assert!(matches!(found[..], [(at, _)] if at == *offset), "{name}");
            assert_eq!(after[file][*offset], *byte, "{name}");
            vec![file]
        }
        Fault::Swap { a, b } => {
            assert!(before[a] == after[b] && before[b] == after[a], "{name}");
            assert_eq!(before[a].len(), before[b].len(), "{name}: only content can tell");
            vec![a, b]
        }
        Fault::Rename { .. }
        | Fault::Relative { .. }
        | Fault::Alias { .. }
        | Fault::Path { .. } => {
            check_metadata(name, &recipe.fault, &before[&metadata], &after[&metadata]);
            vec![&metadata]
        }
    };
    let mut files = files;
    files.sort();
    assert_eq!(changed, files, "{name}");
    let subject = &recipe.expected.subject;
    let beside = matches!(recipe.fault, Fault::Relative { .. } | Fault::Path { .. });
    assert_eq!(before.contains_key(subject), !beside, "{name}: {subject}");
}

/// Offsets of bytes that differ, and in which bits.
fn differences(was: &[u8], is: &[u8]) -> Vec<(usize, u8)> {
    assert_eq!(was.len(), is.len());
    let pairs = was.iter().zip(is).enumerate();
    pairs.filter(|(_, (a, b))| a != b).map(|(at, (a, b))| (at, a ^ b)).collect()
}

/// One line for each file of a database, in order: operator, subtask, local name, handle.
fn lines(metadata: &Metadata<'_>) -> Vec<(String, Option<i32>, String, String)> {
    let mut lines = Vec::new();
    let _ = walk::streams(metadata, |operator, subtask, used| {
        let name = used.local_name.map(|name| name.to_str().into_owned()).unwrap_or_default();
        let handle = match &used.handle {
            StreamHandle::File { size, path } => format!("file {} {size}", path.to_str()),
            StreamHandle::Relative { path, size } => format!("relative {} {size}", path.to_str()),
            other => format!("{other:?}"),
        };
        lines.push((operator.id.to_string(), subtask, name, handle));
        std::ops::ControlFlow::Continue(())
    });
    lines
}

/// One file of one database differs, in what the fault says.
fn check_metadata(name: &str, fault: &Fault, was: &[u8], is: &[u8]) {
    let was = lines(&Metadata::parse(was).unwrap());
    let is = lines(&Metadata::parse(is).unwrap());
    assert_eq!(was.len(), is.len(), "{name}");
    let changed: Vec<_> = was.iter().zip(&is).filter(|(was, is)| was != is).collect();
    let [(was_one, is_one)] = changed[..] else { panic!("{name}: {changed:?}") };
    let path = |handle: &str| handle.split(' ').nth(1).unwrap().to_owned();
    let size = |handle: &str| handle.rsplit(' ').next().unwrap().parse::<i64>().unwrap();
    match fault {
        Fault::Rename { operator, subtask, from, to } => {
            let expected = (operator.clone(), Some(*subtask), from.clone(), is_one.3.clone());
            assert_eq!((was_one, &is_one.2), (&expected, to), "{name}");
        }
        Fault::Relative { operator, subtask, local_name } => {
            assert_eq!(was_one.0, *operator);
            assert_eq!((was_one.1, &was_one.2), (Some(*subtask), local_name));
            assert_eq!(size(&was_one.3), size(&is_one.3));
            assert!(was_one.3.starts_with("file ") && is_one.3.starts_with("relative "));
            assert!(path(&was_one.3).ends_with(&format!("/shared/{}", path(&is_one.3))));
        }
        Fault::Path { operator, subtask, local_name, path: expected } => {
            assert_eq!((&was_one.0, was_one.1, &was_one.2), (operator, Some(*subtask), local_name));
            assert_eq!((&path(&is_one.3), size(&is_one.3)), (expected, size(&was_one.3)));
        }
        Fault::Alias { operator, subtask, local_name, of, size: expected } => {
            assert_eq!((&was_one.0, was_one.1, &was_one.2), (operator, Some(*subtask), local_name));
            let of = is.iter().find(|line| {
                (&line.0, line.1, &line.2) == (&of.operator, Some(of.subtask), &of.local_name)
            });
            assert_eq!(path(&of.unwrap().3), path(&is_one.3));
            assert_eq!(size(&is_one.3), *expected);
            assert_ne!(size(&of.unwrap().3), *expected);
        }
        _ => unreachable!("a fault of the metadata"),
    }
}
