//! The builder: rows become tables, and tables a database.

use std::collections::HashMap;
use std::fs;
use std::fs::File;
use std::io;
use std::mem::take;
use std::path::Path;
use std::path::PathBuf;

use rocksdb::ColumnFamilyDescriptor;
use rocksdb::DB;
use rocksdb::DEFAULT_COLUMN_FAMILY_NAME;
use rocksdb::IngestExternalFileOptions;
use rocksdb::Options;
use rocksdb::ReadOptions;

use super::BuildError;
use super::family::Family;
use super::table;
use super::table::Table;

/// What rows of all column families together may take if nothing else is said, in bytes.
pub const MEMORY: u64 = 64 << 20;
/// Rows that come in order are written when they take this many bytes.
const STREAK: u64 = 1 << 20;
/// Tables that are written at a time. Each has a file descriptor, a megabyte that is not on
/// disk yet, and its index.
const OPEN_TABLES: usize = 32;
/// Tables that RocksDB has open.
const OPEN_FILES: i32 = 64;
/// Where tables lie until the database takes them, inside of its directory.
const TABLES: &str = ".tables";
/// Where tables that overlap are merged, inside of that.
const MERGED: &str = "merged";

/// Builds a database from rows in any order.
pub struct Builder {
    directory: PathBuf,
    tables: Temporary,
    families: Vec<Family>,
    /// Positions of these by their names.
    positions: HashMap<String, usize>,
    memory: u64,
    /// Bytes of rows that wait.
    waiting: u64,
    /// Tables that were begun.
    begun: u64,
    /// How often tables were written to.
    writes: u64,
}

