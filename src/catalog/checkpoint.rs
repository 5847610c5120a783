//! Reads a metadata file and finds where its files are.

use super::CatalogError;
use crate::format::flink::error::FormatError;
use crate::format::flink::metadata::MAGIC;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::stream::StreamHandle;
use crate::format::flink::utf::Utf;
use crate::model::layout::Home;
use crate::model::places::Places;
use crate::model::rebase::Rebasing;
use crate::model::walk;
use crate::store::Location;
use crate::store::StoreError;
use crate::store::Stores;
use jiff::Timestamp;

/// A metadata file larger than this is not read: Flink's own loader could not hold it either.
pub const METADATA_LIMIT: u64 = 4 << 30;
/// A file larger than this is asked for its magic number first.
const LOOK_FIRST: u64 = 16 << 20;

/// The bytes of a metadata file, and where and when they were written.
#[derive(Debug)]
pub struct MetadataFile {
    /// The file.
    pub location: Location,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its modification time: when the checkpoint was completed, unless it was copied.
    pub modified: Option<Timestamp>,
}

/// Reads a metadata file whole.
///
/// # Errors
/// It is absent, cannot be read, is empty, or is no metadata file at all.
pub async fn read(stores: &Stores, location: Location) -> Result<MetadataFile, CatalogError> {
    let store = stores.open(&location)?;
    let object = match store.read(&location, LOOK_FIRST).await {
        Err(StoreError::TooLarge { size, .. }) => {
            let head = store.read_range(&location, 0..8).await?;
            if !head.starts_with(&MAGIC.to_be_bytes()) {
                Metadata::parse(&head).map_err(|source| format(&location, size, source))?;
            }
            store.read(&location, METADATA_LIMIT).await?
        }
        object => object?,
    };
    if object.bytes.is_empty() {
        let object = location.display_short().into_owned();
        return Err(CatalogError::EmptyMetadata { object });
    }
    Ok(MetadataFile { location, bytes: object.bytes, modified: object.modified })
}

fn format(location: &Location, size: u64, source: FormatError) -> CatalogError {
    CatalogError::Format { object: location.display_short().into_owned(), size, source }
}

impl MetadataFile {
    /// Parses the file.
    ///
    /// # Errors
    /// The bytes are no metadata; the error names the file and the offset.
    pub fn parse(&self) -> Result<Metadata<'_>, CatalogError> {
        Metadata::parse(&self.bytes)
            .map_err(|source| format(&self.location, self.bytes.len() as u64, source))
    }
}

/// How paths inside metadata are mapped to where files are now.
#[derive(Debug, Clone, Default)]
pub struct RebaseOptions {
    /// `--rebase FROM=TO`.
    pub rules: Vec<(Location, Location)>,
    /// The marker of entropy injection.
    pub entropy_marker: String,
}

/// The places of the files of a checkpoint at `location`.
pub fn places<'a>(
    metadata: &Metadata<'a>,
    location: &Location,
    options: &RebaseOptions,
) -> Places<'a> {
    let home = Home::of(location.clone());
    let paths = written_paths(metadata);
    let rebasing = Rebasing::new(&options.rules, &options.entropy_marker, &home, paths);
    Places::new(home, rebasing)
}

/// Absolute paths in the metadata, each directory once: those of files, and those that inline
/// handles carry as their names.
fn written_paths<'a>(metadata: &Metadata<'a>) -> impl Iterator<Item = Location> {
    let mut last: &[u8] = &[];
    let mut found: Vec<Utf<'a>> = Vec::new();
    walk::streams(metadata, |_, _, stream| {
        let path = match &stream.handle {
            StreamHandle::Inline { name, .. } => *name,
            StreamHandle::File { path, .. } => *path,
            StreamHandle::Segment(segment) => segment.path,
            _ => return,
        };
        let bytes = path.as_bytes();
        let dir = bytes.rsplitn(2, |b| *b == b'/').nth(1).unwrap_or_default();
        if dir != last && found.len() < PATHS_OF_EVIDENCE {
            last = dir;
            found.push(path);
        }
    });
    found.into_iter().filter_map(|path| {
        let text = path.to_str();
        // Names of inline handles need not be paths; a bare name is no evidence.
        (text.contains('/')).then(|| Location::parse_flink(&text).ok()).flatten()
    })
}

/// More changes of directory than this tell nothing new.
const PATHS_OF_EVIDENCE: usize = 4096;
