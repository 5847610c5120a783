//! Metadata that no Flink writes: names that lead elsewhere, subtasks that meet, sizes that
//! nothing has. Refused before anything is made, in little memory.
#![cfg(unix)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use chkctl::format::flink::keyed::IncrementalHandle;
use chkctl::format::flink::keyed::KeyGroupRange;
use chkctl::format::flink::keyed::KeyedHandle;
use chkctl::format::flink::list::List;
use chkctl::format::flink::operator::OperatorState;
use chkctl::format::flink::operator::Subtask;
use chkctl::format::flink::operator::SubtaskState;
use chkctl::format::flink::stream::NamedHandle;
use chkctl::format::flink::stream::Scope;
use chkctl::format::flink::stream::Segment;
use chkctl::format::flink::stream::StreamHandle;
use chkctl::format::flink::utf;
use chkctl::format::flink::utf::Utf;
use tempfile::TempDir;

use super::left;
use super::running;
use super::served;
use super::served::Served;
use super::served::said;
use crate::hostile;
use crate::support::databases;
use crate::support::databases::Database;
use crate::support::rows;
use crate::support::s3::Fate;

/// Address space, in KiB, that is far more than any of it takes, and far less than what it says.
const SPACE: &str = "2000000";
const JOB: &str = "0123456789abcdef0123456789abcdef";

/// A database that Flink wrote, of a few small files.
pub(super) fn good() -> Database {
    let all = databases::of(&running::newest("A-2.0.2").directory);
    let tables = |one: &Database| one.files.iter().filter(|file| file.0.ends_with(".sst")).count();
    let mut all: Vec<Database> = all.into_iter().filter(|one| *one.groups.start() == 0).collect();
    all.sort_by_key(tables);
    let good = all.remove(0);
    assert!(tables(&good) > 2);
    good
}

/// Its files, inside of the metadata.
pub(super) fn inline(good: &Database) -> Vec<NamedHandle<'_>> {
    let files = good.files.iter();
    files.map(|(name, bytes)| named(name.as_bytes(), bytes.as_deref().unwrap())).collect()
}

/// A file inside of the metadata by a name in modified UTF-8.
pub(super) fn named<'a>(name: &'a [u8], data: &'a [u8]) -> NamedHandle<'a> {
    let handle = StreamHandle::Inline { name: "inline".into(), data };
    NamedHandle { local_name: Utf::from_encoded(name), handle: Some(handle) }
}

/// A handle of all its key groups on some files.
pub(super) fn handle<'a>(good: &Database, files: Vec<NamedHandle<'a>>) -> IncrementalHandle<'a> {
    let (first, last) = (i32::from(*good.groups.start()), i32::from(*good.groups.end()));
    let key_groups = KeyGroupRange { start: first, count: last - first + 1 };
    IncrementalHandle {
        key_groups,
        shared: List::default(),
        private: files.into(),
        ..hostile::incremental(Vec::new())
    }
}

pub(super) fn subtask<'a>(index: i32, handle: IncrementalHandle<'a>) -> Subtask<'a> {
    let managed_keyed = Some(KeyedHandle::Incremental(handle));
    Subtask::Running(Box::new(SubtaskState { index, managed_keyed, ..SubtaskState::default() }))
}

pub(super) fn operator<'a>(uid: &'a str, subtasks: Vec<Subtask<'a>>) -> OperatorState<'a> {
    let parallelism = i32::try_from(subtasks.len()).unwrap();
    OperatorState {
        parallelism,
        subtasks: Some(subtasks.into()),
        ..hostile::operator(uid, SubtaskState::default())
    }
}

/// A checkpoint on disk, in a directory of its own.
pub(super) struct World {
    home: TempDir,
    checkpoint: PathBuf,
    pub(super) target: PathBuf,
}

impl World {
    fn new(operators: Vec<OperatorState<'_>>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let checkpoint = home.path().join("root").join(JOB).join("chk-1");
        fs::create_dir_all(&checkpoint).unwrap();
        fs::write(checkpoint.join("_metadata"), hostile::encode(operators)).unwrap();
        let target = home.path().join("restored");
        World { home, checkpoint, target }
    }

