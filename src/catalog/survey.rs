//! Reads everything at and below a LOCATION, in the order in which nothing can be mistaken.
//!
//! 1. All that lies below the place is listed, and metadata files elsewhere are looked for:
//!    whoever may refer to a file here.
//! 2. The metadata files are read. Files of a checkpoint lie there before its metadata does, so
//!    what is listed first and referred to afterwards was there all the time.
//! 3. Where something seems to be referred to by nobody, the job directory is listed again: a
//!    checkpoint may have been completed, or removed, in between.
//! 4. What is referred to and was not listed is looked for by its name, wherever it may be. Only
//!    then is it missing, and only if the checkpoint is still there afterwards.
//!
//! The other way round, the files of a checkpoint that is completed between the two would look
//! like nobody's. What is read goes to a [`Sink`] one by one and is not kept here.

use std::collections::HashSet;

use futures::StreamExt;
use futures::stream;
use futures::stream::FuturesUnordered;

use super::CatalogError;
use super::SIDE_BY_SIDE;
use super::checkpoint;
use super::checkpoint::MetadataFile;
use super::checkpoint::RebaseOptions;
use super::discover;
use super::discover::Candidate;
use super::discover::Discovered;
use super::discover::Listed;
use super::without_credentials;
use crate::format::flink::metadata::Metadata;
use crate::model::layout;
use crate::model::layout::METADATA;
use crate::model::places::Places;
use crate::store::Location;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::Stores;

/// What a listing shows; values, which say nothing of where they are from.
pub use crate::store::Below;
pub use crate::store::EntryKind;
pub use crate::store::FileEntry;

/// What is read.
#[derive(Debug, Clone)]
pub struct Scope<'s> {
    /// The directory of which everything is listed.
    pub tree: Location,
    /// The one metadata file that is read. Nothing is listed then but where files of it are.
    pub only: Option<Location>,
    /// Places whose metadata is read because it may refer to files in the tree, as the user
    /// named them.
    pub also: Vec<String>,
    /// A directory around the tree that is looked through for the same reason.
    pub around: Option<Location>,
    /// How paths inside metadata are mapped.
    pub rebase: &'s RebaseOptions,
}

/// What is made of what is read.
pub trait Sink {
    /// Something that lies in the tree.
    fn below(&mut self, found: &Below);
    /// A directory that could not be listed, so that nothing is known about what is in it.
    fn unlisted(&mut self, at: &Location, error: &str);
    /// A link that was not followed.
    fn not_followed(&mut self, at: &Location);
    /// A metadata file, or why it was not read.
    fn metadata(&mut self, file: Result<Read<'_, '_>, Unread>);
    /// Job directories in which a checkpoint may have been completed since.
    fn doubts(&mut self) -> Vec<Location>;
    /// Files that no listing showed, once everything was read.
    fn sought(&mut self) -> Vec<Sought>;
    /// A file that was sought, in one of the directories where it may be.
    fn sighted(&mut self, directory: u32, at: &Location, file: &FileEntry);
    /// The search in a directory is over; what was not sighted is not there, unless it failed.
    fn searched(&mut self, directory: u32, failed: Option<String>);
    /// Metadata files that may have been removed since, as files they refer to are not there.
    fn suspects(&mut self) -> Vec<Location>;
    /// A metadata file that was read and has been removed since.
    fn removed(&mut self, at: &Location);
}

/// A metadata file that was read.
#[derive(Debug)]
pub struct Read<'m, 'a> {
    /// The file.
    pub file: &'m MetadataFile,
    /// What it says.
    pub metadata: &'m Metadata<'a>,
    /// Where its files are.
    pub places: &'m Places<'a>,
}

/// A metadata file that was not read.
#[derive(Debug)]
pub struct Unread {
    /// The file.
    pub at: Location,
    /// Why.
    pub why: Why,
}

/// Why a metadata file was not read.
#[derive(Debug)]
pub enum Why {
    /// Its directory has none: the checkpoint was not completed, or not yet.
    NotCompleted,
    /// It was listed and has been removed since, as Flink does with what newer ones replace.
    Removed,
    /// It is called `_metadata` and is something else, such as Parquet writes.
    Foreign,
    /// It could not be read, or is damaged.
    Failed(CatalogError),
}

