//! What is kept of the head of an SST.

use crate::format::rocks::table::checksum::ChecksumKind;
use crate::format::rocks::table::head::Head;

/// What a table says of itself. Numbers are those of its properties: what the RocksDB that wrote
/// it did not write down is `None`. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFacts {
    /// The column family, which Flink names after the state.
    pub column_family: Option<Box<str>>,
    /// Entries of all kinds: values, merge operands, deletions.
    pub entries: Option<u64>,
    /// Deletions of all kinds among them.
    pub deletions: Option<u64>,
    /// Merge operands among them.
    pub merge_operands: Option<u64>,
    /// Range deletions among the deletions.
    pub range_deletions: Option<u64>,
    /// Bytes of all keys, each with the 8 bytes of RocksDB.
    pub raw_key_bytes: Option<u64>,
    /// Bytes of all values.
    pub raw_value_bytes: Option<u64>,
    /// Bytes of the data blocks, as they are stored.
    pub data_bytes: Option<u64>,
    /// Bytes of the index before it is compressed.
    pub index_bytes: Option<u64>,
    /// Bytes of the filter.
    pub filter_bytes: Option<u64>,
    /// RocksDB's name of the compression.
    pub compression: Option<Box<str>>,
    /// When the file was made.
    pub created: Option<u64>,
    /// When its oldest key was written; known of files that no compaction made.
    pub oldest_key: Option<u64>,
    /// When the oldest file was made from which compactions made this one.
    pub oldest_data: Option<u64>,
    /// Version of the table format.
    pub format_version: u32,
    /// How its blocks are protected.
    pub checksum: ChecksumKind,
    /// Bytes of the file.
    pub stored_bytes: u64,
}

impl TableFacts {
    /// What is kept of a head.
    pub fn of(head: &Head) -> Self {
        let properties = &head.properties;
        let text = |bytes: &Option<Vec<u8>>| {
            let bytes = bytes.as_deref().filter(|bytes| !bytes.is_empty())?;
            Some(String::from_utf8_lossy(bytes).into())
        };
        // RocksDB's own sign for "unknown".
        let time = |seconds: Option<u64>| seconds.filter(|seconds| *seconds > 0);
        TableFacts {
            column_family: text(&properties.column_family_name),
            entries: properties.num_entries,
            deletions: properties.num_deletions,
            merge_operands: properties.num_merge_operands,
            range_deletions: properties.num_range_deletions,
            raw_key_bytes: properties.raw_key_size,
            raw_value_bytes: properties.raw_value_size,
            data_bytes: properties.data_size,
            index_bytes: properties.index_size,
            filter_bytes: properties.filter_size,
            compression: text(&properties.compression),
            created: time(properties.file_creation_time),
            oldest_key: time(properties.oldest_key_time),
            oldest_data: time(properties.creation_time),
            format_version: head.footer.format_version,
            checksum: head.footer.checksum,
            stored_bytes: head.size,
        }
    }

    /// Bytes of keys and values.
    pub fn raw_bytes(&self) -> Option<u64> {
        self.raw_key_bytes?.checked_add(self.raw_value_bytes?)
    }
}
