//! RocksDB opens a database that was put together, and reads it.

use std::ops::ControlFlow;
use std::path::Path;

use rocksdb::BlockBasedOptions;
use rocksdb::Cache;
use rocksdb::ColumnFamilyDescriptor;
use rocksdb::DB;
use rocksdb::ErrorKind;
use rocksdb::Options;
use rocksdb::ReadOptions;

use super::merge_operator;
use crate::format::rocks::manifest::Manifest;

/// Tables that are open at a time, each with a file descriptor.
const OPEN_FILES: i32 = 64;
/// Levels of the tree that RocksDB allows for if nothing else is said.
const LEVELS: i32 = 7;
/// More levels than this nobody configures; each costs memory.
const MOST_LEVELS: i32 = 256;
/// Entries between two looks at whether to go on.
const STRIDE: u64 = 4096;

/// Why RocksDB did not open a database, or did not read it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its files are not what they should be.
    #[error("{0}")]
    Refused(String),
    /// The machine or this build of RocksDB is in the way, which says nothing of the files.
    #[error("{0}")]
    Hindered(String),
}

/// Opens a database to be read, with every check RocksDB has, and with all column families.
///
/// Nothing but the MANIFEST says what they are; an OPTIONS file is never read, as it could send
/// RocksDB elsewhere. RocksDB changes no file and writes a log, into `log` if one is named.
/// `cache` is what it may hold of indexes and filters, in bytes.
///
/// # Errors
/// What RocksDB says, without the directory.
pub fn read_only(
    directory: &Path,
    manifest: &Manifest,
    cache: usize,
    log: Option<&Path>,
) -> Result<DB, OpenError> {
    let mut tables = BlockBasedOptions::default();
    tables.set_block_cache(&Cache::new_lru_cache(cache));
    tables.set_cache_index_and_filter_blocks(true);
    let files = manifest.column_families.iter().flat_map(|family| &family.files);
    let deepest = files.map(|file| i32::try_from(file.level).unwrap_or(MOST_LEVELS)).max();
    let levels = deepest.map_or(LEVELS, |level| level.saturating_add(1));
    let mut families = Vec::new();
    for family in &manifest.column_families {
        let mut options = Options::default();
        merge_operator::register(&mut options);
        options.set_block_based_table_factory(&tables);
        options.set_num_levels(levels.clamp(LEVELS, MOST_LEVELS));
        let name = str::from_utf8(&family.name).map_err(|_| {
            let name = String::from_utf8_lossy(&family.name);
            OpenError::Hindered(format!("the name of column family {name} is no UTF-8"))
        })?;
        families.push(ColumnFamilyDescriptor::new(name, options));
    }
    let mut options = Options::default();
    if let Some(log) = log {
        options.set_db_log_dir(log);
    }
    options.set_paranoid_checks(true);
    options.set_max_open_files(OPEN_FILES);
    options.set_max_file_opening_threads(1);
    // They would be read of every table, for compactions.
    options.set_skip_stats_update_on_db_open(true);
    DB::open_cf_descriptors_read_only(&options, directory, families, false)
        .map_err(|error| told(&error, directory))
}

/// Reads every entry of every column family, checksums verified, and returns how many each has;
/// `None` if `go_on` said not to.
///
/// # Errors
/// As [`read_only`].
pub fn read_through(
    db: &DB,
    directory: &Path,
    manifest: &Manifest,
    go_on: &dyn Fn() -> ControlFlow<()>,
) -> Result<Option<Vec<u64>>, OpenError> {
    let mut all = Vec::new();
    for family in &manifest.column_families {
        let name = String::from_utf8_lossy(&family.name);
        let Some(handle) = db.cf_handle(&name) else {
            return Err(OpenError::Refused(format!("column family {name} was not opened")));
        };
        let mut entries: u64 = 0;
        let mut reading = ReadOptions::default();
        reading.set_verify_checksums(true);
        reading.fill_cache(false);
        reading.set_total_order_seek(true);
        let mut iterator = db.raw_iterator_cf_opt(&handle, reading);
        iterator.seek_to_first();
        while iterator.valid() {
            entries = entries.saturating_add(1);
            if entries.is_multiple_of(STRIDE) && go_on().is_break() {
                return Ok(None);
            }
            iterator.next();
        }
        iterator.status().map_err(|error| told(&error, directory).of_family(&name))?;
        all.push(entries);
    }
    Ok(Some(all))
}

impl OpenError {
    /// Says which column family is damaged.
    pub(super) fn of_family(self, name: &str) -> Self {
        match self {
            OpenError::Refused(message) => {
                OpenError::Refused(format!("{message}; column family {name}"))
            }
            hindered => hindered,
        }
    }
}

/// What RocksDB says, without the directory, which is another one every time.
pub(super) fn without(error: &rocksdb::Error, directory: &Path) -> String {
    error.to_string().replace(&format!("{}/", directory.display()), "")
}

/// Whose fault it is, by what RocksDB says.
pub(super) fn told(error: &rocksdb::Error, directory: &Path) -> OpenError {
    let message = without(error, directory);
    match error.kind() {
        // The files are where they were put: one that RocksDB looks for has another name.
        ErrorKind::IOError if message.contains("No such file or directory") => {
            OpenError::Refused(message)
        }
        ErrorKind::IOError
        | ErrorKind::NotSupported
        | ErrorKind::Busy
        | ErrorKind::TimedOut
        | ErrorKind::Aborted
        | ErrorKind::Incomplete
        | ErrorKind::TryAgain
        | ErrorKind::ShutdownInProgress => OpenError::Hindered(message),
        _ => OpenError::Refused(message),
    }
}
