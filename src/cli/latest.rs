//! `chkctl latest`.

use std::io::Write;

use jiff::Timestamp;

use super::args::Global;
use super::args::KindArg;
use super::args::LatestArgs;
use super::args::OutputFormat;
use super::exit::Exit;
use super::exit::Stop;
use super::printer::Printer;
use super::verify::Looking;
use super::verify::one;
use crate::catalog::dated;
use crate::catalog::dated::Dated;
use crate::catalog::discover;
use crate::catalog::discover::Candidate;
use crate::catalog::discover::Discovered;
use crate::catalog::find;
use crate::catalog::find::Target;
use crate::model::Location;
use crate::model::layout::METADATA;
use crate::ops::latest;
use crate::ops::verify::Audit;
use crate::ops::verify::Level;
use crate::ops::verify::Severity;
use crate::ops::verify::Verdict;
use crate::report::latest::Chosen;
use crate::report::latest::LatestDocument;
use crate::report::latest::SkippedJson;

/// Prints the newest snapshot that can be restored.
pub(super) fn run(args: &LatestArgs, global: &Global, printer: &Printer) -> anyhow::Result<Exit> {
    let level = args.level.into();
    let looking = Looking::new(level, None, &args.reading, &args.store, printer)?;
    let (kind, at, snapshots) = snapshots(args, &looking)?;
    let mut skipped = Vec::new();
    let mut chosen = None;
    for snapshot in &snapshots {
        let path = spelled(&snapshot.location);
        match look(&looking, snapshot, args.kind)? {
            Looked::Restorable(found) => {
                chosen = Some(found);
                break;
            }
            Looked::Another => {}
            Looked::Damaged(why) => {
                printer.note(&format!("{path}: skipped: {why}"));
                skipped.push(SkippedJson { path, why });
            }
            Looked::Unknown(why) => {
                let message = format!("{path}: cannot be told to be restorable: {why}");
                let hint = "chkctl verify says more about it; a newer snapshot is not passed over \
                            for an older one unless it is known to be damaged";
                return Err(Stop { exit: Exit::Failed, message, hint: Some(hint.into()) }.into());
            }
        }
    }
    let none = chosen.is_none();
    for rule in chosen.iter().flat_map(|chosen| &chosen.rules).filter(|rule| !rule.stated) {
        let text = format!(
            "it was moved: Flink will look for files below {}, and chkctl found them below {}",
            rule.from, rule.to
        );
        printer.note(&text);
    }
    let document = LatestDocument::new((kind, &at, Timestamp::now()), level, chosen, skipped);
    if !none || global.output != OutputFormat::Table {
        printer.print(
            global.output,
            &document,
            |out| writeln!(out, "{}", document.path.as_deref().unwrap_or_default()),
            |out| document.jsonl(out),
        )?;
    }
    if !none {
        return Ok(Exit::Clean);
    }
    let what = match args.kind {
        None => "snapshot",
        Some(KindArg::Checkpoint) => "checkpoint",
        Some(KindArg::Savepoint) => "savepoint",
    };
    let message = format!("{}: no {what} here can be restored", at.display_short());
    let hint = "look for a savepoint or a copy elsewhere; chkctl verify says what is damaged";
    Err(Stop { exit: Exit::Negative, message, hint: Some(hint.into()) }.into())
}

/// The snapshots of the one job that LOCATION names, the newest first.
fn snapshots(
    args: &LatestArgs,
    looking: &Looking<'_>,
) -> anyhow::Result<(&'static str, Location, Vec<Dated>)> {
    let marker = &args.store.entropy_key;
    let stores = &looking.stores;
    let target = looking.runtime.block_on(find::target(stores, &args.location, marker));
    let (kind, at, candidates) = match target.map_err(Stop::from)? {
        Target::Checkpoint(chosen) => {
            let candidate = Candidate { location: chosen.metadata.clone(), listed: None };
            (chosen.location_kind, chosen.metadata, vec![candidate])
        }
        Target::Job(at) => {
            let found = looking.runtime.block_on(discover::below(stores, &at));
            ("job-directory", at, all(found)?)
        }
        Target::Root(at) => {
            let found = looking.runtime.block_on(discover::below(stores, &at));
            ("checkpoint-root", at, all(found)?)
        }
    };
    let dated = looking.runtime.block_on(dated::newest_first(stores, candidates));
    let dated = dated.map_err(|error| Stop::from(crate::catalog::CatalogError::from(error)))?;
    let places: Vec<Location> = dated.iter().map(|one| one.location.clone()).collect();
    let jobs = latest::jobs(&places);
    if jobs.len() > 1 {
        let message = format!("{}: holds snapshots of {} jobs", at.display_short(), jobs.len());
        let names: Vec<&str> = jobs.keys().map(String::as_str).collect();
        let hint = format!("name one of them: {}", names.join(", "));
        return Err(Stop::usage(message, Some(hint)).into());
    }
    Ok((kind, at, dated))
}

/// What was found, if all could be listed: a newer one may lie where it could not.
fn all(found: Discovered) -> Result<Vec<Candidate>, Stop> {
    match found.unread.into_iter().next() {
        Some(error) => Err(Stop::from(crate::catalog::CatalogError::from(error))),
        None => Ok(found.candidates),
    }
}

/// What is to be said of a snapshot.
enum Looked {
    Restorable(Chosen),
    Damaged(String),
    Unknown(String),
    /// Not of the kind that was asked for, removed meanwhile, or no metadata at all.
    Another,
}

fn look(looking: &Looking<'_>, snapshot: &Dated, kind: Option<KindArg>) -> anyhow::Result<Looked> {
    let facts = looking.survey(one(&snapshot.location), Some(snapshot.location.clone()))?;
    // What it is says its metadata, or else its name.
    let first = Audit::of(&facts, Level::Exists).checkpoints.into_iter().next();
    let Some(found) = first else { return Ok(Looked::Another) };
    if kind.is_some_and(|kind| (kind == KindArg::Savepoint) != found.is_savepoint()) {
        return Ok(Looked::Another);
    }
    let audit = looking.audit(&facts)?;
    let Some(checkpoint) = audit.checkpoints.first().filter(|one| !one.removed) else {
        return Ok(Looked::Another);
    };
    Ok(match audit.verdicts().first() {
        Some(Verdict::Restorable) => Looked::Restorable(Chosen {
            path: spelled(&snapshot.location),
            id: checkpoint.id,
            kind: checkpoint.kind(),
            completed_at: snapshot.modified,
            rules: facts.rules,
        }),
        Some(Verdict::Damaged) => Looked::Damaged(why(&audit, Severity::Damaged)),
        _ => Looked::Unknown(why(&audit, Severity::Unknown)),
    })
}

/// The first finding of a severity, and how many more there are.
fn why(audit: &Audit, severity: Severity) -> String {
    let findings = audit.findings();
    let mut of_it = findings.iter().filter(|finding| finding.rule.severity == severity);
    let Some(first) = of_it.next() else { return "time was up".to_owned() };
    let more = match of_it.count() {
        0 => String::new(),
        more => format!(" (and {more} more findings)"),
    };
    format!("{} [{}]: {}{more}", first.subject, first.rule.code, first.evidence)
}

/// A snapshot as `flink run -s` takes it.
fn spelled(metadata: &Location) -> String {
    let directory = metadata.parent().filter(|_| metadata.file_name() == Some(METADATA));
    directory.as_ref().unwrap_or(metadata).flink_form()
}