/// A directory that is gone in the end, whatever the end is.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a success nothing is there any more; otherwise the failure is what is told.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Builder {
    /// Begins a database in a directory that is there and empty, with a column family of each
    /// name beside `default`. Rows that wait take about `memory` bytes; tables that are being
    /// written take at most 64 MiB beyond that.
    ///
    /// # Errors
    /// See [`Builder::family`]; two have the same name; the directory is not there, not empty,
    /// or cannot be written to.
    pub fn create(directory: &Path, families: &[String], memory: u64) -> Result<Self, BuildError> {
        let failed = |error| BuildError::File { path: directory.to_owned(), error };
        if fs::read_dir(directory).map_err(failed)?.next().is_some() {
            return Err(failed(io::ErrorKind::DirectoryNotEmpty.into()));
        }
        let tables = directory.join(TABLES);
        fs::create_dir(&tables)
            .map_err(|error| BuildError::File { path: tables.clone(), error })?;
        let mut builder = Builder {
            directory: directory.to_owned(),
            tables: Temporary(tables),
            families: Vec::new(),
            positions: HashMap::new(),
            memory,
            waiting: 0,
            begun: 0,
            writes: 0,
        };
        for (expected, name) in families.iter().enumerate() {
            if builder.family(name)? != expected {
                return Err(BuildError::Name { name: name.clone(), why: "it occurs twice" });
            }
        }
        Ok(builder)
    }

    /// The position of a column family, made if there is none of that name yet.
    ///
    /// # Errors
    /// No column family can have such a name.
    pub fn family(&mut self, name: &str) -> Result<usize, BuildError> {
        if let Some(known) = self.positions.get(name) {
            return Ok(*known);
        }
        let why = match name {
            DEFAULT_COLUMN_FAMILY_NAME => "it is RocksDB's own",
            "" => "it is empty",
            name if name.contains('\0') => "it has a NUL",
            _ => {
                self.families.push(Family::new(name));
                let position = self.families.len() - 1;
                self.positions.insert(name.to_owned(), position);
                return Ok(position);
            }
        };
        Err(BuildError::Name { name: name.to_owned(), why })
    }

    /// The names of the column families, in the order of their positions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.families.iter().map(|family| family.name.as_str())
    }

    /// Adds a row to the column family with this position among the names. Of rows with the
    /// same key the last one stays.
    ///
    /// # Errors
    /// A table could not be written.
    ///
    /// # Panics
    /// There is no such column family.
    pub fn add(&mut self, family: usize, key: &[u8], value: &[u8]) -> Result<(), BuildError> {
        let Family { rows, .. } = &mut self.families[family];
        let before = rows.size();
        rows.push(key, value);
        let size = rows.size();
        self.waiting += size - before;
        if size >= STREAK && self.families[family].goes_on() {
            return self.write(family);
        }
        while self.waiting > self.memory {
            let most = self.families.iter().enumerate().max_by_key(|(_, one)| one.rows.size());
            let Some((most, _)) = most else { break };
            self.write(most)?;
        }
        Ok(())
    }

    /// Makes a database of all rows, closes it and makes it durable. Returns the entries of
    /// each column family.
    ///
    /// # Errors
    /// Something could not be written; what was written of the database stays.
    pub fn finish(mut self) -> Result<Vec<u64>, BuildError> {
        for family in 0..self.families.len() {
            self.write(family)?;
            self.end(family)?;
            if self.families[family].is_scattered() {
                self.merge(family)?;
            }
        }
        self.database()?;
        self.tidy()?;
        Ok(self.families.iter().map(Family::entries).collect())
    }

    /// Writes the rows that wait, in the table that is open if they go on behind it.
    fn write(&mut self, family: usize) -> Result<(), BuildError> {
        let mut rows = take(&mut self.families[family].rows);
        self.waiting -= rows.size();
        rows.sort();
        let open = self.families[family].open.as_ref();
        if open.is_some_and(|table| rows.first().is_some_and(|first| first <= table.last())) {
            self.end(family)?;
        }
        rows.iter().try_for_each(|(key, value)| self.put(family, key, value))
    }

    /// Writes a row behind the last one of the column family.
    fn put(&mut self, family: usize, key: &[u8], value: &[u8]) -> Result<(), BuildError> {
        if self.families[family].open.is_none() {
            self.begin(family)?;
        }
        let Some(table) = &mut self.families[family].open else { return Ok(()) };
        self.writes += 1;
        table.used = self.writes;
        table.put(key, value, &self.directory)?;
        match table.is_full() {
            true => self.end(family),
            false => Ok(()),
        }
    }

    /// Opens a table, and ends the one that was not written to for the longest time if there
    /// are too many.
    fn begin(&mut self, family: usize) -> Result<(), BuildError> {
        let open = self.families.iter().enumerate();
        let open = open.filter_map(|(n, family)| Some((family.open.as_ref()?.used, n)));
        if open.clone().count() >= OPEN_TABLES {
            let oldest = open.min().map(|(_, family)| family);
            oldest.map_or(Ok(()), |family| self.end(family))?;
        }
        self.begun += 1;
        let path = self.tables.0.join(format!("{:06}.sst", self.begun));
        self.families[family].open = Some(Table::create(path, &self.directory)?);
        Ok(())
    }

    /// Ends the table that is open.
    fn end(&mut self, family: usize) -> Result<(), BuildError> {
        let family = &mut self.families[family];
        if let Some(table) = family.open.take() {
            family.written.push(table.finish(&self.directory)?);
        }
        Ok(())
    }

    /// Makes large tables that do not overlap of those that were written. RocksDB does the
    /// merging, in a database that has each of them in the order in which they were written.
    fn merge(&mut self, family: usize) -> Result<(), BuildError> {
        let room = Temporary(self.tables.0.join(MERGED));
        let home = self.directory.clone();
        let told = |error| BuildError::told(&error, &home);
        let mut options = database_options();
        options.set_disable_auto_compactions(true);
        let tables = [(DEFAULT_COLUMN_FAMILY_NAME, options.clone())];
        let db = open(&options, &room.0, tables).map_err(told)?;
        for table in take(&mut self.families[family].written) {
            db.ingest_external_file_opts(&moved(), vec![table.path]).map_err(told)?;
        }
        let mut reading = ReadOptions::default();
        reading.set_verify_checksums(true);
        reading.fill_cache(false);
        let mut iterator = db.raw_iterator_opt(reading);
        iterator.seek_to_first();
        while let Some((key, value)) = iterator.item() {
            self.put(family, key, value)?;
            iterator.next();
        }
        iterator.status().map_err(told)?;
        self.end(family)
    }

    /// Has RocksDB take all tables in.
    fn database(&mut self) -> Result<(), BuildError> {
        let told = |error| BuildError::told(&error, &self.directory);
        let default = [DEFAULT_COLUMN_FAMILY_NAME].into_iter();
        let names = default.chain(self.families.iter().map(|family| family.name.as_str()));
        let families = names.map(|name| (name, table::options()));
        let db = open(&database_options(), &self.directory, families).map_err(told)?;
        for family in &self.families {
            let paths: Vec<&Path> =
                family.written.iter().map(|table| table.path.as_path()).collect();
            if let (Some(handle), false) = (db.cf_handle(&family.name), paths.is_empty()) {
                db.ingest_external_file_cf_opts(&handle, &moved(), paths).map_err(told)?;
            }
        }
        Ok(())
    }

    /// Removes what belongs to a database that is open, and makes the rest durable.
    fn tidy(&self) -> Result<(), BuildError> {
        let tables = &self.tables.0;
        fs::remove_dir_all(tables).map_err(failed(tables))?;
        for entry in fs::read_dir(&self.directory).map_err(failed(&self.directory))? {
            let path = entry.map_err(failed(&self.directory))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // Logs, of what was done and of writes (there were none), and the lock.
            if name.starts_with("LO") || name.ends_with(".log") {
                fs::remove_file(&path).map_err(failed(&path))?;
            } else {
                File::open(&path).and_then(|file| file.sync_all()).map_err(failed(&path))?;
            }
        }
        let directory = File::open(&self.directory).and_then(|directory| directory.sync_all());
        directory.map_err(failed(&self.directory))
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> BuildError {
    move |error| BuildError::File { path: path.to_owned(), error }
}

/// Opens a database that is not there yet.
fn open<'n>(
    options: &Options,
    directory: &Path,
    families: impl IntoIterator<Item = (&'n str, Options)>,
) -> Result<DB, rocksdb::Error> {
    let families = families.into_iter();
    let families = families.map(|(name, options)| ColumnFamilyDescriptor::new(name, options));
    DB::open_cf_descriptors(options, directory, families)
}

fn database_options() -> Options {
    let mut options = table::options();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_max_open_files(OPEN_FILES);
    options.set_max_file_opening_threads(1);
    options.set_stats_dump_period_sec(0);
    options
}

fn moved() -> IngestExternalFileOptions {
    let mut options = IngestExternalFileOptions::default();
    options.set_move_files(true);
    options
}
