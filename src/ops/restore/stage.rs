//! Brings files to where a database is put together, and checks them while their bytes come by.

use std::cell::Cell;
use std::cell::RefCell;
use std::cmp;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use super::error::RestoreError;
use super::finish::stored;
use super::plan::Placed;
use super::tee::Stopping;
use super::tee::Tee;
use crate::model::Location;
use crate::ops::verify::content;
use crate::ops::verify::fact::Fact;
use crate::ops::verify::fact::Looked;
use crate::ops::verify::plan::Content;
use crate::ops::verify::plan::FileKind;
use crate::ops::verify::plan::Source;
use crate::ops::verify::probe;
use crate::ops::verify::probe::Files;
use crate::ops::verify::rules;
use crate::ops::verify::rules::Level;
use crate::ops::verify::source::Bytes;
use crate::ops::verify::source::Limits;
use crate::ops::verify::source::Unread;
use crate::ops::verify::table;
use crate::store::disk::Disk;
use crate::store::disk::part_of;

/// The longest MANIFEST of which a database is made, in bytes: it is held as a whole.
const LONGEST_MANIFEST: u64 = 128 << 20;

/// How the bytes of a file got to where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// They were there from a run before.
    Kept,
    /// From inside the metadata.
    Inline,
    /// Read and written.
    Copied,
    /// They are those of the source until one of them is written to.
    Reflinked,
    /// They are those of the source.
    Linked,
    /// Made here, from what the source says.
    Made,
}

impl How {
    /// The word of reports.
    pub fn name(self) -> &'static str {
        match self {
            How::Kept => "kept",
            How::Inline => "inline",
            How::Copied => "copied",
            How::Reflinked => "reflinked",
            How::Linked => "linked",
            How::Made => "made",
        }
    }
}

/// A file that is where it should be.
#[derive(Debug)]
pub struct Staged {
    /// How it got there.
    pub how: How,
    /// Its bytes.
    pub bytes: u64,
    /// What was seen of it; `None` of a table that was not looked into.
    pub fact: Option<Fact>,
    /// What was read.
    pub looked: Looked,
}

/// Brings files.
pub struct Stager<'s> {
    /// How files are read.
    pub files: Files<'s>,
    /// Where they go.
    pub disk: &'s Disk,
    /// Whether blocks of tables are checked.
    pub checks: bool,
    /// Whether heads of tables are read all the same.
    pub counts: bool,
    /// Whether files have to outlive whatever happens to the machine.
    pub lasting: bool,
    /// Whether local tables are linked.
    pub links: bool,
    /// Whether the file system may still turn out to reflink.
    pub reflinks: AtomicBool,
    /// How much is read and held at a time of what needs more than a share of the memory.
    pub whole: [Limits; 2],
    /// Held by the one that does.
    pub alone: Mutex<()>,
    /// Told of bytes that are done.
    pub progress: &'s (dyn Fn(u64) + Sync),
    /// Set when something ended all of it.
    pub stop: &'s AtomicBool,
}

