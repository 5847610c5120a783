//! The files of a checkpoint.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use crate::ops::inspect::Facts;
use crate::ops::inspect::warnings::label;
use crate::report::inspect::FileJson;
use crate::report::seq::Seq;
use crate::report::text::display_safe;
use crate::report::units;

pub(super) fn list(
    files: &Seq<'_, FileJson>,
    facts: &Facts<'_, '_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let labels: BTreeMap<String, String> = facts
        .operators
        .iter()
        .map(|operator| (operator.state.id.to_string(), label(&operator.state)))
        .collect();
    // Not a table of the library, which would hold all rows: there can be a million files.
    let mut width = 0;
    for file in files.iter() {
        width = width.max(display_safe(&file.path).chars().count());
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
        let by = few(by.collect());
        let (path, by) = (display_safe(&file.path), display_safe(&by));
        let size = units::maybe_bytes(file.bytes);
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
