//! What `inspect --sst` says against a reading of every entry, against Flink's RocksDB, and how
//! little it reads for that.

mod damage;
#[cfg(feature = "rocksdb")]
mod live;
mod requests;
mod scan;

use std::path::Path;

use serde_json::Value;

use crate::support::chkctl;

/// Each generation of RocksDB, compression and handle form; inline, merged and relative files,
/// rescaled databases, key groups of two bytes.
const SAMPLES: [&str; 11] = [
    "A-1.13.6",
    "A-1.20.5",
    "A-2.2.1",
    "A-maxpar4096-2.3.0",
    "A-no-1.20.5",
    "A-zstd-1.20.5",
    "B-savepoints-2.3.0",
    "C-changelog-1.20.5",
    "D-merge-across-2.3.0",
    "F-claim-rescale-2.3.0",
    "F-noclaim-rescale-1.20.5",
];

/// What `inspect --sst` says of a checkpoint, which must succeed.
fn document(checkpoint: &Path) -> Value {
    let checkpoint = checkpoint.to_str().unwrap();
    let output = chkctl::run(&["inspect", checkpoint, "--sst", "--output", "json"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{checkpoint}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A list of the part of a document that `--sst` adds.
fn list<'d>(document: &'d Value, name: &str) -> &'d [Value] {
    document["sst"][name].as_array().unwrap()
}
