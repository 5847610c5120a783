//! Disks that are full or not to be written, and sources that vanish: it is said what is wrong,
//! nothing is half published, and the same command goes on when it is well again.
#![cfg(unix)]

use std::env;
use std::fs;
use std::io;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::left;
use super::left::Whole;
use super::served;
use super::served::OPERATOR;
use super::served::Served;
use super::served::said;
use crate::support::s3::Fate;

const ONE: [&str; 6] = ["--operator", OPERATOR, "--subtask", "0", "--concurrency", "1"];
const MERGED: [&str; 5] = ["--merge", "--operator", OPERATOR, "--concurrency", "1"];
/// Only as patient as a test.
const IMPATIENT: [&str; 4] =
    ["--store-option", "retry_timeout=1s", "--store-option", "max_retries=1"];

fn whole(args: &[&str]) -> Whole {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("whole");
    Served::start(|_| Fate::Answered).restore(&target, args);
    Whole::of(&target)
}

/// How shells run what mounts a file system of its own.
fn unshare() -> Vec<&'static str> {
    let id = Command::new("id").arg("-u").output().unwrap();
    let is_root = id.stdout.trim_ascii() == b"0";
    // Whoever is not root is, in a name space of users.
    let unshare = vec!["unshare", if is_root { "-m" } else { "-rm" }, "sh", "-ec"];
    let tried = Command::new(unshare[0])
        .args(&unshare[1..])
        .arg("mount -t tmpfs tmpfs /mnt")
        .output()
        .is_ok_and(|output| output.status.success());
    let required = env::var_os("CI").is_some_and(|value| value == "true") && is_root;
    assert!(tried || !required, "root can mount where the project is built for others");
    if !tried {
        // Not a macro, whose output is shown of tests that fail only.
        let said = b"NOT TESTED: this user can mount no file system of its own\n";
        io::stderr().write_all(said).unwrap();
        return Vec::new();
    }
    unshare
}

/// Runs a script on a file system of its own at `$D`, mounted with `options`; none if it cannot
/// be. In it `restore` restores to `$D/restored`, and `left` says what is published there.
fn on_a_disk(served: &Served, args: &[&str], options: &str, script: &str) -> Option<String> {
    let unshare = unshare();
    let (first, others) = unshare.split_first()?;
    let home = tempfile::tempdir().unwrap();
    let setup = "mount -t tmpfs -o \"$OPTIONS\" tmpfs \"$D\"\n\
                 restore() { code=0; \"$CHKCTL\" restore \"$URL\" \"$D/restored\" \"$@\" 2>&1 || \
                 code=$?; echo \"exit $code\"; }\n\
                 left() { find \"$D/restored\" -name CURRENT -not -path '*/.chkctl-restore/*'; }\n";
    let output = Command::new(first)
        .args(others)
        .arg(format!("{setup}{script}"))
        .arg("sh")
        .args(args)
        .args(served.access())
        .env("OPTIONS", options)
        .env("D", home.path())
        .env("URL", &served.url)
        .env("CHKCTL", env!("CARGO_BIN_EXE_chkctl"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn too_little_room_is_told_before_anything_is_brought() {
    for args in [&ONE[..], &MERGED] {
        let served = Served::start(|_| Fate::Answered);
        let script = "restore \"$@\"; left; echo asked; \
                      mount -o remount,size=64m \"$D\"; restore --quiet \"$@\"; left";
        let Some(told) = on_a_disk(&served, args, "size=4m", script) else { return };
        let (first, second) = told.split_once("asked\n").unwrap();
        // Such as `8.2 MiB (8,598,032 bytes)`.
        let exact = first.split('(').filter_map(|rest| rest.split_once(" bytes)"));
        let numbers = exact.filter_map(|(digits, _)| digits.replace(',', "").parse::<u64>().ok());
        let numbers: Vec<u64> = numbers.collect();
        let [needed, free] = numbers[..] else { panic!("{first}") };
        assert!(first.contains("are needed and"), "{first}");
        assert!(needed > 8 << 20 && needed < 12 << 20, "{first}");
        assert!(free < 4 << 20 && free > 3 << 20, "{first}");
        assert!(first.contains("hint: make room, name a DIR where there is more"), "{first}");
        assert!(first.ends_with("exit 1\n"), "{first}");
        assert!(second.contains("exit 0\n") && second.ends_with("/restored/CURRENT\n"), "{second}");
    }
}

#[test]
fn a_disk_that_fills_up_ends_it_until_there_is_room() {
    for args in [&ONE[..], &MERGED] {
        let flag = tempfile::tempdir().unwrap();
        let is_full = flag.path().join("full");
        let (asked, wait) = (AtomicUsize::new(0), is_full.clone());
        let served = Served::start(move |head| {
            let late = served::is_state(head) && asked.fetch_add(1, Ordering::SeqCst) >= 12;
            while late && !wait.exists() {
                std::thread::sleep(Duration::from_millis(2));
            }
            Fate::Answered
        });
        let script = format!(
            "restore \"$@\" > {said} &\n\
             until find \"$D\" -name '*.sst' | grep -q .; do sleep 0.01; done\n\
             cat /dev/zero > \"$D/filler\" 2> /dev/null || :\n\
             touch {full}; wait; cat {said}; left; echo asked\n\
             rm \"$D/filler\"; restore --quiet \"$@\"; left",
            said = flag.path().join("said").display(),
            full = is_full.display()
        );
        let Some(told) = on_a_disk(&served, args, "size=24m", &script) else { return };
        let (first, second) = told.split_once("asked\n").unwrap();
        assert!(first.contains("No space left on device"), "{first}");
        assert!(first.contains("hint: make room there; what was fetched is kept"), "{first}");
        assert!(first.ends_with("exit 1\n"), "{first}");
        assert!(second.contains("exit 0\n") && second.ends_with("/restored/CURRENT\n"), "{second}");
    }
}

/// Without privileges: no file may be longer than so many blocks of 512 bytes.
#[test]
fn what_cannot_be_written_ends_it() {
    // Some files are longer; and all that are merged are not, but what they are merged to.
    for (args, blocks, words) in [(&ONE[..], 16, "databases/0/"), (&MERGED, 114, "IO error")] {
        let served = Served::start(|_| Fate::Answered);
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("restored");
        let limited = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f $0; exec \"$@\"", &blocks.to_string()])
            .arg(env!("CARGO_BIN_EXE_chkctl"))
            .args(["restore", &served.url, target.to_str().unwrap()])
            .args(args)
            .args(served.access())
            .output()
            .unwrap();
        let told = said(&limited);
        assert_eq!(limited.status.code(), Some(1), "{told}");
        assert!(told.contains("File too large") && told.contains(words), "{told}");
        assert!(told.contains("the same command goes on from there"), "{told}");
        assert!(left::published(&target).is_empty(), "{told}");
        let kept = served.kept(&left::staged(&target), "inputs");
        let asked = served.requests();
        served.restore(&target, args);
        assert!(served.fetched(asked).is_disjoint(&kept));
        whole(args).is_in(&target, args == ONE);
    }
}

#[test]
fn where_nobody_may_write() {
    let served = Served::start(|_| Fate::Answered);
    let told = on_a_disk(&served, &ONE, "ro", "restore \"$@\"; ls -A \"$D\"");
    if let Some(told) = told {
        assert!(told.contains("Read-only file system"), "{told}");
        assert!(told.contains("hint: run as a user who may write there"), "{told}");
        assert!(told.ends_with("exit 1\n"), "{told}");
    }
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(home.path().join("probe"), "").is_ok() {
        // Nothing is denied to root.
        return;
    }
    let output = served.run(&home.path().join("restored"), &ONE);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("Permission denied"), "{}", said(&output));
    assert!(said(&output).contains("hint: run as a user who may write there"), "{}", said(&output));
}

