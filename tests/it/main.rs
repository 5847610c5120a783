//! The integration tests: one binary, so that whatever the crate links is linked once.
//!
//! | module | asks |
//! |---|---|
//! | `architecture` | does `src/` keep the rules that `src/lib.rs` states? |
//! | `build` | are the rows of a database that was built those it was built from? (needs `rocksdb`) |
//! | `content` | is what Flink wrote parsed to its last byte, and what is damaged found? |
//! | `contract` | are schemas, completions and documents what is committed and promised? |
//! | `database` | do the handles name a database that RocksDB opens? (needs the feature `rocksdb`) |
//! | `damaged` | does every recipe of `fixtures/damaged` break what it says, and nothing else? |
//! | `diff` | does `diff` say what `inspect`, Flink and the disk say of two checkpoints? |
//! | `fuzz_corpus` | does every input in `fuzz/corpus` keep what the fuzz targets demand? |
//! | `hostile` | does damaged or malicious metadata cost no more than an error message? |
//! | `ldb` | do RocksDB's tools read a database with the OPTIONS file written for it? (feature `rocksdb`) |
//! | `moved` | do checkpoints that were moved, copied or linked in part keep their files? |
//! | `open` | does RocksDB open every database, and does nothing of that stay on disk? |
//! | `oracle` | does `inspect` say what Flink's own classes say, for every fixture? |
//! | `process` | how does it behave among pipes, signals and a full disk? |
//! | `races` | what if checkpoints come and go, or requests fail, while a job is looked at? |
//! | `readme` | do the sessions in `README.md` print what is written there? |
//! | `references` | who refers to what, and what is unreferenced, against Flink's own view of every fixture |
//! | `restore` | are the databases that `restore` makes those that Flink had? (needs the feature `rocksdb`) |
//! | `rocks` | is what RocksDB wrote read as RocksDB reads it, and any damage found? |
//! | `sst` | does `inspect --sst` say what a reading of every entry, and RocksDB, say? |
//! | `support` | nothing: unpacked fixtures and the built binary, for all other modules |
//! | `transcripts` | does every session in `tests/cmd` still print what is written there? |
//! | `verify` | does `verify` find what is wrong, all of it and nothing else; what does `latest` choose? |
//!
//! A module here runs the binary or calls the library as a user would. Questions about one
//! function are unit tests beside it; console output belongs in `tests/cmd`.

mod architecture;
#[cfg(feature = "rocksdb")]
mod build;
mod content;
mod contract;
mod damaged;
#[cfg(feature = "rocksdb")]
mod database;
mod diff;
mod fuzz_corpus;
mod hostile;
#[cfg(feature = "rocksdb")]
mod ldb;
mod moved;
mod open;
mod oracle;
mod process;
mod races;
mod readme;
mod references;
#[cfg(feature = "rocksdb")]
mod restore;
mod rocks;
mod sst;
mod support;
mod transcripts;
mod verify;
