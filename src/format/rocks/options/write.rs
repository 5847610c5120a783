//! An OPTIONS file for a database that was put together: what is safe of the stored one.
//!
//! A stored OPTIONS file can send RocksDB anywhere (`db_log_dir`, `wal_dir`, `db_paths`), have
//! it load objects and delete data. Here nothing is copied: of the settings that are known
//! below, a value that is a number in its range or a known word is written anew.

use std::collections::HashMap;
use std::collections::HashSet;
use std::io::Write;
use std::ops::RangeInclusive;

use super::ColumnFamilyOptions;
use super::Options;
use super::Settings;
use crate::format::rocks::manifest::ColumnFamily;
use crate::format::rocks::manifest::Manifest;

/// The release of RocksDB that is named where none was stored: that of Flink 1.14 to 1.20.
const VERSION: [u32; 3] = [6, 20, 3];
/// Parts of a release larger than this are made up.
const MOST_VERSION: u32 = 999;
/// The column family every database has.
const DEFAULT: &[u8] = b"default";
/// Levels of the tree that RocksDB allows for if nothing else is said.
const LEVELS: u32 = 7;
/// More levels than this nobody configures; each costs memory.
const MOST_LEVELS: u32 = 256;
/// Bits of a filter for each key if the stored file tells none, as Flink has it.
const FILTER_BITS: u32 = 10;
/// More bits than this do not make a filter better.
const MOST_FILTER_BITS: f64 = 100.0;
/// How Flink merges values of list state. The name alone, as 5.17 and 6.20 write it: 7.8 to 11.8
/// make the operator from it, with the delimiter `,`; the older ones know no operator by name,
/// and go on without.
const MERGE_OPERATOR: &str = "StringAppendTESTOperator";
/// Comparators that RocksDB makes from their name.
const COMPARATORS: [&str; 2] = ["leveldb.BytewiseComparator", "rocksdb.ReverseBytewiseComparator"];
/// All that RocksDB has on every system, in every release.
const COMPRESSIONS: &[&str] = &[
    "kNoCompression",
    "kSnappyCompression",
    "kZlibCompression",
    "kBZip2Compression",
    "kLZ4Compression",
    "kLZ4HCCompression",
    "kZSTD",
];
const BOOLEANS: &[&str] = &["false", "true"];
/// Sizes of files and memtables: smaller ones make a tree of crumbs.
const BYTES: RangeInclusive<u64> = 16 << 10..=1 << 40;
/// Files of level 0.
const FILES: RangeInclusive<u64> = 1..=100_000;

/// Which values of a setting are written.
enum Allowed {
    Word(&'static [&'static str]),
    /// Words with colons between them, one for each level.
    Words(&'static [&'static str]),
    Number(RangeInclusive<u64>),
}

use Allowed::Number;
use Allowed::Word;
use Allowed::Words;

/// What shapes the files that whoever opens the database will write to it.
///
/// Not the style FIFO: it deletes the oldest files as soon as there is more than it was
/// configured for, 1 GB if nothing else is said, so that opening a database to write to it would
/// lose data. Without a style it is that of levels, which takes over whatever lies in level 0,
/// where FIFO keeps all. The universal style rewrites, and loses nothing. Compaction filters are
/// not here either: that of Flink drops what has expired, which is part of the checkpoint.
const FAMILY: &[(&str, Allowed)] = &[
    ("bottommost_compression", Word(COMPRESSIONS)),
    ("compaction_style", Word(&["kCompactionStyleLevel", "kCompactionStyleUniversal"])),
    ("compression", Word(COMPRESSIONS)),
    ("compression_per_level", Words(COMPRESSIONS)),
    ("level0_file_num_compaction_trigger", Number(FILES)),
    ("level0_slowdown_writes_trigger", Number(FILES)),
    ("level0_stop_writes_trigger", Number(FILES)),
    ("level_compaction_dynamic_level_bytes", Word(BOOLEANS)),
    ("max_bytes_for_level_base", Number(BYTES)),
    ("max_write_buffer_number", Number(2..=100)),
    ("target_file_size_base", Number(BYTES)),
    ("write_buffer_size", Number(64 << 10..=8 << 30)),
];

/// What shapes tables. Hash indexes need a prefix extractor, which is code.
const TABLE: &[(&str, Allowed)] = &[
    ("block_size", Number(256..=64 << 20)),
    ("checksum", Word(&["kNoChecksum", "kCRC32c", "kxxHash", "kxxHash64", "kXXH3"])),
    ("format_version", Number(2..=7)),
    ("index_type", Word(&["kBinarySearch", "kBinarySearchWithFirstKey", "kTwoLevelIndexSearch"])),
    ("partition_filters", Word(BOOLEANS)),
    ("whole_key_filtering", Word(BOOLEANS)),
];