/// Files of one directory that no listing showed.
#[derive(Debug)]
pub struct Sought {
    /// Tells one directory from another.
    pub directory: u32,
    /// Where they may be: directories, or the places of files that have no name.
    pub places: Vec<Location>,
    /// Their names.
    pub names: Names,
}

/// Names of files in a directory.
#[derive(Debug)]
pub enum Names {
    /// These; an empty one is the place itself.
    These(Vec<String>),
    /// So many that the directory is better listed.
    Many,
}

/// So many files are asked for one by one.
pub const ASKED_FOR: usize = 1000;

/// How far it has come.
#[derive(Debug, Clone, Copy)]
pub enum Progress {
    /// So many things were listed.
    Listed(u64),
    /// So many metadata files of so many were read.
    Read(usize, usize),
    /// Files that no listing showed were looked for in so many directories of so many.
    Sought(usize, usize),
}

/// Reads a scope into a sink.
///
/// # Errors
/// A place of `also` is no location, is absent, cannot be listed or holds no checkpoint. Whatever else goes wrong is
/// told to the sink.
pub async fn run(
    stores: &Stores,
    scope: &Scope<'_>,
    sink: &mut dyn Sink,
    progress: &dyn Fn(Progress),
) -> Result<(), CatalogError> {
    let in_tree = match &scope.only {
        Some(only) => vec![Candidate { location: only.clone(), listed: None }],
        None => tree(stores, &scope.tree, sink, progress).await,
    };
    let mut elsewhere = Discovered::default();
    for place in &scope.also {
        let found = discover::at(stores, place, &scope.rebase.entropy_marker).await?;
        // It was named to protect what lies here: a mistyped place would protect nothing.
        if found.candidates.is_empty() && found.unread.is_empty() {
            let location = without_credentials(place);
            return Err(CatalogError::NobodyThere { location });
        }
        elsewhere.extend(found);
    }
    if let Some(around) = &scope.around {
        elsewhere.extend(discover::below(stores, around).await);
    }
    elsewhere.unread.iter().for_each(|error| sink.unlisted(error.at(), &error.to_string()));
    elsewhere.not_followed.iter().for_each(|at| sink.not_followed(at));
    let mut known = HashSet::new();
    // What the tree shows comes first and is known to exist.
    let mut candidates: Vec<Candidate> = in_tree.into_iter().chain(elsewhere.candidates).collect();
    candidates.retain(|candidate| known.insert(candidate.location.clone()));
    read_all(stores, candidates, scope.rebase, sink, progress).await;

    let listed = stream::iter(sink.doubts())
        .map(|job| async move { discover::below(stores, &job).await.candidates });
    let mut again = listed.buffer_unordered(SIDE_BY_SIDE).concat().await;
    again.retain(|candidate| known.insert(candidate.location.clone()));
    read_all(stores, again, scope.rebase, sink, progress).await;

    let sought = sink.sought();
    let (mut done, total) = (0, sought.len());
    let searches = stream::iter(sought).map(|sought| search(stores, sought));
    let mut searches = std::pin::pin!(searches.buffer_unordered(SIDE_BY_SIDE));
    while let Some(Searched { directory, sighted, failed }) = searches.next().await {
        done += 1;
        progress(Progress::Sought(done, total));
        sighted.iter().for_each(|(at, file)| sink.sighted(directory, at, file));
        sink.searched(directory, failed.map(|error| error.to_string()));
    }
    let suspects = stream::iter(sink.suspects())
        .map(|at| async move { is_gone(stores, &at).await.then_some(at) });
    let mut suspects = std::pin::pin!(suspects.buffer_unordered(SIDE_BY_SIDE));
    while let Some(at) = suspects.next().await {
        at.iter().for_each(|at| sink.removed(at));
    }
    Ok(())
}

struct Searched {
    directory: u32,
    /// Files, and the places where they were found.
    sighted: Vec<(Location, FileEntry)>,
    failed: Option<StoreError>,
}

