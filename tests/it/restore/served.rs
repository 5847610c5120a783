//! A checkpoint in an object store that a test can slow down or break, restored by a process.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use super::running;
use crate::support::archives;
use crate::support::s3::Fate;
use crate::support::s3::S3;

/// Every file of it is an object of its own.
const ARCHIVE: &str = "G-halt-2.3.0";
/// An operator of it, with the most files.
pub(super) const OPERATOR: &str = "eb62da86593154933fe4085e2e81db2d";
/// The last bytes of a table.
const MAGIC: [u8; 8] = [0xF7, 0xCF, 0xF4, 0x85, 0xB7, 0x41, 0xE2, 0x88];

/// The checkpoint.
pub(super) struct Served {
    server: S3,
    /// Where it lies in the store.
    pub(super) url: String,
    /// The keys of its tables, by their content.
    pub(super) tables: BTreeMap<Vec<u8>, String>,
}

impl Served {
    /// The newest checkpoint of an archive; something decides what becomes of each request.
    pub(super) fn start(before: impl Fn(&str) -> Fate + Send + Sync + 'static) -> Self {
        let root = archives::unpack(ARCHIVE).root();
        let checkpoint = running::newest(ARCHIVE).directory;
        let at = checkpoint.strip_prefix(&root).unwrap().to_str().unwrap();
        Served::of(&root, at, before)
    }

    /// A checkpoint below a directory.
    pub(super) fn of(
        root: &Path,
        checkpoint: &str,
        before: impl Fn(&str) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let server = S3::start_with(root, before);
        let url = format!("s3://flink/{checkpoint}");
        Served { server, url, tables: tables(root) }
    }

    /// The command that restores it to a directory, one file at a time unless `args` say
    /// otherwise.
    pub(super) fn command(&self, target: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chkctl"));
        command.arg("restore").arg(&self.url).arg(target).args(args).args(self.access());
        command.env("NO_COLOR", "1").env_remove("RUST_LOG").env_remove("CHKCTL_OUTPUT");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What says how the store is reached.
    pub(super) fn access(&self) -> Vec<String> {
        let endpoint = format!("endpoint={}", self.server.url);
        let options = [endpoint.as_str(), "region=x", "skip_signature=true", "allow_http=true"];
        let flags = options.iter().flat_map(|option| ["--store-option", option]);
        flags.map(str::to_owned).collect()
    }

    /// Runs it to its end.
    pub(super) fn run(&self, target: &Path, args: &[&str]) -> Output {
        self.command(target, args).output().unwrap()
    }

    /// Runs it to its end, which must be a good one.
    pub(super) fn restore(&self, target: &Path, args: &[&str]) {
        let output = self.run(target, args);
        assert!(output.status.success(), "{args:?}: {}", said(&output));
    }

    /// How many requests there were.
    pub(super) fn requests(&self) -> usize {
        self.server.requests().len()
    }

    /// The keys of tables that were asked for, after so many requests.
    pub(super) fn fetched(&self, after: usize) -> BTreeSet<String> {
        let heads = self.server.requests().split_off(after);
        let keys = heads.iter().filter_map(|head| key(head)).map(str::to_owned);
        let keys: BTreeSet<String> = keys.collect();
        self.tables.values().filter(|table| keys.contains(*table)).cloned().collect()
    }

    /// The tables of what was staged below `room` that have their names, by their keys. Each is
    /// whole.
    pub(super) fn kept(&self, staged: &BTreeMap<String, PathBuf>, room: &str) -> BTreeSet<String> {
        let is_table = |name: &str| name.ends_with(".sst") && name.starts_with(room);
        let key = |(name, path): (&String, &PathBuf)| {
            let bytes = fs::read(path).unwrap();
            let known = self.tables.get(&bytes);
            known.unwrap_or_else(|| panic!("{name} has other bytes than its object")).clone()
        };
        staged.iter().filter(|(name, _)| is_table(name)).map(key).collect()
    }
}

/// The key that a GET is for.
pub(super) fn key(head: &str) -> Option<&str> {
    head.strip_prefix("GET /flink/")?.split(' ').next()
}

/// Whether a request is for the bytes of a file of state.
pub(super) fn is_state(head: &str) -> bool {
    key(head).is_some_and(|key| !key.contains('?') && !key.ends_with("_metadata"))
}

fn tables(root: &Path) -> BTreeMap<Vec<u8>, String> {
    let mut tables = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            if bytes.ends_with(&MAGIC) {
                let key = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                let twin = tables.insert(bytes, key.clone());
                assert_eq!(twin, None, "{key} can be told by its content");
            }
        }
    }
    assert!(!tables.is_empty(), "{}", root.display());
    tables
}

/// What a process said on stderr, and how it ended.
pub(super) fn said(output: &Output) -> String {
    format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr))
}

/// Waits for something as long as a process runs; whether it came.
pub(super) fn wait(child: &mut Child, mut come: impl FnMut() -> bool) -> bool {
    loop {
        if come() {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(300));
    }
}

/// Sends a signal by its name.
pub(super) fn signal(child: &Child, name: &str) {
    let kill = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
}
