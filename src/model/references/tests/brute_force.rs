//! Counts, referrers and what only one checkpoint holds, against sets of the world's table.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::references;
use super::worlds::Shared;
use super::worlds::What;
use super::worlds::World;
use super::worlds::any_world;
use crate::model::Location;

/// Checkpoint, operator, subtask and local name of a reference.
type Use = (u32, u8, i32, String);

/// What the table says of each file: its uses, and the bytes that are referred to.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    uses: Vec<Use>,
    bytes: BTreeSet<i64>,
    parts: BTreeMap<(i64, i64, String), Vec<Use>>,
}

fn path_of(path: &str) -> String {
    let path = path.strip_prefix("file:").unwrap_or(path);
    match path.strip_prefix("/cp/") {
        Some(below) => below.to_owned(),
        None => format!("file://{path}"),
    }
}

/// Shows every entry of a world with its checkpoint, operator and subtask.
fn entries(world: &World, mut visit: impl FnMut(Use, &Shared)) {
    for (checkpoint, operators) in (0..).zip(&world.checkpoints) {
        for (operator, subtasks) in (1..).zip(operators) {
            for (subtask, shared) in (0..).zip(subtasks) {
                for one in shared {
                    visit((checkpoint, operator, subtask, one.local_name.clone()), one);
                }
            }
        }
    }
}

fn expected(world: &World) -> (BTreeMap<String, Expected>, BTreeMap<String, Vec<Use>>) {
    let mut files: BTreeMap<String, Expected> = BTreeMap::new();
    let mut inline: BTreeMap<String, Vec<Use>> = BTreeMap::new();
    entries(world, |one, shared| match &shared.what {
        What::File { path, bytes } => {
            let file = files.entry(path_of(path)).or_default();
            file.bytes.extend(0..*bytes);
            file.uses.push(one);
        }
        What::Inline { path, .. } => inline.entry(path_of(path)).or_default().push(one),
        What::Segment { path, start, bytes, id } => {
            let file = files.entry(path_of(path)).or_default();
            file.bytes.extend(*start..start + bytes);
            file.uses.push(one.clone());
            file.parts.entry((*start, *bytes, id.clone())).or_default().push(one);
        }
    });
    for file in files.values_mut() {
        file.uses.sort();
        file.parts.values_mut().for_each(|uses| uses.sort());
    }
    inline.values_mut().for_each(|uses| uses.sort());
    (files, inline)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn references_are_what_set_arithmetic_says(world in any_world()) {
        let (references, base) = references(&world);
        let (files, inline) = expected(&world);
        let use_of = |one: crate::model::references::FileUse<'_>| {
            let subtask = one.subtask.unwrap_or(-1);
            (one.checkpoint, one.operator.0[0], subtask, one.local_name.unwrap_or_default())
        };
        let sorted = |mut uses: Vec<Use>| { uses.sort(); uses };

        let paths = references.paths(&base);
        let mut seen = BTreeMap::new();
        for file in references.files() {
            let parts = file.parts().map(|part| {
                let key = (part.start as i64, part.bytes as i64, part.logical_file_id());
                (key, sorted(references.uses(part.node).map(use_of).collect()))
            });
            let parts: BTreeMap<_, _> = parts.collect();
            let uses = sorted(file.uses().map(use_of).collect());
            let checkpoints: BTreeSet<u32> = uses.iter().map(|one| one.0).collect();
            prop_assert_eq!(file.checkpoints(), Vec::from_iter(checkpoints.clone()));
            let only = (checkpoints.len() == 1).then(|| *checkpoints.first().unwrap());
            prop_assert_eq!(file.only_checkpoint(), only);
            prop_assert_eq!(file.references(), uses.len() as u64);
            let expected = &files[&paths.of(file.node())];
            prop_assert_eq!(file.bytes(), Some(expected.bytes.len() as u64));
            let found = Expected { uses, parts, bytes: expected.bytes.clone() };
            prop_assert!(seen.insert(paths.of(file.node()), found).is_none(), "a file twice");
        }
        prop_assert_eq!(&seen, &files);

        let mut of_inline: BTreeMap<String, Vec<Use>> = BTreeMap::new();
        for checkpoint in 0..references.checkpoints() {
            for group in references.groups(checkpoint) {
                for node in references.nodes(group) {
                    prop_assert!(references.refers(checkpoint, node));
                    if references.kind(node) == crate::model::references::Kind::Inline {
                        let uses = sorted(references.uses(node).map(use_of).collect());
                        of_inline.insert(paths.of(node), uses);
                    }
                }
            }
        }
        prop_assert_eq!(&of_inline, &inline);
        order_is_that_of_paths(&references, &base)?;
        forward_and_backward_agree(&references)?;
    }
}

fn order_is_that_of_paths(
    references: &crate::model::references::References,
    base: &Location,
) -> Result<(), TestCaseError> {
    let shown = references.paths(base);
    let paths: Vec<String> = shown.sorted().into_iter().map(|node| shown.of(node)).collect();
    let dir = |path: &String| path.rsplit_once('/').map_or(String::new(), |(dir, _)| dir.into());
    let mut sorted = paths.clone();
    sorted.sort_by_key(|path| (dir(path), path.clone()));
    prop_assert_eq!(paths, sorted);
    Ok(())
}

fn forward_and_backward_agree(
    references: &crate::model::references::References,
) -> Result<(), TestCaseError> {
    let mut forward = Vec::new();
    for checkpoint in 0..references.checkpoints() {
        for group in references.groups(checkpoint) {
            let nodes = references.nodes(group);
            forward.extend(nodes.map(|node| (node, checkpoint, group.operator, group.subtask)));
        }
    }
    forward.sort();
    let mut backward = Vec::new();
    let mut nodes: Vec<_> = forward.iter().map(|(node, ..)| *node).collect();
    nodes.dedup();
    for node in nodes {
        let uses = references.uses(node);
        backward.extend(uses.map(|one| (node, one.checkpoint, one.operator, one.subtask)));
    }
    backward.sort();
    prop_assert_eq!(forward, backward);
    Ok(())
}
