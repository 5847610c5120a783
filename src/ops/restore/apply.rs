//! Puts the files of a database into a directory, under the names RocksDB knows them by.

use std::fs::File;
use std::io;
use std::io::Seek;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;

use tokio::runtime::Handle;

use crate::model::Location;
use crate::ops::verify::fact::Looked;
use crate::ops::verify::plan::FileKind;
use crate::ops::verify::plan::Source;
use crate::store::Reader;
use crate::store::StoreError;
use crate::store::Stores;

/// Copies files into directories. A local file is never linked: RocksDB could write to it.
pub struct Placer<'p> {
    /// Where from.
    pub stores: &'p Stores,
    /// The runtime that does requests.
    pub runtime: &'p Handle,
    /// Bytes that are asked for at a time; twice as many are held.
    pub chunk: u64,
    /// Asked before every chunk.
    pub go_on: &'p (dyn Fn() -> ControlFlow<()> + Sync),
}

/// Why a file was not put into a directory, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// RocksDB has no file of that name; it could lead anywhere.
    #[error("{0:?} is no name of a file that RocksDB has")]
    Name(String),
    /// It is at none of its places.
    #[error("it is not there any more")]
    Gone,
    /// It could not be read.
    #[error(transparent)]
    Unread(StoreError),
    /// It could not be written.
    #[error("{}: {error}", .path.display())]
    Unwritten {
        /// The file in the directory.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It was said not to go on.
    #[error("it was stopped")]
    Stopped,
}

impl Placer<'_> {
    /// Writes a file into a directory, of which there may not be one yet, and adds to `looked`
    /// what was read for it.
    ///
    /// # Errors
    /// See [`PlaceError`]. What was written of a file stays.
    pub fn place(
        &self,
        directory: &Path,
        local_name: &str,
        source: &Source<'_>,
        looked: &mut Looked,
    ) -> Result<(), PlaceError> {
        if FileKind::of(local_name) == FileKind::Other {
            return Err(PlaceError::Name(local_name.to_owned()));
        }
        let path = directory.join(local_name);
        let unwritten = |error| PlaceError::Unwritten { path: path.clone(), error };
        let mut file = File::create_new(&path).map_err(unwritten)?;
        match source {
            Source::Inline(bytes) => file.write_all(bytes).map_err(unwritten),
            Source::File { places, start, bytes, .. } => {
                for place in places {
                    let mut reader = match self.open(place, *bytes) {
                        Err(PlaceError::Gone) => continue,
                        opened => opened?,
                    };
                    let copied = self.copy(&mut reader, *start, |chunk| {
                        file.write_all(chunk).map_err(unwritten)
                    });
                    looked.add(Looked::reading(reader.0.requests(), reader.0.bytes()));
                    if !matches!(copied, Err(PlaceError::Gone)) {
                        return copied;
                    }
                    file.set_len(0).and_then(|()| file.rewind()).map_err(unwritten)?;
                }
                Err(PlaceError::Gone)
            }
        }
    }

    /// Opens a file, and tells how much of it is meant. The absence of an object shows at the
    /// first read only.
    fn open(&self, place: &Location, bytes: Option<u64>) -> Result<(Reader, u64), PlaceError> {
        let store = self.stores.open(place).map_err(unread)?;
        let reader = store.reader(place, self.runtime).map_err(unread)?;
        let length = match bytes {
            Some(bytes) => bytes,
            None => self.runtime.block_on(store.stat(place)).map_err(unread)?.size,
        };
        Ok((reader, length))
    }

    fn copy(
        &self,
        (reader, length): &mut (Reader, u64),
        start: u64,
        mut write: impl FnMut(&[u8]) -> Result<(), PlaceError>,
    ) -> Result<(), PlaceError> {
        let end = start.saturating_add(*length);
        let range = |from: u64| from..from.saturating_add(self.chunk.max(1)).min(end);
        let mut next = range(start);
        let mut chunk = Vec::new();
        while !next.is_empty() {
            if (self.go_on)().is_break() {
                return Err(PlaceError::Stopped);
            }
            reader.read(next.clone(), &mut chunk).map_err(unread)?;
            next = range(next.end);
            if !next.is_empty() {
                reader.ahead(next.clone());
            }
            write(&chunk)?;
        }
        Ok(())
    }
}

