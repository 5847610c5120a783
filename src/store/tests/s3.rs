//! S3 as it really answers, over loopback: what each error means, what it shows, how long it takes.

use super::responder::Reply;
use super::responder::Responder;
use super::responder::refused_url;
use super::*;
use std::time::Duration;
use std::time::Instant;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/5ec2e7";
const TOKEN: &str = "FwoGZXIvYXdzEHEaD/5e55107";

fn open(url: &str, more: &[(&str, &str)]) -> (Stores, Store) {
    let mut options: Vec<(String, String)> = [
        ("ENDPOINT", url),
        ("aws_access_key_id", "AKIAEXAMPLE"),
        ("secret_access_key", SECRET),
        ("session_token", TOKEN),
        ("region", "eu-central-1"),
        ("max_retries", "2"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into();
    options.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    let stores = Stores::new(StoreOptions { options });
    let store = stores.open(&at("s3a://b/cp")).unwrap();
    (stores, store)
}

fn assert_clean(error: &StoreError) {
    let shown = format!("{error} {error:?} {:?}", error.hint());
    for secret in ["5ec2e7", "5e55107", "Signature=", "<Error>", "RequestId"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!error.to_string().contains('\n'), "{error}");
}

/// Lists and reads, and gives both errors.
fn errors(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> [StoreError; 2] {
    let server = Responder::start(answer);
    let (stores, store) = open(&server.url, &[]);
    let errors = [
        run(store.list(&at("s3://b/cp"))).unwrap_err(),
        run(store.read(&at("s3://b/cp/k"), 100)).unwrap_err(),
    ];
    errors.iter().for_each(assert_clean);
    let debug = format!("{stores:?} {store:?}");
    assert!(!debug.contains("5ec2e7") && !debug.contains("5e55107"), "{debug}");
    let requests = server.requests();
    assert!(requests.iter().all(|head| head.contains("AWS4-HMAC-SHA256")), "not signed");
    assert!(requests[0].contains("list-type=2") && requests[0].contains("delimiter=%2F"));
    errors
}

#[test]
fn each_answer_has_its_variant_and_a_short_detail() {
    type Check = fn(&StoreError) -> bool;
    let table: [(u16, &str, Check); 12] = [
        (403, "AccessDenied", |e| matches!(e, StoreError::Denied { .. })),
        (403, "InvalidAccessKeyId", |e| matches!(e, StoreError::Unauthenticated { .. })),
        (403, "SignatureDoesNotMatch", |e| matches!(e, StoreError::Unauthenticated { .. })),
        (400, "ExpiredToken", |e| matches!(e, StoreError::Unauthenticated { .. })),
        (401, "Whatever", |e| matches!(e, StoreError::Unauthenticated { .. })),
        (404, "NoSuchBucket", |e| matches!(e, StoreError::NoSuchBucket { .. })),
        (400, "AuthorizationHeaderMalformed", |e| matches!(e, StoreError::Configuration { .. })),
        (400, "InvalidArgument", |e| matches!(e, StoreError::Io { .. })),
        (500, "InternalError", |e| matches!(e, StoreError::Unavailable { .. })),
        (503, "SlowDown", |e| matches!(e, StoreError::Unavailable { .. })),
        (429, "Whatever", |e| matches!(e, StoreError::Unavailable { .. })),
        (403, "InvalidObjectState", |e| matches!(e, StoreError::Denied { .. })),
    ];
    for (status, code, check) in table {
        let echo = format!("key {SECRET} says &quot;no&quot;\nand {TOKEN}");
        for error in errors(move |_| Reply::s3_error(status, code, &echo)) {
            assert!(check(&error), "{error:?}");
            assert!(
                error.to_string().ends_with(&format!("{code}: key *** says \"no\"")),
                "{error}"
            );
        }
    }
}

#[test]
fn a_missing_key_is_absent_but_a_listing_never_is() {
    let [list, read] = errors(|_| Reply::s3_error(404, "NoSuchKey", "The key does not exist."));
    assert!(matches!(list, StoreError::NoSuchBucket { .. }), "{list:?}");
    assert_eq!(read.to_string(), "s3://b/cp/k: not found: NoSuchKey: The key does not exist.");
    let [list, read] = errors(|_| Reply::Status(404, "<html>5ec2e7</html>".into(), "".into()));
    assert!(matches!(list, StoreError::NoSuchBucket { .. }), "{list:?}");
    assert!(read.is_absent());
}

#[test]
fn redirects_and_nonsense() {
    for error in errors(|_| Reply::s3_error(301, "PermanentRedirect", "elsewhere")) {
        assert!(matches!(error, StoreError::Configuration { .. }), "{error:?}");
        assert!(error.to_string().contains("AWS_REGION"), "{error}");
        assert!(error.hint().unwrap().contains("AWS_PROFILE"));
    }
    let page = |content_type: &'static str, body: &'static str| {
        let server = Responder::start(move |_| {
            Reply::Status(200, body.into(), format!("Content-Type: {content_type}\r\n"))
        });
        let error = run(open(&server.url, &[]).1.list(&at("s3://b/cp"))).unwrap_err();
        assert_clean(&error);
        error
    };
    let error = page("text/html; charset=utf-8", "<html>5ec2e7</html>");
    assert!(matches!(error, StoreError::Configuration { .. }), "{error:?}");
    assert!(error.to_string().contains("is text/html; charset=utf-8; does the endpoint"));
    let error = page("application/xml", "<ListBucketResult><Contents><Key>5ec2e7");
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
}

#[test]
fn head_finds_out_what_it_cannot_say() {
    let server = Responder::start(|_| Reply::s3_error(404, "NoSuchBucket", "no"));
    let error = run(open(&server.url, &[]).1.stat(&at("s3://b/k"))).unwrap_err();
    assert!(matches!(error, StoreError::NoSuchBucket { .. }), "{error:?}");
    for status in [400, 403] {
        let server = Responder::start(move |_| Reply::s3_error(status, "X", "x"));
        let error = run(open(&server.url, &[]).1.stat(&at("s3://b/k"))).unwrap_err();
        let denied = matches!(error, StoreError::Denied { .. });
        let unauthenticated = matches!(error, StoreError::Unauthenticated { .. });
        assert!(if status == 403 { denied } else { unauthenticated }, "{error:?}");
    }
}

#[test]
fn keys_go_over_the_wire_raw_and_answers_come_back() {
    let server = Responder::start(|head| {
        if head.contains("list-type=2") {
            Reply::ok(
                "<ListBucketResult><Contents><Key>cp/a%20b/</Key><Size>0</Size>\
                 <LastModified>2026-01-01T00:00:00Z</LastModified></Contents><Contents>\
                 <Key>cp/a%20b/x y#</Key><Size>7</Size>\
                 <LastModified>2026-01-01T00:00:00.5Z</LastModified></Contents><CommonPrefixes>\
                 <Prefix>cp/a%20b/chk-1/</Prefix></CommonPrefixes></ListBucketResult>",
            )
        } else {
            Reply::ok("content")
        }
    });
    let (_, store) = open(&server.url, &[]);
    let listing = run(store.list(&at("s3://b/cp/a%20b"))).unwrap();
    assert_eq!((listing.dirs, names(&listing.files)), (vec!["chk-1".to_owned()], vec!["x y#"]));
    let modified = listing.files[0].modified.unwrap();
    assert_eq!(modified.to_string(), "2026-01-01T00:00:00.5Z");
    let object = run(store.read(&at("s3://b/cp/a%20b/x y#"), 7)).unwrap();
    assert_eq!(object.bytes, b"content");
    assert_eq!(run(store.stat(&at("s3://b/cp/x"))).unwrap().size, 7);
    let requests = server.requests();
    assert!(requests[0].contains("prefix=cp%2Fa%2520b%2F"), "{}", requests[0]);
    assert!(requests[1].starts_with("GET /b/cp/a%2520b/x%20y%23 "), "{}", requests[1]);
}

#[test]
fn a_key_that_cannot_be_spelled_fails_its_listing() {
    let server = Responder::start(|_| {
        Reply::ok(
            "<ListBucketResult><CommonPrefixes><Prefix>cp//</Prefix></CommonPrefixes>\
             </ListBucketResult>",
        )
    });
    let error = run(open(&server.url, &[]).1.list(&at("s3://b/cp"))).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("a key that cannot be spelled"), "{error}");
}

#[test]
fn nothing_waits_for_long() {
    let took = |url: &str, more: &[(&str, &str)]| {
        let started = Instant::now();
        let error = run(open(url, more).1.list(&at("s3://b/cp"))).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        assert_clean(&error);
        assert!(error.hint().unwrap().contains("retry_timeout"));
        (error.to_string(), started.elapsed())
    };
    let (error, elapsed) = took(&refused_url(), &[("max_retries", "8")]);
    assert!(error.contains("Connection refused"), "{error}");
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");

    let server = Responder::start(|_| Reply::Hang(Duration::from_secs(60)));
    let short = [("read_timeout", "300ms"), ("retry_timeout", "500ms")];
    let (error, elapsed) = took(&server.url, &short);
    assert!(error.contains("no answer in time"), "{error}");
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");

    let server = Responder::start(|_| Reply::Hang(Duration::ZERO));
    let (error, _) = took(&server.url, &[]);
    assert!(error.contains("the connection broke"), "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_body_that_is_cut_short_is_never_taken_for_the_object() {
    let server = Responder::start(|_| Reply::Cut(10, "abc".into()));
    let error = run(open(&server.url, &[]).1.read(&at("s3://b/k"), 100)).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. } | StoreError::Io { .. }), "{error:?}");
    // What does not fit is refused before the body is read.
    let error = run(open(&server.url, &[]).1.read(&at("s3://b/k"), 9)).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { size: 10, limit: 9, .. }), "{error:?}");
}

#[test]
fn a_range_behind_the_end_is_empty() {
    let server = Responder::start(|head| {
        if head.starts_with("HEAD ") {
            Reply::ok("content")
        } else {
            Reply::s3_error(416, "InvalidRange", "not satisfiable")
        }
    });
    let store = open(&server.url, &[]).1;
    assert!(run(store.read_range(&at("s3://b/k"), 7..9)).unwrap().is_empty());
    let error = run(store.read_range(&at("s3://b/k"), 6..9)).unwrap_err();
    assert!(error.to_string().contains("InvalidRange"), "{error}");
}
