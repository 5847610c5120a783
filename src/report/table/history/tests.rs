//! The picture of small jobs, and of ones too large for the terminal.

use proptest::prelude::*;

use super::*;
use crate::model::references::tests::worlds::Shared;
use crate::model::references::tests::worlds::World;
use crate::model::references::tests::worlds::any_world;
use crate::ops::inspect::tree::tests::facts_of;

#[test]
fn bars_grow_with_the_values() {
    let values = [Some(0), Some(1), Some(50), Some(100), None];
    assert_eq!(sparkline(&values), "▁▂▅█?");
    assert_eq!(sparkline(&[Some(0), Some(0)]), "▁▁");
    assert_eq!(sparkline(&[Some(u64::MAX), Some(u64::MAX / 2)]), "█▅");
    assert_eq!(sparkline(&[]), "");
}

/// The picture of a world, line by line.
fn lines(world: &World, width: Option<usize>) -> Vec<String> {
    let facts = facts_of(world);
    let mut out = Vec::new();
    picture(&facts, &History::of(&facts), width, &mut out).unwrap();
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

/// Four checkpoints: 1, 2 and 3 are compacted into "1,2,3", then 4 and 5 into "4,5,6".
#[test]
fn the_picture_of_the_example() {
    let names: [&[(&str, u32)]; 4] = [
        &[("1", 1), ("2", 2)],
        &[("1", 1), ("2", 2), ("3", 3), ("4", 4)],
        &[("1,2,3", 6), ("4", 4), ("5", 5)],
        &[("1,2,3", 6), ("4,5,6", 8)],
    ];
    let shared = |names: &&[(&str, u32)]| {
        let shared = names.iter().map(|(name, n)| Shared::file(name, &format!("{n:06}.sst")));
        shared.collect::<Vec<_>>()
    };
    let checkpoints: Vec<Vec<Shared>> = names.iter().map(shared).collect();
    let checkpoints: Vec<&[Shared]> = checkpoints.iter().map(Vec::as_slice).collect();
    let expected = "
History of 4 checkpoints, 1 to 4
  full size  ▅█▇▅  from 2 B to 2 B, at most 4 B
  new bytes  ????  not recorded
  o in the oldest   + new   = reused   - gone   . not there

01010101010101010101010101010101, subtask 0, key groups 0 to 0
  FILE              SIZE  IN        1 2 3 4  COUNT
  000001.sst         1 B  shared    o = - .      2
  000002.sst         1 B  shared    o = - .      2
  000003.sst         1 B  shared    . + - .      1
  000004.sst         1 B  shared    . + = -      2
  000005.sst         1 B  shared    . . + -      1
  000006.sst         1 B  shared    . . + =      2
  000008.sst         1 B  shared    . . . +      1";
    assert_eq!(lines(&World::of(&checkpoints), None).join("\n"), expected);
}

/// Checkpoints of one operator with 3 files and one with 600, of which half are replaced.
fn large() -> World {
    let files = |range: std::ops::Range<u32>| {
        let file = |n| Shared::file(&format!("{n}"), &format!("{n:06}.sst"));
        range.map(file).collect::<Vec<_>>()
    };
    let checkpoint = |n: u32| vec![vec![files(0..3)], vec![files(n * 300..n * 300 + 600)]];
    World { checkpoints: (0..40).map(checkpoint).collect() }
}

#[test]
fn an_operator_with_thousands_of_files_is_folded_and_the_others_are_not() {
    let lines = lines(&large(), None);
    assert!(lines.len() < 30, "{} lines", lines.len());
    let small = "01010101010101010101010101010101, subtask 0, key groups 0 to 0";
    assert!(lines.iter().any(|line| line == small));
    assert!(lines.iter().any(|line| line.starts_with("  000002.sst")));
    let large = "02".repeat(16);
    let head = format!("{large}, 1 subtask, 12,300 files; --operator {large} shows each");
    let at = lines.iter().position(|line| *line == head).unwrap();
    let rows = [("in oldest", "600"), ("new", "-"), ("reused", "-"), ("gone", "-")];
    let later = [("in oldest", "-"), ("new", "300"), ("reused", "300"), ("gone", "300")];
    for (row, (first, later)) in lines[at + 2..].iter().zip(rows.into_iter().zip(later)) {
        let cells: Vec<&str> = row.split_whitespace().rev().collect();
        assert!(row.starts_with(&format!("  {}", first.0)), "{row}");
        assert_eq!((cells[39], cells[0], cells[38]), (first.1, later.1, later.1), "{row}");
    }
}

#[test]
fn nothing_is_wider_than_the_terminal() {
    let east = Shared::at("file:/cp/状態/大きさ", "とても長い名前のファイル.sst");
    let many = World::of(&vec![&[east][..]; 50]);
    for world in [large(), many] {
        for columns in [1, 2, 3, 5, 8, 13, 21, 34, 40, 55, 80, 120, 400] {
            for line in lines(&world, Some(columns)) {
                assert!(text::width(&line) <= columns, "{columns}: {line}");
            }
        }
    }
}

proptest! {
    #[test]
    fn nor_is_any_other_picture(world in any_world(), columns in 1..100_usize) {
        for line in lines(&world, Some(columns)) {
            prop_assert!(text::width(&line) <= columns, "{}", line);
        }
    }
}

#[test]
fn the_newest_columns_are_kept() {
    let ids: Vec<String> = (8..13).map(|id: u32| id.to_string()).collect();
    let cells = || (0..5).map(|n| n.to_string());
    let all = Columns::fitting(&ids, 1, 10, None);
    assert_eq!(
        (all.head().as_str(), all.line(cells()).as_str()),
        (" 8 9 10 11 12", " 0 1  2  3  4")
    );
    let some = Columns::fitting(&ids, 1, 10, Some(18));
    assert_eq!((some.head().as_str(), some.line(cells()).as_str()), ("…11 12", "  3  4"));
    assert_eq!(Columns::fitting(&ids, 1, 10, Some(4)).head(), "");
}

/// Checkpoints of one subtask, each with two files and one of the one before.
fn long() -> World {
    let name = |n: u32| Shared::file(&format!("{n}"), &format!("{n:06}.sst"));
    let checkpoint = |n: u32| vec![vec![vec![name(n), name(n + 1)]]];
    World { checkpoints: (100..140).map(checkpoint).collect() }
}

#[test]
fn forty_columns_have_marks_and_whole_headers() {
    let lines = lines(&long(), Some(40));
    assert!(lines.iter().all(|line| !line.ends_with('…')), "{lines:#?}");
    let at = lines.iter().position(|line| line.starts_with("  FILE")).unwrap();
    assert_eq!(lines[at], "  FILE        …35 36 37 38 39 40  COUNT");
    assert_eq!(lines[at + 1], "  000133.sst    -  .  .  .  .  .      2");
    assert_eq!(lines[at + 8], "  000140.sst    .  .  .  .  .  +      1");
    assert_eq!(lines[at + 9], "  and 33 files only in older checkpoints");
    assert_eq!(lines.len(), at + 10);
}

#[test]
fn a_job_whose_checkpoints_share_nothing() {
    let world = World::of(&[&[], &[]]);
    let lines = lines(&world, None);
    assert_eq!(lines.last().unwrap(), "  No shared files: each checkpoint has all of its own.");
    assert!(!lines.iter().any(|line| line.contains("in the oldest")), "{lines:#?}");
}

#[test]
fn words_are_wrapped_and_not_cut() {
    let mut out = Vec::new();
    wrapped(&["one", "two", "three"], ", ", Some(10), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "  one, two\n  three\n");
}
