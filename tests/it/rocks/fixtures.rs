//! Every SST of every incremental checkpoint: what Flink's RocksDB wrote is read, all of it,
//! and merging the tables of a database gives the content which that RocksDB read.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use chkctl::format::rocks::table::error::Part;
use chkctl::format::rocks::table::key::InternalKey;
use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;

use super::merge::content;
use super::read::Entry;
use super::read::Table;
use crate::support::archives;
use crate::support::archives::hex;
use crate::support::databases;
use crate::support::databases::Database;
use crate::support::parallel;

/// What was seen in the fixtures.
#[derive(Default)]
struct Seen {
    databases: usize,
    tables: usize,
    merges: u64,
    deletions: u64,
    range_deletions: usize,
    versions: BTreeSet<u32>,
    /// Reads of heads that needed more than one.
    second_reads: usize,
}

#[test]
fn merging_the_tables_of_each_handle_gives_what_flink_read() {
    let names = archives::names();
    let seen = Mutex::new(Seen::default());
    parallel::map(&names, |name| {
        let archive = archives::unpack(name);
        let mut known = Known::default();
        for directory in archive.checkpoints() {
            let summary = archive.oracle().join(&directory).join("kv-summary.json");
            let Ok(text) = fs::read_to_string(summary) else { continue };
            let summary: Value = serde_json::from_str(&text).unwrap();
            let at = format!("{name} {}", directory.display());
            compare(&archive.root().join(&directory), &summary, &at, &mut known, &seen);
        }
    });
    let seen = seen.into_inner().unwrap();
    assert_eq!((seen.databases, seen.tables), (1017, 6260), "databases, and tables in them");
    assert!(seen.merges > 100_000 && seen.deletions > 100_000 && seen.range_deletions > 50);
    assert_eq!(seen.versions, BTreeSet::from([2, 5]));
    assert_eq!(seen.second_reads, 0, "one read is enough for every head");
}

/// Tables by their hash: checkpoints share them.
type Known = HashMap<[u8; 32], Arc<Table>>;

fn compare(directory: &Path, summary: &Value, at: &str, known: &mut Known, seen: &Mutex<Seen>) {
    let handles = summary["handles"].as_array().unwrap();
    for Database { tag, files, .. } in databases::of(directory) {
        let expected = handles.iter().find(|handle| handle["handle"] == tag.as_str());
        let expected = expected.unwrap_or_else(|| panic!("{at}: {tag} is not in the oracle"));
        // Files that Flink did not find either.
        if expected.get("error").is_some() {
            continue;
        }
        let mut families: BTreeMap<String, (u64, String)> = BTreeMap::new();
        let empty = hex(&Sha256::digest(b""));
        let mut tables: BTreeMap<String, Vec<Arc<Table>>> = BTreeMap::new();
        for (name, bytes) in files.into_iter().filter(|(name, _)| name.ends_with(".sst")) {
            let bytes = bytes.unwrap();
            let hash: [u8; 32] = Sha256::digest(&bytes).into();
            let table = known.entry(hash).or_insert_with(|| {
                let read = if bytes.len() < 10_000 { Table::read } else { Table::read_once };
                let table = read(&bytes).unwrap_or_else(|e| panic!("{at} {tag} {name}: {e}"));
                check_bounds(&table);
                seen.lock().unwrap().note(&table);
                Arc::new(table)
            });
            let family = table.head.properties.column_family_name.clone().unwrap();
            tables.entry(String::from_utf8(family).unwrap()).or_default().push(table.clone());
        }
        let expected = databases::expected(expected);
        for name in expected.keys() {
            families.insert(name.clone(), (0, empty.clone()));
        }
        for (family, tables) in &tables {
            // A family that is not a state of the handle would be one more.
            families.insert(family.clone(), summed(family, tables));
        }
        assert_eq!(families, expected, "{at} {tag}");
        seen.lock().unwrap().databases += 1;
    }
}

impl Seen {
    fn note(&mut self, table: &Table) {
        self.tables += 1;
        self.merges += table.counts.merges;
        self.deletions += table.counts.deletions;
        self.range_deletions += table.range_deletions.len();
        self.versions.insert(table.head.footer.format_version);
        self.second_reads += usize::from(table.reads[0].len() > 1);
        assert!(table.layout.the(Part::Data).is_some() || !table.range_deletions.is_empty());
    }
}

/// Without range deletions the bounds are the first and the last key.
fn check_bounds(table: &Table) {
    let bounds = table.bounds.as_ref().unwrap();
    let [smallest, largest] =
        [&bounds.smallest, &bounds.largest].map(|key| InternalKey::parse(key).unwrap());
    let key = |entry: &Entry| (entry.user_key.clone(), entry.sequence, entry.kind);
    let of = |key: InternalKey<'_>| (key.user_key.to_vec(), key.sequence, key.kind);
    if table.range_deletions.is_empty() {
        assert_eq!(Some(of(smallest)), table.entries.first().map(key));
        assert_eq!(Some(of(largest)), table.entries.last().map(key));
    }
    let starts = table.range_deletions.iter().map(|deletion| &deletion.start);
    let ends = table.range_deletions.iter().map(|deletion| &deletion.end);
    assert!(starts.min().is_none_or(|start| *smallest.user_key <= **start));
    assert!(ends.max().is_none_or(|end| *largest.user_key >= **end));
}

/// Entries and hash of a column family, as the oracle computes them.
fn summed(family: &str, tables: &[Arc<Table>]) -> (u64, String) {
    let content = content(tables.iter().map(|table| &**table));
    let mut hash = Sha256::new();
    for (key, value) in &content {
        hash.update(format!("{family}\t{}\t{}\n", hex(key), hex(value)));
    }
    (content.len() as u64, hex(&hash.finalize()))
}
