//! A checkpoint as a page for a person.
//!
//! Shows what the document says, in fewer words. Without a terminal nothing is ever cut.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use comfy_table::Cell;
use comfy_table::CellAlignment;
use comfy_table::ContentArrangement;
use comfy_table::Table;
use comfy_table::TableStyle;

use super::inspect::CheckpointDocument;
use super::inspect::CheckpointTypeJson;
use super::inspect::FileJson;
use super::inspect::KeyGroupsJson;
use super::inspect::KeyedDetailJson;
use super::inspect::KeyedJson;
use super::inspect::OperatorJson;
use super::inspect::PropertiesJson;
use super::inspect::SubtaskJson;
use super::inspect::type_text;
use super::seq::Seq;
use super::units;
use crate::ops::inspect::Facts;
use crate::ops::inspect::MergedState;
use crate::ops::inspect::OperatorFacts;

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
    header(document, out)?;
    if view.operator {
        for (operator, facts) in document.operators.iter().zip(&facts.operators) {
            one_operator(&operator, facts, view, out)?;
        }
    } else {
        operators(document, facts, view, out)?;
        if view.states {
            all_states(facts, view, out)?;
        }
    }
    if let Some(files) = &document.files {
        list_files(files, facts, out)?;
    }
    Ok(())
}

