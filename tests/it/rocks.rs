//! Is what RocksDB wrote read as RocksDB reads it?
//!
//! | module | asks |
//! |---|---|
//! | `fixtures` | do MANIFEST, CURRENT and OPTIONS of every fixture agree with its handles? |

mod fixtures;
