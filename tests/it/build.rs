//! Are the rows of a database that was built those it was built from?
//!
//! | module | asks |
//! |---|---|
//! | `copies` | does a database hold the rows of all subtasks, of the wanted key groups alone? |
//! | `formats` | do full checkpoints of 1.14 become the databases of incremental ones? |
//! | `order` | does the order in which rows come make no difference? |
//! | `refusals` | is what cannot be built refused, with the reason and nothing left behind? |
//! | `streams` | do full snapshots become the databases that Flink makes of them? |
//! | `works` | can RocksDB, new and old, work with what was built? |

mod copies;
mod formats;
mod order;
mod refusals;
mod streams;
mod works;

use std::collections::BTreeMap;
use std::path::Path;

use chkctl::ops::restore::build::apply::Builder;

use crate::support::rows;
use crate::support::rows::Rows;

/// Keys and values by column family, in the order of keys.
type Families = BTreeMap<String, Vec<(Vec<u8>, Vec<u8>)>>;

/// Builds a database of rows, given with the positions of their column families.
fn build<'r>(
    directory: &Path,
    names: &[&str],
    memory: u64,
    rows: impl IntoIterator<Item = (usize, &'r [u8], &'r [u8])>,
) -> Vec<u64> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut builder = Builder::create(directory, &names, memory).unwrap();
    for (family, key, value) in rows {
        builder.add(family, key, value).unwrap();
    }
    builder.finish().unwrap()
}

/// The rows of a database without `default`, which is to be empty.
fn states_of(directory: &Path) -> Rows {
    let mut rows = rows::of(directory);
    assert_eq!(rows.remove("default"), Some(BTreeMap::new()));
    rows
}

/// As [`states_of`], in the order of keys.
fn rows_of(directory: &Path) -> Families {
    let rows = states_of(directory);
    rows.into_iter().map(|(name, rows)| (name, rows.into_iter().collect())).collect()
}

/// What lies in a directory: numbers in names are `#`.
fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.replace(|c: char| c.is_ascii_digit(), "").replace('.', "#."))
        .collect();
    names.sort();
    names
}
