//! Kept, added and dropped against set arithmetic on the world's table; compactions and rescaled
//! operators by hand.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::catalog::heads::Heads;
use crate::format::flink::list::List;
use crate::format::flink::metadata::Metadata;
use crate::model::Location;
use crate::model::references::tests::worlds::Shared;
use crate::model::references::tests::worlds::What;
use crate::model::references::tests::worlds::World;
use crate::model::references::tests::worlds::any_world;

/// The facts about the first two checkpoints of a world.
fn compare(world: &World) -> Facts {
    let heads = Heads::default();
    let mut both = Vec::new();
    world.each(|metadata, places| both.push((metadata.clone(), places.clone())));
    let [(a, a_places), (b, b_places), ..] = both.as_slice() else { panic!("two checkpoints") };
    let from = Survey { metadata: a, places: a_places, heads: &heads };
    let to = Survey { metadata: b, places: b_places, heads: &heads };
    diff(from, to, None).unwrap()
}

/// Bytes of files by path, and inline state by path.
#[derive(Debug, Default, Clone, PartialEq)]
struct Side {
    files: BTreeMap<String, BTreeSet<i64>>,
    inline: BTreeMap<String, u64>,
}

impl Side {
    fn add(&mut self, shared: &Shared) {
        match &shared.what {
            What::File { path, bytes } => {
                self.files.entry(plain(path)).or_default().extend(0..*bytes);
            }
            What::Segment { path, start, bytes, .. } => {
                self.files.entry(plain(path)).or_default().extend(*start..start + bytes);
            }
            What::Inline { path, bytes } => drop(self.inline.insert(plain(path), *bytes as u64)),
        }
    }

    fn of<'w>(shared: impl Iterator<Item = &'w Shared>) -> Side {
        let mut side = Side::default();
        shared.for_each(|shared| side.add(shared));
        side
    }
}

/// Spellings of one path are one.
fn plain(path: &str) -> String {
    path.strip_prefix("file:").unwrap_or(path).to_owned()
}

/// Kept, added, dropped: paths and bytes; then the same of inline state: how many.
type Expected = [(BTreeSet<String>, u64); 3];

fn expected(from: &Side, to: &Side) -> (Expected, [usize; 3]) {
    let (a, b) = (&from.files, &to.files);
    let bytes = |side: &BTreeMap<String, BTreeSet<i64>>| -> BTreeSet<(String, i64)> {
        let all = side.iter().flat_map(|(path, bytes)| bytes.iter().map(|b| (path.clone(), *b)));
        all.collect()
    };
    let (x, y) = (bytes(a), bytes(b));
    let keys = |side: &BTreeMap<String, BTreeSet<i64>>| -> BTreeSet<String> {
        side.keys().cloned().collect()
    };
    let (p, q) = (keys(a), keys(b));
    let files = [
        (&p & &q, (&x & &y).len() as u64),
        (&q - &p, (&y - &x).len() as u64),
        (&p - &q, (&x - &y).len() as u64),
    ];
    let inline = |side: &Side| -> BTreeSet<String> { side.inline.keys().cloned().collect() };
    let (p, q) = (inline(from), inline(to));
    (files, [(&p & &q).len(), (&q - &p).len(), (&p - &q).len()])
}

