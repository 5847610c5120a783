//! The test vectors of the format document, and the tests that need whole files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::arithmetic_side_effects)]

mod damage;
mod fields;
mod lists;
mod round_trip;
mod samples;
pub(crate) mod seeds;
mod vectors;
mod versions;
mod writing;

use super::metadata::Metadata;

/// Bytes from hex digits; white space is for the reader.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| {
        u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).expect("two hex digits")
    };
    digits.chunks(2).map(byte).collect()
}

/// Encodes for the version and releases the metadata came from.
pub(crate) fn encoded(metadata: &Metadata<'_>) -> Vec<u8> {
    metadata.encode(metadata.own_target().expect("a version that is written")).unwrap()
}
