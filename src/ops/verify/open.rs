//! Puts databases together in a scratch directory and has RocksDB read them to their end.

use std::fs;
use std::fs::DirBuilder;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::databases::Ready;
use super::fact::Fact;
use super::fact::Looked;
use super::fact::Probed;
use super::plan::FileKind;
use super::plan::Plan;
use super::probe::Files;
use super::probe::in_threads;
use super::rules;
use crate::ops::restore::error::RestoreError;
use crate::ops::restore::plan::Placed;
use crate::ops::restore::stage::Stager;
use crate::store::disk::Disk;

/// Databases that are on disk at a time.
const MOST_AT_A_TIME: usize = 4;
/// Attempts to remove a directory in which something is still written.
const ATTEMPTS: u32 = 100;
/// Time between two of them.
const PAUSE: Duration = Duration::from_millis(10);

/// A directory for databases, made when it is first needed and removed at the end.
#[derive(Debug)]
pub struct Scratch {
    parent: PathBuf,
    made: Mutex<Made>,
}

#[derive(Debug, Default)]
struct Made {
    directory: Option<PathBuf>,
    rooms: u64,
}

/// A directory for one database, removed with everything in it.
struct Room(PathBuf);

impl Drop for Room {
    fn drop(&mut self) {
        // What stays is removed with the whole.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Scratch {
    /// Nothing is made yet.
    pub fn new(parent: PathBuf) -> Self {
        Scratch { parent, made: Mutex::default() }
    }

    fn room(&self) -> io::Result<Room> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = match &made.directory {
            Some(directory) => directory.clone(),
            None => made.directory.insert(make_in(&self.parent)?).clone(),
        };
        made.rooms += 1;
        let room = directory.join(made.rooms.to_string());
        private().create(&room)?;
        Ok(Room(room))
    }

    /// Removes it, and does `then` before anything else can be made.
    pub fn remove(&self, then: impl FnOnce()) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(directory) = made.directory.take() {
            remove_all(&directory);
        }
        then();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove(|| {});
    }
}

/// Makes a directory that nobody else has and nobody else can look into.
fn make_in(parent: &Path) -> io::Result<PathBuf> {
    let process = std::process::id();
    for number in 0..u32::MAX {
        let directory = parent.join(format!("chkctl-verify-{process}-{number}"));
        match private().create(&directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| directory),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Removes a directory in which threads may still be writing.
fn remove_all(directory: &Path) {
    for attempt in 1..=ATTEMPTS {
        match fs::remove_dir_all(directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::debug!(directory = %directory.display(), attempt, %error, "not removed");
                std::thread::sleep(PAUSE);
            }
            _ => return,
        }
    }
    tracing::error!(directory = %directory.display(), "cannot be removed");
}

/// Opens databases.
pub struct Opener<'o> {
    /// How files are read.
    pub files: Files<'o>,
    /// Databases that are opened at a time, if that is not too many.
    pub threads: usize,
    /// Where databases are put together.
    pub scratch: &'o Scratch,
}