    /// One subtask with these files.
    pub(super) fn of(good: &Database, files: Vec<NamedHandle<'_>>) -> Self {
        World::new(vec![operator("op", vec![subtask(0, handle(good, files))])])
    }

    /// Runs in little memory.
    pub(super) fn run(&self, args: &[&str]) -> Output {
        Command::new("sh")
            .args(["-c", "ulimit -v $0 && exec \"$@\"", SPACE])
            .arg(env!("CARGO_BIN_EXE_chkctl"))
            .arg("restore")
            .args([&self.checkpoint, &self.target])
            .args(args)
            .env("NO_COLOR", "1")
            .env("MALLOC_ARENA_MAX", "2")
            .output()
            .unwrap()
    }

    /// Ends so, and nothing is published, or even made where it is refused.
    pub(super) fn ends(&self, args: &[&str], code: i32, words: &str) -> String {
        let before = left::everything(self.home.path());
        let output = self.run(args);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{words} {args:?}: {said:.3000}");
        assert!(said.contains(words), "{words} {args:?}: {said:.3000}");
        assert!(!said.contains("panicked") && !said.contains("memory allocation"), "{said:.3000}");
        assert!(left::published(&self.target).is_empty(), "{words}: {said:.3000}");
        if code == 4 {
            assert!(left::everything(self.home.path()) == before, "{words}: {said:.3000}");
        }
        said
    }

    pub(super) fn restores(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    }
}

/// Without anything hostile it is restored, so that what follows is about what is.
#[test]
fn what_it_is_made_of_is_good() {
    let good = good();
    for args in [&["--count"][..], &["--merge"]] {
        let world = World::of(&good, inline(&good));
        world.restores(args);
        let rows = rows::of(&world.target);
        assert!(rows.values().map(|rows| rows.len()).sum::<usize>() > 10);
    }
}

#[test]
fn names_that_rocksdb_gives_to_no_file_of_a_checkpoint() {
    let good = good();
    let absolute = tempfile::tempdir().unwrap();
    let absolute = absolute.path().join("000012.sst");
    let mut names: Vec<Vec<u8>> = [
        "../000012.sst",
        "..",
        ".",
        "",
        "/000012.sst",
        "a/000012.sst",
        "./000012.sst",
        "a\\000012.sst",
        "current",
        "Current",
        "manifest-000005",
        "Manifest-000005",
        "000012.SST",
        "options-000007",
        "LOCK",
        "LOG",
        "IDENTITY",
        "CON",
        "NUL",
        "restore.json",
        ".chkctl-restore",
        "lock",
        "identity",
        "publishing.json",
        "000012.sst.part",
        "CURRENT.part",
        "stored.OPTIONS-000007",
        "CURRENT.dbtmp",
        "12.sst",
        "0000012.sst",
        "+00012.sst",
        "-00012.sst",
        "00012.sst",
        " 000012.sst",
        "000012.sst ",
        "000012.sst\n",
        "000012.sst/",
        "CURRENT/",
        "MANIFEST-",
        "MANIFEST-5",
        "MANIFEST-0000005",
        "MANIFEST-99999999999999999999",
        "99999999999999999999999.sst",
        "000012.ldb",
        "000012.log",
        "０００００１.sst",
        "000012.s\u{17f}t",
        "\u{1f600}.sst",
        "000012.sst\0",
        "\0",
        "CURRENT\0",
    ]
    .iter()
    .map(|name| utf::encode(name))
    .collect();
    names.push(absolute.to_str().unwrap().into());
    // No modified UTF-8, a lone surrogate, a slash and a dot in more bytes than they need.
    let odd: [&[u8]; 5] = [
        b"\xff\xfe.sst",
        b"000012\xed\xa0\x80.sst",
        b"\xc0\xaf000012.sst",
        b"\xc0\xae\xc0\xae",
        b"\x80",
    ];
    names.extend(odd.map(<[u8]>::to_vec));
    names.push(vec![b'x'; 60_000]);
    for name in &names {
        let shown = String::from_utf8_lossy(name);
        for args in [&[][..], &["--merge", "--force"]] {
            let mut files = inline(&good);
            files.push(named(name, b"hostile"));
            let world = World::of(&good, files);
            let why = "which RocksDB gives to no file of a checkpoint";
            world.ends(args, 4, why);
            assert!(!world.target.exists(), "{shown}");
        }
        assert!(!absolute.exists());
    }
    // In the place of a file that is needed, too.
    for name in ["CURRENT", "MANIFEST-"] {
        let mut files = inline(&good);
        let at = files.iter().position(|file| file.local_name.to_str().starts_with(name)).unwrap();
        files[at].local_name = "../CURRENT".into();
        World::of(&good, files).ends(&[], 4, "\"../CURRENT\"");
    }
    // What lies in the target already stays as it is.
    let mut files = inline(&good);
    files.push(named(b"../x.sst", b"hostile"));
    let world = World::of(&good, files);
    fs::create_dir(&world.target).unwrap();
    world.ends(&[], 4, "\"../x.sst\"");
}

