//! The example everything rests on: four checkpoints of which two are retained, counted after
//! every step, and what is deleted at the end.

use std::collections::BTreeMap;

use super::Shared;
use super::World;
use super::references;

/// What each checkpoint refers to; `1,2,3` is what compaction made of 1, 2 and 3.
const CHECKPOINTS: [&[&str]; 4] =
    [&["1", "2"], &["1", "2", "3", "4"], &["1,2,3", "4", "5"], &["1,2,3", "4,5,6"]];

/// How many of these checkpoints refer to each file.
fn counts(retained: std::ops::RangeInclusive<usize>) -> BTreeMap<String, usize> {
    let shared = |names: &&[&str]| names.iter().map(|name| Shared::file(name, "")).collect();
    let checkpoints: Vec<Vec<Shared>> =
        CHECKPOINTS.iter().take(*retained.end()).skip(retained.start() - 1).map(shared).collect();
    let checkpoints: Vec<&[Shared]> = checkpoints.iter().map(Vec::as_slice).collect();
    let (references, _) = references(&World::of(&checkpoints));
    references.files().map(|file| (file.name(), file.checkpoints().len())).collect()
}

fn table(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn counts_after_every_step() {
    assert_eq!(counts(1..=1), table(&[("1", 1), ("2", 1)]));
    assert_eq!(counts(1..=2), table(&[("1", 2), ("2", 2), ("3", 1), ("4", 1)]));
    // chk-1 is dropped.
    let third = [("1", 1), ("2", 1), ("3", 1), ("4", 2), ("5", 1), ("1,2,3", 1)];
    assert_eq!(counts(2..=3), table(&third));
    // chk-2 is dropped.
    let fourth = [("1,2,3", 2), ("4,5,6", 1), ("4", 1), ("5", 1)];
    assert_eq!(counts(3..=4), table(&fourth));
}

#[test]
fn what_reaches_zero_at_the_end_is_what_only_the_dropped_checkpoint_held() {
    let shared = |names: &&[&str]| names.iter().map(|name| Shared::file(name, "")).collect();
    let checkpoints: Vec<Vec<Shared>> = CHECKPOINTS.iter().map(shared).collect();
    let freed = |all: &[Vec<Shared>]| {
        let all: Vec<&[Shared]> = all.iter().map(Vec::as_slice).collect();
        let (references, _) = references(&World::of(&all));
        let only = references.files().filter(|file| file.only_checkpoint() == Some(0));
        let mut names: Vec<String> = only.map(|file| file.name()).collect();
        names.sort();
        names
    };
    // After chk-3 the first is dropped: all it has is needed by the second.
    assert_eq!(freed(&checkpoints[..3]), [""; 0]);
    // After chk-4 the second is dropped, and 1, 2 and 3 reach zero.
    assert_eq!(freed(&checkpoints[1..]), ["1", "2", "3"]);
}
