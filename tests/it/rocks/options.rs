//! Ways in which RocksDB can write a table, as its options string has them.

use proptest::prelude::Strategy;
use proptest::prop_oneof;
use proptest::sample::select;
use rocksdb::MergeOperands;
use rocksdb::Options;

/// The options that change what a table looks like.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) version: u32,
    pub(crate) checksum: &'static str,
    pub(crate) compression: &'static str,
    /// Options of the compression, with dictionaries.
    pub(crate) compression_options: &'static str,
    /// The kind of index and what it needs.
    pub(crate) index: &'static str,
    /// The filter and what it needs.
    pub(crate) filter: &'static str,
    /// The inside of data blocks.
    pub(crate) data: &'static str,
    pub(crate) block_size: u32,
    pub(crate) restart_interval: u32,
}

pub(crate) const VERSIONS: [u32; 6] = [2, 3, 4, 5, 6, 7];
pub(crate) const CHECKSUMS: [&str; 5] = ["kNoChecksum", "kCRC32c", "kxxHash", "kxxHash64", "kXXH3"];
pub(crate) const COMPRESSIONS: [&str; 7] = [
    "kNoCompression",
    "kSnappyCompression",
    "kZlibCompression",
    "kBZip2Compression",
    "kLZ4Compression",
    "kLZ4HCCompression",
    "kZSTD",
];
const COMPRESSION_OPTIONS: [&str; 4] = [
    "max_dict_bytes=0;",
    "max_dict_bytes=4096;",
    "max_dict_bytes=4096;zstd_max_train_bytes=65536;",
    "max_dict_bytes=2048;zstd_max_train_bytes=65536;use_zstd_dict_trainer=false;",
];
const INDEXES: [&str; 9] = [
    "index_type=kBinarySearch;",
    "index_type=kBinarySearch;index_block_restart_interval=16;index_shortening=kNoShortening;",
    "index_type=kBinarySearch;enable_index_compression=false;uniform_cv_threshold=0.9;",
    "index_type=kHashSearch;",
    "index_type=kBinarySearchWithFirstKey;",
    "index_type=kBinarySearchWithFirstKey;index_block_restart_interval=8;",
    "index_type=kTwoLevelIndexSearch;metadata_block_size=64;",
    "index_type=kTwoLevelIndexSearch;metadata_block_size=300;index_block_restart_interval=4;",
    "index_type=kTwoLevelIndexSearch;partition_filters=true;metadata_block_size=64;",
];
const FILTERS: [&str; 5] = [
    "",
    "filter_policy=bloomfilter:10:false;",
    "filter_policy=ribbonfilter:10;whole_key_filtering=false;",
    "filter_policy=ribbonfilter:12:1;decouple_partitioned_filters=true;",
    "filter_policy=bloomfilter:6.5:false;optimize_filters_for_memory=true;",
];
const DATA: [&str; 6] = [
    "",
    "data_block_index_type=kDataBlockBinaryAndHash;",
    "data_block_index_type=kDataBlockBinaryAndHash;data_block_hash_table_util_ratio=0.3;",
    "separate_key_value_in_data_block=true;",
    "separate_key_value_in_data_block=true;data_block_index_type=kDataBlockBinaryAndHash;",
    "use_delta_encoding=false;super_block_alignment_size=4096;\
     super_block_alignment_space_overhead_ratio=4;",
];
/// Only without compression.
const ALIGNED: &str = "block_align=true;";

impl Form {
    /// RocksDB's defaults, in a version.
    pub(crate) fn plain(version: u32) -> Form {
        Form {
            version,
            checksum: "kCRC32c",
            compression: "kNoCompression",
            compression_options: COMPRESSION_OPTIONS[0],
            index: INDEXES[0],
            filter: "",
            data: "",
            block_size: 4096,
            restart_interval: 16,
        }
    }

    /// Options that write tables of this form.
    pub(crate) fn options(&self) -> Options {
        let Form { version, checksum, compression, compression_options, .. } = self;
        let Form { index, filter, data, block_size, restart_interval, .. } = self;
        let table = format!(
            "format_version={version};checksum={checksum};{index}{filter}{data}\
             block_size={block_size};block_restart_interval={restart_interval};"
        );
        let text = format!(
            "create_if_missing=true;db_host_id=host;compression={compression};\
             compression_opts={{{compression_options}}};prefix_extractor=fixed:3;\
             block_based_table_factory={{{table}}};"
        );
        let mut base = Options::default();
        base.create_if_missing(true);
        let made = base.get_options_from_string(&text);
        let mut options = made.unwrap_or_else(|error| panic!("{text}: {error}"));
        options.set_merge_operator_associative("stringappendtest", append);
        options.set_disable_auto_compactions(true);
        options
    }
}

/// Any form.
pub(crate) fn forms() -> impl Strategy<Value = Form> {
    let block_sizes = prop_oneof![1_u32..200, 200_u32..5000];
    let restarts = prop_oneof![proptest::strategy::Just(1_u32), 2_u32..40];
    let one = (
        select(&VERSIONS[..]),
        select(&CHECKSUMS[..]),
        select(&COMPRESSIONS[..]),
        select(&COMPRESSION_OPTIONS[..]),
        select(&INDEXES[..]),
        select(&FILTERS[..]),
        (select(&DATA[..]), 0..6),
        block_sizes,
        restarts,
    );
    one.prop_map(|parts| {
        let (version, checksum, compression, compression_options, index, filter, ..) = parts;
        let (.., (data, align), block_size, restart_interval) = parts;
        let aligned = align == 0 && compression == "kNoCompression";
        let (data, block_size) =
            if aligned { (ALIGNED, block_size.next_power_of_two()) } else { (data, block_size) };
        Form {
            version,
            checksum,
            compression,
            compression_options,
            index,
            filter,
            data,
            block_size,
            restart_interval,
        }
    })
}

/// Flink's merge of list state: elements joined by one comma.
pub(crate) fn append(
    _key: &[u8],
    existing: Option<&[u8]>,
    operands: &MergeOperands,
) -> Option<Vec<u8>> {
    let parts: Vec<&[u8]> = existing.into_iter().chain(operands.iter()).collect();
    Some(parts.join(&b','))
}
