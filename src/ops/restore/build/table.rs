//! A table that is being written, and how tables of databases that are built look.

use std::path::Path;
use std::path::PathBuf;
use std::sync::LazyLock;

use rocksdb::BlockBasedOptions;
use rocksdb::Cache;
use rocksdb::ChecksumType;
use rocksdb::DBCompressionType;
use rocksdb::Options;
use rocksdb::SstFileWriter;

use super::BuildError;
use crate::ops::restore::merge_operator;

/// The format of tables that RocksDB reads from 6.6 on; later ones need 8.6.
const FORMAT: i32 = 5;
/// Bytes of a block before it is compressed: RocksDB's default and Flink's.
const BLOCK: usize = 4 << 10;
/// Bytes of a table from which no row is added any more: RocksDB's default and Flink's.
const ENOUGH: u64 = 64 << 20;
/// Bytes of blocks that are held while tables are merged.
const CACHE: usize = 8 << 20;

/// The options every table is written with. A writer borrows them while it lives.
static OPTIONS: LazyLock<Options> = LazyLock::new(options);

/// What column families are: as Flink configures them, if nothing is said.
pub(super) fn options() -> Options {
    let mut tables = BlockBasedOptions::default();
    tables.set_format_version(FORMAT);
    tables.set_checksum_type(ChecksumType::CRC32c);
    tables.set_block_size(BLOCK);
    tables.set_block_cache(&Cache::new_lru_cache(CACHE));
    let mut options = Options::default();
    options.set_block_based_table_factory(&tables);
    options.set_compression_type(DBCompressionType::Snappy);
    options.set_target_file_size_base(ENOUGH);
    merge_operator::register(&mut options);
    options
}

/// A table that rows are added to, with ascending keys.
pub(super) struct Table {
    writer: SstFileWriter<'static>,
    path: PathBuf,
    first: Vec<u8>,
    last: Vec<u8>,
    entries: u64,
    /// When it was written to, as the builder counts.
    pub(super) used: u64,
}

/// A table that was written.
pub(super) struct Written {
    pub(super) path: PathBuf,
    pub(super) first: Vec<u8>,
    pub(super) last: Vec<u8>,
    pub(super) entries: u64,
    /// Of its file.
    pub(super) bytes: u64,
}

impl Table {
    /// Begins one that will be `path`.
    pub(super) fn create(path: PathBuf, home: &Path) -> Result<Self, BuildError> {
        let writer = SstFileWriter::create(&OPTIONS);
        writer.open(&path).map_err(|error| BuildError::told(&error, home))?;
        let (first, last) = (Vec::new(), Vec::new());
        Ok(Table { writer, path, first, last, entries: 0, used: 0 })
    }

    /// Adds a row whose key is greater than all before.
    pub(super) fn put(&mut self, key: &[u8], value: &[u8], home: &Path) -> Result<(), BuildError> {
        self.writer.put(key, value).map_err(|error| BuildError::told(&error, home))?;
        if self.entries == 0 {
            self.first.extend_from_slice(key);
        }
        self.last.clear();
        self.last.extend_from_slice(key);
        self.entries += 1;
        Ok(())
    }

    /// The greatest key.
    pub(super) fn last(&self) -> &[u8] {
        &self.last
    }

    /// Whether it has its size.
    pub(super) fn is_full(&self) -> bool {
        self.writer.file_size() >= ENOUGH
    }

    /// Ends it; it is on disk then.
    pub(super) fn finish(mut self, home: &Path) -> Result<Written, BuildError> {
        self.writer.finish().map_err(|error| BuildError::told(&error, home))?;
        let bytes = self.writer.file_size();
        let Table { path, first, last, entries, .. } = self;
        Ok(Written { path, first, last, entries, bytes })
    }
}
