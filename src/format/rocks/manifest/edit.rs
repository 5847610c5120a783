//! Version edits: the records of a MANIFEST, as tags with their values.
//!
//! Facts: `db/version_edit.{h,cc}`, `db/blob/blob_file_{addition,garbage}.cc`,
//! `db/wal_edit.cc` of RocksDB 5.17 to 11.8. A tag keeps its meaning for ever.

use super::live::BlobFile;
use super::live::FileChecksum;
use super::live::LiveFile;
use crate::format::flink::error::Result;
use crate::format::rocks::read::Reader;

/// Unknown tags with this bit carry a length and may be skipped.
const SAFE_TO_IGNORE: u32 = 1 << 13;
/// Unknown fields of a file with this bit must be understood.
const FIELD_NOT_SAFE_TO_IGNORE: u32 = 1 << 6;
/// Ends the fields of a file in `kNewFile4`.
const LAST_FIELD: u32 = 1;
/// Sequence numbers have 56 bits.
const LARGEST_SEQUENCE: u64 = (1 << 56) - 1;
/// An internal key ends with sequence number and type.
const KEY_TRAILER: usize = 8;
/// Path ids above this one are refused by RocksDB.
const LARGEST_PATH_ID: u8 = 3;

/// One change of a version. Fields are `None` where the edit does not speak of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Edit<'a> {
    /// The column family it is about; 0 is the default one.
    pub(super) family: u32,
    pub(super) add_family: Option<&'a [u8]>,
    pub(super) drop_family: bool,
    pub(super) comparator: Option<&'a [u8]>,
    pub(super) persist_timestamps: Option<bool>,
    pub(super) full_history_ts_low: Option<&'a [u8]>,
    pub(super) log_number: Option<u64>,
    pub(super) prev_log_number: Option<u64>,
    pub(super) next_file_number: Option<u64>,
    pub(super) last_sequence: Option<u64>,
    pub(super) max_family: Option<u32>,
    pub(super) min_log_number_to_keep: Option<u64>,
    pub(super) db_id: Option<&'a [u8]>,
    /// Edits of its atomic group that follow.
    pub(super) remaining_in_group: Option<u32>,
    /// Level and number.
    pub(super) deleted: Vec<(u32, u64)>,
    pub(super) added: Vec<LiveFile>,
    pub(super) blobs: Vec<BlobFile>,
    /// Blob file, blobs, bytes.
    pub(super) garbage: Vec<(u64, u64, u64)>,
}

impl<'a> Edit<'a> {
    /// Reads the data of a record to its last byte.
    pub(super) fn read(data: &'a [u8]) -> Result<Self> {
        let mut edit = Edit::default();
        let mut r = Reader::at(data, 0);
        while !r.is_empty() {
            edit.read_tag(&mut r)?;
        }
        Ok(edit)
    }

    fn read_tag(&mut self, r: &mut Reader<'a>) -> Result<()> {
        let at = r.clone();
        match r.varint32("tag")? {
            1 => self.comparator = Some(r.length_prefixed("comparator name")?),
            2 => self.log_number = Some(r.varint64("log number")?),
            3 => self.next_file_number = Some(r.varint64("next file number")?),
            4 => self.last_sequence = Some(r.varint64("last sequence number")?),
            5 => {
                r.varint32("level of a compaction cursor")?;
                internal_key(r, "compaction cursor")?;
            }
            6 => {
                let level = r.varint32("level of a deleted file")?;
                self.deleted.push((level, r.varint64("deleted file")?));
            }
            7 => self.added.push(new_file(r, Form::First)?),
            9 => self.prev_log_number = Some(r.varint64("previous log number")?),
            10 => self.min_log_number_to_keep = Some(r.varint64("min log number to keep")?),
            100 => self.added.push(new_file(r, Form::Second)?),
            102 => self.added.push(new_file(r, Form::Third)?),
            103 => {
                let mut file = new_file(r, Form::Second)?;
                self.file_fields(r, &mut file)?;
                self.added.push(file);
            }
            200 => self.family = r.varint32("column family id")?,
            201 => self.add_family = Some(r.length_prefixed("column family name")?),
            202 => self.drop_family = true,
            203 => self.max_family = Some(r.varint32("max column family")?),
            300 => self.remaining_in_group = Some(r.varint32("remaining entries of a group")?),
            // The later ones were written by 6.5 and 6.6, and have no length in front either.
            400 | 0x2002 => self.blobs.push(blob_file(r)?),
            401 | 0x2003 => self.garbage.push(blob_garbage(r)?),
            0x2001 => self.db_id = Some(r.length_prefixed("database id")?),
            // As above: they look as if they could be skipped, but have no length.
            0x2004 => wal_addition(r)?,
            0x2005 => _ = r.varint64("log number of a deleted WAL")?,
            0x2006 => {
                self.full_history_ts_low = Some(r.length_prefixed("full history timestamp")?);
            }
            0x2007 => wal_addition(&mut r.sub("WAL addition")?)?,
            0x2008 => _ = r.sub("WAL deletion")?.varint64("log number of a deleted WAL")?,
            0x2009 => self.persist_timestamps = Some(flag(r, "persist user-defined timestamps")?),
            tag if tag & SAFE_TO_IGNORE != 0 => _ = r.length_prefixed("ignorable field")?,
            _ => return Err(at.invalid("tag", "is unknown and may not be ignored")),
        }
        Ok(())
    }

