//! Directories that are not for a restore: nothing in them is touched, and it is said why.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::left;
use super::left::STAGING;
use super::left::Whole;
use super::served::OPERATOR;
use super::served::said;
use crate::ldb;
use crate::support::archives;
use crate::support::chkctl;

const NAME: &str = "A-2.0.2";
const ONE: [&str; 4] = ["--operator", OPERATOR, "--subtask", "0"];

/// A checkpoint of its own, in `job/chk-N` of a directory that vanishes with it.
struct World {
    home: tempfile::TempDir,
    /// The checkpoint.
    checkpoint: String,
    /// Its job.
    job: String,
}

impl World {
    fn new() -> Self {
        let archive = archives::unpack(NAME);
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("checkpoints");
        fs::create_dir(&root).unwrap();
        left::copy(&archive.root(), &root);
        let newest = archive.checkpoints().into_iter().max().unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let job = text(&root.join(newest.parent().unwrap()));
        World { checkpoint: text(&root.join(newest)), job, home }
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }

    /// Restores to a directory; the exit code, and what was said.
    fn run(&self, target: &str, args: &[&str]) -> (i32, String) {
        let output = chkctl::run(&[&["restore", &self.checkpoint, target][..], args].concat());
        (output.status.code().unwrap(), said(&output))
    }

    fn restore(&self, target: &str, args: &[&str]) {
        let (code, said) = self.run(target, args);
        assert_eq!(code, 0, "{said}");
    }

    /// Is refused, with and without `--force`, which changes nothing anywhere.
    fn is_refused(&self, target: &str, code: i32, why: &str) {
        for args in [ONE.to_vec(), [&ONE[..], &["--force"]].concat(), vec!["--all"]] {
            self.is_refused_with(&args, target, code, why);
        }
    }

    fn is_refused_with(&self, args: &[&str], target: &str, code: i32, why: &str) {
        let before = left::everything(self.home.path());
        let (ended, said) = self.run(target, args);
        assert_eq!(ended, code, "{target} {args:?}: {said}");
        assert!(said.contains(why), "{target} {args:?}: {said}");
        assert!(said.contains("\nhint: "), "{target} {args:?}: {said}");
        assert!(!said.contains("what was fetched is kept"), "{target} {args:?}: {said}");
        let after = left::everything(self.home.path());
        let changed =
            before.keys().chain(after.keys()).find(|at| before.get(*at) != after.get(*at));
        assert_eq!(changed, None, "{target} {args:?}: {said}");
    }
}

#[test]
fn what_is_no_directory() {
    let world = World::new();
    let file = world.path("file");
    fs::write(&file, "somebody's").unwrap();
    world.is_refused(&file, 4, "file: is no directory");
    let below = world.path("file/below");
    world.is_refused(&below, 1, "Not a directory");
    let nowhere = world.path("dangling");
    symlink(world.path("nowhere"), &nowhere).unwrap();
    world.is_refused(&nowhere, 4, "dangling: is a link that leads nowhere");
    let file_by_link = world.path("link");
    symlink(&file, &file_by_link).unwrap();
    world.is_refused(&file_by_link, 4, "link: is no directory");
}

#[test]
fn what_holds_something() {
    let world = World::new();
    let target = world.path("target");
    for name in ["somebody's", "CURRENT", "LOG", "lock", ".hidden"] {
        fs::create_dir(&target).unwrap();
        fs::write(format!("{target}/{name}"), "x").unwrap();
        world.is_refused(&target, 4, &format!("is not empty: {name} is in it"));
        fs::remove_dir_all(&target).unwrap();
    }
    // A report of another tool, or of nobody.
    for report in ["", "{}", "[]", "{\"schema\": \"other/1\"}", "\u{0}"] {
        fs::create_dir(&target).unwrap();
        fs::write(format!("{target}/restore.json"), report).unwrap();
        fs::write(format!("{target}/CURRENT"), "x").unwrap();
        world.is_refused_with(&ONE, &target, 4, "holds an earlier restore");
        let force = [&ONE[..], &["--force"]].concat();
        world.is_refused_with(&force, &target, 4, "restore.json: is no report that chkctl wrote");
        fs::remove_dir_all(&target).unwrap();
    }
}

