//! What is rendered, and what is not; RocksDB reads it in `tests/it/ldb.rs`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic)]

use super::render;
use crate::format::rocks::manifest::ColumnFamily;
use crate::format::rocks::manifest::LiveFile;
use crate::format::rocks::manifest::Manifest;
use crate::format::rocks::options;
use crate::format::rocks::options::Options;

fn manifest(families: Vec<ColumnFamily>) -> Manifest {
    Manifest {
        column_families: families,
        log_number: 0,
        prev_log_number: 0,
        next_file_number: 0,
        last_sequence: 0,
        max_column_family: 0,
        min_log_number_to_keep: 0,
        db_id: None,
        records: 0,
    }
}

fn family(name: &[u8]) -> ColumnFamily {
    ColumnFamily { name: name.into(), ..ColumnFamily::default() }
}

fn stored(version: &str, db: &str, family: &str, table: &str) -> String {
    format!(
        "[Version]\nrocksdb_version={version}\noptions_file_version=1.1\n[DBOptions]\n{db}\n\
         [CFOptions \"default\"]\n{family}\n[TableOptions/BlockBasedTable \"default\"]\n{table}\n"
    )
}

fn rendered(manifest: &Manifest, stored: Option<&str>) -> String {
    let stored = stored.map(|stored| options::parse(stored.as_bytes()).unwrap());
    String::from_utf8(render(manifest, stored.as_ref())).unwrap()
}

/// The settings of the only column family and of its tables, without those that are always there.
fn kept(family_settings: &str, table: &str) -> Vec<String> {
    let stored = stored("6.20.3", "", family_settings, table);
    let text = rendered(&manifest(vec![family(b"default")]), Some(&stored));
    let read: Options<'_> = options::parse(text.as_bytes()).unwrap();
    let [default] = &read.column_families[..] else { panic!("one") };
    let table = &default.table.as_ref().unwrap().settings.0;
    let all = default.settings.0.iter().chain(table);
    let always = ["merge_operator=StringAppendTESTOperator", "num_levels=7"];
    let lines = all.map(|(name, value)| format!("{name}={value}"));
    lines.filter(|line| !always.contains(&&**line)).collect()
}

