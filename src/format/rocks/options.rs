//! OPTIONS: how a database was configured, as sections of `name=value` lines.
//!
//! The file is data: values are looked up, never put into force. Facts:
//! `options/options_parser.cc`, `util/string_util.cc` of RocksDB 5.17 to 11.8.

mod read;
mod write;

use std::borrow::Cow;

pub use write::render;

/// A line that cannot be read, or something that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("OPTIONS line {line}, byte {offset}: {problem}")]
pub struct OptionsError {
    /// Number of the line, from 1 on; the last line if something is missing.
    pub line: u64,
    /// Byte offset of the line in the file.
    pub offset: u64,
    /// What was found there.
    pub problem: OptionsProblem,
}

/// What can be wrong with an OPTIONS file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsProblem {
    /// Bytes that are no text.
    #[error("is not UTF-8")]
    NotUtf8,
    /// The last line has no line feed, which RocksDB always writes.
    #[error("the file ends in the middle of the line")]
    Cut,
    /// A line that is neither a section nor a setting.
    #[error("expected `[section]` or `name=value`")]
    Statement,
    /// A section that RocksDB does not have, or a second one of a kind that occurs once.
    #[error("section {0} is unknown, or comes twice")]
    Section(String),
    /// A column family before `default`, or table options without a column family.
    #[error("column family \"{0}\" is not at its place: `default` comes first, tables behind")]
    Order(String),
    /// A value that is not of its type.
    #[error("{name} is `{value}`, expected {expected}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Its value, cut if it is long.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A section or setting that every file has.
    #[error("the file ends without {0}")]
    Missing(&'static str),
}

/// An OPTIONS file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options<'a> {
    /// The release of RocksDB that wrote it: major, minor, patch.
    pub rocksdb_version: [u32; 3],
    /// Version of the format: major, minor.
    pub options_file_version: [u32; 2],
    /// `[DBOptions]`, as it is written.
    pub db: Settings<'a>,
    /// Column families in the order of the file; the first is `default`.
    pub column_families: Vec<ColumnFamilyOptions<'a>>,
}

/// What is said of one column family. `None` where nothing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnFamilyOptions<'a> {
    /// Its name, unescaped.
    pub name: Cow<'a, str>,
    /// Name of the comparator.
    pub comparator: Option<&'a str>,
    /// Name of the merge operator.
    pub merge_operator: Option<&'a str>,
    /// `kNoCompression`, `kSnappyCompression`, …
    pub compression: Option<&'a str>,
    /// Levels of the tree.
    pub num_levels: Option<u32>,
    /// `[CFOptions]`, as it is written.
    pub settings: Settings<'a>,
    /// `[TableOptions/…]`; RocksDB leaves it out for tables it cannot describe.
    pub table: Option<TableOptions<'a>>,
}

/// What is said of the tables of a column family. `None` where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableOptions<'a> {
    /// The table factory, `BlockBasedTable` in all but odd databases.
    pub factory: &'a str,
    /// Version of the table format.
    pub format_version: Option<u32>,
    /// `kCRC32c`, `kXXH3`, …
    pub checksum: Option<&'a str>,
    /// Size of a data block before compression, bytes.
    pub block_size: Option<u64>,
    /// `kBinarySearch`, `kTwoLevelIndexSearch`, …
    pub index_type: Option<&'a str>,
    /// Name of the filter policy; `None` also if there is none (`nullptr`).
    pub filter_policy: Option<&'a str>,
    /// The whole section, as it is written.
    pub settings: Settings<'a>,
}

/// The settings of a section, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings<'a>(pub Vec<(&'a str, &'a str)>);

impl<'a> Settings<'a> {
    /// The value of a setting as it is written; of two, RocksDB takes the first.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// The name of an object: `X`, or with settings of its own `{id=X;…}`, or `nullptr`.
    fn object(&self, name: &str) -> Option<&'a str> {
        let value = self.get(name)?;
        let inner = value.strip_prefix('{').and_then(|value| value.strip_suffix('}'));
        let id = inner.and_then(|inner| inner.split(';').find_map(|one| one.strip_prefix("id=")));
        Some(id.unwrap_or(value)).filter(|value| *value != "nullptr")
    }
}

/// Reads an OPTIONS file to its last byte.
///
/// # Errors
/// A line that is neither comment, section nor setting, sections in an order RocksDB would
/// refuse, a missing section, a number that is none.
pub fn parse(bytes: &[u8]) -> Result<Options<'_>, OptionsError> {
    read::read(bytes)
}

#[cfg(test)]
mod tests;
