//! Checkpoint properties: the Java object at the end of `_metadata` (section 1.9).

use super::error::Result;
use super::java::{Item, read_object};
use super::read::Reader;
use super::utf::Utf;

mod encode;

pub use encode::NO_PROPERTIES;
#[cfg(test)]
mod tests;

const PROPERTIES: &str = "org.apache.flink.runtime.checkpoint.CheckpointProperties";
const CHECKPOINT_TYPE: &str = "org.apache.flink.runtime.checkpoint.CheckpointType";
const SAVEPOINT_TYPE: &str = "org.apache.flink.runtime.checkpoint.SavepointType";

/// What a trailer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointProperties<'a> {
    /// The null object: written by tools that make savepoints outside a job.
    None,
    /// The properties of a snapshot that a job took.
    Known(Properties<'a>),
    /// An object that is readable, but is not what the releases up to 2.3 write. Everything
    /// else in the file is unaffected, so this is worth a warning and no more.
    Unfamiliar {
        /// Class of the object that surprised; empty when it is not of a class.
        class: Utf<'a>,
        /// The field that is missing or of another type, or what was expected.
        what: &'static str,
    },
}

/// All fields of a trailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Properties<'a> {
    /// Delete the snapshot when the job is cancelled.
    pub discard_cancelled: bool,
    /// Delete the snapshot when the job fails.
    pub discard_failed: bool,
    /// Delete the snapshot when the job finishes.
    pub discard_finished: bool,
    /// Delete the snapshot when a newer one subsumes it.
    pub discard_subsumed: bool,
    /// Delete the snapshot when the job is suspended.
    pub discard_suspended: bool,
    /// Taken on demand, whatever else was going on.
    pub forced: bool,
    /// Restored without being claimed; in a file always false.
    pub unclaimed: bool,
    /// Field `checkpointType`.
    pub snapshot_type: SnapshotType<'a>,
}

/// Flink's `SnapshotType`. Names of enum constants are kept as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotType<'a> {
    /// Class `CheckpointType`.
    Checkpoint {
        /// `Checkpoint` or `Full Checkpoint`.
        name: Utf<'a>,
        /// `FORWARD_BACKWARD` or, of a full checkpoint, `FORWARD`.
        sharing_files_strategy: Utf<'a>,
    },
    /// Class `SavepointType`.
    Savepoint {
        /// `CANONICAL` or `NATIVE`.
        format_type: Utf<'a>,
        /// `Savepoint`, `Terminate Savepoint` or `Suspend Savepoint`.
        name: Utf<'a>,
        /// `NONE`, `SUSPEND` or `TERMINATE`.
        post_checkpoint_action: Utf<'a>,
    },
}

impl SnapshotType<'_> {
    /// Whether this is a savepoint.
    pub fn is_savepoint(&self) -> bool {
        matches!(self, SnapshotType::Savepoint { .. })
    }
}

/// Reads a trailer: one Java object, behind which `r` is left standing. Flink ignores what
/// follows it; the caller may want to report that.
///
/// # Errors
///
/// The object is cut short or is no Java serialization stream. An object of another class,
/// or with other fields, is [`CheckpointProperties::Unfamiliar`].
pub fn read_properties<'a>(r: &mut Reader<'a>) -> Result<CheckpointProperties<'a>> {
    let stream = read_object(r)?;
    let root = stream.root();
    if root.is_null() {
        return Ok(CheckpointProperties::None);
    }
    Ok(match interpret(root) {
        Ok(properties) => CheckpointProperties::Known(properties),
        Err((class, what)) => CheckpointProperties::Unfamiliar { class, what },
    })
}

type Surprise<'a> = (Utf<'a>, &'static str);

fn interpret<'a>(root: Item<'_, 'a>) -> std::result::Result<Properties<'a>, Surprise<'a>> {
    let class = root.class_name().unwrap_or_default();
    if class.as_bytes() != PROPERTIES.as_bytes() {
        return Err((class, "not a CheckpointProperties object"));
    }
    let flag = |name: &'static str| root.field(name).and_then(Item::as_bool).ok_or((class, name));
    let kind = root.field("checkpointType").ok_or((class, "checkpointType"))?;
    Ok(Properties {
        discard_cancelled: flag("discardCancelled")?,
        discard_failed: flag("discardFailed")?,
        discard_finished: flag("discardFinished")?,
        discard_subsumed: flag("discardSubsumed")?,
        discard_suspended: flag("discardSuspended")?,
        forced: flag("forced")?,
        unclaimed: flag("unclaimed")?,
        snapshot_type: snapshot_type(kind)?,
    })
}

fn snapshot_type<'a>(kind: Item<'_, 'a>) -> std::result::Result<SnapshotType<'a>, Surprise<'a>> {
    let class = kind.class_name().unwrap_or_default();
    let text = |name: &'static str| kind.field(name).and_then(Item::as_text).ok_or((class, name));
    let constant =
        |name: &'static str| kind.field(name).and_then(Item::enum_constant).ok_or((class, name));
    match class.as_bytes() {
        name if name == CHECKPOINT_TYPE.as_bytes() => Ok(SnapshotType::Checkpoint {
            name: text("name")?,
            sharing_files_strategy: constant("sharingFilesStrategy")?,
        }),
        name if name == SAVEPOINT_TYPE.as_bytes() => Ok(SnapshotType::Savepoint {
            format_type: constant("formatType")?,
            name: text("name")?,
            post_checkpoint_action: constant("postCheckpointAction")?,
        }),
        _ => Err((class, "neither a CheckpointType nor a SavepointType")),
    }
}
