//! Object stores, through `object_store`.

use super::classify::Asked;
use super::classify::classify;
use super::error::StoreError;
use super::location::Location;
use super::secrets::Secrets;
use super::types::Below;
use super::types::EntryKind;
use super::types::FileEntry;
use super::types::Listing;
use super::types::Object;
use super::types::Stat;
use futures::Stream;
use futures::StreamExt;
use futures::TryStreamExt;
use futures::stream;
use jiff::Timestamp;
use object_store::Attribute;
use object_store::GetOptions;
use object_store::GetRange;
use object_store::GetResult;
use object_store::ObjectMeta;
use object_store::ObjectStore;
use object_store::path::Path;
use std::ops::Range;
use std::sync::Arc;

/// A client, and what its errors must not show.
pub(super) struct ObjectAccess {
    store: Arc<dyn ObjectStore>,
    secrets: Secrets,
}

impl ObjectAccess {
    pub(super) fn new(store: Arc<dyn ObjectStore>, secrets: Secrets) -> ObjectAccess {
        ObjectAccess { store, secrets }
    }

    pub(super) async fn list(&self, dir: &Location) -> Result<Listing, StoreError> {
        let prefix = key(dir)?;
        let found = self.store.list_with_delimiter(below(&prefix)).await;
        let found = found.map_err(|error| self.error(dir, Asked::Listing, &error))?;
        // A marker (a key `dir/`, which the library spells `dir`) proves an empty directory.
        let exists = prefix.is_root() || !found.objects.is_empty();
        let mut listing = Listing::default();
        for path in &found.common_prefixes {
            listing.dirs.extend(name_below(path, &prefix));
        }
        for meta in &found.objects {
            let Some(name) = name_below(&meta.location, &prefix) else { continue };
            if meta.size == 0 && name.ends_with(FOLDER) {
                continue;
            }
            let (size, modified) = (Some(meta.size), modified(meta));
            listing.files.push(FileEntry { name, size, modified, kind: EntryKind::Regular });
        }
        if !exists && listing.dirs.is_empty() {
            return Err(StoreError::NotFound { at: Box::new(dir.clone()), detail: String::new() });
        }
        listing.dirs.sort_unstable();
        listing.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(listing)
    }

    /// Lists everything below a prefix, page by page.
    pub(super) fn walk(&self, dir: Location) -> impl Stream<Item = Result<Below, StoreError>> {
        let started = async move {
            let prefix = key(&dir)?;
            let found = self.store.list(below(&prefix));
            let found = found
                .map(move |meta| meta.map_err(|error| self.error(&dir, Asked::Listing, &error)));
            Ok(without_markers(found, prefix))
        };
        stream::once(started).try_flatten()
    }

    pub(super) async fn stat(&self, at: &Location) -> Result<Stat, StoreError> {
        let path = key(at)?;
        let absent = if path.is_root() {
            None
        } else {
            let head = GetOptions { head: true, ..GetOptions::default() };
            match self.store.get_opts(&path, head).await {
                Ok(found) => {
                    // Data Lake Gen2 has directories, shown to the blob protocol like this.
                    let folder = Attribute::Metadata("hdi_isfolder".into());
                    let is_dir = found.attributes.get(&folder).is_some_and(|is| **is == *"true");
                    let (size, modified) = (found.meta.size, modified(&found.meta));
                    return Ok(Stat { size, modified, is_dir });
                }
                Err(error) => match self.error(at, Asked::Object, &error) {
                    error @ StoreError::NotFound { .. } => Some(error),
                    error => return Err(error),
                },
            }
        };
        // HEAD has no body, so this also finds out whether it is the bucket that is missing.
        match (self.store.list(below(&path)).next().await, absent) {
            (Some(Err(error)), _) => Err(self.error(at, Asked::Listing, &error)),
            (None, Some(absent)) => Err(absent),
            (Some(Ok(_)), _) | (None, None) => Ok(Stat { size: 0, modified: None, is_dir: true }),
        }
    }

    pub(super) async fn read(&self, at: &Location, limit: u64) -> Result<Object, StoreError> {
        let found = self.get(at, GetOptions::default()).await?;
        let (size, modified) = (found.meta.size, modified(&found.meta));
        if size > limit {
            return Err(StoreError::TooLarge { at: Box::new(at.clone()), size, limit });
        }
        let bytes = self.fill(at, found, size).await?;
        Ok(Object { bytes, modified })
    }

