//! The directory that a restore goes to: who may write there, what is unfinished in it, and the
//! moment at which everything appears at once.
//!
//! Everything is made below `DIR/.chkctl-restore`, on the same file system. It is published by
//! renames, a database's `CURRENT` last, without which RocksDB opens nothing. A list of what is
//! about to be published is written first: after a kill the next run takes back what already
//! was, and publishes again.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::error::RestoreError;
use crate::store::disk::Disk;
use crate::store::disk::Found;

/// The report beside what it is about.
pub const REPORT: &str = "restore.json";
/// Where everything is made.
const STAGING: &str = ".chkctl-restore";
/// What it is called when it is no longer needed.
const DONE: &str = ".chkctl-restore.done";
/// Held by the one that writes.
const LOCK: &str = "lock";
/// What is being restored, so that nothing else goes on with it.
const IDENTITY: &str = "identity";
/// What is about to be published.
const PUBLISHING: &str = "publishing.json";
/// What was there before, on its way out.
const OLD: &str = "old";
/// The longest file of our own that is read.
const LONGEST: u64 = 256 << 20;
/// The file without which nothing can be opened.
const CURRENT: &str = "CURRENT";

/// A directory that is being restored to.
pub struct Site<'s> {
    disk: &'s Disk,
    target: PathBuf,
    staging: PathBuf,
    /// What an earlier restore left, which goes when the new one is published.
    old: Vec<String>,
    _lock: File,
}

/// A database that is ready to be published.
#[derive(Debug)]
pub struct Finished {
    /// Where it goes, below the target.
    pub directory: String,
    /// The names of its files.
    pub files: Vec<String>,
}

impl<'s> Site<'s> {
    /// Takes a directory for a restore that `identity` tells from any other.
    ///
    /// # Errors
    /// Something is in it that this restore did not make; with `force`, that no restore made.
    pub fn enter(
        disk: &'s Disk,
        target: &Path,
        identity: &str,
        force: bool,
    ) -> Result<Self, RestoreError> {
        let site = || RestoreError::disk(target);
        let staging = target.join(STAGING);
        let entries = disk.list(target).map_err(site())?;
        let is_unfinished = match entries.iter().flatten().find(|found| found.name == STAGING) {
            None => false,
            Some(found) if found.is_dir => true,
            Some(_) => {
                let why = "is no directory that chkctl made".to_owned();
                let hint = "name another DIR";
                return Err(RestoreError::Occupied { path: staging, why, hint });
            }
        };
        if !is_unfinished {
            // Looked at before anything is made, so that a refusal leaves no trace.
            old(disk, target, force)?;
        }
        disk.make_directory(&staging).map_err(site())?;
        let lock = disk.lock(&staging.join(LOCK)).map_err(RestoreError::disk(&staging))?;
        let Some(lock) = lock else {
            let why = "another chkctl restores into it".to_owned();
            let hint = "wait for it, or name another DIR";
            return Err(RestoreError::Occupied { path: target.to_owned(), why, hint });
        };
        let (target, old) = (target.to_owned(), Vec::new());
        let mut site = Site { disk, target, staging, old, _lock: lock };
        site.take_up(identity, force)?;
        Ok(site)
    }

    /// Goes on with what lies in the staging directory, or begins anew.
    fn take_up(&mut self, identity: &str, force: bool) -> Result<(), RestoreError> {
        let at = self.staging.join(IDENTITY);
        let failed = || RestoreError::disk(&self.staging);
        let known = match self.disk.look(&at).map_err(failed())? {
            None => None,
            Some(_) => Some(self.disk.read(&at, LONGEST).map_err(failed())?),
        };
        match known {
            Some(known) if known != identity.as_bytes() => {
                if !force {
                    let why = "holds another restore that did not come to its end".to_owned();
                    let hint = "go on with that one first, replace it with --force, or name \
                                another DIR";
                    let path = self.staging.clone();
                    return Err(RestoreError::Occupied { path, why, hint });
                }
                self.take_back()?;
                self.clear()?;
            }
            Some(_) => self.take_back()?,
            None => {
                // Of a run that was killed before it had begun there is little.
                let is_ours =
                    |found: &Found| found.name.starts_with(IDENTITY) || found.name == LOCK;
                let listed = self.disk.list(&self.staging).map_err(failed())?;
                if let Some(foreign) = listed.iter().flatten().find(|found| !is_ours(found)) {
                    let path = self.staging.join(&foreign.name);
                    let why = "was not made by chkctl".to_owned();
                    let hint = "move it away, or name another DIR";
                    return Err(RestoreError::Occupied { path, why, hint });
                }
                self.clear()?;
            }
        }
        self.old = old(self.disk, &self.target, force)?;
        self.disk.put(&at, identity.as_bytes()).map_err(RestoreError::disk(&at))
    }

