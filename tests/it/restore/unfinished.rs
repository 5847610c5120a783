//! What a run left that was interrupted: taken up by the same command, whatever happened to it
//! meanwhile, and by no other; and runs that meet in one directory.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::left;
use super::left::Whole;
use super::running;
use super::served;
use super::served::OPERATOR;
use super::served::Served;
use crate::support::chkctl;
use crate::support::s3::Fate;

const ONE: [&str; 6] = ["--operator", OPERATOR, "--subtask", "0", "--concurrency", "1"];
const OTHER: [&str; 6] = ["--operator", OPERATOR, "--subtask", "1", "--concurrency", "1"];

/// A store that answers so many requests for state, and leaves all others waiting until more may
/// pass.
struct Gate {
    served: Served,
    open: Arc<AtomicUsize>,
}

impl Gate {
    fn new(open: usize) -> Self {
        let open = Arc::new(AtomicUsize::new(open));
        let left = Arc::clone(&open);
        let served = Served::start(move |head| {
            let pass = |left: usize| left.checked_sub(1);
            while served::is_state(head)
                && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, pass).is_err()
            {
                std::thread::sleep(Duration::from_millis(2));
            }
            Fate::Answered
        });
        Gate { served, open }
    }

    /// From now on everything is answered.
    fn open(&self) {
        self.open.store(1 << 40, Ordering::SeqCst);
    }

    /// Begins, and waits until a table is there under its name and the next one is not answered.
    fn begin(&self, target: &Path, args: &[&str]) -> Child {
        let mut child = self.served.command(target, args).spawn().unwrap();
        let is_stuck = || {
            let tables = tables(target).len();
            tables > 0 && self.open.load(Ordering::SeqCst) == 0
        };
        assert!(served::wait(&mut child, is_stuck), "it waits for the store");
        child
    }

    /// Leaves an unfinished restore behind.
    fn interrupted(&self, target: &Path, args: &[&str]) -> Output {
        let child = self.begin(target, args);
        served::signal(&child, "-INT");
        child.wait_with_output().unwrap()
    }
}

/// Tables that were brought, under their names.
fn tables(target: &Path) -> Vec<PathBuf> {
    let staged = left::staged(target).into_iter();
    staged.filter(|(name, _)| name.ends_with(".sst")).map(|(_, path)| path).collect()
}

fn whole(args: &[&str]) -> (Served, Whole) {
    let served = Served::start(|_| Fate::Answered);
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("whole");
    served.restore(&target, args);
    (served, Whole::of(&target))
}

#[test]
fn an_interrupt_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("restored");
    let gate = Gate::new(12);
    let output = gate.interrupted(&target, &ONE);
    let said = served::said(&output);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted; the same command goes on from where it was"), "{said}");
    assert!(output.stdout.is_empty());
    let (_, whole) = whole(&ONE);
    whole.or_shut(&target);
    gate.open();
    gate.served.restore(&target, &ONE);
    whole.is_in(&target, true);
}

#[test]
fn so_does_the_end_that_a_supervisor_asks_for() {
    for (signal, number) in [("-TERM", 15), ("-HUP", 1)] {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("restored");
        let gate = Gate::new(12);
        let child = gate.begin(&target, &ONE);
        served::signal(&child, signal);
        let output = child.wait_with_output().unwrap();
        let said = served::said(&output);
        // Whoever sent it sees that it was obeyed.
        assert_eq!(output.status.signal(), Some(number), "{said}");
        assert!(said.contains("interrupted; the same command goes on"), "{said}");
        gate.open();
        gate.served.restore(&target, &ONE);
        assert_eq!(left::databases(&target), BTreeSet::from([String::new()]));
    }
}

/// Interrupts, has `harm` done to a table that was brought, and goes on: it alone is fetched
/// once more, of all that had been.
fn harmed(args: &[&str], same_bytes: bool, harm: impl Fn(&Path)) {
    let (_, whole) = whole(args);
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("restored");
    let gate = Gate::new(14);
    gate.interrupted(&target, args);
    let before = gate.served.kept(&left::staged(&target), "");
    assert!(before.len() > 2, "{before:?}");
    let table = tables(&target).remove(0);
    let key = gate.served.tables[&fs::read(&table).unwrap()].clone();
    harm(&table);
    gate.open();
    let asked = gate.served.requests();
    gate.served.restore(&target, args);
    let fetched = gate.served.fetched(asked);
    let twice: Vec<&String> = fetched.intersection(&before).collect();
    assert_eq!(twice, [&key]);
    whole.is_in(&target, same_bytes);
}