fn found(facts: &Facts, parts: &Parts) -> (Expected, [usize; 3]) {
    let paths = facts.references.paths(&Location::parse_flink("/").unwrap());
    let part = |part: &Part| {
        let paths: BTreeSet<String> =
            part.files.iter().map(|node| format!("/{}", paths.of(*node))).collect();
        assert_eq!(paths.len(), part.files.len(), "a file twice");
        (paths, part.bytes.unwrap())
    };
    let Parts { kept, added, dropped, inline } = parts;
    let handles = [inline.kept, inline.added, inline.dropped].map(|part| part.handles as usize);
    ([part(kept), part(added), part(dropped)], handles)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn parts_are_what_set_arithmetic_says(world in any_world()) {
        prop_assume!(world.checkpoints.len() >= 2);
        let facts = compare(&world);
        let [a, b] = [0, 1].map(|n| &world.checkpoints[n]);
        let all = |operators: &[Vec<Vec<Shared>>]| Side::of(operators.iter().flatten().flatten());
        prop_assert_eq!(found(&facts, &facts.totals), expected(&all(a), &all(b)));
        let operators = a.len().max(b.len());
        prop_assert_eq!(facts.operators.len(), operators);
        for (at, operator) in facts.operators.iter().enumerate() {
            let side = |side: &Vec<Vec<Vec<Shared>>>| {
                side.get(at).map_or_else(Side::default, |of| Side::of(of.iter().flatten()))
            };
            prop_assert_eq!(found(&facts, &operator.parts), expected(&side(a), &side(b)));
            let change = match (a.get(at), b.get(at)) {
                (None, _) => OperatorChange::Added,
                (_, None) => OperatorChange::Removed,
                _ => OperatorChange::Same,
            };
            prop_assert_eq!(operator.change, change);
            for subtask in &operator.subtasks {
                let index = usize::try_from(subtask.index.unwrap()).unwrap();
                let side = |side: &Vec<Vec<Vec<Shared>>>| {
                    let of = side.get(at).and_then(|of| of.get(index));
                    of.map_or_else(Side::default, |of| Side::of(of.iter()))
                };
                prop_assert_eq!(found(&facts, &subtask.parts), expected(&side(a), &side(b)));
            }
        }
        let same = expected(&all(a), &all(b)) == expected(&all(b), &all(b));
        prop_assert_eq!(facts.totals.is_same(), same && all(a) == all(b));
    }

    #[test]
    fn a_checkpoint_does_not_differ_from_itself(world in any_world()) {
        prop_assume!(!world.checkpoints.is_empty());
        let first = world.checkpoints[0].clone();
        let facts = compare(&World { checkpoints: vec![first.clone(), first] });
        prop_assert!(!facts.is_different());
        prop_assert!(facts.operators.iter().all(|operator| operator.compactions.is_empty()));
        prop_assert_eq!(facts.growth().map(|growth| growth.bytes), Some(0));
    }
}

fn sst(number: u32) -> Shared {
    Shared::file(&format!("file-{number}"), &format!("{number:06}.sst"))
}

fn names(ssts: &Ssts) -> Vec<&str> {
    ssts.local_names.iter().map(String::as_str).collect()
}

#[test]
fn what_gave_way_to_newer_files_was_compacted() {
    let world = World::of(&[
        &[sst(8), sst(9), sst(12), Shared::file("m", "MANIFEST-000004")],
        &[sst(12), sst(15), sst(16), Shared::file("n", "MANIFEST-000004")],
    ]);
    let facts = compare(&world);
    let [compaction] = facts.operators[0].compactions.as_slice() else { panic!("one database") };
    assert_eq!(names(&compaction.replaced), ["000008.sst", "000009.sst"]);
    assert_eq!(names(&compaction.by), ["000015.sst", "000016.sst"]);
    assert_eq!((compaction.subtask, compaction.replaced.bytes), (Some(0), Some(2)));
}

#[test]
fn growth_alone_and_a_second_upload_are_no_compactions() {
    let grown = World::of(&[&[sst(8)], &[sst(8), sst(9)]]);
    assert!(compare(&grown).operators[0].compactions.is_empty());
    let again = Shared::file("other", "000008.sst");
    let uploaded_again = World::of(&[&[sst(8)], &[again]]);
    let facts = compare(&uploaded_again);
    assert!(facts.operators[0].compactions.is_empty());
    assert_eq!(facts.totals.added.files.len(), 1);
}

