//! Names in metadata are data: none of them may talk to the terminal or make up lines.

use std::fs;
use std::process::Command;
use std::process::Output;

use super::encode;
use super::with_file;

#[test]
fn control_characters_in_names_and_paths_do_not_reach_the_terminal() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = dir.path().join("_metadata");
    let operators = vec![
        with_file("\u{1b}]0;title\u{7}\u{1b}[2Juid\r\n", "file:/cp/\u{1b}[2J/../x"),
        with_file("\u{1b}[8mhidden\u{9b}31m", "file:/cp/y\r\nerror: all is lost"),
    ];
    fs::write(&file, encode(operators)).unwrap();
    for more in [&["--files", "--states"][..], &["--operator", "nobody"], &["--operator", "\u{1b}"]]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_chkctl"))
            .args(["inspect", "--color", "always"])
            .arg(&file)
            .args(more)
            .output()
            .unwrap();
        harmless(output, &format!("{more:?}"));
    }
}

/// Nothing but our own styles steers the terminal, and no line is made up.
pub(super) fn harmless(output: Output, place: &str) {
    for bytes in [output.stdout, output.stderr] {
        let text = String::from_utf8(bytes).unwrap();
        let own = ["\u{1b}[1m", "\u{1b}[0m", "\u{1b}[31m", "\u{1b}[33m"];
        let rest = own.iter().fold(text.clone(), |rest, style| rest.replace(style, ""));
        let control = rest.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "{place}: {text:?}");
        assert!(!text.contains("\nerror: all is lost"), "{place}: {text:?}");
    }
}
