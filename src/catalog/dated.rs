//! When checkpoints were completed, and which ids they have: what tells newer ones from older
//! ones before they are read.

use futures::StreamExt;
use futures::stream;
use jiff::Timestamp;

use super::SIDE_BY_SIDE;
use super::discover::Candidate;
use crate::format::flink::metadata::MAGIC;
use crate::model::layout;
use crate::store::Location;
use crate::store::StoreError;
use crate::store::Stores;

/// A metadata file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// The file.
    pub location: Location,
    /// When it was last modified: when the checkpoint was completed, unless it was copied.
    pub modified: Option<Timestamp>,
    /// The id in its first bytes; `None` if they are no metadata.
    pub id: Option<i64>,
}

/// Asks when checkpoints were completed. Those without a metadata file are left out; the newest
/// comes first: by time, then by id.
///
/// # Errors
/// One of them could not be asked, so that none can be called the newest.
pub async fn newest_first(
    stores: &Stores,
    candidates: Vec<Candidate>,
) -> Result<Vec<Dated>, StoreError> {
    let asked = stream::iter(candidates).map(|candidate| ask(stores, candidate.location));
    let mut asked = std::pin::pin!(asked.buffer_unordered(SIDE_BY_SIDE));
    let mut all = Vec::new();
    while let Some(dated) = asked.next().await {
        all.extend(dated?);
    }
    all.sort_by(|a, b| {
        let key = |one: &Dated| (one.modified, one.id, one.location.clone());
        key(b).cmp(&key(a))
    });
    all.dedup_by(|a, b| a.location == b.location);
    Ok(all)
}

async fn ask(stores: &Stores, location: Location) -> Result<Option<Dated>, StoreError> {
    let store = stores.open(&location)?;
    let stat = match store.stat(&location).await {
        Ok(stat) if !stat.is_dir => stat,
        Ok(_) => return Ok(None),
        Err(error) if error.is_absent() => return Ok(None),
        Err(error) => return Err(error),
    };
    // Magic, version, id.
    let head = match store.read_range(&location, 0..16).await {
        Ok(head) => head,
        Err(error) if error.is_absent() => return Ok(None),
        Err(error) => return Err(error),
    };
    let id = head.split_first_chunk::<4>().filter(|(magic, _)| **magic == MAGIC.to_be_bytes());
    let id = id.and_then(|(_, rest)| rest.last_chunk::<8>()).map(|id| i64::from_be_bytes(*id));
    let directory = location.parent();
    let named =
        directory.as_ref().and_then(Location::file_name).and_then(layout::checkpoint_number);
    Ok(Some(Dated { modified: stat.modified, id: id.or(named), location }))
}
