//! What changed between two checkpoints, as a page.

use std::io;
use std::io::Write;

use super::grid::Column;
use super::grid::Grid;
use crate::report::diff::CompactionJson;
use crate::report::diff::DiffDocument;
use crate::report::diff::FromTo;
use crate::report::diff::InlinePartJson;
use crate::report::diff::OperatorDiffJson;
use crate::report::diff::OperatorDiffSummary;
use crate::report::diff::PartJson;
use crate::report::diff::PartsJson;
use crate::report::diff::SideJson;
use crate::report::diff::StateDiffJson;
use crate::report::diff::SubtaskDiffJson;
use crate::report::inspect::KeyGroupsJson;
use crate::report::text::display_safe;
use crate::report::units;

/// What of a diff is shown.
#[derive(Debug, Clone, Copy)]
pub struct DiffView {
    /// One operator, with its subtasks.
    pub operator: bool,
    /// Every file.
    pub files: bool,
    /// Columns there are; `None` where nothing limits them.
    pub width: Option<usize>,
}

const OPERATORS: [Column; 8] = [
    Column::text("OPERATOR"),
    Column::text("CHANGE"),
    Column::text("PARALLELISM"),
    Column::number("KEPT"),
    Column::number("ADDED"),
    Column::number("DROPPED"),
    Column::number("FULL SIZE"),
    Column::number("GROWTH"),
];

const SUBTASKS: [Column; 6] = [
    Column::number("SUBTASK"),
    Column::text("KEY GROUPS"),
    Column::text("FINISHED").optional(),
    Column::number("KEPT"),
    Column::number("ADDED"),
    Column::number("DROPPED"),
];

/// Writes the page of a diff.
///
/// # Errors
/// What `out` says.
pub fn diff(document: &DiffDocument<'_>, view: DiffView, out: &mut impl Write) -> io::Result<()> {
    let DiffDocument { from, to, totals, .. } = document;
    let same_job = from.job_id == to.job_id && from.job_id.is_some();
    let title = match (&to.job_id, same_job) {
        (Some(job), true) => format!("{} to {} of job {job}", name(from), name(to)),
        _ => format!("{} to {}", name_with_job(from), name_with_job(to)),
    };
    writeln!(out, "{}", display_safe(&title))?;
    fact(out, "from", &side(from))?;
    fact(out, "to", &side(to))?;
    if document.reversed {
        let text = format!("{} is the older one: growth is counted backwards", name(to));
        fact(out, "order", &text)?;
    }
    let sizes = totals.state_bytes;
    let growth =
        totals.growth.map_or(String::new(), |growth| format!(", {}", units::change(growth)));
    let [before, after] = [sizes.from, sizes.to].map(units::maybe_bytes);
    fact(out, "full size", &format!("{before} to {after}{growth}"))?;
    let PartsJson { kept, added, dropped, inline } = &totals.parts;
    let uploaded = totals.new_bytes.to.map(units::bytes);
    let uploaded = uploaded
        .map_or(String::new(), |new| format!("; Flink counted {new} as new in {}", name(to)));
    for (label, part, inline, more) in [
        ("kept", kept, inline.kept, String::new()),
        ("added", added, inline.added, uploaded),
        ("dropped", dropped, inline.dropped, String::new()),
    ] {
        let files = pieces(part);
        let inline = match inline.handles {
            0 => String::new(),
            n => {
                format!(", and {} inline, {}", units::count(n, "piece"), units::bytes(inline.bytes))
            }
        };
        fact(out, label, &format!("{files}, {}{inline}{more}", units::maybe_bytes(part.bytes)))?;
    }
    if !document.different {
        writeln!(out, "\nNothing differs.")?;
    }
    let mut operators: Vec<OperatorDiffJson<'_>> = document.operators.iter().collect();
    operators.sort_by_cached_key(|operator| {
        let summary = &operator.summary;
        let unnamed = summary.uid.is_none() && summary.name.is_none();
        (unnamed, label(summary), summary.operator_id.clone())
    });
    if view.operator {
        operators.iter().try_for_each(|one| operator(one, view, out))?;
    } else {
        overview(&operators, &totals.parts, view, out)?;
    }
    states(&operators, out)?;
    compactions(&operators, out)?;
    if view.files {
        files(&totals.parts, out)?;
    }
    Ok(())
}

