//! Local files: how they are read and listed, for the store and its configuration.
//!
//! Not the local store of `object_store`: it leaves out broken links and names such as `x#123`.

mod walk;

pub(super) use walk::walk;

use super::error::StoreError;
use super::location::Location;
use super::object::buffer;
use super::object::changed;
use super::types::EntryKind;
use super::types::FileEntry;
use super::types::Listing;
use super::types::Object;
use super::types::Stat;
use jiff::Timestamp;
use std::fs;
use std::fs::DirEntry;
use std::fs::File;
use std::fs::FileType;
use std::fs::Metadata;
use std::fs::OpenOptions;
use std::fs::ReadDir;
use std::io;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::ops::Range;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

pub(super) async fn list(dir: &Location) -> Result<Listing, StoreError> {
    blocking(dir, list_now).await
}

pub(super) async fn stat(at: &Location) -> Result<Stat, StoreError> {
    blocking(at, |at, path| {
        let meta = fs::metadata(path).map_err(|error| failed(at, &error))?;
        let size = if meta.is_dir() { 0 } else { meta.len() };
        Ok(Stat { size, modified: modified(&meta), is_dir: meta.is_dir() })
    })
    .await
}

pub(super) async fn read(at: &Location, limit: u64) -> Result<Object, StoreError> {
    blocking(at, move |at, path| {
        let (mut file, meta) = open(at, path)?;
        let (size, modified) = (meta.len(), modified(&meta));
        if size > limit {
            return Err(StoreError::TooLarge { at: Box::new(at.clone()), size, limit });
        }
        let bytes = fill(at, &mut file, size)?;
        // One byte more is enough to see that it grows, however much it does.
        let more = file.read(&mut [0]).map_err(|error| failed(at, &error))?;
        if bytes.len() as u64 == size && more == 0 {
            Ok(Object { bytes, modified })
        } else {
            Err(changed(at, &format!("it had {size} bytes when it was opened")))
        }
    })
    .await
}

pub(super) async fn read_range(at: &Location, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
    blocking(at, move |at, path| {
        let (mut file, meta) = open(at, path)?;
        let length = range.end.min(meta.len()).saturating_sub(range.start);
        if length == 0 {
            return Ok(Vec::new());
        }
        file.seek(SeekFrom::Start(range.start)).map_err(|error| failed(at, &error))?;
        fill(at, &mut file, length)
    })
    .await
}

/// Opens a regular file for a thread that reads by itself.
pub(super) fn open_now(at: &Location) -> Result<File, StoreError> {
    let Some(path) = at.local_path() else {
        let detail = "is not on this machine".to_owned();
        return Err(StoreError::Io { at: Box::new(at.clone()), detail });
    };
    open(at, &path).map(|(file, _)| file)
}

/// Reads a range into a buffer that is used again; fewer bytes at the end of the file.
pub(super) fn read_at(
    at: &Location,
    file: &mut File,
    range: Range<u64>,
    into: &mut Vec<u8>,
) -> Result<(), StoreError> {
    let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
    if into.capacity() < length {
        *into = buffer(at, length as u64)?;
    }
    // What the buffer held is overwritten, so it is not cleared first.
    into.resize(length, 0);
    let mut filled = 0;
    while filled < length {
        match read_from(file, range.start + filled as u64, &mut into[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(at, &error)),
        }
    }
    into.truncate(filled);
    Ok(())
}

/// Reads some bytes from an offset on.
#[cfg(unix)]
fn read_from(file: &mut File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, offset)
}

/// Reads some bytes from an offset on.
#[cfg(not(unix))]
fn read_from(file: &mut File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(offset))?;
    file.read(into)
}

pub(super) async fn real(at: &Location) -> Result<Location, StoreError> {
    blocking(at, |at, path| {
        let real = fs::canonicalize(path).map_err(|error| failed(at, &error))?;
        Ok(real.to_str().map_or_else(|| at.clone(), |real| at.with_path(real)))
    })
    .await
}

/// Resolves `..` as the system does: through symbolic links where they exist, by text elsewhere.
pub(super) fn resolve_parents(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        if component == Component::ParentDir {
            out = fs::canonicalize(&out).unwrap_or(out);
            out.pop();
        } else {
            out.push(component);
        }
    }
    out
}

/// Reads a configuration file; `None` if there is none. A megabyte is more than any has.
pub(super) fn read_configuration(path: &Path) -> io::Result<Option<String>> {
    let mut text = String::new();
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => return Ok(None),
    }
    File::open(path)?.take(1 << 20).read_to_string(&mut text)?;
    Ok(Some(text))
}

