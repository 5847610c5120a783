//! How the checkpoints of a job share files, as a picture.
//!
//! One row a file, one column a checkpoint. Operators with very many files are folded into
//! sums. On a terminal nothing is wider than it: the oldest columns are left out first.

use std::io;
use std::io::Write;

use crate::model::references::Kind;
use crate::model::references::NodeId;
use crate::ops::inspect::history::Column;
use crate::ops::inspect::history::Group;
use crate::ops::inspect::history::History;
use crate::ops::inspect::history::Mark;
use crate::ops::inspect::tree::Facts;
use crate::report::text;
use crate::report::text::display_safe;
use crate::report::units;

/// More rows than this are too many to look at; then the operators with most files are folded.
const ROWS: usize = 500;
/// Widest name of a file.
const NAME: usize = 20;
/// What is left of a name: the number of an SST.
const SHORTEST: usize = 10;
/// Columns of marks for which everything else makes room.
const LEAST_COLUMNS: usize = 4;
/// Bars for which words make room.
const FEWEST_BARS: usize = 8;

/// Writes the picture.
pub(super) fn picture(
    facts: &Facts,
    history: &History,
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    let ids: Vec<String> = history
        .columns
        .iter()
        .map(|at| facts.rows[*at].id.map_or("?".to_owned(), |id| id.to_string()))
        .collect();
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
        let none = match facts.rows_of(facts.own_unit().unwrap_or(u32::MAX)).next() {
            None => "No history: there is no completed checkpoint.",
            Some(_) => "No history: no checkpoint could be read.",
        };
        return writeln!(out, "\n{}", fit(none, width));
    };
    let count = units::count(ids.len() as u64, "checkpoint");
    writeln!(out, "\n{}", fit(&format!("History of {count}, {first} to {last}"), width))?;
    growth(facts, history, width, out)?;
    if history.groups.iter().all(|group| group.nodes.is_empty()) {
        let none = "  No shared files: each checkpoint has all of its own.";
        return writeln!(out, "{}", fit(none, width));
    }
    wrapped(&["o in the oldest", "+ new", "= reused", "- gone", ". not there"], "   ", width, out)?;

    let folded = folded(facts, history);
    let mut groups = history.groups.iter().peekable();
    while let Some(group) = groups.peek() {
        let operator = group.operator;
        let of_operator: Vec<&Group> =
            std::iter::from_fn(|| groups.next_if(|group| group.operator == operator)).collect();
        if of_operator.iter().all(|group| group.nodes.is_empty()) {
            continue;
        }
        let label = facts.label(&operator.to_string());
        if folded.contains(&operator) {
            let files: usize = of_operator.iter().map(|group| group.nodes.len()).sum();
            let subtasks = units::count(of_operator.len() as u64, "subtask");
            let files = units::count(files as u64, "file");
            let each = format!("--operator {label} shows each");
            writeln!(out)?;
            title(&label, &[subtasks, format!("{files}; {each}")], width, out)?;
            let sums = history.sums(facts, of_operator.into_iter());
            fold(&ids, &sums, width, out)?;
        } else {
            for group in of_operator.into_iter().filter(|group| !group.nodes.is_empty()) {
                writeln!(out)?;
                let subtask = group.subtask.map(|n| format!("subtask {n}"));
                let range = group.key_groups.and_then(|range| range.bounds());
                let range = range.map(|(a, b)| format!("key groups {a} to {b}"));
                let rest: Vec<String> = subtask.into_iter().chain(range).collect();
                title(&label, &rest, width, out)?;
                files(facts, history, group, &ids, width, out)?;
            }
        }
    }
    Ok(())
}

