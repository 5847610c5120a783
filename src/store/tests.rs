//! Tests of the room through its door, and what they share.

mod local;
mod memory;
pub(super) mod responder;
mod s3;
mod walk;

use super::*;

/// Runs a future on the kind of runtime that the binary has.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn at(text: &str) -> Location {
    Location::parse_flink(text).unwrap()
}

fn names(files: &[FileEntry]) -> Vec<&str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

#[test]
fn a_store_is_opened_once_and_only_if_it_is_there() {
    let stores = Stores::new(StoreOptions::default());
    let first = stores.open(&at("/x")).unwrap();
    let second = stores.open(&at("file:/y")).unwrap();
    assert!(Arc::ptr_eq(&first.inner, &second.inner));
    for text in ["hdfs://h:8020/x", "oss://b/x", "viewfs://c/x"] {
        let error = stores.open(&at(text)).unwrap_err();
        assert!(matches!(error, StoreError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(at(text).scheme().as_str()), "{error}");
        assert!(error.hint().is_some());
    }
    let error = stores.open(&at("file://elsewhere/x")).unwrap_err();
    assert!(matches!(error, StoreError::Configuration { .. }), "{error}");
}

#[test]
fn an_error_is_one_line_whatever_the_path_holds() {
    let error = StoreError::NotFound { at: Box::new(at("/a\nb\u{1b}[2Jc")), detail: "".into() };
    assert_eq!(error.to_string(), "/a\\nb\\u{1b}[2Jc: not found");
    let error = StoreError::TooLarge { at: Box::new(at("s3a://b/k")), size: 10, limit: 5 };
    assert_eq!(error.to_string(), "s3://b/k: has 10 bytes, more than the limit of 5");
    let error = StoreError::NotFound { at: Box::new(at("/a%20b")), detail: "".into() };
    assert!(error.hint().unwrap().contains("/a b"));
}

#[test]
fn requests_can_be_sent_to_another_thread() {
    fn sendable<T: Send>(_: T) {}
    let (store, place) = (Store::local(), at("/x"));
    sendable(store.list(&place));
    sendable(store.stat(&place));
    sendable(store.read(&place, 1));
    sendable(store.read_range(&place, 0..1));
    sendable(store.walk(&place));
}