#[test]
fn without_a_stored_file_there_is_what_every_one_needs() {
    let text = rendered(&manifest(vec![family(b"default"), family(b"a")]), None);
    let expected = "\
# A RocksDB option file, by chkctl: a selection of what was stored.

[Version]
  rocksdb_version=6.20.3
  options_file_version=1.1

[DBOptions]

[CFOptions \"default\"]
  merge_operator=StringAppendTESTOperator
  num_levels=7
[TableOptions/BlockBasedTable \"default\"]

[CFOptions \"a\"]
  merge_operator=StringAppendTESTOperator
  num_levels=7
[TableOptions/BlockBasedTable \"a\"]
";
    assert_eq!(text, expected);
}

#[test]
fn known_settings_are_kept() {
    let family = [
        "bottommost_compression=kZSTD",
        "compaction_style=kCompactionStyleUniversal",
        "compression=kLZ4Compression",
        "compression_per_level=kNoCompression:kSnappyCompression",
        "level0_file_num_compaction_trigger=4",
        "level0_slowdown_writes_trigger=20",
        "level0_stop_writes_trigger=36",
        "level_compaction_dynamic_level_bytes=true",
        "max_bytes_for_level_base=268435456",
        "max_write_buffer_number=2",
        "target_file_size_base=67108864",
        "write_buffer_size=67108864",
    ];
    let table = [
        "block_size=4096",
        "checksum=kXXH3",
        "format_version=5",
        "index_type=kTwoLevelIndexSearch",
        "partition_filters=true",
        "whole_key_filtering=false",
        "filter_policy=bloomfilter:12:false",
    ];
    let all: Vec<&str> = family.iter().chain(&table).copied().collect();
    assert_eq!(kept(&family.join("\n"), &table.join("\n")), all);
}

#[test]
fn what_is_no_known_value_is_not_kept() {
    let family = "compression=kXpressCompression\nbottommost_compression=kDisableCompressionOption\n\
                  compression_per_level=kZSTD:/etc\nwrite_buffer_size=1\ntarget_file_size_base=-1\n\
                  max_bytes_for_level_base=18446744073709551616\nlevel0_stop_writes_trigger=0\n\
                  level_compaction_dynamic_level_bytes=1\nmax_write_buffer_number=a\n\
                  compaction_style=kCompactionStyleFIFO\ncompaction_options_fifo={ttl=1;}\n\
                  comparator=/tmp/lib.so\ncompaction_filter_factory=F\nprefix_extractor=fixed:3\n\
                  cf_paths={/tmp/x,1}\nmerge_operator={id=other;}\nttl=1\ntable_factory=Plain\n\
                  num_levels=1000\nmemtable_factory=x\nsst_partitioner_factory=x";
    let table = "index_type=kHashSearch\nblock_size=0\nformat_version=8\nchecksum=kCRC32\n\
                 filter_policy=/lib.so\nflush_block_policy_factory=x\nblock_cache=1G\n\
                 persistent_cache=/tmp/x\nwhole_key_filtering=maybe";
    assert_eq!(kept(family, table), Vec::<String>::new());
    let many = vec!["kZSTD"; 257].join(":");
    assert_eq!(kept(&format!("compression_per_level={many}"), "").len(), 0);
}

#[test]
fn nothing_of_the_machine_is_kept() {
    let db = "db_log_dir=/tmp/a\nwal_dir=/tmp/b\ndb_paths={/tmp/c,1}\nenv=e\nrate_limiter=r\n\
              max_open_files=1\nlisteners={x}";
    let stored = stored("8.10.0", db, "", "");
    let text = rendered(&manifest(vec![family(b"default")]), Some(&stored));
    let read = options::parse(text.as_bytes()).unwrap();
    assert_eq!(read.db.0, []);
    assert_eq!(read.rocksdb_version, [8, 10, 0]);
    assert!(!text.contains("tmp"), "{text}");
}

#[test]
fn a_release_that_cannot_be_is_another() {
    let text = stored("8.4294967295.0", "", "", "");
    let text = rendered(&manifest(vec![family(b"default")]), Some(&text));
    assert!(text.contains("rocksdb_version=6.20.3\n"), "{text}");
}

#[test]
fn comparators_are_those_of_the_manifest() {
    let [bytewise, reverse] = ["leveldb.BytewiseComparator", "rocksdb.ReverseBytewiseComparator"];
    let cases = [
        (None, bytewise, Some(bytewise)),
        (None, "other", None),
        (Some(bytewise), "other", Some(bytewise)),
        (Some(reverse), bytewise, Some(reverse)),
        (Some("other"), bytewise, None),
    ];
    for (told, written, expected) in cases {
        let comparator = told.map(|told| told.as_bytes().into());
        let family = ColumnFamily { comparator, ..family(b"default") };
        let stored = stored("6.20.3", "", &format!("comparator={written}"), "");
        let text = rendered(&manifest(vec![family]), Some(&stored));
        let read = options::parse(text.as_bytes()).unwrap();
        assert_eq!(read.column_families[0].comparator, expected);
    }
}

#[test]
fn levels_are_enough_for_the_files() {
    let levels = |told: u32, deepest: u32| {
        let file = LiveFile { level: deepest, ..LiveFile::default() };
        let family = ColumnFamily { files: vec![file], ..family(b"default") };
        let stored = stored("6.20.3", "", &format!("num_levels={told}"), "");
        let text = rendered(&manifest(vec![family]), Some(&stored));
        options::parse(text.as_bytes()).unwrap().column_families[0].num_levels.unwrap()
    };
    assert_eq!(levels(3, 1), 3);
    assert_eq!(levels(3, 6), 7);
    assert_eq!(levels(0, 8), 9);
    assert_eq!(levels(257, 0), 7);
    assert_eq!(levels(u32::MAX, u32::MAX), 256);
}

#[test]
fn filters_are_bloom_filters_with_their_bits() {
    let filter = |policy: &str| kept("", &format!("filter_policy={policy}"));
    for (policy, bits) in [
        ("rocksdb.BuiltinBloomFilter", 10),
        ("bloomfilter:6.5:false", 6),
        ("bloomfilter:100:true", 100),
        ("bloomfilter:1e300:false", 10),
        ("bloomfilter:NaN", 10),
        ("{id=bloomfilter:14:false;bloom_before_level=3;}", 14),
        ("ribbonfilter:9:1", 9),
    ] {
        assert_eq!(filter(policy), [format!("filter_policy=bloomfilter:{bits}:false")], "{policy}");
    }
    assert_eq!(filter("nullptr").len() + filter("other").len(), 0);
}

#[test]
fn names_are_escaped_and_stand_once() {
    let names: [&[u8]; 7] =
        [b"a#:\\\n\r\"b]", b"", b" x ", b"\\", b"default", b"[DBOptions]\n", "ü".as_bytes()];
    let mut families: Vec<ColumnFamily> = names.iter().map(|name| family(name)).collect();
    families.push(family(b"\\"));
    let text = rendered(&manifest(families), None);
    assert!(text.contains("\n[CFOptions \"a\\#\\:\\\\\\n\\r\"b]\"]\n"), "{text}");
    let read = options::parse(text.as_bytes()).unwrap();
    let read: Vec<&[u8]> = read.column_families.iter().map(|one| one.name.as_bytes()).collect();
    let others = names.iter().filter(|name| **name != b"default").copied();
    let expected: Vec<&[u8]> = [&b"default"[..]].into_iter().chain(others).collect();
    assert_eq!(read, expected);
}

#[test]
fn names_that_are_no_text_are_written_as_they_are() {
    let bytes = render(&manifest(vec![family(b"default"), family(b"\xff\\")]), None);
    let title = b"\n[CFOptions \"\xff\\\\\"]\n";
    assert!(bytes.windows(title.len()).any(|part| part == title));
}

#[test]
fn default_is_there_even_if_the_manifest_dropped_it() {
    let text = rendered(&manifest(vec![family(b"a")]), None);
    let read = options::parse(text.as_bytes()).unwrap();
    let names: Vec<&str> = read.column_families.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["default", "a"]);
}
