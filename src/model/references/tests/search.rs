//! What is found elsewhere counts as if handles had named that place.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::worlds::Shared;
use super::worlds::What;
use super::worlds::World;
use super::worlds::any_world;
use super::*;
use crate::model::Location;

/// A file in a report: who uses it, bytes, bytes found, whether it is absent, its segments.
type Row = (Vec<String>, Option<u64>, Option<u64>, bool, Vec<String>);

fn at(text: &str) -> Location {
    Location::parse_flink(text).unwrap()
}

/// Where a file of `/elsewhere` is found, if it is one of those.
fn found(path: &str, wanted: u8) -> Option<String> {
    let name = path.strip_prefix("file:/elsewhere/")?;
    let chosen = wanted >> (name.bytes().map(usize::from).sum::<usize>() % 8) & 1 == 1;
    chosen.then(|| format!("file:/cp/found/{name}"))
}

/// The same world, whose handles name the places where files are found.
fn told(world: &World, wanted: u8) -> World {
    let tell = |one: &Shared| {
        let mut one = one.clone();
        if let What::File { path, .. } | What::Segment { path, .. } = &mut one.what
            && let Some(now) = found(path, wanted)
        {
            *path = now;
        }
        one
    };
    let subtask = |shared: &Vec<Shared>| shared.iter().map(tell).collect();
    let operator = |subtasks: &Vec<Vec<Shared>>| subtasks.iter().map(subtask).collect();
    let checkpoint = |operators: &Vec<_>| operators.iter().map(operator).collect();
    World { checkpoints: world.checkpoints.iter().map(checkpoint).collect() }
}

/// All files that lie there: of each, the size is that of its name.
fn listing(world: &World, wanted: u8) -> BTreeMap<String, u64> {
    let all = world.checkpoints.iter().flatten().flatten().flatten();
    let files = all.filter_map(|one| match &one.what {
        What::File { path, .. } | What::Segment { path, .. } => found(path, wanted),
        What::Inline { .. } => None,
    });
    let below = files.filter_map(|path| Some(path.strip_prefix("file:/cp/")?.to_owned()));
    below.map(|path| (path.clone(), path.len() as u64)).collect()
}

fn collected(world: &World) -> Builder {
    let mut builder = Builder::default();
    world.each(|metadata, places| {
        builder.add_all(metadata, places).unwrap();
    });
    builder
}

fn rows(references: &References) -> BTreeMap<String, Row> {
    let paths = references.paths(&at("/cp"));
    let uses = |node| {
        let mut uses: Vec<String> = references
            .uses(node)
            .map(|one| {
                let FileUse { checkpoint, operator, subtask, role, local_name, .. } = one;
                format!("{checkpoint} {operator} {subtask:?} {role:?} {local_name:?}")
            })
            .collect();
        uses.sort();
        uses
    };
    let row = |file: File<'_>| {
        let parts = file.parts().map(|part| {
            format!(
                "{} {} {} {:?}",
                part.start,
                part.bytes,
                part.logical_file_id(),
                uses(part.node)
            )
        });
        let parts = parts.collect();
        (uses(file.node()), file.bytes(), file.found_bytes(), file.is_absent(), parts)
    };
    references.files().map(|file| (paths.of(file.node()), row(file))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_found_elsewhere_counts_there(
        world in any_world(),
        wanted in any::<u8>(),
        was_listed in any::<bool>(),
    ) {
        let listing = listing(&world, wanted);
        let list = |builder: &mut Builder| {
            for (path, size) in &listing {
                builder.listed(&at("/cp"), path, Some(*size), None);
            }
        };
        let mut builder = collected(&world);
        if was_listed {
            list(&mut builder);
        }
        for missed in builder.missed(|_| true) {
            for file in missed.files {
                let name = builder.name_of(file);
                // A name with an escape is a directory by itself.
                let place = builder.directory(missed.directory).unwrap().clone();
                let place = match place.relative_to(&at("/elsewhere")) {
                    Some(below) => at("/cp/found").join(below),
                    None => place,
                };
                let size = listing.get(place.join(&name).relative_to(&at("/cp")).unwrap_or_default());
                match size {
                    None => builder.absent([file]),
                    Some(_) if was_listed => prop_assert!(builder.meet(file, &place)),
                    Some(size) => builder.found(file, &place, Some((Some(*size), None))),
                }
            }
        }

        let mut expected = collected(&told(&world, wanted));
        list(&mut expected);
        for missed in expected.missed(|_| true) {
            expected.absent(missed.files);
        }
        prop_assert_eq!(rows(&builder.finish()), rows(&expected.finish()));
    }
}

#[test]
fn names_stay_with_the_references_that_move() {
    let file = |path: &str, local_name: &str| Shared::at(path, local_name);
    let world = World::of(&[
        &[file("file:/elsewhere/a", "000007.sst"), file("file:/elsewhere/a", "000008.sst")],
        &[file("file:/cp/found/a", "000009.sst")],
    ]);
    let mut builder = collected(&world);
    builder.listed(&at("/cp"), "found/a", Some(1), None);
    let [missed] = &builder.missed(|_| true)[..] else { panic!("one directory") };
    assert_eq!(missed.at.now(), Some(&at("/elsewhere")));
    assert!(!builder.meet(missed.files[0], &at("/cp/nowhere")));
    assert!(builder.meet(missed.files[0], &at("/cp/found")));
    assert!(builder.missed(|_| true).is_empty());
    let references = builder.finish();
    let [file] = references.files().collect::<Vec<_>>()[..] else { panic!("one file") };
    let mut names: Vec<_> = file.uses().filter_map(|one| one.local_name).collect();
    names.sort();
    assert_eq!(names, ["000007.sst", "000008.sst", "000009.sst"]);
}
