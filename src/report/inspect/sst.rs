//! `--sst`: what the SSTs of a checkpoint say of the state in them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::KeyGroupsJson;
use crate::model::Location;
use crate::ops::sst::OperatorSums;
use crate::ops::sst::SstFile;
use crate::ops::sst::Ssts;
use crate::ops::sst::StateSums;
use crate::ops::sst::SubtaskSums;
use crate::ops::sst::conclude::path;
use crate::ops::sst::sums::Sums;
use crate::report::seq::Seq;

/// The SSTs of RocksDB databases, with `--sst`: of the heads of SSTs and of MANIFESTs, read by
/// ranges. All counts are RocksDB's own, before compaction: entries that are overwritten or
/// deleted elsewhere count.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SstsJson<'r> {
    /// Every SST of every subtask handle, by operator, subtask, level and number. An SST that
    /// several handles refer to, as after a rescale, is read once, and listed and summed for
    /// each of them.
    pub files: Seq<'r, SstJson>,
    /// Sums for each operator and state, which is a column family.
    pub states: Seq<'r, SstStateJson>,
    /// Sums for each operator.
    pub operators: Seq<'r, SstOperatorJson>,
    /// Sums for each subtask, that is for each range of key groups.
    pub key_groups: Seq<'r, SstKeyGroupsJson>,
    /// Reads of files, each a request where they lie in an object store.
    pub requests: u64,
    /// Bytes that were read.
    pub read_bytes: u64,
}

/// An SST. What could not be read of it is null, and a warning says why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SstJson {
    /// Path below the base, or a URI; null if it lies inside the metadata.
    pub path: Option<String>,
    /// Where it begins in that file; 0 but for a part of a merged file.
    pub offset: u64,
    /// The name RocksDB knows it by.
    pub local_name: String,
    /// 32 hex digits.
    pub operator_id: String,
    /// Subtask index.
    pub subtask: i32,
    /// The column family, which Flink names after the state.
    pub column_family: Option<String>,
    /// Its level in the MANIFEST.
    pub level: Option<u32>,
    /// The key groups of its first and last key in the MANIFEST.
    pub key_groups: Option<KeyGroupsJson>,
    /// Entries of all kinds: values, merge operands, deletions.
    pub entries: Option<u64>,
    /// Deletions of all kinds among them.
    pub deletions: Option<u64>,
    /// Merge operands among them.
    pub merge_operands: Option<u64>,
    /// Range deletions among the deletions.
    pub range_deletions: Option<u64>,
    /// Bytes of keys, each with the 8 bytes of RocksDB.
    pub raw_key_bytes: Option<u64>,
    /// Bytes of values.
    pub raw_value_bytes: Option<u64>,
    /// Bytes of keys and values.
    pub raw_bytes: Option<u64>,
    /// Bytes of the file.
    pub stored_bytes: Option<u64>,
    /// Bytes of the data blocks, as they are stored.
    pub data_bytes: Option<u64>,
    /// Bytes of the index before it is compressed.
    pub index_bytes: Option<u64>,
    /// Bytes of the filter.
    pub filter_bytes: Option<u64>,
    /// RocksDB's name of the compression.
    pub compression: Option<String>,
    /// When the file was made, RFC 3339 UTC; null if its RocksDB did not write it down, as those
    /// of Flink up to 1.13.
    pub created_at: Option<String>,
    /// When its oldest key was written, RFC 3339 UTC; null where a compaction made the file.
    pub oldest_key_time: Option<String>,
    /// When the oldest file was made from which compactions made this one, RFC 3339 UTC.
    pub oldest_data_time: Option<String>,
    /// Version of the table format.
    pub format_version: Option<u32>,
    /// RocksDB's name of how blocks are protected.
    pub checksum: Option<&'static str>,
}

/// Sums over SSTs that could be read; null if one of them does not tell.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SstSumsJson {
    /// SSTs that could be read.
    pub files: u64,
    /// SSTs that could not be read, and are in no other sum.
    pub unread_files: u64,
    /// How many there are on each level.
    pub levels: Vec<SstLevelJson>,
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
    /// Bytes of keys and values.
    pub raw_bytes: Option<u64>,
    /// Bytes of files.
    pub stored_bytes: u64,
    /// Bytes of data blocks.
    pub data_bytes: Option<u64>,
    /// Bytes of indexes before they are compressed.
    pub index_bytes: Option<u64>,
    /// Bytes of filters.
    pub filter_bytes: Option<u64>,
    /// `raw_bytes` for each of `stored_bytes`; null without any.
    pub compression_ratio: Option<f64>,
    /// The compressions in use.
    pub compressions: Vec<String>,
    /// The oldest `oldest_data_time` that is known.
    pub oldest_data_time: Option<String>,
}

/// A level of a database.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SstLevelJson {
    /// Its number; null where no MANIFEST tells.
    pub level: Option<u32>,
    /// SSTs on it.
    pub files: u64,
}

/// The SSTs of a state of an operator.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SstStateJson {
    /// 32 hex digits.
    pub operator_id: String,
    /// The state; null of SSTs of which nothing tells.
    pub column_family: Option<String>,
    /// The sums.
    #[serde(flatten)]
    pub sums: SstSumsJson,
}

