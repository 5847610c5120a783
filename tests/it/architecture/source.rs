//! A source file as the rules see it: code without comments and without the text of strings.

use std::path::Path;
use std::path::PathBuf;

/// The rooms, the upper first.
pub(super) const ROOMS: [&str; 7] = ["cli", "report", "ops", "catalog", "model", "format", "store"];

/// A Rust file.
pub(super) struct Source {
    /// Relative to the crate.
    pub(super) path: PathBuf,
    /// As it is.
    pub(super) text: String,
    /// With comments and the content of literals blanked; same lines.
    pub(super) code: String,
}

impl Source {
    /// Reads a file's text.
    pub(super) fn new(path: &Path, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned(), code: code(text) }
    }

    /// The module path inside the crate, for example `format`, `flink`, `read`.
    pub(super) fn module(&self) -> Vec<String> {
        let inside = self.path.strip_prefix("src").unwrap_or(&self.path).with_extension("");
        let mut names: Vec<String> =
            inside.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        if names.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
            names.pop();
        }
        names
    }

    /// The room the file is in; `None` for `lib.rs` and `main.rs`.
    pub(super) fn room(&self) -> Option<&'static str> {
        let module = self.module();
        ROOMS.into_iter().find(|room| module.first().is_some_and(|first| first == room))
    }

    /// The lines of the code, from 1 on.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }
}

/// Blanks comments, and what is inside of string and character literals.
fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let blank = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = raw_string(rest, &out) {
            length
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' && is_char_literal(rest) {
            quoted(rest, '\'')
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let (skipped, after) = rest.split_at(blank);
        out.extend(skipped.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    out
}

fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (at, depth) = (at + 2, depth + 1);
        } else if text[at..].starts_with("*/") {
            (at, depth) = (at + 2, depth - 1);
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn raw_string(text: &str, before: &str) -> Option<usize> {
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let start = ["br", "cr", "r"].into_iter().find(|start| text.starts_with(start))?;
    let after = &text[start.len()..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(start.len() + hashes + 1 + length)
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether a `'` begins a character and not a lifetime.
fn is_char_literal(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    matches!((chars.next(), chars.next()), (Some('\\'), _) | (Some(_), Some('\'')))
}

#[test]
fn comments_and_literals_are_no_code() {
    let blank = |text: &str| code(text).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(blank("a // use crate::cli\nb"), "a b");
    assert_eq!(blank("a /* x /* y */ z */ b"), "a b");
    assert_eq!(blank(r#"a "s3://b\" //" b"#), "a b");
    assert_eq!(blank(r###"a r#"println!("x")"# b"###), "a b");
    assert_eq!(blank("a '\"' b '\\'' c: &'a str"), "a b c: &'a str");
    assert_eq!(code("\"a\nb\"\nc").lines().count(), 3);
}

#[test]
fn modules_and_rooms() {
    let source = |path: &str| Source::new(Path::new(path), "");
    assert_eq!(source("src/format/flink/read.rs").module(), ["format", "flink", "read"]);
    assert_eq!(source("src/ops/mod.rs").module(), ["ops"]);
    assert_eq!(source("src/store/mod.rs").room(), Some("store"));
    assert_eq!(source("src/lib.rs").room(), None);
}
