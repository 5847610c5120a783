//! Whatever fails, before or after it took effect, nothing is published in part, and the same
//! command then comes to its end.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use chkctl::catalog::checkpoint;
use chkctl::catalog::checkpoint::RebaseOptions;
use chkctl::ops::restore::apply;
use chkctl::ops::restore::apply::Options;
use chkctl::ops::restore::choice::Choice;
use chkctl::ops::restore::error::RestoreError;
use chkctl::ops::restore::made::MadeFile;
use chkctl::ops::restore::made::Restored;
use chkctl::ops::restore::plan::RestorePlan;
use chkctl::ops::restore::site::Finished;
use chkctl::ops::restore::site::Site;
use chkctl::ops::restore::stage::Stager;
use chkctl::ops::verify::probe;
use chkctl::ops::verify::probe::Files;
use chkctl::store::Location;
use chkctl::store::Store;
use chkctl::store::StoreOptions;
use chkctl::store::Stores;
use chkctl::store::disk::Disk;
use chkctl::store::disk::Moment;
use object_store::Error;
use serde_json::Value;
use serde_json::json;

use super::left;
use super::left::copy;
use super::left::in_memory;
use super::left::published;
use crate::support::archives;
use crate::support::hooked_store::Call;
use crate::support::hooked_store::HookedStore;

/// A checkpoint whose files lie in a store, and what is made of it.
struct World {
    root: tempfile::TempDir,
    metadata: String,
    choice: Choice,
    /// What tells the restore from others.
    identity: &'static str,
    /// Whether it replaces what is there.
    force: bool,
}

/// What fails.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing.
    None,
    /// The request of this number, of the store.
    Request(usize),
    /// The change of this number, on the disk.
    Change(usize, Moment),
}

/// Requests of the store and changes on the disk that there were.
#[derive(Default)]
struct Counts {
    requests: AtomicUsize,
    changes: AtomicUsize,
}

impl World {
    /// The newest checkpoint of a fixture, of which there are few files.
    fn new(name: &str, choice: Choice) -> Self {
        let archive = archives::unpack(name);
        let root = tempfile::tempdir().unwrap();
        copy(&archive.root(), root.path());
        let newest = archive.checkpoints().into_iter().max().unwrap();
        let metadata = newest.join("_metadata").to_str().unwrap().to_owned();
        World { root, metadata, choice, identity: "identity", force: false }
    }

    /// Runs a restore with one thread, in which something fails.
    fn run(&self, target: &Path, fault: Fault, counts: &Arc<Counts>) -> Result<(), RestoreError> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let at = Location::parse_flink(&format!("s3://bucket/{}", self.metadata)).unwrap();
        let stores = Stores::new(StoreOptions::default());
        // Metadata is read before anything begins, so that all that fails is the restore's own.
        let begun = Arc::new(AtomicBool::new(false));
        let (seen, is_begun) = (Arc::clone(counts), Arc::clone(&begun));
        let store = HookedStore::of(self.root.path()).before(move |call, _| {
            let is_request = matches!(call, Call::Get(_) | Call::Head(_));
            if !is_begun.load(Ordering::SeqCst) || !is_request {
                return None;
            }
            let number = seen.requests.fetch_add(1, Ordering::SeqCst);
            let source = io::Error::other("the store has gone").into();
            (fault == Fault::Request(number)).then_some(Error::Generic { store: "hooked", source })
        });
        stores.insert(&at, Store::object(Arc::new(store)));
        let file = runtime.block_on(checkpoint::read(&stores, at)).unwrap();
        let metadata = file.parse().unwrap();
        let rebase = RebaseOptions::default();
        let places = checkpoint::places(&stores, &metadata, &file.location, &rebase);
        let places = runtime.block_on(places);
        begun.store(true, Ordering::SeqCst);
        let base = places.home().base.clone();
        let is_wanted = |place: &Location| place.same_store(&base);
        let plan = RestorePlan::of(&metadata, &places, &self.choice, &is_wanted).unwrap();
        let seen = Arc::clone(counts);
        let number = Mutex::new(0);
        let disk = Disk::hooked(Box::new(move |moment, what, at| {
            let mut number = number.lock().unwrap();
            if moment == Moment::Before {
                *number += 1;
                seen.changes.store(*number, Ordering::SeqCst);
            }
            match fault == Fault::Change(*number - 1, moment) {
                true => Err(io::Error::other(format!("{what} {} failed", at.display()))),
                false => Ok(()),
            }
        }));
        let stop = AtomicBool::new(false);
        let stager = Stager {
            files: Files {
                stores: &stores,
                runtime: runtime.handle(),
                limits: probe::limits(8 << 20),
                depth: 0,
                until: None,
            },
            disk: &disk,
            checks: true,
            counts: true,
            lasting: true,
            links: false,
            reflinks: AtomicBool::new(false),
            whole: probe::limits(8 << 20),
            alone: Mutex::default(),
            progress: &|_| {},
            stop: &stop,
        };
        let planned = |_: &'static str, _| {};
        let options =
            Options { stager, threads: 1, memory: 32 << 20, counts: true, planned: &planned };
        let site = Site::enter(&disk, target, self.identity, self.force)?;
        let restored = apply::restore(&plan, &site, &options)?;
        let finished = apply::finished(&plan, &restored);
        let report = report(&finished, &restored);
        site.publish(&finished, report.to_string().as_bytes())
    }
}

/// That whatever RocksDB could open is whole: where there is a CURRENT, everything is.
fn is_whole_or_shut(found: &BTreeMap<String, Vec<u8>>, whole: &BTreeMap<String, Vec<u8>>) {
    for current in found.keys().filter(|name| name.ends_with("CURRENT")) {
        let directory = current.trim_end_matches("CURRENT");
        let of = |files: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
            files.keys().filter(|name| name.starts_with(directory)).cloned().collect()
        };
        let expected = of(whole).into_iter().filter(|name| name != "restore.json");
        let there = of(found).into_iter().filter(|name| name != "restore.json");
        assert!(there.eq(expected), "{current} is there");
    }
}