#[test]
fn a_flipped_bit_in_what_was_brought_is_noticed() {
    let flip = |table: &Path| {
        let mut bytes = fs::read(table).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle] ^= 0x10;
        fs::write(table, bytes).unwrap();
    };
    harmed(&ONE, true, flip);
    harmed(&["--merge", "--operator", OPERATOR, "--concurrency", "1"], false, flip);
}

#[test]
fn what_was_brought_and_is_cut_or_longer_is_noticed() {
    harmed(&ONE, true, |table| {
        let bytes = fs::read(table).unwrap();
        fs::write(table, &bytes[..bytes.len() - 1]).unwrap();
    });
    harmed(&ONE, true, |table| fs::write(table, b"").unwrap());
    harmed(&ONE, true, |table| {
        let bytes = fs::read(table).unwrap();
        fs::write(table, [bytes.as_slice(), b"x"].concat()).unwrap();
    });
}

#[test]
fn links_in_what_is_unfinished_are_not_followed() {
    let elsewhere = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("restored");
    let gate = Gate::new(20);
    gate.interrupted(&target, &ONE);
    let staged = left::staged(&target);
    let (_, table) = staged.iter().find(|(at, _)| at.ends_with(".sst")).unwrap();
    let copy = elsewhere.path().join("copy");
    fs::copy(table, &copy).unwrap();
    fs::remove_file(table).unwrap();
    std::os::unix::fs::symlink(&copy, table).unwrap();
    gate.open();
    let output = gate.served.run(&target, &ONE);
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(copy.is_file() && table.is_symlink());
}

#[test]
fn small_files_that_were_harmed_are_noticed() {
    for name in ["CURRENT", "MANIFEST-", "stored.OPTIONS-"] {
        let (_, whole) = whole(&ONE);
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("restored");
        let gate = Gate::new(20);
        gate.interrupted(&target, &ONE);
        let staged = left::staged(&target);
        let mut files = staged.iter().filter(|(at, _)| at.contains(name));
        let (_, path) = files.next().unwrap_or_else(|| panic!("{name}: {staged:?}"));
        fs::write(path, b"nonsense").unwrap();
        gate.open();
        gate.served.restore(&target, &ONE);
        whole.is_in(&target, true);
    }
}

#[test]
fn nothing_else_goes_on_with_it() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("restored");
    let gate = Gate::new(20);
    gate.interrupted(&target, &ONE);
    gate.open();
    let before = left::everything(&target);
    let elsewhere = running::newest("A-2.3.0").directory;
    let elsewhere = ["restore", elsewhere.to_str().unwrap(), target.to_str().unwrap()];
    let refused = [
        gate.served.run(&target, &OTHER),
        gate.served.run(&target, &["--all"]),
        gate.served.run(&target, &["--merge", "--operator", OPERATOR]),
        gate.served.run(&target, &[&ONE[..], &["--key-groups", "0-3"]].concat()),
        chkctl::run(&[&elsewhere[..], &ONE[..4]].concat()),
    ];
    for output in refused {
        let said = served::said(&output);
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains("holds another restore that did not come to its end"), "{said}");
        assert!(said.contains("--force"), "{said}");
        assert!(left::everything(&target) == before, "{said}");
    }
    let (_, whole) = whole(&OTHER);
    let asked = gate.served.requests();
    gate.served.restore(&target, &[&OTHER[..], &["--force"]].concat());
    whole.is_in(&target, true);
    assert_eq!(gate.served.fetched(asked).len(), 21, "it begins anew");
}

#[test]
fn two_at_once_do_not_meet() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("restored");
    let gate = Gate::new(12);
    let first = gate.begin(&target, &ONE);
    let kept = || gate.served.kept(&left::staged(&target), "");
    let before = kept();
    for args in [ONE.to_vec(), OTHER.to_vec(), [&ONE[..], &["--force"]].concat()] {
        let output = gate.served.run(&target, &args);
        let said = served::said(&output);
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains("another chkctl restores into it"), "{said}");
        assert!(kept().is_superset(&before), "{said}");
    }
    gate.open();
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", served::said(&output));
    whole(&ONE).1.is_in(&target, true);
}

/// Many that begin at one moment: one does it, and all others leave it alone.
#[test]
fn of_many_at_once_one_is_first() {
    let (served, whole) = whole(&ONE);
    for _ in 0..3 {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("restored");
        let started = (0..6).map(|_| served.command(&target, &ONE).spawn().unwrap());
        let started: Vec<Child> = started.collect();
        let ended = started.into_iter().map(|child| child.wait_with_output().unwrap());
        let (done, refused): (Vec<Output>, Vec<Output>) =
            ended.partition(|output| output.status.success());
        assert_eq!(done.len(), 1);
        for output in refused {
            assert_eq!(output.status.code(), Some(4), "{}", served::said(&output));
        }
        whole.is_in(&target, true);
    }
}