fn unread(error: StoreError) -> PlaceError {
    match error.is_absent() {
        true => PlaceError::Gone,
        false => PlaceError::Unread(error),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::ops::ControlFlow;
    use std::path::Path;

    use super::PlaceError;
    use super::Placer;
    use crate::model::Location;
    use crate::ops::verify::fact::Looked;
    use crate::ops::verify::plan::Source;
    use crate::store::StoreOptions;
    use crate::store::Stores;

    /// Places with chunks of three bytes; stops before the chunk of this number.
    fn place(
        directory: &Path,
        name: &str,
        source: &Source<'_>,
        stop: usize,
    ) -> (Result<(), PlaceError>, Looked) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let stores = Stores::new(StoreOptions::default());
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let go_on = || match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < stop {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        };
        let (stores, runtime) = (&stores, runtime.handle());
        let mut looked = Looked::default();
        let placer = Placer { stores, runtime, chunk: 3, go_on: &go_on };
        (placer.place(directory, name, source, &mut looked), looked)
    }

    fn file(paths: &[&Path], start: u64, bytes: Option<u64>) -> Source<'static> {
        let places = paths.iter().map(|path| Location::local(path).unwrap()).collect();
        Source::File { places, start, bytes, whole: bytes.is_none() }
    }

    #[test]
    fn files_segments_and_inline_bytes_are_written() {
        let home = tempfile::tempdir().unwrap();
        let (from, absent, to) =
            (home.path().join("from"), home.path().join("absent"), home.path().join("to"));
        fs::write(&from, "0123456789").unwrap();
        fs::create_dir(&to).unwrap();
        let cases = [
            ("000001.sst", file(&[&from], 0, None), "0123456789", 4),
            ("000002.sst", file(&[&absent, &from], 2, Some(6)), "234567", 2),
            ("000003.sst", file(&[&from], 4, Some(0)), "", 0),
            ("CURRENT", Source::Inline(b"MANIFEST-000005\n"), "MANIFEST-000005\n", 0),
        ];
        for (name, source, expected, requests) in cases {
            let (result, looked) = place(&to, name, &source, usize::MAX);
            result.unwrap();
            assert_eq!(fs::read_to_string(to.join(name)).unwrap(), expected);
            let bytes = if requests > 0 { expected.len() as u64 } else { 0 };
            assert_eq!(looked, Looked::reading(requests, bytes), "{name}");
        }
        let (again, _) = place(&to, "CURRENT", &Source::Inline(b"x"), usize::MAX);
        assert!(matches!(again, Err(PlaceError::Unwritten { .. })), "{again:?}");
        assert_eq!(fs::read_to_string(to.join("CURRENT")).unwrap(), "MANIFEST-000005\n");
    }

    #[test]
    fn what_cannot_be_placed_says_why() {
        let home = tempfile::tempdir().unwrap();
        let (from, absent) = (home.path().join("from"), home.path().join("absent"));
        fs::write(&from, "0123456789").unwrap();
        let number = Cell::new(0);
        let error = |source: &Source<'_>, stop| {
            number.set(number.get() + 1);
            let name = format!("{:06}.sst", number.get());
            place(home.path(), &name, source, stop).0.unwrap_err()
        };
        assert!(matches!(error(&file(&[&absent], 0, None), 9), PlaceError::Gone));
        assert!(matches!(error(&file(&[&from], 8, Some(3)), 9), PlaceError::Unread(_)));
        assert!(matches!(error(&file(&[home.path()], 0, None), 9), PlaceError::Unread(_)));
        assert!(matches!(error(&file(&[&from], 0, None), 2), PlaceError::Stopped));
    }

    #[test]
    fn only_names_of_rocksdb_are_written() {
        let home = tempfile::tempdir().unwrap();
        let to = home.path().join("a/b");
        fs::create_dir_all(&to).unwrap();
        let absolute = home.path().join("000001.sst").display().to_string();
        for name in ["", ".", "..", "../x.sst", "../1.sst", &absolute, "c/1.sst", "LOG", "1.sst\0"]
        {
            let (result, _) = place(&to, name, &Source::Inline(b"x"), 9);
            assert!(matches!(result, Err(PlaceError::Name(_))), "{name:?}");
        }
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
