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
use crate::ops::verify::audit::Looked;
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
