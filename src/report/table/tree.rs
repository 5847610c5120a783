//! A job directory or a checkpoint root as a page.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::io;
use std::io::Write;

use super::files;
use super::grid::Column;
use super::grid::Grid;
use super::history;
use crate::ops::inspect::history::History;
use crate::ops::inspect::tree::Facts;
use crate::ops::inspect::tree::Problem;
use crate::ops::inspect::tree::Row;
use crate::report::inspect::tree::CheckpointRowJson;
use crate::report::inspect::tree::CrossReferenceJson;
use crate::report::inspect::tree::IncompleteJson;
use crate::report::inspect::tree::JobDocument;
use crate::report::inspect::tree::JobJson;
use crate::report::inspect::tree::RootDocument;
use crate::report::inspect::tree::TotalsJson;
use crate::report::seq::Seq;
use crate::report::text::display_safe;
use crate::report::units;

const CHECKPOINTS: [Column; 9] = [
    Column::text("CHECKPOINT"),
    Column::text("KIND").spare(),
    Column::text("COMPLETED"),
    Column::number("FULL SIZE"),
    Column::number("NEW"),
    Column::number("FREES"),
    Column::number("FILES").spare(),
    Column::number("GROWTH"),
    Column::text("PROBLEM").optional().wraps(),
];

const DIRECTORIES: [Column; 10] = [
    Column::text("DIRECTORY"),
    Column::text("NEWEST"),
    Column::number("AGE").spare(),
    Column::number("CHKS").spare(),
    Column::number("FULL SIZE"),
    Column::number("LOGICAL").spare(),
    Column::number("PHYSICAL"),
    Column::number("UNREFERENCED"),
    Column::number("ELSEWHERE").optional(),
    Column::text("PROBLEM").optional().wraps(),
];

/// Writes the page of a job.
///
/// # Errors
/// What `out` says.
pub fn job(
    document: &JobDocument<'_>,
    facts: &Facts,
    history: Option<&History>,
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    let job = &document.job;
    let name = job.job_id.as_deref().unwrap_or("without a job id");
    writeln!(out, "Job {name}")?;
    fact(out, "location", &location(&document.head.location, "job directory"))?;
    let own = facts.own_unit().unwrap_or(u32::MAX);
    let rows: Vec<&Row> = facts.rows_of(own).collect();
    if let Some(newest) = rows.iter().rev().find_map(|row| row.overview.zip(row.version)) {
        let (overview, version) = newest;
        let releases = overview.releases.name();
        fact(out, "written by", &format!("Flink {releases} (metadata version {version})"))?;
    }
    if let Some(operator) = &document.operator_id {
        let label = facts.label(operator);
        fact(out, "operator", &format!("{label}: sizes and files are those of this one alone"))?;
    }
    totals(&job.totals, out)?;
    also_read(document.also_read.checkpoints, document.also_read.directories, out)?;
    writeln!(out)?;
    if rows.is_empty() {
        writeln!(out, "No completed checkpoint.")?;
    } else {
        let mut grid = Grid::new(&CHECKPOINTS);
        for (checkpoint, row) in job.checkpoints.iter().zip(&rows) {
            grid.row(checkpoint_row(&checkpoint, row));
        }
        grid.print(width, out)?;
        if !job.totals.complete {
            writeln!(out, "FREES is an upper bound: not everything could be read.")?;
        }
    }
    incomplete(&job.incomplete, out)?;
    cross_references(&document.cross_references, facts, out)?;
    if let Some(history) = history {
        history::picture(facts, history, width, out)?;
    }
    if let Some(list) = &document.files {
        files::tree_list(list, facts, &job.path, out)?;
    }
    Ok(())
}

