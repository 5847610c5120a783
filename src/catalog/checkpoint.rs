//! Reads a metadata file and finds where its files are.

use super::CatalogError;
use crate::format::flink::error::FormatError;
use crate::format::flink::metadata::MAGIC;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::properties::CheckpointProperties;
use crate::format::flink::stream::StreamHandle;
use crate::format::flink::utf::Utf;
use crate::model::layout::Home;
use crate::model::places::Places;
use crate::model::rebase::Rebasing;
use crate::model::rebase::Written;
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
///
/// A move that the metadata suggests and does not prove is believed when a file is found at
/// its new place; where that cannot be seen, paths stay as they were written.
pub async fn places<'a>(
    stores: &Stores,
    metadata: &Metadata<'a>,
    location: &Location,
    options: &RebaseOptions,
) -> Places<'a> {
    let home = Home::of(location.clone(), is_savepoint(metadata));
    let mut rebasing = Rebasing::stated(&options.rules, &options.entropy_marker);
    if let Some(guess) = rebasing.guess(&home, written_paths(metadata)) {
        let holds = match &guess.proof {
            None => true,
            Some(file) => match stores.open(file) {
                Ok(store) => store.stat(file).await.is_ok(),
                Err(_) => false,
            },
        };
        if holds {
            rebasing.add(guess.rule);
        }
    }
    Places::new(home, rebasing)
}

fn is_savepoint(metadata: &Metadata<'_>) -> bool {
    match metadata.properties() {
        Some(CheckpointProperties::Known(known)) => known.snapshot_type.is_savepoint(),
        _ => false,
    }
}

/// Absolute paths in the metadata, one for each change of directory: those of files, and those
/// that inline handles carry as their names.
fn written_paths<'a>(metadata: &Metadata<'a>) -> impl Iterator<Item = Written> {
    let mut last: (&[u8], bool) = (&[], false);
    let mut found: Vec<(Utf<'a>, bool)> = Vec::new();
    walk::streams(metadata, |_, _, stream| {
        let (path, is_file) = match stream.handle.innermost() {
            StreamHandle::Inline { name, .. } => (*name, false),
            StreamHandle::File { path, .. } => (*path, true),
            StreamHandle::Segment(segment) => (segment.path, true),
            _ => return,
        };
        let bytes = path.as_bytes();
        let dir = bytes.rsplitn(2, |b| *b == b'/').nth(1).unwrap_or_default();
        if (dir, is_file) != last && found.len() < PATHS_OF_EVIDENCE {
            last = (dir, is_file);
            found.push((path, is_file));
        }
    });
    found.into_iter().filter_map(|(path, is_file)| {
        let text = path.to_str();
        // Names of inline handles need not be paths; a bare name is no evidence.
        let path = text.contains('/').then(|| Location::parse_flink(&text).ok()).flatten()?;
        Some(Written { path, is_file })
    })
}

/// More changes of directory than this tell nothing new.
const PATHS_OF_EVIDENCE: usize = 4096;
