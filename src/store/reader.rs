//! A file that is read piece by piece by a thread of its own.
//!
//! What checks bytes should not wait for those that come next: [`Reader::ahead`] asks for them
//! beforehand, for several ranges side by side if it may, where asking takes long. Local files need that from nobody; the system does it.

use super::Inner;
use super::Store;
use super::StoreError;
use super::local;
use super::location::Location;
use super::object::changed;
use std::collections::VecDeque;
use std::fs::File;
use std::ops::Range;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// A file or object on the way of being read.
#[derive(Debug)]
pub struct Reader {
    at: Location,
    source: Source,
    requests: u64,
    bytes: u64,
    /// How many bytes the file has, as far as that was said.
    size: Option<u64>,
}

#[derive(Debug)]
enum Source {
    Local(File),
    Object { store: Store, runtime: Handle, ahead: VecDeque<Ahead>, depth: usize },
}

/// Bytes, and how many the whole object has.
type Part = (Vec<u8>, Option<u64>);

/// A range that was asked for beforehand.
#[derive(Debug)]
struct Ahead {
    range: Range<u64>,
    answer: JoinHandle<Result<Part, StoreError>>,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.answer.abort();
    }
}

impl Store {
    /// Opens a file to be read piece by piece. Of an object nothing is asked yet, so that its
    /// absence shows at the first read.
    ///
    /// `runtime` is the one whose thread is waiting for the thread that reads.
    ///
    /// # Errors
    /// As [`Store::read_range`].
    pub fn reader(&self, at: &Location, runtime: &Handle) -> Result<Reader, StoreError> {
        let source = match &*self.inner {
            Inner::Local => Source::Local(local::open_now(at)?),
            Inner::Object(_) => {
                let (store, runtime) = (self.clone(), runtime.clone());
                Source::Object { store, runtime, ahead: VecDeque::new(), depth: 1 }
            }
        };
        let size = match &source {
            Source::Local(file) => file.metadata().ok().map(|meta| meta.len()),
            Source::Object { .. } => None,
        };
        Ok(Reader { at: at.clone(), source, requests: 0, bytes: 0, size })
    }
}

impl Reader {
    /// Lets so many ranges be asked for beforehand, each of which is held until it is read.
    pub fn with_depth(mut self, ranges: usize) -> Self {
        if let Source::Object { depth, .. } = &mut self.source {
            *depth = ranges;
        }
        self
    }

    /// The file.
    pub fn at(&self) -> &Location {
        &self.at
    }

    /// How many bytes the file has; of an object it is known once something was read.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Requests that were made of a store; of a local file reads.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Bytes that were read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads a range into `into`, whose content is replaced. Waits; not to be called by a
    /// thread that others wait for.
    ///
    /// # Errors
    /// As [`Store::read_range`]. [`StoreError::Changed`]: the file ends inside the range.
    pub fn read(&mut self, range: Range<u64>, into: &mut Vec<u8>) -> Result<(), StoreError> {
        let length = range.end.saturating_sub(range.start);
        match &mut self.source {
            Source::Local(file) => {
                self.requests += 1;
                local::read_at(&self.at, file, range.clone(), into)?;
            }
            Source::Object { store, runtime, ahead, .. } => {
                // Those before it are not read any more.
                let asked = ahead.iter().position(|ahead| ahead.range == range);
                let asked = asked.and_then(|at| ahead.drain(..=at).next_back());
                let (bytes, size) = match asked {
                    Some(mut ahead) => match runtime.block_on(&mut ahead.answer) {
                        Ok(answer) => answer?,
                        Err(error) => {
                            let at = Box::new(self.at.clone());
                            return Err(StoreError::Io { at, detail: error.to_string() });
                        }
                    },
                    None => {
                        self.requests += 1;
                        runtime.block_on(part(store, &self.at, range.clone()))?
                    }
                };
                *into = bytes;
                self.size = size.or(self.size);
            }
        }
        self.bytes += into.len() as u64;
        if into.len() as u64 != length {
            let had = format!("it ends at byte {}", range.start + into.len() as u64);
            return Err(changed(&self.at, &had));
        }
        Ok(())
    }

    /// Asks for a range that will be read soon, if it is worth asking beforehand and not too much
    /// was asked for already.
    pub fn ahead(&mut self, range: Range<u64>) {
        let Source::Object { store, runtime, ahead, depth } = &mut self.source else { return };
        if ahead.len() >= *depth || ahead.iter().any(|ahead| ahead.range == range) {
            return;
        }
        let (store, at, wanted) = (store.clone(), self.at.clone(), range.clone());
        self.requests += 1;
        let answer = runtime.spawn(async move { part(&store, &at, wanted).await });
        ahead.push_back(Ahead { range, answer });
    }
}

async fn part(store: &Store, at: &Location, range: Range<u64>) -> Result<Part, StoreError> {
    tracing::debug!(%at, ?range, "read range");
    match &*store.inner {
        Inner::Local => Ok((local::read_range(at, range).await?, None)),
        Inner::Object(store) => store.read_part(at, range).await,
    }
}