    /// The fields of a file in `kNewFile4`: tag, length, value; up to the terminating tag.
    fn file_fields(&mut self, r: &mut Reader<'a>, file: &mut LiveFile) -> Result<()> {
        loop {
            let at = r.clone();
            let tag = r.varint32("field of a new file")?;
            if tag == LAST_FIELD {
                return Ok(());
            }
            let mut value = r.sub("field of a new file")?;
            match tag {
                2 => file.marked_for_compaction = one_byte(&value, "need compaction")? == 1,
                3 => self.min_log_number_to_keep = Some(value.fixed64("min log number to keep")?),
                4 => file.oldest_blob_file = value.varint64("oldest blob file number")?,
                5 => file.oldest_ancester_time = value.varint64("oldest ancester time")?,
                6 => file.file_creation_time = value.varint64("file creation time")?,
                7 => checksum(file).value = value.rest().into(),
                8 => checksum(file).function = value.rest().into(),
                9 => file.temperature = one_byte(&value, "temperature")?,
                10 => file.min_timestamp = value.rest().into(),
                11 => file.max_timestamp = value.rest().into(),
                12 => {
                    let (low, high) = (value.fixed64("unique id")?, value.fixed64("unique id")?);
                    file.unique_id = Some([low, high]);
                    if !value.is_empty() {
                        return Err(value.invalid("unique id", "is longer than 16 bytes"));
                    }
                }
                13 => file.epoch_number = value.varint64("epoch number")?,
                14 => {
                    file.compensated_range_deletion_size =
                        value.varint64("compensated range deletion size")?;
                }
                15 => file.tail_size = value.varint64("tail size")?,
                16 => {
                    let field = "user-defined timestamps persisted";
                    file.timestamps_persisted = one_byte(&value, field)? == 1;
                }
                65 => {
                    let id = one_byte(&value, "path id")?;
                    if id > LARGEST_PATH_ID {
                        return Err(value.invalid("path id", "is larger than 3"));
                    }
                    file.path_id = id.into();
                }
                tag if tag & FIELD_NOT_SAFE_TO_IGNORE != 0 => {
                    let what = "is unknown and may not be ignored";
                    return Err(at.invalid("field of a new file", what));
                }
                _ => {}
            }
        }
    }
}

/// What of a file stands in front of its fields, by the tag that announced it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `kNewFile`: no sequence numbers.
    First,
    /// `kNewFile2`, and what `kNewFile4` begins with.
    Second,
    /// `kNewFile3`: with a path id.
    Third,
}

fn new_file(r: &mut Reader<'_>, form: Form) -> Result<LiveFile> {
    let level = r.varint32("level of a new file")?;
    let number = r.varint64("number of a new file")?;
    let path_id = if form == Form::Third { r.varint32("path id")? } else { 0 };
    let size = r.varint64("size of a new file")?;
    let smallest = internal_key(r, "smallest key of a new file")?.into();
    let largest = internal_key(r, "largest key of a new file")?.into();
    let (mut smallest_seqno, mut largest_seqno) = (LARGEST_SEQUENCE, 0);
    if form != Form::First {
        smallest_seqno = r.varint64("smallest sequence number of a new file")?;
        largest_seqno = r.varint64("largest sequence number of a new file")?;
    }
    let head = LiveFile { level, number, path_id, size, smallest, largest, ..LiveFile::default() };
    Ok(LiveFile { smallest_seqno, largest_seqno, ..head })
}

fn internal_key<'a>(r: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8]> {
    let at = r.clone();
    let key = r.length_prefixed(field)?;
    if key.len() < KEY_TRAILER {
        return Err(at.invalid(field, "is shorter than the 8 bytes every internal key ends with"));
    }
    Ok(key)
}

fn checksum(file: &mut LiveFile) -> &mut FileChecksum {
    file.checksum.get_or_insert_default()
}

fn blob_file(r: &mut Reader<'_>) -> Result<BlobFile> {
    let file = BlobFile {
        number: r.varint64("number of a blob file")?,
        blobs: r.varint64("blobs of a blob file")?,
        blob_bytes: r.varint64("bytes of a blob file")?,
        checksum: FileChecksum {
            function: r.length_prefixed("checksum method of a blob file")?.into(),
            value: r.length_prefixed("checksum of a blob file")?.into(),
        },
        ..BlobFile::default()
    };
    blob_fields(r)?;
    Ok(file)
}

fn blob_garbage(r: &mut Reader<'_>) -> Result<(u64, u64, u64)> {
    let number = r.varint64("number of a blob file")?;
    let blobs = r.varint64("garbage blobs")?;
    let bytes = r.varint64("garbage bytes")?;
    blob_fields(r)?;
    Ok((number, blobs, bytes))
}

/// Fields of a blob file: none is known, those with the bit may not be ignored, 0 is the end.
fn blob_fields(r: &mut Reader<'_>) -> Result<()> {
    loop {
        let at = r.clone();
        match r.varint32("field of a blob file")? {
            0 => return Ok(()),
            tag if tag & FIELD_NOT_SAFE_TO_IGNORE != 0 => {
                let what = "is unknown and may not be ignored";
                return Err(at.invalid("field of a blob file", what));
            }
            _ => _ = r.length_prefixed("field of a blob file")?,
        }
    }
}

/// A WAL and what is known of it. Checkpoints of Flink have none, so it is read and dropped.
fn wal_addition(r: &mut Reader<'_>) -> Result<()> {
    r.varint64("log number of a WAL")?;
    loop {
        let at = r.clone();
        match r.varint32("field of a WAL")? {
            1 => return Ok(()),
            2 => _ = r.varint64("synced size of a WAL")?,
            _ => return Err(at.invalid("field of a WAL", "is unknown")),
        }
    }
}

fn flag(r: &mut Reader<'_>, field: &'static str) -> Result<bool> {
    one_byte(&r.sub(field)?, field).map(|byte| byte == 1)
}

fn one_byte(value: &Reader<'_>, field: &'static str) -> Result<u8> {
    match value.rest() {
        [byte] => Ok(*byte),
        _ => Err(value.invalid(field, "is not one byte long")),
    }
}
