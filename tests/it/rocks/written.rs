//! Tables of every form RocksDB writes are read as they were written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chkctl::format::rocks::table::error::Part;
use chkctl::format::rocks::table::key::InternalKey;
use chkctl::format::rocks::table::key::Kind;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rocksdb::ColumnFamilyDescriptor;
use rocksdb::DB;
use rocksdb::IteratorMode;
use rocksdb::Options;
use rocksdb::ReadOptions;
use rocksdb::SstFileWriter;

use super::merge::content;
use super::options::CHECKSUMS;
use super::options::COMPRESSIONS;
use super::options::Form;
use super::options::VERSIONS;
use super::options::forms;
use super::read::Table;

/// Something that is done to a database.
#[derive(Debug, Clone)]
enum Change {
    Put(Vec<u8>, Vec<u8>),
    Merge(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    DeleteRange(Vec<u8>, Vec<u8>),
    /// Writes a table of what was done since.
    Flush,
    /// Makes few tables of many.
    Compact,
}

/// Keys of which many are alike, some at the edges of prefixes and orders.
fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (0_u16..500).prop_map(|n| format!("key-{n:05}").into_bytes()),
        1 => vec(prop_oneof![Just(0_u8), Just(0xff), Just(b'k')], 3..9),
        1 => vec(any::<u8>(), 3..40),
    ]
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (any::<u8>(), 0_usize..60).prop_map(|(byte, n)| vec![byte; n]),
        2 => vec(any::<u8>(), 0..80),
        1 => (any::<u8>(), 300_usize..3000).prop_map(|(byte, n)| vec![byte; n]),
    ]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        60 => (keys(), values()).prop_map(|(key, value)| Change::Put(key, value)),
        20 => (keys(), values()).prop_map(|(key, value)| Change::Merge(key, value)),
        10 => keys().prop_map(Change::Delete),
        2 => (keys(), keys()).prop_map(|(a, b)| match a <= b {
            true => Change::DeleteRange(a, b),
            false => Change::DeleteRange(b, a),
        }),
        1 => Just(Change::Flush),
        1 => Just(Change::Compact),
    ];
    vec(change, 1..400)
}

/// The file `SstFileWriter` makes of changes, one for each key.
fn write(form: &Form, changes: &[Change]) -> Option<Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table.sst");
    let options = form.options();
    let mut writer = SstFileWriter::create(&options);
    writer.open(&path).unwrap();
    let mut empty = true;
    for change in changes {
        match change {
            Change::Put(key, value) => writer.put(key, value).unwrap(),
            Change::Merge(key, value) => writer.merge(key, value).unwrap(),
            Change::Delete(key) => writer.delete(key).unwrap(),
            Change::DeleteRange(from, to) => writer.delete_range(from, to).unwrap(),
            Change::Flush | Change::Compact => continue,
        }
        empty = false;
    }
    if empty {
        return None;
    }
    writer.finish().unwrap_or_else(|error| panic!("{form:?}: {error}"));
    Some(fs::read(path).unwrap())
}

/// One change a key, in the order of keys; range deletions where they stood.
fn sorted(changes: &[Change]) -> Vec<Change> {
    let mut of_keys = BTreeMap::new();
    let mut ranges = Vec::new();
    for change in changes {
        match change {
            Change::Put(key, _) | Change::Merge(key, _) | Change::Delete(key) => {
                of_keys.insert(key.clone(), change.clone());
            }
            Change::DeleteRange(from, to) if from < to => ranges.push(change.clone()),
            _ => {}
        }
    }
    ranges.into_iter().chain(of_keys.into_values()).collect()
}

/// Reads a file that holds these changes and compares.
fn check(form: &Form, changes: &[Change], file: &[u8]) -> Table {
    let table = Table::read(file).unwrap_or_else(|error| panic!("{form:?}: {error}"));
    assert_eq!(table.head.footer.format_version, form.version);
    assert_eq!(table.head.footer.checksum.name(), form.checksum);
    let mut entries = table.entries.iter();
    let mut ranges = 0;
    for change in changes {
        let (kind, key, value): (_, _, &[u8]) = match change {
            Change::Put(key, value) => (Kind::Value, key, value),
            Change::Merge(key, value) => (Kind::Merge, key, value),
            Change::Delete(key) => (Kind::Deletion, key, &[]),
            Change::DeleteRange(from, to) => {
                let same = |d: &&chkctl::format::rocks::table::scan::RangeDeletion| {
                    d.start == *from && d.end == *to && d.sequence == 0
                };
                assert!(table.range_deletions.iter().any(|d| same(&d)), "{form:?}");
                ranges += 1;
                continue;
            }
            Change::Flush | Change::Compact => continue,
        };
        let entry = entries.next().unwrap();
        let found = (entry.kind, &entry.user_key, entry.value.as_slice(), entry.sequence);
        assert_eq!(found, (kind, key, value, 0), "{form:?}");
    }
    assert!(entries.next().is_none());
    // Equal ones are written once.
    assert!(table.range_deletions.len() <= ranges);
    table
}

proptest! {
    #![proptest_config(Config { cases: 120, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_table_of_any_form_is_read_as_it_was_written(form in forms(), changes in changes()) {
        let changes = sorted(&changes);
        if let Some(file) = write(&form, &changes) {
            check(&form, &changes, &file);
        }
    }

    #[test]
    fn tables_of_a_database_together_are_what_it_shows(form in forms(), changes in changes()) {
        let dir = tempfile::tempdir().unwrap();
        compare_database(&form, &changes, dir.path());
    }
}