/// The operators whose files are not shown one by one: the smallest are shown first.
fn folded(facts: &Facts, history: &History) -> Vec<crate::format::flink::operator::OperatorId> {
    if facts.only.is_some() {
        return Vec::new();
    }
    let mut sizes: Vec<(usize, _)> = Vec::new();
    for group in &history.groups {
        match sizes.last_mut() {
            Some((files, operator)) if *operator == group.operator => *files += group.nodes.len(),
            _ => sizes.push((group.nodes.len(), group.operator)),
        }
    }
    sizes.sort();
    let mut shown = 0;
    let too_many = sizes.into_iter().filter(|(files, _)| {
        shown += files;
        shown > ROWS
    });
    too_many.map(|(_, operator)| operator).collect()
}

/// Full and new bytes as small pictures of their own.
fn growth(
    facts: &Facts,
    history: &History,
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    let sizes = |at: &usize| facts.rows[*at].sizes(facts.only);
    let full = |at| sizes(at).and_then(|sizes| sizes.state);
    let new = |at| sizes(at).and_then(|sizes| sizes.new);
    let full: Vec<Option<u64>> = history.columns.iter().map(full).collect();
    let new: Vec<Option<u64>> = history.columns.iter().map(new).collect();
    for (name, values) in [("full size", full), ("new bytes", new)] {
        let most = values.iter().flatten().copied().max().map(units::bytes);
        let ends = [values.first(), values.last()].map(|end| end.copied().flatten());
        let words: Vec<String> = match (ends.map(|end| end.map(units::bytes)), most) {
            ([Some(first), Some(last)], Some(most)) => {
                let peak = (most != first && most != last).then(|| format!(", at most {most}"));
                [Some(format!("from {first} to {last}")), peak].into_iter().flatten().collect()
            }
            ([_, Some(last)], _) => vec![last],
            _ => vec!["not recorded".to_owned()],
        };
        let bars = |taken: usize| {
            let room = width.map_or(usize::MAX, |width| width.saturating_sub(taken).max(1));
            sparkline(values.get(values.len().saturating_sub(room)..).unwrap_or_default())
        };
        let text = words.concat();
        let taken = 2 + 11 + 2 + text::width(&text);
        // Bars have a line of their own where the words leave no room for them.
        if width.is_none_or(|width| taken + FEWEST_BARS.min(values.len()) <= width) {
            writeln!(out, "{}", fit(&format!("  {name:<11}{}  {text}", bars(taken)), width))?;
            continue;
        }
        writeln!(out, "{}", fit(&format!("  {name:<11}{}", bars(2 + 11)), width))?;
        for words in &words {
            let words = words.trim_start_matches(", ");
            writeln!(out, "{}", fit(&format!("    {words}"), width))?;
        }
    }
    Ok(())
}

/// Values as bars of eight heights, from nothing to the largest; unknown ones as `?`.
fn sparkline(values: &[Option<u64>]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.iter().flatten().copied().max().unwrap_or_default();
    let bar = |value: &Option<u64>| match value {
        None => '?',
        Some(value) if most == 0 || *value == 0 => BARS[0],
        Some(value) => {
            let height = (u128::from(*value) * 7).div_ceil(u128::from(most));
            BARS[usize::try_from(height).unwrap_or(7).min(7)]
        }
    };
    values.iter().map(bar).collect()
}

/// The columns that fit: their ids, and how wide each is with the space before it.
struct Columns<'i> {
    /// How many of the oldest are left out.
    skipped: usize,
    ids: &'i [String],
    widths: Vec<usize>,
}

impl<'i> Columns<'i> {
    /// Columns of at least `least` characters in what is left of the width.
    fn fitting(ids: &'i [String], least: usize, taken: usize, width: Option<usize>) -> Self {
        let wide = |id: &String| text::width(id).max(least) + 1;
        let mut room = width.map_or(usize::MAX, |width| width.saturating_sub(taken));
        let mut skipped = ids.len();
        for id in ids.iter().rev() {
            let Some(left) = room.checked_sub(wide(id)) else { break };
            room = left;
            skipped -= 1;
        }
        let ids = ids.get(skipped..).unwrap_or_default();
        Columns { skipped, ids, widths: ids.iter().map(wide).collect() }
    }

