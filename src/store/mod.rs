//! Places and what lies there: the only room that does IO, and it may not know any format.
//!
//! [`Location`] says where, [`Stores`] opens, [`Store`] lists, stats and reads. Every request is
//! one call of the caller; nothing here caches, recurses or runs ahead. Errors are
//! [`StoreError`], whose variants say what a caller can do.
//!
//! | to change | open |
//! |---|---|
//! | how a place is spelled, when two are one | `location.rs`, `location/argument.rs` |
//! | which schemes there are | `scheme.rs` |
//! | local disks | `local.rs`, `local/walk.rs` |
//! | files that are read piece by piece | `reader.rs` |
//! | what is changed on a local disk | `disk.rs` |
//! | what an object store is asked | `object.rs` |
//! | credentials, options, retries | `remote.rs` and `remote/`, `options.rs` |
//! | what an error means, what is kept out of it | `error.rs`, `classify.rs`, `secrets.rs` |

mod classify;
pub mod disk;
mod error;
mod local;
mod location;
mod object;
mod options;
mod reader;
mod remote;
mod scheme;
mod secrets;
#[cfg(test)]
mod tests;
mod types;

pub use error::StoreError;
pub use location::Location;
pub use location::LocationError;
pub use options::StoreOptions;
pub use reader::Reader;
pub use scheme::Scheme;
pub use scheme::SchemeInfo;
pub use scheme::schemes;
pub use types::Below;
pub use types::EntryKind;
pub use types::FileEntry;
pub use types::Listing;
pub use types::Object;
pub use types::Stat;

use futures::StreamExt;
use futures::stream::BoxStream;
use object::ObjectAccess;
use object_store::ObjectStore;
use secrets::Secrets;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// The stores of one run; each is opened once, when it is first asked for.
///
/// Cheap to make: nothing is read, resolved or connected before [`Stores::open`].
pub struct Stores {
    options: StoreOptions,
    opened: Mutex<HashMap<(Scheme, String), Store>>,
}

impl Stores {
    /// Prepares the stores with the options of the command line.
    pub fn new(options: StoreOptions) -> Stores {
        Stores { options, opened: Mutex::default() }
    }

    /// Uses this store for everything in the same store as a place.
    pub fn insert(&self, at: &Location, store: Store) {
        let key = (at.scheme().clone(), at.authority().to_owned());
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(key, store);
    }

    /// Opens the store a place is in, or hands out the one opened before.
    ///
    /// Connects to nothing yet: wrong credentials show at the first request.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`]: this build has no such store. [`StoreError::Configuration`]
    /// and [`StoreError::Unauthenticated`]: an option, variable or credentials file is wrong;
    /// see [`StoreError::hint`].
    pub fn open(&self, at: &Location) -> Result<Store, StoreError> {
        let key = (at.scheme().clone(), at.authority().to_owned());
        // A panic elsewhere cannot leave this map half written.
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = opened.get(&key) {
            return Ok(store.clone());
        }
        let store = match at.scheme() {
            Scheme::File if at.is_local() => Store::local(),
            _ => remote::open(at, &self.options)?,
        };
        opened.insert(key, store.clone());
        Ok(store)
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("options", &self.options).finish_non_exhaustive()
    }
}

/// One store, ready to be asked. Clones share the connection.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

enum Inner {
    Local,
    Object(ObjectAccess),
}

impl Store {
    /// Makes the store of local files.
    pub fn local() -> Store {
        Store { inner: Arc::new(Inner::Local) }
    }

    /// Makes a store of any `object_store` implementation: one in memory, or a wrapper.
    ///
    /// Only the path of a [`Location`] is used then, whatever its scheme and bucket.
    pub fn object(store: Arc<dyn ObjectStore>) -> Store {
        Store::with_secrets(store, Secrets::default())
    }

