//! Roots with many jobs that refer to each other's files: time grows with what is there.

use std::fs;
use std::time::Duration;
use std::time::Instant;

use crate::support::archives;
use crate::support::chkctl;

/// 200 jobs that claimed the same checkpoint, so 400 pairs of directories: listing them with
/// their files takes about as long as without. It took 80 times as long when each row looked at
/// all pairs with all their paths.
#[test]
fn cross_references_are_looked_at_once() {
    let archive = archives::unpack("F-claim-same-1.20.5");
    let claimed = archive.checkpoints().into_iter().find(|path| path.ends_with("chk-7")).unwrap();
    let metadata = fs::read(archive.root().join(claimed).join("_metadata")).unwrap();
    let root = tempfile::tempdir().unwrap();
    for job in 0..200 {
        let chk = root.path().join(format!("{job:032x}/chk-7"));
        fs::create_dir_all(&chk).unwrap();
        fs::write(chk.join("_metadata"), &metadata).unwrap();
    }
    let place = root.path().to_str().unwrap();
    let rebase = format!("file:///tmp/flink-lab/F-claim-same-1.20.5={place}");
    let run = |more: &[&str]| {
        let begun = Instant::now();
        let output = chkctl::run(&[&["inspect", "-q", place, "--rebase", &rebase], more].concat());
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let rows = text.lines().filter(|line| line.contains("102 files"));
        assert_eq!(rows.count(), 200, "{text}");
        begun.elapsed()
    };
    let plain = run(&[]);
    let with_files = run(&["--top", "1"]);
    assert!(with_files < 5 * plain + Duration::from_secs(2), "{with_files:?} and {plain:?}");
}
