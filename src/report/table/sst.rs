//! The SSTs of a checkpoint: how much of each state they hold.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use super::View;
use super::grid::Column;
use super::grid::Grid;
use crate::ops::inspect::Facts;
use crate::ops::inspect::backend::Backend;
use crate::ops::inspect::warnings::label;
use crate::report::inspect::KeyGroupsJson;
use crate::report::inspect::SstJson;
use crate::report::inspect::SstKeyGroupsJson;
use crate::report::inspect::SstLevelJson;
use crate::report::inspect::SstStateJson;
use crate::report::inspect::SstsJson;
use crate::report::text::display_safe;
use crate::report::units;

const STATES: [Column; 10] = [
    Column::text("STATE"),
    Column::number("FILES"),
    Column::text("LEVELS"),
    Column::number("ENTRIES"),
    Column::number("DELETIONS"),
    Column::number("RAW"),
    Column::number("STORED"),
    Column::number("RATIO"),
    Column::text("COMPRESSION").spare(),
    Column::text("OLDEST").droppable().spare(),
];

const SUBTASKS: [Column; 6] = [
    Column::number("SUBTASK"),
    Column::text("KEY GROUPS"),
    Column::number("FILES"),
    Column::number("ENTRIES"),
    Column::number("STORED"),
    Column::number("SKEW"),
];

const FILES: [Column; 10] = [
    Column::number("SUBTASK"),
    Column::text("SST"),
    Column::text("STATE"),
    Column::text("LEVEL"),
    Column::text("KEY GROUPS"),
    Column::number("ENTRIES"),
    Column::number("DELETIONS"),
    Column::number("RAW"),
    Column::number("STORED"),
    Column::text("CREATED").droppable().spare(),
];

/// The SSTs of each operator that has any, in the order of the operators' table.
pub(super) fn all(
    ssts: &SstsJson<'_>,
    facts: &Facts<'_, '_>,
    view: View,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut states: BTreeMap<String, Vec<SstStateJson>> = BTreeMap::new();
    for sums in ssts.states.iter() {
        states.entry(sums.operator_id.clone()).or_default().push(sums);
    }
    if states.is_empty() {
        let mut backends = facts.operators.iter().map(|operator| operator.backend);
        let why = if ssts.key_groups.iter().next().is_some() {
            "the databases are empty"
        } else if backends.any(|backend| backend == Some(Backend::Canonical)) {
            "a canonical savepoint holds key groups, no databases"
        } else {
            "no keyed state lies in databases of RocksDB"
        };
        return writeln!(out, "\nNo SSTs: {why}.");
    }
    let mut subtasks: BTreeMap<String, Vec<SstKeyGroupsJson>> = BTreeMap::new();
    for sums in ssts.key_groups.iter() {
        subtasks.entry(sums.operator_id.clone()).or_default().push(sums);
    }
    let mut operators: Vec<_> = facts.operators.iter().map(|operator| &operator.state).collect();
    operators.sort_by_cached_key(|state| {
        (state.uid.is_none() && state.name.is_none(), label(state), state.id)
    });
    for operator in operators {
        let id = operator.id.to_string();
        let Some(states) = states.get(&id) else { continue };
        writeln!(out, "\nSSTs of {}\n", display_safe(&label(operator)))?;
        let mut grid = Grid::new(&STATES);
        states.iter().for_each(|state| grid.row(state_row(state)));
        grid.print(view.width, out)?;
        let mut grid = Grid::new(&SUBTASKS);
        let of_operator = subtasks.get(&id).map(Vec::as_slice).unwrap_or_default();
        of_operator.iter().for_each(|subtask| grid.row(subtask_row(subtask)));
        writeln!(out)?;
        grid.print(view.width, out)?;
    }
    if view.operator {
        let mut grid = Grid::new(&FILES);
        ssts.files.iter().for_each(|file| grid.row(file_row(&file)));
        writeln!(out)?;
        grid.print(view.width, out)?;
    }
    let unread: u64 = ssts.operators.iter().map(|operator| operator.sums.unread_files).sum();
    if unread > 0 {
        let files = units::count(unread, "SST");
        writeln!(out, "\nSums are without {files} that could not be read.")?;
    }
    let requests = units::count(ssts.requests, "read");
    writeln!(
        out,
        "\nEntries are RocksDB's, before compaction: overwritten and deleted ones count. {requests}, {}.",
        units::bytes(ssts.read_bytes)
    )
}

fn number(n: Option<u64>) -> String {
    n.map_or_else(|| "?".to_owned(), units::grouped)
}

fn size(n: Option<u64>) -> String {
    n.map_or_else(|| "?".to_owned(), units::bytes)
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
}

fn time(time: &Option<String>) -> String {
    time.clone().unwrap_or_else(|| "-".to_owned())
}

fn key_groups(range: &Option<KeyGroupsJson>, none: &str) -> String {
    match range {
        Some(range) => format!("{}-{}", range.start, range.end),
        None => none.to_owned(),
    }
}

fn level(level: Option<u32>) -> String {
    level.map_or_else(|| "?".to_owned(), |level| format!("L{level}"))
}

fn levels(levels: &[SstLevelJson]) -> String {
    let each = levels.iter().map(|one| format!("{}:{}", level(one.level), one.files));
    each.collect::<Vec<_>>().join(" ")
}

fn state_row(state: &SstStateJson) -> Vec<String> {
    let sums = &state.sums;
    vec![
        state.column_family.clone().unwrap_or_else(|| "(unknown)".to_owned()),
        units::grouped(sums.files),
        levels(&sums.levels),
        number(sums.entries),
        number(sums.deletions),
        size(sums.raw_bytes),
        units::bytes(sums.stored_bytes),
        ratio(sums.compression_ratio),
        sums.compressions.join(" "),
        time(&sums.oldest_data_time),
    ]
}

fn subtask_row(subtask: &SstKeyGroupsJson) -> Vec<String> {
    let sums = &subtask.sums;
    vec![
        subtask.subtask.to_string(),
        key_groups(&subtask.key_groups, "none"),
        units::grouped(sums.files),
        number(sums.entries),
        units::bytes(sums.stored_bytes),
        ratio(subtask.stored_share),
    ]
}

fn file_row(file: &SstJson) -> Vec<String> {
    vec![
        file.subtask.to_string(),
        file.local_name.clone(),
        file.column_family.clone().unwrap_or_else(|| "?".to_owned()),
        level(file.level),
        key_groups(&file.key_groups, "?"),
        number(file.entries),
        number(file.deletions),
        size(file.raw_bytes),
        size(file.stored_bytes),
        time(&file.created_at),
    ]
}
