//! The databases of the fixtures: the files of every incremental handle, by their local names.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;

use chkctl::format::flink::metadata::Metadata;
use chkctl::format::flink::stream::StreamHandle;
use chkctl::format::flink::utf::Utf;
use chkctl::model::walk;
use chkctl::model::walk::Role;
use chkctl::model::walk::Use;

use super::archives::Archive;
use super::archives::read_range;

/// The files of one incremental handle.
pub(crate) struct Database {
    /// Checkpoint, operator and subtask, to name in a failure.
    pub(crate) at: String,
    /// The backend meta.
    pub(crate) meta: Vec<u8>,
    /// Everything in the shared and private lists.
    pub(crate) files: Vec<DatabaseFile>,
}

/// A file of a database.
pub(crate) struct DatabaseFile {
    /// The name under which RocksDB knows it.
    pub(crate) name: String,
    /// Bytes, as the handle says.
    pub(crate) size: u64,
    /// What lies there.
    pub(crate) bytes: Vec<u8>,
}

impl Database {
    /// The one file whose name begins so.
    pub(crate) fn file(&self, prefix: &str) -> &DatabaseFile {
        let mut files = self.files.iter().filter(|file| file.name.starts_with(prefix));
        let file = files.next().unwrap_or_else(|| panic!("{} has no {prefix}", self.at));
        assert!(files.next().is_none(), "{} has several {prefix}", self.at);
        file
    }
}

/// Every database of an archive whose files are all there.
pub(crate) fn of(archive: &Archive) -> Vec<Database> {
    let mut found = Vec::new();
    for checkpoint in archive.checkpoints() {
        let dir = archive.root().join(&checkpoint);
        let bytes = fs::read(dir.join("_metadata")).unwrap();
        let metadata = Metadata::parse(&bytes).unwrap();
        let mut open: Vec<Option<Database>> = Vec::new();
        let _ = walk::streams(&metadata, |operator, subtask, used| {
            let Use { role, local_name, database: Some(_), handle } = used else {
                return ControlFlow::Continue(());
            };
            let bytes = content(archive, &dir, &handle);
            if role == Role::BackendMeta {
                let at = format!(
                    "{} {} {} {subtask:?}",
                    archive.name,
                    checkpoint.display(),
                    operator.id
                );
                open.push(bytes.map(|meta| Database { at, meta, files: Vec::new() }));
            } else if let Some(last) = open.last_mut() {
                let name = local_name.unwrap().to_str().into_owned();
                let size = handle.state_size().unwrap();
                match bytes {
                    Some(bytes) => last.iter_mut().for_each(|last| {
                        last.files.push(DatabaseFile {
                            name: name.clone(),
                            size,
                            bytes: bytes.clone(),
                        })
                    }),
                    None => *last = None,
                }
            }
            ControlFlow::Continue(())
        });
        found.extend(open.into_iter().flatten());
    }
    found
}

/// The bytes of a stream; `None` if the archive lacks the file.
pub(crate) fn content(archive: &Archive, dir: &Path, handle: &StreamHandle<'_>) -> Option<Vec<u8>> {
    match handle.innermost() {
        StreamHandle::Inline { data, .. } => Some(data.to_vec()),
        StreamHandle::EmptySegment => Some(Vec::new()),
        StreamHandle::Segment(segment) => {
            let start = u64::try_from(segment.start).unwrap();
            let end = start + u64::try_from(segment.length).unwrap();
            read_range(&file(archive, dir, handle).unwrap(), &(start..end)).ok()
        }
        _ => fs::read(file(archive, dir, handle).unwrap()).ok(),
    }
}

/// The file behind a stream of the checkpoint in `dir`, whether it is there or not; `None` for
/// inline and empty streams.
pub(crate) fn file(archive: &Archive, dir: &Path, handle: &StreamHandle<'_>) -> Option<PathBuf> {
    let absolute = |path: Utf<'_>| {
        let prefix = format!("file:/tmp/flink-lab/{}/", archive.name);
        let path = path.to_str();
        archive.root().join(path.strip_prefix(&prefix).unwrap_or_else(|| panic!("{path}")))
    };
    match handle.innermost() {
        StreamHandle::Inline { .. } | StreamHandle::EmptySegment => None,
        StreamHandle::File { path, .. } => Some(absolute(*path)),
        StreamHandle::Segment(segment) => Some(absolute(segment.path)),
        StreamHandle::Relative { path, .. } => Some(dir.join(&*path.to_str())),
        StreamHandle::KeyGroups(_) => unreachable!("the innermost handle"),
    }
}