/// The SSTs of an operator.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SstOperatorJson {
    /// 32 hex digits.
    pub operator_id: String,
    /// The sums.
    #[serde(flatten)]
    pub sums: SstSumsJson,
    /// How many times the mean of its subtasks the one with most entries has; null without any.
    pub entries_skew: Option<f64>,
    /// How many times the mean of its subtasks the one with most stored bytes has.
    pub stored_skew: Option<f64>,
}

/// The SSTs of a subtask.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SstKeyGroupsJson {
    /// 32 hex digits.
    pub operator_id: String,
    /// Subtask index.
    pub subtask: i32,
    /// Its key groups; null of an empty range.
    pub key_groups: Option<KeyGroupsJson>,
    /// The sums.
    #[serde(flatten)]
    pub sums: SstSumsJson,
    /// How many times the mean of all subtasks of the operator it has in entries.
    pub entries_share: Option<f64>,
    /// How many times the mean of all subtasks of the operator it has in stored bytes.
    pub stored_share: Option<f64>,
}

/// Makes the part of the document.
pub(super) fn ssts<'r>(ssts: &'r Ssts, base: &'r Location) -> SstsJson<'r> {
    SstsJson {
        files: Seq::new(move || ssts.files.iter().map(move |file| sst(file, base))),
        states: Seq::new(move || ssts.states.iter().map(state)),
        operators: Seq::new(move || ssts.operators.iter().map(operator)),
        key_groups: Seq::new(move || ssts.subtasks.iter().map(key_groups)),
        requests: ssts.requests,
        read_bytes: ssts.read_bytes,
    }
}

/// A time of RocksDB, in seconds since 1970.
fn time(seconds: u64) -> Option<String> {
    let time = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(time.to_string())
}

fn sst(file: &SstFile, base: &Location) -> SstJson {
    let table = file.table.as_deref();
    SstJson {
        path: file.place.as_ref().map(|place| path(place, base)),
        offset: file.offset,
        local_name: file.local_name.clone(),
        operator_id: file.operator.to_string(),
        subtask: file.subtask,
        column_family: file.column_family.as_deref().map(str::to_owned),
        level: file.level,
        key_groups: file.key_groups.map(|(start, end)| KeyGroupsJson { start, end }),
        entries: table.and_then(|table| table.entries),
        deletions: table.and_then(|table| table.deletions),
        merge_operands: table.and_then(|table| table.merge_operands),
        range_deletions: table.and_then(|table| table.range_deletions),
        raw_key_bytes: table.and_then(|table| table.raw_key_bytes),
        raw_value_bytes: table.and_then(|table| table.raw_value_bytes),
        raw_bytes: table.and_then(|table| table.raw_bytes()),
        stored_bytes: table.map(|table| table.stored_bytes).or(file.stored_bytes),
        data_bytes: table.and_then(|table| table.data_bytes),
        index_bytes: table.and_then(|table| table.index_bytes),
        filter_bytes: table.and_then(|table| table.filter_bytes),
        compression: table.and_then(|table| table.compression.as_deref()).map(str::to_owned),
        created_at: table.and_then(|table| time(table.created?)),
        oldest_key_time: table.and_then(|table| time(table.oldest_key?)),
        oldest_data_time: table.and_then(|table| time(table.oldest_data?)),
        format_version: table.map(|table| table.format_version),
        checksum: table.map(|table| table.checksum.name()),
    }
}

fn sums(of: &Sums) -> SstSumsJson {
    let levels = of.levels.iter().map(|(level, files)| (*level, *files));
    SstSumsJson {
        files: of.files,
        unread_files: of.unread_files,
        levels: levels.map(|(level, files)| SstLevelJson { level, files }).collect(),
        entries: of.entries,
        deletions: of.deletions,
        merge_operands: of.merge_operands,
        range_deletions: of.range_deletions,
        raw_key_bytes: of.raw_key_bytes,
        raw_value_bytes: of.raw_value_bytes,
        raw_bytes: of.raw_bytes(),
        stored_bytes: of.stored_bytes,
        data_bytes: of.data_bytes,
        index_bytes: of.index_bytes,
        filter_bytes: of.filter_bytes,
        compression_ratio: of.ratio(),
        compressions: of.compressions.iter().map(ToString::to_string).collect(),
        oldest_data_time: of.oldest_data.and_then(time),
    }
}

fn state(of: &StateSums) -> SstStateJson {
    SstStateJson {
        operator_id: of.operator.to_string(),
        column_family: of.column_family.as_deref().map(str::to_owned),
        sums: sums(&of.sums),
    }
}

fn operator(of: &OperatorSums) -> SstOperatorJson {
    let [entries_skew, stored_skew] = of.skew;
    let operator_id = of.operator.to_string();
    SstOperatorJson { operator_id, sums: sums(&of.sums), entries_skew, stored_skew }
}

fn key_groups(of: &SubtaskSums) -> SstKeyGroupsJson {
    let [entries_share, stored_share] = of.share;
    SstKeyGroupsJson {
        operator_id: of.operator.to_string(),
        subtask: of.subtask,
        key_groups: KeyGroupsJson::of(of.key_groups),
        sums: sums(&of.sums),
        entries_share,
        stored_share,
    }
}