/// Renders an OPTIONS file for a database, with what is safe of the stored one.
///
/// The column families are those of the MANIFEST, `default` first; their names are bytes, and
/// are written as such. Every one merges as Flink does, and has levels enough for its files.
/// Each needs some 250 bytes beside its name, and at most 1 KB if it is in the stored file.
pub fn render(manifest: &Manifest, stored: Option<&Options<'_>>) -> Vec<u8> {
    let version = stored.map(|stored| stored.rocksdb_version);
    let sane = |version: &[u32; 3]| version.iter().all(|part| *part <= MOST_VERSION);
    let [major, minor, patch] = version.filter(sane).unwrap_or(VERSION);
    let mut file = File::default();
    file.line(format_args!("# A RocksDB option file, by chkctl: a selection of what was stored."));
    file.line(format_args!("\n[Version]"));
    file.line(format_args!("  rocksdb_version={major}.{minor}.{patch}"));
    file.line(format_args!("  options_file_version=1.1"));
    // Its settings are of the machine where the database was.
    file.line(format_args!("\n[DBOptions]"));
    let stored: HashMap<&[u8], &ColumnFamilyOptions<'_>> = stored
        .iter()
        .flat_map(|stored| &stored.column_families)
        .map(|family| (family.name.as_bytes(), family))
        .collect();
    let default = ColumnFamily { name: DEFAULT.into(), ..ColumnFamily::default() };
    let families = &manifest.column_families;
    let first = families.iter().find(|family| *family.name == *DEFAULT).unwrap_or(&default);
    let mut written = HashSet::new();
    for family in [first].into_iter().chain(families) {
        if written.insert(&*family.name) {
            file.family(family, stored.get(&*family.name).copied());
        }
    }
    file.0
}

#[derive(Default)]
struct File(Vec<u8>);

impl File {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Memory takes everything.
        _ = writeln!(self.0, "{line}");
    }

    fn title(&mut self, section: &str, family: &[u8]) {
        self.0.extend_from_slice(section.as_bytes());
        self.0.extend_from_slice(b" \"");
        for byte in family {
            let escaped = match byte {
                b'\n' => b'n',
                b'\r' => b'r',
                byte => *byte,
            };
            if escaped != *byte || matches!(byte, b'\\' | b'#' | b':') {
                self.0.push(b'\\');
            }
            self.0.push(escaped);
        }
        self.0.extend_from_slice(b"\"]\n");
    }

    fn family(&mut self, family: &ColumnFamily, stored: Option<&ColumnFamilyOptions<'_>>) {
        self.line(format_args!(""));
        self.title("[CFOptions", &family.name);
        // What the MANIFEST says is what RocksDB compares.
        let told = stored.and_then(|stored| stored.comparator).map(str::as_bytes);
        let comparator = family.comparator.as_deref().or(told);
        let known = |name: &&&str| Some(name.as_bytes()) == comparator;
        if let Some(comparator) = COMPARATORS.iter().find(known) {
            self.line(format_args!("  comparator={comparator}"));
        }
        self.line(format_args!("  merge_operator={MERGE_OPERATOR}"));
        let told = stored.and_then(|stored| stored.num_levels);
        let levels = told.filter(|levels| (1..=MOST_LEVELS).contains(levels)).unwrap_or(LEVELS);
        let deepest = family.files.iter().map(|file| file.level).max().unwrap_or(0);
        let levels = levels.max(deepest.saturating_add(1)).min(MOST_LEVELS);
        self.line(format_args!("  num_levels={levels}"));
        if let Some(stored) = stored {
            self.settings(FAMILY, &stored.settings);
        }
        self.title("[TableOptions/BlockBasedTable", &family.name);
        if let Some(table) = stored.and_then(|stored| stored.table.as_ref()) {
            self.settings(TABLE, &table.settings);
            if let Some(bits) = table.filter_policy.and_then(filter_bits) {
                self.line(format_args!("  filter_policy=bloomfilter:{bits}:false"));
            }
        }
    }

    fn settings(&mut self, allowed: &[(&str, Allowed)], stored: &Settings<'_>) {
        for (name, allowed) in allowed {
            if let Some(value) = stored.get(name).and_then(|value| allowed.value(value)) {
                self.line(format_args!("  {name}={value}"));
            }
        }
    }
}

impl Allowed {
    /// The value as it is written, if it may be.
    fn value(&self, stored: &str) -> Option<String> {
        match self {
            Word(known) => known.iter().find(|word| **word == stored).map(ToString::to_string),
            Words(known) => {
                let words: Vec<&str> =
                    stored.split(':').take(MOST_LEVELS.saturating_add(1) as usize).collect();
                let all = words.iter().all(|word| known.contains(word));
                (all && words.len() <= MOST_LEVELS as usize).then(|| words.join(":"))
            }
            Number(range) => {
                let number = stored.parse().ok().filter(|number| range.contains(number));
                number.map(|number: u64| number.to_string())
            }
        }
    }
}

/// Bits for each key of a filter that RocksDB has, in any of the forms it has written:
/// `rocksdb.BuiltinBloomFilter`, `bloomfilter:10:false`, `ribbonfilter:10:0`.
fn filter_bits(policy: &str) -> Option<u32> {
    let mut parts = policy.split(':');
    match parts.next()? {
        "rocksdb.BuiltinBloomFilter" | "bloomfilter" | "ribbonfilter" => {
            let bits = parts.next().and_then(|bits| bits.parse::<f64>().ok());
            let bits = bits.filter(|bits| (1.0..=MOST_FILTER_BITS).contains(bits));
            // In range, so that nothing is cut but what is behind the point.
            Some(bits.map_or(FILTER_BITS, |bits| bits as u32))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
