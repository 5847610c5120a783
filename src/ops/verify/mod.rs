//! Whether checkpoints are whole and undamaged.
//!
//! What lies there is told by listings ([`audit`]), what is in it by reading it
//! ([`probe`]); what that means is decided in `rules.rs` alone.
//!
//! | to change | open |
//! |---|---|
//! | what can be found, how bad it is, what to do about it | `rules.rs` |
//! | missing files, wrong sizes | `audit.rs` |

pub mod audit;
pub mod rules;

pub use audit::Audit;
pub use audit::Checkpoint;
pub use audit::Verdict;
pub use rules::Finding;
pub use rules::Level;
pub use rules::Rule;
pub use rules::Severity;
