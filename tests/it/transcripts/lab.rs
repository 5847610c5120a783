//! The laboratory in which transcripts run: a directory with real checkpoints, and with damaged,
//! foreign and hostile things made of them here.

use std::fs;
use std::fs::File;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::time::Duration;
use std::time::SystemTime;

use super::SECRET;
use crate::hostile;
use crate::support::archives;
use crate::support::s3::S3;

/// The job of `fixtures/profile-job`.
const JOB: &str = "ae794d9774cbbac779e858834152defc";
/// 2026-01-02T03:04:05Z, when every checkpoint of `profile-job` was completed.
const COMPLETED: u64 = 1_767_323_045;

/// Archives by the names they have in the laboratory.
const ARCHIVES: [(&str, &str); 17] = [
    ("v3", "A-1.13.6"),
    ("v4", "A-1.20.5"),
    ("v5", "A-2.0.2"),
    ("empty", "A-empty-2.3.0"),
    ("master-hook", "A-masterhook-1.20.5"),
    ("savepoints", "B-savepoints-2.3.0"),
    ("changelog", "C-changelog-1.20.5"),
    ("merged", "D-merge-across-2.3.0"),
    ("unaligned", "E-unaligned-2.3.0"),
    ("retained", "A-retained8-1.20.5"),
    ("claimed", "F-claim-same-1.20.5"),
    ("resumed", "G-halt-resume-1.20.5"),
    ("restored", "F-legacy-same-1.20.5"),
    ("halted", "G-halt-1.20.5"),
    ("full", "H-full-1.20.5"),
    ("heap", "H-hashmap-2.3.0"),
    ("finished", "J-finished-2.3.0"),
];

/// A laboratory; removed when it is dropped.
pub(super) struct Lab {
    dir: tempfile::TempDir,
    path: PathBuf,
    s3: S3,
}

/// What transcripts run as `chkctl`.
pub(super) fn launcher() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/in-lab")
}

impl Lab {
    /// Makes a laboratory.
    pub(super) fn make() -> Lab {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = dir.path().canonicalize().unwrap();
        let s3 = S3::start(&path);
        let lab = Lab { dir, path, s3 };
        copy(&fixture(), &lab.path.join("profile-job"));
        for (name, archive) in ARCHIVES {
            symlink(archives::unpack(archive).root(), lab.path.join(name)).unwrap();
        }
        symlink(archives::unpack("I-sql-1.20.5").root(), lab.path.join("sql")).unwrap();
        lab.make_damaged();
        lab.make_broken_job();
        lab.make_hostile();
        lab.make_foreign();
        lab.make_places();
        lab
    }

    /// The directory, without symbolic links in it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The address of the web server.
    pub(super) fn s3(&self) -> &str {
        &self.s3.url
    }

    /// What the web server was asked.
    pub(super) fn requests(&self) -> Vec<String> {
        self.s3.requests()
    }

