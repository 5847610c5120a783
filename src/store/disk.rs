//! What chkctl changes on a local disk outside of RocksDB's work, one call a method, so that tests
//! can fail any of them.

use std::ffi::OsStr;
use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::ErrorKind;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

/// Bytes that are written by one request. A file system that takes what is written in larger
/// pieces into large pages may have to gather them first: on ext4 in a virtual machine, 1 GB in
/// pieces of 4 MiB took up to five times the time of processors that it takes in these.
const PIECE: usize = 256 << 10;

/// What is about to be done, or was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing has happened yet: an error means that it never does.
    Before,
    /// It has happened: an error means that the answer was lost.
    After,
}

/// Told of each change, by its name and the place it is made at; an error becomes that of the
/// change.
pub type Hook = Box<dyn Fn(Moment, &'static str, &Path) -> io::Result<()> + Send + Sync>;

/// A local disk.
#[derive(Default)]
pub struct Disk {
    hook: Option<Hook>,
}

/// What lies in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name; of one that is not UTF-8 what can be shown of it.
    pub name: String,
    /// Whether it is a directory, and no link to one.
    pub is_dir: bool,
    /// Whether it is a regular file, and no link to one.
    pub is_file: bool,
    /// Bytes of a file.
    pub bytes: u64,
    /// Names that a file has; 1 where the system does not tell.
    pub links: u64,
}

impl Found {
    fn of(name: &OsStr, meta: &fs::Metadata) -> Self {
        Found {
            name: name.to_string_lossy().into_owned(),
            is_dir: meta.is_dir(),
            is_file: meta.is_file(),
            bytes: meta.len(),
            links: links(meta),
        }
    }
}

#[cfg(unix)]
fn links(meta: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(meta)
}

#[cfg(not(unix))]
fn links(_: &fs::Metadata) -> u64 {
    1
}

impl Disk {
    /// The disk as it is.
    pub fn new() -> Self {
        Disk::default()
    }

    /// A disk on which changes are told to a hook, that can fail them.
    pub fn hooked(hook: Hook) -> Self {
        Disk { hook: Some(hook) }
    }

    fn does<T>(
        &self,
        what: &'static str,
        at: &Path,
        effect: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(hook) = &self.hook else { return effect() };
        hook(Moment::Before, what, at)?;
        let done = effect()?;
        hook(Moment::After, what, at)?;
        Ok(done)
    }

    /// What lies in a directory, sorted by name; `None` if there is none.
    ///
    /// # Errors
    /// It is no directory, or cannot be read.
    pub fn list(&self, directory: &Path) -> io::Result<Option<Vec<Found>>> {
        let entries = match fs::read_dir(directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            found.push(Found::of(&entry.file_name(), &entry.metadata()?));
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Some(found))
    }

