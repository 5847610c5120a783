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
use crate::ops::inspect::tree::Facts;
use crate::report::text;
use crate::report::text::display_safe;
use crate::report::units;

/// More rows than this are too many to look at; then the operators with most files are folded.
const ROWS: usize = 500;
/// Widest name of a file.
const NAME: usize = 20;

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
        let none = fit("No history: no checkpoint could be read.", width);
        return writeln!(out, "\n{none}");
    };
    let count = units::count(ids.len() as u64, "checkpoint");
    writeln!(out, "\n{}", fit(&format!("History of {count}, {first} to {last}"), width))?;
    growth(facts, history, width, out)?;
    let legend = "  o in the oldest   + new   = reused   - gone   . not there";
    writeln!(out, "{}", fit(legend, width))?;

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
            let text = format!("{label}, {subtasks}, {files}; --operator {label} shows each");
            writeln!(out, "\n{}", fit(&display_safe(&text), width))?;
            let sums = history.sums(facts, of_operator.into_iter());
            fold(&ids, &sums, width, out)?;
        } else {
            for group in of_operator.into_iter().filter(|group| !group.nodes.is_empty()) {
                let subtask = group.subtask.map_or(String::new(), |n| format!(", subtask {n}"));
                let range = group.key_groups.and_then(|range| range.bounds());
                let range =
                    range.map_or(String::new(), |(a, b)| format!(", key groups {a} to {b}"));
                let text = format!("{label}{subtask}{range}");
                writeln!(out, "\n{}", fit(&display_safe(&text), width))?;
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
        let words = match (values.first(), values.last()) {
            (Some(Some(first)), Some(Some(last))) => {
                format!("{} to {}", units::bytes(*first), units::bytes(*last))
            }
            (_, Some(Some(last))) => units::bytes(*last),
            _ => "not recorded".to_owned(),
        };
        let taken = 2 + 11 + 2 + text::width(&words);
        let room = width.map_or(usize::MAX, |width| width.saturating_sub(taken).max(1));
        let shown = values.get(values.len().saturating_sub(room)..).unwrap_or_default();
        writeln!(out, "{}", fit(&format!("  {name:<11}{}  {words}", sparkline(shown)), width))?;
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
    // The name, a size of ten, where it is, and the count at the end.
    let taken = 2 + widest + 12 + 11 + 7;
    let columns = Columns::fitting(ids, 1, taken, width);
    let head =
        format!("  {:widest$}  {:>10}  {:<9}{}  COUNT", "FILE", "SIZE", "IN", columns.head());
    writeln!(out, "{}", fit(&head, width))?;
    for node in &group.nodes {
        let marks = history.marks(facts, group, *node);
        let signs = columns.line(marks.into_iter().map(|mark| mark.sign().to_string()));
        let count = facts.references.checkpoints_of(*node).count();
        let size = units::maybe_bytes(facts.references.bytes(*node));
        let name = text::pad(&text::cut(&name(node), widest), widest);
        let place = text::pad(&place_of(facts, *node), 9);
        let line = format!("  {name}  {size:>10}  {place}{signs}  {count:>5}");
        writeln!(out, "{}", fit(&line, width))?;
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::references::tests::worlds::Shared;
    use crate::model::references::tests::worlds::World;
    use crate::model::references::tests::worlds::any_world;
    use crate::ops::inspect::tree::tests::facts_of;

    #[test]
    fn bars_grow_with_the_values() {
        let values = [Some(0), Some(1), Some(50), Some(100), None];
        assert_eq!(sparkline(&values), "▁▂▅█?");
        assert_eq!(sparkline(&[Some(0), Some(0)]), "▁▁");
        assert_eq!(sparkline(&[Some(u64::MAX), Some(u64::MAX / 2)]), "█▅");
        assert_eq!(sparkline(&[]), "");
    }

    /// The picture of a world, line by line.
    fn lines(world: &World, width: Option<usize>) -> Vec<String> {
        let facts = facts_of(world);
        let mut out = Vec::new();
        picture(&facts, &History::of(&facts), width, &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    /// Four checkpoints: 1, 2 and 3 are compacted into "1,2,3", then 4 and 5 into "4,5,6".
    #[test]
    fn the_picture_of_the_example() {
        let names: [&[(&str, u32)]; 4] = [
            &[("1", 1), ("2", 2)],
            &[("1", 1), ("2", 2), ("3", 3), ("4", 4)],
            &[("1,2,3", 6), ("4", 4), ("5", 5)],
            &[("1,2,3", 6), ("4,5,6", 8)],
        ];
        let shared = |names: &&[(&str, u32)]| {
            let shared = names.iter().map(|(name, n)| Shared::file(name, &format!("{n:06}.sst")));
            shared.collect::<Vec<_>>()
        };
        let checkpoints: Vec<Vec<Shared>> = names.iter().map(shared).collect();
        let checkpoints: Vec<&[Shared]> = checkpoints.iter().map(Vec::as_slice).collect();
        let expected = "
History of 4 checkpoints, 1 to 4
  full size  ▅█▇▅  2 B to 2 B
  new bytes  ????  not recorded
  o in the oldest   + new   = reused   - gone   . not there

01010101010101010101010101010101, subtask 0, key groups 0 to 0
  FILE              SIZE  IN        1 2 3 4  COUNT
  000001.sst         1 B  shared    o = - .      2
  000002.sst         1 B  shared    o = - .      2
  000003.sst         1 B  shared    . + - .      1
  000004.sst         1 B  shared    . + = -      2
  000005.sst         1 B  shared    . . + -      1
  000006.sst         1 B  shared    . . + =      2
  000008.sst         1 B  shared    . . . +      1";
        assert_eq!(lines(&World::of(&checkpoints), None).join("\n"), expected);
    }

    /// Checkpoints of one operator with 3 files and one with 600, of which half are replaced.
    fn large() -> World {
        let files = |range: std::ops::Range<u32>| {
            let file = |n| Shared::file(&format!("{n}"), &format!("{n:06}.sst"));
            range.map(file).collect::<Vec<_>>()
        };
        let checkpoint = |n: u32| vec![vec![files(0..3)], vec![files(n * 300..n * 300 + 600)]];
        World { checkpoints: (0..40).map(checkpoint).collect() }
    }

    #[test]
    fn an_operator_with_thousands_of_files_is_folded_and_the_others_are_not() {
        let lines = lines(&large(), None);
        assert!(lines.len() < 30, "{} lines", lines.len());
        let small = "01010101010101010101010101010101, subtask 0, key groups 0 to 0";
        assert!(lines.iter().any(|line| line == small));
        assert!(lines.iter().any(|line| line.starts_with("  000002.sst")));
        let large = "02".repeat(16);
        let head = format!("{large}, 1 subtask, 12,300 files; --operator {large} shows each");
        let at = lines.iter().position(|line| *line == head).unwrap();
        let rows = [("in oldest", "600"), ("new", "-"), ("reused", "-"), ("gone", "-")];
        let later = [("in oldest", "-"), ("new", "300"), ("reused", "300"), ("gone", "300")];
        for (row, (first, later)) in lines[at + 2..].iter().zip(rows.into_iter().zip(later)) {
            let cells: Vec<&str> = row.split_whitespace().rev().collect();
            assert!(row.starts_with(&format!("  {}", first.0)), "{row}");
            assert_eq!((cells[39], cells[0], cells[38]), (first.1, later.1, later.1), "{row}");
        }
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        let east = Shared::at("file:/cp/状態/大きさ", "とても長い名前のファイル.sst");
        let many = World::of(&vec![&[east][..]; 50]);
        for world in [large(), many] {
            for columns in [1, 2, 3, 5, 8, 13, 21, 34, 40, 55, 80, 120, 400] {
                for line in lines(&world, Some(columns)) {
                    assert!(text::width(&line) <= columns, "{columns}: {line}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn nor_is_any_other_picture(world in any_world(), columns in 1..100_usize) {
            for line in lines(&world, Some(columns)) {
                prop_assert!(text::width(&line) <= columns, "{}", line);
            }
        }
    }

    #[test]
    fn the_newest_columns_are_kept() {
        let ids: Vec<String> = (8..13).map(|id: u32| id.to_string()).collect();
        let cells = || (0..5).map(|n| n.to_string());
        let all = Columns::fitting(&ids, 1, 10, None);
        assert_eq!(
            (all.head().as_str(), all.line(cells()).as_str()),
            (" 8 9 10 11 12", " 0 1  2  3  4")
        );
        let some = Columns::fitting(&ids, 1, 10, Some(18));
        assert_eq!((some.head().as_str(), some.line(cells()).as_str()), ("…11 12", "  3  4"));
        assert_eq!(Columns::fitting(&ids, 1, 10, Some(4)).head(), "");
    }
}
