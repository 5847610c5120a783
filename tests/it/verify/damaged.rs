//! Every recipe of `fixtures/damaged` is found with its code and subject, from its level on,
//! and nothing else is.

use serde_json::Value;

use super::findings;
use super::verify;
use crate::support::damage;
use crate::support::damage::Fault;
use crate::support::damage::Recipe;
use crate::support::parallel;

/// What the finding is about: of two files in place of each other both.
fn subjects(recipe: &Recipe) -> impl Iterator<Item = String> {
    let mut subjects = vec![recipe.expected.subject.clone()];
    if let Fault::Swap { a, b } = &recipe.fault {
        subjects = vec![a.clone(), b.clone()];
        subjects.sort();
    }
    subjects.into_iter()
}

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
            let expected: Vec<(String, String)> = match at < first {
                true => Vec::new(),
                false => subjects(recipe).map(|one| (recipe.expected.code.clone(), one)).collect(),
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
