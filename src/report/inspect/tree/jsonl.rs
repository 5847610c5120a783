//! `--output jsonl` of a job or a root: one record a line.

use std::io;
use std::io::Write;

use serde::Serialize;

use super::AlsoRead;
use super::CheckpointRowJson;
use super::IncompleteJson;
use super::JobDocument;
use super::JobJson;
use super::NewestJson;
use super::RootDocument;
use super::TotalsJson;
use super::TreeFileJson;
use crate::report::document::Head;
use crate::report::document::line;
use crate::report::seq::Seq;

#[derive(Serialize)]
struct Header<'d> {
    #[serde(flatten)]
    head: &'d Head,
    operator_id: &'d Option<String>,
    also_read: &'d AlsoRead,
}

/// A record of something that is not a checkpoint or a file.
#[derive(Serialize)]
struct Entry<T> {
    kind: &'static str,
    #[serde(flatten)]
    entry: T,
}

/// A job without its checkpoints, which are records of their own.
#[derive(Serialize)]
struct Job<'d> {
    path: &'d str,
    job_id: &'d Option<String>,
    newest: &'d Option<NewestJson>,
    incomplete: &'d [IncompleteJson],
    logical_bytes: Option<u64>,
    refers_to: &'d [String],
    totals: &'d TotalsJson,
}

#[derive(Serialize)]
struct OfJob<'d> {
    job: &'d str,
    #[serde(flatten)]
    checkpoint: CheckpointRowJson,
}

/// Writes a job: header, the job, its checkpoints, cross references, history, files, totals.
///
/// # Errors
/// What `out` says.
pub fn job(document: &JobDocument<'_>, out: &mut impl Write) -> io::Result<()> {
    let JobDocument { head, operator_id, also_read, .. } = document;
    line(out, "header", Header { head, operator_id, also_read })?;
    job_records(&document.job, out)?;
    for entry in document.cross_references.iter() {
        line(out, "entry", Entry { kind: "cross-reference", entry })?;
    }
    if let Some(history) = &document.history {
        for entry in &history.checkpoints {
            line(out, "entry", Entry { kind: "history-checkpoint", entry })?;
        }
        for entry in history.groups.iter() {
            line(out, "entry", Entry { kind: "history-group", entry })?;
        }
    }
    files(document.files.as_ref(), out)?;
    line(out, "totals", &document.job.totals)
}

/// Writes a root: header, jobs each with its checkpoints, savepoints, other places, cross
/// references, files, totals.
///
/// # Errors
/// What `out` says.
pub fn root(document: &RootDocument<'_>, out: &mut impl Write) -> io::Result<()> {
    let RootDocument { head, operator_id, also_read, .. } = document;
    line(out, "header", Header { head, operator_id, also_read })?;
    for job in document.jobs.iter() {
        job_records(&job, out)?;
    }
    document.savepoints.iter().try_for_each(|savepoint| line(out, "checkpoint", savepoint))?;
    for other in document.others.iter() {
        // A changelog or another place, which it says itself.
        line(out, "entry", other)?;
    }
    for entry in document.cross_references.iter() {
        line(out, "entry", Entry { kind: "cross-reference", entry })?;
    }
    files(document.files.as_ref(), out)?;
    line(out, "totals", &document.totals)
}

fn job_records(job: &JobJson<'_>, out: &mut impl Write) -> io::Result<()> {
    let JobJson { path, job_id, newest, incomplete, logical_bytes, refers_to, totals, .. } = job;
    let logical_bytes = *logical_bytes;
    let entry = Job { path, job_id, newest, incomplete, logical_bytes, refers_to, totals };
    line(out, "entry", Entry { kind: "job", entry })?;
    for checkpoint in job.checkpoints.iter() {
        line(out, "checkpoint", OfJob { job: path, checkpoint })?;
    }
    Ok(())
}

fn files(files: Option<&Seq<'_, TreeFileJson>>, out: &mut impl Write) -> io::Result<()> {
    let Some(files) = files else { return Ok(()) };
    files.iter().try_for_each(|file| line(out, "file", file))
}
