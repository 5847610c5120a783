//! Is what RocksDB wrote read as RocksDB reads it?
//!
//! | module | asks |
//! |---|---|
//! | `fixtures` | do MANIFEST, CURRENT and OPTIONS of every fixture agree with its handles? |
//! | `manifest` | does a MANIFEST of the newest RocksDB say what RocksDB says? (feature `rocksdb`) |

mod fixtures;
#[cfg(feature = "rocksdb")]
mod manifest;
