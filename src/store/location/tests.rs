//! Which spellings are one place.

use super::*;
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;

fn flink(text: &str) -> Location {
    Location::parse_flink(text).unwrap()
}

fn hash(location: &Location) -> u64 {
    let mut hasher = DefaultHasher::new();
    location.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn spellings_of_one_place_are_equal() {
    let places: &[&[&str]] = &[
        &["/x/y", "file:/x/y", "file:///x/y", "file://localhost/x//y/", "FILE:/x/y"],
        &["s3://b/k", "s3a://b/k", "s3n://b//k/", "s3p://b/k", "S3://b/k", "s3://me:pw@b/k"],
        &["s3://b/a b", "s3://b/a%20b", "s3://b/a%2520b", "s3a://b/a%252520b"],
        &["s3://b/100%", "s3://b/100%25"],
        &["s3://b/é", "s3://b/%C3%A9", "s3://b/%c3%a9"],
        &["s3://other/k"],
        &["gs://b/k"],
        &["oss://b/k"],
        &["s3://b", "s3://b/", "s3://b//"],
        &[
            "abfss://c@acc.dfs.core.windows.net/p",
            "abfs://c@ACC.dfs.core.windows.net/p",
            "wasbs://c@acc.blob.core.windows.net/p",
            "wasb://c@acc.blob.core.windows.net/p/",
        ],
        &["abfss://c@acc2.dfs.core.windows.net/p"],
        &["hdfs://host:8020/p", "hdfs://HOST:8020/p"],
        &["hdfs:///p", "hdfs:/p"],
        &["viewfs://cluster/p", "ViewFS://cluster/p"],
    ];
    for (i, one) in places.iter().enumerate() {
        for (j, other) in places.iter().enumerate() {
            for (a, b) in one.iter().flat_map(|a| other.iter().map(move |b| (a, b))) {
                let (x, y) = (flink(a), flink(b));
                assert_eq!(x == y, i == j, "{a} {b}");
                assert_eq!(x.cmp(&y).is_eq(), i == j, "{a} {b}");
                if i == j {
                    assert_eq!(hash(&x), hash(&y), "{a} {b}");
                }
            }
        }
    }
    let all: HashSet<Location> = places.iter().flat_map(|p| p.iter().map(|p| flink(p))).collect();
    assert_eq!(all.len(), places.len());
}

#[test]
fn each_form_of_a_place() {
    // text, Display, display_short, flink_form
    let table = [
        ("/x y", "file:///x y", "/x y", "file:/x y"),
        ("file:///", "file:///", "/", "file:/"),
        ("s3a://b/k", "s3://b/k", "s3://b/k", "s3a://b/k"),
        ("s3://b", "s3://b/", "s3://b/", "s3://b/"),
        ("hdfs:/p", "hdfs:///p", "hdfs:///p", "hdfs:///p"),
        (
            "wasbs://c@a.blob.core.windows.net/p",
            "abfs://c@a.dfs.core.windows.net/p",
            "abfs://c@a.dfs.core.windows.net/p",
            "wasbs://c@a.blob.core.windows.net/p",
        ),
        (
            "abfss://c@a.dfs.core.windows.net/p",
            "abfs://c@a.dfs.core.windows.net/p",
            "abfs://c@a.dfs.core.windows.net/p",
            "abfss://c@a.dfs.core.windows.net/p",
        ),
        ("viewfs://n/p", "viewfs://n/p", "viewfs://n/p", "viewfs://n/p"),
        ("ftp://me:pw@h/p", "ftp://me@h/p", "ftp://me@h/p", "ftp://me@h/p"),
        ("s3://b/k?x=1#y", "s3://b/k?x=1#y", "s3://b/k?x=1#y", "s3://b/k?x=1#y"),
    ];
    for (text, display, short, form) in table {
        let location = flink(text);
        assert_eq!(location.to_string(), display);
        assert_eq!(location.display_short(), short);
        assert_eq!(location.flink_form(), form);
        assert_eq!(flink(&location.flink_form()), location);
        assert_eq!(flink(&location.to_string()), location);
    }
}

#[test]
fn hostile_text_names_a_place_or_is_refused() {
    for text in ["", "x", "x/y", "file:x", ":/x", "s3:b/k"] {
        assert!(Location::parse_flink(text).is_err(), "{text}");
    }
    for text in ["/../../etc", "s3://b/./k", "s3://b/..", "//h/../x"] {
        assert!(flink(text).has_dot_segments(), "{text}");
    }
    assert!(!flink("s3://b/.../k").has_dot_segments());
    assert_eq!(flink("C:/x").scheme(), &Scheme::Other("c".into()));
    assert!(!flink("file://elsewhere/x").is_local());
    assert_ne!(flink("file://elsewhere/x"), flink("/x"));
    // Decoding is linear: as many nested escapes as a path can hold must not take long.
    let nested = format!("/%{}", "25".repeat(32_000));
    assert_eq!(flink(&nested), flink("/%"));
    assert_eq!(identity("%2%35%32%30"), Cow::Borrowed(b" " as &[u8]));
    assert_eq!(identity("%"), Cow::Borrowed(b"%" as &[u8]));
}

#[test]
fn walking_up_and_down() {
    let job = flink("s3a://b/cp/job");
    let file = job.join("chk-7//_metadata/");
    assert_eq!(file.path(), "/cp/job/chk-7/_metadata");
    assert_eq!(file.flink_form(), "s3a://b/cp/job/chk-7/_metadata");
    assert_eq!(file.file_name(), Some("_metadata"));
    assert_eq!(file.parent().unwrap().path(), "/cp/job/chk-7");
    assert_eq!(file.segments().collect::<Vec<_>>(), ["cp", "job", "chk-7", "_metadata"]);
    let root = flink("s3://b");
    assert!(root.is_root() && root.parent().is_none() && root.file_name().is_none());
    assert_eq!(flink("/x").parent(), Some(flink("/")));

    assert_eq!(file.relative_to(&job), Some("chk-7/_metadata"));
    assert_eq!(file.relative_to(&root), Some("cp/job/chk-7/_metadata"));
    assert_eq!(job.relative_to(&job), Some(""));
    assert_eq!(root.relative_to(&root), Some(""));
    assert_eq!(job.relative_to(&file), None);
    assert_eq!(file.relative_to(&flink("s3://b/cp/jo")), None);
    assert_eq!(file.relative_to(&flink("s3://c/cp")), None);
    assert_eq!(flink("s3://b/a b/c").relative_to(&flink("s3://b/a%20b")), Some("c"));
}

#[test]
fn markers_and_second_looks() {
    let base = flink("s3://b/_entropy_/cp/_entropy_");
    assert_eq!(base.strip_marker("_entropy_").unwrap().path(), "/cp/_entropy_");
    assert_eq!(flink("s3://b/x_entropy_y/cp").strip_marker("_entropy_").unwrap().path(), "/xy/cp");
    assert!(flink("s3://b/cp").strip_marker("_entropy_").is_none());
    assert!(flink("s3://b/cp").strip_marker("").is_none());
    assert_eq!(flink("/a%20b").decoded_alternative().unwrap().path(), "/a b");
    assert!(flink("/a b").decoded_alternative().is_none());
    assert!(flink("/a%FFb").decoded_alternative().is_none());
}

#[test]
fn arguments_that_are_places() {
    let here = std::env::current_dir().unwrap();
    let here = here.to_str().unwrap();
    let below = |name: &str| format!("{here}/{name}");
    for (text, path) in [
        ("/x//y/", "/x/y".to_owned()),
        ("rel/x", below("rel/x")),
        (".", here.to_owned()),
        ("./a:b", below("a:b")),
        ("C:foo", below("C:foo")),
        ("a:b/c", below("a:b/c")),
        ("no/s3:x", below("no/s3:x")),
        ("no_scheme:x", below("no_scheme:x")),
        ("file:/x", "/x".into()),
        ("file:///x%20y", "/x%20y".into()),
        ("file://localhost/x", "/x".into()),
        ("file:rel", below("rel")),
        ("/nowhere/at/../all", "/nowhere/all".into()),
        ("/../..", "/".into()),
    ] {
        let location = Location::parse_argument(text).unwrap();
        assert!(location.is_local());
        assert_eq!(location.path(), path, "{text}");
    }
    let uri = Location::parse_argument("s3a://b/a//b/").unwrap();
    assert_eq!((uri.authority(), uri.path()), ("b", "/a/b"));
    assert_eq!(Location::parse_argument("hdfs:/p").unwrap(), flink("hdfs:///p"));
}

#[test]
fn arguments_that_are_not_say_what_to_type() {
    for (text, expected) in [
        ("", "empty"),
        ("sftp://h/x", "sftp: is not a scheme known here; known are: file, s3, s3a"),
        ("foo:bar", "written ./foo:"),
        ("https://b.s3.eu-central-1.amazonaws.com/k?X-Amz-Signature=5ec2e7", "write s3://b/k"),
        ("https://s3.eu-central-1.amazonaws.com/b/k", "write s3://b/k"),
        ("https://storage.googleapis.com/b/k", "write gs://b/k"),
        ("https://a.blob.core.windows.net/c/k?sig=5ec2e7", "abfss://c@a.dfs.core.windows.net/k"),
        ("http://minio:9000/b/k", "--store-option endpoint=URL"),
        ("arn:aws:s3:::b/k", "write s3://b/k"),
        ("arn:aws:s3:eu-central-1:1:accesspoint/x", "alias"),
        ("s3://arn:aws:s3:::b/k", "write s3://b/k"),
        ("s3:b/k", "write s3://b/k"),
        ("s3:/b/k", "write s3://b/k"),
        ("s3:///k", "the bucket is missing; write s3://BUCKET/KEY"),
        ("s3:", "the bucket is missing"),
        ("abfss:///k", "the container is missing"),
        ("s3://AKIA:5ec2e7@b/k", "credentials"),
        ("s3:AKIA:5ec2e7@b/k", "the bucket is missing"),
        ("hdfs://me:5ec2e7@h/k", "credentials"),
        ("s3://b/a/../k", "`..`"),
        ("file://elsewhere/x", "not on elsewhere"),
    ] {
        let error = Location::parse_argument(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(!error.contains("5ec2e7"), "{text}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn parents_are_resolved_through_links() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().canonicalize().unwrap();
    std::fs::create_dir_all(real.join("deep/er")).unwrap();
    std::os::unix::fs::symlink(real.join("deep/er"), real.join("link")).unwrap();
    let text = format!("{}/link/../x", real.display());
    let location = Location::parse_argument(&text).unwrap();
    assert_eq!(location.local_path().unwrap(), real.join("deep/x"));
}