/// Runs file calls beside the runtime, so that a slow disk holds up nothing else.
async fn blocking<T, F>(at: &Location, work: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnOnce(&Location, &Path) -> Result<T, StoreError> + Send + 'static,
{
    let at = at.clone();
    let failed =
        |at: &Location, detail: String| StoreError::Io { at: Box::new(at.clone()), detail };
    let Some(path) = at.local_path() else {
        return Err(failed(&at, "is not on this machine".into()));
    };
    let shown = at.clone();
    let done = tokio::task::spawn_blocking(move || work(&at, &path)).await;
    done.unwrap_or_else(|error| Err(failed(&shown, error.to_string())))
}

fn read_dir(dir: &Location, path: &Path) -> Result<ReadDir, StoreError> {
    fs::read_dir(path).map_err(|error| {
        if error.kind() == ErrorKind::NotADirectory && fs::metadata(path).is_ok() {
            StoreError::NotADirectory { at: Box::new(dir.clone()) }
        } else {
            failed(dir, &error)
        }
    })
}

fn list_now(dir: &Location, path: &Path) -> Result<Listing, StoreError> {
    let entries = read_dir(dir, path)?;
    let mut listing = Listing::default();
    for entry in entries {
        match looked_at(&entry.map_err(|error| failed(dir, &error))?) {
            None => {}
            Some(Entry::Directory { name, linked }) => {
                if linked {
                    listing.linked_dirs.push(name.clone());
                }
                listing.dirs.push(name);
            }
            Some(Entry::File(file)) => listing.files.push(file),
            Some(Entry::Unspellable(name)) => listing.unspellable.push(name),
        }
    }
    listing.dirs.sort_unstable();
    listing.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    listing.linked_dirs.sort_unstable();
    listing.unspellable.sort_unstable();
    Ok(listing)
}

/// What an entry of a directory is.
enum Entry {
    Directory {
        name: String,
        linked: bool,
    },
    File(FileEntry),
    /// A name that is not UTF-8, with replacement characters.
    Unspellable(String),
}

/// Looks at an entry of a directory; `None` if it has gone since the directory was read.
fn looked_at(entry: &DirEntry) -> Option<Entry> {
    let name = match entry.file_name().into_string() {
        Ok(name) => name,
        Err(name) => return Some(Entry::Unspellable(name.to_string_lossy().into_owned())),
    };
    let file_type = entry.file_type().ok()?;
    if file_type.is_dir() {
        return Some(Entry::Directory { name, linked: false });
    }
    Some(Entry::File(if file_type.is_symlink() {
        match fs::metadata(entry.path()) {
            Ok(target) if target.is_dir() => return Some(Entry::Directory { name, linked: true }),
            Ok(target) if target.is_file() => file(name, EntryKind::Link, Some(&target)),
            Ok(_) => file(name, EntryKind::Special, None),
            Err(_) => file(name, EntryKind::BrokenLink, None),
        }
    } else if file_type.is_file() {
        match entry.metadata() {
            Ok(meta) => file(name, EntryKind::Regular, Some(&meta)),
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(_) => file(name, EntryKind::Regular, None),
        }
    } else {
        file(name, EntryKind::Special, None)
    }))
}

fn file(name: String, kind: EntryKind, meta: Option<&Metadata>) -> FileEntry {
    FileEntry { name, size: meta.map(Metadata::len), modified: meta.and_then(modified), kind }
}

fn modified(meta: &Metadata) -> Option<Timestamp> {
    Timestamp::try_from(meta.modified().ok()?).ok()
}

/// Opens a regular file and nothing else.
///
/// The type is looked at before, as opening a device can have effects, and after, on the open
/// file, as another one may have taken its place; opening never waits for a writer.
fn open(at: &Location, path: &Path) -> Result<(File, Metadata), StoreError> {
    let meta = fs::metadata(path).map_err(|error| failed(at, &error))?;
    check_regular(at, &meta)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, O_NONBLOCK);
    let file = options.open(path).map_err(|error| failed(at, &error))?;
    let meta = file.metadata().map_err(|error| failed(at, &error))?;
    check_regular(at, &meta)?;
    Ok((file, meta))
}

/// From the system's headers; zero (no protection) where it is not known.
#[cfg(unix)]
const O_NONBLOCK: i32 = if cfg!(all(
    any(target_os = "linux", target_os = "android"),
    not(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64"))
)) {
    0o4000
} else if cfg!(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd"
)) {
    0x4
} else {
    0
};

fn check_regular(at: &Location, meta: &Metadata) -> Result<(), StoreError> {
    if meta.is_file() {
        Ok(())
    } else if meta.is_dir() {
        Err(StoreError::NotAFile { at: Box::new(at.clone()) })
    } else {
        Err(StoreError::NotRegular { at: Box::new(at.clone()), what: special(meta.file_type()) })
    }
}

#[cfg(unix)]
fn special(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if file_type.is_fifo() {
        "a FIFO"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "something special"
}

/// Reads into one buffer of exactly `length` bytes; fewer at the end of the file.
fn fill(at: &Location, file: &mut File, length: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = buffer(at, length)?;
    file.take(length).read_to_end(&mut bytes).map_err(|error| failed(at, &error))?;
    Ok(bytes)
}

fn failed(at: &Location, error: &io::Error) -> StoreError {
    let at = Box::new(at.clone());
    match error.kind() {
        ErrorKind::NotFound => StoreError::NotFound { at, detail: String::new() },
        // No file can have such a name: too long, with a zero byte, or below a file.
        ErrorKind::NotADirectory | ErrorKind::InvalidFilename | ErrorKind::InvalidInput => {
            StoreError::NotFound { at, detail: error.to_string() }
        }
        ErrorKind::PermissionDenied => StoreError::Denied { at, detail: error.to_string() },
        ErrorKind::IsADirectory => StoreError::NotAFile { at },
        ErrorKind::TimedOut
        | ErrorKind::StaleNetworkFileHandle
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown => StoreError::Unavailable { at, detail: error.to_string() },
        _ => StoreError::Io { at, detail: error.to_string() },
    }
}
