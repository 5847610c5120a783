//! What a restore left in a directory, done or not.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::rows;
use crate::support::rows::Summary;

/// Where everything is made.
pub(super) const STAGING: &str = ".chkctl-restore";

/// Files by their path, with their content.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// A directory in memory where there can be one: thousands of times a disk would be waited for.
pub(super) fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Copies what lies in a directory to another one.
pub(super) fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => {
                fs::create_dir(&to).unwrap();
                copy(&entry.path(), &to);
            }
            false => drop(fs::copy(entry.path(), &to).unwrap()),
        }
    }
}

/// Every file below a directory; not what is unfinished.
pub(super) fn published(directory: &Path) -> Files {
    files(directory, &|name| !name.starts_with(STAGING))
}

/// Every file below a directory, links by what they lead to, empty directories with a slash.
pub(super) fn everything(directory: &Path) -> Files {
    files(directory, &|_| true)
}

fn files(directory: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Files {
    let mut found = Files::new();
    let Ok(entries) = fs::read_dir(directory) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !is_wanted(&name) {
            continue;
        }
        if path.is_symlink() {
            let to = fs::read_link(&path).unwrap();
            found.insert(name, to.as_os_str().as_encoded_bytes().to_vec());
        } else if path.is_dir() {
            let inside = files(&path, is_wanted);
            if inside.is_empty() {
                found.insert(format!("{name}/"), Vec::new());
            }
            let inside = inside.into_iter();
            found.extend(inside.map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

/// The files of state that an unfinished restore has brought or built so far, by their path
/// below the staging directory; none whose first byte is not written.
pub(super) fn staged(target: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut open = ["databases", "inputs", "building"].map(str::to_owned).to_vec();
    while let Some(at) = open.pop() {
        // Whatever runs may rename it meanwhile.
        let Ok(entries) = fs::read_dir(target.join(STAGING).join(&at)) else { continue };
        for entry in entries.flatten() {
            let name = format!("{at}/{}", entry.file_name().to_str().unwrap());
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_dir() {
                open.push(name);
            } else if meta.len() > 0 {
                found.insert(name, entry.path());
            }
        }
    }
    found
}

/// The databases that lie in a directory, by where they are in it; not what is unfinished.
pub(super) fn databases(directory: &Path) -> BTreeSet<String> {
    let files = published(directory).into_keys();
    files.filter_map(|name| Some(name.strip_suffix("CURRENT")?.to_owned())).collect()
}

/// What a whole restore left.
pub(super) struct Whole {
    /// Its files.
    pub(super) files: Files,
    /// The rows of its databases, by where they are.
    pub(super) rows: BTreeMap<String, Summary>,
}

impl Whole {
    /// What is in a directory.
    pub(super) fn of(directory: &Path) -> Self {
        let files = published(directory);
        let rows = databases(directory).into_iter().map(|at| {
            let rows = rows::summary(&rows::if_it_opens(&directory.join(&at)).unwrap());
            (at, rows)
        });
        let rows: BTreeMap<String, Summary> = rows.collect();
        assert!(!rows.is_empty());
        Whole { files, rows }
    }

    /// That whatever RocksDB opens in a directory is all there.
    pub(super) fn or_shut(&self, directory: &Path) {
        let there = databases(directory);
        for (at, expected) in &self.rows {
            let opened = rows::if_it_opens(&directory.join(at)).map(|rows| rows::summary(&rows));
            assert_eq!(opened.is_some(), there.contains(at), "{}/{at}", directory.display());
            assert!(opened.is_none_or(|rows| rows == *expected), "{}/{at}", directory.display());
        }
    }

    /// That a directory holds the same; byte for byte where nothing was built.
    pub(super) fn is_in(&self, directory: &Path, same_bytes: bool) {
        let found = published(directory);
        let at = directory.display();
        assert!(!directory.join(STAGING).exists(), "{at}");
        assert!(found.keys().eq(self.files.keys()), "{at}: {:?}", found.keys());
        assert_eq!(report(&found, same_bytes), report(&self.files, same_bytes), "{at}");
        if same_bytes {
            let is_other = |(name, bytes): &(&String, &Vec<u8>)| {
                *name != "restore.json" && self.files[*name] != **bytes
            };
            assert_eq!(found.iter().find(is_other).map(|(name, _)| name), None, "{at}");
        }
        self.or_shut(directory);
        assert_eq!(databases(directory).len(), self.rows.len(), "{at}");
    }
}

/// What a report says that is the same whenever and in how many runs it was restored.
fn report(files: &Files, same_bytes: bool) -> Value {
    let mut report: Value = serde_json::from_slice(&files["restore.json"]).unwrap();
    for own in ["observed_at", "target", "totals", "location", "base", "rebased"] {
        report.as_object_mut().unwrap().remove(own).unwrap();
    }
    for database in report["databases"].as_array_mut().unwrap() {
        for file in database["files"].as_array_mut().unwrap() {
            file.as_object_mut().unwrap().remove("how").unwrap();
            if !same_bytes {
                file.as_object_mut().unwrap().remove("bytes").unwrap();
            }
        }
        if !same_bytes {
            database.as_object_mut().unwrap().remove("bytes").unwrap();
        }
    }
    report
}
