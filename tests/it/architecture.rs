//! The rules that `src/lib.rs` states, checked in the text of `src/`.
//!
//! Each rule is a function from a source file to the places that break it, so that every rule
//! is also tried on a sample which does break it.

mod imports;
mod rules;
mod source;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use source::Source;

/// One rule: what it demands, and the lines of a file that break it.
struct Rule {
    says: &'static str,
    broken: fn(&Source) -> Vec<Broken>,
}

/// A line that breaks a rule, and how.
#[derive(Debug, PartialEq, Eq)]
struct Broken {
    line: usize,
    what: String,
}

const RULES: [Rule; 7] = [
    Rule {
        says: "a room may use those below it and none above: cli > report > ops > catalog > \
               model > format and store, and these two do not know each other",
        broken: imports::upwards,
    },
    Rule {
        says: "one `use crate::x::Y;` a line, so that imports can be read line by line",
        broken: imports::grouped,
    },
    Rule {
        says: "`anyhow` lives in cli; everywhere else errors are typed",
        broken: rules::anyhow_outside_cli,
    },
    Rule { says: "only cli prints", broken: rules::printing_outside_cli },
    Rule {
        says: "what decides in ops is pure: no async, no store, no file, no clock; only files \
               called apply.rs, probe.rs or open.rs act",
        broken: rules::impure_ops,
    },
    Rule { says: "a file has at most 500 lines", broken: rules::long_file },
    Rule {
        says: "a file begins with `//!` and says what the module is for",
        broken: rules::undocumented_module,
    },
];

#[test]
fn the_source_keeps_the_rules() {
    let sources = sources(&["src"]);
    assert!(sources.len() > 100, "src/ was not found");
    assert_eq!(complaints(&sources, &RULES), "");
}

#[test]
fn tests_and_examples_are_small_and_documented_too() {
    let all = sources(&["tests", "examples"]);
    assert!(!all.is_empty());
    assert_eq!(complaints(&all, &RULES[5..]), "");
}

/// Every broken rule with its places, as one text; empty if all is well.
fn complaints(sources: &[Source], rules: &[Rule]) -> String {
    let mut text = String::new();
    for rule in rules {
        let mut places = Vec::new();
        for source in sources {
            let broken = (rule.broken)(source).into_iter();
            places.extend(broken.map(|Broken { line, what }| {
                format!("  {}:{line}: {what}\n", source.path.display())
            }));
        }
        if !places.is_empty() {
            text += &format!("{}\n{}", rule.says, places.concat());
        }
    }
    text
}

/// All Rust files below these directories of the crate, in order.
fn sources(directories: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> = directories.iter().map(|dir| root.join(dir)).collect();
    let mut found = Vec::new();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source::new(path.strip_prefix(root).unwrap(), &text));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// What one rule says about a sample at this path: the broken lines.
fn lines(broken: fn(&Source) -> Vec<Broken>, path: &str, text: &str) -> Vec<usize> {
    broken(&Source::new(Path::new(path), text)).into_iter().map(|broken| broken.line).collect()
}

#[test]
fn complaints_name_rule_file_and_line() {
    let source = Source::new(Path::new("src/format/x.rs"), "//! X.\nuse crate::store::Store;\n");
    let text = complaints(&[source], &RULES);
    assert!(text.starts_with("a room may use those below it"), "{text}");
    assert!(text.contains("  src/format/x.rs:2: format uses store\n"), "{text}");
}
