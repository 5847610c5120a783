//! Damage at every place of a good file: an error or a report, never a panic.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::support::archives;
use crate::support::chkctl;
use crate::support::parallel;

/// Bytes flipped in each file.
const FLIPS: usize = 150;
/// About so many lengths to which each file is cut.
const CUTS: usize = 150;

/// Small metadata of many kinds: checkpoints by variant.
fn subjects() -> Vec<PathBuf> {
    let mut subjects = vec![
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures/profile-job/ae794d9774cbbac779e858834152defc/chk-6/_metadata"),
    ];
    for name in ["H-hashmap-2.3.0", "D-merge-across-2.3.0", "A-empty-1.20.5", "C-changelog-1.20.5"]
    {
        let archive = archives::unpack(name);
        subjects.push(archive.root().join(&archive.checkpoints()[0]).join("_metadata"));
    }
    subjects
}

#[test]
fn a_file_cut_anywhere_is_an_error_that_names_the_byte() {
    for subject in subjects() {
        let good = fs::read(&subject).unwrap();
        let step = (good.len() / CUTS).max(1);
        let lengths: Vec<usize> =
            (0..40).chain((40..good.len()).step_by(step)).chain([good.len() - 1]).collect();
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        parallel::map(&lengths, |length| {
            let (code, stderr) = inspect(&dir.path().join(length.to_string()), &good[..*length]);
            let place = format!("{} cut to {length} bytes: {stderr}", subject.display());
            assert_eq!(code, Some(1), "{place}");
            assert!(stderr.starts_with("error: ") && stderr.contains("\nhint: "), "{place}");
            assert!(*length == 0 || stderr.contains(": byte "), "{place}");
        });
    }
}

#[test]
fn a_flipped_byte_is_an_error_or_unseen() {
    let mut seen = 0;
    for subject in subjects() {
        let good = fs::read(&subject).unwrap();
        let mut random = Random(good.len() as u64);
        let flips: Vec<(usize, u8)> =
            (0..FLIPS).map(|_| (random.below(good.len()), 1 << random.below(8))).collect();
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let codes = parallel::map(&flips, |(at, bit)| {
            let mut bytes = good.clone();
            bytes[*at] ^= bit;
            let (code, stderr) = inspect(&dir.path().join(format!("{at}-{bit}")), &bytes);
            let place = format!("{}: bit {bit} of byte {at}: {stderr}", subject.display());
            assert!(matches!(code, Some(0 | 1)), "{place}: {code:?}");
            code
        });
        seen += codes.iter().filter(|code| **code == Some(1)).count();
    }
    // Most bytes are names, sizes and inline state, which can be anything.
    assert!(seen > FLIPS / 10, "{seen} flips were seen");
}

/// Runs every part of `inspect` on a file with these bytes: its exit code and stderr.
fn inspect(file: &Path, bytes: &[u8]) -> (Option<i32>, String) {
    fs::write(file, bytes).unwrap();
    let file = file.to_str().unwrap();
    let table = chkctl::run(&["inspect", file, "--files", "--states"]);
    let json = chkctl::run(&["inspect", file, "--output", "jsonl"]);
    let stderr = String::from_utf8_lossy(&table.stderr).into_owned();
    let both = stderr.clone() + &String::from_utf8_lossy(&json.stderr);
    assert!(!both.contains("panicked"), "{file}: {both}");
    assert_eq!(table.status.code(), json.status.code(), "{file}: table and jsonl: {both}");
    (table.status.code(), stderr)
}

/// Numbers that look random and are the same in every run (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}
