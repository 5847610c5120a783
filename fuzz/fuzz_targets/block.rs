#![no_main]

#[path = "../../tests/it/fuzz_corpus/properties.rs"]
#[allow(dead_code, unused_imports, reason = "each target uses one of them")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::block(bytes));
