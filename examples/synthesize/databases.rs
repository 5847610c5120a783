//! A checkpoint of databases that RocksDB itself writes, as large as is wanted.

use std::error::Error;
use std::fs;
use std::path::Path;

use chkctl::format::flink::keyed::IncrementalHandle;
use chkctl::format::flink::keyed::KeyGroupRange;
use chkctl::format::flink::keyed::KeyedHandle;
use chkctl::format::flink::keyed::SecondForm;
use chkctl::format::flink::metadata::Metadata;
use chkctl::format::flink::operator::Subtask;
use chkctl::format::flink::operator::SubtaskState;
use chkctl::format::flink::stream::NamedHandle;
use chkctl::format::flink::stream::StreamHandle;
use rocksdb::BlockBasedOptions;
use rocksdb::ChecksumType;
use rocksdb::DB;
use rocksdb::DBCompressionType;
use rocksdb::Options;
use rocksdb::WriteOptions;
use rocksdb::checkpoint::Checkpoint;

use super::shared_files::leak;
use super::shared_files::mix;
use super::shared_files::operator;
use super::shared_files::plain;
use super::shared_files::uuid;

const SUBTASKS: i32 = 2;
/// With so many a key begins with one byte of key group.
const KEY_GROUPS: i32 = 128;
/// Bytes of a value: nothing makes them shorter.
const VALUE: usize = 256;
/// Bytes of a memtable, of which each becomes an SST.
const SST: usize = 64 << 20;

/// Makes `chk-1` and `shared` of a job directory with so many bytes of values.
pub(crate) fn checkpoint(
    checksum: &str,
    bytes: u64,
    job: &Path,
) -> Result<Metadata<'static>, Box<dyn Error>> {
    let checksum = match checksum {
        "crc32c" => ChecksumType::CRC32c,
        "xxh3" => ChecksumType::XXH3,
        other => return Err(format!("{other}: neither crc32c nor xxh3").into()),
    };
    fs::create_dir_all(job.join("chk-1"))?;
    fs::create_dir_all(job.join("shared"))?;
    let job = fs::canonicalize(job)?;
    let values = bytes / VALUE as u64 / KEY_GROUPS.unsigned_abs() as u64;
    let options = options(checksum);
    let mut subtasks = Vec::new();
    for index in 0..SUBTASKS {
        let count = KEY_GROUPS / SUBTASKS;
        let key_groups = KeyGroupRange { start: index * count, count };
        let home = job.join(format!("database-{index}"));
        fill(&home, &options, key_groups, values)?;
        let handle = upload(&home, &job, index, key_groups)?;
        fs::remove_dir_all(&home)?;
        subtasks.push(Subtask::Running(Box::new(SubtaskState {
            index,
            managed_keyed: Some(KeyedHandle::Incremental(handle)),
            ..SubtaskState::default()
        })));
    }
    Ok(plain(1, operator("Databases", "databases", subtasks)))
}

/// What Flink sets, and compression that finds nothing to compress.
fn options(checksum: ChecksumType) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_format_version(5);
    table.set_block_size(4 << 10);
    table.set_checksum_type(checksum);
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_block_based_table_factory(&table);
    options.set_compression_type(DBCompressionType::Snappy);
    options.set_write_buffer_size(SST);
    options.set_disable_auto_compactions(true);
    options
}

/// A database with so many values in each key group, in the order of their keys.
fn fill(
    home: &Path,
    options: &Options,
    key_groups: KeyGroupRange,
    values: u64,
) -> Result<(), Box<dyn Error>> {
    let db = DB::open_cf_with_opts(options, home.join("live"), [("values", options.clone())])?;
    let family = db.cf_handle("values").ok_or("no column family")?;
    let mut unlogged = WriteOptions::default();
    unlogged.disable_wal(true);
    let mut seed = u64::from(key_groups.start.unsigned_abs()) << 48;
    let mut value = [0; VALUE];
    for group in key_groups.start..key_groups.start + key_groups.count {
        for number in 0..values {
            // The key group, a LONG, and the namespace of state that has none.
            let mut key = vec![u8::try_from(group)?];
            key.extend(number.to_be_bytes());
            key.push(0);
            for word in value.as_chunks_mut::<8>().0 {
                seed += 1;
                *word = mix(seed).to_le_bytes();
            }
            db.put_cf_opt(&family, key, value, &unlogged)?;
        }
    }
    db.flush_cf(&family)?;
    Checkpoint::new(&db)?.create_checkpoint(home.join("checkpoint"))?;
    Ok(())
}

/// Moves the files of a database to where Flink has them.
fn upload(
    home: &Path,
    job: &Path,
    index: i32,
    key_groups: KeyGroupRange,
) -> Result<IncrementalHandle<'static>, Box<dyn Error>> {
    let mut entries: Vec<_> =
        fs::read_dir(home.join("checkpoint"))?.collect::<Result<_, std::io::Error>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let (mut shared, mut private, mut uploaded) = (Vec::new(), Vec::new(), 0);
    for (number, entry) in (0..).zip(entries) {
        let local_name = entry.file_name().into_string().map_err(|_| "a name is not UTF-8")?;
        // Nothing was logged; Flink uploads no log either.
        if local_name.ends_with(".log") {
            continue;
        }
        let (directory, handles) = match local_name.ends_with(".sst") {
            true => ("shared", &mut shared),
            false => ("chk-1", &mut private),
        };
        let name = uuid(2, u64::from(index.unsigned_abs()) << 32 | number);
        let path = job.join(directory).join(name);
        let size = i64::try_from(entry.metadata()?.len())?;
        fs::rename(entry.path(), &path)?;
        uploaded += size;
        let path = leak(format!("file:{}", path.to_str().ok_or("the directory is not UTF-8")?));
        let handle = StreamHandle::File { size, path: path.into() };
        handles.push(NamedHandle { local_name: leak(local_name).into(), handle: Some(handle) });
    }
    Ok(IncrementalHandle {
        checkpoint_id: 1,
        backend_id: leak(uuid(0, index.unsigned_abs().into())).into(),
        key_groups,
        second: Some(SecondForm {
            checkpointed_size: uploaded,
            state_handle_id: leak(uuid(1, index.unsigned_abs().into())).into(),
        }),
        meta: None,
        shared: shared.into(),
        private: private.into(),
    })
}
