//! The operators of a checkpoint, and one of them with its subtasks.

use std::io;
use std::io::Write;

use super::View;
use super::fact;
use super::grid::Column;
use super::grid::Grid;
use crate::report::inspect::CheckpointDocument;
use crate::report::inspect::KeyGroupsJson;
use crate::report::inspect::KeyedDetailJson;
use crate::report::inspect::KeyedJson;
use crate::report::inspect::OperatorJson;
use crate::report::inspect::OperatorSummary;
use crate::report::inspect::SubtaskJson;
use crate::report::text::display_safe;
use crate::report::units;

const OPERATORS: [Column; 9] = [
    Column::text("OPERATOR"),
    Column::number("PAR/MAX"),
    Column::text("BACKEND"),
    Column::number("KEYED"),
    Column::number("OP STATE"),
    Column::number("CHANNEL").droppable(),
    Column::number("COORD").droppable(),
    Column::number("NEW"),
    Column::number("SKEW").droppable(),
];

const SUBTASKS: [Column; 9] = [
    Column::number("SUBTASK"),
    Column::text("KEY GROUPS"),
    Column::text("BACKEND ID"),
    Column::number("SHARED"),
    Column::number("PRIVATE"),
    Column::number("KEYED"),
    Column::number("OP STATE"),
    Column::number("CHANNEL").droppable(),
    Column::number("NEW"),
];

/// One row an operator, in the order of their names; those without come last, by id.
pub(super) fn all(
    document: &CheckpointDocument<'_>,
    view: View,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut rows = Vec::new();
    for operator in document.operators.iter() {
        let summary = operator.summary;
        let unnamed = summary.uid.is_none() && summary.name.is_none();
        let key = (unnamed, summary.label().to_owned(), summary.operator_id.clone());
        rows.push((key, operator_row(&summary)));
    }
    if rows.is_empty() {
        return writeln!(out, "\nNo operators.");
    }
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut grid = Grid::new(&OPERATORS);
    rows.into_iter().for_each(|(_, row)| grid.row(row));
    writeln!(out)?;
    grid.print(view.width, out)
}

fn operator_row(summary: &OperatorSummary<'_>) -> Vec<String> {
    let backend = match (summary.fully_finished, summary.backend) {
        (true, _) => "(finished)",
        (false, Some(backend)) => backend,
        (false, None) if summary.backend_unknown => "unknown",
        (false, None) => "-",
    };
    vec![
        name_of(summary),
        format!("{}/{}", summary.parallelism, summary.max_parallelism),
        backend.to_owned(),
        units::cell(summary.keyed_bytes),
        units::cell(summary.operator_bytes),
        units::cell(summary.channel_bytes),
        units::cell(Some(summary.coordinator_bytes)),
        units::cell(summary.new_bytes),
        summary.skew.map_or("-".to_owned(), |skew| format!("{skew:.2}")),
    ]
}

/// The label, with the id where the label is a name, which others can have as well.
fn name_of(summary: &OperatorSummary<'_>) -> String {
    match (&summary.uid, &summary.name) {
        (None, Some(name)) => format!("{name} ({})", summary.operator_id),
        _ => summary.label().to_owned(),
    }
}

