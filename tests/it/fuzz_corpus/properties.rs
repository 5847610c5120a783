//! What must hold for any bytes at all. The fuzz targets include this file as it is, and
//! `fuzz_corpus.rs` runs it over the committed corpus, without a fuzzer.

#[path = "properties/backend_meta.rs"]
mod backend_meta;
#[path = "properties/block.rs"]
mod block;
#[path = "properties/content.rs"]
mod content;
#[path = "properties/java.rs"]
mod java;
#[path = "properties/manifest.rs"]
mod manifest;
#[path = "properties/metadata.rs"]
mod metadata;
#[path = "properties/sst.rs"]
mod sst;
#[path = "properties/walk.rs"]
mod walk;

pub(crate) use backend_meta::backend_meta;
pub(crate) use block::block;
pub(crate) use content::content;
pub(crate) use java::properties;
pub(crate) use manifest::manifest;
pub(crate) use metadata::metadata;
pub(crate) use sst::sst;

use chkctl::format::flink::error::FormatError;
use chkctl::format::flink::error::Problem;

/// An error names a place in the bytes and is not at odds with itself.
fn check_error(error: &FormatError, length: usize) {
    assert!(error.offset <= length as u64, "{error}: there are {length} bytes");
    assert!(!error.to_string().is_empty());
    match error.problem {
        Problem::Truncated { needed, available } => assert!(needed > available, "{error}"),
        Problem::TooLarge { value, limit } => assert!(value > limit, "{error}"),
        Problem::Negative(value) => assert!(value < 0, "{error}"),
        Problem::Magic { expected, found } => assert_ne!(expected, found, "{error}"),
        Problem::Version { .. } | Problem::Tag { .. } | Problem::Invalid(_) => {}
    }
}
