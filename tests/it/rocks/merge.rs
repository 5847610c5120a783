//! The content of tables together, as a database that holds them shows it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chkctl::format::rocks::table::key::Kind;

use super::read::Entry;
use super::read::Table;

/// The value of every key that is visible: merge operands joined by one comma as Flink's merge
/// operator does, range deletions applied.
pub(crate) fn content<'t>(
    tables: impl Iterator<Item = &'t Table> + Clone,
) -> BTreeMap<&'t [u8], Vec<u8>> {
    let mut all: BTreeMap<&[u8], Vec<&Entry>> = BTreeMap::new();
    for entry in tables.clone().flat_map(|table| &table.entries) {
        all.entry(&entry.user_key).or_default().push(entry);
    }
    let deletions: Vec<_> = tables.flat_map(|table| &table.range_deletions).collect();
    let mut visible = BTreeMap::new();
    for (key, mut entries) in all {
        entries.sort_by_key(|entry| Reverse(entry.sequence));
        let covering = deletions.iter().filter(|d| *d.start <= *key && *key < *d.end);
        let gone = covering.map(|deletion| deletion.sequence).max().unwrap_or(0);
        let mut parts: Vec<&[u8]> = Vec::new();
        let mut found = false;
        for entry in entries.iter().take_while(|entry| entry.sequence >= gone) {
            match entry.kind {
                Kind::Merge | Kind::Value => {
                    parts.push(&entry.value);
                    found = true;
                }
                Kind::Deletion | Kind::SingleDeletion => {}
                other => panic!("{other:?} is not expected"),
            }
            if entry.kind != Kind::Merge {
                break;
            }
        }
        if found {
            parts.reverse();
            visible.insert(key, parts.join(&b','));
        }
    }
    visible
}