/// Whole files, and parts of merged ones.
fn pieces(part: &PartJson<'_>) -> String {
    let segments = || format!("{} of merged files", units::count(part.segments, "part"));
    match (part.whole_files, part.segments) {
        (files, 0) => units::count(files, "file"),
        (0, _) => segments(),
        (files, _) => format!("{} and {}", units::count(files, "file"), segments()),
    }
}

fn overview(
    operators: &[OperatorDiffJson<'_>],
    totals: &PartsJson<'_>,
    view: DiffView,
    out: &mut impl Write,
) -> io::Result<()> {
    if operators.is_empty() {
        return writeln!(out, "\nNo operators.");
    }
    let mut grid = Grid::new(&OPERATORS);
    operators.iter().for_each(|operator| grid.row(row(operator)));
    writeln!(out)?;
    grid.print(view.width, out)?;
    let rows = operators.iter().map(|operator| &operator.summary.parts);
    below(totals, rows, "operators", out)
}

/// What has to be said of the cells above.
fn below<'p, 'r: 'p>(
    all: &PartsJson<'_>,
    rows: impl Iterator<Item = &'p PartsJson<'r>>,
    of: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let inline = |parts: &PartsJson<'_>| {
        let inline = &parts.inline;
        [inline.kept, inline.added, inline.dropped].iter().map(|part| part.handles).sum::<u64>()
    };
    let files = |parts: &PartsJson<'_>| {
        let parts = [&parts.kept, &parts.added, &parts.dropped];
        parts.iter().map(|part| part.whole_files + part.segments).sum::<u64>()
    };
    if inline(all) > 0 {
        writeln!(out, "N+M: N files or parts of merged files, M pieces inside the metadata.")?;
    }
    if rows.map(|parts| inline(parts) + files(parts)).sum::<u64>() > inline(all) + files(all) {
        writeln!(out, "What several {of} use counts in the row of each.")?;
    }
    Ok(())
}

fn row(operator: &OperatorDiffJson<'_>) -> Vec<String> {
    let summary = &operator.summary;
    let PartsJson { kept, added, dropped, inline } = &summary.parts;
    let size = match (summary.state_bytes.from, summary.state_bytes.to) {
        (from, None) if summary.change == "removed" => format!("was {}", units::maybe_bytes(from)),
        (_, to) => units::cell(to),
    };
    vec![
        label(summary),
        change(operator, true),
        parallelism(summary),
        cell(kept, inline.kept),
        cell(added, inline.added),
        cell(dropped, inline.dropped),
        size,
        summary.growth.map_or("-".to_owned(), units::change),
    ]
}

/// What changed about an operator beside its files.
fn change(operator: &OperatorDiffJson<'_>, with_backend: bool) -> String {
    let summary = &operator.summary;
    let mut changes = Vec::new();
    if summary.change != "same" {
        changes.push(summary.change.to_owned());
    }
    if let (Some(from), Some(to)) = (summary.backend.from, summary.backend.to)
        && from != to
        && with_backend
    {
        changes.push(format!("{from} to {to}"));
    }
    let turned = |to: bool| {
        let subtasks = operator.subtasks.iter();
        let turned = subtasks.filter(|one| one.finished.from != to && one.finished.to == to);
        Some(turned.count() as u64).filter(|count| *count > 0)
    };
    match (summary.fully_finished.from, summary.fully_finished.to) {
        (Some(false), Some(true)) => changes.push("finished".to_owned()),
        (Some(true), Some(false)) => changes.push("runs again".to_owned()),
        (Some(_), Some(_)) => {
            let subtasks = |count| units::count(count, "subtask");
            changes.extend(turned(true).map(|count| format!("{} finished", subtasks(count))));
            changes.extend(turned(false).map(|count| format!("{} again", subtasks(count))));
        }
        _ => {}
    }
    if changes.is_empty() { "same".to_owned() } else { changes.join(", ") }
}

