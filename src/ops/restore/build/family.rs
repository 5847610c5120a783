//! A column family that is being built: rows that wait, and tables.

use super::rows::Rows;
use super::table::Table;
use super::table::Written;

/// So many tables are few, however small they are.
const FEW: usize = 8;
/// Bytes of a table that is large enough.
const SMALL: u64 = 8 << 20;

/// A column family.
#[derive(Default)]
pub(super) struct Family {
    pub(super) name: String,
    /// What waits.
    pub(super) rows: Rows,
    /// The table that the rows go to that come in order.
    pub(super) open: Option<Table>,
    /// Tables in the order in which their rows came.
    pub(super) written: Vec<Written>,
}

impl Family {
    /// One without rows.
    pub(super) fn new(name: &str) -> Self {
        Family { name: name.to_owned(), ..Family::default() }
    }

    /// Whether the rows that wait go on behind what was written last.
    pub(super) fn goes_on(&self) -> bool {
        let open = self.open.as_ref().map(Table::last);
        let last = open.or_else(|| self.written.last().map(|table| table.last.as_slice()));
        self.rows.is_ascending() && (last.is_none() || self.rows.first() > last)
    }

    /// Whether other tables would be better: these overlap, or are many and small, as it happens
    /// where many column families have few rows at a time.
    pub(super) fn is_scattered(&self) -> bool {
        let bytes: u64 = self.written.iter().map(|table| table.bytes).sum();
        let enough = SMALL * self.written.len() as u64;
        self.has_overlap() || (self.written.len() > FEW && bytes < enough)
    }

    /// Whether a table has keys between those of another one.
    fn has_overlap(&self) -> bool {
        let mut ranges: Vec<(&[u8], &[u8])> =
            self.written.iter().map(|table| (&*table.first, &*table.last)).collect();
        ranges.sort_unstable();
        ranges.windows(2).any(|pair| matches!(pair, [(_, last), (first, _)] if last >= first))
    }

    /// Rows in all tables.
    pub(super) fn entries(&self) -> u64 {
        self.written.iter().map(|table| table.entries).sum()
    }
}