/// Writes the page of a root.
///
/// # Errors
/// What `out` says.
pub fn root(
    document: &RootDocument<'_>,
    facts: &Facts,
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "Checkpoint root")?;
    fact(out, "location", &location(&document.head.location, "checkpoint root"))?;
    let (jobs, savepoints) = (document.jobs.iter().count(), document.savepoints.iter().count());
    let counted = [units::count(jobs as u64, "job"), units::count(savepoints as u64, "savepoint")];
    fact(out, "holds", &counted.join(", "))?;
    if let Some(operator) = &document.operator_id {
        let label = facts.label(operator);
        fact(out, "operator", &format!("{label}: full sizes are those of this one alone"))?;
    }
    totals(&document.totals, out)?;
    also_read(document.also_read.checkpoints, document.also_read.directories, out)?;
    let mut grid = Grid::new(&DIRECTORIES);
    let elsewhere = elsewhere(facts);
    let elsewhere = |directory: &str| match elsewhere.get(directory) {
        None | Some(0) => "-".to_owned(),
        Some(files) => units::count(*files, "file"),
    };
    document.jobs.iter().for_each(|job| grid.row(job_row(&job, elsewhere(&job.path), facts)));
    for savepoint in document.savepoints.iter() {
        let snapshot = &savepoint.snapshot;
        let directory = snapshot.path.strip_suffix("/_metadata").unwrap_or(&snapshot.path);
        let format = snapshot.savepoint_format.unwrap_or_default();
        let kind = match snapshot.kind {
            Some("savepoint") => format!("{format} savepoint").trim().to_owned(),
            _ => snapshot.id.map_or("-".to_owned(), |id| format!("checkpoint {id}")),
        };
        grid.row(vec![
            named(directory),
            kind,
            age(facts, snapshot.completed_at.as_deref()),
            "-".into(),
            units::cell(snapshot.state_bytes),
            "-".into(),
            units::cell(Some(savepoint.totals.physical_bytes)),
            units::cell(Some(savepoint.totals.unreferenced_bytes)),
            elsewhere(directory),
            snapshot.problem_code.map_or("-".into(), str::to_owned),
        ]);
    }
    for other in document.others.iter() {
        let mut row = vec![named(&other.path), format!("({})", other.kind)];
        row.extend(["-", "-", "-", "-"].map(str::to_owned));
        row.push(units::cell(Some(other.totals.physical_bytes)));
        row.push(units::cell(Some(other.totals.unreferenced_bytes)));
        row.extend(["-", "-"].map(str::to_owned));
        grid.row(row);
    }
    writeln!(out)?;
    if grid.is_empty() {
        writeln!(out, "Nothing is here.")?;
    } else {
        grid.print(width, out)?;
    }
    let incompletes = document.jobs.iter().map(|job| job.incomplete);
    let incompletes = incompletes.chain(document.others.iter().map(|other| other.incomplete));
    incomplete(&incompletes.flatten().collect::<Vec<_>>(), out)?;
    cross_references(&document.cross_references, facts, out)?;
    if let Some(list) = &document.files {
        files::tree_list(list, facts, "", out)?;
    }
    Ok(())
}

fn checkpoint_row(checkpoint: &CheckpointRowJson, row: &Row) -> Vec<String> {
    let directory = row.directory();
    let name = directory.file_name().unwrap_or("-").to_owned();
    let kind = match (checkpoint.kind, checkpoint.savepoint_format, checkpoint.full) {
        (Some("checkpoint"), _, Some(true)) => "full checkpoint".to_owned(),
        (Some("savepoint"), Some(format), _) => format!("{format} savepoint"),
        (Some(kind), ..) => kind.to_owned(),
        (None, ..) => "-".to_owned(),
    };
    let read = row.number.is_some();
    let bytes = |bytes: Option<u64>| if read { units::cell(bytes) } else { "-".to_owned() };
    vec![
        name,
        kind,
        checkpoint.completed_at.as_deref().map_or("-".to_owned(), units::whole_seconds),
        bytes(checkpoint.state_bytes),
        bytes(checkpoint.new_bytes),
        match checkpoint.exclusive_bytes {
            // An answer: nothing would be freed.
            Some(0) if read => units::bytes(0),
            other => bytes(other),
        },
        checkpoint.files.map_or("-".to_owned(), units::grouped),
        checkpoint.growth.map_or("-".to_owned(), units::change),
        row.problem.as_ref().map_or("-".to_owned(), Problem::what),
    ]
}

fn job_row(job: &JobJson<'_>, elsewhere: String, facts: &Facts) -> Vec<String> {
    let checkpoints: Vec<CheckpointRowJson> = job.checkpoints.iter().collect();
    let read = checkpoints.iter().filter(|checkpoint| checkpoint.files.is_some()).count();
    let newest = job.newest.as_ref();
    let mut problems: BTreeMap<&str, u64> = BTreeMap::new();
    for code in checkpoints.iter().filter_map(|checkpoint| checkpoint.problem_code) {
        *problems.entry(code).or_default() += 1;
    }
    let problems = problems.into_iter().map(|(code, count)| format!("{count} {code}"));
    let problem = problems.collect::<Vec<_>>().join(", ");
    let problem = if problem.is_empty() { "-".to_owned() } else { problem };
    let name = newest.and_then(|newest| newest.path.rsplit('/').nth(1)).unwrap_or("-");
    vec![
        named(&job.path),
        name.to_owned(),
        age(facts, newest.and_then(|newest| newest.completed_at.as_deref())),
        units::grouped(read as u64),
        newest.map_or("-".to_owned(), |newest| units::cell(newest.state_bytes)),
        units::cell(job.logical_bytes),
        units::cell(Some(job.totals.physical_bytes)),
        units::cell(Some(job.totals.unreferenced_bytes)),
        elsewhere,
        problem,
    ]
}

