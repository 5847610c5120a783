//! Can the comparison fail? Each kind of oracle field is changed once and must be noticed.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use super::compare;
use super::place::Hashes;
use super::read_oracle;
use crate::support::archives;
use crate::support::chkctl;
use crate::support::parallel;

/// Checkpoints which together have every kind of field.
const SAMPLES: [&str; 7] = [
    "A-masterhook-2.3.0",
    "A-heaptimers-1.20.5",
    "B-savepoints-2.3.0",
    "C-changelog-1.20.5",
    "D-merge-across-1.20.5",
    "E-unaligned-1.20.5",
    "E-unaligned-2.3.0",
];

/// What may change unnoticed: the oracle's own origin, the names of Java classes that only
/// running Java can know, and the text of an error that only has to be there.
const UNCOMPARED: [&str; 7] = [
    ".fixture",
    ".path",
    // Only tells names of inline handles that are paths; not every checkpoint has one.
    ".pathPrefix",
    ".flinkVersion",
    ".serializerClass",
    ".keySerializer",
    ".error",
];

#[test]
fn a_change_of_any_kind_of_field_is_noticed() {
    let found = parallel::map(&SAMPLES, |sample| try_sample(sample));
    let unnoticed: Vec<String> =
        found.iter().flat_map(|(_, unnoticed)| unnoticed.clone()).collect();
    let tried: usize = found.iter().map(|(tried, _)| tried).sum();
    assert!(unnoticed.is_empty(), "nobody noticed a change of\n{}", unnoticed.join("\n"));
    assert!(tried > 500, "only {tried} changes were tried");
}

/// How many changes were tried, and which were not noticed.
fn try_sample(sample: &str) -> (usize, Vec<String>) {
    let mut unnoticed = Vec::new();
    let mut tried = BTreeSet::new();
    let archive = archives::unpack(sample);
    let hashes = Hashes::default();
    // The newest checkpoint and, where there are any, the savepoints.
    for checkpoint in archive.checkpoints().iter().rev().take(3) {
        let oracle = read_oracle(&archive.oracle(), checkpoint);
        let ours = chkctl::inspect_json(&archive.root().join(checkpoint));
        let same = |oracle: &Value| {
            let outcome = compare(&archive.root(), checkpoint, oracle, &ours, &hashes);
            outcome.differences.is_empty() && outcome.compared == outcome.expected
        };
        assert!(same(&oracle), "{sample} {} as it is", checkpoint.display());
        for (kind, pointer) in one_of_each_kind(&oracle) {
            if !tried.insert(kind.clone()) {
                continue;
            }
            let mut changed = oracle.clone();
            change(changed.pointer_mut(&pointer).unwrap());
            if same(&changed) && !UNCOMPARED.iter().any(|end| is_field(&kind, end)) {
                unnoticed.push(format!("{sample} {kind}"));
            }
        }
    }
    (tried.len(), unnoticed)
}

fn is_field(kind: &str, end: &str) -> bool {
    match end {
        // Only that of the document itself, not those of handles.
        ".path" => kind == end,
        _ => kind.ends_with(end),
    }
}

/// For every path of keys, list positions left out, the JSON pointer of its first value.
fn one_of_each_kind(oracle: &Value) -> BTreeMap<String, String> {
    let mut kinds = BTreeMap::new();
    collect(oracle, "", "", &mut kinds);
    kinds
}

fn collect(value: &Value, kind: &str, pointer: &str, kinds: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                // A handle of a canonical savepoint has none in the file: Flink makes one up.
                if key == "stateHandleId" && object["class"] == "KeyGroupsSavepointStateHandle" {
                    continue;
                }
                let escaped = key.replace('~', "~0").replace('/', "~1");
                let (kind, pointer) = (format!("{kind}.{key}"), format!("{pointer}/{escaped}"));
                collect(value, &kind, &pointer, kinds);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            kinds.entry(format!("{kind} (length)")).or_insert_with(|| pointer.to_owned());
            for (index, value) in items.iter().enumerate() {
                collect(value, &format!("{kind}[]"), &format!("{pointer}/{index}"), kinds);
            }
        }
        _ => {
            kinds.entry(kind.to_owned()).or_insert_with(|| pointer.to_owned());
        }
    }
}

/// Makes a value another one of the same type, where the type has another.
fn change(value: &mut Value) {
    match value {
        Value::Null => *value = Value::from(1),
        Value::Bool(flag) => *flag = !*flag,
        Value::Number(number) => *value = Value::from(number.as_i64().unwrap() + 1),
        // Another digit at the end, so that hex stays hex.
        Value::String(text) => {
            let last = text.pop();
            text.push(if last == Some('0') { '1' } else { '0' });
        }
        Value::Array(items) if items.is_empty() => items.push(Value::from(1)),
        Value::Array(items) => drop(items.pop()),
        Value::Object(_) => unreachable!("objects are walked into"),
    }
}
