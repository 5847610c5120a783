//! What RocksDB reads in a directory, by its crate alone: no line of chkctl takes part.

use std::collections::BTreeMap;
use std::path::Path;

use rocksdb::ColumnFamilyDescriptor;
use rocksdb::DB;
use rocksdb::IteratorMode;
use rocksdb::MergeOperands;
use rocksdb::Options;
use sha2::Digest;
use sha2::Sha256;

use super::archives::hex;

/// Keys and values of each column family.
pub(crate) type Rows = BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>>;

/// Entries and hash of each column family, as the oracle computes them.
pub(crate) type Summary = BTreeMap<String, (u64, String)>;

/// Gives a column family the merge operator that Flink gives all of its own.
pub(crate) fn string_append(options: &mut Options) {
    fn join(_: &[u8], first: Option<&[u8]>, others: &MergeOperands) -> Option<Vec<u8>> {
        let mut joined = first.map(<[u8]>::to_vec);
        for other in others {
            match &mut joined {
                Some(joined) => {
                    joined.push(b',');
                    joined.extend_from_slice(other);
                }
                None => joined = Some(other.to_vec()),
            }
        }
        joined
    }
    options.set_merge_operator_associative("stringappendtest", join);
}

/// Opens all column families of a database, to write if it says so.
pub(crate) fn open(directory: &Path, write: bool, with: impl Fn(&mut Options)) -> DB {
    let names = DB::list_cf(&Options::default(), directory);
    let names = names.unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let families = names.iter().map(|name| {
        let mut options = Options::default();
        with(&mut options);
        ColumnFamilyDescriptor::new(name, options)
    });
    let options = Options::default();
    let opened = match write {
        true => DB::open_cf_descriptors(&options, directory, families),
        false => DB::open_cf_descriptors_read_only(&options, directory, families, false),
    };
    opened.unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
}

/// All that an open database holds.
pub(crate) fn rows(db: &DB) -> Rows {
    let of = |name: String| {
        let family = db.cf_handle(&name).unwrap();
        let entries = db.iterator_cf(&family, IteratorMode::Start).map(|entry| {
            let (key, value) = entry.unwrap();
            (key.into_vec(), value.into_vec())
        });
        let entries = entries.collect();
        (name, entries)
    };
    let mut names = DB::list_cf(&Options::default(), db.path()).unwrap();
    names.sort();
    names.into_iter().map(of).collect()
}

/// All that the database in a directory holds.
pub(crate) fn of(directory: &Path) -> Rows {
    rows(&open(directory, false, string_append))
}

/// What the oracle would say of these rows.
pub(crate) fn summary(rows: &Rows) -> Summary {
    let digits: Vec<String> = (0..=u8::MAX).map(|byte| hex(&[byte])).collect();
    let spell = |line: &mut Vec<u8>, bytes: &[u8]| {
        for byte in bytes {
            line.extend_from_slice(digits[usize::from(*byte)].as_bytes());
        }
    };
    let of = |(name, entries): (&String, &BTreeMap<Vec<u8>, Vec<u8>>)| {
        let mut hash = Sha256::new();
        let mut line = Vec::new();
        for (key, value) in entries {
            line.clear();
            line.extend_from_slice(name.as_bytes());
            line.push(b'\t');
            spell(&mut line, key);
            line.push(b'\t');
            spell(&mut line, value);
            line.push(b'\n');
            hash.update(&line);
        }
        (name.clone(), (entries.len() as u64, hex(&hash.finalize())))
    };
    rows.iter().map(of).collect()
}
