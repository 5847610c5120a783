//! LOCATION: which kind of place it is, and which checkpoint in it is meant.
//!
//! The kind is detected by listing, never by name alone.

use futures::StreamExt;
use futures::stream;

use super::CatalogError;
use super::SIDE_BY_SIDE;
use super::discover;
use super::without_credentials;
use crate::model::layout;
use crate::model::layout::METADATA;
use crate::store::EntryKind;
use crate::store::FileEntry;
use crate::store::Listing;
use crate::store::Location;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::Stores;

/// What a LOCATION turned out to be.
#[derive(Debug, Clone)]
pub enum Found {
    /// A metadata file, by whatever name.
    Metadata(Location),
    /// A directory which holds a `_metadata`.
    Snapshot(Location),
    /// A directory with `chk-*`, `shared` or `taskowned`.
    Job(Location, Vec<Numbered>),
    /// A directory with job directories or savepoints.
    Root(Location, Listing),
    /// A directory which is none of these.
    Other(Location, Listing),
}

/// A metadata file, and what the LOCATION was that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The metadata file.
    pub metadata: Location,
    /// `metadata-file`, `snapshot-directory` or `job-directory`.
    pub location_kind: &'static str,
}

/// A `chk-N` directory of a job; whether it was completed is seen by its `_metadata`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// The N of `chk-N`.
    pub id: i64,
    /// The directory.
    pub directory: Location,
}

/// The choice of a checkpoint inside a job directory, written behind the LOCATION.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// `@N`: the checkpoint with this id.
    Id(i64),
    /// `@latest`, `@-1`, ...: the newest, or so many before it.
    Back(usize),
}

impl Selector {
    /// Takes a selector off the end of a LOCATION.
    pub fn split(text: &str) -> (&str, Option<Selector>) {
        let Some((place, selector)) = text.rsplit_once('@') else { return (text, None) };
        let selector = match selector.strip_prefix('-') {
            _ if selector == "latest" => Some(Selector::Back(0)),
            Some(digits) if is_digits(digits) => digits.parse().ok().map(Selector::Back),
            None if is_digits(selector) => selector.parse().ok().map(Selector::Id),
            _ => None,
        };
        match selector {
            Some(_) if !place.is_empty() => (place, selector),
            _ => (text, None),
        }
    }