#[test]
fn one_name_twice() {
    let good = good();
    for name in ["CURRENT", "MANIFEST-", "OPTIONS-", "0"] {
        let mut files = inline(&good);
        let of = |file: &&NamedHandle<'_>| file.local_name.to_str().starts_with(name);
        let again = files.iter().find(of).unwrap().clone();
        files.push(again.clone());
        World::of(&good, files).ends(&[], 4, " twice");
        // In both of its lists.
        let shared = handle(&good, inline(&good));
        let shared = IncrementalHandle { shared: vec![again].into(), ..shared };
        let world = World::new(vec![operator("op", vec![subtask(0, shared)])]);
        world.ends(&["--merge"], 4, " twice");
    }
}

#[test]
fn one_place_twice() {
    let good = good();
    let one = |index| subtask(index, handle(&good, inline(&good)));
    for args in [&["--all"][..], &["--merge"], &["--subtask", "3"]] {
        let world = World::new(vec![operator("op", vec![one(3), one(3)])]);
        world.ends(args, 4, "has subtask 3 twice");
        let twins = vec![operator("op", vec![one(3)]), operator("op", vec![one(3)])];
        World::new(twins).ends(args, 4, "has subtask 3 twice");
    }
    let negative = World::new(vec![operator("op", vec![one(-7), one(i32::MAX)])]);
    let output = negative.run(&["--all"]);
    let made = left::databases(&negative.target);
    assert!(!output.status.success() || made.len() == 2, "{}", said(&output));
    let outside = left::everything(negative.home.path()).into_keys();
    let mut outside = outside.filter(|name| !name.starts_with("restored/"));
    assert_eq!(outside.next(), Some(format!("root/{JOB}/chk-1/_metadata")));
    assert_eq!(outside.next(), None);
}

#[test]
fn files_that_a_database_cannot_be_without() {
    let good = good();
    for (name, words) in [("CURRENT", "lists no CURRENT"), ("MANIFEST-", "lists no MANIFEST")] {
        let mut files = inline(&good);
        files.retain(|file| !file.local_name.to_str().starts_with(name));
        let world = World::of(&good, files);
        world.ends(&[], 3, words);
        assert!(!world.target.exists());
    }
    World::of(&good, Vec::new()).ends(&[], 3, "lists no CURRENT");
    let mut files = inline(&good);
    files.iter_mut().for_each(|file| file.handle = None);
    World::of(&good, files).ends(&[], 3, "lists no bytes of a file");
}