/// How many files in other directories the checkpoints of a directory refer to.
fn elsewhere(facts: &Facts) -> HashMap<String, u64> {
    let mut files: HashMap<String, u64> = HashMap::new();
    for cross in &facts.cross_references {
        let Some(from) = facts.unit(cross.from) else { continue };
        *files.entry(facts.subject.path_of(&from.at)).or_default() += cross.files.len() as u64;
    }
    files
}

/// A directory below the base; the base itself has an empty path.
fn named(path: &str) -> String {
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

fn age(facts: &Facts, time: Option<&str>) -> String {
    let time = time.and_then(|time| time.parse::<jiff::Timestamp>().ok());
    let seconds = time.map(|time| facts.now.as_second().saturating_sub(time.as_second()));
    seconds.map_or("-".to_owned(), units::age)
}

fn location(uri: &str, kind: &str) -> String {
    format!("{} ({kind})", uri.strip_prefix("file://").unwrap_or(uri))
}

fn totals(totals: &TotalsJson, out: &mut impl Write) -> io::Result<()> {
    let sum = |files, bytes| format!("{}, {}", units::count(files, "file"), units::exact(bytes));
    fact(out, "physical", &sum(totals.files, totals.physical_bytes))?;
    fact(out, "metadata", &sum(totals.metadata_files, totals.metadata_bytes))?;
    fact(out, "referenced", &sum(totals.referenced_files, totals.referenced_bytes))?;
    let note = if totals.complete { "" } else { " at most: not everything could be read" };
    let unreferenced = match totals.unreferenced_files {
        0 => "none".to_owned(),
        files => format!("{}{note}", sum(files, totals.unreferenced_bytes)),
    };
    fact(out, "unreferenced", &unreferenced)?;
    if totals.missing_files > 0 {
        let files = units::count(totals.missing_files, "file");
        fact(out, "missing", &format!("{files} that checkpoints refer to"))?;
    }
    if totals.other_files > 0 {
        fact(out, "not Flink's", &sum(totals.other_files, totals.other_bytes))?;
    }
    Ok(())
}

fn also_read(checkpoints: u64, directories: u64, out: &mut impl Write) -> io::Result<()> {
    if checkpoints == 0 {
        return Ok(());
    }
    let what = units::count(checkpoints, "checkpoint");
    let places = match directories {
        1 => "1 other directory".to_owned(),
        several => format!("{} other directories", units::grouped(several)),
    };
    fact(out, "also read", &format!("{what} of {places}, which may refer to files here"))
}

fn incomplete(list: &[IncompleteJson], out: &mut impl Write) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nWithout metadata, so in progress or aborted:")?;
    for one in list {
        let found = match one.files {
            0 => "empty".to_owned(),
            files => format!("{}, {}", units::count(files, "file"), units::bytes(one.bytes)),
        };
        let newest = one.newest_modified_at.as_ref();
        let newest = newest.map_or(String::new(), |time| format!(", the youngest of {time}"));
        writeln!(out, "  {}  {found}{newest}", display_safe(&one.path))?;
    }
    Ok(())
}

fn cross_references(
    list: &Seq<'_, CrossReferenceJson>,
    facts: &Facts,
    out: &mut impl Write,
) -> io::Result<()> {
    // The base itself has no path below it.
    let named = |path: &str| match path {
        "" => facts.subject.base.display_short().into_owned(),
        path => path.to_owned(),
    };
    let mut lines = list.iter().peekable();
    if lines.peek().is_some() {
        writeln!(out, "\nReferences into other directories:")?;
    }
    for one in lines {
        let files = units::count(one.files, "file");
        let text = format!(
            "  {} refers to {files}, {}, in {}",
            named(&one.from),
            units::maybe_bytes(one.bytes),
            named(&one.to)
        );
        writeln!(out, "{}", display_safe(&text))?;
    }
    Ok(())
}

/// A line of facts: a name and what there is to say.
fn fact(out: &mut impl Write, name: &str, text: &str) -> io::Result<()> {
    writeln!(out, "  {name:<14}{}", display_safe(text))
}