fn header(document: &CheckpointDocument<'_>, out: &mut impl Write) -> io::Result<()> {
    let checkpoint = &document.checkpoint;
    let what = match (checkpoint.kind, checkpoint.savepoint_format) {
        (Some("savepoint"), Some(format)) => format!("{} savepoint", capital(format)),
        (Some("savepoint"), None) => "Savepoint".to_owned(),
        (Some(_), _) => "Checkpoint".to_owned(),
        (None, _) => "Checkpoint or savepoint".to_owned(),
    };
    let job = checkpoint.job_id.as_ref().map_or(String::new(), |job| format!(" of job {job}"));
    writeln!(out, "{what} {}{job}", checkpoint.id)?;
    let mut fact = |name: &str, text: String| writeln!(out, "  {name:<12}{text}");
    let location = &document.head.location;
    fact("location", location.strip_prefix("file://").unwrap_or(location).to_owned())?;
    let (version, size) = (checkpoint.metadata_version, checkpoint.metadata_bytes);
    fact(
        "metadata",
        format!("version {version}, as Flink {} writes it; {}", checkpoint.written_by, exact(size)),
    )?;
    if let Some(time) = &checkpoint.completed_at {
        // Whole seconds are enough for a person.
        let seconds =
            time.split_once('.').map_or(time.clone(), |(seconds, _)| format!("{seconds}Z"));
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
    let known = |bytes: Option<u64>| bytes.map_or_else(|| "unknown".to_owned(), exact);
    let handles = units::count(checkpoint.handles, "handle");
    fact("full size", format!("{}, in {handles}", known(checkpoint.state_bytes)))?;
    let new = match checkpoint.new_bytes {
        Some(bytes) => exact(bytes),
        None => "not recorded (Flink records it since 1.15)".to_owned(),
    };
    fact("new bytes", new)?;
    fact("inline", format!("{} inside the metadata", exact(checkpoint.inline_bytes)))?;
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

fn exact(bytes: u64) -> String {
    if bytes < 1024 {
        return units::bytes(bytes);
    }
    format!("{} ({} bytes)", units::bytes(bytes), units::grouped(bytes))
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

/// A table without lines; numbers to the right from column `numbers` on.
fn table(view: View, columns: &[&str], right: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(columns);
    match view.width {
        Some(width) => {
            let width = u16::try_from(width).unwrap_or(u16::MAX);
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if right.contains(&at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn print(table: &Table, out: &mut impl Write) -> io::Result<()> {
    table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

fn operators(
    document: &CheckpointDocument<'_>,
    facts: &Facts<'_, '_>,
    view: View,
    out: &mut impl Write,
) -> io::Result<()> {
    if facts.operators.is_empty() {
        return writeln!(out, "\nNo operators.");
    }
    let columns =
        ["OPERATOR", "PAR/MAX", "BACKEND", "KEYED", "OP STATE", "CHANNEL", "COORD", "NEW", "SKEW"];
    let mut rows = table(view, &columns, &[1, 3, 4, 5, 6, 7, 8]);
    for (operator, facts) in document.operators.iter().zip(&facts.operators) {
        let summary = operator.summary;
        rows.add_row(vec![
            Cell::new(name_of(&summary.uid, &summary.name, &summary.operator_id)),
            Cell::new(format!("{}/{}", summary.parallelism, summary.max_parallelism)),
            Cell::new(match (summary.fully_finished, summary.backend) {
                (true, _) => "(finished)",
                (false, backend) => backend.unwrap_or("-"),
            }),
            Cell::new(units::cell(summary.keyed_bytes)),
            Cell::new(units::cell(summary.operator_bytes)),
            Cell::new(units::cell(summary.channel_bytes)),
            Cell::new(units::cell(Some(summary.coordinator_bytes))),
            Cell::new(units::cell(summary.new_bytes)),
            Cell::new(facts.skew.map_or("-".to_owned(), |skew| format!("{skew:.2}"))),
        ]);
    }
    writeln!(out)?;
    print(&rows, out)
}

fn name_of(uid: &Option<String>, name: &Option<String>, id: &str) -> String {
    match (uid, name) {
        (Some(uid), _) => uid.clone(),
        (None, Some(name)) => format!("{name} ({id})"),
        (None, None) => id.to_owned(),
    }
}

fn one_operator(
    operator: &OperatorJson<'_>,
    facts: &OperatorFacts<'_, '_>,
    view: View,
    out: &mut impl Write,
) -> io::Result<()> {
    let summary = &operator.summary;
    writeln!(out, "\nOperator {}", name_of(&summary.uid, &summary.name, &summary.operator_id))?;
    let mut fact = |name: &str, text: String| writeln!(out, "  {name:<12}{text}");
    fact("id", summary.operator_id.clone())?;
    if let Some(name) = summary.name.as_ref().filter(|_| summary.uid.is_some()) {
        fact("name", name.clone())?;
    }
    let (parallelism, max) = (summary.parallelism, summary.max_parallelism);
    fact("parallelism", format!("{parallelism}, at most {max}"))?;
    let backend =
        if summary.fully_finished { "all subtasks have finished" } else { "no keyed state" };
    fact("backend", summary.backend.unwrap_or(backend).to_owned())?;
    let new = summary.new_bytes.map_or_else(|| "not recorded".to_owned(), units::bytes);
    fact("size", format!("{}, new {new}", units::maybe_bytes(summary.state_bytes)))?;
    if let Some(coordinator) = &summary.coordinator {
        let size = units::maybe_bytes(coordinator.state_bytes);
        fact("coordinator", format!("{size}, {}", coordinator.class))?;
    }
    let columns = [
        "SUBTASK",
        "KEY GROUPS",
        "BACKEND ID",
        "SHARED",
        "PRIVATE",
        "KEYED",
        "OP STATE",
        "CHANNEL",
        "NEW",
    ];
    let mut rows = table(view, &columns, &[0, 3, 4, 5, 6, 7, 8]);
    let mut any = false;
    for (subtask, facts) in operator.subtasks.iter().zip(subtask_sizes(facts)) {
        any = true;
        rows.add_row(subtask_row(&subtask, facts));
    }
    if any {
        writeln!(out)?;
        print(&rows, out)?;
    }
    states(&facts.states, view, out)
}

/// Keyed, operator and channel bytes of each subtask, in the order of their indexes.
fn subtask_sizes(facts: &OperatorFacts<'_, '_>) -> Vec<[Option<u64>; 3]> {
    use crate::ops::inspect::sizes::Sizes;
    let mut all: Vec<_> = crate::ops::inspect::subtasks(&facts.state).collect();
    all.sort_by_key(|subtask| subtask.index());
    let sizes = all.iter().map(|subtask| Sizes::of_subtask(subtask, true));
    sizes.map(|sizes| [sizes.keyed, sizes.operator, sizes.channel]).collect()
}

fn subtask_row(subtask: &SubtaskJson<'_>, sizes: [Option<u64>; 3]) -> Vec<Cell> {
    let keyed = subtask.managed_keyed.iter().next();
    let range = |range: &Option<KeyGroupsJson>| match range {
        Some(range) => format!("{}-{}", range.start, range.end),
        None => "none".to_owned(),
    };
    let key_groups = match (&keyed, subtask.finished) {
        (_, true) => "(finished)".to_owned(),
        (Some(keyed), _) => range(&keyed.key_groups),
        (None, _) => "-".to_owned(),
    };
    let (backend, shared, private) = keyed.as_ref().map_or_else(dashes, database);
    let [keyed, operator, channel] = sizes.map(units::cell);
    let new = units::cell(subtask.new_bytes);
    let index = subtask.index.to_string();
    [index, key_groups, backend, shared, private, keyed, operator, channel, new]
        .into_iter()
        .map(Cell::new)
        .collect()
}

fn dashes() -> (String, String, String) {
    ("-".into(), "-".into(), "-".into())
}

/// Backend id and numbers of shared and private files, also of a materialized part.
fn database(keyed: &KeyedJson<'_>) -> (String, String, String) {
    match &keyed.detail {
        KeyedDetailJson::Incremental { backend_id, shared, private, .. } => {
            let number = |n: usize| units::grouped(n as u64);
            (backend_id.clone(), number(shared.iter().count()), number(private.iter().count()))
        }
        KeyedDetailJson::Changelog { materialized, .. } => {
            materialized.iter().next().as_ref().map_or_else(dashes, database)
        }
        _ => dashes(),
    }
}

fn all_states(facts: &Facts<'_, '_>, view: View, out: &mut impl Write) -> io::Result<()> {
    for operator in facts.operators.iter().filter(|operator| !operator.states.is_empty()) {
        let label = crate::ops::inspect::warnings::label(&operator.state);
        writeln!(out, "\nStates of {label}")?;
        states(&operator.states, view, out)?;
    }
    Ok(())
}

fn states(states: &[MergedState<'_>], view: View, out: &mut impl Write) -> io::Result<()> {
    if states.is_empty() {
        return Ok(());
    }
    let mut rows = table(view, &["STATE", "KIND", "KEY", "NAMESPACE", "VALUE", "SUBTASKS"], &[5]);
    let mut notes = BTreeMap::new();
    for state in states {
        let meta = &state.meta;
        let option = meta.options.first().map(|(_, value)| value.to_string());
        let kind = match option {
            Some(option) if option != meta.kind.name() => format!("{} {option}", meta.kind.name()),
            _ => meta.kind.name().to_owned(),
        };
        let role = |role: &str| meta.serializer(role).map(type_text);
        let key = state.key_serializer.as_ref().map(type_text).or_else(|| role("KEY_SERIALIZER"));
        let dash = || "-".to_owned();
        rows.add_row(vec![
            Cell::new(meta.name),
            Cell::new(kind),
            Cell::new(key.unwrap_or_else(dash)),
            Cell::new(role("NAMESPACE_SERIALIZER").unwrap_or_else(dash)),
            Cell::new(role("VALUE_SERIALIZER").unwrap_or_else(dash)),
            Cell::new(state.subtasks),
        ]);
        if let Some(note) = &meta.note {
            notes.insert(meta.name, note.clone());
        }
    }
    writeln!(out)?;
    print(&rows, out)?;
    notes.iter().try_for_each(|(name, note)| writeln!(out, "note: {name}: {note}"))
}

fn list_files(
    files: &Seq<'_, FileJson>,
    facts: &Facts<'_, '_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let labels: BTreeMap<String, String> = facts
        .operators
        .iter()
        .map(|operator| {
            let label = crate::ops::inspect::warnings::label(&operator.state);
            (operator.state.id.to_string(), label)
        })
        .collect();
    // Not a table of the library, which would hold all rows: there can be a million files.
    let mut width = 0;
    for file in files.iter() {
        width = width.max(file.path.chars().count());
    }
    writeln!(out)?;
    if width == 0 {
        return writeln!(out, "No files: all state is inline.");
    }
    writeln!(out, "{:width$}  {:>10}  {:>4}  {:<19}  BY", "FILE", "SIZE", "REFS", "USED AS")?;
    for file in files.iter() {
        let role = file.referrers.first().map_or("-", |first| first.role);
        let by = file.referrers.iter().map(|one| {
            let operator = labels.get(&one.operator_id).unwrap_or(&one.operator_id);
            let subtask = one.subtask.map_or(String::new(), |index| format!("/{index}"));
            let name = one.local_name.as_ref().map_or(String::new(), |name| format!(" {name}"));
            format!("{operator}{subtask}{name}")
        });
        let (path, size, by) = (&file.path, units::maybe_bytes(file.bytes), few(by.collect()));
        writeln!(out, "{path:width$}  {size:>10}  {:>4}  {role:<19}  {by}", file.references)?;
    }
    Ok(())
}

/// The first referrers; a file of channel state can have hundreds.
fn few(names: Vec<String>) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
