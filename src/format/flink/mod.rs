//! Flink's formats: `_metadata`, its handles, backend meta and serializer snapshots.
//!
//! | to change | open |
//! |---|---|
//! | header, versions, master state | `metadata.rs`, `trailer.rs` |
//! | operators, subtasks, operator state handles | `operator.rs` |
//! | where bytes are: files, inline, segments | `stream.rs` |
//! | keyed state handles | `keyed.rs`, `changelog.rs` |
//! | in-flight data of unaligned checkpoints | `channel.rs` |
//! | checkpoint properties, Java serialization | `properties.rs`, `java/` |
//! | states and their serializers | `backend_meta.rs`, `serializer.rs` |
//! | what streams hold, to the last byte | `content/` |
//! | lists that stay encoded | `list.rs` |
//! | writing metadata | `encode.rs`, `encode/` |

pub mod backend_meta;
pub mod changelog;
pub mod channel;
pub mod content;
pub mod encode;
pub mod error;
pub mod java;
pub mod keyed;
pub mod list;
pub mod metadata;
pub mod operator;
pub mod properties;
pub mod read;
pub mod serializer;
pub mod stream;
pub mod trailer;
pub mod utf;
mod write;

#[cfg(test)]
mod tests;
