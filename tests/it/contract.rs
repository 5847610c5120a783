//! What is promised in writing: JSON Schemas, shell completions, and documents which conform.
//!
//! Committed files that chkctl generates are compared with what it generates now;
//! `UPDATE=1 cargo test --test it contract` writes them anew, then read the difference.

mod documents;

use std::env;
use std::fs;
use std::path::Path;

use boon::Compiler;
use boon::SchemaIndex;
use boon::Schemas;
use serde_json::Value;

use crate::support::chkctl;

/// File below `completions/` and the name of the shell.
const COMPLETIONS: [(&str, &str); 5] = [
    ("chkctl.bash", "bash"),
    ("_chkctl", "zsh"),
    ("chkctl.fish", "fish"),
    ("chkctl.elv", "elvish"),
    ("_chkctl.ps1", "powershell"),
];

#[test]
fn completions_are_what_chkctl_prints() {
    for (file, shell) in COMPLETIONS {
        committed(&format!("completions/{file}"), &stdout(&["completions", shell]));
    }
    let committed = fs::read_dir(root().join("completions")).unwrap().count();
    assert_eq!(committed, COMPLETIONS.len(), "files in completions/");
}

#[test]
fn schemas_are_what_was_promised() {
    for name in ["inspect", "diff", "verify", "latest", "restore", "error"] {
        committed(&format!("tests/snapshots/{name}.schema.json"), &stdout(&["schema", name]));
    }
    let all: Value = serde_json::from_str(&stdout(&["schema"])).unwrap();
    let names: Vec<&String> = all.as_object().unwrap().keys().collect();
    let inspect = ["inspect.checkpoint", "inspect.job", "inspect.root"];
    let expected = [["diff", "error"].as_slice(), &inspect, &["latest", "restore", "verify"]].concat();
    let expected: Vec<String> =
        expected.into_iter().map(|what| format!("chkctl.{what}/1")).collect();
    assert_eq!(names, expected.iter().collect::<Vec<_>>());
    for name in names {
        let one: Value = serde_json::from_str(&stdout(&["schema", name])).unwrap();
        assert_eq!(one, all[name], "{name}");
    }
}

#[test]
fn there_is_a_man_page_for_every_command() {
    let dir = tempfile::tempdir().unwrap();
    stdout(&["man", "--dir", dir.path().to_str().unwrap()]);
    let pages = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = pages.collect();
    pages.sort();
    let names: Vec<_> =
        pages.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
    let commands =
        ["completions", "diff", "inspect", "latest", "man", "restore", "schema", "stores", "verify"];
    let mut expected: Vec<String> =
        commands.iter().map(|command| format!("chkctl-{command}")).collect();
    expected.push("chkctl".to_owned());
    assert_eq!(names, expected);
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        assert!(text.contains(".SH SYNOPSIS") && text.contains("Exit codes"), "{page:?}");
    }
}

/// Fails unless a committed file is what was generated; with `UPDATE` set, writes it instead.
fn committed(file: &str, generated: &str) {
    let path = root().join(file);
    if env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let line = (1..).zip(committed.lines().zip(generated.lines())).find(|(_, (a, b))| a != b);
    assert!(
        committed == generated,
        "{file} is not what chkctl generates (first difference: {line:?}); refresh it with\n  \
         UPDATE=1 cargo test --test it contract"
    );
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn stdout(args: &[&str]) -> String {
    let output = chkctl::run(args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "chkctl {}: {stderr}", args.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// A JSON Schema as `chkctl schema` prints it, ready to judge.
pub(crate) struct Contract {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Contract {
    /// The schema of what a command writes; `error` for failures.
    pub(crate) fn of(name: &str) -> Contract {
        Contract::new(serde_json::from_str(&stdout(&["schema", name])).unwrap())
    }

    /// As [`Contract::of`], and nothing but what the schema names is allowed.
    pub(crate) fn strict(name: &str) -> Contract {
        let schema = serde_json::from_str(&stdout(&["schema", name])).unwrap();
        Contract::new(documents::strict(schema))
    }

    fn new(schema: Value) -> Contract {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("schema.json", schema).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Contract { schemas, index }
    }

    /// What in a document the schema does not allow; `None` if nothing.
    pub(crate) fn complaint(&self, document: &Value) -> Option<String> {
        self.schemas.validate(document, self.index).err().map(|error| format!("{error:#}"))
    }
}