#[test]
fn nothing_was_compacted_where_nothing_is_newer() {
    let older: &[Shared] = &[sst(8), sst(9), sst(12)];
    let newer: &[Shared] = &[sst(12), sst(15), sst(16)];
    let compactions = |from, to| {
        let facts = compare(&World::of(&[from, to]));
        facts.operators[0].compactions.len()
    };
    assert_eq!(compactions(older, newer), 1);
    assert_eq!(compactions(newer, older), 0, "a database does not go back");
    assert_eq!(compactions(older, &older[..1]), 0, "the others were deleted, or not there yet");
    assert_eq!(compactions(&older[1..], &[]), 0);
    // Of a fork of the database: higher numbers are not made of those that it never had.
    assert_eq!(compactions(&[sst(8), sst(30)], &[sst(8), sst(20)]), 0);
}

/// One checkpoint, and the same after both were edited.
fn compare_edited(
    from: impl Fn(&mut OperatorState<'_>),
    to: impl Fn(&mut OperatorState<'_>),
) -> Facts {
    let world = World::of(&[&[sst(8)]]);
    let heads = Heads::default();
    let mut facts = None;
    world.each(|metadata, places| {
        let edited = |edit: &dyn Fn(&mut OperatorState<'_>)| {
            let mut operators: Vec<OperatorState<'_>> = metadata.operators.iter().collect();
            operators.iter_mut().for_each(edit);
            Metadata { operators: operators.into(), ..metadata.clone() }
        };
        let (a, b) = (edited(&from), edited(&to));
        let from = Survey { metadata: &a, places, heads: &heads };
        let to = Survey { metadata: &b, places, heads: &heads };
        facts = Some(diff(from, to, None).unwrap());
    });
    facts.unwrap()
}

fn coordinator(data: &'static [u8]) -> impl Fn(&mut OperatorState<'_>) {
    let handle = StreamHandle::Inline { name: "always the same".into(), data };
    move |operator| operator.coordinator = Some(handle.clone())
}

#[test]
fn coordinators_are_compared_by_their_content() {
    let inline = |facts: &Facts| {
        let Inline { kept, added, dropped } = facts.totals.inline;
        [kept, added, dropped].map(|part| (part.handles, part.bytes))
    };
    let nothing = (0, 0);
    let same = compare_edited(coordinator(b"abc"), coordinator(b"abc"));
    assert!(!same.is_different());
    assert_eq!(inline(&same), [(1, 3), nothing, nothing]);
    let flipped = compare_edited(coordinator(b"abc"), coordinator(b"abd"));
    assert!(flipped.is_different());
    assert_eq!(inline(&flipped), [nothing, (1, 3), (1, 3)]);
    let enlarged = compare_edited(coordinator(b"abc"), coordinator(b"abcd"));
    assert!(enlarged.is_different());
    let came = compare_edited(|_| {}, coordinator(b"abc"));
    assert_eq!(inline(&came), [nothing, (1, 3), nothing]);
    let of_it = &came.operators[0];
    assert_eq!(of_it.parts.inline, came.totals.inline);
    assert_eq!((of_it.subtasks[0].index, of_it.subtasks[0].parts.inline.added.bytes), (None, 3));
}

#[test]
fn what_finished_meanwhile_differs() {
    let finished = |operator: &mut OperatorState<'_>| operator.subtasks = None;
    let no_state = |operator: &mut OperatorState<'_>| operator.subtasks = Some(List::default());
    let one = |operator: &mut OperatorState<'_>| {
        operator.subtasks = Some(vec![Subtask::Finished { index: 1 }].into());
    };
    assert!(!compare_edited(no_state, no_state).is_different());
    assert!(!compare_edited(finished, finished).is_different());
    assert!(compare_edited(no_state, finished).is_different());
    let facts = compare_edited(no_state, one);
    assert!(facts.is_different());
    let [subtask] = facts.operators[0].subtasks.as_slice() else { panic!("one subtask") };
    assert_eq!(subtask.finished, Pair { from: false, to: true });
}
