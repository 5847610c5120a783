//! The properties the fuzz targets check, over the committed corpus and without a fuzzer.

mod fixtures;
mod properties;

use std::fs;
use std::panic;
use std::path::Path;
use std::path::PathBuf;

use crate::support::parallel;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// The files of a target, sorted.
fn inputs(target: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(corpus().join(target)).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// Every input of a target has the property, or is named.
fn replay(target: &str, property: fn(&[u8]), at_least: usize) {
    let inputs = inputs(target);
    assert!(inputs.len() >= at_least, "only {} inputs for {target}", inputs.len());
    let failed = parallel::map(&inputs, |input| {
        let bytes = fs::read(input).unwrap();
        panic::catch_unwind(|| property(&bytes)).is_err()
    });
    let failed: Vec<_> =
        inputs.iter().zip(failed).filter_map(|(input, failed)| failed.then_some(input)).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn metadata() {
    replay("metadata", properties::metadata, 50);
}

#[test]
fn checkpoint_properties() {
    replay("properties", properties::properties, 3);
}

#[test]
fn backend_meta() {
    replay("backend_meta", properties::backend_meta, 40);
}

#[test]
fn manifest() {
    replay("manifest", properties::manifest, 8);
}

#[test]
fn sst() {
    replay("sst", properties::sst, 30);
}

#[test]
fn block() {
    replay("block", properties::block, 10);
}

#[test]
fn content() {
    replay("content", properties::content, 10);
}

#[test]
fn the_corpus_stays_small() {
    let targets = ["metadata", "properties", "backend_meta", "manifest", "sst", "block", "content"];
    let files = targets.into_iter().flat_map(inputs);
    let sizes: Vec<u64> = files.map(|file| fs::metadata(file).unwrap().len()).collect();
    assert!(sizes.iter().all(|size| *size < 64 << 10));
    assert!(sizes.iter().sum::<u64>() < 2 << 20);
}
