//! What an earlier restore left in a directory, told by its report from what is somebody else's.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::error::RestoreError;
use super::site::LONGEST;
use super::site::REPORT;
use crate::store::disk::Disk;
use crate::store::disk::Found;

/// What lies in a target; nothing if it is not there yet.
///
/// # Errors
/// It is no directory, or cannot be read.
pub(super) fn listed(disk: &Disk, target: &Path) -> Result<Option<Vec<Found>>, RestoreError> {
    let failed = || RestoreError::disk(target);
    // Below what is no directory nothing can be looked at.
    let is_there = disk.look(target).map_err(failed())?.is_some();
    let why = match disk.list(target) {
        Ok(None) if is_there => "is a link that leads nowhere",
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => "is no directory",
        listed => return listed.map_err(failed()),
    };
    let (path, why, hint) = (target.to_owned(), why.to_owned(), "name another DIR");
    Err(RestoreError::Occupied { path, why, hint })
}

/// What an earlier restore left at the top of a directory; nothing else may be there, but for
/// directories of these names.
///
/// # Errors
/// Something else is there, or it is not to be replaced.
pub(super) fn left(
    disk: &Disk,
    target: &Path,
    force: bool,
    own: &[&str],
) -> Result<Vec<String>, RestoreError> {
    let entries = listed(disk, target)?.unwrap_or_default();
    let is_own = |found: &Found| own.contains(&found.name.as_str()) && found.is_dir;
    let entries: Vec<Found> = entries.into_iter().filter(|found| !is_own(found)).collect();
    let Some(first) = entries.first() else { return Ok(Vec::new()) };
    let occupied = |path: PathBuf, why: &str, hint| {
        Err(RestoreError::Occupied { path, why: why.to_owned(), hint })
    };
    let has_report = entries.iter().any(|found| found.name == REPORT && found.is_file);
    if !has_report {
        let why = format!("is not empty: {} is in it, and no {REPORT}", first.name);
        return occupied(target.to_owned(), &why, "name a DIR that is empty or does not exist");
    }
    if !force {
        let why = "holds an earlier restore";
        return occupied(target.to_owned(), why, "replace it with --force, or name another DIR");
    }
    let at = target.join(REPORT);
    let report = disk.read(&at, LONGEST).map_err(RestoreError::disk(&at))?;
    let Some(made) = Made::parse(&report) else {
        let hint = "--force replaces only what chkctl made: name another DIR";
        return occupied(at, "is no report that chkctl wrote", hint);
    };
    for found in &entries {
        made.allows(disk, target, "", found)?;
    }
    Ok(entries.into_iter().map(|found| found.name).collect())
}

/// What a report says that chkctl made: bytes of each file by its path.
#[derive(Debug)]
struct Made(BTreeMap<String, u64>);

impl Made {
    /// What a report says; `None` if it is none.
    fn parse(report: &[u8]) -> Option<Self> {
        let report: Value = serde_json::from_slice(report).ok()?;
        let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
        let list = |value: &Value, name: &str| value.get(name)?.as_array().cloned();
        if !text(&report, "schema")?.starts_with("chkctl.restore/") {
            return None;
        }
        let mut made = BTreeMap::new();
        for database in list(&report, "databases")? {
            let directory = text(&database, "directory")?;
            for file in list(&database, "files")? {
                let name = text(&file, "local_name")?;
                let path = match directory.as_str() {
                    "" | "." => name,
                    directory => format!("{directory}/{name}"),
                };
                made.insert(path, file.get("bytes")?.as_u64()?);
            }
        }
        Some(Made(made))
    }

    /// That something, below the target at `parent`, was made by chkctl and is as it was.
    fn allows(
        &self,
        disk: &Disk,
        target: &Path,
        parent: &str,
        found: &Found,
    ) -> Result<(), RestoreError> {
        let path = match parent {
            "" => found.name.clone(),
            parent => format!("{parent}/{}", found.name),
        };
        let refuse = |why: &str| {
            let (path, why) = (target.join(&path), why.to_owned());
            let hint = "--force replaces only what chkctl made: move it away, or name another DIR";
            Err(RestoreError::Occupied { path, why, hint })
        };
        if found.is_dir {
            let inside = format!("{path}/");
            if !self.0.keys().any(|made| made.starts_with(&inside)) {
                return refuse("was not made by chkctl");
            }
            let at = target.join(&path);
            for found in disk.list(&at).map_err(RestoreError::disk(&at))?.into_iter().flatten() {
                self.allows(disk, target, &path, &found)?;
            }
            return Ok(());
        }
        // RocksDB writes them whenever somebody opens the database; they hold no state.
        let is_log = found.is_file
            && (matches!(found.name.as_str(), "LOG" | "LOCK")
                || found.name.starts_with("LOG.old."));
        if is_log || (path == REPORT && found.is_file) {
            return Ok(());
        }
        match self.0.get(&path) {
            Some(bytes) if found.is_file && *bytes == found.bytes => Ok(()),
            Some(_) => refuse("was changed since it was restored"),
            None => refuse("was not made by chkctl"),
        }
    }
}
