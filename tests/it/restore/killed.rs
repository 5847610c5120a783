//! Killed at any moment, a restore leaves nothing that can be opened and is not whole, and the
//! same command goes on from there, fetching only what is missing.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use super::left;
use super::left::STAGING;
use super::left::Whole;
use super::served;
use super::served::OPERATOR;
use super::served::Served;
use crate::support::s3::Fate;

/// Runs that are killed, of each shape of a restore.
const KILLS: usize = 18;
/// Of them at least so many with bytes brought and nothing published.
const HALFWAY: usize = 8;
/// What a request takes at least.
const DELAY: Duration = Duration::from_millis(4);
/// The signal that nothing can catch.
const SIGKILL: i32 = 9;

/// How far a run was when it was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fell {
    /// No byte of state had been brought.
    AtFirst,
    /// Bytes had been brought, and nothing was published.
    Halfway,
    /// Something could be opened already, and it was not done.
    Publishing,
    /// Everything was published, and the process alive.
    Published,
}

/// When a run is killed.
#[derive(Debug, Clone, Copy)]
enum When {
    /// So long after it began.
    Begun(Duration),
    /// So long after the first byte was brought.
    Brought(Duration),
    /// As soon as it begins to publish.
    Publishes,
}

/// Numbers that look random: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn within(&mut self, span: Duration) -> Duration {
        let share = self.next() % 1000;
        span * u32::try_from(share).unwrap() / 1000
    }

    fn when(&mut self, [begins, lasts]: [Duration; 2]) -> When {
        match self.next() % 10 {
            0 => When::Begun(self.within(begins)),
            1 | 2 => When::Publishes,
            _ => When::Brought(self.within(lasts)),
        }
    }
}

/// A restore that is killed again and again.
struct World {
    served: Served,
    args: Vec<&'static str>,
    /// Whether every run makes the same bytes.
    same_bytes: bool,
    whole: Whole,
    /// How long it takes until the first byte is brought, and from then on.
    spans: [Duration; 2],
}

impl World {
    fn new(args: &[&'static str], same_bytes: bool) -> Self {
        let served = Served::start(|_| {
            std::thread::sleep(DELAY);
            Fate::Answered
        });
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("whole");
        let begun = Instant::now();
        let mut child = served.command(&target, args).spawn().unwrap();
        assert!(served::wait(&mut child, || !left::staged(&target).is_empty()));
        let brought = Instant::now();
        assert!(child.wait().unwrap().success());
        let spans = [brought - begun, brought.elapsed()];
        let whole = Whole::of(&target);
        World { served, args: args.to_vec(), same_bytes, whole, spans }
    }

    /// Runs and kills; how far it was, and `None` if it came to its end first.
    fn kill(&self, target: &Path, when: When) -> Option<Fell> {
        let mut child = self.served.command(target, &self.args).spawn().unwrap();
        let then = match when {
            When::Begun(then) => then,
            When::Brought(then) => {
                served::wait(&mut child, || !left::staged(target).is_empty());
                then
            }
            When::Publishes => {
                let list = target.join(STAGING).join("publishing.json");
                served::wait(&mut child, || list.exists());
                Duration::ZERO
            }
        };
        std::thread::sleep(then);
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        if output.status.signal() != Some(SIGKILL) {
            assert!(output.status.success(), "{}", served::said(&output));
            return None;
        }
        self.whole.or_shut(target);
        let is_done = !target.join(STAGING).exists() && target.join("restore.json").exists();
        let is_shut = left::databases(target).is_empty();
        Some(match (is_done, is_shut, left::staged(target).is_empty()) {
            (true, ..) => Fell::Published,
            (_, false, _) => Fell::Publishing,
            (_, true, false) => Fell::Halfway,
            (_, true, true) => Fell::AtFirst,
        })
    }

    /// Goes on where the last run was killed, to the end.
    fn go_on(&self, target: &Path, fell: Fell) {
        let staged = left::staged(target);
        let kept = self.served.kept(&staged, if self.same_bytes { "databases" } else { "inputs" });
        let is_built = !self.same_bytes && target.join(STAGING).join("databases/0").exists();
        let before = self.served.requests();
        let output = self.served.run(target, &self.args);
        if fell == Fell::Published {
            // It is not known from an earlier one.
            assert_eq!(output.status.code(), Some(4), "{}", served::said(&output));
            assert!(served::said(&output).contains("holds an earlier restore"));
            self.whole.is_in(target, self.same_bytes);
            let args = [self.args.as_slice(), &["--force"]].concat();
            self.served.restore(target, &args);
        } else {
            assert!(output.status.success(), "{fell:?}: {}", served::said(&output));
            let fetched = self.served.fetched(before);
            let again: Vec<&String> = fetched.intersection(&kept).collect();
            assert!(again.is_empty(), "{fell:?}: fetched although it was there: {again:?}");
            assert!(!is_built || fetched.is_empty(), "{fell:?}: it was built: {fetched:?}");
            let all: BTreeSet<String> = fetched.union(&kept).cloned().collect();
            let published = fell == Fell::Publishing;
            assert!(is_built || published || all.len() == self.tables(), "{fell:?}: {all:?}");
        }
        self.whole.is_in(target, self.same_bytes);
    }

    /// How many tables it is made of.
    fn tables(&self) -> usize {
        let report = serde_json::from_slice(&self.whole.files["restore.json"]);
        let report: serde_json::Value = report.unwrap();
        let databases = report["databases"].as_array().unwrap().iter();
        let paths = databases.flat_map(|database| {
            let files = database["files"].as_array().unwrap().iter();
            files.chain(database["sources"].as_array().unwrap()).map(|file| &file["path"])
        });
        let keys: BTreeSet<&str> = paths.filter_map(|path| path.as_str()).collect();
        let is_one = |key: &&String| keys.contains(key.as_str());
        self.served.tables.values().filter(is_one).count()
    }
}

/// Kills restores of one shape, up to three times each, and lets each come to its end.
fn sweep(args: &[&'static str], same_bytes: bool, seed: u64) {
    let world = World::new(args, same_bytes);
    let mut random = Random(seed);
    let mut counts: BTreeMap<Fell, usize> = BTreeMap::new();
    for round in 0..10 * KILLS {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("restored");
        let mut last = None;
        for _ in 0..=round % 3 {
            let Some(fell) = world.kill(&target, random.when(world.spans)) else { break };
            *counts.entry(fell).or_default() += 1;
            last = Some(fell);
            if fell == Fell::Published {
                break;
            }
        }
        if let Some(fell) = last.filter(|_| target.join(STAGING).exists()) {
            world.go_on(&target, fell);
        } else if target.exists() {
            world.go_on(&target, Fell::Published);
        }
        if counts.values().sum::<usize>() >= KILLS && counts.get(&Fell::Halfway) >= Some(&HALFWAY) {
            return;
        }
    }
    panic!("too few were killed on their way: {counts:?}");
}

#[test]
fn a_database() {
    sweep(&["--operator", OPERATOR, "--subtask", "0", "--concurrency", "2"], true, 1);
}

#[test]
fn several_databases() {
    sweep(&["--all", "--concurrency", "3"], true, 2);
}

#[test]
fn a_merged_database() {
    sweep(&["--merge", "--operator", OPERATOR, "--concurrency", "2"], false, 3);
}