/// As much of a report as says what may be replaced.
fn report(finished: &[Finished], restored: &Restored) -> Value {
    let databases = finished.iter().zip(&restored.databases).map(|(finished, made)| {
        let files = made.files.iter();
        let file = |file: &MadeFile| json!({"local_name": file.local_name, "bytes": file.bytes});
        json!({"directory": finished.directory, "files": files.map(file).collect::<Vec<_>>()})
    });
    json!({"schema": "chkctl.restore/1", "databases": databases.collect::<Vec<_>>()})
}

/// Runs with every request and every change failing in turn.
fn sweep(world: &World, same_bytes: bool) -> usize {
    let nothing = in_memory();
    sweep_over(world, same_bytes, nothing.path())
}

/// The same where something lies in the target already.
fn sweep_over(world: &World, same_bytes: bool, before: &Path) -> usize {
    let old = published(before);
    let home = in_memory();
    let is_there = |target: &Path| {
        if fs::read_dir(before).unwrap().next().is_some() {
            fs::create_dir(target).unwrap();
            copy(before, target);
        }
    };
    is_there(&home.path().join("whole"));
    let counts = Arc::default();
    world.run(&home.path().join("whole"), Fault::None, &counts).unwrap();
    let whole = published(&home.path().join("whole"));
    assert!(whole.keys().any(|name| name.ends_with("CURRENT")));
    let requests = counts.requests.load(Ordering::SeqCst);
    let changes = counts.changes.load(Ordering::SeqCst);
    let mut faults: Vec<Fault> = (0..requests).map(Fault::Request).collect();
    for change in 0..changes {
        faults.push(Fault::Change(change, Moment::Before));
        faults.push(Fault::Change(change, Moment::After));
    }
    let mut failed = 0;
    for (number, fault) in faults.iter().enumerate() {
        let target = home.path().join(number.to_string());
        is_there(&target);
        let ended = world.run(&target, *fault, &Arc::default());
        let left = published(&target);
        // The report may be gone already.
        let same = |all: &left::Files| {
            let files = |of: &left::Files| -> Vec<(String, Vec<u8>)> {
                let files = of.clone().into_iter();
                files.filter(|(name, _)| name != "restore.json").collect()
            };
            files(&left) == files(all)
        };
        if old.is_empty() || !same(&old) {
            is_whole_or_shut(&left, &whole);
            let is_open = !old.is_empty() && left.contains_key("CURRENT");
            assert!(!is_open || same(&whole), "{number}: old and new are mixed");
        }
        if let Err(error) = ended {
            failed += 1;
            let text = error.to_string();
            assert!(text.contains("failed") || text.contains("gone"), "{number}: {text}");
            let again = world.run(&target, Fault::None, &Arc::default());
            again.unwrap_or_else(|error| panic!("{number} once more: {error}"));
        }
        let done = published(&target);
        assert!(done.keys().eq(whole.keys()), "{number}: {:?}", done.keys());
        assert!(!same_bytes || done == whole, "{number}");
        assert!(!target.join(".chkctl-restore").exists(), "{number}");
        fs::remove_dir_all(&target).unwrap();
    }
    failed
}

#[test]
fn a_database_of_files() {
    let choice = Choice { subtask: Some(0), operator: operator("rules-op"), ..Choice::default() };
    let failed = sweep(&World::new("A-2.0.2", choice), true);
    assert!(failed > 60, "{failed}");
}

#[test]
fn several_databases() {
    let choice = Choice { operator: operator("rules-op"), ..Choice::default() };
    let failed = sweep(&World::new("D-merge-within-2.3.0", choice), true);
    assert!(failed > 100, "{failed}");
}

#[test]
fn a_merged_database() {
    let choice = Choice { operator: operator("rules-op"), merge: true, ..Choice::default() };
    // RocksDB gives each database an id of its own, and dates some of its files.
    let failed = sweep(&World::new("A-2.2.1", choice), false);
    assert!(failed > 100, "{failed}");
}

/// Two databases that have other content, and some files of the same names.
fn two() -> [World; 2] {
    [0, 1].map(|subtask| {
        let subtask = Some(subtask);
        let choice = Choice { subtask, operator: operator("rules-op"), ..Choice::default() };
        World::new("A-2.0.2", choice)
    })
}

#[test]
fn one_that_replaces_another() {
    let [first, second] = two();
    let home = in_memory();
    first.run(home.path(), Fault::None, &Arc::default()).unwrap();
    let second = World { identity: "another", force: true, ..second };
    let failed = sweep_over(&second, true, home.path());
    assert!(failed > 80, "{failed}");
}

#[test]
fn one_that_replaces_what_is_unfinished() {
    let [first, second] = two();
    let counts = Arc::default();
    first.run(in_memory().path(), Fault::None, &counts).unwrap();
    let changes = counts.changes.load(Ordering::SeqCst);
    let second = World { identity: "another", force: true, ..second };
    // While files are brought, before it is published, and in the middle of that.
    for change in [changes / 2, changes - 14, changes - 9] {
        let home = in_memory();
        let fault = Fault::Change(change, Moment::After);
        first.run(home.path(), fault, &Arc::default()).unwrap_err();
        let failed = sweep_over(&second, true, home.path());
        assert!(failed > 80, "{failed}");
    }
}

fn operator(uid: &str) -> Option<chkctl::format::flink::operator::OperatorId> {
    Some(chkctl::format::flink::operator::OperatorId::of_uid(uid))
}
