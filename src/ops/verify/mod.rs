//! Whether checkpoints are whole and undamaged.
//!
//! What lies there is told by listings ([`audit`]), what is in it by reading it
//! ([`probe`]); what that means is decided in `rules.rs` alone.
//!
//! | to change | open |
//! |---|---|
//! | what can be found, how bad it is, what to do about it | `rules.rs` |
//! | missing files, wrong sizes | `files.rs` |
//! | verdicts | `audit.rs` |
//! | what of a checkpoint is looked into | `plan.rs`, `collect.rs` |
//! | the order of things, what is read once for many | `apply.rs` |
//! | threads, reading, looking again | `probe.rs`, `source.rs` |
//! | how an SST is looked into | `table.rs` |
//! | how anything else is | `content.rs` |
//! | whether files are the database of a MANIFEST, and can be opened | `databases.rs` |
//! | the scratch directory, and what RocksDB says | `open.rs` |

pub mod apply;
pub mod audit;
pub(crate) mod collect;
pub mod content;
pub mod databases;
pub mod fact;
mod files;
pub mod open;
pub mod plan;
pub mod probe;
pub mod rules;
pub mod source;
pub mod table;

pub use audit::Audit;
pub use audit::Checkpoint;
pub use audit::Verdict;
pub use rules::Finding;
pub use rules::Level;
pub use rules::Rule;
pub use rules::Severity;
