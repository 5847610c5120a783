//! What is asked of an object store.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::findings;
use crate::support::archives;
use crate::support::chkctl;
use crate::support::s3;
use crate::support::s3::S3;

/// What was asked, without headers, and the document.
fn asked(root: &Path, place: &str, level: &str) -> (Vec<String>, Value) {
    let server = S3::start(root);
    let endpoint = format!("endpoint={}", server.url);
    let place = format!("s3://flink/{place}");
    let args =
        ["verify", &place, "--level", level, "--output", "json", "--store-option", &endpoint];
    let options = ["--store-option", "region=x", "--store-option", "skip_signature=true"];
    let output = chkctl::run(&[args.as_slice(), options.as_slice()].concat());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(findings(&document), []);
    (server.requests(), document)
}

#[test]
fn existence_and_sizes_are_told_by_listings() {
    let root = archives::unpack("A-retained8-1.20.5").root();
    let job = super::job_of(&root);
    let job = job.file_name().unwrap().to_str().unwrap();
    for place in [job.to_owned(), format!("{job}/chk-8")] {
        let (requests, document) = asked(&root, &place, "size");
        let files = document["totals"]["files"].as_u64().unwrap();
        assert!(files > 50, "{files}");
        let heads = requests.iter().filter(|head| head.starts_with("HEAD ")).count();
        let reads = requests.iter().filter(|head| head.contains("/_metadata HTTP")).count();
        assert!(heads <= 2 && requests.len() < 12 + 2 * reads, "{place}: {requests:#?}");
    }
}

#[test]
fn a_footer_takes_two_reads_of_64_kib_at_most_and_blocks_are_read_once() {
    let root = archives::unpack("A-2.0.2").root();
    let job = super::job_of(&root);
    let job = job.file_name().unwrap().to_str().unwrap();
    let (requests, document) = asked(&root, job, "footer");
    let mut of_files: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for head in requests.iter().filter(|head| head.contains("/shared/")) {
        let path = head.split(' ').nth(1).unwrap();
        let length = s3::range(head).map(|(first, last)| (last + 1 - first) as u64);
        of_files.entry(path).or_default().extend(length);
        assert!(head.starts_with("GET "), "{head}");
    }
    let ssts = document["totals"]["ssts"].as_u64().unwrap();
    assert!(of_files.len() as u64 >= ssts && ssts > 100, "{ssts} of {}", of_files.len());
    for (path, ranges) in &of_files {
        assert!(ranges.len() <= 2 && ranges.iter().sum::<u64>() <= 64 << 10, "{path} {ranges:?}");
    }

    let (requests, document) = asked(&root, job, "blocks");
    let state = |head: &&String| head.contains("/shared/") || head.contains("/chk-");
    let reads = requests.iter().filter(state).filter(|head| !head.contains("/_metadata"));
    let files = document["totals"]["files"].as_u64().unwrap();
    assert_eq!(reads.count() as u64, files, "each file with one request");
}

#[test]
fn a_changelog_of_another_size_is_asked_for_its_first_byte_at_any_level() {
    let (_dir, root) = super::copy_of("C-changelog-thr0-1.20.5");
    let files = archives::directories_with(&root, "_metadata");
    assert!(!files.is_empty());
    let dstl = root.join("dstl");
    let mut open = vec![dstl];
    let mut grown = 0;
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else {
                let mut bytes = std::fs::read(entry.path()).unwrap();
                bytes.push(0);
                std::fs::write(entry.path(), bytes).unwrap();
                grown += 1;
            }
        }
    }
    assert!(grown > 2);
    let server = S3::start(&root);
    let endpoint = format!("endpoint={}", server.url);
    let rebase = format!("file:/tmp/flink-lab/{}=s3://flink", "C-changelog-thr0-1.20.5");
    let job = super::job_of(&root);
    let place = format!("s3://flink/{}", job.file_name().unwrap().to_str().unwrap());
    let args = ["verify", &place, "--level", "size", "--output", "json", "--store-option"];
    let more = [&endpoint, "--store-option", "region=x", "--store-option", "skip_signature=true"];
    let output = chkctl::run(&[&args, more.as_slice(), &["--rebase", &rebase]].concat());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(findings(&document).iter().all(|(code, _)| code == "file-long"), "{document}");
}
