//! What a checkpoint is: layout of directories, places of files, walks over handles.
//!
//! This room is pure: no IO, no clock, nothing printed.

pub mod layout;
pub mod places;
pub mod rebase;
pub mod release;
pub mod walk;
