//! Where the files of an unpacked fixture lie, in the oracle's words and in ours.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;

use sha2::Digest;
use sha2::Sha256;

use crate::support::archives;

/// One checkpoint of one archive, and what is needed to translate its paths.
pub(crate) struct Place<'a> {
    /// Where the archive's root lies now.
    root: &'a Path,
    /// Where it lay when Flink wrote it; the oracle took this away from every path.
    prefix: &'a str,
    /// What paths in our document are relative to.
    base: PathBuf,
    hashes: &'a Hashes,
}

impl<'a> Place<'a> {
    /// `checkpoint` is relative to `root`.
    pub(crate) fn new(
        root: &'a Path,
        checkpoint: &Path,
        prefix: &'a str,
        hashes: &'a Hashes,
    ) -> Self {
        let in_job = checkpoint.file_name().unwrap().to_str().unwrap().starts_with("chk-");
        let base = if in_job { root.to_owned() } else { root.join(checkpoint) };
        Place { root, prefix, base, hashes }
    }

    /// The canonical URI of the base.
    pub(crate) fn base_uri(&self) -> String {
        uri(&self.base)
    }

    /// A path of the oracle as our document must spell it.
    pub(crate) fn expected_path(&self, flink: &str) -> String {
        let path = self.root.join(flink);
        match path.strip_prefix(&self.base) {
            Ok(relative) => relative.to_str().unwrap().to_owned(),
            Err(_) => uri(&path),
        }
    }

    /// Whether a raw name is what the oracle shows of it.
    pub(crate) fn is_name(&self, raw: &str, flink: &str) -> bool {
        raw.strip_prefix(self.prefix).unwrap_or(raw) == flink
    }

    /// The sha256 of bytes in a file, given by its path in the oracle.
    pub(crate) fn hash(&self, flink: &str, range: &Range<u64>) -> Result<String, String> {
        self.hashes.get(&self.root.join(flink), range)
    }

    /// The length of a file, given by its path in the oracle; `None` if it is missing.
    pub(crate) fn length(&self, flink: &str) -> Option<u64> {
        self.root.join(flink).metadata().ok().map(|file| file.len())
    }
}

/// Hashes of what was read before: checkpoints of a job share their files.
#[derive(Default)]
pub(crate) struct Hashes(Mutex<HashMap<(PathBuf, Range<u64>), String>>);

impl Hashes {
    fn get(&self, file: &Path, range: &Range<u64>) -> Result<String, String> {
        let key = (file.to_owned(), range.clone());
        if let Some(hash) = self.0.lock().unwrap().get(&key) {
            return Ok(hash.clone());
        }
        let bytes = archives::read_range(file, range).map_err(|error| error.to_string())?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(format!("{} bytes of {range:?}", bytes.len()));
        }
        let hash = archives::hex(&Sha256::digest(&bytes));
        self.0.lock().unwrap().insert(key, hash.clone());
        Ok(hash)
    }
}

/// The paths of the fixtures need no percent-encoding.
fn uri(path: &Path) -> String {
    format!("file://{}", path.to_str().unwrap())
}