    fn line(&self, cells: impl Iterator<Item = String>) -> String {
        let cells = cells.skip(self.skipped).zip(&self.widths);
        cells.map(|(cell, width)| format!("{cell:>width$}")).collect()
    }

    fn head(&self) -> String {
        let cells = self.ids.iter().zip(&self.widths);
        let ids: String = cells.map(|(id, width)| format!("{id:>width$}")).collect();
        match ids.strip_prefix(' ') {
            Some(ids) if self.skipped > 0 => format!("…{ids}"),
            _ => ids,
        }
    }
}

/// What is said of each file beside its marks, as far as there is room.
struct Layout<'i> {
    name: usize,
    size: bool,
    place: bool,
    count: bool,
    columns: Columns<'i>,
}

impl<'i> Layout<'i> {
    /// Gives up the place first, then what is long of the name, the size and the count, until a
    /// few columns of marks fit.
    fn fitting(ids: &'i [String], widest: usize, width: Option<usize>) -> Self {
        let wanted = LEAST_COLUMNS.min(ids.len());
        let steps = [(true, true, true), (false, true, true), (false, false, true)];
        let last = (false, false, false);
        let names =
            |step| if step == steps[0] { widest..=widest } else { SHORTEST.min(widest)..=widest };
        let tried = steps
            .into_iter()
            .chain([last])
            .flat_map(|step| names(step).rev().map(move |name| (name, step)));
        let layout = |(name, (place, size, count)): (usize, (bool, bool, bool))| {
            let taken = 2 + name + 12 * usize::from(size) + 2 + 9 * usize::from(place);
            let taken = taken + 7 * usize::from(count);
            Layout { name, size, place, count, columns: Columns::fitting(ids, 1, taken, width) }
        };
        let enough = |layout: &Layout<'_>| layout.columns.ids.len() >= wanted;
        let found = tried.map(layout).find(enough);
        found.unwrap_or_else(|| layout((4, last)))
    }

    fn line(&self, name: &str, size: &str, place: &str, marks: &str, count: &str) -> String {
        let name = text::pad(&text::cut(name, self.name), self.name);
        let size = if self.size { format!("  {size:>10}") } else { String::new() };
        let place = if self.place { text::pad(place, 9) } else { String::new() };
        let count = if self.count { format!("  {count:>5}") } else { String::new() };
        format!("  {name}{size}  {place}{marks}{count}")
    }
}

/// One row a file.
fn files(
    facts: &Facts,
    history: &History,
    group: &Group,
    ids: &[String],
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    let name = |node: &NodeId| display_safe(&name_of(facts, *node)).into_owned();
    let names = group.nodes.iter().map(|node| text::width(&name(node)));
    let widest = names.max().unwrap_or_default().clamp(4, NAME);
    let layout = Layout::fitting(ids, widest, width);
    let columns = &layout.columns;
    let head = layout.line("FILE", "SIZE", "IN", &columns.head(), "COUNT");
    writeln!(out, "{}", fit(&head, width))?;
    let mut older = 0;
    for node in &group.nodes {
        let marks = history.marks(facts, group, *node);
        let shown = marks.get(columns.skipped..).unwrap_or_default();
        if columns.skipped > 0 && shown.iter().all(|mark| *mark == Mark::Absent) {
            older += 1;
            continue;
        }
        let signs = columns.line(marks.into_iter().map(|mark| mark.sign().to_string()));
        let count = facts.references.checkpoints_of(*node).count().to_string();
        let size = units::maybe_bytes(facts.references.bytes(*node));
        let line = layout.line(&name(node), &size, &place_of(facts, *node), &signs, &count);
        writeln!(out, "{}", fit(&line, width))?;
    }
    if older > 0 {
        let files = units::count(older, "file");
        writeln!(out, "{}", fit(&format!("  and {files} only in older checkpoints"), width))?;
    }
    let own = group.exclusive.last().copied().unwrap_or_default();
    if own.files > 0 {
        let files = units::count(own.files, "file");
        let id = ids.last().map_or("", String::as_str);
        let line = format!("  and {files} of its own in {id}, {}", units::bytes(own.bytes));
        writeln!(out, "{}", fit(&line, width))?;
    }
    Ok(())
}