/// No table is fetched of a database that lacks one, or has one too many.
#[test]
fn tables_that_do_not_match_the_manifest_are_never_fetched() {
    let good = good();
    for is_missing in [true, false] {
        let root = tempfile::tempdir().unwrap();
        let at = root.path().join(JOB);
        fs::create_dir_all(at.join("shared")).unwrap();
        fs::create_dir_all(at.join("chk-1")).unwrap();
        let mut paths = Vec::new();
        for (name, bytes) in &good.files {
            fs::write(at.join("shared").join(name), bytes.as_deref().unwrap()).unwrap();
            paths.push((name.clone(), format!("s3://flink/{JOB}/shared/{name}")));
        }
        if is_missing {
            let table = paths.iter().position(|(name, _)| name.ends_with(".sst")).unwrap();
            paths.remove(table);
        } else {
            let table = paths.iter().find(|(name, _)| name.ends_with(".sst")).unwrap();
            paths.push(("009999.sst".to_owned(), table.1.clone()));
        }
        let file = |(name, path): &(String, String)| -> (Vec<u8>, Vec<u8>, i64) {
            let bytes = fs::metadata(at.join("shared").join(path.rsplit('/').next().unwrap()));
            (name.clone().into(), path.clone().into(), bytes.unwrap().len().try_into().unwrap())
        };
        let paths: Vec<(Vec<u8>, Vec<u8>, i64)> = paths.iter().map(file).collect();
        let files = paths.iter().map(|(name, path, size)| {
            let handle = StreamHandle::File { size: *size, path: Utf::from_encoded(path) };
            NamedHandle { local_name: Utf::from_encoded(name), handle: Some(handle) }
        });
        let handle = handle(&good, files.collect());
        let metadata = hostile::encode(vec![operator("op", vec![subtask(0, handle)])]);
        fs::write(at.join("chk-1/_metadata"), metadata).unwrap();
        let served = Served::of(root.path(), &format!("{JOB}/chk-1"), |_| Fate::Answered);
        for args in [&[][..], &["--merge"]] {
            let home = tempfile::tempdir().unwrap();
            let output = served.run(&home.path().join("restored"), args);
            let said = served::said(&output);
            assert_eq!(output.status.code(), Some(3), "{said}");
            assert!(said.contains("[manifest-files]"), "{said}");
            assert!(served.fetched(0).is_empty(), "{:?}", served.fetched(0));
        }
    }
}

/// Files of sizes that nothing has: it ends at once.
#[test]
fn absurd_sizes() {
    let good = good();
    let home = tempfile::tempdir().unwrap();
    for size in [1_i64 << 62, i64::MAX, 1 << 40, -1, i64::MIN] {
        let mut paths = Vec::new();
        for (name, bytes) in &good.files {
            let at = home.path().join(name);
            fs::write(&at, bytes.as_deref().unwrap()).unwrap();
            paths.push(format!("file:{}", at.display()));
        }
        // Every table claims it, so that the sum is beyond any number.
        let mut files = inline(&good);
        for (file, path) in files.iter_mut().zip(&paths) {
            if file.local_name.to_str().ends_with(".sst") {
                file.handle = Some(StreamHandle::File { size, path: path.as_str().into() });
            }
        }
        for args in [&[][..], &["--merge"], &["--link"], &["--no-checksums", "--link"]] {
            let world = World::of(&good, files.clone());
            let output = world.run(args);
            let said = said(&output);
            // What is negative stands for a size that is not known.
            let whole = size < 0 && output.status.success();
            let refused = matches!(output.status.code(), Some(1 | 3));
            assert!(refused || whole, "{size} {args:?}: {said}");
            assert!(!said.contains("panicked"), "{size} {args:?}: {said}");
            assert_eq!(left::published(&world.target).is_empty(), !whole, "{size} {args:?}");
        }
        // Parts of files, that lie beyond any end.
        let segments = files.iter().zip(&paths).map(|(file, path)| {
            let handle = match file.handle {
                Some(StreamHandle::File { .. }) => Some(StreamHandle::Segment(Segment {
                    start: size,
                    length: size,
                    scope: Scope::Shared,
                    path: path.as_str().into(),
                    logical_file_id: "id".into(),
                })),
                ref handle => handle.clone(),
            };
            NamedHandle { handle, ..file.clone() }
        });
        let world = World::of(&good, segments.collect());
        let output = world.run(&[]);
        assert!(matches!(output.status.code(), Some(1 | 3)), "{size}: {}", self::said(&output));
        assert!(!self::said(&output).contains("panicked"), "{size}: {}", self::said(&output));
    }
}
