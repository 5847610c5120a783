//! What a checkpoint is: layout of directories, places of files, walks over handles.
//!
//! This room is pure: no IO, no clock, nothing printed.

pub mod layout;
pub mod places;
pub mod rebase;
pub mod references;
pub mod release;
pub mod walk;

/// A place is a value, as pure as everything here; only opening it is not.
pub use crate::store::Location;
