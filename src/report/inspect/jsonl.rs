//! `--output jsonl`: one record a line, so that nothing has to be held.

use std::io;
use std::io::Write;

use serde::Serialize;

use super::CheckpointJson;
use super::OperatorSummary;
use super::SubtaskJson;
use super::build;
use super::build::Context;
use super::convert::Convert;
use crate::ops::inspect::Facts;
use crate::ops::inspect::Survey;
use crate::report::document::Head;
use crate::report::document::line;

#[derive(Serialize)]
struct Header<'d> {
    #[serde(flatten)]
    head: &'d Head,
    checkpoint: &'d CheckpointJson,
}

#[derive(Serialize)]
struct OfOperator<'d, 'r> {
    operator_id: &'d str,
    #[serde(flatten)]
    subtask: SubtaskJson<'r>,
}

#[derive(Serialize)]
struct Totals {
    operators: u64,
    handles: u64,
    state_bytes: Option<u64>,
    new_bytes: Option<u64>,
    inline_bytes: u64,
    files: u64,
    file_bytes: Option<u64>,
}

/// Writes a checkpoint: header, operators each with its subtasks, files, with `--sst` SSTs and
/// their sums, totals.
///
/// # Errors
/// What `out` says.
pub fn write<'r, 'a: 'r>(
    survey: Survey<'r, 'a>,
    facts: &'r Facts<'r, 'a>,
    context: Context<'r>,
    out: &mut impl Write,
) -> io::Result<()> {
    let document = build::checkpoint(survey, facts, context);
    let checkpoint = &document.checkpoint;
    line(out, "header", Header { head: &document.head, checkpoint })?;
    let convert = Convert { survey, metas: &facts.metas };
    for operator in &facts.operators {
        let summary: OperatorSummary<'_> = build::summary(convert, operator);
        let id = summary.operator_id.clone();
        line(out, "operator", summary)?;
        for subtask in build::subtasks_json(convert, operator, facts.records_new()).iter() {
            line(out, "subtask", OfOperator { operator_id: &id, subtask })?;
        }
    }
    for file in build::file_list(survey, facts, context.files).iter() {
        line(out, "file", file)?;
    }
    if let Some(ssts) = &document.sst {
        ssts.files.iter().try_for_each(|sst| line(out, "sst", sst))?;
        ssts.states.iter().try_for_each(|sums| line(out, "sst_state", sums))?;
        ssts.operators.iter().try_for_each(|sums| line(out, "sst_operator", sums))?;
        ssts.key_groups.iter().try_for_each(|sums| line(out, "sst_key_groups", sums))?;
    }
    let totals = Totals {
        operators: facts.operators.len() as u64,
        handles: checkpoint.handles,
        state_bytes: checkpoint.state_bytes,
        new_bytes: checkpoint.new_bytes,
        inline_bytes: checkpoint.inline_bytes,
        files: checkpoint.files,
        file_bytes: checkpoint.file_bytes,
    };
    line(out, "totals", totals)
}
