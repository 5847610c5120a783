//! A database of the newest RocksDB, and what RocksDB itself says of it.

use std::fs;
use std::path::Path;

use chkctl::format::rocks::current;
use chkctl::format::rocks::manifest::LiveFile;
use chkctl::format::rocks::manifest::Manifest;
use chkctl::format::rocks::options;
use rocksdb::BlockBasedOptions;
use rocksdb::DB;
use rocksdb::FlushOptions;
use rocksdb::IngestExternalFileOptions;
use rocksdb::Options;
use rocksdb::SstFileWriter;
use rocksdb::checkpoint::Checkpoint;

use super::manifests::every_flipped_bit_is_found;

fn database_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_disable_auto_compactions(true);
    options.set_write_dbid_to_manifest(true);
    options.set_track_and_verify_wals_in_manifest(true);
    options
}

/// Opens or creates a database, all column families with the same options.
fn open<'a>(home: &Path, options: &Options, families: impl IntoIterator<Item = &'a str>) -> DB {
    let families = ["default"].into_iter().chain(families);
    DB::open_cf_with_opts(options, home, families.map(|name| (name, options.clone()))).unwrap()
}

fn put(db: &DB, family: &str, keys: std::ops::Range<u32>) {
    let family = db.cf_handle(family).unwrap();
    for key in keys {
        db.put_cf(&family, key.to_be_bytes(), vec![key as u8; 50]).unwrap();
    }
    db.flush_cf(&family).unwrap();
}

/// The MANIFEST that CURRENT names.
fn manifest_bytes(home: &Path) -> Vec<u8> {
    let current = fs::read(home.join("CURRENT")).unwrap();
    fs::read(home.join(current::parse(&current).unwrap().manifest)).unwrap()
}

/// Column family, level, name, size, smallest and largest user key.
type Live = (String, u32, String, u64, (Vec<u8>, Vec<u8>));

/// What the MANIFEST says is what the open database says; returns it.
fn compare(db: &DB, home: &Path) -> Manifest {
    let manifest = Manifest::parse(&manifest_bytes(home)).unwrap();
    let mut expected: Vec<Live> = db
        .live_files()
        .unwrap()
        .into_iter()
        .map(|file| {
            let name = file.name.trim_start_matches('/').to_owned();
            let level = u32::try_from(file.level).unwrap();
            let keys = (file.start_key.unwrap(), file.end_key.unwrap());
            (file.column_family_name, level, name, file.size as u64, keys)
        })
        .collect();
    expected.sort();
    let mut found = Vec::new();
    for family in &manifest.column_families {
        let name = String::from_utf8(family.name.to_vec()).unwrap();
        for file in &family.files {
            let key = |internal: &[u8]| internal[..internal.len() - 8].to_vec();
            let keys = (key(&file.smallest), key(&file.largest));
            found.push((name.clone(), file.level, file.name(), file.size, keys));
        }
    }
    found.sort();
    // Keys may be long.
    let names = |all: &[Live]| all.iter().map(|file| file.2.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    assert!(found == expected, "levels, sizes and keys of {:?}", names(&found));
    assert_eq!(manifest.last_sequence, db.latest_sequence_number());
    manifest
}

fn family<'a>(manifest: &'a Manifest, name: &str) -> Option<&'a [LiveFile]> {
    let mut families = manifest.column_families.iter();
    families.find(|family| *family.name == *name.as_bytes()).map(|family| &family.files[..])
}