/// One operator with a row for each subtask.
pub(super) fn one(operator: &OperatorJson<'_>, view: View, out: &mut impl Write) -> io::Result<()> {
    let summary = &operator.summary;
    writeln!(out, "\nOperator {}", display_safe(&name_of(summary)))?;
    fact(out, "id", &summary.operator_id)?;
    if let Some(name) = summary.name.as_ref().filter(|_| summary.uid.is_some()) {
        fact(out, "name", name)?;
    }
    let (parallelism, max) = (summary.parallelism, summary.max_parallelism);
    fact(out, "parallelism", &format!("{parallelism}, at most {max}"))?;
    let without = match (summary.fully_finished, summary.backend_unknown) {
        (true, _) => "all subtasks have finished",
        (false, true) => "unknown",
        (false, false) if summary.keyed_bytes == Some(0) => "no keyed state",
        (false, false) => "no managed keyed state",
    };
    fact(out, "backend", summary.backend.unwrap_or(without))?;
    let new = summary.new_bytes.map_or_else(|| "not recorded".to_owned(), units::bytes);
    fact(out, "size", &format!("{}, new {new}", units::maybe_bytes(summary.state_bytes)))?;
    if let Some(coordinator) = &summary.coordinator {
        let size = units::maybe_bytes(coordinator.state_bytes);
        fact(out, "coordinator", &format!("{size}, {}", coordinator.class))?;
    }
    let mut grid = Grid::new(&SUBTASKS);
    operator.subtasks.iter().for_each(|subtask| grid.row(subtask_row(&subtask)));
    if grid.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    grid.print(view.width, out)
}

fn subtask_row(subtask: &SubtaskJson<'_>) -> Vec<String> {
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
    let mut databases = Databases::default();
    keyed.iter().for_each(|keyed| databases.add(keyed));
    let [backend, shared, private] = databases.cells();
    vec![
        subtask.index.to_string(),
        key_groups,
        backend,
        shared,
        private,
        units::cell(subtask.keyed_bytes),
        units::cell(subtask.operator_bytes),
        units::cell(subtask.channel_bytes),
        units::cell(subtask.new_bytes),
    ]
}

/// The databases of a subtask: one, or under changelog one for each materialized part.
#[derive(Debug, Default)]
struct Databases {
    ids: Vec<String>,
    shared: u64,
    private: u64,
}

impl Databases {
    fn add(&mut self, keyed: &KeyedJson<'_>) {
        match &keyed.detail {
            KeyedDetailJson::Incremental { backend_id, shared, private, .. } => {
                self.shared += shared.iter().count() as u64;
                self.private += private.iter().count() as u64;
                if !self.ids.contains(backend_id) {
                    self.ids.push(backend_id.clone());
                }
            }
            KeyedDetailJson::Changelog { materialized, .. } => {
                materialized.iter().for_each(|part| self.add(&part));
            }
            _ => {}
        }
    }

    /// Backend id and numbers of shared and private files.
    fn cells(&self) -> [String; 3] {
        let Some(first) = self.ids.first() else { return ["-", "-", "-"].map(str::to_owned) };
        let id = match self.ids.len() - 1 {
            0 => first.clone(),
            more => format!("{first} and {more} more"),
        };
        [id, units::grouped(self.shared), units::grouped(self.private)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::inspect::NamedJson;
    use crate::report::seq::Seq;

    fn keyed(detail: KeyedDetailJson<'static>) -> KeyedJson<'static> {
        KeyedJson {
            class: "",
            key_groups: None,
            state_bytes: None,
            new_bytes: None,
            state_handle_id: None,
            detail,
            backend_meta: None,
        }
    }

    fn database(id: &'static str, shared: usize) -> KeyedJson<'static> {
        let files = |count| {
            let named = || NamedJson { local_name: String::new(), handle: None };
            Seq::new(move || std::iter::repeat_with(named).take(count))
        };
        keyed(KeyedDetailJson::Incremental {
            backend_id: id.into(),
            checkpoint_id: 1,
            meta: None,
            shared: files(shared),
            private: files(1),
        })
    }

    #[test]
    fn all_materialized_parts_are_counted() {
        let mut databases = Databases::default();
        databases.add(&keyed(KeyedDetailJson::Changelog {
            checkpoint_id: None,
            materialization_id: None,
            materialized: Seq::new(|| ["a", "b", "a"].map(|id| database(id, 2)).into_iter()),
            non_materialized: Seq::optional(|| None),
        }));
        assert_eq!(databases.cells(), ["a and 1 more", "6", "3"]);
        assert_eq!(Databases::default().cells(), ["-", "-", "-"]);
    }
}
