//! Object stores, with one in memory.

use super::*;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;

fn store(keys: &[(&str, usize)]) -> Store {
    let memory = InMemory::new();
    run(async {
        for (key, size) in keys {
            memory.put(&Path::parse(key).unwrap(), vec![7u8; *size].into()).await.unwrap();
        }
    });
    Store::object(Arc::new(memory))
}

#[test]
fn one_level_is_listed_and_markers_are_not() {
    let store = store(&[
        ("cp/job/chk-2/_metadata", 3),
        ("cp/job/chk-10/_metadata", 3),
        ("cp/job/b", 2),
        ("cp/job/a#1 %20", 1),
        ("cp/job/chk-3_$folder$", 0),
        ("cp/jobs/x", 1),
        ("cp/empty/sub_$folder$", 0),
    ]);
    let listing = run(store.list(&at("s3://b/cp/job"))).unwrap();
    assert_eq!(listing.dirs, ["chk-10", "chk-2"]);
    assert_eq!(names(&listing.files), ["a#1 %20", "b"]);
    assert_eq!(listing.files[1].size, Some(2));
    assert!(listing.files[1].modified.is_some());
    assert_eq!(run(store.list(&at("s3://b/"))).unwrap().dirs, ["cp"]);
    assert_eq!(run(store.list(&at("s3://b/cp/empty"))).unwrap(), Listing::default());
    let error = run(store.list(&at("s3://b/cp/jo"))).unwrap_err();
    assert!(error.is_absent(), "{error}");
}

#[test]
fn stat_tells_objects_directories_and_nothing() {
    let store = store(&[("cp/job/_metadata", 3)]);
    let stat = run(store.stat(&at("s3://b/cp/job/_metadata"))).unwrap();
    assert_eq!((stat.size, stat.is_dir), (3, false));
    assert!(stat.modified.is_some());
    for dir in ["s3://b/cp/job", "s3://b/"] {
        assert!(run(store.stat(&at(dir))).unwrap().is_dir, "{dir}");
    }
    assert!(run(store.stat(&at("s3://b/cp/jo"))).unwrap_err().is_absent());
}

#[test]
fn objects_are_read_whole_into_one_exact_buffer() {
    let store = store(&[("a b%20c", 1000), ("empty", 0)]);
    let place = at("s3://b/a b%20c");
    let object = run(store.read(&place, 1000)).unwrap();
    assert_eq!((object.bytes.len(), object.bytes.capacity()), (1000, 1000));
    let error = run(store.read(&place, 999)).unwrap_err();
    assert_eq!(error, StoreError::TooLarge { at: Box::new(place), size: 1000, limit: 999 });
    assert!(run(store.read(&at("s3://b/empty"), 0)).unwrap().bytes.is_empty());
    assert!(run(store.read(&at("s3://b/none"), 1)).unwrap_err().is_absent());
    // The raw key, not one that is as good as equal to it.
    assert!(run(store.read(&at("s3://b/a b c"), 9999)).unwrap_err().is_absent());
    assert!(matches!(run(store.read(&at("s3://b/"), 1)), Err(StoreError::NotAFile { .. })));
}

#[test]
fn ranges_are_clipped_at_the_end() {
    let store = store(&[("k", 10)]);
    let length = |range| run(store.read_range(&at("s3://b/k"), range)).unwrap().len();
    assert_eq!(length(0..4), 4);
    assert_eq!(length(8..4000), 2);
    assert_eq!(length(10..12), 0);
    assert_eq!(length(4000..4001), 0);
    assert_eq!(length(3..3), 0);
    assert!(run(store.read_range(&at("s3://b/none"), 0..1)).unwrap_err().is_absent());
}

#[test]
fn keys_that_cannot_be_spelled_are_refused_and_not_changed() {
    let store = store(&[("k", 1)]);
    for text in ["s3://b/../k", "s3://b/a\nb", "s3://b/./k"] {
        let error = run(store.read(&at(text), 1)).unwrap_err();
        assert!(matches!(error, StoreError::Unsupported { .. }), "{error}");
        assert!(!error.to_string().contains('\n'));
    }
}
