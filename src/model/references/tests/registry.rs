//! Keys of the shared state registry. The expected ones are what Flink 2.3.0 and 1.16.2 answered;
//! `tests/interop/run` asks them again, about every fixture.

use super::super::registry::Conflict;
use super::super::registry::conflicts;
use super::super::registry::java_uri;
use super::super::registry::keys;
use super::super::registry::name_uuid;
use super::*;
use crate::format::flink::list::Layout;
use crate::format::flink::list::List;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::stream::StreamHandle;
use crate::model::layout::Home;
use crate::model::places::Places;
use crate::model::rebase::Rebasing;
use crate::model::release::Releases;
use crate::model::walk::Use;

/// The releases that write a file of a version of the metadata format.
fn releases(version: i32) -> Releases {
    Releases::of(&Metadata {
        layout: Layout::new(version),
        checkpoint_id: 1,
        master_states: List::default(),
        operators: List::default(),
        trailer: None,
        trailing: None,
    })
}

#[test]
fn places_are_written_as_java_does_before_they_are_hashed() {
    for (path, uri, key) in [
        ("file:/tmp/a", "file:/tmp/a", "a2340cc9-e261-3506-a0eb-f80c3d1f4e41"),
        ("s3://bucket/ü/é 日本", "s3://bucket/ü/é%20日本", "9f7dede3-eaa2-367a-b058-eeb651447383"),
        (
            "hdfs://nn:8020/a%41/b#c?d=e",
            "hdfs://nn:8020/a%2541/b%23c%3Fd=e",
            "a6708cde-8170-3f0a-90fc-80b001d408eb",
        ),
        (
            "oss://b/[x]{y}|z^`\"<>",
            "oss://b/%5Bx%5D%7By%7D%7Cz%5E%60%22%3C%3E",
            "dc58f487-9835-3c9d-9f48-4131533f8908",
        ),
        (
            "abfss://c@acc.dfs.core.windows.net/a;b=c,d+e&f@g:h",
            "abfss://c@acc.dfs.core.windows.net/a;b=c,d+e&f@g:h",
            "cc82cc5e-4131-356f-a400-a439a9966995",
        ),
        (
            "s3a://b/\u{a0}nbsp\u{2028}ls\u{85}nel\u{200b}zw\u{7f}del\u{1f600}",
            "s3a://b/%C2%A0nbsp%E2%80%A8ls%C2%85nel\u{200b}zw%7Fdel\u{1f600}",
            "",
        ),
        ("gs://b/e\u{301}", "gs://b/e\u{301}", "fb295391-2b6f-3408-a0a8-397406b6a506"),
    ] {
        let place = Location::parse_flink(path).unwrap();
        assert_eq!(java_uri(&place), uri);
        assert!(key.is_empty() || name_uuid(uri) == key, "{uri}");
    }
}

#[test]
fn a_file_has_the_keys_of_the_releases_that_may_have_written_its_checkpoint() {
    let world = World::of(&[&[Shared::file("a", "000012.sst")]]);
    let (references, _) = references(&world);
    let file = references.files().next().unwrap();
    let keys = |version: Option<i32>| keys(&references, &file, |_| version.map(releases));
    let by_place = name_uuid(&format!("file:/cp/{JOB}/shared/a"));
    let by_name = "12345678-9abc-4def-8123-456789abcdef\
                   -KeyGroupRange{startKeyGroup=0, endKeyGroup=0}-000012.sst";
    assert!(keys(None).is_empty(), "a savepoint registers nothing");
    assert!(keys(Some(3)).iter().eq([by_name]));
    assert!(keys(Some(4)).iter().eq([by_name, &by_place]));
    assert!(keys(Some(5)).iter().eq([&by_place]));
}

/// `ChangelogStateHandleStreamImpl` of 1.14 and 1.16 takes `getFilePath().toString()`.
#[test]
fn changelog_files_were_registered_by_their_paths_without_escapes() {
    let home = Home::of(Location::parse_flink("/cp/chk-1/_metadata").unwrap(), false);
    let places = Places::new(home, Rebasing::default());
    let handle = StreamHandle::File { size: 1, path: "file:/cp/a b/[x]".into() };
    let mut builder = Builder::default();
    let mut adding = builder.begin(&places).unwrap();
    let stream = Use { handle, role: Role::Changelog, local_name: None, database: None };
    assert!(builder.add(&mut adding, OperatorId([1; 16]), Some(0), stream).is_continue());
    builder.end(adding).unwrap();
    let references = builder.finish();
    let file = references.files().next().unwrap();
    let keys = |version| keys(&references, &file, |_| Some(releases(version)));
    assert!(keys(3).iter().eq(["file:/cp/a b/[x]"]));
    assert!(keys(5).iter().eq([&name_uuid("file:/cp/a%20b/%5Bx%5D")]));
}

#[test]
fn a_segment_is_registered_by_its_logical_file_id_and_its_file_is_not() {
    let world = World::of(&[&[Shared::segment("m", 0, 10, "x"), Shared::segment("m", 10, 5, "y")]]);
    let (references, _) = references(&world);
    let file = references.files().next().unwrap();
    let expected = std::collections::BTreeSet::from(["x", "y"].map(name_uuid));
    assert_eq!(keys(&references, &file, |_| Some(releases(6))), expected);
}

#[test]
fn two_files_under_one_old_key_are_found() {
    let [a, b, c] = ["a", "b", "c"];
    let world = World::of(&[
        &[Shared::file(a, "000012.sst"), Shared::file(c, "000013.sst")],
        &[Shared::file(b, "000012.sst"), Shared::file(c, "000013.sst")],
    ]);
    let (references, root) = references(&world);
    let shown = |conflict: &Conflict| {
        (conflict.job, conflict.files.map(|node| references.paths(&root).of(node)))
    };
    let found = |job: fn(u32) -> Option<u32>| {
        conflicts(&references, job).iter().map(shown).collect::<Vec<_>>()
    };
    let both = [a, b].map(|name| format!("{JOB}/shared/{name}"));
    assert_eq!(found(|_| Some(7)), [(7, both)]);
    assert_eq!(found(Some), [], "each in a registry of its own");
    assert_eq!(found(|checkpoint| (checkpoint == 0).then_some(7)), []);
}