/// Whose files follow, and what is said of them: on several lines if one is too short.
fn title(
    label: &str,
    rest: &[String],
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    let label = display_safe(label);
    let rest: Vec<_> = rest.iter().map(|words| display_safe(words)).collect();
    let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
    let whole = [&[label.as_ref()], rest.as_slice()].concat().join(", ");
    if rest.is_empty() || width.is_none_or(|width| text::width(&whole) <= width) {
        return writeln!(out, "{}", fit(&whole, width));
    }
    writeln!(out, "{}", fit(&label, width))?;
    wrapped(&rest, ", ", width, out)
}

/// Words on as many lines as it takes.
fn wrapped(
    words: &[&str],
    between: &str,
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut line = String::new();
    for word in words {
        let longer =
            if line.is_empty() { format!("  {word}") } else { format!("{line}{between}{word}") };
        if !line.is_empty() && width.is_some_and(|width| text::width(&longer) > width) {
            writeln!(out, "{}", fit(line.trim_end_matches(' '), width))?;
            line = format!("  {word}");
        } else {
            line = longer;
        }
    }
    writeln!(out, "{}", fit(&line, width))
}

/// The name under which the backend knows a file, or its own.
fn name_of(facts: &Facts, node: NodeId) -> String {
    facts.references.local_name(node).unwrap_or_else(|| facts.references.name(node))
}

/// In which directory of its job a file lies, in a word of at most nine letters.
fn place_of(facts: &Facts, node: NodeId) -> String {
    let references = &facts.references;
    match references.kind(node) {
        Kind::Inline => return "inline".to_owned(),
        Kind::Segment => return "merged".to_owned(),
        Kind::File => {}
    }
    let dir = references.file(node).and_then(|file| file.directory()?.now().cloned());
    let Some(dir) = dir else { return "?".to_owned() };
    let tree = &facts.subject.tree;
    match dir.relative_to(tree).map(|below| below.split('/').next().unwrap_or_default()) {
        Some(first) => text::cut(&display_safe(first), 9).into_owned(),
        // Of another job, or a changelog.
        None if dir.file_name() == Some("dstl") => "dstl".to_owned(),
        None => "elsewhere".to_owned(),
    }
}

/// Sums of the files of an operator.
fn fold(
    ids: &[String],
    sums: &[Column],
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    const LABEL: usize = 12;
    type Cell = fn(&Column) -> String;
    let rows: [(&str, Cell); 5] = [
        ("in oldest", |column| dash(column.oldest.files)),
        ("new", |column| dash(column.new.files)),
        ("reused", |column| dash(column.reused.files)),
        ("gone", |column| dash(column.gone.files)),
        ("new bytes", |column| units::cell(Some(column.new.bytes))),
    ];
    let cells: Vec<Vec<String>> =
        rows.iter().map(|(_, cell)| sums.iter().map(cell).collect()).collect();
    let widest = cells.iter().flatten().map(|cell| text::width(cell)).max().unwrap_or_default();
    let columns = Columns::fitting(ids, widest, 2 + LABEL, width);
    writeln!(out, "{}", fit(&format!("  {:LABEL$}{}", "", columns.head()), width))?;
    for ((label, _), cells) in rows.iter().zip(cells) {
        let line = columns.line(cells.into_iter());
        writeln!(out, "{}", fit(&format!("  {label:LABEL$}{line}"), width))?;
    }
    Ok(())
}

fn dash(files: u64) -> String {
    if files == 0 { "-".to_owned() } else { units::grouped(files) }
}

/// A line that is not wider than the terminal.
fn fit(line: &str, width: Option<usize>) -> String {
    let line = line.trim_end();
    width.map_or_else(|| line.to_owned(), |width| text::cut(line, width).into_owned())
}

#[cfg(test)]
mod tests;
