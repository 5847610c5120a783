//! Rows of a column family that wait to be written.

use std::mem::size_of;

/// Rows in the order in which they came.
pub(super) struct Rows {
    /// Keys and values, one after the other.
    bytes: Vec<u8>,
    list: Vec<Row>,
    ascending: bool,
}

/// Where a row lies in the bytes.
struct Row {
    key: usize,
    value: usize,
    end: usize,
}

impl Default for Rows {
    fn default() -> Self {
        Rows { bytes: Vec::new(), list: Vec::new(), ascending: true }
    }
}

impl Rows {
    /// Adds one behind the others.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        self.ascending &= self.list.last().is_none_or(|last| self.key(last) < key);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        let row = Row { key: start, value: start + key.len(), end: self.bytes.len() };
        self.list.push(row);
    }

    /// The memory they take.
    pub(super) fn size(&self) -> u64 {
        (self.bytes.len() + self.list.len() * size_of::<Row>()) as u64
    }

    /// Whether each key is greater than the one before.
    pub(super) fn is_ascending(&self) -> bool {
        self.ascending
    }

    /// The first key.
    pub(super) fn first(&self) -> Option<&[u8]> {
        self.list.first().map(|row| self.key(row))
    }

    /// Sorts them by their keys; of those with the same key the last one stays.
    pub(super) fn sort(&mut self) {
        if self.ascending {
            return;
        }
        let mut list = std::mem::take(&mut self.list);
        // Where a row begins and ends tells which came later, even where keys and values are empty.
        let latest = |a: &Row, b: &Row| (b.key, b.end).cmp(&(a.key, a.end));
        list.sort_unstable_by(|a, b| self.key(a).cmp(self.key(b)).then_with(|| latest(a, b)));
        list.dedup_by(|next, kept| self.key(next) == self.key(kept));
        self.list = list;
        self.ascending = true;
    }

    /// Keys and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.list.iter().map(|row| (self.key(row), &self.bytes[row.value..row.end]))
    }

    fn key(&self, row: &Row) -> &[u8] {
        &self.bytes[row.key..row.value]
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    #[test]
    fn rows_are_sorted_and_the_last_of_a_key_stays() {
        let mut rows = Rows::default();
        let given = [
            ("b", "1"),
            ("c", ""),
            ("", ""),
            ("", "2"),
            ("b", "3"),
            ("", "4"),
            ("", ""),
            ("a", "5"),
        ];
        for (n, (key, value)) in given.into_iter().enumerate() {
            rows.push(key.as_bytes(), value.as_bytes());
            assert_eq!(rows.is_ascending(), n < 2);
        }
        assert_eq!(rows.first(), Some(&b"b"[..]));
        rows.sort();
        let sorted: Vec<(&[u8], &[u8])> = rows.iter().collect();
        assert_eq!(sorted, [(&b""[..], &b""[..]), (b"a", b"5"), (b"b", b"3"), (b"c", b"")]);
        assert!(rows.is_ascending());
        rows.push(b"c", b"6");
        assert!(!rows.is_ascending());
    }
}