impl Opener<'_> {
    /// Opens databases, each with its number, in no order.
    pub fn run(
        &self,
        plan: &Plan<'_>,
        databases: &[(usize, Ready<'_>)],
        mut done: impl FnMut(usize, Probed),
    ) {
        in_threads(
            self.threads.min(MOST_AT_A_TIME),
            databases,
            |(number, ready), tell| tell((*number, self.confirmed(plan, ready))),
            |(number, probed)| done(number, probed),
        );
    }

    /// Puts a database together again that RocksDB refused: memory, wires and disks err.
    fn confirmed(&self, plan: &Plan<'_>, ready: &Ready<'_>) -> Probed {
        let mut looked = Looked::default();
        let first = self.open(plan, ready, &mut looked);
        let Fact::Bad { rule: rules::OPEN_FAILED, evidence, .. } = &first else {
            return Probed { fact: first, looked };
        };
        let again = self.open(plan, ready, &mut looked);
        let fact = match matches!(again, Fact::Bad { rule: rules::OPEN_FAILED, .. }) {
            true => first,
            false => bad(rules::READS_DIFFER, format!("RocksDB said at first: {evidence}")),
        };
        Probed { fact, looked }
    }

    fn open(&self, plan: &Plan<'_>, ready: &Ready<'_>, looked: &mut Looked) -> Fact {
        if self.files.is_late() {
            return Fact::OutOfTime;
        }
        let room = match self.scratch.room() {
            Ok(room) => room,
            Err(error) => {
                let parent = self.scratch.parent.display();
                return untried(format!("no directory can be made in {parent}: {error}"));
            }
        };
        let (disk, stop) = (Disk::new(), AtomicBool::new(false));
        // All of it was looked into, it is gone in a moment, and RocksDB could write to what is
        // linked.
        let stager = Stager {
            files: self.files,
            disk: &disk,
            checks: false,
            counts: false,
            lasting: false,
            links: false,
            reflinks: AtomicBool::new(false),
            whole: self.files.limits,
            alone: Mutex::default(),
            progress: &|_| {},
            stop: &stop,
        };
        for member in &ready.members {
            let Some(piece) = plan.pieces.get(member.piece) else { continue };
            let local_name = member.local_name.clone();
            let kind = FileKind::of(&local_name);
            let (source, identity) = (piece.source.clone(), String::new());
            let file = Placed { local_name, kind, source, path: None, identity };
            match stager.stage(&room.0, &file) {
                Ok(staged) => looked.add(staged.looked),
                Err(RestoreError::Stopped) => return Fact::OutOfTime,
                Err(RestoreError::Damaged { code, .. }) if code == rules::FILE_MISSING.code => {
                    return Fact::Gone;
                }
                Err(error) => return untried(format!("{}: {error}", member.local_name)),
            }
        }
        let [_, limits] = self.files.limits;
        let go_on = || match self.files.is_late() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        read(&room.0, ready, limits.memory / 4, &go_on, looked)
    }
}

#[cfg(feature = "rocksdb")]
fn read(
    directory: &Path,
    Ready { manifest, .. }: &Ready<'_>,
    cache: u64,
    go_on: &dyn Fn() -> ControlFlow<()>,
    looked: &mut Looked,
) -> Fact {
    use crate::format::flink::content::Parsed;
    use crate::ops::restore::open;
    use crate::ops::restore::open::OpenError;

    let cache = usize::try_from(cache).unwrap_or(usize::MAX);
    let entries = open::read_only(directory, manifest, cache, None)
        .and_then(|db| open::read_through(&db, directory, manifest, go_on));
    match entries {
        Ok(Some(entries)) => {
            let entries = entries.iter().sum();
            looked.add(Looked { databases: 1, entries, ..Looked::default() });
            Fact::Sound(Parsed::default())
        }
        Ok(None) => Fact::OutOfTime,
        Err(OpenError::Refused(message)) => bad(rules::OPEN_FAILED, message),
        Err(OpenError::Hindered(message)) => untried(message),
    }
}

#[cfg(not(feature = "rocksdb"))]
fn read(_: &Path, _: &Ready<'_>, _: u64, _: &dyn Fn() -> ControlFlow<()>, _: &mut Looked) -> Fact {
    untried("this build of chkctl has no RocksDB".to_owned())
}

fn untried(evidence: String) -> Fact {
    bad(rules::OPEN_UNTRIED, evidence)
}

fn bad(rule: &'static super::rules::Rule, evidence: String) -> Fact {
    Fact::Bad { rule, offset: None, evidence }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::panic;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::Scratch;

    #[test]
    fn a_scratch_is_made_late_and_removed_whatever_happens() {
        let home = tempfile::tempdir().unwrap();
        let count = || fs::read_dir(home.path()).unwrap().count();
        let scratch = Scratch::new(home.path().to_owned());
        assert_eq!(count(), 0);
        let (first, second) = (scratch.room().unwrap(), scratch.room().unwrap());
        assert_ne!(first.0, second.0);
        let left = first.0.clone();
        drop(first);
        assert!(!left.exists() && second.0.exists());
        let other = Scratch::new(home.path().to_owned());
        let _room = other.room().unwrap();
        assert_eq!(count(), 2, "each has its own");
        let result = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            let _scratch = scratch;
            fs::write(second.0.join("x"), "x").unwrap();
            panic!("on purpose");
        }));
        assert!(result.is_err());
        assert_eq!(count(), 1);
        other.remove(|| {});
        assert_eq!(count(), 0);
    }

    #[test]
    fn nothing_is_made_while_the_end_is_prepared() {
        let home = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(home.path().to_owned());
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            scratch.remove(|| {
                let (scratch, sender) = (&scratch, sender.clone());
                scope.spawn(move || sender.send(scratch.room().is_ok()));
                let early = receiver.recv_timeout(Duration::from_millis(50));
                assert!(early.is_err(), "it waits");
            });
            assert!(receiver.recv().unwrap());
        });
    }
}
