//! MANIFEST, CURRENT and OPTIONS of every incremental handle of every fixture.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use chkctl::format::flink::backend_meta::Hints;
use chkctl::format::flink::backend_meta::KeyedBackendMeta;
use chkctl::format::rocks::current;
use chkctl::format::rocks::manifest::Manifest;
use chkctl::format::rocks::manifest::ManifestProblem;
use chkctl::format::rocks::options;

use crate::support::archives;
use crate::support::handles;
use crate::support::handles::Database;
use crate::support::parallel;

#[test]
fn every_database_of_every_fixture_is_what_its_handle_says() {
    let checked = parallel::map(&archives::names(), |name| {
        let databases = handles::of(&archives::unpack(name));
        databases.iter().map(check).collect::<Vec<_>>()
    });
    let checked: Vec<[u32; 3]> = checked.into_iter().flatten().collect();
    assert!(checked.len() > 700, "only {} databases", checked.len());
    let releases: BTreeSet<[u32; 3]> = checked.into_iter().collect();
    assert_eq!(releases, BTreeSet::from([[5, 17, 2], [6, 20, 3], [8, 10, 0]]));
}

/// Returns the release that wrote it.
fn check(database: &Database) -> [u32; 3] {
    let at = &database.at;
    let current = current::parse(&database.file("CURRENT").bytes);
    let current = current.unwrap_or_else(|e| panic!("{at}: {e}"));
    let manifest = Manifest::parse(&database.file(current.manifest).bytes);
    let manifest = manifest.unwrap_or_else(|e| panic!("{at}: {e}"));
    let options = options::parse(&database.file("OPTIONS-").bytes);
    let options = options.unwrap_or_else(|e| panic!("{at}: {e}"));
    let meta = KeyedBackendMeta::parse(&database.meta, &Hints::default()).unwrap();

    let families = manifest.column_families.iter();
    let live: BTreeMap<String, u64> = families
        .clone()
        .flat_map(|family| &family.files)
        .map(|file| (file.name(), file.size))
        .collect();
    let tables = database.files.iter().filter(|file| file.name.ends_with(".sst"));
    let tables: BTreeMap<String, u64> = tables.map(|file| (file.name.clone(), file.size)).collect();
    assert_eq!(live, tables, "{at}");
    assert_eq!(database.files.len(), tables.len() + 3, "{at}: CURRENT, MANIFEST, OPTIONS");
    for file in &database.files {
        assert_eq!(file.bytes.len() as u64, file.size, "{at}: {}", file.name);
    }

    let mut states = BTreeSet::from(["default".to_owned()]);
    states.extend(meta.states.iter().map(|state| state.name.to_str().into_owned()));
    let names = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
    let in_manifest: BTreeSet<String> =
        families.clone().map(|family| names(&family.name)).collect();
    let in_options: BTreeSet<String> =
        options.column_families.iter().map(|family| family.name.to_string()).collect();
    assert_eq!(in_manifest, states, "{at}");
    // Of the few with options the file may be older than the newest column family.
    assert!(in_options.contains("default") && in_options.is_subset(&states), "{at}");

    for family in families {
        assert_eq!(family.comparator.as_deref(), Some(&b"leveldb.BytewiseComparator"[..]), "{at}");
        for file in &family.files {
            assert!(file.smallest_seqno <= file.largest_seqno, "{at} {file:?}");
            assert!(file.largest_seqno <= manifest.last_sequence, "{at} {file:?}");
            assert!(file.number < manifest.next_file_number, "{at} {file:?}");
            assert!(user_key(&file.smallest) <= user_key(&file.largest), "{at} {file:?}");
        }
    }
    for family in &options.column_families {
        assert_eq!(family.comparator, Some("leveldb.BytewiseComparator"), "{at}");
        assert_eq!(family.num_levels, Some(7), "{at}");
        let table = family.table.as_ref().unwrap();
        assert_eq!(table.factory, "BlockBasedTable", "{at}");
        assert_eq!((table.block_size, table.filter_policy), (Some(4096), None), "{at}");
        assert!(matches!(table.format_version, Some(2 | 5)), "{at}");
        assert_eq!(table.index_type, Some("kBinarySearch"), "{at}");
        assert_eq!(family.merge_operator, Some("StringAppendTESTOperator"), "{at}");
    }
    options.rocksdb_version
}

