//! `chkctl inspect` of a job directory or a checkpoint root.

use jiff::Timestamp;

use super::Run;
use crate::catalog::survey::Scope;
use crate::cli::exit::Exit;
use crate::cli::exit::Stop;
use crate::cli::survey;
use crate::ops::inspect::history::History;
use crate::ops::inspect::tree::Facts;
use crate::ops::inspect::tree::Subject;
use crate::ops::inspect::tree::Tree;
use crate::report::inspect::tree::JobDocument;
use crate::report::inspect::tree::RootDocument;
use crate::report::inspect::tree::build;
use crate::report::inspect::tree::build::Context;
use crate::report::inspect::tree::jsonl;
use crate::report::table;
use crate::report::units;

/// Shows a job or a root. What could not be read is a warning in the report and a failure at
/// its end.
pub(super) fn run(run: &Run<'_>, subject: Subject) -> anyhow::Result<Exit> {
    let is_job = subject.is_job;
    let tree = read(run, subject)?;
    let only = run.operator(&tree.operators())?;
    let facts = tree.conclude(Timestamp::now(), only);
    let history = (is_job && run.args.history).then(|| History::of(&facts));
    let context = Context {
        location_kind: if is_job { "job-directory" } else { "checkpoint-root" },
        files: run.lists_files().then(|| run.selection(only)),
        history: history.as_ref(),
    };
    if is_job {
        job(run, &build::job(&facts, context), &facts, history.as_ref())?;
    } else {
        root(run, &build::root(&facts, context), &facts)?;
    }
    match unread(&facts) {
        None => Ok(Exit::Clean),
        Some(message) => {
            let hint = "chkctl inspect CHECKPOINT says more about one";
            Err(Stop { exit: Exit::Failed, message, hint: Some(hint.into()) }.into())
        }
    }
}

fn read(run: &Run<'_>, subject: Subject) -> anyhow::Result<Tree> {
    let around = if run.args.isolated { None } else { subject.around() };
    let scope = Scope {
        tree: subject.tree.clone(),
        only: None,
        also: run.args.also.clone(),
        around,
        rebase: &run.rebase,
    };
    survey::run(run.printer, &run.runtime, &run.stores, &scope, subject)
}

fn job(
    run: &Run<'_>,
    document: &JobDocument<'_>,
    facts: &Facts,
    history: Option<&History>,
) -> anyhow::Result<()> {
    run.printer.tell(&document.head);
    let width = run.printer.width();
    run.printer.print(
        run.global.output,
        document,
        |out| table::job(document, facts, history, width, out),
        |out| jsonl::job(document, out),
    )
}

fn root(run: &Run<'_>, document: &RootDocument<'_>, facts: &Facts) -> anyhow::Result<()> {
    run.printer.tell(&document.head);
    let width = run.printer.width();
    run.printer.print(
        run.global.output,
        document,
        |out| table::root(document, facts, width, out),
        |out| jsonl::root(document, out),
    )
}

/// What could not be looked at, in words; `None` if all could.
fn unread(facts: &Facts) -> Option<String> {
    let (failed, all) = (facts.failures().count() as u64, facts.rows.len() as u64);
    let checkpoints = (failed > 0)
        .then(|| format!("{failed} of {} could not be read", units::count(all, "checkpoint")));
    let places = (facts.unlisted > 0)
        .then(|| format!("{} could not be listed", units::count(facts.unlisted, "place")));
    let unseen = facts.rows.iter().filter(|row| row.unseen > 0).count() as u64;
    let files = (unseen > 0).then(|| {
        format!("files of {} could not be looked for", units::count(unseen, "checkpoint"))
    });
    let all: Vec<String> = [checkpoints, places, files].into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(", "))
}