fn compare_database(form: &Form, changes: &[Change], dir: &Path) {
    let family = ColumnFamilyDescriptor::new("default", form.options());
    let db = DB::open_cf_descriptors(&form.options(), dir, [family]).unwrap();
    // Keeps several entries of one key alive.
    let mut snapshots = Vec::new();
    for change in changes {
        match change {
            Change::Put(key, value) => db.put(key, value).unwrap(),
            Change::Merge(key, value) => db.merge(key, value).unwrap(),
            Change::Delete(key) => db.delete(key).unwrap(),
            Change::DeleteRange(from, to) => {
                let family = db.cf_handle("default").unwrap();
                db.delete_range_cf(&family, from, to).unwrap();
                snapshots.push(db.snapshot());
            }
            Change::Flush => db.flush().unwrap(),
            Change::Compact => db.compact_range(None::<&[u8]>, None::<&[u8]>),
        }
    }
    db.flush().unwrap();
    let mut tables = Vec::new();
    for live in db.live_files().unwrap() {
        let file = fs::read(dir.join(live.name.trim_start_matches('/'))).unwrap();
        let table = Table::read(&file).unwrap_or_else(|error| panic!("{form:?}: {error}"));
        assert_eq!(table.counts.entries + table.counts.range_deletions, live.num_entries);
        let bounds = table.bounds.as_ref().unwrap();
        let [smallest, largest] = [&bounds.smallest, &bounds.largest]
            .map(|key| Some(InternalKey::parse(key).unwrap().user_key.to_vec()));
        assert_eq!([smallest, largest], [live.start_key, live.end_key], "{form:?}");
        tables.push(table);
    }
    let mut all = ReadOptions::default();
    all.set_total_order_seek(true);
    let shown = db.iterator_opt(IteratorMode::Start, all).map(Result::unwrap);
    let shown: BTreeMap<_, _> =
        shown.map(|(key, value)| (key.into_vec(), value.into_vec())).collect();
    let ours = content(tables.iter()).into_iter();
    let ours: BTreeMap<_, _> = ours.map(|(key, value)| (key.to_vec(), value)).collect();
    assert!(ours == shown, "{form:?}: {} and {} keys", ours.len(), shown.len());
}

fn numbered(count: usize) -> Vec<Change> {
    let key = |n: usize| format!("key-{n:05}").into_bytes();
    (0..count).map(|n| Change::Put(key(n), format!("value {}", n * 31).into_bytes())).collect()
}

#[test]
fn every_version_checksum_and_compression() {
    let changes = numbered(200);
    for version in VERSIONS {
        for checksum in CHECKSUMS {
            for compression in COMPRESSIONS {
                let form = Form { checksum, compression, block_size: 1000, ..Form::plain(version) };
                let file = write(&form, &changes).unwrap();
                let table = check(&form, &changes, &file);
                let compressed = compression != "kNoCompression";
                let data = table.layout.of(Part::Data);
                let kinds: Vec<bool> =
                    data.map(|region| file[region.end as usize - 5] != 0).collect();
                assert!(kinds.len() > 3 && kinds.iter().all(|kind| *kind == compressed));
            }
        }
    }
}

#[test]
fn dictionaries_are_used() {
    let changes = numbered(3000);
    let with_dictionary = [
        ("kZSTD", "max_dict_bytes=8192;zstd_max_train_bytes=100000;"),
        ("kZSTD", "max_dict_bytes=8192;"),
        ("kLZ4Compression", "max_dict_bytes=8192;"),
        ("kLZ4HCCompression", "max_dict_bytes=8192;"),
        ("kZlibCompression", "max_dict_bytes=8192;"),
    ];
    for (compression, compression_options) in with_dictionary {
        let form = Form { compression, compression_options, ..Form::plain(5) };
        let table = check(&form, &changes, &write(&form, &changes).unwrap());
        assert!(table.layout.the(Part::Dictionary).is_some(), "{form:?}");
    }
}

#[test]
fn padding_is_found_between_data_blocks() {
    let changes = numbered(2000);
    for data in [
        "block_align=true;",
        "super_block_alignment_size=8192;\
                  super_block_alignment_space_overhead_ratio=2;",
    ] {
        let form = Form { data, ..Form::plain(6) };
        let mut file = write(&form, &changes).unwrap();
        let table = check(&form, &changes, &file);
        let padding: Vec<_> = table.layout.of(Part::Padding).copied().collect();
        assert!(padding.len() > 2, "{data}");
        file[padding[1].start as usize] = 1;
        let error = Table::read(&file).err().unwrap();
        assert_eq!((error.part, error.offset), (Part::Padding, padding[1].start));
    }
}

#[test]
fn partitions_are_found() {
    let changes = numbered(3000);
    let form = Form {
        index: "index_type=kTwoLevelIndexSearch;partition_filters=true;metadata_block_size=128;",
        filter: "filter_policy=bloomfilter:10:false;",
        block_size: 500,
        ..Form::plain(5)
    };
    let table = check(&form, &changes, &write(&form, &changes).unwrap());
    let count = |part| table.layout.of(part).count();
    assert!(count(Part::IndexPartition) > 5 && count(Part::FilterPartition) > 5);
    assert_eq!([count(Part::Index), count(Part::Filter)], [1, 1]);
}

#[test]
fn what_is_not_read_is_refused_clearly() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table.sst");
    let mut options = Options::default();
    options.set_comparator("backwards", Box::new(|a: &[u8], b: &[u8]| b.cmp(a)));
    let mut writer = SstFileWriter::create(&options);
    writer.open(&path).unwrap();
    writer.put("b", "1").unwrap();
    writer.put("a", "2").unwrap();
    writer.finish().unwrap();
    let error = Table::read(&fs::read(&path).unwrap()).err().unwrap();
    let text = error.to_string();
    assert!(text.ends_with("a table ordered by the comparator backwards cannot be read"), "{text}");
}
