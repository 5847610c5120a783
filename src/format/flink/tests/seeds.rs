//! Made-up seeds of the fuzz corpus. `fuzz/seed` writes them; here they must be as written.

use std::fs;
use std::path::Path;

use super::samples;
use crate::format::flink::encode::Release;
use crate::format::flink::encode::Target;
use crate::format::flink::metadata::Metadata;

/// Compares with the file in the corpus, or writes it if it was asked for.
pub(crate) fn seed(target: &str, name: &str, bytes: &[u8]) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let file = dir.join(name);
    if std::env::var_os("CHKCTL_WRITE_SEEDS").is_some() {
        fs::create_dir_all(&dir).unwrap();
        fs::write(&file, bytes).unwrap();
    }
    let found = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert!(found == bytes, "{} is out of date: run fuzz/seed", file.display());
}

#[test]
fn metadata() {
    seed("metadata", "made-2", &samples::version_2());
    seed("metadata", "made-7", &samples::version_7());
    for (name, file, release) in [
        ("made-3-of-1.11", samples::for_1_11(), Release(1, 11)),
        ("made-3-of-1.13", samples::for_1_13(), Release(1, 13)),
        ("made-3-of-1.14", samples::for_1_15(), Release(1, 14)),
        ("made-3-of-1.14-or-1.15", samples::for_1_14_or_1_15(), Release(1, 14)),
        ("made-3-of-1.15", samples::for_1_15(), Release(1, 15)),
        ("made-4-of-1.16", samples::for_1_15(), Release(1, 16)),
        ("made-4-of-1.20", samples::for_1_20(), Release(1, 20)),
        ("made-5", samples::for_2_1(), Release(2, 0)),
        ("made-6", samples::for_2_1(), Release(2, 1)),
    ] {
        let target = Target::release(release).unwrap();
        seed("metadata", name, &file.encode(target).unwrap());
    }
    for (i, bytes) in samples::trailers().iter().enumerate() {
        let file = samples::with(Vec::new());
        let file = Metadata { trailer: samples::trailer(bytes), ..file };
        let written = file.encode(Target::version(4).unwrap()).unwrap();
        assert_eq!(Metadata::parse(&written).unwrap().trailer, samples::trailer(bytes));
        seed("metadata", &format!("made-trailer-{i}"), &written);
    }
}

#[test]
fn properties() {
    for (i, bytes) in samples::trailers().iter().enumerate() {
        seed("properties", &format!("made-{i}"), bytes);
    }
}