#[test]
fn an_empty_directory_and_links_to_one_will_do() {
    let world = World::new();
    let (real, link, parent) = (world.path("real"), world.path("link"), world.path("parent"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    symlink(world.home.path(), &parent).unwrap();
    world.restore(&link, &ONE);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    Whole::of(Path::new(&real));
    world.restore(&format!("{parent}/more/deep"), &ONE);
    Whole::of(&world.home.path().join("more/deep"));
    world.restore(&format!("file://{}", world.path("uri")), &ONE);
    Whole::of(&world.home.path().join("uri"));
}

#[test]
fn a_staging_directory_of_somebody_else() {
    let world = World::new();
    let target = world.path("target");
    let staging = format!("{target}/{STAGING}");
    let elsewhere = world.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::create_dir(&target).unwrap();
    fs::write(&staging, "mine").unwrap();
    world.is_refused(&target, 4, "is no directory that chkctl made");
    fs::remove_file(&staging).unwrap();
    symlink(&elsewhere, &staging).unwrap();
    world.is_refused(&target, 4, "is no directory that chkctl made");
    fs::remove_file(&staging).unwrap();
    fs::create_dir(&staging).unwrap();
    fs::write(format!("{staging}/mine"), "mine").unwrap();
    world.is_refused(&target, 4, "mine: was not made by chkctl");
    // As after a kill at the very first moment.
    fs::remove_file(format!("{staging}/mine")).unwrap();
    fs::write(format!("{staging}/lock"), "").unwrap();
    fs::write(format!("{staging}/identity.part"), "4f").unwrap();
    world.restore(&target, &ONE);
    Whole::of(Path::new(&target));
}

#[test]
fn inside_of_what_flink_wrote() {
    let world = World::new();
    let inside = "lies inside of what Flink wrote";
    let job = world.job.clone();
    fs::create_dir(world.path("outside")).unwrap();
    symlink(format!("{job}/shared"), world.path("shared")).unwrap();
    for target in [
        job.clone(),
        format!("{job}/restored"),
        format!("{job}/shared/a/b"),
        format!("{}/restored", world.checkpoint),
        format!("file://{job}/restored"),
        world.path("shared/restored"),
        format!("{}/../restored", world.path("shared")),
        format!("{}/../{}", world.path("outside"), &job[world.path("").len()..]),
        format!("{}/nowhere/../restored", job),
        format!("{}/nowhere/../{}/x", world.path(""), &job[world.path("").len()..]),
    ] {
        world.is_refused(&target, 4, inside);
    }
    let savepoint = world.path("savepoint-ae794d-0123456789ab");
    fs::create_dir(&savepoint).unwrap();
    left::copy(Path::new(&world.checkpoint), Path::new(&savepoint));
    let world = World { checkpoint: savepoint.clone(), ..world };
    world.is_refused(&savepoint, 4, inside);
    world.is_refused(&format!("{savepoint}/restored"), 4, inside);
}

#[test]
fn on_no_machine() {
    let world = World::new();
    for target in ["s3://bucket/dir", "S3A://bucket/dir", "hdfs://namenode/dir", "https://x/y"] {
        world.is_refused(target, 2, "is not on this machine");
    }
    world.is_refused("", 2, "DIR is empty");
}

#[test]
fn an_earlier_restore_is_replaced_by_force_alone() {
    let world = World::new();
    let target = world.path("target");
    let force = [&ONE[..], &["--force"]].concat();
    for first in [&ONE[..], &["--all"], &["--merge"], &["--merge", "--operator", OPERATOR]] {
        world.restore(&target, first);
        world.is_refused_with(&ONE, &target, 4, "holds an earlier restore");
        world.restore(&target, &force);
        assert_eq!(left::databases(Path::new(&target)).len(), 1);
        assert_eq!(left::everything(Path::new(&target)), left::published(Path::new(&target)));
        fs::remove_dir_all(&target).unwrap();
    }
    // As after a kill when all was done but for what lay around.
    world.restore(&target, &ONE);
    let done = format!("{target}/{STAGING}.done");
    fs::create_dir_all(format!("{done}/old")).unwrap();
    fs::write(format!("{done}/old/CURRENT"), "x").unwrap();
    fs::write(format!("{done}/identity"), "x").unwrap();
    world.is_refused_with(&ONE, &target, 4, "holds an earlier restore");
    world.restore(&target, &force);
    assert_eq!(left::everything(Path::new(&target)), left::published(Path::new(&target)));
}

#[test]
fn what_somebody_added_or_changed_is_never_replaced() {
    let world = World::new();
    let target = world.path("target");
    let force = [&ONE[..], &["--force"]].concat();
    for first in [&ONE[..], &["--all"]] {
        world.restore(&target, first);
        let database = left::databases(Path::new(&target)).into_iter().next().unwrap();
        let database = format!("{target}/{database}");
        let foreign = format!("{database}000099.sst");
        fs::write(&foreign, "mine").unwrap();
        world.is_refused_with(&force, &target, 4, "000099.sst: was not made by chkctl");
        fs::remove_file(&foreign).unwrap();
        let foreign = format!("{target}/mine");
        fs::create_dir_all(&foreign).unwrap();
        world.is_refused_with(&force, &target, 4, "mine: was not made by chkctl");
        fs::remove_dir(&foreign).unwrap();
        symlink(world.path("checkpoints"), &foreign).unwrap();
        world.is_refused_with(&force, &target, 4, "mine: was not made by chkctl");
        fs::remove_file(&foreign).unwrap();
        let current = format!("{database}CURRENT");
        let was = fs::read(&current).unwrap();
        fs::write(&current, "MANIFEST-0000123\n").unwrap();
        world.is_refused_with(&force, &target, 4, "CURRENT: was changed since it was restored");
        fs::remove_file(&current).unwrap();
        symlink(world.path("checkpoints"), &current).unwrap();
        world.is_refused_with(&force, &target, 4, "CURRENT: was changed since it was restored");
        fs::remove_file(&current).unwrap();
        fs::write(&current, was).unwrap();
        world.restore(&target, &force);
        fs::remove_dir_all(&target).unwrap();
    }
}

#[test]
fn what_rocksdb_leaves_when_it_reads_is_no_change() {
    if !ldb::ldb_is_there() {
        return;
    }
    let world = World::new();
    let target = world.path("target");
    for first in [&ONE[..], &["--all"]] {
        world.restore(&target, first);
        for database in left::databases(Path::new(&target)) {
            let directory = Path::new(&target).join(&database);
            ldb::by_ldb(&directory);
            // What a process leaves that opened it to write, and wrote nothing.
            for name in ["LOG", "LOCK", "LOG.old.1700000000000000"] {
                fs::write(directory.join(name), "").unwrap();
            }
        }
        world.restore(&target, &[&ONE[..], &["--force"]].concat());
        assert_eq!(left::databases(Path::new(&target)).len(), 1);
        fs::remove_dir_all(&target).unwrap();
        world.restore(&target, &ONE);
        ldb::ldb(Path::new(&target), &["put", "key", "value"]);
        let force = [&ONE[..], &["--force"]].concat();
        world.is_refused_with(&force, &target, 4, "was");
        fs::remove_dir_all(&target).unwrap();
    }
}
