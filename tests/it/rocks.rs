//! Is what RocksDB wrote read as RocksDB reads it, and any damage found?
//!
//! | module | asks |
//! |---|---|
//! | `damage` | is every flipped bit of a table found? (feature `rocksdb`) |
//! | `fixtures` | do SSTs of every fixture hold what Flink read in them? |
//! | `manifest` | does a MANIFEST of the newest RocksDB say what RocksDB says? (feature `rocksdb`) |
//! | `manifests` | do MANIFEST, CURRENT and OPTIONS of every fixture agree with its handles? |
//! | `written` | are tables of every form that RocksDB writes read as it reads them? (feature `rocksdb`) |

#[cfg(feature = "rocksdb")]
mod damage;
mod fixtures;
#[cfg(feature = "rocksdb")]
mod manifest;
mod manifests;
mod merge;
#[cfg(feature = "rocksdb")]
mod options;
pub(crate) mod read;
#[cfg(feature = "rocksdb")]
mod seeds;
#[cfg(feature = "rocksdb")]
mod special;
#[cfg(feature = "rocksdb")]
mod written;