/// Looks for files at every place where they may be.
async fn search(stores: &Stores, sought: Sought) -> Searched {
    let Sought { directory, places, names } = sought;
    let mut searched = Searched { directory, sighted: Vec::new(), failed: None };
    let mut wanted = match names {
        Names::These(names) => Some(names),
        Names::Many => None,
    };
    for place in places {
        let store = match stores.open(&place) {
            Ok(store) => store,
            Err(error) => {
                searched.failed = Some(error);
                continue;
            }
        };
        let Some(names) = wanted.take() else {
            match store.list(&place).await {
                Ok(listing) => {
                    let files = listing.files.into_iter().map(|file| (place.clone(), file));
                    searched.sighted.extend(files);
                }
                Err(error) if error.is_absent() => {}
                Err(error) => searched.failed = Some(error),
            }
            continue;
        };
        let names = match place.is_local() || names.len() < WORTH_A_LISTING {
            true => names,
            false => list_first(&store, &place, names, &mut searched).await,
        };
        let (store, at) = (&store, &place);
        let asked = stream::iter(names).map(|name| async move {
            let file = if name.is_empty() { at.clone() } else { at.join(&name) };
            (name, store.stat(&file).await)
        });
        let mut asked = std::pin::pin!(asked.buffer_unordered(SIDE_BY_SIDE));
        let mut left = Vec::new();
        while let Some((name, answer)) = asked.next().await {
            match answer {
                Ok(stat) if !stat.is_dir => {
                    let (size, modified) = (Some(stat.size), stat.modified);
                    let file = FileEntry { name, size, modified, kind: EntryKind::Regular };
                    searched.sighted.push((place.clone(), file));
                }
                Ok(_) => left.push(name),
                Err(error) => {
                    left.push(name);
                    searched.failed = searched.failed.or((!error.is_absent()).then_some(error));
                }
            }
        }
        wanted = Some(left);
    }
    searched
}

/// Fewer files than this are asked for one by one.
const WORTH_A_LISTING: usize = 4;
/// What a store shows in one answer to a listing.
const PAGE: usize = 1000;

/// Looks for files in a listing of the directory, which answers for a thousand at a time, and
/// returns those that it did not show. Ends where it would take more answers than there are
/// files.
async fn list_first(
    store: &Store,
    at: &Location,
    names: Vec<String>,
    searched: &mut Searched,
) -> Vec<String> {
    let most = names.len().saturating_mul(PAGE);
    let mut left: HashSet<String> = names.into_iter().collect();
    let mut found = store.walk(at).take(most);
    while !left.is_empty()
        && let Some(Ok(below)) = found.next().await
    {
        if let Below::File(file) = below
            && left.remove(&file.name)
        {
            searched.sighted.push((at.clone(), file));
        }
    }
    // An error shows again where the rest is asked for.
    let mut left: Vec<String> = left.into_iter().collect();
    left.sort_unstable();
    left
}

/// Lists the tree, and returns the metadata files in it.
async fn tree(
    stores: &Stores,
    tree: &Location,
    sink: &mut dyn Sink,
    progress: &dyn Fn(Progress),
) -> Vec<Candidate> {
    let store = match stores.open(tree) {
        Ok(store) => store,
        Err(error) => {
            sink.unlisted(error.at(), &error.to_string());
            return Vec::new();
        }
    };
    let mut candidates = Vec::new();
    let mut count = 0;
    let mut found = store.walk(tree);
    while let Some(found) = found.next().await {
        match found {
            Ok(below) => {
                if let Below::File(file) = &below
                    && file.name.rsplit('/').next() == Some(METADATA)
                {
                    let listed = Some(Listed { size: file.size, modified: file.modified });
                    candidates.push(Candidate { location: tree.join(&file.name), listed });
                }
                sink.below(&below);
                count += 1;
                if count % 1024 == 0 {
                    progress(Progress::Listed(count));
                }
            }
            Err(error) => sink.unlisted(error.at(), &error.to_string()),
        }
    }
    progress(Progress::Listed(count));
    candidates
}

/// Files that are read at a time.
const CONCURRENCY: usize = 32;
/// Bytes of metadata that are held at a time, unless a single file is larger.
const BUDGET: u64 = 32 << 20;
/// Bytes that a file of unknown size may have before its size is asked for.
const GUESS: u64 = 1 << 20;

