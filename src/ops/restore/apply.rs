//! Puts the files of a database into a directory, under the names RocksDB knows them by.

use std::fs::File;
use std::io;
use std::io::Seek;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use crate::ops::verify::fact::Looked;
use crate::ops::verify::plan::FileKind;
use crate::ops::verify::plan::Source;
use crate::ops::verify::probe::Files;
use crate::ops::verify::source::Unread;

/// Why a file was not put into a directory, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// RocksDB has no file of that name; it could lead anywhere.
    #[error("{0:?} is no name of a file that RocksDB has")]
    Name(String),
    /// It could not be read.
    #[error(transparent)]
    Unread(Unread),
    /// It could not be written.
    #[error("{}: {error}", .path.display())]
    Unwritten {
        /// The file in the directory.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Copies a file into a directory that has none of that name yet, chunk by chunk, and adds to
/// `looked` what was read for it.
///
/// A local file is never linked: RocksDB could write to it.
///
/// # Errors
/// See [`PlaceError`]. What was written of a file stays.
pub fn place(
    files: &Files<'_>,
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
    let file = File::create_new(&path).map_err(unwritten)?;
    let copied = files.look(source, looked, |bytes, limits, _| {
        let mut file = &file;
        // What the place before had of it.
        if let Err(error) = file.set_len(0).and_then(|()| file.rewind()) {
            return Ok(Err(error));
        }
        let length = bytes.length();
        let range = |from: u64| from..from.saturating_add(limits.chunk.max(1)).min(length);
        let mut next = range(0);
        let mut chunk = Vec::new();
        while !next.is_empty() {
            bytes.read(next.clone(), &mut chunk)?;
            next = range(next.end);
            if !next.is_empty() {
                bytes.ahead(next.clone());
            }
            if let Err(error) = file.write_all(&chunk) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    });
    copied.map_err(PlaceError::Unread)?.map_err(unwritten)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::path::Path;
    use std::time::Instant;

    use super::PlaceError;
    use super::place;
    use crate::model::Location;
    use crate::ops::verify::fact::Looked;
    use crate::ops::verify::plan::Source;
    use crate::ops::verify::probe::Files;
    use crate::ops::verify::source::Limits;
    use crate::ops::verify::source::Unread;
    use crate::store::StoreOptions;
    use crate::store::Stores;

    /// Places with chunks of three bytes.
    fn put(
        directory: &Path,
        name: &str,
        source: &Source<'_>,
        until: Option<Instant>,
    ) -> (Result<(), PlaceError>, Looked) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let stores = Stores::new(StoreOptions::default());
        let limits = [Limits { chunk: 3, memory: 12 }; 2];
        let files = Files { stores: &stores, runtime: runtime.handle(), limits, until };
        let mut looked = Looked::default();
        (place(&files, directory, name, source, &mut looked), looked)
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
            let (result, looked) = put(&to, name, &source, None);
            result.unwrap();
            assert_eq!(fs::read_to_string(to.join(name)).unwrap(), expected);
            let bytes = if requests > 0 { expected.len() as u64 } else { 0 };
            assert_eq!(looked, Looked::reading(requests, bytes), "{name}");
        }
        let (again, _) = put(&to, "CURRENT", &Source::Inline(b"x"), None);
        assert!(matches!(again, Err(PlaceError::Unwritten { .. })), "{again:?}");
        assert_eq!(fs::read_to_string(to.join("CURRENT")).unwrap(), "MANIFEST-000005\n");
    }

    #[test]
    fn what_cannot_be_placed_says_why() {
        let home = tempfile::tempdir().unwrap();
        let (from, absent) = (home.path().join("from"), home.path().join("absent"));
        fs::write(&from, "0123456789").unwrap();
        let number = Cell::new(0);
        let error = |source: &Source<'_>, until| {
            number.set(number.get() + 1);
            let name = format!("{:06}.sst", number.get());
            put(home.path(), &name, source, until).0.unwrap_err()
        };
        assert!(matches!(
            error(&file(&[&absent], 0, None), None),
            PlaceError::Unread(Unread::Gone)
        ));
        assert!(matches!(
            error(&file(&[&from], 8, Some(3)), None),
            PlaceError::Unread(Unread::Failed(_))
        ));
        assert!(matches!(
            error(&file(&[home.path()], 0, None), None),
            PlaceError::Unread(Unread::Failed(_))
        ));
        let late = error(&file(&[&from], 0, None), Some(Instant::now()));
        assert!(matches!(late, PlaceError::Unread(Unread::OutOfTime)));
    }

    #[test]
    fn only_names_of_rocksdb_are_written() {
        let home = tempfile::tempdir().unwrap();
        let to = home.path().join("a/b");
        fs::create_dir_all(&to).unwrap();
        let absolute = home.path().join("000001.sst").display().to_string();
        for name in ["", ".", "..", "../x.sst", "../1.sst", &absolute, "c/1.sst", "LOG", "1.sst\0"]
        {
            let (result, _) = put(&to, name, &Source::Inline(b"x"), None);
            assert!(matches!(result, Err(PlaceError::Name(_))), "{name:?}");
        }
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