    /// A file or directory itself, not what a link leads to; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn look(&self, at: &Path) -> io::Result<Option<Found>> {
        let meta = match fs::symlink_metadata(at) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            meta => meta?,
        };
        Ok(Some(Found::of(at.file_name().unwrap_or_default(), &meta)))
    }

    /// The content of a small file.
    ///
    /// # Errors
    /// It cannot be read, or is longer than `limit` bytes.
    pub fn read(&self, at: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(at)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        match bytes.len() as u64 > limit {
            true => Err(io::Error::other(format!("has more than {limit} bytes"))),
            false => Ok(bytes),
        }
    }

    /// Bytes that may still be written where a directory is.
    ///
    /// # Errors
    /// The file system does not say.
    pub fn available(&self, directory: &Path) -> io::Result<u64> {
        fs4::available_space(directory)
    }

    /// Makes a directory and those that lead to it.
    ///
    /// # Errors
    /// As [`fs::create_dir_all`].
    pub fn make_directory(&self, directory: &Path) -> io::Result<()> {
        self.does("make directory", directory, || {
            DirBuilder::new().recursive(true).create(directory)
        })
    }

    /// Makes a file that is not there yet.
    ///
    /// # Errors
    /// As [`File::create_new`].
    pub fn create(&self, at: &Path) -> io::Result<File> {
        self.does("create", at, || {
            OpenOptions::new().read(true).write(true).create_new(true).open(at)
        })
    }

    /// Opens a file that nobody else may have, made if it is not there; `None` if somebody has it.
    ///
    /// # Errors
    /// It cannot be made, opened or locked.
    pub fn lock(&self, at: &Path) -> io::Result<Option<File>> {
        self.does("lock", at, || {
            if self.look(at)?.is_some_and(|found| !found.is_file) {
                return Err(io::Error::other("is no regular file"));
            }
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(at)?;
            match file.try_lock() {
                Ok(()) => Ok(Some(file)),
                Err(fs::TryLockError::WouldBlock) => Ok(None),
                Err(fs::TryLockError::Error(error)) => Err(error),
            }
        })
    }

    /// Writes bytes at an offset.
    ///
    /// # Errors
    /// As [`std::io::Write::write_all`].
    pub fn write(&self, file: &File, at: &Path, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.does("write", at, || {
            let mut offset = offset;
            for piece in bytes.chunks(PIECE) {
                write_at(file, piece, offset)?;
                offset = offset.saturating_add(piece.len() as u64);
            }
            Ok(())
        })
    }

    /// Makes a file empty.
    ///
    /// # Errors
    /// As [`File::set_len`].
    pub fn truncate(&self, file: &File, at: &Path) -> io::Result<()> {
        self.does("truncate", at, || file.set_len(0))
    }

    /// Has the bytes of a file that nobody has open reach the disk.
    ///
    /// # Errors
    /// As [`File::sync_all`].
    pub fn sync_file(&self, at: &Path) -> io::Result<()> {
        self.does("sync", at, || File::open(at)?.sync_all())
    }

    /// Has what was written to a file reach the disk.
    ///
    /// # Errors
    /// As [`File::sync_data`].
    pub fn sync(&self, file: &File, at: &Path) -> io::Result<()> {
        self.does("sync", at, || file.sync_all())
    }

    /// Has the names in a directory reach the disk.
    ///
    /// # Errors
    /// As [`File::sync_all`].
    pub fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        self.does("sync directory", directory, || match cfg!(unix) {
            true => File::open(directory)?.sync_all(),
            // Elsewhere a directory is no file.
            false => Ok(()),
        })
    }

    /// Writes a whole file under its name, which it has only once its bytes are on the disk.
    ///
    /// # Errors
    /// As the single steps.
    pub fn put(&self, at: &Path, bytes: &[u8]) -> io::Result<()> {
        let part = part_of(at);
        self.remove_file(&part)?;
        let file = self.create(&part)?;
        self.write(&file, &part, bytes, 0)?;
        self.sync(&file, &part)?;
        self.rename(&part, at)
    }

    /// Gives a file or directory another name.
    ///
    /// # Errors
    /// As [`fs::rename`].
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.does("rename", to, || fs::rename(from, to))
    }

    /// Gives the bytes of a file, links resolved, a second name.
    ///
    /// # Errors
    /// As [`fs::hard_link`].
    pub fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.does("link", to, || fs::hard_link(regular(from)?, to))
    }

    /// Makes a file that shares its blocks with another until one of them is written to.
    ///
    /// # Errors
    /// As [`reflink_copy::reflink`]; most file systems cannot do it.
    pub fn reflink(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.does("reflink", to, || reflink_copy::reflink(regular(from)?, to))
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// As [`fs::remove_file`].
    pub fn remove_file(&self, at: &Path) -> io::Result<()> {
        self.does("remove file", at, || absent_is_fine(fs::remove_file(at)))
    }

    /// Removes a directory, if it is there and empty.
    ///
    /// # Errors
    /// As [`fs::remove_dir`].
    pub fn remove_directory(&self, directory: &Path) -> io::Result<()> {
        self.does("remove directory", directory, || absent_is_fine(fs::remove_dir(directory)))
    }

    /// Removes a directory with everything in it, if it is there. No link is followed.
    ///
    /// # Errors
    /// As [`fs::remove_dir_all`].
    pub fn remove_all(&self, directory: &Path) -> io::Result<()> {
        self.does("remove all", directory, || absent_is_fine(fs::remove_dir_all(directory)))
    }
}

/// The name a file has until all its bytes are there.
pub fn part_of(at: &Path) -> PathBuf {
    let mut name = at.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Where a file really is, which is no device and no pipe.
fn regular(at: &Path) -> io::Result<PathBuf> {
    let at = fs::canonicalize(at)?;
    match fs::metadata(&at)?.is_file() {
        true => Ok(at),
        false => Err(io::Error::other("is no regular file")),
    }
}

fn absent_is_fine(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(not(unix))]
fn write_at(mut file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    use std::io::Seek;
    use std::io::SeekFrom;
    use std::io::Write;

    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}