/// Reads metadata files, several at a time within a budget of memory, in no order.
async fn read_all(
    stores: &Stores,
    candidates: Vec<Candidate>,
    rebase: &RebaseOptions,
    sink: &mut dyn Sink,
    progress: &dyn Fn(Progress),
) {
    let total = candidates.len();
    let size = |candidate: &Candidate| candidate.listed.and_then(|listed| listed.size);
    let mut waiting: Vec<(Candidate, u64)> = candidates
        .into_iter()
        .map(|candidate| (size(&candidate).unwrap_or(GUESS), candidate))
        .map(|(size, candidate)| (candidate, size))
        .collect();
    waiting.reverse();
    let mut reads = FuturesUnordered::new();
    let (mut held, mut done) = (0, 0);
    progress(Progress::Read(done, total));
    loop {
        while let Some((_, size)) = waiting.last()
            && (reads.is_empty() || (reads.len() < CONCURRENCY && held + size <= BUDGET))
            && let Some((candidate, size)) = waiting.pop()
        {
            held += size;
            reads.push(async move {
                let outcome = read(stores, &candidate, size).await;
                (candidate, size, outcome)
            });
        }
        let Some((candidate, size, outcome)) = reads.next().await else { return };
        match outcome {
            Err(Failure::Larger(actual)) => waiting.push((candidate, actual)),
            Err(Failure::Unread(why)) => {
                sink.metadata(Err(Unread { at: candidate.location, why }));
                done += 1;
            }
            Ok(file) => {
                hand_over(stores, file, rebase, sink).await;
                done += 1;
            }
        }
        held -= size;
        progress(Progress::Read(done, total));
    }
}

enum Failure {
    /// It has so many bytes, more than were set aside for it.
    Larger(u64),
    Unread(Why),
}

async fn read(stores: &Stores, candidate: &Candidate, size: u64) -> Result<MetadataFile, Failure> {
    let at = &candidate.location;
    let error = match checkpoint::read_within(stores, at.clone(), size).await {
        Ok(file) => return Ok(file),
        Err(error) => error,
    };
    Err(match error {
        CatalogError::Store(StoreError::TooLarge { size: actual, .. })
            if actual > size && actual <= checkpoint::METADATA_LIMIT =>
        {
            Failure::Larger(actual)
        }
        error if error.is_absent() => Failure::Unread(match candidate.listed {
            Some(_) => Why::Removed,
            None => Why::NotCompleted,
        }),
        error => Failure::Unread(failed(at, error)),
    })
}

fn failed(at: &Location, error: CatalogError) -> Why {
    let directory = at.parent();
    let name = directory.as_ref().and_then(Location::file_name);
    let expected = name.is_some_and(layout::is_snapshot_name);
    if error.is_foreign() && !expected { Why::Foreign } else { Why::Failed(error) }
}

/// Parses a file and gives it to the sink. What cannot be parsed is read once more if it was
/// being written.
async fn hand_over(
    stores: &Stores,
    file: MetadataFile,
    rebase: &RebaseOptions,
    sink: &mut dyn Sink,
) {
    let again;
    let (file, parsed) = match file.parse() {
        Ok(metadata) => (&file, Ok(metadata)),
        Err(error) => match changed(stores, &file, error).await {
            Ok(changed) => {
                again = changed;
                (&again, again.parse().map_err(|error| failed(&again.location, error)))
            }
            Err(why) => (&file, Err(why)),
        },
    };
    match parsed {
        Ok(metadata) => {
            let places = checkpoint::places(stores, &metadata, &file.location, rebase).await;
            let read = Read { file, metadata: &metadata, places: &places };
            sink.metadata(Ok(read));
        }
        Err(why) => sink.metadata(Err(Unread { at: file.location.clone(), why })),
    }
}

/// A file that is not what it was when it was read and could not be parsed.
async fn changed(
    stores: &Stores,
    file: &MetadataFile,
    error: CatalogError,
) -> Result<MetadataFile, Why> {
    let at = &file.location;
    let store = stores.open(at).map_err(|error| Why::Failed(error.into()))?;
    match store.stat(at).await {
        Err(error) if error.is_absent() => Err(Why::Removed),
        Ok(stat) if (stat.size, stat.modified) != (file.bytes.len() as u64, file.modified) => {
            let again = checkpoint::read(stores, at.clone()).await;
            again.map_err(|error| failed(at, error))
        }
        _ => Err(failed(at, error)),
    }
}

/// Whether a file is proven not to be there.
pub async fn is_gone(stores: &Stores, at: &Location) -> bool {
    match stores.open(at) {
        Ok(store) => store.stat(at).await.is_err_and(|error| error.is_absent()),
        Err(_) => false,
    }
}
