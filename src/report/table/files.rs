//! The files of a checkpoint.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::io;
use std::io::Write;

use crate::model::layout;
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
    let width = path_width(files.iter().map(|file| file.path));
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
        let users = file.referrers.len();
        let by = few(by.take(SHOWN).collect(), users);
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
    let width = path_width(files.iter().map(|file| file.path));
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
        // Each once, however many checkpoints it is in; in the order of the first.
        let mut users = HashSet::new();
        let mut by: Vec<String> = Vec::new();
        for one in &file.referrers {
            let local_name = one.local_name.as_deref();
            if users.insert((one.operator_id.as_str(), one.subtask, local_name)) && by.len() < SHOWN
            {
                let operator = labels.get(&one.operator_id).unwrap_or(&one.operator_id);
                by.push(user(operator, one.subtask, local_name));
            }
        }
        let text = match file.checkpoints.len() {
            0 => "nobody".to_owned(),
            _ => format!("{} in {}", few(by, users.len()), checkpoints(&file.checkpoints, own)),
        };
        let missing = match file.missing {
            Some(false) => "",
            Some(true) => " (missing)",
            None => " (not known to be there)",
        };
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

/// The width of a column of paths; 0 without any. Not of a table of the library, which would hold
/// all rows: there can be a million files.
fn path_width(paths: impl Iterator<Item = String>) -> usize {
    paths.map(|path| text::width(&display_safe(&path))).max().unwrap_or(0)
}

/// Checkpoints by the names of their directories, job by job; those of other jobs with the job.
fn checkpoints(metadata: &[String], own: &str) -> String {
    let parts = metadata.iter().map(|path| {
        let directory = path.strip_suffix("/_metadata").unwrap_or(path);
        directory.rsplit_once('/').unwrap_or(("", directory))
    });
    let parts: Vec<(&str, &str)> = parts.collect();
    let name = |(job, name): (&str, &str)| match job {
        "" => name.to_owned(),
        job if job == own => name.to_owned(),
        job => format!("{job}/{name}"),
    };
    let mut texts = Vec::new();
    for of_job in parts.chunk_by(|a, b| a.0 == b.0) {
        match of_job {
            // Only those of a job follow each other; savepoints beside it do not.
            [first, .., last] if of_job.len() > SHOWN && follow(of_job) => {
                texts.push(format!("{} to {}", name(*first), last.1));
            }
            several => texts.extend(several.iter().map(|one| name(*one))),
        }
    }
    let all = texts.len();
    // A file that hundreds of jobs claimed would fill the screen.
    match all > 3 * SHOWN {
        true => few(texts, all),
        false => texts.join(", "),
    }
}

/// Whether all are checkpoints, in the order of their ids.
fn follow(of_job: &[(&str, &str)]) -> bool {
    let mut ids = of_job.iter().map(|(_, name)| layout::checkpoint_number(name));
    ids.all(|id| id.is_some())
        && of_job.iter().is_sorted_by_key(|(_, name)| layout::checkpoint_number(name))
}

fn user(operator: &str, subtask: Option<i32>, local_name: Option<&str>) -> String {
    let subtask = subtask.map_or(String::new(), |index| format!("/{index}"));
    let name = local_name.map_or(String::new(), |name| format!(" {name}"));
    format!("{operator}{subtask}{name}")
}

/// More referrers than this are not named.
const SHOWN: usize = 3;

/// The first of so many; a file of channel state can have hundreds of referrers.
fn few(names: Vec<String>, all: usize) -> String {
    let shown = names.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
    match all.saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {} more", units::grouped(more as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_counted() {
        let names = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(few(names(3), 3), "0, 1, 2");
        assert_eq!(few(names(3), 1003), "0, 1, 2 and 1,000 more");
        assert_eq!(few(names(5), 5), "0, 1, 2 and 2 more");
    }

    #[test]
    fn ranges_of_checkpoints_are_of_one_job() {
        let text = |metadata: &[&str], own: &str| {
            let metadata: Vec<String> =
                metadata.iter().map(|path| format!("{path}/_metadata")).collect();
            checkpoints(&metadata, own)
        };
        assert_eq!(
            text(&["a/chk-7", "a/chk-8", "b/chk-4", "b/chk-5"], ""),
            "a/chk-7, a/chk-8, b/chk-4, b/chk-5"
        );
        let four = ["a/chk-7", "a/chk-8", "a/chk-9", "a/chk-10", "b/chk-4"];
        assert_eq!(text(&four, ""), "a/chk-7 to chk-10, b/chk-4");
        assert_eq!(text(&four, "a"), "chk-7 to chk-10, b/chk-4");
        assert_eq!(text(&["s-1", "s-2", "s-3", "s-4"], ""), "s-1, s-2, s-3, s-4");
        assert_eq!(text(&["file:///x/chk-1"], "a"), "file:///x/chk-1");
    }
}