    fn with_secrets(store: Arc<dyn ObjectStore>, secrets: Secrets) -> Store {
        Store { inner: Arc::new(Inner::Object(ObjectAccess::new(store, secrets))) }
    }

    /// Lists one level: the names directly in a directory, sorted.
    ///
    /// Object stores have no directories: there a directory is a common prefix, markers of it
    /// are not shown, and one without anything below it does not exist.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]: nothing is there. [`StoreError::NoSuchBucket`]: nor is the
    /// bucket. [`StoreError::NotADirectory`]: a file (local disks only). Others: could not look.
    pub async fn list(&self, dir: &Location) -> Result<Listing, StoreError> {
        tracing::debug!(at = %dir, "list");
        match &*self.inner {
            Inner::Local => local::list(dir).await,
            Inner::Object(store) => store.list(dir).await,
        }
    }

    /// Lists everything below a directory, however deep, as it is found and in no order.
    ///
    /// Nothing is collected, however much there is. Links to directories are entered where
    /// that leads neither in a circle nor to one place twice. What vanishes meanwhile is left
    /// out. Zero-byte objects that stand for a directory with something in it are not shown.
    ///
    /// # Errors
    /// As [`Store::list`] for the directory itself. A directory further down that cannot be
    /// read is an error among the entries, and the others still come; in an object store an
    /// error is the end, and what has come is not all.
    pub fn walk(&self, dir: &Location) -> BoxStream<'_, Result<Below, StoreError>> {
        tracing::debug!(at = %dir, "walk");
        match &*self.inner {
            Inner::Local => local::walk(dir.clone()).boxed(),
            Inner::Object(store) => store.walk(dir.clone()).boxed(),
        }
    }

    /// Asks for size and time of one file, and whether it is a directory instead.
    ///
    /// In an object store, one more request is made when there is no such object, to see
    /// whether something lies below.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] and [`StoreError::NoSuchBucket`]: proven absent. Others: could
    /// not look.
    pub async fn stat(&self, at: &Location) -> Result<Stat, StoreError> {
        tracing::debug!(%at, "stat");
        match &*self.inner {
            Inner::Local => local::stat(at).await,
            Inner::Object(store) => store.stat(at).await,
        }
    }

    /// Follows the symbolic links in a path. Where it cannot be followed, and in object stores,
    /// which have none, it stays as it is.
    pub async fn real(&self, at: &Location) -> Location {
        match &*self.inner {
            Inner::Local => local::real(at).await.unwrap_or_else(|_| at.clone()),
            Inner::Object(_) => at.clone(),
        }
    }

    /// Reads a whole object of at most `limit` bytes into one buffer of exactly its size.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] before anything is read. [`StoreError::Changed`]: the object
    /// did not end where its size said; read it again. [`StoreError::NotAFile`] and
    /// [`StoreError::NotRegular`]: never opened. Those of [`Store::stat`].
    pub async fn read(&self, at: &Location, limit: u64) -> Result<Object, StoreError> {
        tracing::debug!(%at, limit, "read");
        match &*self.inner {
            Inner::Local => local::read(at, limit).await,
            Inner::Object(store) => store.read(at, limit).await,
        }
    }

    /// Reads the bytes of a range.
    ///
    /// A range that reaches past the end is clipped: fewer bytes come back, none if it starts
    /// there. The caller bounds the length: a buffer of that size may be allocated.
    ///
    /// # Errors
    /// Those of [`Store::read`], without the limit.
    pub async fn read_range(
        &self,
        at: &Location,
        range: Range<u64>,
    ) -> Result<Vec<u8>, StoreError> {
        tracing::debug!(%at, ?range, "read range");
        match &*self.inner {
            Inner::Local => local::read_range(at, range).await,
            Inner::Object(store) => Ok(store.read_part(at, range).await?.0),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the client: some print what they were configured with.
        f.write_str(match &*self.inner {
            Inner::Local => "Store(local)",
            Inner::Object(_) => "Store(object)",
        })
    }
}
