//! Table properties: what RocksDB wrote down about a table when it made it.

use super::block::Block;
use super::error::Problem;
use super::error::TableError;
use super::layout::Region;
use crate::format::rocks::coding::fixed32;
use crate::format::rocks::coding::fixed64;
use crate::format::rocks::coding::varint64;

macro_rules! properties {
    (
        $(#[doc = $struct_doc:literal])*
        numbers { $($(#[doc = $number_doc:literal])* $number:ident = $number_name:literal,)* }
        texts { $($(#[doc = $text_doc:literal])* $text:ident = $text_name:literal,)* }
    ) => {
        $(#[doc = $struct_doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct Properties {
            $($(#[doc = $number_doc])* #[doc = concat!("`", $number_name, "`.")]
            pub $number: Option<u64>,)*
            $($(#[doc = $text_doc])* #[doc = concat!("`", $text_name, "`.")]
            pub $text: Option<Vec<u8>>,)*
            /// How the index is made: `rocksdb.block.based.table.index.type`.
            pub index_type: Option<u32>,
            /// Since which version of `SstFileWriter` the file is an external one:
            /// `rocksdb.external_sst_file.version`.
            pub external_version: Option<u32>,
            /// The sequence number of all entries of an external file, or 0:
            /// `rocksdb.external_sst_file.global_seqno`.
            pub global_sequence: Option<u64>,
            /// All others, by name.
            pub others: Vec<(Vec<u8>, Vec<u8>)>,
        }

        impl Properties {
            /// A number of another form is as good as none, as in RocksDB.
            fn set(&mut self, name: &[u8], mut value: &[u8]) {
                match name {
                    $(_ if name == $number_name.as_bytes() => {
                        self.$number = varint64(&mut value);
                    })*
                    $(_ if name == $text_name.as_bytes() => self.$text = Some(value.to_vec()),)*
                    INDEX_TYPE => self.index_type = fixed32(&mut value),
                    EXTERNAL_VERSION => self.external_version = fixed32(&mut value),
                    GLOBAL_SEQUENCE => self.global_sequence = fixed64(&mut value),
                    _ => self.others.push((name.to_vec(), value.to_vec())),
                }
            }
        }
    };
}

const INDEX_TYPE: &[u8] = b"rocksdb.block.based.table.index.type";
const EXTERNAL_VERSION: &[u8] = b"rocksdb.external_sst_file.version";
const GLOBAL_SEQUENCE: &[u8] = b"rocksdb.external_sst_file.global_seqno";

properties! {
    /// The properties of a table. What an older RocksDB did not know is `None`; numbers are
    /// varints in the file, texts are bytes.
    numbers {
        /// The number of the file when it was written.
        original_file_number = "rocksdb.original.file.number",
        /// Bytes of all data blocks, with trailers and padding.
        data_size = "rocksdb.data.size",
        /// Bytes of the index, decompressed.
        index_size = "rocksdb.index.size",
        /// Partitions of the index.
        index_partitions = "rocksdb.index.partitions",
        /// Bytes of the index of the partitions.
        top_level_index_size = "rocksdb.top-level.index.size",
        /// 1 if keys in the index are user keys, 0 if they are internal keys.
        index_key_is_user_key = "rocksdb.index.key.is.user.key",
        /// 1 if the index holds differences of handles.
        index_value_is_delta_encoded = "rocksdb.index.value.is.delta.encoded",
        /// 1 if a user-defined index is the one that counts.
        udi_is_primary_index = "rocksdb.udi.is.primary.index",
        /// Bytes of the filter, with its partitions.
        filter_size = "rocksdb.filter.size",
        /// Bytes of all internal keys.
        raw_key_size = "rocksdb.raw.key.size",
        /// Bytes of all values.
        raw_value_size = "rocksdb.raw.value.size",
        /// Data blocks.
        num_data_blocks = "rocksdb.num.data.blocks",
        /// Data blocks that were not compressed because it did not help.
        num_data_blocks_compression_rejected = "rocksdb.num.data.blocks.compression.rejected",
        /// Data blocks nobody tried to compress.
        num_data_blocks_compression_bypassed = "rocksdb.num.data.blocks.compression.bypassed",
        /// Index blocks with evenly spread keys.
        num_uniform_blocks = "rocksdb.num.uniform.blocks",
        /// Entries of all kinds, range deletions too.
        num_entries = "rocksdb.num.entries",
        /// Keys and prefixes in the filter.
        num_filter_entries = "rocksdb.num.filter_entries",
        /// Deletions of all kinds.
        num_deletions = "rocksdb.deleted.keys",
        /// Merge operands.
        num_merge_operands = "rocksdb.merge.operands",
        /// Range deletions.
        num_range_deletions = "rocksdb.num.range-deletions",
        /// The format version, since RocksDB 11; before that 0.
        format_version = "rocksdb.format.version",
        /// The length of all keys if it is the same, or 0.
        fixed_key_length = "rocksdb.fixed.key.length",
        /// The id of the column family, or 2^31 - 1.
        column_family_id = "rocksdb.column.family.id",
        /// When the oldest data came to be, in seconds since 1970.
        creation_time = "rocksdb.creation.time",
        /// When the oldest key was written, in seconds since 1970.
        oldest_key_time = "rocksdb.oldest.key.time",
        /// When the newest key was written, in seconds since 1970.
        newest_key_time = "rocksdb.newest.key.time",
        /// When the file was made, in seconds since 1970.
        file_creation_time = "rocksdb.file.creation.time",
        /// What a slow compression would have made of the data, in bytes.
        slow_compression_estimated_data_size =
            "rocksdb.sample_for_compression.slow.data.size",
        /// What a fast compression would have made of the data, in bytes.
        fast_compression_estimated_data_size =
            "rocksdb.sample_for_compression.fast.data.size",
        /// Where the data blocks end.
        tail_start_offset = "rocksdb.tail.start.offset",
        /// 0 if timestamps were taken from the keys.
        user_defined_timestamps_persisted = "rocksdb.user.defined.timestamps.persisted",
        /// The highest sequence number.
        key_largest_sequence = "rocksdb.key.largest.seqno",
        /// The lowest sequence number.
        key_smallest_sequence = "rocksdb.key.smallest.seqno",
        /// Entries from one restart point of a data block to the next.
        data_block_restart_interval = "rocksdb.data.block.restart.interval",
        /// Entries from one restart point of an index block to the next.
        index_block_restart_interval = "rocksdb.index.block.restart.interval",
        /// 1 if data blocks keep keys and values apart.
        separate_key_value_in_data_block = "rocksdb.separate.key.value.in.data.block",
    }
    texts {
        /// The database that made the file.
        db_id = "rocksdb.creating.db.identity",
        /// The session of that database.
        db_session_id = "rocksdb.creating.session.identity",
        /// The host it ran on.
        db_host_id = "rocksdb.creating.host.identity",
        /// The filter policy.
        filter_policy = "rocksdb.filter.policy",
        /// The column family.
        column_family_name = "rocksdb.column.family.name",
        /// The comparator that orders the keys.
        comparator = "rocksdb.comparator",
        /// The merge operator, or `nullptr`.
        merge_operator = "rocksdb.merge.operator",
        /// The prefix extractor, or `nullptr`.
        prefix_extractor = "rocksdb.prefix.extractor.name",
        /// What collects further properties.
        property_collectors = "rocksdb.property.collectors",
        /// The compression; since version 7 the compression manager and kinds in use.
        compression = "rocksdb.compression",
        /// Options of the compression.
        compression_options = "rocksdb.compression_options",
        /// When which sequence numbers were given, encoded.
        sequence_to_time_mapping = "rocksdb.seqno.time.map",
        /// `1` if whole keys are in the filter.
        whole_key_filtering = "rocksdb.block.based.table.whole.key.filtering",
        /// `1` if prefixes are in the filter.
        prefix_filtering = "rocksdb.block.based.table.prefix.filtering",
        /// How many embedded blobs there are, encoded; there are none if this is `None`.
        embedded_blobs = "rocksdb.embedded.blob.stats",
    }
}

impl Properties {
    /// Reads the content of a properties block: a block of names and values, sorted by name.
    pub fn parse(region: &Region, content: &[u8]) -> Result<Self, TableError> {
        let invalid = |what| region.error(Problem::Invalid(what));
        let mut properties = Properties::default();
        let mut last: Option<Vec<u8>> = None;
        let mut entries = Block::parse(region, content)?.entries();
        while let Some((name, value)) = entries.next()? {
            if last.as_deref().is_some_and(|last| last >= name) {
                return Err(invalid("holds names that are not sorted"));
            }
            last = Some(name.to_vec());
            properties.set(name, value);
        }
        Ok(properties)
    }

    /// Whether keys are ordered by their bytes, which is what this reader understands.
    pub fn is_bytewise(&self) -> bool {
        let comparator = self.comparator.as_deref();
        comparator.is_none_or(|name| name == b"leveldb.BytewiseComparator")
    }
}

/// The content of a properties block as it was before a global sequence number was written
/// into it; `None` if it cannot have been.
///
/// RocksDB before version 8 does so when it ingests an external file, and lets the checksum be
/// that of a zero.
pub(super) fn without_global_sequence(region: &Region, content: &[u8]) -> Option<Vec<u8>> {
    let mut entries = Block::parse(region, content).ok()?.entries();
    while let Some((name, value)) = entries.next().ok()? {
        if name == GLOBAL_SEQUENCE && value.len() == 8 {
            let end = entries.position();
            let mut before = content.to_vec();
            before.get_mut(end.checked_sub(8)?..end)?.fill(0);
            return Some(before);
        }
    }
    None
}
