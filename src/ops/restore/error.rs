//! Why a restore ends early, and what to do then.

use std::io;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;

use super::conflict::Conflict;
use super::conflict::HEAP;

/// What ends a restore. Nothing is published then.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// What was asked for cannot be planned.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// Bytes are not what they should be.
    #[error("{object}: {what} [{code}]")]
    Damaged {
        /// The object, and whose it is.
        object: String,
        /// What was seen, and where.
        what: String,
        /// The code that `verify` has for it.
        code: &'static str,
    },
    /// Bytes could not be read.
    #[error("{object}: {why}")]
    Unread {
        /// The object, and whose it is.
        object: String,
        /// Why not.
        why: String,
    },
    /// Something on this machine could not be written, read or made.
    #[error("{}: {error}", .path.display())]
    Disk {
        /// The place.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// There is too little room.
    #[error("{}: {needed} bytes are needed and {available} are free", .path.display())]
    NoRoom {
        /// The target.
        path: PathBuf,
        /// Bytes that are needed, with a margin.
        needed: u64,
        /// Bytes that are free.
        available: u64,
    },
    /// Something is there that this restore did not make.
    #[error("{}: {why}", .path.display())]
    Occupied {
        /// The target, or what is in it.
        path: PathBuf,
        /// What is in the way.
        why: String,
        /// What to do.
        hint: &'static str,
    },
    /// RocksDB refused a database.
    #[error("{database}: RocksDB refuses what was put together: {why}")]
    Refused {
        /// Which.
        database: String,
        /// What it says.
        why: String,
    },
    /// No column family can have the name of a state.
    #[error("{database}: the state {name:?} cannot be a column family: {why}")]
    State {
        /// Which database.
        database: String,
        /// The name of the state.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// RocksDB could not do its work on this machine.
    #[error("{database}: {why}")]
    RocksDb {
        /// Which.
        database: String,
        /// What it says.
        why: String,
    },
    /// Another error ended it first.
    #[error("ended before it was done")]
    Stopped,
}

/// What an error means to whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It could not be done.
    Failed,
    /// What was asked for cannot be meant.
    Usage,
    /// The checkpoint is damaged.
    Damaged,
    /// A safety rule forbids it.
    Refused,
}

impl RestoreError {
    /// An error of the disk at a place.
    pub fn disk(path: &Path) -> impl FnOnce(io::Error) -> RestoreError + '_ {
        move |error| RestoreError::Disk { path: path.to_owned(), error }
    }

    /// What it means.
    pub fn class(&self) -> Class {
        match self {
            RestoreError::Conflict(conflict) => match conflict {
                Conflict::Unmeant(_) => Class::Usage,
                Conflict::Name { .. } | Conflict::Twice { .. } | Conflict::SamePlace { .. } => {
                    Class::Refused
                }
                Conflict::Lacks { .. } => Class::Damaged,
                Conflict::NoRocksDb { why, .. } if *why == HEAP => Class::Refused,
                Conflict::Nowhere { .. } | Conflict::NoRocksDb { .. } => Class::Failed,
            },
            RestoreError::Damaged { .. } | RestoreError::Refused { .. } => Class::Damaged,
            RestoreError::Occupied { .. } | RestoreError::State { .. } => Class::Refused,
            _ => Class::Failed,
        }
    }

    /// The next thing to do.
    pub fn hint(&self) -> Option<String> {
        const AGAIN: &str = "what was fetched is kept: the same command goes on from there";
        let hint = match self {
            RestoreError::Conflict(conflict) => match conflict {
                Conflict::Unmeant(unmeant) => return Some(unmeant.hint()),
                Conflict::Name { .. } | Conflict::Twice { .. } | Conflict::SamePlace { .. } => {
                    "Flink writes no such metadata; chkctl verify says what else is odd in it"
                }
                Conflict::Lacks { .. } => {
                    "chkctl latest finds the newest checkpoint that can be restored"
                }
                Conflict::Nowhere { .. } => {
                    "say where the files are now with --rebase FROM=TO, or let their store be \
                     asked with --also LOCATION"
                }
                Conflict::NoRocksDb { .. } => "chkctl inspect CHECKPOINT shows what there is",
            },
            RestoreError::Damaged { .. } | RestoreError::Refused { .. } => {
                "chkctl verify --level blocks says what else is damaged, chkctl latest finds a \
                 checkpoint that is not"
            }
            RestoreError::Occupied { hint, .. } => hint,
            RestoreError::State { .. } => {
                "its rows cannot be in a RocksDB; choose other operators with --operator"
            }
            RestoreError::NoRoom { .. } => {
                "make room, name a DIR where there is more, or take a part: --operator, \
                 --subtask, --link"
            }
            RestoreError::Disk { error, .. } => match error.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    "run as a user who may write there, or name another DIR"
                }
                ErrorKind::NotADirectory => "name another DIR",
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                    "make room there; what was fetched is kept: the same command goes on from there"
                }
                _ => AGAIN,
            },
            RestoreError::Unread { .. } | RestoreError::RocksDb { .. } => AGAIN,
            RestoreError::Stopped => return None,
        };
        Some(hint.to_owned())
    }
}
