//! References against a count by hand, against set arithmetic, and against their limits.

mod brute_force;
mod registry;
mod search;
mod space;
mod walk_through;
pub(crate) mod worlds;

use super::*;
use crate::model::Location;
use worlds::Shared;
use worlds::What;
use worlds::World;

pub(crate) const JOB: &str = "29fd738c29badb5a3c185b2ab2bbb63a";

/// The references of a world, and where its checkpoints lie.
fn references(world: &World) -> (References, Location) {
    let mut builder = Builder::default();
    world.each(|metadata, places| {
        builder.add_all(metadata, places).unwrap();
    });
    (builder.finish(), Location::parse_flink("/cp").unwrap())
}

#[test]
fn a_file_that_is_known_by_two_names_keeps_both() {
    let file = |local_name: &str| Shared::file("a", local_name);
    let world = World::of(&[
        &[file("000007.sst"), file("000009.sst"), file("000007.sst")],
        &[file("000009.sst")],
    ]);
    let (references, _) = references(&world);
    let [file] = references.files().collect::<Vec<_>>()[..] else { panic!("one file") };
    let names = |checkpoint| {
        let uses = file.uses().filter(move |one| one.checkpoint == checkpoint);
        let mut names: Vec<_> = uses.filter_map(|one| one.local_name).collect();
        names.sort();
        names
    };
    assert_eq!(names(0), ["000007.sst", "000007.sst", "000009.sst"]);
    assert_eq!(names(1), ["000009.sst"]);
    assert_eq!((file.references(), file.checkpoints()), (4, vec![0, 1]));
}

#[test]
fn spellings_moves_and_listings_meet_in_one_file() {
    let world = World::of(&[
        &[Shared::at("file:/cp/shared/q%20e/a", "000001.sst")],
        &[Shared::at("file:///cp//shared/q e/a", "000001.sst")],
    ]);
    let mut builder = Builder::default();
    let root = Location::parse_flink("/cp").unwrap();
    let time = Some(jiff::Timestamp::from_second(1_767_323_045).unwrap());
    builder.listed(&root, "shared/q e/a", Some(11), time);
    builder.listed(&root, "shared/orphan", Some(5), None);
    world.each(|metadata, places| {
        builder.add_all(metadata, places).unwrap();
    });
    let references = builder.finish();
    let shown = |file: File<'_>| {
        (
            references.paths(&root).of(file.node()),
            file.found_bytes(),
            file.modified().is_some(),
            file.references(),
        )
    };
    let files: Vec<_> = references
        .paths(&root)
        .sorted()
        .into_iter()
        .filter_map(|node| references.file(node))
        .map(shown)
        .collect();
    let expected = [
        ("shared/orphan".to_owned(), Some(5), false, 0),
        ("shared/q e/a".to_owned(), Some(11), true, 2),
    ];
    assert_eq!(files, expected);
}

#[test]
fn a_percent_sign_in_a_name_does_not_part_a_file_from_its_listing() {
    let world = World::of(&[&[Shared::at("file:/cp/shared/a%41", "000001.sst")]]);
    let mut builder = Builder::default();
    let root = Location::parse_flink("/cp").unwrap();
    builder.listed(&root, "shared/a%41", Some(11), None);
    world.each(|metadata, places| {
        builder.add_all(metadata, places).unwrap();
    });
    let references = builder.finish();
    assert_eq!(references.files().count(), 1);
    assert_eq!(references.files().next().unwrap().found_bytes(), Some(11));
}

#[test]
fn each_checkpoint_keeps_the_size_that_it_gives_to_a_file() {
    let file = |bytes| Shared {
        what: What::File { path: "file:/cp/shared/a".into(), bytes },
        local_name: "000001.sst".into(),
    };
    let world = World::of(&[&[file(7)], &[file(7)], &[file(9)], &[file(7)], &[file(5)]]);
    let (references, _) = references(&world);
    let [file] = references.files().collect::<Vec<_>>()[..] else { panic!("one file") };
    assert_eq!((file.bytes(), file.end()), (Some(9), 9));
    assert_eq!([0, 1, 2, 3, 4, 5].map(|checkpoint| file.end_in(checkpoint)), [7, 7, 9, 7, 5, 0]);
    let disagreements: Vec<_> = references.disagreements().collect();
    assert_eq!(disagreements, [(file.node(), 7, 2, 9)]);
}

#[test]
fn a_merged_file_must_be_as_long_as_its_last_segment() {
    let world = World::of(&[
        &[Shared::segment("m", 0, 10, "x")],
        &[Shared::segment("m", 0, 10, "x"), Shared::segment("m", 50, 20, "y")],
    ]);
    let (references, _) = references(&world);
    let file = references.files().next().unwrap();
    assert_eq!((file.end(), file.end_in(0), file.end_in(1)), (70, 10, 70));
    assert_eq!(references.disagreements().count(), 0);
}

#[test]
fn segments_count_each_byte_of_their_file_once() {
    let world = World::of(&[
        &[Shared::segment("m", 0, 10, "x"), Shared::segment("m", 10, 20, "y")],
        &[Shared::segment("m", 10, 20, "y"), Shared::segment("m", 25, 10, "z")],
    ]);
    let (references, root) = references(&world);
    let [file] = references.files().collect::<Vec<_>>()[..] else { panic!("one file") };
    assert_eq!(references.paths(&root).of(file.node()), format!("{JOB}/shared/m"));
    assert_eq!(file.class(), Some("SegmentFileStateHandle"));
    assert_eq!((file.bytes(), file.references()), (Some(35), 4));
    let parts: Vec<_> = file
        .parts()
        .map(|part| {
            let checkpoints: Vec<u32> = references.checkpoints_of(part.node).collect();
            (part.start, part.bytes, part.logical_file_id(), checkpoints)
        })
        .collect();
    let expected = [
        (0, 10, "x".to_owned(), vec![0]),
        (10, 20, "y".to_owned(), vec![0, 1]),
        (25, 10, "z".to_owned(), vec![1]),
    ];
    assert_eq!(parts, expected);
    assert_eq!((file.only_checkpoint(), file.checkpoints()), (None, vec![0, 1]));
}
