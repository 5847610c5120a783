//! How much of an object store is asked.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use super::list;
use crate::support::archives;
use crate::support::s3;
use crate::support::s3::S3;

#[test]
fn an_sst_takes_at_most_two_small_reads_and_nothing_else() {
    let archive = archives::unpack("A-retained8-1.20.5");
    let checkpoint = archive.checkpoints().pop().unwrap();
    let server = S3::start(&archive.root());
    let place = format!("s3://flink/{}", checkpoint.display());
    let output = Command::new(env!("CARGO_BIN_EXE_chkctl"))
        .args(["inspect", &place, "--sst", "--output", "json"])
        .env("AWS_ENDPOINT_URL", &server.url)
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .env("AWS_REGION", "eu-central-1")
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();

    let paths = list(&document, "files").iter().filter_map(|file| file["path"].as_str());
    let mut reads: BTreeMap<String, Vec<u64>> =
        paths.map(|path| (format!("/flink/{path}"), Vec::new())).collect();
    assert!(reads.len() > 20, "only {} SSTs in files", reads.len());
    for head in server.requests() {
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let Some(lengths) = reads.get_mut(target) else { continue };
        assert_eq!(method, "GET", "{head}");
        let (first, last) = s3::range(&head).expect("a ranged request");
        lengths.push((last + 1 - first) as u64);
    }
    for (path, lengths) in &reads {
        assert!((1..=2).contains(&lengths.len()), "{path}: {lengths:?}");
        assert!(lengths.iter().sum::<u64>() <= 64 << 10, "{path}: {lengths:?}");
    }
    let requests: usize = reads.values().map(Vec::len).sum();
    let said = document["sst"]["requests"].as_u64().unwrap() as usize;
    let manifests = list(&document, "key_groups").len();
    assert!((requests..=requests + manifests).contains(&said), "{said} of {requests}");
}