    /// The environment of every command.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.path.join(name).to_str().unwrap().to_owned();
        vec![
            ("LAB", path("")),
            ("CHKCTL", env!("CARGO_BIN_EXE_chkctl").to_owned()),
            ("COLUMNS", "100".to_owned()),
            ("NO_COLOR", "1".to_owned()),
            ("HOME", path("home")),
            ("AWS_CONFIG_FILE", path("home/no-config")),
            ("AWS_SHARED_CREDENTIALS_FILE", path("home/no-credentials")),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ENDPOINT_URL", self.s3.url.clone()),
            ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ]
    }

    /// Runs `chkctl` as a transcript does.
    pub(super) fn run(&self, args: &[&str]) -> Output {
        Command::new(launcher()).args(args).envs(self.environment()).output().unwrap()
    }

    fn metadata(&self, directory: &str, bytes: &[u8]) {
        let dir = self.path.join(directory);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("_metadata"), bytes).unwrap();
        set_time(&dir.join("_metadata"));
    }

    fn make_damaged(&self) {
        let good = fs::read(fixture().join(JOB).join("chk-6/_metadata")).unwrap();
        for (name, length) in [
            ("empty", 0),
            ("in-the-magic-number", 3),
            ("in-the-version", 6),
            ("in-the-checkpoint-id", 12),
            ("in-the-count-of-operators", 22),
            ("in-an-operator", 60),
            ("half", good.len() / 2),
            ("in-the-properties", good.len() - 40),
            ("by-one-byte", good.len() - 1),
        ] {
            self.metadata(&format!("truncated/{name}"), &good[..length]);
        }
        for version in [i32::MIN, -1, 0, 1, 8, 99] {
            let mut bytes = good.clone();
            bytes[4..8].copy_from_slice(&version.to_be_bytes());
            self.metadata(&format!("version/{version}"), &bytes);
        }
        self.metadata("trailing", &[good.as_slice(), b"0123456789"].concat());
        let mut flipped = good;
        flipped[8] = 0xFF;
        self.metadata("negative-id", &flipped);
        fs::create_dir(self.path.join("copied")).unwrap();
        copy(&fixture().join(JOB).join("chk-6"), &self.path.join("copied/chk-6"));
        let metadata = self.path.join("copied/chk-6/_metadata");
        fs::copy(metadata, self.path.join("copied/metadata-of-chk-6.bin")).unwrap();
        set_time(&self.path.join("copied/metadata-of-chk-6.bin"));
    }

    /// A job in which one checkpoint is cut short, one is empty, and one is as it should be.
    fn make_broken_job(&self) {
        let job = self.path.join("broken").join(JOB);
        fs::create_dir(self.path.join("broken")).unwrap();
        copy(&fixture().join(JOB), &job);
        let cut = fs::read(job.join("chk-4/_metadata")).unwrap();
        self.metadata(&format!("broken/{JOB}/chk-4"), &cut[..cut.len() / 2]);
        self.metadata(&format!("broken/{JOB}/chk-5"), b"");
        self.metadata("broken/tables", b"PAR1 is what Parquet begins with");
    }

    fn make_hostile(&self) {
        for (name, bytes) in hostile::all() {
            self.metadata(&format!("hostile/{name}"), &bytes);
        }
    }

    fn make_foreign(&self) {
        let png: &[u8] =
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
        let files = [
            ("logo.png", png),
            ("part-0.parquet", b"PAR1\x15\x04\x15\x10\x15\x14PAR1"),
            ("notes.txt", b"This is no checkpoint.\n"),
            ("two-bytes", b"hi"),
        ];
        fs::create_dir(self.path.join("foreign")).unwrap();
        for (name, bytes) in files {
            fs::write(self.path.join("foreign").join(name), bytes).unwrap();
        }
        self.metadata("foreign/picture", png);
    }

    fn make_places(&self) {
        let directories =
            ["nothing-here", "aborted/chk-7", "no-checkpoint/logs", "no-checkpoint/data", "home"];
        for directory in directories {
            fs::create_dir_all(self.path.join(directory)).unwrap();
        }
        for number in 0..9 {
            fs::write(self.path.join(format!("no-checkpoint/part-{number}")), b"x").unwrap();
        }
        fs::write(self.path.join("aborted/chk-7/8c1d2f0a"), b"x").unwrap();
        let chk = Path::new(JOB).join("chk-6");
        for (place, below) in [("no-job-id", Path::new("chk-6")), ("alone", &chk)] {
            let at = self.path.join(place).join(below);
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            copy(&fixture().join(JOB).join("chk-6"), &at);
        }
        fs::create_dir_all(self.path.join("never-completed/chk-1")).unwrap();
        fs::create_dir(self.path.join("never-completed/shared")).unwrap();
        fs::create_dir(self.path.join("metadata-is-a-directory")).unwrap();
        fs::create_dir(self.path.join("metadata-is-a-directory/_metadata")).unwrap();
        symlink("nowhere", self.path.join("dangling")).unwrap();
        let snapshot = self.path.join("profile-job").join(JOB).join("chk-6");
        for odd in ["with space", "with#hash", "100%25", "größe-检查点", "name@7"] {
            symlink(&snapshot, self.path.join(odd)).unwrap();
        }
        let fifo = self.path.join("fifo");
        assert!(Command::new("mkfifo").arg(fifo).status().unwrap().success());
    }
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/profile-job")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
            set_time(&to);
        }
    }
}

/// A checkout has the time of the checkout.
fn set_time(file: &Path) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(COMPLETED);
    File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
}

impl Drop for Lab {
    fn drop(&mut self) {
        // A directory that cannot be removed is below the target directory.
        let _ = fs::remove_dir_all(self.dir.path());
    }
}