/// Files or parts of merged ones, and pieces of inline state: how many, and how large.
fn cell(part: &PartJson<'_>, inline: InlinePartJson) -> String {
    let count = units::grouped(part.whole_files + part.segments);
    let bytes = part.bytes.map(|bytes| bytes.saturating_add(inline.bytes));
    let bytes = units::maybe_bytes(bytes);
    match (part.whole_files + part.segments, inline.handles) {
        (0, 0) => "-".to_owned(),
        (_, 0) => format!("{count}: {bytes}"),
        (_, pieces) => format!("{count}+{}: {bytes}", units::grouped(pieces)),
    }
}

fn parallelism(summary: &OperatorDiffSummary<'_>) -> String {
    let both = |now: Option<i32>, max: Option<i32>| match (now, max) {
        (Some(now), Some(max)) => format!("{now}/{max}"),
        _ => "-".to_owned(),
    };
    let from = both(summary.parallelism.from, summary.max_parallelism.from);
    let to = both(summary.parallelism.to, summary.max_parallelism.to);
    if from == to { to } else { format!("{from} to {to}") }
}

/// One operator with a row for each subtask.
fn operator(
    operator: &OperatorDiffJson<'_>,
    view: DiffView,
    out: &mut impl Write,
) -> io::Result<()> {
    let summary = &operator.summary;
    writeln!(out, "\nOperator {}", display_safe(&label(summary)))?;
    fact(out, "id", &summary.operator_id)?;
    fact(out, "change", &change(operator, false))?;
    fact(out, "parallelism", &parallelism(summary))?;
    let backend = match (summary.backend.from, summary.backend.to) {
        (from, to) if from == to => to.unwrap_or("-").to_owned(),
        (from, to) => format!("{} to {}", from.unwrap_or("-"), to.unwrap_or("-")),
    };
    fact(out, "backend", &backend)?;
    let mut grid = Grid::new(&SUBTASKS);
    let subtasks: Vec<SubtaskDiffJson<'_>> = operator.subtasks.iter().collect();
    for subtask in &subtasks {
        let PartsJson { kept, added, dropped, inline } = &subtask.parts;
        grid.row(vec![
            subtask.index.map_or("-".to_owned(), |index| index.to_string()),
            key_groups(&subtask.key_groups),
            finished(subtask.finished),
            cell(kept, inline.kept),
            cell(added, inline.added),
            cell(dropped, inline.dropped),
        ]);
    }
    if grid.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    grid.print(view.width, out)?;
    below(&summary.parts, subtasks.iter().map(|subtask| &subtask.parts), "subtasks", out)
}

fn finished(both: FromTo<bool>) -> String {
    let text = match (both.from, both.to) {
        (false, false) => "-",
        (true, true) => "yes",
        (false, true) => "no to yes",
        (true, false) => "yes to no",
    };
    text.to_owned()
}

fn key_groups(both: &FromTo<Option<KeyGroupsJson>>) -> String {
    let text = |range: &Option<KeyGroupsJson>| {
        range.as_ref().map_or("-".to_owned(), |range| format!("{}-{}", range.start, range.end))
    };
    let (from, to) = (text(&both.from), text(&both.to));
    if from == to { to } else { format!("{from} to {to}") }
}

