//! What is live: table files and blob files, as a MANIFEST describes them.

/// A table file (SST) of the newest version.
///
/// Times are seconds since 1970, sizes bytes; 0 is "unknown" as in RocksDB where a field says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveFile {
    /// Its level in the tree.
    pub level: u32,
    /// Its number: `000012.sst` is 12.
    pub number: u64,
    /// Which of the configured paths it lies in; 0 without such.
    pub path_id: u32,
    /// Size of the file.
    pub size: u64,
    /// Smallest internal key: user key, then 8 bytes of sequence number and type.
    pub smallest: Box<[u8]>,
    /// Largest internal key.
    pub largest: Box<[u8]>,
    /// Smallest sequence number in the file.
    pub smallest_seqno: u64,
    /// Largest sequence number in the file.
    pub largest_seqno: u64,
    /// Whether RocksDB meant to compact it soon.
    pub marked_for_compaction: bool,
    /// `Temperature` of the storage: 0 unknown, 4 hot, 8 warm, 12 cold, and others since.
    pub temperature: u8,
    /// Whether user-defined timestamps are in its keys, if the column family has such.
    pub timestamps_persisted: bool,
    /// The oldest blob file it refers to; 0 if none.
    pub oldest_blob_file: u64,
    /// When the oldest ancestor of its data was written (RocksDB's spelling); 0 unknown.
    pub oldest_ancester_time: u64,
    /// When the file was created; 0 unknown, as before 6.6.
    pub file_creation_time: u64,
    /// Order of flushes and ingestions; 0 unknown, as before 7.10.
    pub epoch_number: u64,
    /// Bytes covered by its range deletions in the next level, estimated.
    pub compensated_range_deletion_size: u64,
    /// Bytes behind the data blocks; 0 unknown.
    pub tail_size: u64,
    /// Checksum of the whole file, if the writer computed one.
    pub checksum: Option<FileChecksum>,
    /// The internal form of its unique id, as of 7.3.
    pub unique_id: Option<[u64; 2]>,
    /// Smallest user-defined timestamp; empty if there is none.
    pub min_timestamp: Box<[u8]>,
    /// Largest user-defined timestamp; empty if there is none.
    pub max_timestamp: Box<[u8]>,
}

impl Default for LiveFile {
    fn default() -> Self {
        LiveFile {
            level: 0,
            number: 0,
            path_id: 0,
            size: 0,
            smallest: Box::default(),
            largest: Box::default(),
            smallest_seqno: 0,
            largest_seqno: 0,
            marked_for_compaction: false,
            temperature: 0,
            timestamps_persisted: true,
            oldest_blob_file: 0,
            oldest_ancester_time: 0,
            file_creation_time: 0,
            epoch_number: 0,
            compensated_range_deletion_size: 0,
            tail_size: 0,
            checksum: None,
            unique_id: None,
            min_timestamp: Box::default(),
            max_timestamp: Box::default(),
        }
    }
}

impl LiveFile {
    /// The name of the file in the database directory.
    pub fn name(&self) -> String {
        format!("{:06}.sst", self.number)
    }
}

/// A checksum of a whole file. Writers of 6.x store an empty one by the function `Unknown`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileChecksum {
    /// Name of the function.
    pub function: Box<[u8]>,
    /// Its result.
    pub value: Box<[u8]>,
}

/// A blob file of integrated BlobDB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlobFile {
    /// Its number: `000012.blob` is 12.
    pub number: u64,
    /// Blobs that were written into it.
    pub blobs: u64,
    /// Bytes of these.
    pub blob_bytes: u64,
    /// Blobs that are garbage by now.
    pub garbage_blobs: u64,
    /// Bytes of these.
    pub garbage_bytes: u64,
    /// Checksum of the file; empty if the writer computed none.
    pub checksum: FileChecksum,
}
