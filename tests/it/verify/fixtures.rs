//! Everything that Flink wrote is whole but for what Flink itself had deleted.

use std::collections::BTreeSet;
use std::fs;

use super::findings;
use super::verify;
use crate::support::archives;
use crate::support::parallel;

/// Content that nobody but its author can parse.
const UNPARSED: [&str; 1] = ["coordinator state: its content is defined by its author"];

#[test]
fn every_block_and_stream_of_every_fixture_is_sound_and_read_once() {
    let totals = parallel::map(&archives::names(), |name| {
        let archive = archives::unpack(name);
        let (code, document) = verify(&archive.root(), &["--level", "blocks"]);
        let reachable = fs::read_to_string(archive.oracle().join("reachability.tsv")).unwrap();
        let mut missing = BTreeSet::new();
        let mut damaged = BTreeSet::new();
        let mut bytes = 0;
        for line in reachable.lines().filter(|line| !line.starts_with("# file")) {
            let fields: Vec<&str> = line.trim_start_matches("# ").split('\t').collect();
            match fields.as_slice() {
                ["MISSING", path, by] => {
                    missing.insert(("file-missing".to_owned(), (*path).to_owned()));
                    damaged.extend(by.split(',').map(str::to_owned));
                }
                [_, size, by] if !["-", "@"].contains(by) => bytes += size.parse::<u64>().unwrap(),
                _ => {}
            }
        }
        assert_eq!(BTreeSet::from_iter(findings(&document)), missing, "{name}");
        assert_eq!(code, if missing.is_empty() { 0 } else { 3 }, "{name}");
        for one in document["checkpoints"].as_array().unwrap() {
            let is_damaged = damaged.contains(one["path"].as_str().unwrap());
            let expected = if is_damaged { "damaged" } else { "restorable" };
            assert_eq!(one["verdict"], expected, "{name} {}", one["path"]);
        }
        for one in document["unparsed"].as_array().unwrap() {
            assert!(UNPARSED.contains(&one["what"].as_str().unwrap()), "{name} {one}");
        }
        let totals = &document["totals"];
        // Of merged files only the segments that are referred to are read.
        let read = totals["bytes_read"].as_u64().unwrap();
        let partly = name.starts_with("D-merge-");
        assert!(read == bytes || (partly && read < bytes), "{name}: {read} bytes of {bytes}");
        let count = |what: &str| totals[what].as_u64().unwrap();
        [count("ssts"), count("blocks"), count("restorable")]
    });
    let sum = |at: usize| totals.iter().map(|one| one[at]).sum::<u64>();
    assert!(sum(0) > 8000 && sum(1) > 40_000 && sum(2) > 170, "{totals:?}");
}

#[test]
fn at_level_footer_an_sst_takes_one_small_read() {
    let archive = archives::unpack("A-retained8-1.20.5");
    let (code, document) = verify(&archive.root(), &["--level", "footer"]);
    assert_eq!(code, 0, "{document}");
    let count = |what: &str| document["totals"][what].as_u64().unwrap();
    // Beside SSTs there are MANIFEST, CURRENT and OPTIONS of each database.
    assert!(count("requests") <= count("ssts") + 3 * 6 * 8, "{}", document["totals"]);
    assert_eq!(count("blocks"), 0);
}
