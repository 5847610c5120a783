//! The version that grows while edits are applied.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::ColumnFamily;
use super::Manifest;
use super::edit::Edit;
use super::error::ManifestError;
use super::error::ManifestProblem;
use super::live::BlobFile;
use super::live::LiveFile;

/// What all edits so far amount to.
pub(super) struct State {
    families: BTreeMap<u32, Family>,
    log_number: Option<u64>,
    prev_log_number: u64,
    next_file_number: Option<u64>,
    last_sequence: Option<u64>,
    max_family: u32,
    min_log_number_to_keep: u64,
    db_id: Option<Box<[u8]>>,
}

/// A column family whose files are still sorted by number.
#[derive(Default)]
struct Family {
    told: ColumnFamily,
    files: BTreeMap<u64, LiveFile>,
    blobs: BTreeMap<u64, BlobFile>,
}

impl Family {
    fn new(id: u32, name: &[u8]) -> Self {
        let told = ColumnFamily { id, name: name.into(), ..ColumnFamily::default() };
        let told = ColumnFamily { persist_timestamps: true, ..told };
        Family { told, ..Family::default() }
    }
}

impl Default for State {
    /// `default` exists without being added.
    fn default() -> Self {
        State {
            families: BTreeMap::from([(0, Family::new(0, b"default"))]),
            log_number: None,
            prev_log_number: 0,
            next_file_number: None,
            last_sequence: None,
            max_family: 0,
            min_log_number_to_keep: 0,
            db_id: None,
        }
    }
}

impl State {
    /// Applies an edit whose record begins at `offset`.
    pub(super) fn apply(&mut self, mut edit: Edit<'_>, offset: u64) -> Result<(), ManifestError> {
        self.apply_to_family(&mut edit).map_err(|problem| ManifestError { offset, problem })?;
        self.prev_log_number = edit.prev_log_number.unwrap_or(self.prev_log_number);
        self.next_file_number = edit.next_file_number.or(self.next_file_number);
        self.last_sequence = edit.last_sequence.or(self.last_sequence);
        self.max_family = edit.max_family.unwrap_or(self.max_family);
        self.min_log_number_to_keep =
            self.min_log_number_to_keep.max(edit.min_log_number_to_keep.unwrap_or(0));
        if let Some(id) = edit.db_id {
            self.db_id = Some(id.into());
        }
        Ok(())
    }

    fn apply_to_family(&mut self, edit: &mut Edit<'_>) -> Result<(), ManifestProblem> {
        let id = edit.family;
        let manipulated = edit.add_family.is_some() || edit.drop_family;
        if manipulated && edit.changes_files() {
            return Err(ManifestProblem::FilesOfNewFamily(id));
        }
        let family = match (self.families.entry(id), edit.add_family) {
            (Entry::Occupied(_), Some(_)) => return Err(ManifestProblem::FamilyExists(id)),
            (Entry::Vacant(entry), Some(name)) => entry.insert(Family::new(id, name)),
            (Entry::Vacant(_), None) => return Err(ManifestProblem::NoFamily(id)),
            (Entry::Occupied(entry), None) if edit.drop_family => {
                entry.remove();
                return Ok(());
            }
            (Entry::Occupied(entry), None) => entry.into_mut(),
        };
        family.change_blobs(edit)?;
        family.change_files(edit)?;
        family.tell(edit);
        // RocksDB ignores a log number that is smaller than before.
        if let Some(number) = edit.log_number.filter(|number| *number >= family.told.log_number) {
            family.told.log_number = number;
            self.log_number = Some(number);
        }
        Ok(())
    }

    /// The database, if everything was told that must be.
    pub(super) fn finish(self, records: u64) -> Result<Manifest, ManifestProblem> {
        let missing = ManifestProblem::Missing;
        Ok(Manifest {
            column_families: self.families.into_values().map(Family::finish).collect(),
            log_number: self.log_number.ok_or(missing("log number"))?,
            prev_log_number: self.prev_log_number,
            next_file_number: self.next_file_number.ok_or(missing("next file number"))?,
            last_sequence: self.last_sequence.ok_or(missing("last sequence number"))?,
            max_column_family: self.max_family,
            min_log_number_to_keep: self.min_log_number_to_keep,
            db_id: self.db_id,
            records,
        })
    }
}

impl Edit<'_> {
    fn changes_files(&self) -> bool {
        !(self.added.is_empty()
            && self.deleted.is_empty()
            && self.blobs.is_empty()
            && self.garbage.is_empty())
    }
}

impl Family {
    fn tell(&mut self, edit: &Edit<'_>) {
        if let Some(name) = edit.comparator {
            self.told.comparator = Some(name.into());
        }
        if let Some(timestamp) = edit.full_history_ts_low {
            self.told.full_history_ts_low = Some(timestamp.into());
        }
        self.told.persist_timestamps =
            edit.persist_timestamps.unwrap_or(self.told.persist_timestamps);
    }

    fn change_blobs(&mut self, edit: &mut Edit<'_>) -> Result<(), ManifestProblem> {
        for blob in edit.blobs.drain(..) {
            match self.blobs.entry(blob.number) {
                Entry::Occupied(_) => return Err(ManifestProblem::BlobFileExists(blob.number)),
                Entry::Vacant(entry) => _ = entry.insert(blob),
            }
        }
        for (number, blobs, bytes) in &edit.garbage {
            let found = self.blobs.get_mut(number);
            let blob = found.ok_or(ManifestProblem::NoBlobFile(*number))?;
            blob.garbage_blobs = blob.garbage_blobs.saturating_add(*blobs);
            blob.garbage_bytes = blob.garbage_bytes.saturating_add(*bytes);
            if blob.garbage_blobs > blob.blobs || blob.garbage_bytes > blob.blob_bytes {
                return Err(ManifestProblem::TooMuchGarbage(*number));
            }
        }
        Ok(())
    }

    /// Deletes before it adds, as a file that moves to another level is deleted and added.
    fn change_files(&mut self, edit: &mut Edit<'_>) -> Result<(), ManifestProblem> {
        edit.deleted.sort_unstable();
        edit.deleted.dedup();
        for (level, number) in edit.deleted.drain(..) {
            let live = self.files.get(&number).map(|file| file.level);
            if live != Some(level) {
                return Err(ManifestProblem::NoFile { number, level, live });
            }
            self.files.remove(&number);
        }
        for file in edit.added.drain(..) {
            match self.files.entry(file.number) {
                Entry::Occupied(entry) => {
                    let (number, level, live) = (file.number, file.level, entry.get().level);
                    return Err(ManifestProblem::FileExists { number, level, live });
                }
                Entry::Vacant(entry) => _ = entry.insert(file),
            }
        }
        Ok(())
    }

    fn finish(mut self) -> ColumnFamily {
        self.told.blob_files = self.live_blobs();
        self.told.files = self.files.into_values().collect();
        self.told.files.sort_by_key(|file| (file.level, file.number));
        self.told
    }

    /// Blob files from the first on to which a table file is linked, unless all of it is garbage
    /// and nothing linked.
    fn live_blobs(&mut self) -> Vec<BlobFile> {
        let mut linked: Vec<u64> = self.files.values().map(|file| file.oldest_blob_file).collect();
        linked.sort_unstable();
        let is_linked = |number: &u64| linked.binary_search(number).is_ok();
        let blobs = std::mem::take(&mut self.blobs).into_values();
        blobs
            .skip_while(|blob| !is_linked(&blob.number))
            .filter(|blob| blob.garbage_blobs < blob.blobs || is_linked(&blob.number))
            .collect()
    }
}