    /// The bytes of a range, and how many the object has, where the store says so.
    pub(super) async fn read_part(
        &self,
        at: &Location,
        range: Range<u64>,
    ) -> Result<(Vec<u8>, Option<u64>), StoreError> {
        if range.is_empty() {
            return Ok((Vec::new(), None));
        }
        let asked = GetRange::Bounded(range.clone());
        let options = GetOptions { range: Some(asked), ..GetOptions::default() };
        match self.get(at, options).await {
            Ok(found) => {
                let length = found.range.end.saturating_sub(found.range.start);
                if length > range.end - range.start {
                    return Err(changed(at, "more bytes came than were asked for"));
                }
                let size = found.meta.size;
                Ok((self.fill(at, found, length).await?, Some(size)))
            }
            // Each store has its own way to refuse a range behind the end.
            Err(error @ StoreError::Io { .. }) => match self.stat(at).await {
                Ok(stat) if !stat.is_dir && range.start >= stat.size => {
                    Ok((Vec::new(), Some(stat.size)))
                }
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn get(&self, at: &Location, options: GetOptions) -> Result<GetResult, StoreError> {
        let path = key(at)?;
        if path.is_root() {
            return Err(StoreError::NotAFile { at: Box::new(at.clone()) });
        }
        let found = self.store.get_opts(&path, options).await;
        found.map_err(|error| self.error(at, Asked::Object, &error))
    }

    /// Collects a body into one buffer of exactly `length` bytes, chunk by chunk.
    async fn fill(
        &self,
        at: &Location,
        found: GetResult,
        length: u64,
    ) -> Result<Vec<u8>, StoreError> {
        let mut bytes = buffer(at, length)?;
        let mut body = found.into_stream();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| self.error(at, Asked::Object, &error))?;
            if chunk.len() > bytes.capacity() - bytes.len() {
                return Err(changed(at, "it has more bytes than its size said"));
            }
            bytes.extend_from_slice(&chunk);
        }
        if bytes.len() as u64 == length {
            Ok(bytes)
        } else {
            Err(changed(at, &format!("{} of {length} bytes came", bytes.len())))
        }
    }

    fn error(&self, at: &Location, asked: Asked, error: &object_store::Error) -> StoreError {
        classify(at, asked, error, &self.secrets)
    }
}

/// Allocates a buffer of a size that others have named; failing is an error, not an abort.
pub(super) fn buffer(at: &Location, length: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    let reserved = usize::try_from(length).ok().and_then(|n| bytes.try_reserve_exact(n).ok());
    reserved.ok_or_else(|| StoreError::Io {
        at: Box::new(at.clone()),
        detail: format!("no memory for {length} bytes"),
    })?;
    Ok(bytes)
}

pub(super) fn changed(at: &Location, detail: &str) -> StoreError {
    StoreError::Changed { at: Box::new(at.clone()), detail: detail.to_owned() }
}

/// Spells a raw path as a key, without any percent-encoding.
/// Leaves out what stands for a directory: a zero-byte object right before those below it, or
/// one with Hadoop's suffix.
fn without_markers(
    found: impl Stream<Item = Result<ObjectMeta, StoreError>>,
    prefix: Path,
) -> impl Stream<Item = Result<Below, StoreError>> {
    let file = move |meta: &ObjectMeta| {
        let name = name_below(&meta.location, &prefix)?;
        let (size, modified) = (Some(meta.size), modified(meta));
        Some(Ok(Below::File(FileEntry { name, size, modified, kind: EntryKind::Regular })))
    };
    // One entry is held back until the next shows whether it is a directory.
    let end = stream::once(async { None });
    let next = found.map(Some).chain(end).scan(None::<ObjectMeta>, move |held, next| {
        let mut out = Vec::new();
        let before = held.take();
        let parent = before.as_ref().is_some_and(|before| match &next {
            Some(Ok(next)) => before.size == 0 && next.location.prefix_matches(&before.location),
            _ => false,
        });
        out.extend(before.filter(|_| !parent).as_ref().and_then(&file));
        match next {
            Some(Ok(meta)) if meta.size == 0 && meta.location.as_ref().ends_with(FOLDER) => {}
            Some(Ok(meta)) => *held = Some(meta),
            Some(Err(error)) => out.push(Err(error)),
            None => {}
        }
        futures::future::ready(Some(stream::iter(out)))
    });
    next.flatten()
}

/// The end of the names of Hadoop's markers of directories.
const FOLDER: &str = "_$folder$";

fn key(at: &Location) -> Result<Path, StoreError> {
    Path::parse(at.path()).map_err(|_| StoreError::Unsupported {
        at: Box::new(at.clone()),
        detail: "the store library cannot spell a key with `.` or `..` as a segment, \
                 or with control characters"
            .into(),
    })
}

fn below(prefix: &Path) -> Option<&Path> {
    (!prefix.is_root()).then_some(prefix)
}

fn name_below(path: &Path, prefix: &Path) -> Option<String> {
    let rest = path.as_ref().strip_prefix(prefix.as_ref())?;
    let rest = if prefix.is_root() { rest } else { rest.strip_prefix('/')? };
    (!rest.is_empty()).then(|| rest.to_owned())
}

fn modified(meta: &ObjectMeta) -> Option<Timestamp> {
    let nanos = i32::try_from(meta.last_modified.timestamp_subsec_nanos()).ok()?;
    // The library says 1970 where a store has no time.
    Timestamp::new(meta.last_modified.timestamp(), nanos).ok().filter(|t| t.as_second() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;

    #[test]
    fn a_body_that_is_not_as_long_as_said_is_an_error() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let at = Location::parse_flink("s3://b/k").unwrap();
        runtime.block_on(async {
            let memory = Arc::new(InMemory::new());
            memory.put(&Path::from("k"), vec![7u8; 10].into()).await.unwrap();
            let store = ObjectAccess::new(memory, Secrets::default());
            for (said, fits) in [(9, false), (10, true), (11, false)] {
                let found = store.get(&at, GetOptions::default()).await.unwrap();
                let filled = store.fill(&at, found, said).await;
                assert_eq!(filled.is_ok(), fits, "{filled:?}");
                assert!(fits || matches!(filled, Err(StoreError::Changed { .. })));
            }
            assert!(matches!(buffer(&at, u64::MAX), Err(StoreError::Io { .. })));
        });
    }
}