/// A store in which after some requests for state something becomes of each, while it is ill.
fn ill(fate: Fate, after: usize) -> (Served, Arc<AtomicBool>) {
    let (asked, is_ill) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(true)));
    let ill = Arc::clone(&is_ill);
    let served = Served::start(move |head| {
        let is_head = head.starts_with("HEAD ");
        let is_asked = served::is_state(head) || is_head;
        let is_late = is_asked && asked.fetch_add(1, Ordering::SeqCst) >= after;
        match is_late && ill.load(Ordering::SeqCst) {
            true => fate,
            false => Fate::Answered,
        }
    });
    (served, is_ill)
}

fn vanishes(args: &[&str], fate: Fate, code: i32, why: &str) {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("restored");
    let (served, is_ill) = ill(fate, 16);
    let output: Output = served.run(&target, &[args, &IMPATIENT].concat());
    let told = said(&output);
    assert_eq!(output.status.code(), Some(code), "{fate:?}: {told}");
    assert!(told.contains(why) && told.contains("\nhint: "), "{fate:?}: {told}");
    assert!(told.contains("/shared/") && told.contains("(0000"), "it names the object: {told}");
    assert!(left::published(&target).is_empty(), "{fate:?}: {told}");
    let kept = served.kept(&left::staged(&target), "");
    assert!(kept.len() > 2, "{fate:?}: {kept:?}");
    is_ill.store(false, Ordering::SeqCst);
    let asked = served.requests();
    served.restore(&target, args);
    let fetched = served.fetched(asked);
    assert!(fetched.is_disjoint(&kept) && !fetched.is_empty(), "{fate:?}: {fetched:?}");
    whole(args).is_in(&target, args == ONE);
}

#[test]
fn objects_that_are_deleted_meanwhile() {
    for args in [&ONE[..], &MERGED] {
        vanishes(args, Fate::Refused(404), 3, "file-missing");
    }
}

#[test]
fn a_store_that_denies_access_meanwhile() {
    for args in [&ONE[..], &MERGED] {
        vanishes(args, Fate::Refused(403), 1, "goes on from there");
    }
}

#[test]
fn a_store_that_hangs_up() {
    for fate in [Fate::HungUp, Fate::CutOff] {
        vanishes(&ONE, fate, 1, "goes on from there");
        vanishes(&MERGED, fate, 1, "goes on from there");
    }
}