    /// Removes everything that was made so far.
    fn clear(&self) -> Result<(), RestoreError> {
        let failed = || RestoreError::disk(&self.staging);
        for found in self.disk.list(&self.staging).map_err(failed())?.into_iter().flatten() {
            let at = self.staging.join(&found.name);
            match found.is_dir {
                true => self.disk.remove_all(&at),
                false if found.name == LOCK => Ok(()),
                false => self.disk.remove_file(&at),
            }
            .map_err(RestoreError::disk(&at))?;
        }
        Ok(())
    }

    /// Takes back what was published before a kill, so that all of it is published at once.
    fn take_back(&self) -> Result<(), RestoreError> {
        let list = self.staging.join(PUBLISHING);
        let failed = || RestoreError::disk(&list);
        if self.disk.look(&list).map_err(failed())?.is_none() {
            return Ok(());
        }
        let bytes = self.disk.read(&list, LONGEST).map_err(failed())?;
        let moves = Moves::parse(&bytes).map_err(failed())?;
        // What cannot be opened any more is taken back last.
        for (from, to) in moves.0.iter().rev() {
            let (from, to) = (self.staging.join(from), self.target.join(to));
            let is_there = self.disk.look(&to).map_err(RestoreError::disk(&to))?.is_some();
            let is_here = self.disk.look(&from).map_err(RestoreError::disk(&from))?.is_some();
            if is_there && !is_here {
                self.disk.rename(&to, &from).map_err(RestoreError::disk(&to))?;
            }
        }
        for operator in moves.parents() {
            let at = self.target.join(operator);
            // Not empty if it is somebody else's, which shows next.
            let _ = self.disk.remove_directory(&at);
        }
        self.disk.remove_file(&list).map_err(failed())
    }

    /// The directory that is restored to.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// A file that may be made to see whether it can be, and is removed at once.
    pub fn probe(&self) -> PathBuf {
        self.staging.join("probe")
    }

    /// The directory of the database with a number.
    pub fn database(&self, number: usize) -> PathBuf {
        self.staging.join("databases").join(number.to_string())
    }

    /// The directory of a database while its rows are written.
    pub fn building(&self, number: usize) -> PathBuf {
        self.staging.join("building").join(number.to_string())
    }

    /// The directory of what a database is made of.
    pub fn input(&self, number: usize, input: usize) -> PathBuf {
        self.staging.join("inputs").join(number.to_string()).join(input.to_string())
    }

    /// Where RocksDB writes its log.
    pub fn log(&self) -> PathBuf {
        self.staging.join("log")
    }

    /// Publishes databases, by their numbers, with the report about them.
    ///
    /// # Errors
    /// Something could not be written or renamed; the next run takes it up.
    pub fn publish(self, databases: &[Finished], report: &[u8]) -> Result<(), RestoreError> {
        let put = |name: &str, bytes: &[u8]| {
            let at = self.staging.join(name);
            self.disk.put(&at, bytes).map_err(RestoreError::disk(&at))
        };
        put(REPORT, report)?;
        let moves = self.moves(databases);
        put(PUBLISHING, &moves.bytes())?;
        self.sync(&self.staging)?;
        self.move_old_away()?;
        for directory in moves.parents() {
            let at = self.target.join(directory);
            self.disk.make_directory(&at).map_err(RestoreError::disk(&at))?;
        }
        for (from, to) in &moves.0 {
            // What can be opened then is all there.
            if to == CURRENT {
                self.sync(&self.target)?;
            }
            let (from, to) = (self.staging.join(from), self.target.join(to));
            self.disk.rename(&from, &to).map_err(RestoreError::disk(&to))?;
        }
        for directory in moves.parents() {
            self.sync(&self.target.join(directory))?;
        }
        self.sync(&self.target)?;
        self.leave()
    }

    /// Takes the staging directory out of the way: from then on nothing is taken back. What of
    /// it cannot be removed is no failure any more, and goes with the next restore.
    fn leave(self) -> Result<(), RestoreError> {
        let done = self.target.join(DONE);
        self.disk.remove_all(&done).map_err(RestoreError::disk(&done))?;
        if let Err(error) = self.disk.rename(&self.staging, &done) {
            // Unless it happened all the same.
            let staging = RestoreError::disk(&self.staging);
            if self.disk.look(&self.staging).map_err(RestoreError::disk(&self.staging))?.is_some() {
                return Err(staging(error));
            }
        }
        if let Err(error) =
            self.disk.remove_all(&done).and_then(|()| self.disk.sync_directory(&self.target))
        {
            tracing::warn!(directory = %done.display(), %error, "not removed");
        }
        Ok(())
    }