fn user_key(internal: &[u8]) -> &[u8] {
    &internal[..internal.len() - 8]
}

/// A MANIFEST of each generation of RocksDB that Flink has used.
fn one_of_each_generation() -> Vec<Database> {
    ["A-1.13.6", "A-1.20.5", "A-2.3.0"]
        .into_iter()
        .map(|name| {
            let databases = handles::of(&archives::unpack(name)).into_iter();
            databases.min_by_key(|database| database.file("MANIFEST-").bytes.len()).unwrap()
        })
        .collect()
}

#[test]
fn every_flipped_bit_of_a_manifest_is_found() {
    for database in one_of_each_generation() {
        let bytes = &database.file("MANIFEST-").bytes;
        every_flipped_bit_is_found(bytes, &database.at);
    }
}

/// A bit that no reader looks at would be a bit that nobody could miss; there is none.
pub(super) fn every_flipped_bit_is_found(bytes: &[u8], at: &str) {
    let whole = Manifest::parse(bytes).unwrap();
    assert!(whole.records > 1, "{at}");
    let bits: Vec<usize> = (0..bytes.len() * 8).collect();
    let unseen = parallel::map(&bits, |bit| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        Manifest::parse(&bytes).is_ok()
    });
    let unseen: Vec<_> = bits.iter().zip(unseen).filter(|(_, unseen)| *unseen).collect();
    assert!(unseen.is_empty(), "{at}: {} of {} bits: {unseen:?}", unseen.len(), bits.len());
}

#[test]
fn a_manifest_that_ends_early_or_late_is_found() {
    for database in one_of_each_generation() {
        let bytes = &database.file("MANIFEST-").bytes;
        let starts = ends_of_records(bytes);
        for length in 0..bytes.len() {
            let cut = Manifest::parse(&bytes[..length]);
            match starts.contains(&length) {
                // A whole number of records tells no lies; CURRENT's size tells them apart.
                true => assert!(cut.is_ok() || matches!(cut, Err(e) if is_missing(&e.problem))),
                false => assert!(cut.is_err(), "{} {length}", database.at),
            }
        }
        for behind in [&[0][..], &[0; 7], &[0; 40_000], &[1; 7], b"garbage"] {
            let longer = [bytes, behind].concat();
            let error = Manifest::parse(&longer).unwrap_err();
            assert_eq!(error.offset, bytes.len() as u64, "{}: {error}", database.at);
        }
    }
}

fn is_missing(problem: &ManifestProblem) -> bool {
    matches!(problem, ManifestProblem::Missing(_))
}

/// Offsets behind the records of a MANIFEST that fits into one block.
fn ends_of_records(bytes: &[u8]) -> BTreeSet<usize> {
    assert!(bytes.len() < 32 << 10);
    let mut ends = BTreeSet::from([0]);
    let mut at = 0;
    while at < bytes.len() {
        at += 7 + usize::from(u16::from_le_bytes([bytes[at + 4], bytes[at + 5]]));
        ends.insert(at);
    }
    ends
}

#[test]
fn errors_say_where_and_what() {
    let database = &one_of_each_generation()[1];
    let mut bytes = database.file("MANIFEST-").bytes.clone();
    bytes[0] ^= 1;
    let error = Manifest::parse(&bytes).unwrap_err().to_string();
    let expected = "MANIFEST record at byte 0: checksum is 0x";
    assert!(error.starts_with(expected) && error.contains(", its bytes give 0x"), "{error}");
    let options = &database.file("OPTIONS-").bytes;
    let error = options::parse(&options[..options.len() / 2]).unwrap_err().to_string();
    assert!(error.starts_with("OPTIONS line ") && error.contains(", byte "), "{error}");
}
