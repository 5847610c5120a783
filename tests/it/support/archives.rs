//! The archives of `fixtures/archives`, unpacked once for each content and then kept.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use sha2::Digest;
use sha2::Sha256;

/// Every archive was packed with a window of 2^27 bytes.
const WINDOW_LOG: u32 = 27;

/// A tree of checkpoints and what Flink reads in it, on disk.
pub(crate) struct Archive {
    /// The variant, for example `A-2.2.1`.
    pub(crate) name: String,
    dir: PathBuf,
}

impl Archive {
    /// The checkpoint root.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.join(&self.name)
    }

    /// The root of what Flink's classes wrote about it; same layout.
    pub(crate) fn oracle(&self) -> PathBuf {
        self.dir.join("oracle").join(&self.name)
    }

    /// Every job directory, sorted.
    pub(crate) fn jobs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.root()).unwrap().map(|entry| entry.unwrap().path());
        let named = |path: &PathBuf| path.file_name().is_some_and(|name| name.len() == 32);
        let mut jobs: Vec<PathBuf> = entries.filter(named).collect();
        jobs.sort();
        jobs
    }

    /// Every finished checkpoint and savepoint, as directories relative to the root, sorted.
    pub(crate) fn checkpoints(&self) -> Vec<PathBuf> {
        directories_with(&self.root(), "_metadata")
    }
}

/// The names of all archives, sorted.
pub(crate) fn names() -> Vec<String> {
    let files = fs::read_dir(fixtures().join("archives")).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .map(|file| file.strip_suffix(".tar.zst").expect("only archives lie here").to_owned())
        .collect();
    names.sort();
    names
}

/// Unpacks an archive below the target directory, or finds it there from an earlier run.
pub(crate) fn unpack(name: &str) -> Archive {
    let checksum = recorded_checksum(name);
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("archives");
    let dir = home.join(format!("{name}-{}", &checksum[..16]));
    if !dir.exists() {
        fs::create_dir_all(&home).unwrap();
        let packed = fs::read(fixtures().join("archives").join(format!("{name}.tar.zst"))).unwrap();
        assert_eq!(hex(&Sha256::digest(&packed)), checksum, "{name} against archives.sha256");
        let staging = tempfile::tempdir_in(&home).unwrap();
        let mut zstd = zstd::Decoder::new(packed.as_slice()).unwrap();
        zstd.window_log_max(WINDOW_LOG).unwrap();
        tar::Archive::new(zstd).unpack(staging.path()).unwrap();
        // Another process may have been faster; what it left is the same.
        if fs::rename(staging.path(), &dir).is_ok() {
            let _moved_away = staging.keep();
        }
    }
    Archive { name: name.to_owned(), dir }
}

/// All directories below `root` that hold a file called `name`, relative to it, sorted.
pub(crate) fn directories_with(root: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else if entry.file_name() == name {
                found.push(dir.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A part of a file, read.
pub(crate) fn read_range(file: &Path, range: &Range<u64>) -> io::Result<Vec<u8>> {
    let mut file = File::open(file)?;
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = Vec::new();
    file.take(range.end - range.start).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn recorded_checksum(name: &str) -> String {
    let list = fs::read_to_string(fixtures().join("archives.sha256")).unwrap();
    let file = format!("{name}.tar.zst");
    let line = list.lines().find_map(|line| {
        let (checksum, listed) = line.split_once("  ")?;
        (listed == file).then(|| checksum.to_owned())
    });
    line.unwrap_or_else(|| panic!("archives.sha256 does not list {file}"))
}
