//! The directory that a restore goes to: who may write there, what is unfinished in it, and the
//! moment at which everything appears at once.
//!
//! Everything is made below `DIR/.chkctl-restore`, on the same file system. It is published by
//! renames, a database's `CURRENT` last, without which RocksDB opens nothing. A list of what is
//! about to be published is written first: after a kill the next run takes back what already
//! was, and publishes again.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use super::error::RestoreError;
use super::former;
use super::moves::CURRENTS;
use super::moves::DATABASES;
use super::moves::Moves;
use crate::store::disk::Disk;
use crate::store::disk::Found;
use crate::store::disk::part_of;

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
pub(super) const LONGEST: u64 = 256 << 20;
/// The file without which nothing can be opened.
pub(super) const CURRENT: &str = "CURRENT";

/// A directory that is being restored to.
pub struct Site<'s> {
    disk: &'s Disk,
    target: PathBuf,
    staging: PathBuf,
    /// Whether what an earlier restore made is replaced.
    force: bool,
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
        let entries = former::listed(disk, target)?;
        let is_unfinished = match entries.iter().flatten().find(|found| found.name == STAGING) {
            None => false,
            Some(found) if found.is_dir => {
                is_ours(disk, &staging)?;
                true
            }
            Some(_) => {
                let why = "is no directory that chkctl made".to_owned();
                let hint = "name another DIR";
                return Err(RestoreError::Occupied { path: staging, why, hint });
            }
        };
        if !is_unfinished {
            // Looked at before anything is made, so that a refusal leaves no trace.
            former::left(disk, target, force, &[STAGING, DONE])?;
        }
        disk.make_directory(&staging).map_err(site())?;
        let lock = disk.lock(&staging.join(LOCK)).map_err(RestoreError::disk(&staging))?;
        let Some(lock) = lock else {
            let why = "another chkctl restores into it".to_owned();
            let hint = "wait for it, or name another DIR";
            return Err(RestoreError::Occupied { path: target.to_owned(), why, hint });
        };
        let site = Site { disk, target: target.to_owned(), staging, force, _lock: lock };
        site.take_up(identity)?;
        Ok(site)
    }

    /// Goes on with what lies in the staging directory, or begins anew. Nothing is removed before
    /// it is known that nobody else's is in the way.
    fn take_up(&self, identity: &str) -> Result<(), RestoreError> {
        is_ours(self.disk, &self.staging)?;
        nothing_but_files(self.disk, &self.staging)?;
        let at = self.staging.join(IDENTITY);
        let failed = || RestoreError::disk(&self.staging);
        let known = match self.disk.look(&at).map_err(failed())? {
            None => None,
            Some(_) => Some(self.disk.read(&at, LONGEST).map_err(failed())?),
        };
        let goes_on = known.as_deref() == Some(identity.as_bytes());
        if known.is_some() && !goes_on && !self.force {
            let why = "holds another restore that did not come to its end".to_owned();
            let hint = "go on with that one first, replace it with --force, or name another DIR";
            return Err(RestoreError::Occupied { path: self.staging.clone(), why, hint });
        }
        self.take_back()?;
        self.old()?;
        if !goes_on {
            self.clear(&self.staging)?;
        }
        self.remove_done()?;
        self.disk.put(&at, identity.as_bytes()).map_err(RestoreError::disk(&at))
    }

    /// What an earlier restore left; nothing else may be in the target.
    fn old(&self) -> Result<Vec<String>, RestoreError> {
        former::left(self.disk, &self.target, self.force, &[STAGING, DONE])
    }

    /// Removes everything of a staging directory; last what tells that chkctl made it.
    fn clear(&self, staging: &Path) -> Result<(), RestoreError> {
        let found = self.disk.list(staging).map_err(RestoreError::disk(staging))?;
        for found in found.into_iter().flatten() {
            let at = staging.join(&found.name);
            match found.is_dir {
                true => self.disk.remove_all(&at),
                false if matches!(found.name.as_str(), LOCK | IDENTITY) => Ok(()),
                false => self.disk.remove_file(&at),
            }
            .map_err(RestoreError::disk(&at))?;
        }
        let at = staging.join(IDENTITY);
        self.disk.remove_file(&at).map_err(RestoreError::disk(&at))
    }

    /// Removes what a restore that is done leaves behind.
    fn remove_done(&self) -> Result<(), RestoreError> {
        let done = self.target.join(DONE);
        if self.seen(&done)?.is_none() {
            return Ok(());
        }
        is_ours(self.disk, &done)?;
        self.clear(&done)?;
        self.disk.remove_all(&done).map_err(RestoreError::disk(&done))
    }

    /// Takes back what was published before a kill, so that all of it is published at once.
    fn take_back(&self) -> Result<(), RestoreError> {
        let list = self.staging.join(PUBLISHING);
        let failed = || RestoreError::disk(&list);
        if self.disk.look(&list).map_err(failed())?.is_some() {
            let bytes = self.disk.read(&list, LONGEST).map_err(failed())?;
            let Some(moves) = Moves::parse(&bytes) else {
                let why = "is not the list that chkctl wrote".to_owned();
                let hint = "name another DIR";
                return Err(RestoreError::Occupied { path: list, why, hint });
            };
            // What can be opened is taken back first.
            for (from, to) in moves.0.iter().rev() {
                // One that was not even held back yet is not what is there.
                let held = from.strip_prefix(CURRENTS).map(|number| format!("{DATABASES}{number}"));
                let held = held.map(|database| self.staging.join(database).join(CURRENT));
                let from = self.staging.join(from);
                let is_here = match held {
                    Some(held) => self.seen(&from)?.is_some() || self.seen(&held)?.is_some(),
                    None => self.seen(&from)?.is_some(),
                };
                if self.is_there(to)? && !is_here {
                    let to = self.target.join(to);
                    self.disk.rename(&to, &from).map_err(RestoreError::disk(&to))?;
                }
            }
            for operator in moves.operators() {
                // Not empty if it is somebody else's, which shows next.
                let _ = self.disk.remove_directory(&self.target.join(operator));
            }
            self.disk.remove_file(&list).map_err(failed())?;
        }
        let currents = self.staging.join(CURRENTS);
        let held = self.disk.list(&currents).map_err(RestoreError::disk(&currents))?;
        for found in held.into_iter().flatten() {
            let (from, to) = (currents.join(&found.name), self.staging.join(DATABASES));
            let to = to.join(&found.name).join(CURRENT);
            self.disk.rename(&from, &to).map_err(RestoreError::disk(&from))?;
        }
        Ok(())
    }

    fn seen(&self, at: &Path) -> Result<Option<Found>, RestoreError> {
        self.disk.look(at).map_err(RestoreError::disk(at))
    }

    /// Whether something is in the target, in directories and not behind links.
    fn is_there(&self, to: &str) -> Result<bool, RestoreError> {
        let mut at = self.target.clone();
        for (below, name) in to.split('/').enumerate() {
            if below > 0 && self.seen(&at)?.is_none_or(|found| !found.is_dir) {
                return Ok(false);
            }
            at.push(name);
        }
        Ok(self.seen(&at)?.is_some())
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
        self.staging.join(DATABASES).join(number.to_string())
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
    /// Something could not be written or renamed, or somebody has put something where it should
    /// be; the next run takes it up.
    pub fn publish(self, databases: &[Finished], report: &[u8]) -> Result<(), RestoreError> {
        let put = |name: &str, bytes: &[u8]| {
            let at = self.staging.join(name);
            self.disk.put(&at, bytes).map_err(RestoreError::disk(&at))
        };
        put(REPORT, report)?;
        let moves = Moves::of(databases);
        put(PUBLISHING, &moves.bytes())?;
        self.sync(&self.staging)?;
        self.hold_back(databases.len())?;
        self.move_old_away()?;
        for operator in moves.operators() {
            let at = self.target.join(operator);
            self.disk.make_directory(&at).map_err(RestoreError::disk(&at))?;
        }
        for (from, to) in &moves.0 {
            // What can be opened then is all there.
            if from.starts_with(CURRENTS) {
                self.sync(&self.target)?;
            }
            let (from, at) = (self.staging.join(from), self.target.join(to));
            if self.is_there(to)? {
                let why = "was put there while this ran".to_owned();
                let hint = "move it away: the same command goes on then";
                return Err(RestoreError::Occupied { path: at, why, hint });
            }
            self.disk.rename(&from, &at).map_err(RestoreError::disk(&at))?;
            let parent = at.parent().unwrap_or(&self.target);
            if parent != self.target {
                self.sync(parent)?;
            }
        }
        self.sync(&self.target)?;
        self.leave()
    }

    /// Takes each `CURRENT` out of its database.
    fn hold_back(&self, databases: usize) -> Result<(), RestoreError> {
        let currents = self.staging.join(CURRENTS);
        self.disk.make_directory(&currents).map_err(RestoreError::disk(&currents))?;
        for number in 0..databases {
            let from = self.database(number).join(CURRENT);
            let to = currents.join(number.to_string());
            self.disk.rename(&from, &to).map_err(RestoreError::disk(&from))?;
        }
        self.sync(&currents)
    }

    /// Takes the staging directory out of the way: from then on nothing is taken back. What of
    /// it cannot be removed is no failure any more, and goes with the next restore.
    fn leave(self) -> Result<(), RestoreError> {
        let done = self.target.join(DONE);
        if let Err(error) = self.disk.rename(&self.staging, &done) {
            // Unless it happened all the same.
            let staging = RestoreError::disk(&self.staging);
            if self.disk.look(&self.staging).map_err(RestoreError::disk(&self.staging))?.is_some() {
                return Err(staging(error));
            }
        }
        if let Err(error) = self.remove_done().and_then(|()| self.sync(&self.target)) {
            tracing::warn!(%error, "what is left of the restore was not removed");
        }
        Ok(())
    }

    fn sync(&self, directory: &Path) -> Result<(), RestoreError> {
        self.disk.sync_directory(directory).map_err(RestoreError::disk(directory))
    }

    /// Moves an earlier restore into the staging directory: its `CURRENT` first, its report last,
    /// so that after a kill it is still known for what it is.
    fn move_old_away(&self) -> Result<(), RestoreError> {
        let mut names = self.old()?;
        if names.is_empty() {
            return Ok(());
        }
        let away = self.staging.join(OLD);
        self.disk.make_directory(&away).map_err(RestoreError::disk(&away))?;
        let rank = |name: &String| match name.as_str() {
            CURRENT => 0,
            REPORT => 2,
            _ => 1,
        };
        names.sort_by_key(rank);
        for name in names {
            let (from, to) = (self.target.join(&name), away.join(&name));
            self.disk.rename(&from, &to).map_err(RestoreError::disk(&from))?;
        }
        self.sync(&self.target)
    }
}

