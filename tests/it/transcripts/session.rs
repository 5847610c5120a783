//! Reads transcripts: which command is expected to end with which exit code.

use std::fs;
use std::path::Path;

/// One command of a transcript.
pub(super) struct Step {
    /// File and line.
    pub(super) place: String,
    /// The arguments, without `chkctl`.
    pub(super) args: Vec<String>,
    /// The expected exit code.
    pub(super) status: i32,
}

/// The commands of all transcripts, in order.
pub(super) fn all() -> Vec<Step> {
    let mut steps = Vec::new();
    let cmd = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
    for dir in sorted(&cmd).iter().filter(|path| path.is_dir()) {
        for file in sorted(dir) {
            if file.extension().is_some_and(|extension| extension == "trycmd") {
                let name = file.strip_prefix(&cmd).unwrap().display().to_string();
                steps.extend(read(&name, &fs::read_to_string(&file).unwrap()));
            }
        }
    }
    steps
}

fn sorted(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(name: &str, text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(command) = line.strip_prefix("$ chkctl") {
            let place = format!("{name}:{number}");
            steps.push(Step { place, args: words(command), status: 0 });
        } else if let (Some(status), Some(step)) = (line.strip_prefix("? "), steps.last_mut()) {
            step.status = status.parse().unwrap_or_else(|_| panic!("{name}:{number}: {line}"));
        }
    }
    steps
}

/// Words as a shell splits them, with single quotes and no escapes.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted, mut open) = (String::new(), false, false);
    for c in command.chars().chain([' ']) {
        match c {
            '\'' => (quoted, open) = (!quoted, true),
            ' ' if !quoted => {
                if open {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            c => {
                word.push(c);
                open = true;
            }
        }
    }
    assert!(!quoted, "an open quote in {command}");
    words
}

#[test]
fn transcripts_are_read() {
    let steps = read("x", "```\n$ chkctl a 'b c' ''\n? 2\nerror\n\n$ chkctl d\nfine\n```\n");
    assert_eq!(steps[0].args, ["a", "b c", ""]);
    assert_eq!((steps[0].status, steps[0].place.as_str()), (2, "x:2"));
    assert_eq!((steps[1].status, steps[1].args.len()), (0, 1));
}
