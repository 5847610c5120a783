//! Local files, with all that a real disk may hold.
#![cfg(unix)]

use super::*;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

fn place(dir: &tempfile::TempDir) -> Location {
    Location::local(dir.path()).unwrap()
}

fn kind(listing: &Listing, name: &str) -> EntryKind {
    listing.files.iter().find(|file| file.name == name).unwrap().kind
}

#[test]
fn a_listing_shows_everything_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    for name in ["x#123", "a%20b", "a b", "é\n", "-"] {
        fs::write(path.join(name), name).unwrap();
    }
    fs::create_dir(path.join("dir")).unwrap();
    fs::write(path.join(OsStr::from_bytes(b"\xff\xfe")), "x").unwrap();
    symlink("a b", path.join("link")).unwrap();
    symlink("nowhere", path.join("broken")).unwrap();
    symlink("loop", path.join("loop")).unwrap();
    symlink("dir", path.join("linked")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(path.join("socket")).unwrap();

    let listing = run(Store::local().list(&place(&dir))).unwrap();
    assert_eq!(listing.dirs, ["dir", "linked"]);
    assert_eq!(listing.linked_dirs, ["linked"]);
    assert_eq!(listing.unspellable, ["\u{fffd}\u{fffd}"]);
    assert_eq!(
        names(&listing.files),
        ["-", "a b", "a%20b", "broken", "link", "loop", "socket", "x#123", "é\n"]
    );
    assert_eq!(kind(&listing, "a b"), EntryKind::Regular);
    assert_eq!(kind(&listing, "link"), EntryKind::Link);
    assert_eq!(kind(&listing, "broken"), EntryKind::BrokenLink);
    assert_eq!(kind(&listing, "loop"), EntryKind::BrokenLink);
    assert_eq!(kind(&listing, "socket"), EntryKind::Special);
    assert_eq!(listing.files[1].size, Some(3));
    assert!(listing.files[1].modified.is_some());
    for (name, content) in [("x#123", "x#123"), ("a%20b", "a%20b"), ("link", "a b")] {
        let object = run(Store::local().read(&place(&dir).join(name), 100)).unwrap();
        assert_eq!(object.bytes, content.as_bytes());
    }
}

#[test]
fn only_regular_files_are_opened_and_nothing_hangs() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = place(&dir).join("fifo");
    assert!(Command::new("mkfifo").arg(fifo.path()).status().unwrap().success());
    let store = Store::local();
    let read = |at: Location| {
        run(async { tokio::time::timeout(Duration::from_secs(10), store.read(&at, 100)).await })
            .expect("must not hang")
            .unwrap_err()
    };
    let error = read(fifo.clone());
    assert_eq!(error, StoreError::NotRegular { at: Box::new(fifo), what: "a FIFO" });
    assert!(matches!(read(at("/dev/null")), StoreError::NotRegular { what: "a device", .. }));
    assert!(matches!(read(place(&dir)), StoreError::NotAFile { .. }));
    assert!(matches!(read(at("/")), StoreError::NotAFile { .. }));
}

#[test]
fn what_cannot_be_there_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "x").unwrap();
    let store = Store::local();
    let below = |name: &str| place(&dir).join(name);
    let long = "n".repeat(70_000);
    for name in ["none", "file/x", "zero\0byte", &long, "none/../file"] {
        let error = run(store.read(&below(name), 10)).unwrap_err();
        assert!(error.is_absent(), "{error}");
        assert!(run(store.stat(&below(name))).unwrap_err().is_absent());
        assert!(run(store.list(&below(name))).unwrap_err().is_absent());
    }
    let error = run(store.list(&below("file"))).unwrap_err();
    assert_eq!(error, StoreError::NotADirectory { at: Box::new(below("file")) });
    assert!(run(store.stat(&place(&dir))).unwrap().is_dir);
    assert_eq!(run(store.stat(&below("file"))).unwrap().size, 1);
}

#[test]
fn what_is_not_allowed_is_denied() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("closed");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read_dir(&path).is_ok() {
        return; // the superuser is allowed everything
    }
    let store = Store::local();
    for error in [
        run(store.list(&place(&dir).join("closed"))).unwrap_err(),
        run(store.read(&place(&dir).join("closed/x"), 1)).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Denied { .. }), "{error}");
    }
}

#[test]
fn limits_hold_also_for_a_file_that_grows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("growing");
    let mut file = fs::File::create(&path).unwrap();
    file.set_len(1 << 20).unwrap();
    let place = place(&dir).join("growing");
    let store = Store::local();
    let object = run(store.read(&place, 1 << 20)).unwrap();
    assert_eq!(object.bytes.capacity(), 1 << 20);
    let error = run(store.read(&place, 1000)).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { size: 1_048_576, limit: 1000, .. }), "{error}");
    // A file of the system that has no size until it is read stands for one that grows.
    if cfg!(target_os = "linux") {
        let error = run(store.read(&at("/proc/self/status"), 1 << 20)).unwrap_err();
        assert!(matches!(error, StoreError::Changed { .. }), "{error}");
    }
    let length = |range| run(store.read_range(&place, range)).unwrap().len();
    assert_eq!(length((1 << 20) - 5..u64::MAX), 5);
    assert_eq!(length(1 << 20..1 << 21), 0);
    assert_eq!(length(0..10), 10);
    file.write_all(b"x").unwrap();
}