impl Stager<'_> {
    /// Brings a file into a directory. What is there under its name stays if it is what it
    /// should be.
    ///
    /// # Errors
    /// See [`RestoreError`]; nothing has the name of the file then.
    pub fn stage(&self, directory: &Path, file: &Placed<'_>) -> Result<Staged, RestoreError> {
        let target = target(directory, file);
        if let Some(kept) = self.kept(&target, file)? {
            return Ok(kept);
        }
        let staged = match self.once(&self.files, &target, file) {
            // Memory, wires and disks err.
            Err(RestoreError::Damaged { .. }) => self.once(&self.files, &target, file),
            staged => staged,
        }?;
        let too_large = |fact: &Fact| matches!(fact, Fact::Bad { rule: rules::TOO_LARGE, .. });
        if !staged.fact.as_ref().is_some_and(too_large) {
            return Ok(staged);
        }
        // What is too large for a share of the memory may have all that is set aside.
        let _alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let files = Files { limits: self.whole, ..self.files };
        let (fact, mut looked) = self.check(&files, &target, file)?;
        if let Some(error) = damage(file, fact.as_ref()) {
            self.disk.remove_file(&target).map_err(RestoreError::disk(&target))?;
            return Err(error);
        }
        looked.add(staged.looked);
        Ok(Staged { fact, looked, ..staged })
    }

    /// What an earlier run left, if it is whole.
    fn kept(&self, target: &Path, file: &Placed<'_>) -> Result<Option<Staged>, RestoreError> {
        let disk = RestoreError::disk;
        let Some(found) = self.disk.look(target).map_err(disk(target))? else { return Ok(None) };
        let fits = file.source.bytes().is_none_or(|bytes| bytes == found.bytes);
        // What was linked by a run that was told to is not kept by one that was not.
        let own = self.links || found.links <= 1;
        if found.is_file && fits && own {
            let (fact, looked) = self.check(&self.files, target, file)?;
            if !fact.as_ref().is_some_and(Fact::is_damage) {
                (self.progress)(found.bytes);
                return Ok(Some(Staged { how: How::Kept, bytes: found.bytes, fact, looked }));
            }
        }
        self.disk.remove_file(target).map_err(disk(target))?;
        Ok(None)
    }

    fn once(
        &self,
        files: &Files<'_>,
        target: &Path,
        file: &Placed<'_>,
    ) -> Result<Staged, RestoreError> {
        let part = part_of(target);
        let disk = |error| RestoreError::Disk { path: target.to_owned(), error };
        self.disk.remove_file(&part).map_err(disk)?;
        let staged = match self.without_copying(&part, file)? {
            Some(staged) => staged,
            None => self.copied(files, &part, file)?,
        };
        if let Some(error) = damage(file, staged.fact.as_ref()) {
            self.disk.remove_file(&part).map_err(disk)?;
            self.has_its_size(file, None)?;
            return Err(error);
        }
        self.disk.rename(&part, target).map_err(disk)?;
        Ok(staged)
    }

    /// Links or reflinks a table that lies on this machine.
    fn without_copying(
        &self,
        part: &Path,
        file: &Placed<'_>,
    ) -> Result<Option<Staged>, RestoreError> {
        // Everything else is small, and RocksDB may write to it.
        let is_table = matches!(file.kind, FileKind::Sst(_) | FileKind::Blob);
        let Source::File { places, bytes, whole: true, .. } = &file.source else {
            return Ok(None);
        };
        let wanted = self.links || self.reflinks.load(Ordering::Relaxed);
        let paths: Vec<PathBuf> = places.iter().filter_map(Location::local_path).collect();
        if !is_table || !wanted || paths.len() != places.len() {
            return Ok(None);
        }
        let disk = RestoreError::disk;
        for path in paths {
            let how = if self.links && self.disk.link(&path, part).is_ok() {
                How::Linked
            } else if self.reflinks.load(Ordering::Relaxed) {
                match self.disk.reflink(&path, part) {
                    Ok(()) if self.lasting => {
                        let synced = self.disk.sync_file(part);
                        synced.map_err(disk(part))?;
                        How::Reflinked
                    }
                    Ok(()) => How::Reflinked,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(_) => {
                        // Whatever is in the way shows when it is copied.
                        self.reflinks.store(false, Ordering::Relaxed);
                        self.disk.remove_file(part).map_err(disk(part))?;
                        return Ok(None);
                    }
                }
            } else {
                continue;
            };
            let found = self.disk.look(part).map_err(disk(part))?;
            let found = found.map_or(0, |found| found.bytes);
            if bytes.is_some_and(|bytes| bytes != found) {
                self.disk.remove_file(part).map_err(disk(part))?;
                self.has_its_size(file, None)?;
            }
            let (fact, looked) = self.check(&self.files, part, file)?;
            (self.progress)(found);
            return Ok(Some(Staged { how, bytes: found, fact, looked }));
        }
        Ok(None)
    }

    /// What a file that was brought shows.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn again(&self, directory: &Path, file: &Placed<'_>) -> Result<Option<Fact>, RestoreError> {
        // One at a time, so that it may be as long as that of a job which ran for months.
        let _alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let files = Files { limits: probe::limits(16 * LONGEST_MANIFEST), ..self.files };
        self.check(&files, &target(directory, file), file).map(|(fact, _)| fact)
    }

    /// Whether nothing of a file has to be written: it is linked, or reflinked.
    pub fn needs_no_room(&self, file: &Placed<'_>, probe: PathBuf) -> bool {
        let Source::File { places, whole: true, .. } = &file.source else { return false };
        if !matches!(file.kind, FileKind::Sst(_) | FileKind::Blob) {
            return false;
        }
        let Some(path) = places.iter().find_map(Location::local_path) else { return false };
        let tried = |done: io::Result<()>| {
            let done = done.is_ok();
            // Whether it can be removed shows when everything is.
            let _ = self.disk.remove_file(&probe);
            done
        };
        (self.links && tried(self.disk.link(&path, &probe)))
            || (self.reflinks.load(Ordering::Relaxed) && tried(self.disk.reflink(&path, &probe)))
    }

    /// Looks into a file that is here.
    fn check(
        &self,
        files: &Files<'_>,
        at: &Path,
        file: &Placed<'_>,
    ) -> Result<(Option<Fact>, Looked), RestoreError> {
        let failed = |why: String| RestoreError::Unread { object: at.display().to_string(), why };
        let place = Location::local(at).map_err(|error| failed(error.to_string()))?;
        let source = Source::File { places: vec![place], start: 0, bytes: None, whole: true };
        let mut looked = Looked::default();
        let seen = files.look(&source, &mut looked, |bytes, limits, looked| {
            let mut bytes = Stopping { bytes, stop: self.stop };
            let length = bytes.bytes.length();
            self.see(
                &mut Bytes::File { reader: &mut bytes, start: 0, length },
                file,
                limits,
                looked,
            )
        });
        match seen {
            Ok(fact) => Ok((fact, looked)),
            Err(Unread::OutOfTime) => Err(RestoreError::Stopped),
            Err(why) => Err(failed(why.to_string())),
        }
    }

    /// What bytes show of a file; `None` of one that nothing is asked of but its length.
    fn see(
        &self,
        bytes: &mut Bytes<'_>,
        file: &Placed<'_>,
        limits: Limits,
        looked: &mut Looked,
    ) -> Result<Option<Fact>, Unread> {
        match file.kind {
            FileKind::Sst(_) if self.checks => {
                table::look(bytes, Level::Blocks, limits, looked).map(Some)
            }
            // Its entries are counted; whatever else is wrong with it was not asked for.
            FileKind::Sst(_) if self.counts => {
                let head = table::look(bytes, Level::Footer, limits, looked)?;
                Ok(Some(head).filter(|head| matches!(head, Fact::Sst(_))))
            }
            FileKind::Manifest => content::look(bytes, &Content::Manifest, limits).map(Some),
            FileKind::Current => content::look(bytes, &Content::Current, limits).map(Some),
            _ => Ok(None),
        }
    }

    /// Reads a file and writes it, what was read checked on its way.
    fn copied(
        &self,
        files: &Files<'_>,
        part: &Path,
        file: &Placed<'_>,
    ) -> Result<Staged, RestoreError> {
        let disk = |error| RestoreError::Disk { path: part.to_owned(), error };
        let target = self.disk.create(part).map_err(disk)?;
        let mut looked = Looked::default();
        let unwritten = Cell::new(None);
        let (length, size) = (Cell::new(0), Cell::new(None));
        let last_look = RefCell::new(Looked::default());
        let seen = files.look(&file.source, &mut looked, |bytes, limits, _| {
            // What the place before had of it.
            if let Err(error) = self.disk.truncate(&target, part) {
                unwritten.set(Some(error));
                return Err(Unread::OutOfTime);
            }
            length.set(bytes.length());
            let write = |bytes: &[u8], offset| {
                self.disk.write(&target, part, bytes, offset)?;
                (self.progress)(bytes.len() as u64);
                Ok(())
            };
            let mut tee = Tee { bytes, stop: self.stop, write: &write, next: 0, failed: None };
            let mut seen = Looked::default();
            let fact =
                tee.pour(length.get(), |bytes| self.see(bytes, file, limits, &mut seen), limits);
            unwritten.set(tee.failed.take());
            size.set(tee.bytes.file_size());
            *last_look.borrow_mut() = seen;
            fact
        });
        looked.add(last_look.into_inner());
        if let Some(error) = unwritten.take() {
            return Err(disk(error));
        }
        let fact = match seen {
            Ok(fact) => fact,
            Err(why) => {
                if matches!(why, Unread::Failed(_)) {
                    self.has_its_size(file, None)?;
                }
                return Err(unread(why, file));
            }
        };
        if self.lasting {
            self.has_its_size(file, size.get())?;
            self.disk.sync(&target, part).map_err(disk)?;
        }
        let how = match file.source {
            Source::Inline(_) => How::Inline,
            Source::File { .. } => How::Copied,
        };
        Ok(Staged { how, bytes: length.get(), fact, looked })
    }

    /// That a file has as many bytes as its handle says, or holds its segment. It is asked for
    /// its size if that is not known.
    fn has_its_size(&self, file: &Placed<'_>, size: Option<u64>) -> Result<(), RestoreError> {
        let Source::File { places, start, bytes: Some(bytes), whole } = &file.source else {
            return Ok(());
        };
        let found = match size {
            Some(size) => size,
            None => self.files.size(places).map_err(|why| unread(why, file))?,
        };
        let end = start.saturating_add(*bytes);
        let rule = match found.cmp(&end) {
            cmp::Ordering::Less if *whole => rules::FILE_SHORT,
            cmp::Ordering::Less => rules::SEGMENT_OUT_OF_FILE,
            cmp::Ordering::Greater if *whole => rules::FILE_LONG,
            _ => return Ok(()),
        };
        let what = format!("{}: it has {found} bytes, the handle says {end}", rule.what);
        Err(RestoreError::Damaged { object: object(file), what, code: rule.code })
    }
}

