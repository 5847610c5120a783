//! At most 64 bytes a distinct file and 8 a reference, once they are collected.

use super::Shared;
use super::World;
use super::references;

#[test]
fn files_and_references_take_the_space_they_may() {
    const FILES: usize = 20_000;
    const CHECKPOINTS: usize = 20;
    // Each checkpoint keeps nine tenths of the one before.
    let file = |n: usize| {
        let name = format!("{n:08x}-0000-4000-8000-000000000000");
        Shared::file(&name, &format!("{n:06}.sst"))
    };
    let checkpoint = |c: usize| (c * FILES / 10..c * FILES / 10 + FILES).map(file).collect();
    let checkpoints: Vec<Vec<Shared>> = (0..CHECKPOINTS).map(checkpoint).collect();
    let checkpoints: Vec<&[Shared]> = checkpoints.iter().map(Vec::as_slice).collect();
    let (references, _) = references(&World::of(&checkpoints));

    let files = references.files().count();
    assert_eq!(
        (references.len(), files),
        (FILES * CHECKPOINTS, FILES + (CHECKPOINTS - 1) * FILES / 10)
    );
    let allowed = 64 * files + 8 * references.len();
    let taken = references.heap_bytes();
    assert!(taken <= allowed, "{taken} bytes for {files} files, at most {allowed}");
    // And no less than what they need, or the count is wrong.
    assert!(taken > 48 * files + 8 * references.len());
}
