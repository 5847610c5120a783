//! Rules about single lines and single files.

use super::Broken;
use super::lines;
use super::source::Source;

/// More lines than this are too many to find one's way in.
const MOST_LINES: usize = 500;
/// Files in `ops` that act on what others decided.
const ACTING: [&str; 7] =
    ["apply.rs", "probe.rs", "open.rs", "stage.rs", "site.rs", "former.rs", "finish.rs"];

/// Any mention of `anyhow`.
pub(super) fn anyhow_outside_cli(source: &Source) -> Vec<Broken> {
    outside_cli(source, &["anyhow"])
}

/// Whatever writes to the terminal.
pub(super) fn printing_outside_cli(source: &Source) -> Vec<Broken> {
    let printing =
        ["println!", "eprintln!", "print!", "eprint!", "dbg!", "stdout()", "stderr()", "anstream"];
    outside_cli(source, &printing)
}

fn outside_cli(source: &Source, words: &[&str]) -> Vec<Broken> {
    if source.room() == Some("cli") {
        return Vec::new();
    }
    mentions(source, words)
}

/// Effects and clocks where only decisions should be.
pub(super) fn impure_ops(source: &Source) -> Vec<Broken> {
    let acts = source.path.file_name().is_some_and(|name| ACTING.iter().any(|file| name == *file));
    if source.room() != Some("ops") || acts {
        return Vec::new();
    }
    let effects = [
        "async",
        "await",
        "crate::store",
        "fs",
        "env",
        "net",
        "process",
        "thread",
        "tokio",
        "object_store",
        "SystemTime",
        "Instant",
        "Timestamp::now",
        "Zoned::now",
    ];
    mentions(source, &effects)
}

/// Lines in which one of these occurs as a word of its own.
fn mentions(source: &Source, words: &[&str]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (line, code) in source.lines() {
        for word in words.iter().filter(|word| has_word(code, word)) {
            broken.push(Broken { line, what: format!("`{word}` in `{}`", code.trim()) });
        }
    }
    broken
}

fn has_word(code: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let after = &code[at + word.len()..];
        let joined = word.ends_with(joins) && after.starts_with(joins);
        !(joined || code[..at].ends_with(joins))
    })
}

/// Too many lines.
pub(super) fn long_file(source: &Source) -> Vec<Broken> {
    let count = source.text.lines().count();
    let what = format!("the file has {count} lines");
    (count > MOST_LINES).then_some(Broken { line: MOST_LINES + 1, what }).into_iter().collect()
}

/// No `//!` at the head.
pub(super) fn undocumented_module(source: &Source) -> Vec<Broken> {
    let documented =
        source.text.lines().next().is_some_and(|line| {
            line.strip_prefix("//! ").is_some_and(|text| !text.trim().is_empty())
        });
    let what = "the first line is no module documentation".to_owned();
    (!documented).then_some(Broken { line: 1, what }).into_iter().collect()
}

#[test]
fn anyhow_and_printing_are_found_outside_of_cli_only() {
    let text = "use anyhow::Result;\nfn f() -> anyhow::Error {}\n// anyhow\nlet a = \"anyhow\";";
    assert_eq!(lines(anyhow_outside_cli, "src/ops/x.rs", text), [1, 2]);
    assert_eq!(lines(anyhow_outside_cli, "src/main.rs", text), [1, 2]);
    assert_eq!(lines(anyhow_outside_cli, "src/cli/x.rs", text), [0; 0]);
    let text = "println!();\neprintln!();\nprintln_like!();\nio::stdout().lock();\nwriteln!(out)";
    assert_eq!(lines(printing_outside_cli, "src/report/x.rs", text), [1, 2, 4]);
    assert_eq!(lines(printing_outside_cli, "src/cli/x.rs", text), [0; 0]);
}

#[test]
fn impurity_is_found_in_ops_only() {
    let text = "async fn f() {}\nuse crate::store::Store;\nuse std::fs;\nlet t = SystemTime::now();\n\
                let t = Timestamp::now();\nlet t: Timestamp = now;\nlet offs = 1;\nx.await;";
    assert_eq!(lines(impure_ops, "src/ops/gc/plan.rs", text), [1, 2, 3, 4, 5, 8]);
    assert_eq!(lines(impure_ops, "src/ops/gc/apply.rs", text), [0; 0]);
    assert_eq!(lines(impure_ops, "src/catalog/x.rs", text), [0; 0]);
}

#[test]
fn long_and_undocumented_files_are_found() {
    assert_eq!(lines(long_file, "src/x.rs", &"\n".repeat(500)), [0; 0]);
    assert_eq!(lines(long_file, "src/x.rs", &"\n".repeat(501)), [501]);
    assert_eq!(lines(undocumented_module, "src/x.rs", "//! Does x.\n"), [0; 0]);
    for text in ["use x;\n//! Late.", "//!\n", "// x\n", ""] {
        assert_eq!(lines(undocumented_module, "src/x.rs", text), [1], "{text:?}");
    }
}
