//! Which metadata files lie below a place, found without looking into directories of state.

use std::collections::VecDeque;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;

use super::CatalogError;
use super::SIDE_BY_SIDE;
use super::find;
use super::find::Found;
use crate::model::layout;
use crate::model::layout::METADATA;
use crate::store::Listing;
use crate::store::Location;
use crate::store::StoreError;
use crate::store::Stores;

/// A place where a metadata file is, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The file.
    pub location: Location,
    /// Its size and time, if a listing showed it; otherwise it may not exist.
    pub listed: Option<Listed>,
}

/// What a listing says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Bytes.
    pub size: Option<u64>,
    /// Last modification.
    pub modified: Option<Timestamp>,
}

/// What was found below a place.
#[derive(Debug, Default)]
pub struct Discovered {
    /// Metadata files, and directories of checkpoints and savepoints which may hold one.
    pub candidates: Vec<Candidate>,
    /// Directories that could not be listed.
    pub unread: Vec<StoreError>,
    /// Links to directories that were not followed.
    pub not_followed: Vec<Location>,
    /// Links that are called as checkpoints and savepoints are, on the way of being resolved.
    linked: Vec<Location>,
}

impl Discovered {
    /// Adds what was found below another place.
    pub fn extend(&mut self, other: Discovered) {
        self.candidates.extend(other.candidates);
        self.unread.extend(other.unread);
        self.not_followed.extend(other.not_followed);
    }
}

/// Deeper below a place no checkpoints are looked for; ends circles of links.
const DEEPEST: usize = 12;

/// Finds the metadata files at and below a LOCATION of any kind.
///
/// # Errors
/// The text is no location, or the place is absent or cannot be listed.
pub async fn at(
    stores: &Stores,
    text: &str,
    entropy_marker: &str,
) -> Result<Discovered, CatalogError> {
    let file = |location| Discovered {
        candidates: vec![Candidate { location, listed: None }],
        ..Discovered::default()
    };
    Ok(match find::find(stores, text, entropy_marker).await? {
        Found::Metadata(at) => file(at),
        Found::Snapshot(at) => file(at.join(METADATA)),
        Found::Job(at, _) | Found::Root(at, _) | Found::Other(at, _) => below(stores, &at).await,
    })
}

/// Finds the metadata files below a directory. What cannot be listed is noted, and the rest
/// still looked at.
pub async fn below(stores: &Stores, dir: &Location) -> Discovered {
    let mut discovered = Discovered::default();
    let mut open = vec![(dir.clone(), 0)];
    let mut lists = FuturesUnordered::new();
    loop {
        while lists.len() < SIDE_BY_SIDE
            && let Some((at, depth)) = open.pop()
        {
            lists.push(async move {
                let listing = match stores.open(&at) {
                    Ok(store) => store.list(&at).await,
                    Err(error) => Err(error),
                };
                (at, depth, listing)
            });
        }
        let Some((at, depth, listing)) = lists.next().await else { return discovered };
        match listing {
            Ok(listing) => {
                let inner = look(&at, &listing, &mut discovered);
                for link in std::mem::take(&mut discovered.linked) {
                    // Another name of a checkpoint that may be found by its own as well.
                    let location = real(stores, &link, dir).await.join(METADATA);
                    discovered.candidates.push(Candidate { location, listed: None });
                }
                if depth < DEEPEST {
                    open.extend(inner.into_iter().map(|dir| (dir, depth + 1)));
                } else if !inner.is_empty() {
                    let detail = format!("it lies {DEEPEST} directories deep");
                    discovered.unread.push(StoreError::Io { at: Box::new(at), detail });
                }
            }
            // Removed since it was listed.
            Err(error) if error.is_absent() && depth > 0 => {}
            Err(error) => discovered.unread.push(error),
        }
    }
}

/// Where a link leads if that is below a directory, and spelled like it; otherwise the link.
async fn real(stores: &Stores, link: &Location, dir: &Location) -> Location {
    let Ok(store) = stores.open(link) else { return link.clone() };
    let (target, dir_target) = (store.real(link).await, store.real(dir).await);
    target.relative_to(&dir_target).map_or_else(|| link.clone(), |below| dir.join(below))
}

/// Directories that are listed to find out whether a place holds anything of Flink's.
const SEARCHED: usize = 256;

/// Whether a checkpoint or savepoint lies somewhere below a directory, not very deep.
pub async fn holds_any(stores: &Stores, dir: &Location) -> bool {
    let mut open = VecDeque::from([dir.clone()]);
    for _ in 0..SEARCHED {
        let Some(at) = open.pop_front() else { return false };
        let Ok(store) = stores.open(&at) else { return false };
        let Ok(listing) = store.list(&at).await else { continue };
        let mut discovered = Discovered::default();
        let inner = look(&at, &listing, &mut discovered);
        if !discovered.candidates.is_empty() || !discovered.linked.is_empty() {
            return true;
        }
        open.extend(inner);
    }
    false
}

/// Notes what is in a directory, and returns the directories in which there may be more.
fn look(at: &Location, listing: &Listing, discovered: &mut Discovered) -> Vec<Location> {
    for file in listing.files.iter().filter(|file| file.name == METADATA) {
        let listed = Some(Listed { size: file.size, modified: file.modified });
        discovered.candidates.push(Candidate { location: at.join(METADATA), listed });
    }
    let is_job = at.file_name().is_some_and(layout::is_job_id)
        || listing.dirs.iter().any(|name| layout::checkpoint_number(name).is_some());
    let mut inner = Vec::new();
    for name in &listing.dirs {
        let dir = at.join(name);
        let linked = listing.linked_dirs.contains(name);
        if layout::is_snapshot_name(name) {
            // Asking for the one file costs less than listing all that lies beside it.
            if linked {
                discovered.linked.push(dir);
                continue;
            }
            let location = dir.join(METADATA);
            discovered.candidates.push(Candidate { location, listed: None });
        } else if is_job && layout::holds_state(name) {
            continue;
        } else if linked && !layout::is_job_id(name) {
            discovered.not_followed.push(dir);
        } else {
            inner.push(dir);
        }
    }
    inner
}
