//! `--output jsonl`: one record a line. Files are records of their own.

use std::io;
use std::io::Write;

use serde::Serialize;

use super::CompactionJson;
use super::DiffDocument;
use super::FromTo;
use super::InlineJson;
use super::OperatorDiffSummary;
use super::PartJson;
use super::PartsJson;
use super::SideJson;
use super::StateDiffJson;
use super::SubtaskDiffJson;
use crate::report::document::Head;
use crate::report::document::line;
use crate::report::inspect::KeyGroupsJson;

#[derive(Serialize)]
struct Header<'d> {
    #[serde(flatten)]
    head: &'d Head,
    from: &'d SideJson,
    to: &'d SideJson,
    operator_id: &'d Option<String>,
    reversed: bool,
}

/// Files without their paths.
#[derive(Serialize)]
struct Count {
    files: u64,
    whole_files: u64,
    segments: u64,
    bytes: Option<u64>,
}

/// What changed, without the paths.
#[derive(Serialize)]
struct Parts {
    kept: Count,
    added: Count,
    dropped: Count,
    inline: InlineJson,
}

impl Parts {
    fn of(parts: &PartsJson<'_>) -> Self {
        let count = |part: &PartJson<'_>| Count {
            files: part.files,
            whole_files: part.whole_files,
            segments: part.segments,
            bytes: part.bytes,
        };
        Parts {
            kept: count(&parts.kept),
            added: count(&parts.added),
            dropped: count(&parts.dropped),
            inline: parts.inline,
        }
    }
}

#[derive(Serialize)]
struct Operator<'d> {
    operator_id: &'d str,
    uid: &'d Option<String>,
    name: &'d Option<String>,
    change: &'static str,
    parallelism: FromTo<Option<i32>>,
    max_parallelism: FromTo<Option<i32>>,
    fully_finished: FromTo<Option<bool>>,
    backend: FromTo<Option<&'static str>>,
    state_bytes: FromTo<Option<u64>>,
    new_bytes: FromTo<Option<u64>>,
    growth_bytes: Option<i64>,
    growth: Option<f64>,
    #[serde(flatten)]
    parts: Parts,
    states: &'d Option<Vec<StateDiffJson>>,
    compactions: &'d [CompactionJson],
}

#[derive(Serialize)]
struct Subtask<'d> {
    operator_id: &'d str,
    index: Option<i32>,
    key_groups: &'d FromTo<Option<KeyGroupsJson>>,
    finished: FromTo<bool>,
    #[serde(flatten)]
    parts: Parts,
}

#[derive(Serialize)]
struct File {
    change: &'static str,
    path: String,
}

#[derive(Serialize)]
struct Totals {
    different: bool,
    grew_too_much: Option<bool>,
    state_bytes: FromTo<Option<u64>>,
    growth_bytes: Option<i64>,
    growth: Option<f64>,
    new_bytes: FromTo<Option<u64>>,
    #[serde(flatten)]
    parts: Parts,
}

/// Writes a diff: header, operators each with its subtasks, files, totals.
///
/// # Errors
/// What `out` says.
pub fn write(document: &DiffDocument<'_>, out: &mut impl Write) -> io::Result<()> {
    let DiffDocument { head, from, to, operator_id, reversed, totals, .. } = document;
    line(out, "header", Header { head, from, to, operator_id, reversed: *reversed })?;
    for operator in document.operators.iter() {
        line(out, "operator", of_operator(&operator.summary))?;
        for SubtaskDiffJson { index, key_groups, finished, parts } in operator.subtasks.iter() {
            let operator_id = operator.summary.operator_id.as_str();
            let (key_groups, parts) = (&key_groups, Parts::of(&parts));
            line(out, "subtask", Subtask { operator_id, index, key_groups, finished, parts })?;
        }
    }
    let PartsJson { kept, added, dropped, .. } = &totals.parts;
    for (change, part) in [("kept", kept), ("added", added), ("dropped", dropped)] {
        part.paths.iter().try_for_each(|path| line(out, "file", File { change, path }))?;
    }
    let totals = Totals {
        different: document.different,
        grew_too_much: document.grew_too_much,
        state_bytes: totals.state_bytes,
        growth_bytes: totals.growth_bytes,
        growth: totals.growth,
        new_bytes: totals.new_bytes,
        parts: Parts::of(&totals.parts),
    };
    line(out, "totals", totals)
}

fn of_operator<'d>(summary: &'d OperatorDiffSummary<'_>) -> Operator<'d> {
    Operator {
        operator_id: &summary.operator_id,
        uid: &summary.uid,
        name: &summary.name,
        change: summary.change,
        parallelism: summary.parallelism,
        max_parallelism: summary.max_parallelism,
        fully_finished: summary.fully_finished,
        backend: summary.backend,
        state_bytes: summary.state_bytes,
        new_bytes: summary.new_bytes,
        growth_bytes: summary.growth_bytes,
        growth: summary.growth,
        parts: Parts::of(&summary.parts),
        states: &summary.states,
        compactions: &summary.compactions,
    }
}
