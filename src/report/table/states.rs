//! The states of operators.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use super::View;
use super::grid::Column;
use super::grid::Grid;
use crate::ops::inspect::Facts;
use crate::ops::inspect::MergedState;
use crate::ops::inspect::type_text;
use crate::ops::inspect::warnings::label;
use crate::report::text::display_safe;

/// What identifies a state, and its types.
const COLUMNS: [Column; 6] = [
    Column::text("STATE"),
    Column::text("KIND"),
    Column::text("KEY").wraps(),
    Column::text("NAMESPACE").wraps(),
    Column::text("VALUE").wraps(),
    Column::number("SUBTASKS"),
];

/// The states of all operators, in the order of the operators' table.
pub(super) fn all(facts: &Facts<'_, '_>, view: View, out: &mut impl Write) -> io::Result<()> {
    let with_states = facts.operators.iter().filter(|operator| !operator.states.is_empty());
    let mut operators: Vec<_> = with_states.collect();
    operators.sort_by_cached_key(|operator| {
        let state = &operator.state;
        (state.uid.is_none() && state.name.is_none(), label(state), state.id)
    });
    for operator in operators {
        writeln!(out, "\nStates of {}", display_safe(&label(&operator.state)))?;
        of(&operator.states, view, out)?;
    }
    Ok(())
}

/// States in their order.
pub(super) fn of(states: &[MergedState<'_>], view: View, out: &mut impl Write) -> io::Result<()> {
    if states.is_empty() {
        return Ok(());
    }
    let mut rows = Grid::new(&COLUMNS);
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
        rows.row(vec![
            meta.name.to_string(),
            kind,
            key.unwrap_or_else(dash),
            role("NAMESPACE_SERIALIZER").unwrap_or_else(dash),
            role("VALUE_SERIALIZER").unwrap_or_else(dash),
            state.subtasks.to_string(),
        ]);
        if let Some(note) = &meta.note {
            notes.insert(meta.name, note.clone());
        }
    }
    writeln!(out)?;
    rows.print(view.width, out)?;
    notes.iter().try_for_each(|(name, note)| {
        writeln!(out, "note: {}", display_safe(&format!("{name}: {note}")))
    })
}
