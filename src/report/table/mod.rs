//! A checkpoint as a page for a person.
//!
//! Shows what the document says, in fewer words. Without a terminal nothing is ever cut.

mod diff;
mod files;
mod grid;
mod history;
mod operators;
mod restore;
mod sst;
mod states;
mod tree;
mod verify;

pub use diff::DiffView;
pub use diff::diff;
pub use restore::restore;
pub use tree::job;
pub use tree::root;
pub use verify::verify;

use std::io;
use std::io::Write;

use super::inspect::CheckpointDocument;
use super::inspect::CheckpointTypeJson;
use super::inspect::PropertiesJson;
use super::text::display_safe;
use super::units;
use crate::ops::inspect::Facts;

/// What of a checkpoint is shown.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// One operator with its subtasks and states, instead of all.
    pub operator: bool,
    /// The states of every operator.
    pub states: bool,
    /// Columns there are; `None` where nothing limits them.
    pub width: Option<usize>,
}

/// Writes the page of a checkpoint.
///
/// # Errors
/// What `out` says.
pub fn checkpoint(
    document: &CheckpointDocument<'_>,
    facts: &Facts<'_, '_>,
    view: View,
    out: &mut impl Write,
) -> io::Result<()> {
    header(document, facts, out)?;
    if view.operator {
        for operator in document.operators.iter() {
            operators::one(&operator, view, out)?;
        }
        for operator in &facts.operators {
            states::of(&operator.states, view, out)?;
        }
    } else {
        operators::all(document, view, out)?;
        if view.states {
            states::all(facts, view, out)?;
        }
    }
    if let Some(ssts) = &document.sst {
        sst::all(ssts, facts, view, out)?;
    }
    if let Some(files) = &document.files {
        files::list(files, facts, out)?;
    }
    Ok(())
}

fn header(
    document: &CheckpointDocument<'_>,
    facts: &Facts<'_, '_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let checkpoint = &document.checkpoint;
    let what = match (checkpoint.kind, checkpoint.savepoint_format) {
        (Some("savepoint"), Some(format)) => format!("{} savepoint", capital(format)),
        (Some("savepoint"), None) => "Savepoint".to_owned(),
        (Some(_), _) => "Checkpoint".to_owned(),
        (None, _) => "Checkpoint or savepoint".to_owned(),
    };
    let job = checkpoint.job_id.as_ref().map_or(String::new(), |job| format!(" of job {job}"));
    writeln!(out, "{} {}{}", display_safe(&what), checkpoint.id, display_safe(&job))?;
    let mut fact = |name: &str, text: String| fact(out, name, &text);
    let location = &document.head.location;
    let location = location.strip_prefix("file://").unwrap_or(location);
    let kind = document.head.location_kind.replace('-', " ");
    fact("location", format!("{location} ({kind})"))?;
    let (version, size) = (checkpoint.metadata_version, checkpoint.metadata_bytes);
    fact(
        "metadata",
        format!(
            "version {version}, as Flink {} writes it; {}",
            checkpoint.written_by,
            units::exact(size)
        ),
    )?;
    if let Some(time) = &checkpoint.completed_at {
        let seconds = units::whole_seconds(time);
        fact("completed", format!("{seconds} ({})", checkpoint.completed_at_source))?;
    }
    if let Some(properties) = &checkpoint.properties {
        fact("properties", properties_text(properties))?;
    }
    if !checkpoint.features.is_empty() {
        fact("features", checkpoint.features.join(", "))?;
    }
    for state in &checkpoint.master_states {
        let bytes = units::bytes(state.bytes);
        fact("master state", format!("{} (version {}), {bytes}", state.name, state.version))?;
    }
    let known = |bytes: Option<u64>| bytes.map_or_else(|| "unknown".to_owned(), units::exact);
    let handles = units::count(checkpoint.handles, "state handle");
    fact("full size", format!("{}, in {handles}", known(checkpoint.state_bytes)))?;
    let new = match checkpoint.new_bytes {
        Some(bytes) => units::exact(bytes),
        None if facts.records_new() => "unknown: a handle does not record it".to_owned(),
        None => "not recorded (Flink records it since 1.15)".to_owned(),
    };
    fact("new bytes", new)?;
    fact("inline", format!("{} inside the metadata", units::exact(checkpoint.inline_bytes)))?;
    let outside = match checkpoint.outside_files {
        0 => String::new(),
        n => format!("; {n} outside of {}", document.head.base),
    };
    let files = units::count(checkpoint.files, "file");
    fact("files", format!("{files}, {}{outside}", known(checkpoint.file_bytes)))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn properties_text(properties: &PropertiesJson) -> String {
    let kind = match &properties.checkpoint_type {
        CheckpointTypeJson::CheckpointType { name, sharing_files_strategy } => {
            format!("{name}, {sharing_files_strategy}")
        }
        CheckpointTypeJson::SavepointType { name, format_type, post_checkpoint_action } => {
            format!("{name}, {format_type}, then {post_checkpoint_action}")
        }
    };
    let events = [
        (properties.discard_subsumed, "subsumed"),
        (properties.discard_finished, "finished"),
        (properties.discard_cancelled, "cancelled"),
        (properties.discard_failed, "failed"),
        (properties.discard_suspended, "suspended"),
    ];
    let deleted: Vec<&str> = events.iter().filter(|(on, _)| *on).map(|(_, event)| *event).collect();
    let deleted = match deleted.as_slice() {
        [] => "never deleted by Flink".to_owned(),
        events => format!("deleted when {}", events.join(", ")),
    };
    let forced = if properties.forced { "; forced" } else { "" };
    let unclaimed = if properties.unclaimed { "; unclaimed" } else { "" };
    format!("{kind}; {deleted}{forced}{unclaimed}")
}

/// A line of facts: a name and what there is to say.
fn fact(out: &mut impl Write, name: &str, text: &str) -> io::Result<()> {
    writeln!(out, "  {name:<12}{}", display_safe(text))
}
