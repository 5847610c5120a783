//! Against what RocksDB says of its files.

use std::fs;

use rocksdb::DB;
use rocksdb::Options;
use serde_json::Value;

use super::document;
use super::list;
use crate::support::archives;
use crate::support::databases;

/// Column family, level, name, bytes, entries, deletions.
type Live = (String, u64, String, u64, u64, u64);

#[test]
fn levels_and_counts_are_what_rocksdb_says() {
    let mut compared = 0;
    for sample in ["A-1.13.6", "A-zstd-1.20.5", "A-2.3.0", "F-noclaim-rescale-1.20.5"] {
        let archive = archives::unpack(sample);
        for directory in archive.checkpoints() {
            let directory = archive.root().join(directory);
            let document = document(&directory);
            for database in databases::of(&directory) {
                let home = tempfile::tempdir().unwrap();
                for (name, bytes) in &database.files {
                    fs::write(home.path().join(name), bytes.as_ref().unwrap()).unwrap();
                }
                let of_it = |file: &&Value| {
                    let operator = file["operator_id"].as_str().unwrap();
                    format!("{operator}-{}-0", file["subtask"]) == database.tag
                };
                let said = list(&document, "files").iter().filter(of_it).map(said);
                let mut said: Vec<Live> = said.collect();
                said.sort();
                assert_eq!(said, live(home.path()), "{sample} {}", database.tag);
                compared += said.len();
            }
        }
    }
    assert!(compared > 500, "only {compared} SSTs were compared");
}

fn said(file: &Value) -> Live {
    let text = |name: &str| file[name].as_str().unwrap().to_owned();
    let number = |name: &str| file[name].as_u64().unwrap();
    let (bytes, entries) = (number("stored_bytes"), number("entries"));
    let name = text("local_name");
    (text("column_family"), number("level"), name, bytes, entries, number("deletions"))
}

fn live(home: &std::path::Path) -> Vec<Live> {
    let names = DB::list_cf(&Options::default(), home).unwrap();
    let mut options = Options::default();
    options.set_merge_operator_associative("stringappendtest", |_, _, _| None);
    let families = names.iter().map(|name| (name, options.clone()));
    let db = DB::open_cf_with_opts_for_read_only(&Options::default(), home, families, false);
    let files = db.unwrap().live_files().unwrap().into_iter();
    let mut files: Vec<Live> = files
        .map(|file| {
            let name = file.name.trim_start_matches('/').to_owned();
            let level = file.level as u64;
            let bytes = file.size as u64;
            (file.column_family_name, level, name, bytes, file.num_entries, file.num_deletions)
        })
        .collect();
    files.sort();
    files
}
