//! Reads a metadata file and finds where its files are.

use super::CatalogError;
use super::find;
use super::find::Chosen;
use crate::format::flink::error::FormatError;
use crate::format::flink::metadata::MAGIC;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::properties::CheckpointProperties;
use crate::format::flink::stream::StreamHandle;
use crate::model::layout::Home;
use crate::model::places::Places;
use crate::model::rebase::Learner;
use crate::model::rebase::Rebasing;
use crate::model::rebase::Written;
use crate::model::walk;
use crate::model::walk::Flow;
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
    match read_within(stores, location.clone(), LOOK_FIRST).await {
        Err(CatalogError::Store(StoreError::TooLarge { .. })) => {
            read_within(stores, location, METADATA_LIMIT).await
        }
        read => read,
    }
}

/// How often a checkpoint is chosen anew when Flink removes the chosen one.
const CHOICES: usize = 3;

/// Finds the checkpoint that a LOCATION names and reads it. One that Flink removes between the
/// two is chosen anew, so that `@latest` is never a thing of the past.
///
/// # Errors
/// Those of [`find::checkpoint`] and [`read`].
pub async fn find_and_read(
    stores: &Stores,
    text: &str,
    entropy_marker: &str,
) -> Result<(Chosen, MetadataFile), CatalogError> {
    let mut choices = 1..=CHOICES;
    loop {
        let chosen = find::checkpoint(stores, text, entropy_marker).await?;
        match read(stores, chosen.metadata.clone()).await {
            Err(error) if error.is_absent() && choices.next().is_some() => {}
            read => return Ok((chosen, read?)),
        }
    }
}

/// Finds the two newest checkpoints of a job directory and reads them, the older first; as
/// [`find_and_read`] does it.
///
/// # Errors
/// Those of [`find::two_newest`] and [`read`].
pub async fn find_and_read_two(
    stores: &Stores,
    text: &str,
    entropy_marker: &str,
) -> Result<(Chosen, [MetadataFile; 2]), CatalogError> {
    let mut choices = 1..=CHOICES;
    loop {
        let [older, newer] = find::two_newest(stores, text, entropy_marker).await?;
        let both = match read(stores, older.metadata.clone()).await {
            Ok(from) => read(stores, newer.metadata.clone()).await.map(|to| [from, to]),
            Err(error) => Err(error),
        };
        match both {
            Err(error) if error.is_absent() && choices.next().is_some() => {}
            both => return Ok((newer, both?)),
        }
    }
}

/// As [`read`], of a file of at most so many bytes.
///
/// # Errors
/// Those of [`read`], and [`StoreError::TooLarge`] before anything is read.
pub async fn read_within(
    stores: &Stores,
    location: Location,
    limit: u64,
) -> Result<MetadataFile, CatalogError> {
    let store = stores.open(&location)?;
    if limit > LOOK_FIRST {
        let head = store.read_range(&location, 0..8).await?;
        if !head.starts_with(&MAGIC.to_be_bytes()) {
            let size = head.len() as u64;
            Metadata::parse(&head).map_err(|source| format(&location, size, source))?;
        }
    }
    let object = store.read(&location, limit.min(METADATA_LIMIT)).await?;
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
    let mut learner = rebasing.learner(&home);
    learn(metadata, &mut learner);
    if let Some(guess) = learner.guess() {
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

/// Shows absolute paths in the metadata, one for each change of directory: those of files, and
/// those that inline handles carry as their names.
fn learn(metadata: &Metadata<'_>, learner: &mut Learner<'_>) {
    let mut last: (&[u8], bool) = (&[], false);
    let mut shown = 0;
    // Ends early where nothing more can be learned.
    let _ended = walk::streams(metadata, |_, _, stream| {
        let (path, is_file) = match stream.handle.innermost() {
            StreamHandle::Inline { name, .. } => (*name, false),
            StreamHandle::File { path, .. } => (*path, true),
            StreamHandle::Segment(segment) => (segment.path, true),
            _ => return Flow::Continue(()),
        };
        let bytes = path.as_bytes();
        // Names of inline handles need not be paths; a bare name is no evidence.
        let Some(cut) = bytes.iter().rposition(|b| *b == b'/') else {
            return Flow::Continue(());
        };
        let dir = bytes.get(..cut).unwrap_or_default();
        if (dir, is_file) == last {
            return Flow::Continue(());
        }
        last = (dir, is_file);
        shown += 1;
        if shown > PATHS_OF_EVIDENCE {
            return Flow::Break(());
        }
        match Location::parse_flink(&path.to_str()) {
            Ok(path) => learner.look(Written { path, is_file }),
            Err(_) => Flow::Continue(()),
        }
    });
}

/// More changes of directory than this tell nothing new.
const PATHS_OF_EVIDENCE: usize = 4096;