fn unread(why: Unread, file: &Placed<'_>) -> RestoreError {
    match why {
        Unread::OutOfTime => RestoreError::Stopped,
        Unread::Failed(why) => RestoreError::Unread { object: object(file), why },
        Unread::Gone => RestoreError::Damaged {
            object: object(file),
            what: rules::FILE_MISSING.what.to_owned(),
            code: rules::FILE_MISSING.code,
        },
    }
}

/// What is wrong with a file, by what was seen.
fn damage(file: &Placed<'_>, fact: Option<&Fact>) -> Option<RestoreError> {
    let Some(Fact::Bad { rule, offset, evidence }) = fact.filter(|fact| fact.is_damage()) else {
        return None;
    };
    let at = offset.map_or(String::new(), |offset| format!("byte {offset}: "));
    let what = format!("{at}{}: {evidence}", rule.what);
    Some(RestoreError::Damaged { object: object(file), what, code: rule.code })
}

/// Where a file goes. Its kind is known, so its name leads nowhere.
pub fn target(directory: &Path, file: &Placed<'_>) -> PathBuf {
    match file.kind {
        FileKind::Options => directory.join(stored(&file.local_name)),
        _ => directory.join(&file.local_name),
    }
}

/// A file in words.
pub fn object(file: &Placed<'_>) -> String {
    match &file.path {
        Some(path) => format!("{path} ({})", file.local_name),
        None => format!("{} inside the metadata", file.local_name),
    }
}
