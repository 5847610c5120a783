//! Tables without lines.

use std::io;
use std::io::Write;

use comfy_table::Cell;
use comfy_table::CellAlignment;
use comfy_table::ColumnConstraint;
use comfy_table::ContentArrangement;
use comfy_table::Table;
use comfy_table::TableStyle;
use comfy_table::Width;

use crate::report::text;
use crate::report::text::display_safe;

/// A column of a [`Grid`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    name: &'static str,
    right: bool,
    wraps: bool,
    droppable: bool,
    spare: bool,
    optional: bool,
}

impl Column {
    /// Words, which are never wrapped: what identifies a row is searched for and copied.
    pub(super) const fn text(name: &'static str) -> Self {
        Column { name, right: false, wraps: false, droppable: false, spare: false, optional: false }
    }

    /// Numbers.
    pub(super) const fn number(name: &'static str) -> Self {
        Column { right: true, ..Column::text(name) }
    }

    /// Left out on a narrow terminal if no row has anything in it.
    pub(super) const fn droppable(self) -> Self {
        Column { droppable: true, ..self }
    }

    /// Left out on a narrow terminal, if there is nothing empty to leave out.
    pub(super) const fn spare(self) -> Self {
        Column { spare: true, ..self }
    }

    /// Left out if no row has anything in it.
    pub(super) const fn optional(self) -> Self {
        Column { optional: true, ..self }
    }

    /// Wrapped on a narrow terminal.
    pub(super) const fn wraps(self) -> Self {
        Column { wraps: true, ..self }
    }
}

/// Space between two columns.
const GAP: usize = 2;
/// What a wrapped column keeps at least.
const LEAST: usize = 24;

/// Rows in columns.
#[derive(Debug)]
pub(super) struct Grid {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    pub(super) fn new(columns: &[Column]) -> Self {
        Grid { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row of as many cells as there are columns.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|cell| display_safe(cell).into_owned()).collect());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the rows. A line may become longer than `width` if that many columns cannot do.
    pub(super) fn print(mut self, width: Option<usize>, out: &mut impl Write) -> io::Result<()> {
        for at in (0..self.columns.len()).rev() {
            if self.columns[at].optional && self.is_column_empty(at) {
                self.leave_out(at);
            }
        }
        if let Some(width) = width {
            self.narrow(width);
        }
        let table = self.table(width);
        table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
    }

    /// Leaves out columns until the lines are short enough: empty ones, then spare ones, of
    /// each the last first.
    fn narrow(&mut self, width: usize) {
        for spare in [false, true] {
            for at in (0..self.columns.len()).rev() {
                let widths = (0..self.columns.len()).map(|at| match self.columns[at].wraps {
                    true if spare => self.width(at).min(LEAST),
                    _ => self.width(at),
                });
                let total: usize = widths.map(|width| width + GAP).sum();
                if total.saturating_sub(GAP) <= width {
                    return;
                }
                let Column { droppable, spare: may_go, .. } = self.columns[at];
                if (droppable && self.is_column_empty(at)) || (spare && may_go) {
                    self.leave_out(at);
                }
            }
        }
    }

    fn is_column_empty(&self, at: usize) -> bool {
        self.rows.iter().all(|row| row[at] == "-")
    }

    fn leave_out(&mut self, at: usize) {
        self.columns.remove(at);
        self.rows.iter_mut().for_each(|row| drop(row.remove(at)));
    }

    fn width(&self, at: usize) -> usize {
        let cells = self.rows.iter().map(|row| text::width(&row[at]));
        cells.max().unwrap_or_default().max(self.columns[at].name.len())
    }

    fn table(&self, width: Option<usize>) -> Table {
        let mut table = Table::new();
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        table.load_style(TableStyle::new()).set_header(names);
        match width {
            Some(width) => {
                // What pads the last column is not printed.
                let width = u16::try_from(width + GAP).unwrap_or(u16::MAX);
                table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
            }
            None => {
                table.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        for row in &self.rows {
            table.add_row(row.iter().map(Cell::new));
        }
        for (at, (column, cells)) in self.columns.iter().zip(table.column_iter_mut()).enumerate() {
            let gap = u16::try_from(GAP).unwrap_or_default();
            cells.set_padding((0, gap));
            if column.right {
                cells.set_cell_alignment(CellAlignment::Right);
            }
            cells.set_constraint(match column.wraps && self.width(at) > LEAST {
                true => {
                    let least = u16::try_from(LEAST + GAP).unwrap_or_default();
                    ColumnConstraint::LowerBoundary(Width::Fixed(least))
                }
                false => ColumnConstraint::ContentWidth,
            });
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(width: Option<usize>) -> Vec<String> {
        let mut grid = Grid::new(&[
            Column::text("OPERATOR"),
            Column::text("VALUE").wraps(),
            Column::number("CHANNEL").droppable(),
            Column::number("SKEW").droppable(),
        ]);
        let operator = "cbc357ccb763df2852fee8c4fc7d55f2".to_owned();
        let value = "Profile {lastTs: Long, name: String, score: Double}".to_owned();
        grid.row(vec![operator, value, "-".into(), "1.00".into()]);
        grid.row(vec!["x\u{1b}[2J\n".into(), "Long".into(), "-".into(), "-".into()]);
        let mut out = Vec::new();
        grid.print(width, &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_identifies_a_row_is_never_wrapped() {
        for width in [20, 80] {
            let lines = printed(Some(width));
            assert!(lines[1].starts_with("cbc357ccb763df2852fee8c4fc7d55f2  Profile"), "{lines:?}");
            assert!(lines.len() > 3, "the value is wrapped: {lines:?}");
            // The empty column is left out, the other one stays.
            assert!(!lines[0].contains("CHANNEL") && lines[0].ends_with("SKEW"), "{lines:?}");
        }
    }

    #[test]
    fn all_is_there_where_there_is_room() {
        for width in [None, Some(200)] {
            let lines = printed(width);
            assert_eq!(lines.len(), 3, "{lines:?}");
            assert!(lines[0].contains("CHANNEL"));
            assert!(lines[2].starts_with(r"x\u{1b}[2J\u{a}  "), "{lines:?}");
        }
    }
}