/// States that are not the same in both.
fn states(operators: &[OperatorDiffJson<'_>], out: &mut impl Write) -> io::Result<()> {
    let mut begun = false;
    for operator in operators {
        let label = label(&operator.summary);
        let Some(states) = &operator.summary.states else {
            begin(&mut begun, "States", out)?;
            writeln!(out, "  {}: could not be compared", display_safe(&label))?;
            continue;
        };
        for state in states.iter().filter(|state| state.change != "same") {
            begin(&mut begun, "States", out)?;
            let StateDiffJson { name, kind, change, differences } = state;
            let text = format!("{label}: {name} ({kind}) was {change}");
            writeln!(out, "  {}", display_safe(&text))?;
            for one in differences {
                let text = format!("{}: {} to {}", one.role, one.from, one.to);
                writeln!(out, "    {}", display_safe(&text))?;
            }
        }
    }
    Ok(())
}

fn compactions(operators: &[OperatorDiffJson<'_>], out: &mut impl Write) -> io::Result<()> {
    let mut begun = false;
    for operator in operators {
        let label = label(&operator.summary);
        for CompactionJson { subtask, replaced, by, .. } in &operator.summary.compactions {
            begin(&mut begun, "Compactions (what was flushed meanwhile is among the newer)", out)?;
            let subtask = subtask.map_or(String::new(), |index| format!("/{index}"));
            let gave_way = format!(
                "{}, {}: {}",
                units::count(replaced.files, "SST"),
                units::maybe_bytes(replaced.bytes),
                few(&replaced.local_names)
            );
            let newer = format!(
                "{}, {}: {}",
                units::count(by.files, "newer SST"),
                units::maybe_bytes(by.bytes),
                few(&by.local_names)
            );
            let text = format!("{label}{subtask}: {gave_way} gave way; {newer}");
            writeln!(out, "  {}", display_safe(&text))?;
        }
    }
    Ok(())
}

/// The first and the last of many.
fn few(names: &[String]) -> String {
    match names {
        [first, .., last] if names.len() > 4 => format!("{first} to {last}"),
        names => names.join(", "),
    }
}

/// Every file, with a sign for what became of it.
fn files(parts: &PartsJson<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nFiles (= kept, + added, - dropped)")?;
    for (sign, part) in [('=', &parts.kept), ('+', &parts.added), ('-', &parts.dropped)] {
        for path in part.paths.iter() {
            writeln!(out, "{sign} {}", display_safe(&path))?;
        }
    }
    Ok(())
}

fn begin(begun: &mut bool, title: &str, out: &mut impl Write) -> io::Result<()> {
    if !std::mem::replace(begun, true) {
        writeln!(out, "\n{title}")?;
    }
    Ok(())
}

fn label(summary: &OperatorDiffSummary<'_>) -> String {
    let OperatorDiffSummary { uid, name, operator_id, .. } = summary;
    match (uid, name) {
        (Some(uid), _) => uid.clone(),
        (None, Some(name)) => format!("{name} ({operator_id})"),
        (None, None) => operator_id.clone(),
    }
}

/// What a checkpoint is called: its directory's name.
fn name(side: &SideJson) -> String {
    // A savepoint is its own base, below which its metadata has no directory.
    let of_path = side.path.rsplit('/').nth(1);
    let of_place = || side.location.strip_suffix("/_metadata")?.rsplit('/').next();
    match of_path.or_else(of_place) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => format!("{} {}", side.kind.unwrap_or("checkpoint"), side.id),
    }
}

fn name_with_job(side: &SideJson) -> String {
    let job = side.job_id.as_ref().map_or(String::new(), |job| format!(" of job {job}"));
    format!("{}{job}", name(side))
}

fn side(side: &SideJson) -> String {
    let location = side.location.strip_prefix("file://").unwrap_or(&side.location);
    let kind = match (side.kind, side.savepoint_format) {
        (Some(kind), Some(format)) => format!("{format} {kind}"),
        (Some(kind), None) => kind.to_owned(),
        (None, _) => "checkpoint or savepoint".to_owned(),
    };
    let completed = side
        .completed_at
        .as_deref()
        .map_or(String::new(), |time| format!(", completed {}", units::whole_seconds(time)));
    format!("{location} ({kind} {}{completed}, Flink {})", side.id, side.written_by)
}

/// A line of facts: a name and what there is to say.
fn fact(out: &mut impl Write, name: &str, text: &str) -> io::Result<()> {
    writeln!(out, "  {name:<12}{}", display_safe(text))
}