    fn sync(&self, directory: &Path) -> Result<(), RestoreError> {
        self.disk.sync_directory(directory).map_err(RestoreError::disk(directory))
    }

    /// Every rename, in its order.
    fn moves(&self, databases: &[Finished]) -> Moves {
        let mut moves = Vec::new();
        let report = (REPORT.to_owned(), REPORT.to_owned());
        for (number, database) in databases.iter().enumerate() {
            let from = format!("databases/{number}");
            if !database.directory.is_empty() {
                moves.push((from, database.directory.clone()));
                continue;
            }
            let files = database.files.iter().filter(|name| *name != CURRENT);
            moves.extend(files.map(|name| (format!("{from}/{name}"), name.clone())));
            moves.push(report.clone());
            moves.push((format!("{from}/{CURRENT}"), CURRENT.to_owned()));
        }
        if !moves.contains(&report) {
            moves.push(report);
        }
        Moves(moves)
    }

    /// Moves an earlier restore into the staging directory: its `CURRENT` first, its report last,
    /// so that after a kill it is still known for what it is.
    fn move_old_away(&self) -> Result<(), RestoreError> {
        if self.old.is_empty() {
            return Ok(());
        }
        let away = self.staging.join(OLD);
        self.disk.make_directory(&away).map_err(RestoreError::disk(&away))?;
        let rank = |name: &String| match name.as_str() {
            CURRENT => 0,
            REPORT => 2,
            _ => 1,
        };
        let mut names = self.old.clone();
        names.sort_by_key(rank);
        for name in names {
            let (from, to) = (self.target.join(&name), away.join(&name));
            self.disk.rename(&from, &to).map_err(RestoreError::disk(&from))?;
        }
        self.sync(&self.target)
    }
}

/// Renames from the staging directory to the target.
#[derive(Debug, PartialEq, Eq)]
struct Moves(Vec<(String, String)>);

impl Moves {
    fn bytes(&self) -> Vec<u8> {
        let pairs = self.0.iter().map(|(from, to)| Value::from(vec![from.as_str(), to.as_str()]));
        Value::from_iter(pairs).to_string().into_bytes()
    }

    fn parse(bytes: &[u8]) -> io::Result<Self> {
        let odd = || io::Error::other("is not the list of files that chkctl wrote");
        let pairs: Vec<(String, String)> = serde_json::from_slice(bytes).map_err(|_| odd())?;
        let is_path = |path: &str| path.split('/').all(is_name);
        match pairs.iter().all(|(from, to)| is_path(from) && is_path(to)) {
            true => Ok(Moves(pairs)),
            false => Err(odd()),
        }
    }

    /// Directories that what is published goes into.
    fn parents(&self) -> BTreeSet<&str> {
        self.0.iter().filter_map(|(_, to)| to.rsplit_once('/')).map(|(parent, _)| parent).collect()
    }
}

/// Whether a text is the name of something in a directory.
fn is_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.contains(['/', '\\', '\0'])
}

/// What an earlier restore left at the top of a directory; nothing else may be there.
fn old(disk: &Disk, target: &Path, force: bool) -> Result<Vec<String>, RestoreError> {
    let entries = disk.list(target).map_err(RestoreError::disk(target))?.unwrap_or_default();
    let entries: Vec<Found> = entries.into_iter().filter(|found| found.name != STAGING).collect();
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
    let made = Made::read(disk, &at).map_err(RestoreError::disk(&at))?;
    for found in &entries {
        made.allows(disk, target, "", found)?;
    }
    Ok(entries.into_iter().map(|found| found.name).collect())
}

/// What a report says that chkctl made: bytes of each file by its path.
#[derive(Debug)]
struct Made(BTreeMap<String, u64>);

impl Made {
    fn read(disk: &Disk, at: &Path) -> io::Result<Self> {
        let odd = || io::Error::other("is no report that chkctl wrote");
        let report: Value = serde_json::from_slice(&disk.read(at, LONGEST)?).map_err(|_| odd())?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if !report.get("schema").and_then(text).is_some_and(|is| is.starts_with("chkctl.restore/"))
        {
            return Err(odd());
        }
        let mut made = BTreeMap::new();
        let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned();
        for database in list(&report, "databases").ok_or_else(odd)? {
            let directory = database.get("directory").and_then(text).ok_or_else(odd)?;
            for file in list(&database, "files").ok_or_else(odd)? {
                let name = file.get("local_name").and_then(text).ok_or_else(odd)?;
                let bytes = file.get("bytes").and_then(Value::as_u64).ok_or_else(odd)?;
                let path = match directory.as_str() {
                    "" | "." => name,
                    directory => format!("{directory}/{name}"),
                };
                made.insert(path, bytes);
            }
        }
        Ok(Made(made))
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
