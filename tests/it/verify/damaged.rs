//! Every recipe of `fixtures/damaged` is found with its code and subject, from its level on,
//! and nothing else is.

use serde_json::Value;

use super::findings;
use super::verify;
use crate::support::damage;
use crate::support::parallel;

const LEVELS: [&str; 4] = ["exists", "size", "footer", "blocks"];

#[test]
fn each_fault_is_found_from_its_level_on_and_nothing_else_is() {
    let recipes = damage::recipes();
    assert!(recipes.len() > 25, "{} recipes", recipes.len());
    let failures = parallel::map(&recipes, |(name, recipe)| {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let prepared = damage::prepare(recipe, dir.path());
        let first = LEVELS.iter().position(|level| *level == recipe.expected.level).unwrap();
        let mut wrong = Vec::new();
        for (at, level) in LEVELS.iter().enumerate() {
            let (code, document) = verify(&prepared.root, &["--level", level]);
            let expected = match at < first {
                true => Vec::new(),
                false => vec![(recipe.expected.code.clone(), recipe.expected.subject.clone())],
            };
            let note = |one: &Value| one["severity"] == "note";
            let bad = document["findings"].as_array().unwrap().iter().any(|one| !note(one));
            let found = findings(&document);
            if found != expected || code != if bad { 3 } else { 0 } {
                wrong.push(format!("{name} at {level}: {code} {found:?}, expected {expected:?}"));
            }
        }
        wrong
    });
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
