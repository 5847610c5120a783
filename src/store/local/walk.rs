//! Everything below a local directory, as it is found.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use futures::Stream;
use futures::StreamExt;
use futures::stream;
use tokio::sync::mpsc;
use tokio::sync::mpsc::Receiver;
use tokio::sync::mpsc::Sender;

use super::Entry;
use super::looked_at;
use super::read_dir;
use crate::store::error::StoreError;
use crate::store::location::Location;
use crate::store::types::Below;

type Found = Result<Below, StoreError>;

/// Entries that are handed over at once.
const BATCH: usize = 256;
/// Batches that wait to be taken; then the walk waits.
const WAITING: usize = 8;

/// Walks on a thread of its own, so that reading directories and what is made of their entries
/// go on side by side. It ends when nobody listens any more.
pub(in crate::store) fn walk(dir: Location) -> impl Stream<Item = Found> + Send + 'static {
    let (to, from) = mpsc::channel::<Vec<Found>>(WAITING);
    // Asked for before the first entry is wanted; a walk that is never polled does nothing.
    let start = stream::once(async move {
        tokio::task::spawn_blocking(move || Walk::new(to, dir).run());
        stream::iter(Vec::new())
    });
    start.chain(batches(from)).flatten()
}

fn batches(
    from: Receiver<Vec<Found>>,
) -> impl Stream<Item = stream::Iter<std::vec::IntoIter<Found>>> {
    stream::unfold(from, |mut from| async move {
        let batch = from.recv().await?;
        Some((stream::iter(batch), from))
    })
}

struct Walk {
    root: Location,
    path: PathBuf,
    to: Sender<Vec<Found>>,
    batch: Vec<Found>,
    /// Directories that have yet to be read, below the root.
    open: Vec<String>,
    /// Where links that were followed lead, and their paths below the root.
    entered: Vec<(PathBuf, String)>,
}

impl Walk {
    fn new(to: Sender<Vec<Found>>, root: Location) -> Walk {
        let path = root.local_path().unwrap_or_default();
        let open = vec![String::new()];
        Walk { root, path, to, batch: Vec::new(), open, entered: Vec::new() }
    }

    fn run(mut self) {
        while let Some(below) = self.open.pop() {
            if self.directory(&below).is_none() {
                return;
            }
        }
        self.hand_over();
    }

    /// Reads one directory; `None` when nobody listens any more.
    fn directory(&mut self, below: &str) -> Option<()> {
        let (at, path) = match below {
            "" => (self.root.clone(), self.path.clone()),
            below => (self.root.join(below), self.path.join(below)),
        };
        let entries = match read_dir(&at, &path) {
            Ok(entries) => entries,
            Err(StoreError::NotFound { at, detail }) if !below.is_empty() => {
                return match detail.as_str() {
                    // Removed since it was seen.
                    "" => Some(()),
                    // It is there, but deeper than paths can be.
                    _ => self.found(Err(StoreError::Io { at, detail })),
                };
            }
            Err(error) => return self.found(Err(error)),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.found(Err(super::failed(&at, &error)))?;
                    continue;
                }
            };
            let name = |name: &str| match below {
                "" => name.to_owned(),
                below => format!("{below}/{name}"),
            };
            match looked_at(&entry) {
                None => {}
                Some(Entry::Unspellable(last)) => {
                    self.found(Ok(Below::Unspellable(name(&last))))?;
                }
                Some(Entry::File(mut file)) => {
                    file.name = name(&file.name);
                    self.found(Ok(Below::File(file)))?;
                }
                Some(Entry::Directory { name: last, linked }) => {
                    let below = name(&last);
                    if linked && let Err(target) = self.enter(&entry.path(), &below) {
                        self.found(Ok(Below::LinkNotFollowed { name: below, target }))?;
                        continue;
                    }
                    self.found(Ok(Below::Directory(below.clone())))?;
                    self.open.push(below);
                }
            }
        }
        Some(())
    }

    /// Notes that a link is entered if it leads to where the walk would not come otherwise, and
    /// not around it; otherwise says where it leads.
    fn enter(&mut self, link: &Path, below: &str) -> Result<(), Option<Location>> {
        let (Ok(target), Ok(root)) = (fs::canonicalize(link), fs::canonicalize(&self.path)) else {
            return Err(None);
        };
        let overlap = |other: &PathBuf| target.starts_with(other) || other.starts_with(&target);
        if overlap(&root) || self.entered.iter().any(|(other, _)| overlap(other)) {
            // Spelled as the walk comes there, if it does.
            let ways = self.entered.iter().map(|(real, below)| (real, below.as_str()));
            let way = ways.chain([(&root, "")]).find_map(|(real, below)| {
                let rest = target.strip_prefix(real).ok()?.to_str()?;
                Some(self.root.join(below).join(rest))
            });
            let elsewhere = || target.to_str().map(|path| self.root.with_path(path));
            return Err(way.or_else(elsewhere));
        }
        self.entered.push((target, below.to_owned()));
        Ok(())
    }

    fn found(&mut self, found: Found) -> Option<()> {
        self.batch.push(found);
        if self.batch.len() < BATCH { Some(()) } else { self.hand_over() }
    }

    fn hand_over(&mut self) -> Option<()> {
        self.to.blocking_send(std::mem::take(&mut self.batch)).ok()
    }
}
