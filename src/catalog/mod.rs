//! From stores and formats to the model: finds checkpoints, reads metadata and meta streams.
//!
//! This room only reads. What it cannot find or read becomes a [`CatalogError`] that names
//! the object and the next thing to do.

pub mod checkpoint;
pub mod dated;
pub mod discover;
mod error;
pub mod find;
pub mod heads;
pub mod survey;

/// Requests that are made at a time, where each asks for little.
const SIDE_BY_SIDE: usize = 16;

pub use error::CatalogError;
pub use error::without_credentials;
