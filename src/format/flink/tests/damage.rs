//! Damaged and hostile files: an error with the right offset, never a panic.

use super::samples;
use super::vectors::complete_file;
use crate::format::flink::changelog::ChangelogHandle;
use crate::format::flink::encode::Target;
use crate::format::flink::error::FormatError;
use crate::format::flink::error::Problem;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::metadata::Metadata;

fn error_of(bytes: &[u8]) -> FormatError {
    Metadata::parse(bytes).expect_err("this is not a metadata file")
}

#[test]
fn every_truncation_is_an_error_inside_the_file() {
    let bytes = complete_file();
    for length in 0..bytes.len() {
        let error = error_of(&bytes[..length]);
        assert!(error.offset <= length as u64, "{length}: {error}");
    }
}

#[test]
fn a_foreign_file_is_told_by_its_magic() {
    let error = error_of(b"PAR1 is not the start of a metadata file");
    assert_eq!((error.offset, error.field), (0, "magic number"));
    let told = "byte 0: magic number: expected 0x4960672D, found 0x50415231";
    assert_eq!(error.to_string(), told);
}

#[test]
fn other_versions_are_refused_by_number() {
    for found in [i32::MIN, -1, 0, 1, 8, i32::MAX] {
        let mut bytes = complete_file();
        bytes[4..8].copy_from_slice(&found.to_be_bytes());
        let error = error_of(&bytes);
        assert_eq!(error.offset, 4);
        let problem = Problem::Version { found: found.into(), readable: "2 to 7" };
        assert_eq!(error.problem, problem);
    }
}

#[test]
fn a_hostile_count_fails_at_once() {
    let mut bytes = complete_file()[..16].to_vec();
    bytes.extend(0_i32.to_be_bytes());
    bytes.extend(i32::MAX.to_be_bytes());
    let error = error_of(&bytes);
    assert_eq!((error.offset, error.field), (20, "number of operators"));
    assert_eq!(error.problem, Problem::TooLarge { value: i32::MAX as u64, limit: 0 });
}

#[test]
fn bytes_behind_the_end_are_reported() {
    let mut bytes = complete_file();
    let end = bytes.len() as u64;
    bytes.extend(*b"tail");
    let trailing = Metadata::parse(&bytes).unwrap().trailing.unwrap();
    assert_eq!((trailing.offset, trailing.bytes), (end, 4));
}

#[test]
fn nesting_is_bounded() {
    // A stream handle of key groups, the delegate of which is one, and so on.
    let mut bytes = complete_file()[..16].to_vec();
    bytes.extend(0_i32.to_be_bytes());
    bytes.extend(1_i32.to_be_bytes());
    bytes.extend([0; 4 + 16]);
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 1]);
    let one_level = [3, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(std::iter::repeat_n(one_level, 100_000).flatten());
    let error = error_of(&bytes);
    assert!(error.to_string().contains("4 levels"), "{error}");
}

#[test]
fn changelog_handles_do_not_nest() {
    // Walking them would cost the square of their depth.
    for (version, of_1_16) in [(3, false), (4, true), (6, true)] {
        let inner = KeyedHandle::Changelog(samples::changelog(of_1_16));
        let outer = ChangelogHandle {
            materialized: vec![Some(inner)].into(),
            ..samples::changelog(of_1_16)
        };
        let file = samples::with_keyed(KeyedHandle::Changelog(outer));
        let bytes = file.encode(Target::version(version).unwrap()).unwrap();
        let error = error_of(&bytes).to_string();
        assert!(error.contains("changelog handle: is inside of another"), "{error}");
    }
}

#[test]
fn a_parallelism_that_no_job_has_hides_nothing() {
    for version in [2, 3, 6] {
        for (parallelism, max_parallelism) in [(0, 128), (-2, 128), (2, 0), (2, i32::MIN)] {
            let file = samples::with(Vec::new());
            let mut operator = file.operators.iter().next().unwrap();
            (operator.parallelism, operator.max_parallelism) = (parallelism, max_parallelism);
            let file = Metadata { operators: vec![operator].into(), ..file };
            let mut bytes = match version {
                2 => samples::version_2(),
                _ => file.encode(Target::version(version).unwrap()).unwrap(),
            };
            if version == 2 {
                bytes[40..44].copy_from_slice(&parallelism.to_be_bytes());
                bytes[44..48].copy_from_slice(&max_parallelism.to_be_bytes());
            }
            let read = Metadata::parse(&bytes).unwrap();
            let operator = read.operators.iter().next().unwrap();
            assert!(operator.has_odd_parallelism());
            assert_eq!(
                (operator.parallelism, operator.max_parallelism),
                (parallelism, max_parallelism)
            );
        }
    }
}

#[test]
fn any_single_byte_may_be_anything() {
    let bytes = complete_file();
    for at in 0..bytes.len() {
        for value in [0x00, 0x01, 0x7F, 0x80, 0xFF] {
            let mut changed = bytes.clone();
            changed[at] = value;
            if let Ok(file) = Metadata::parse(&changed) {
                // Walking all of it must not fail either.
                let _ = format!("{file:?}").len() + file.keyed_handles().count();
                let _ = file.operators.iter().map(|o| o.subtasks.map(|s| s.iter().count()));
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn noise_behind_a_valid_header_never_panics(noise in proptest::collection::vec(0..=255_u8, 0..300)) {
        for version in 2..=7_u8 {
            let mut bytes = vec![0x49, 0x60, 0x67, 0x2D, 0, 0, 0, version];
            bytes.extend(&noise);
            let _ = Metadata::parse(&bytes);
        }
    }
}