/// That a staging directory was made by chkctl: of a run that was killed before it had begun
/// there is little, of any other its identity.
fn is_ours(disk: &Disk, staging: &Path) -> Result<(), RestoreError> {
    let found = disk.list(staging).map_err(RestoreError::disk(staging))?.unwrap_or_default();
    let is_begun = found.iter().any(|found| found.name == IDENTITY && found.is_file);
    let identity = part_of(Path::new(IDENTITY));
    let is_early = |found: &Found| {
        let name = Path::new(&found.name);
        found.is_file && (name == identity || found.name == LOCK)
    };
    match found.iter().find(|found| !is_early(found)) {
        Some(foreign) if !is_begun => Err(not_ours(staging.join(&foreign.name))),
        _ => Ok(()),
    }
}

/// That nothing below a staging directory leads out of it: no links, and nothing that is neither
/// a file nor a directory.
fn nothing_but_files(disk: &Disk, directory: &Path) -> Result<(), RestoreError> {
    let found = disk.list(directory).map_err(RestoreError::disk(directory))?;
    for found in found.into_iter().flatten() {
        let at = directory.join(&found.name);
        if found.is_dir {
            nothing_but_files(disk, &at)?;
        } else if !found.is_file {
            return Err(not_ours(at));
        }
    }
    Ok(())
}

fn not_ours(path: PathBuf) -> RestoreError {
    let why = "was not made by chkctl".to_owned();
    RestoreError::Occupied { path, why, hint: "move it away, or name another DIR" }
}
