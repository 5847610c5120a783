//! MANIFEST: which files a database consists of, told as a log of version edits.

mod edit;
mod error;
mod live;
mod state;

use std::borrow::Cow;

pub use error::EditError;
pub use error::InGroup;
pub use error::ManifestError;
pub use error::ManifestProblem;
pub use live::BlobFile;
pub use live::FileChecksum;
pub use live::LiveFile;

use self::edit::Edit;
use self::state::State;
use super::log::LogReader;

/// A database as its MANIFEST describes it, all edits applied.
///
/// Sequence numbers and file numbers are RocksDB's own. Facts: `db/version_edit_handler.cc`,
/// `db/version_builder.cc` of RocksDB 5.17 to 11.8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Column families that were not dropped, by id; the first is `default`.
    pub column_families: Vec<ColumnFamily>,
    /// Logs older than this one hold nothing that is not in table files.
    pub log_number: u64,
    /// A second log in use; 0 but for databases of LevelDB's time.
    pub prev_log_number: u64,
    /// Numbers of files from this one on are unused.
    pub next_file_number: u64,
    /// The last sequence number in use.
    pub last_sequence: u64,
    /// The largest id that a column family ever had.
    pub max_column_family: u32,
    /// Logs older than this one may be deleted.
    pub min_log_number_to_keep: u64,
    /// Identity of the database, if the writer stored it.
    pub db_id: Option<Box<[u8]>>,
    /// Records in the log.
    pub records: u64,
}

/// A column family and its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnFamily {
    /// Its id; 0 is `default`.
    pub id: u32,
    /// Its name.
    pub name: Box<[u8]>,
    /// Name of its comparator, if an edit told it.
    pub comparator: Option<Box<[u8]>>,
    /// Logs older than this one hold nothing of it that is not in table files.
    pub log_number: u64,
    /// Whether user-defined timestamps are kept in table files.
    pub persist_timestamps: bool,
    /// History before this user-defined timestamp may be gone.
    pub full_history_ts_low: Option<Box<[u8]>>,
    /// Live table files, by level and number.
    pub files: Vec<LiveFile>,
    /// Live blob files, by number.
    pub blob_files: Vec<BlobFile>,
}

impl Manifest {
    /// Reads a MANIFEST to its last byte and applies its edits.
    ///
    /// A record of a file or column family has at least 13 bytes, so that memory is at most some
    /// thirty times the length of `bytes` (measured with hostile ones; a few times for real
    /// ones). Time grows with the length but for a logarithm.
    ///
    /// # Errors
    /// Damage of the log; edits that cannot be read or that contradict what came before, as for
    /// RocksDB. Unlike RocksDB, which forgives what a crash leaves at the end of a MANIFEST,
    /// also a record or an atomic group that is cut short: a checkpoint holds whole ones.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let mut state = State::default();
        let mut group = Group::default();
        let mut records = 0_u64;
        for record in LogReader::new(bytes) {
            let record = record?;
            records = records.saturating_add(1);
            let edit = read(record.offset, &record.data)?;
            match edit.remaining_in_group {
                None if group.edits.is_empty() => state.apply(edit, record.offset)?,
                found => {
                    group.expect(found, record.offset)?;
                    drop(edit);
                    group.edits.push((record.offset, record.data));
                    if group.remaining == 0 {
                        for (offset, data) in group.edits.drain(..) {
                            state.apply(read(offset, &data)?, offset)?;
                        }
                    }
                }
            }
        }
        let offset = bytes.len() as u64;
        if group.remaining > 0 {
            let problem = ManifestProblem::UnfinishedGroup(group.remaining);
            let offset = group.edits.first().map_or(offset, |(offset, _)| *offset);
            return Err(ManifestError { offset, problem });
        }
        state.finish(records).map_err(|problem| ManifestError { offset, problem })
    }
}

/// The edits of an atomic group, which take effect together. They wait as bytes, which need
/// less room.
#[derive(Default)]
struct Group<'a> {
    edits: Vec<(u64, Cow<'a, [u8]>)>,
    /// Edits that must follow.
    remaining: u64,
}

impl Group<'_> {
    /// Each edit tells how many follow it.
    fn expect(&mut self, found: Option<u32>, offset: u64) -> Result<(), ManifestError> {
        let expected = match (self.edits.is_empty(), found) {
            (true, Some(first)) => u64::from(first),
            _ => self.remaining.saturating_sub(1),
        };
        if found.map(u64::from) != Some(expected) {
            let problem = ManifestProblem::AtomicGroup { expected, found: InGroup(found) };
            return Err(ManifestError { offset, problem });
        }
        self.remaining = expected;
        Ok(())
    }
}

fn read(offset: u64, data: &[u8]) -> Result<Edit<'_>, ManifestError> {
    Edit::read(data).map_err(|error| {
        let problem = ManifestProblem::Edit(EditError(error));
        ManifestError { offset, problem }
    })
}

#[cfg(test)]
mod tests;
