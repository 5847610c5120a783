//! Whether checkpoints are whole, as a page.

use std::io;
use std::io::Write;

use super::fact;
use super::grid::Column;
use super::grid::Grid;
use crate::report::text::display_safe;
use crate::report::units;
use crate::report::verify::FindingJson;
use crate::report::verify::VerifyDocument;

const CHECKPOINTS: [Column; 5] = [
    Column::text("CHECKPOINT"),
    Column::text("KIND"),
    Column::text("COMPLETED").droppable(),
    Column::text("VERDICT"),
    Column::number("FINDINGS"),
];

/// Checkpoints that a finding names one by one.
const NAMED: usize = 5;

/// Writes the page of `verify`.
///
/// # Errors
/// What `out` says.
pub fn verify(
    document: &VerifyDocument,
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    let VerifyDocument { head, totals, .. } = document;
    writeln!(out, "{}", display_safe(&verdict(document)))?;
    fact(out, "location", &display_safe(&head.location))?;
    fact(out, "level", document.level)?;
    if let Some(sample) = document.sample {
        fact(out, "sample", &format!("{} % of the files", (sample * 1e8).round() / 1e6))?;
    } else if !document.complete {
        fact(out, "stopped", "by --max-duration, before everything was looked at")?;
    }
    let files = format!("{}, {}", units::count(totals.files, "file"), units::bytes(totals.bytes));
    fact(out, "refers to", &files)?;
    if totals.requests > 0 {
        let read = format!(
            "{} in {}: {}, {}",
            units::bytes(totals.bytes_read),
            units::count(totals.requests, "read"),
            units::count(totals.ssts, "SST"),
            units::count(totals.blocks, "block checksum"),
        );
        fact(out, "read", &read)?;
    }
    if totals.databases > 0 {
        let opened = format!(
            "{} by RocksDB, entries: {}",
            units::count(totals.databases, "database"),
            units::grouped(totals.entries),
        );
        fact(out, "opened", &opened)?;
    }
    let mut grid = Grid::new(&CHECKPOINTS);
    for one in &document.checkpoints {
        let directory = one.path.strip_suffix("/_metadata").unwrap_or(&one.path);
        let completed = one.completed_at.as_deref().map(units::whole_seconds);
        grid.row(vec![
            directory.to_owned(),
            one.kind.unwrap_or("-").to_owned(),
            completed.unwrap_or_else(|| "-".to_owned()),
            one.verdict.to_owned(),
            if one.findings == 0 { "-".to_owned() } else { units::grouped(one.findings) },
        ]);
    }
    if !grid.is_empty() {
        writeln!(out)?;
        grid.print(width, out)?;
    }
    for finding in &document.findings {
        self::finding(finding, out)?;
    }
    if !document.unparsed.is_empty() {
        writeln!(out)?;
        writeln!(out, "Not parsed, as nobody but its author knows how:")?;
        for one in &document.unparsed {
            let streams = units::count(one.streams, "stream");
            writeln!(out, "  {} ({streams})", display_safe(&one.what))?;
        }
    }
    if document.checkpoints.len() > 1 && document.jobs.len() <= 1 {
        newest(document.newest_restorable.as_deref(), document.complete, out)?;
    }
    for job in document.jobs.iter().filter(|_| document.jobs.len() > 1) {
        let newest = job.newest_restorable.as_deref().unwrap_or("none");
        let (path, newest) = (display_safe(&job.path), display_safe(newest));
        writeln!(out, "newest restorable of {path}: {newest}")?;
    }
    Ok(())
}

/// The whole answer in one line.
fn verdict(document: &VerifyDocument) -> String {
    let totals = &document.totals;
    let what = units::count(totals.checkpoints, "checkpoint");
    if totals.checkpoints == 1 {
        let one = document.checkpoints.first().map_or("unknown", |one| one.verdict);
        return format!("The checkpoint is {one}");
    }
    let parts = [
        (totals.restorable, "restorable"),
        (totals.damaged, "damaged"),
        (totals.unknown, "unknown"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> =
        parts.map(|(count, what)| format!("{} {what}", units::grouped(*count))).collect();
    match parts.is_empty() {
        true => what,
        false => format!("{what}: {}", parts.join(", ")),
    }
}

fn newest(newest: Option<&str>, complete: bool, out: &mut impl Write) -> io::Result<()> {
    writeln!(out)?;
    match newest {
        Some(newest) => writeln!(out, "newest restorable: {}", display_safe(newest)),
        None if !complete => writeln!(out, "newest restorable: unknown, as not all was looked at"),
        None => writeln!(out, "newest restorable: none"),
    }
}

fn finding(finding: &FindingJson, out: &mut impl Write) -> io::Result<()> {
    let FindingJson { code, severity, subject, evidence, message, remedy, .. } = finding;
    let at = finding.offset.map_or_else(String::new, |at| format!(" at byte {at}"));
    writeln!(out)?;
    writeln!(out, "{severity} [{code}] {}{at}", display_safe(subject))?;
    writeln!(out, "  {message}: {}", display_safe(evidence))?;
    if !finding.checkpoints.is_empty() {
        let named = finding.checkpoints.iter().take(NAMED);
        let named: Vec<&str> =
            named.map(|path| path.strip_suffix("/_metadata").unwrap_or(path)).collect();
        let more = match finding.checkpoints.len().checked_sub(NAMED) {
            None | Some(0) => String::new(),
            Some(more) => format!(" and {more} more"),
        };
        writeln!(out, "  of: {}{more}", display_safe(&named.join(", ")))?;
    }
    writeln!(out, "  remedy: {remedy}")
}
