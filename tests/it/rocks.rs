//! Is what RocksDB wrote read as RocksDB reads it, and any damage found?
//!
//! | module | asks |
//! |---|---|
//! | `fixtures` | do SSTs of every fixture hold what Flink read in them? |
//! | `manifest` | does a MANIFEST of the newest RocksDB say what RocksDB says? (feature `rocksdb`) |
//! | `manifests` | do MANIFEST, CURRENT and OPTIONS of every fixture agree with its handles? |

mod fixtures;
#[cfg(feature = "rocksdb")]
mod manifest;
mod manifests;
pub(crate) mod read;
