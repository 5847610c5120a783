//! What RocksDB says of databases that Flink wrote, whole and tampered with.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::archives;
use crate::support::chkctl;
use crate::support::parallel;
use crate::support::s3::S3;

const JOB: &str = "ae794d9774cbbac779e858834152defc";

/// The document of `verify --level open`, and its exit code; the scratch directory must be
/// empty again.
pub(super) fn verify(place: impl Into<OsString>, more: &[&str]) -> (Value, Option<i32>) {
    let scratch = tempfile::tempdir().unwrap();
    let mut args: Vec<OsString> =
        ["verify", "-q", "--level", "open", "--output", "json"].map(Into::into).into();
    args.extend(["--scratch".into(), scratch.path().into(), place.into()]);
    args.extend(more.iter().map(Into::into));
    let output = chkctl::run(&args);
    assert_eq!(names(scratch.path()), BTreeSet::new());
    let document = serde_json::from_slice(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    (document.unwrap_or_else(|error| panic!("{error}: {stderr}")), output.status.code())
}

/// Whatever lies below a directory.
pub(super) fn names(directory: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(names(&path));
        }
        found.insert(path);
    }
    found
}

/// Codes and subjects of findings.
fn findings(document: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    let all = document["findings"].as_array().unwrap().iter();
    all.map(|one| (text(one, "code"), text(one, "subject"))).collect()
}

/// A copy of a job in which the first local name of an SST in its newest checkpoint is another.
fn renamed(name: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/profile-job").join(JOB);
    for path in names(&from).iter().filter(|path| path.is_file()) {
        let to = copy.path().join("job").join(path.strip_prefix(&from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(path, to).unwrap();
    }
    let metadata = copy.path().join("job/chk-6/_metadata");
    let bytes = fs::read(&metadata).unwrap();
    let is_name = |text: &[u8]| text.starts_with(b"\0\x0a0") && text.ends_with(b".sst");
    let at = bytes.windows(12).position(is_name).unwrap();
    let length = u16::try_from(name.len()).unwrap().to_be_bytes();
    let written = [&bytes[..at], &length, name.as_bytes(), &bytes[at + 12..]].concat();
    fs::write(&metadata, written).unwrap();
    copy
}

/// The name that [`renamed`] replaces.
fn first_name() -> String {
    let metadata = format!("fixtures/profile-job/{JOB}/chk-6/_metadata");
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(metadata)).unwrap();
    let found =
        bytes.windows(12).find(|text| text.starts_with(b"\0\x0a0") && text.ends_with(b".sst"));
    String::from_utf8(found.unwrap()[2..].to_vec()).unwrap()
}

#[test]
fn rocksdb_opens_every_database_whose_files_are_there() {
    let seen = parallel::map(&archives::names(), |name| {
        let archive = archives::unpack(name);
        let (document, code) = verify(archive.root(), &[]);
        let found = findings(&document);
        let missing = found.iter().any(|(code, _)| code.contains("file-missing"));
        assert_eq!(code, Some(if missing { 3 } else { 0 }), "{name}: {found:?}");
        for (code, subject) in &found {
            let expected = ["file-missing", "relative-file-missing", "open-untried"];
            assert!(expected.contains(&code.as_str()) && missing, "{name}: {code} {subject}");
        }
        let totals = &document["totals"];
        assert_eq!(totals["unknown"], 0, "{name}");
        ["restorable", "databases", "entries"].map(|field| totals[field].as_u64().unwrap())
    });
    let sum = |field: usize| seen.iter().map(|one| one[field]).sum::<u64>();
    assert!(sum(0) > 150 && sum(1) > 900 && sum(2) > 1_000_000, "{seen:?}");
}

#[test]
fn entries_are_those_that_flink_reads() {
    let archive = archives::unpack("D-merge-across-2.3.0");
    let (document, _) = verify(archive.root(), &[]);
    let mut entries = 0;
    for directory in archive.checkpoints() {
        let text = fs::read(archive.oracle().join(directory).join("kv-summary.json")).unwrap();
        let summary: Value = serde_json::from_slice(&text).unwrap();
        let handles = summary["handles"].as_array().unwrap().iter();
        let families = handles.flat_map(|handle| handle["columnFamilies"].as_array().unwrap());
        entries += families.map(|family| family["entries"].as_u64().unwrap()).sum::<u64>();
    }
    assert_eq!(document["totals"]["entries"], entries);
}

#[test]
fn a_database_is_opened_once_for_all_checkpoints_that_have_it() {
    let archive = archives::unpack("C-changelog-thr0-1.20.5");
    let opened = |place: &Path| verify(place, &[]).0["totals"]["databases"].as_u64().unwrap();
    let each: u64 = archive.checkpoints().iter().map(|one| opened(&archive.root().join(one))).sum();
    assert!(opened(&archive.root()) < each);
}

#[test]
fn files_in_an_object_store_are_copied() {
    let archive = archives::unpack("A-2.3.0");
    let server = S3::start(&archive.root());
    let endpoint = format!("endpoint={}", server.url);
    let options = ["--store-option", &endpoint, "--store-option", "region=x"];
    let more = [&options[..], &["--store-option", "skip_signature=true"]].concat();
    let (remote, code) = verify("s3://flink/", &more);
    assert_eq!(code, Some(0), "{}", remote["findings"]);
    let (local, _) = verify(archive.root(), &[]);
    for field in ["databases", "entries"] {
        assert_eq!(remote["totals"][field], local["totals"][field], "{field}");
    }
}

/// Every file is sound, and one has the right number in a name that RocksDB does not look for.
#[test]
fn a_number_that_is_spelled_otherwise_is_another_name() {
    let copy = renamed(&format!("0{}", first_name()));
    let (document, code) = verify(copy.path().join("job/chk-6"), &[]);
    assert_eq!(code, Some(3));
    let codes: Vec<String> = findings(&document).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["local-name", "open-untried"]);
}

#[test]
fn a_name_that_leads_elsewhere_is_not_followed() {
    for name in ["../x.sst", "../../x.sst", "a/b", "..", "", "ABSOLUTE", "CURRENT/../x.sst"] {
        let outside = tempfile::tempdir().unwrap();
        let absolute = outside.path().join("000012.sst");
        let copy = renamed(&name.replace("ABSOLUTE", absolute.to_str().unwrap()));
        let scratch = copy.path().join("scratch/inner");
        fs::create_dir_all(&scratch).unwrap();
        let before = names(copy.path());
        let more = ["--scratch".into(), scratch.into_os_string()];
        let args = ["verify", "-q", "--level", "open", "--output", "json"].map(OsString::from);
        let place = copy.path().join("job/chk-6").into_os_string();
        let output = chkctl::run(&[&args[..], &more, &[place]].concat());
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let codes: BTreeSet<String> = findings(&document).into_iter().map(|one| one.0).collect();
        assert!(
            codes.contains("local-name") && codes.contains("open-untried"),
            "{name}: {codes:?}"
        );
        assert_eq!(output.status.code(), Some(3), "{name}");
        assert_eq!(names(copy.path()), before, "{name}");
        assert_eq!(names(outside.path()), BTreeSet::new(), "{name}");
    }
}

#[test]
fn a_part_of_the_files_is_no_database() {
    let output = chkctl::run(&["verify", "x", "--level", "open", "--sample", "5%"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("level open needs every file of a database"), "{stderr}");
}
