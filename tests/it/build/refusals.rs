//! Is what cannot be built refused, with the reason and nothing left behind?

use std::fs;
use std::io;
use std::path::Path;

use chkctl::ops::restore::build::BuildError;
use chkctl::ops::restore::build::apply::Builder;

use super::files;

fn refused(directory: &Path, names: &[&str]) -> BuildError {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    Builder::create(directory, &names, 0).err().expect("an error")
}

#[test]
fn names_that_no_column_family_can_have_are_refused() {
    let home = tempfile::tempdir().unwrap();
    for (names, why) in [
        (&["a", "default"][..], "\"default\": it is RocksDB's own"),
        (&[""], "\"\": it is empty"),
        (&["a\0b"], "\"a\\0b\": it has a NUL"),
        (&["a", "b", "a"], "\"a\": it occurs twice"),
    ] {
        let error = refused(home.path(), names);
        assert!(matches!(error, BuildError::Name { .. }), "{error}");
        assert_eq!(error.to_string(), format!("no column family can have the name {why}"));
    }
    assert_eq!(files(home.path()), [""; 0]);
}

#[test]
fn directories_that_are_not_there_or_not_empty_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let kind = |error| match error {
        BuildError::File { error, .. } => error.kind(),
        other => panic!("{other}"),
    };
    assert_eq!(kind(refused(&home.path().join("absent"), &[])), io::ErrorKind::NotFound);
    fs::write(home.path().join("CURRENT"), "mine").unwrap();
    assert_eq!(kind(refused(home.path(), &[])), io::ErrorKind::DirectoryNotEmpty);
    assert_eq!(fs::read_to_string(home.path().join("CURRENT")).unwrap(), "mine");
}

#[test]
fn a_builder_that_is_given_up_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut builder = Builder::create(home.path(), &["a".to_owned()], 0).unwrap();
    builder.add(0, b"key", b"value").unwrap();
    builder.add(0, b"key", b"value").unwrap();
    assert_eq!(fs::read_dir(home.path().join(".tables")).unwrap().count(), 2);
    drop(builder);
    assert_eq!(files(home.path()), [""; 0]);
}

#[test]
fn what_rocksdb_says_does_not_name_the_directory() {
    let home = tempfile::tempdir().unwrap();
    let mut builder = Builder::create(home.path(), &["a".to_owned()], 0).unwrap();
    fs::remove_dir_all(home.path().join(".tables")).unwrap();
    let error = builder.add(0, b"key", b"value").unwrap_err().to_string();
    assert!(error.contains("No such file or directory"), "{error}");
    assert!(error.contains(".tables/000001.sst"), "{error}");
    assert!(!error.contains(home.path().to_str().unwrap()), "{error}");
}

/// Names are whatever a job calls its states.
#[test]
fn names_with_strange_characters_are_names() {
    let names = ["a b", "état", "a/b", "../a", "a\"b", "a]b", "a\nb", "#a", "a=b", "\\", " "];
    let home = tempfile::tempdir().unwrap();
    let rows = (0..names.len()).map(|family| (family, &b"key"[..], &b"value"[..]));
    super::build(home.path(), &names, 0, rows);
    let built = super::rows_of(home.path());
    assert_eq!(built.len(), names.len());
    assert!(names.iter().all(|name| built[*name].len() == 1), "{built:?}");
}
