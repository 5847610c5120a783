//! `inspect` against what classes of the same Flink release read in the same files.
//!
//! Every field of every oracle is compared or named as not comparable (`serializerClass` and
//! `keySerializer`, which are Java classes made by running Java): a field that no comparison
//! takes is a failure. The hash of every file is computed here from the file itself.

mod backend_meta;
mod channel;
mod checkpoint;
mod jsonl;
mod keyed;
mod operator_state;
mod pair;
mod place;
mod sensitivity;
mod stream;

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::archives;
use crate::support::chkctl;
use crate::support::parallel;
use pair::Differences;
use pair::Pair;
use place::Hashes;
use place::Place;

/// What comparing one checkpoint found.
struct Outcome {
    compared: u64,
    expected: u64,
    differences: Vec<String>,
}

#[test]
fn inspect_agrees_with_flink_about_every_handle_of_every_fixture() {
    let names = archives::names();
    assert_eq!(names.len(), 53, "archives");
    let unpacked = parallel::map(&names, |name| archives::unpack(name));
    let mut checkpoints = Vec::new();
    for archive in &unpacked {
        let with_oracle = archives::directories_with(&archive.oracle(), "_metadata.json");
        assert_eq!(with_oracle, archive.checkpoints(), "{}", archive.name);
        checkpoints.extend(with_oracle.into_iter().map(|path| (archive, path)));
    }
    assert_eq!(checkpoints.len(), 186, "checkpoints");

    let hashes = Hashes::default();
    let outcomes = parallel::map(&checkpoints, |(archive, checkpoint)| {
        let oracle = read_oracle(&archive.oracle(), checkpoint);
        let ours = chkctl::inspect_json(&archive.root().join(checkpoint));
        compare(&archive.root(), checkpoint, &oracle, &ours, &hashes)
    });
    let mut lines = Vec::new();
    for (outcome, (archive, path)) in outcomes.iter().zip(&checkpoints) {
        let lead = format!("{}/{}", archive.name, path.display());
        lines.extend(outcome.differences.iter().map(|line| format!("{lead} {line}")));
    }
    let shown = lines.iter().take(60).cloned().collect::<Vec<_>>().join("\n");
    assert!(lines.is_empty(), "{} differences, the first are\n{shown}", lines.len());

    let compared: u64 = outcomes.iter().map(|outcome| outcome.compared).sum();
    let expected: u64 = outcomes.iter().map(|outcome| outcome.expected).sum();
    assert_eq!(compared, expected, "handles compared, and what Flink counted");
    assert_eq!(compared, HANDLES, "handles in all fixtures");
}

/// State handles in all oracles together, as Flink's own classes counted them.
const HANDLES: u64 = 2723;

fn read_oracle(oracle: &Path, checkpoint: &Path) -> Value {
    let file = oracle.join(checkpoint).join("_metadata.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn compare(
    root: &Path,
    checkpoint: &Path,
    oracle: &Value,
    ours: &Value,
    hashes: &Hashes,
) -> Outcome {
    let prefix = oracle["pathPrefix"].as_str().unwrap_or_default();
    let place = Place::new(root, checkpoint, prefix, hashes);
    let differences = Differences::default();
    let pair = Pair::new("$".to_owned(), oracle, ours, &differences);
    let compared = checkpoint::compare(pair, &place);
    let expected = oracle["handles"].as_u64().unwrap_or_default();
    Outcome { compared, expected, differences: differences.into_lines() }
}