    /// The selector as it is written.
    pub fn text(self) -> String {
        match self {
            Selector::Id(id) => format!("@{id}"),
            Selector::Back(0) => "@latest".into(),
            Selector::Back(n) => format!("@-{n}"),
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// What a LOCATION names, for a command that can do with more than one checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One checkpoint or savepoint.
    Checkpoint(Chosen),
    /// A job directory.
    Job(Location),
    /// A checkpoint root.
    Root(Location),
}

/// Finds what a LOCATION names. A directory that is nothing by itself is a root if checkpoints
/// lie somewhere below.
///
/// # Errors
/// The place is absent, cannot be listed, or holds nothing of Flink's.
pub async fn target(
    stores: &Stores,
    text: &str,
    entropy_marker: &str,
) -> Result<Target, CatalogError> {
    match located(stores, text, entropy_marker).await? {
        (Found::Job(at, _), None) => Ok(Target::Job(at)),
        (Found::Root(at, _), None) => Ok(Target::Root(at)),
        (Found::Other(at, listing), None) => match discover::holds_any(stores, &at).await {
            true => Ok(Target::Root(at)),
            false => Err(no_checkpoint(&at, &listing)),
        },
        (found, selector) => choose(stores, found, selector).await.map(Target::Checkpoint),
    }
}

/// Finds the metadata file that a LOCATION names.
///
/// `entropy_marker` is the marker of entropy injection: metadata lies where it is left out.
///
/// # Errors
/// The place is absent, cannot be listed, is no checkpoint, or holds several.
pub async fn checkpoint(
    stores: &Stores,
    text: &str,
    entropy_marker: &str,
) -> Result<Chosen, CatalogError> {
    let (found, selector) = located(stores, text, entropy_marker).await?;
    choose(stores, found, selector).await
}

/// Finds the metadata files of the two newest checkpoints of a job directory, the older first.
///
/// # Errors
/// The place is absent, cannot be listed, is no job directory, or has fewer than two.
pub async fn two_newest(
    stores: &Stores,
    text: &str,
    entropy_marker: &str,
) -> Result<[Chosen; 2], CatalogError> {
    let (found, selector) = located(stores, text, entropy_marker).await?;
    let (at, checkpoints) = match (found, selector) {
        (Found::Job(at, checkpoints), None) => (at, checkpoints),
        (Found::Root(at, listing), _) => return Err(too_many(&at, &listing)),
        (Found::Other(at, listing), _) => return Err(no_checkpoint(&at, &listing)),
        (Found::Metadata(at) | Found::Snapshot(at) | Found::Job(at, _), selector) => {
            let selector = selector.map_or(String::new(), Selector::text);
            let location = format!("{}{selector}", at.display_short());
            return Err(CatalogError::OnlyOne { location });
        }
    };
    let completed = completed(stores, &at, checkpoints).await?;
    let [.., older, newer] = completed.as_slice() else {
        return match completed.as_slice() {
            [] => Err(none_completed(&at)),
            _ => Err(CatalogError::OneInJob { location: at.display_short().into_owned() }),
        };
    };
    let chosen = |one: &Numbered| Chosen {
        metadata: one.directory.join(METADATA),
        location_kind: "job-directory",
    };
    Ok([chosen(older), chosen(newer)])
}

/// Whether a text is a selector alone, such as `@latest`.
pub fn is_selector(text: &str) -> bool {
    // Behind any place it is taken off.
    text.starts_with('@') && Selector::split(&format!("x{text}")).0 == "x"
}

/// What a LOCATION is, and the selector behind it.
async fn located(
    stores: &Stores,
    text: &str,
    entropy_marker: &str,
) -> Result<(Found, Option<Selector>), CatalogError> {
    let (place, selector) = Selector::split(text);
    match find(stores, place, entropy_marker).await {
        // A directory may really be called `name@7`.
        Err(error) if selector.is_some() && error.is_absent() => {
            match find(stores, text, entropy_marker).await {
                Ok(found) => Ok((found, None)),
                Err(_) => Err(error),
            }
        }
        found => Ok((found?, selector)),
    }
}

/// Lists a LOCATION and says what it is.
///
/// # Errors
/// The text is no location, or the place is absent or cannot be listed.
pub async fn find(
    stores: &Stores,
    text: &str,
    entropy_marker: &str,
) -> Result<Found, CatalogError> {
    let location = Location::parse_argument(text)
        .map_err(|source| CatalogError::Location { text: without_credentials(text), source })?;
    let store = stores.open(&location)?;
    let mut result = look(&store, &location).await;
    // Metadata lies where the marker is left out, unless the file system keeps it; and some
    // tools percent-encode what Flink writes raw.
    let others = [location.strip_marker(entropy_marker), location.decoded_alternative()];
    for other in others.into_iter().flatten() {
        match result {
            Err(StoreError::NotFound { .. }) => {}
            result => return Ok(result?),
        }
        let found = look(&store, &other).await;
        if found.is_ok() {
            result = found;
        }
    }
    Ok(result?)
}

async fn look(store: &Store, at: &Location) -> Result<Found, StoreError> {
    let is_metadata = at.file_name() == Some(METADATA);
    if is_metadata && store.stat(at).await.is_ok_and(|stat| !stat.is_dir) {
        return Ok(Found::Metadata(at.clone()));
    }
    match store.list(at).await {
        Ok(listing) => Ok(classify(at, listing)),
        Err(StoreError::NotADirectory { .. }) => Ok(Found::Metadata(at.clone())),
        Err(error @ StoreError::NotFound { .. }) => match store.stat(at).await {
            Ok(stat) if !stat.is_dir => Ok(Found::Metadata(at.clone())),
            _ => Err(error),
        },
        Err(error) => Err(error),
    }
}

fn classify(at: &Location, listing: Listing) -> Found {
    let is_metadata = |file: &FileEntry| {
        file.name == METADATA && matches!(file.kind, EntryKind::Regular | EntryKind::Link)
    };
    if listing.files.iter().any(is_metadata) {
        return Found::Snapshot(at.clone());
    }
    let checkpoints: Vec<Numbered> = listing
        .dirs
        .iter()
        .filter_map(|name| {
            let id = layout::checkpoint_number(name)?;
            Some(Numbered { id, directory: at.join(name) })
        })
        .collect();
    let of_a_job = |name: &String| [layout::SHARED, layout::TASK_OWNED].contains(&name.as_str());
    let has_jobs = listing.dirs.iter().any(|name| layout::is_job_id(name));
    if !checkpoints.is_empty() || (listing.dirs.iter().any(of_a_job) && !has_jobs) {
        return Found::Job(at.clone(), checkpoints);
    }
    if has_jobs || listing.dirs.iter().any(|name| name.starts_with("savepoint-")) {
        return Found::Root(at.clone(), listing);
    }
    Found::Other(at.clone(), listing)
}

async fn choose(
    stores: &Stores,
    found: Found,
    selector: Option<Selector>,
) -> Result<Chosen, CatalogError> {
    let chosen = |metadata, location_kind| Ok(Chosen { metadata, location_kind });
    match (found, selector) {
        (Found::Metadata(file), None) => chosen(file, "metadata-file"),
        (Found::Snapshot(directory), None) => {
            chosen(directory.join(METADATA), "snapshot-directory")
        }
        (Found::Metadata(at) | Found::Snapshot(at), Some(selector)) => Err(CatalogError::NotAJob {
            location: at.display_short().into_owned(),
            selector: selector.text(),
        }),
        (Found::Job(at, checkpoints), selector) => {
            let completed = completed(stores, &at, checkpoints).await?;
            chosen(in_job(&at, &completed, selector)?, "job-directory")
        }
        (Found::Root(at, listing), _) => Err(too_many(&at, &listing)),
        (Found::Other(at, listing), _) => Err(no_checkpoint(&at, &listing)),
    }
}

/// The checkpoints of a job that have a `_metadata`, in the order of their ids.
async fn completed(
    stores: &Stores,
    job: &Location,
    mut checkpoints: Vec<Numbered>,
) -> Result<Vec<Numbered>, CatalogError> {
    let store = stores.open(job)?;
    checkpoints.sort_by_key(|checkpoint| checkpoint.id);
    let mut completed = Vec::new();
    let store = &store;
    let asked = stream::iter(checkpoints).map(|checkpoint| async move {
        let stat = store.stat(&checkpoint.directory.join(METADATA)).await;
        (checkpoint, stat)
    });
    let mut asked = std::pin::pin!(asked.buffered(SIDE_BY_SIDE));
    while let Some((checkpoint, stat)) = asked.next().await {
        match stat {
            Ok(stat) if !stat.is_dir => completed.push(checkpoint),
            Ok(_) => {}
            Err(error) if error.is_absent() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(completed)
}

fn in_job(
    at: &Location,
    completed: &[Numbered],
    selector: Option<Selector>,
) -> Result<Location, CatalogError> {
    let location = at.display_short().into_owned();
    let ids: Vec<String> = completed.iter().map(|checkpoint| checkpoint.id.to_string()).collect();
    if completed.is_empty() {
        return Err(none_completed(at));
    }
    let Some(selector) = selector else {
        let hint = format!(
            "name one of its checkpoints: {location}@latest, or @N with N of {}",
            ids.join(", ")
        );
        return Err(CatalogError::TooMany { location, what: "a job directory", hint });
    };
    let chosen = match selector {
        Selector::Id(id) => completed.iter().find(|checkpoint| checkpoint.id == id),
        Selector::Back(n) => completed.iter().rev().nth(n),
    };
    match chosen {
        Some(checkpoint) => Ok(checkpoint.directory.join(METADATA)),
        None => Err(CatalogError::NoSuchCheckpoint {
            location,
            selector: selector.text(),
            present: ids.join(", "),
        }),
    }
}

fn none_completed(at: &Location) -> CatalogError {
    CatalogError::NoCheckpoint {
        location: at.display_short().into_owned(),
        found: "a job directory in which no checkpoint has a _metadata".into(),
        hint: "no checkpoint of this job was completed and retained; look for a savepoint".into(),
    }
}

fn too_many(at: &Location, listing: &Listing) -> CatalogError {
    let inside: Vec<&str> = listing
        .dirs
        .iter()
        .map(String::as_str)
        .filter(|name| layout::is_job_id(name) || name.starts_with("savepoint-"))
        .collect();
    let at = at.display_short();
    let hint = match inside.as_slice() {
        [job] if layout::is_job_id(job) => format!("name a checkpoint: {at}/{job}@latest"),
        _ => format!("name a job directory and @latest, or a savepoint, in it: {}", few(&inside)),
    };
    CatalogError::TooMany { location: at.into_owned(), what: "a checkpoint root", hint }
}

fn no_checkpoint(at: &Location, listing: &Listing) -> CatalogError {
    let dirs = listing.dirs.iter().map(|name| format!("{name}/"));
    let names: Vec<String> =
        dirs.chain(listing.files.iter().map(|file| file.name.clone())).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let expected = "expected a _metadata file, chk-N directories, job directories or savepoints";
    let found = match names.as_slice() {
        [] => format!("the directory is empty; {expected}"),
        names => format!("{expected}, found {}", few(names)),
    };
    let unfinished = at.file_name().is_some_and(|name| {
        layout::checkpoint_number(name).is_some() || layout::is_savepoint_name(name)
    });
    let hint = match unfinished {
        true => "without a _metadata this checkpoint is unfinished or was aborted; use another one",
        false => "name a checkpoint or savepoint directory, its _metadata, or a job directory",
    };
    CatalogError::NoCheckpoint {
        location: at.display_short().into_owned(),
        found,
        hint: hint.into(),
    }
}

/// The first few names, and how many there are more.
fn few(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors() {
        let split = |text| {
            let (place, selector) = Selector::split(text);
            (place.to_owned(), selector)
        };
        assert_eq!(split("/cp/job@7"), ("/cp/job".into(), Some(Selector::Id(7))));
        assert_eq!(split("/cp/job@latest"), ("/cp/job".into(), Some(Selector::Back(0))));
        assert_eq!(split("/cp/job@-2"), ("/cp/job".into(), Some(Selector::Back(2))));
        for plain in ["/cp/job", "abfs://c@a.dfs.core.windows.net/x", "/cp/@", "/cp/j@-", "@7"] {
            assert_eq!(split(plain), (plain.into(), None));
        }
        for (text, expected) in
            [("@7", true), ("@latest", true), ("@-1", true), ("@", false), ("job@7", false)]
        {
            assert_eq!(is_selector(text), expected, "{text}");
        }
    }
}
