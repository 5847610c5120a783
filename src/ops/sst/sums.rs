//! Sums over SSTs.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::SstFile;
use crate::format::flink::keyed::add;

/// Sums over SSTs, of those that could be read. A sum is `None` if one of them does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// SSTs that were read.
    pub files: u64,
    /// SSTs that could not be read; they are in no other sum.
    pub unread_files: u64,
    /// Entries of all kinds.
    pub entries: Option<u64>,
    /// Deletions of all kinds among them.
    pub deletions: Option<u64>,
    /// Merge operands among them.
    pub merge_operands: Option<u64>,
    /// Range deletions among the deletions.
    pub range_deletions: Option<u64>,
    /// Bytes of keys.
    pub raw_key_bytes: Option<u64>,
    /// Bytes of values.
    pub raw_value_bytes: Option<u64>,
    /// Bytes of files.
    pub stored_bytes: u64,
    /// Bytes of data blocks.
    pub data_bytes: Option<u64>,
    /// Bytes of indexes.
    pub index_bytes: Option<u64>,
    /// Bytes of filters.
    pub filter_bytes: Option<u64>,
    /// Files by level; `None` where no MANIFEST tells.
    pub levels: BTreeMap<Option<u32>, u64>,
    /// RocksDB's names of the compressions in use.
    pub compressions: BTreeSet<Box<str>>,
    /// When the oldest data was written, of what is known, in seconds since 1970.
    pub oldest_data: Option<u64>,
}

impl Default for Sums {
    fn default() -> Self {
        let zero = Some(0);
        Sums {
            files: 0,
            unread_files: 0,
            entries: zero,
            deletions: zero,
            merge_operands: zero,
            range_deletions: zero,
            raw_key_bytes: zero,
            raw_value_bytes: zero,
            stored_bytes: 0,
            data_bytes: zero,
            index_bytes: zero,
            filter_bytes: zero,
            levels: BTreeMap::new(),
            compressions: BTreeSet::new(),
            oldest_data: None,
        }
    }
}

impl Sums {
    /// Adds an SST.
    pub fn add(&mut self, file: &SstFile) {
        let Some(table) = &file.table else {
            self.unread_files += 1;
            return;
        };
        self.files += 1;
        for (sum, more) in [
            (&mut self.entries, table.entries),
            (&mut self.deletions, table.deletions),
            (&mut self.merge_operands, table.merge_operands),
            (&mut self.range_deletions, table.range_deletions),
            (&mut self.raw_key_bytes, table.raw_key_bytes),
            (&mut self.raw_value_bytes, table.raw_value_bytes),
            (&mut self.data_bytes, table.data_bytes),
            (&mut self.index_bytes, table.index_bytes),
            (&mut self.filter_bytes, table.filter_bytes),
        ] {
            *sum = add(*sum, more);
        }
        self.stored_bytes = self.stored_bytes.saturating_add(table.stored_bytes);
        *self.levels.entry(file.level).or_default() += 1;
        if let Some(compression) = &table.compression
            && !self.compressions.contains(compression)
        {
            self.compressions.insert(compression.clone());
        }
        let known = [self.oldest_data, table.oldest_data];
        self.oldest_data = known.into_iter().flatten().min();
    }

    /// Bytes of keys and values.
    pub fn raw_bytes(&self) -> Option<u64> {
        add(self.raw_key_bytes, self.raw_value_bytes)
    }

    /// How many bytes of keys and values a stored byte holds; `None` without any.
    pub fn ratio(&self) -> Option<f64> {
        let raw = self.raw_bytes()?;
        (self.stored_bytes > 0).then(|| raw as f64 / self.stored_bytes as f64)
    }
}

/// How many times the mean each has; `None` if one is unknown or all are 0.
pub fn shares(all: &[Option<u64>]) -> Vec<Option<f64>> {
    let sum = all.iter().try_fold(0.0, |sum, one| Some(sum + (*one)? as f64));
    let mean = sum.map(|sum| sum / all.len() as f64).filter(|mean| *mean > 0.0);
    all.iter().map(|one| Some((*one)? as f64 / mean?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_against_the_mean() {
        assert_eq!(shares(&[Some(1), Some(3)]), [Some(0.5), Some(1.5)]);
        assert_eq!(shares(&[Some(0), Some(0)]), [None, None]);
        assert_eq!(shares(&[Some(1), None]), [None, None]);
        assert_eq!(shares(&[]), []);
    }
}