#[test]
fn a_database_that_lived_is_what_rocksdb_says_of_it() {
    let home = tempfile::tempdir().unwrap();
    let options = database_options();
    let mut db = open(home.path(), &options, ["a", "b # \"x\"", "gone"]);
    let odd = "b # \"x\"";
    compare(&db, home.path());
    for round in 0..5 {
        put(&db, "a", round * 50..round * 50 + 100);
        put(&db, odd, round * 10..round * 10 + 10);
        put(&db, "gone", 0..10);
    }
    let flushed = compare(&db, home.path());
    assert_eq!(family(&flushed, "a").unwrap().len(), 5);
    assert!(family(&flushed, "a").unwrap().iter().all(|file| file.epoch_number > 0));
    assert!(family(&flushed, "a").unwrap().iter().all(|file| file.unique_id.is_some()));
    assert!(flushed.db_id.is_some());

    let a = db.cf_handle("a").unwrap();
    db.compact_range_cf(&a, None::<&[u8]>, None::<&[u8]>);
    let compacted = compare(&db, home.path());
    assert!(family(&compacted, "a").unwrap().iter().all(|file| file.level > 0));
    db.delete_range_cf(&a, 20_u32.to_be_bytes(), 200_u32.to_be_bytes()).unwrap();
    db.flush_cf(&a).unwrap();
    compare(&db, home.path());

    let table = home.path().join("ingested");
    let writer_options = Options::default();
    let mut writer = SstFileWriter::create(&writer_options);
    writer.open(&table).unwrap();
    (1000_u32..1100).for_each(|key| writer.put(key.to_be_bytes(), b"value").unwrap());
    writer.finish().unwrap();
    let mut ingest = IngestExternalFileOptions::default();
    ingest.set_move_files(true);
    db.ingest_external_file_cf_opts(&a, &ingest, vec![&table]).unwrap();
    let ingested = compare(&db, home.path());
    let largest = |file: &LiveFile| file.largest[..4] == 1099_u32.to_be_bytes();
    assert!(family(&ingested, "a").unwrap().iter().any(largest));

    db.drop_cf("gone").unwrap();
    put(&db, odd, 0..1000);
    let dropped = compare(&db, home.path());
    assert!(family(&flushed, "gone").is_some() && family(&dropped, "gone").is_none());
    assert_eq!(dropped.max_column_family, 3);
    every_flipped_bit_is_found(&manifest_bytes(home.path()), "a database that lived");

    // What Flink takes: a MANIFEST cut behind its last record, and no more.
    let copy = tempfile::tempdir().unwrap();
    let copy = copy.path().join("checkpoint");
    Checkpoint::new(&db).unwrap().create_checkpoint(&copy).unwrap();
    let copied = Manifest::parse(&manifest_bytes(&copy)).unwrap();
    assert_eq!(copied.column_families, dropped.column_families);
    drop(db);
    let db = open(home.path(), &options, ["a", odd]);
    compare(&db, home.path());
}

#[test]
fn atomic_flushes_of_many_families() {
    let home = tempfile::tempdir().unwrap();
    let mut options = database_options();
    options.set_atomic_flush(true);
    let names: Vec<String> = (0..20).map(|n| format!("family-{n}")).collect();
    let db = open(home.path(), &options, names.iter().map(String::as_str));
    for round in 0..3_u32 {
        let handles: Vec<_> = names.iter().map(|name| db.cf_handle(name).unwrap()).collect();
        for handle in &handles {
            db.put_cf(handle, round.to_be_bytes(), b"value").unwrap();
        }
        let handles: Vec<_> = handles.iter().collect();
        db.flush_cfs_opt(&handles, &FlushOptions::default()).unwrap();
    }
    let bytes = manifest_bytes(home.path());
    let manifest = compare(&db, home.path());
    assert_eq!(manifest.column_families.len(), 21);
    // kInAtomicGroup, and nineteen edits that follow.
    assert!(bytes.windows(3).any(|bytes| bytes == [0xAC, 0x02, 19]));
}

#[test]
fn records_in_fragments_and_a_log_of_many_blocks() {
    let home = tempfile::tempdir().unwrap();
    let db = open(home.path(), &database_options(), ["a"]);
    let a = db.cf_handle("a").unwrap();
    for length in [1, 1000, 20_000, 60_000, 100_000] {
        for fill in 0..3 {
            db.put_cf(&a, vec![fill; length], b"value").unwrap();
            db.flush_cf(&a).unwrap();
        }
    }
    let manifest = compare(&db, home.path());
    assert!(manifest_bytes(home.path()).len() > 20 * (32 << 10));
    assert_eq!(family(&manifest, "a").unwrap().len(), 15);
}

#[test]
fn blob_files_and_options() {
    let home = tempfile::tempdir().unwrap();
    let mut options = database_options();
    options.set_enable_blob_files(true);
    options.set_min_blob_size(100);
    let mut table = BlockBasedOptions::default();
    table.set_bloom_filter(10.0, false);
    table.set_block_size(8192);
    options.set_block_based_table_factory(&table);
    let db = open(home.path(), &options, ["a"]);
    for round in 0..3_u8 {
        for key in 0..10_u8 {
            db.put([key], vec![round; 1000]).unwrap();
        }
        db.flush().unwrap();
    }
    let all = compare(&db, home.path());
    db.compact_range(None::<&[u8]>, None::<&[u8]>);
    let compacted = compare(&db, home.path());
    let names = |manifest: &Manifest| {
        let blobs = &manifest.column_families[0].blob_files;
        blobs.iter().map(|blob| format!("{:06}.blob", blob.number)).collect::<Vec<_>>()
    };
    assert_eq!((names(&all).len(), names(&compacted).len()), (3, 1));
    assert!(names(&compacted).iter().all(|name| home.path().join(name).exists()));
    let mut files = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.to_str().unwrap().contains("OPTIONS-")).unwrap();
    let text = fs::read(file).unwrap();
    let options = options::parse(&text).unwrap();
    let described = options.column_families[1].table.as_ref().unwrap();
    assert_eq!(&*options.column_families[1].name, "a");
    assert!(options.rocksdb_version >= [11, 8, 1]);
    assert_eq!(described.block_size, Some(8192));
    assert_eq!(described.filter_policy, Some("bloomfilter"));
}
