//! The files of a checkpoint.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use crate::ops::inspect::Facts;
use crate::ops::inspect::tree::Facts as TreeFacts;
use crate::ops::inspect::warnings::label;
use crate::report::inspect::FileJson;
use crate::report::inspect::tree::TreeFileJson;
use crate::report::seq::Seq;
use crate::report::text;
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
        width = width.max(text::width(&display_safe(&file.path)));
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
            user(operator, one.subtask, one.local_name.as_deref())
        });
        let by = few(by.collect());
        let (path, by) = (display_safe(&file.path), display_safe(&by));
        let size = units::maybe_bytes(file.bytes);
        writeln!(out, "{path:width$}  {size:>10}  {:>4}  {role:<19}  {by}", file.references)?;
    }
    Ok(())
}

/// The files of a job or root, with the checkpoints that refer to them.
pub(super) fn tree_list(
    files: &Seq<'_, TreeFileJson>,
    facts: &TreeFacts,
    own: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let labels: BTreeMap<String, String> = facts
        .operators
        .keys()
        .map(|id| id.to_string())
        .map(|id| (id.clone(), facts.label(&id)))
        .collect();
    let mut width = 0;
    for file in files.iter() {
        width = width.max(text::width(&display_safe(&file.path)));
    }
    writeln!(out)?;
    if width == 0 {
        return writeln!(out, "No files.");
    }
    writeln!(
        out,
        "{:width$}  {:>10}  {:>4}  {:>4}  {:<19}  BY, IN",
        "FILE", "SIZE", "CHKS", "REFS", "USED AS"
    )?;
    for file in files.iter() {
        let role = file.referrers.first().map_or("-", |first| first.role);
        let mut by: Vec<String> = Vec::new();
        for one in &file.referrers {
            let operator = labels.get(&one.operator_id).unwrap_or(&one.operator_id);
            let text = user(operator, one.subtask, one.local_name.as_deref());
            if !by.contains(&text) && by.len() <= SHOWN {
                by.push(text);
            }
        }
        let text = match file.checkpoints.len() {
            0 => "nobody".to_owned(),
            _ => format!("{} in {}", few(by), checkpoints(&file.checkpoints, own)),
        };
        let missing = if file.missing { " (missing)" } else { "" };
        let (path, text) = (display_safe(&file.path), display_safe(&text));
        let size = units::maybe_bytes(file.bytes);
        let (checkpoints, references) = (file.checkpoints.len(), file.references);
        writeln!(
            out,
            "{path:width$}  {size:>10}  {checkpoints:>4}  {references:>4}  {role:<19}  {text}{missing}"
        )?;
    }
    Ok(())
}

/// Checkpoints by the names of their directories; those of other jobs with the job.
fn checkpoints(metadata: &[String], own: &str) -> String {
    let name = |path: &String| {
        let directory = path.strip_suffix("/_metadata").unwrap_or(path);
        let own = directory.strip_prefix(own).and_then(|rest| rest.strip_prefix('/'));
        own.filter(|rest| !rest.contains('/')).unwrap_or(directory).to_owned()
    };
    match metadata {
        [first, .., last] if metadata.len() > SHOWN => {
            format!("{} to {}", name(first), name(last))
        }
        several => several.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

fn user(operator: &str, subtask: Option<i32>, local_name: Option<&str>) -> String {
    let subtask = subtask.map_or(String::new(), |index| format!("/{index}"));
    let name = local_name.map_or(String::new(), |name| format!(" {name}"));
    format!("{operator}{subtask}{name}")
}

/// More referrers than this are not named.
const SHOWN: usize = 3;

/// The first referrers; a file of channel state can have hundreds.
fn few(names: Vec<String>) -> String {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
