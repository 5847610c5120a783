//! Rows of a database that is there go into one that is being built.

use std::ops::ControlFlow;
use std::ops::RangeInclusive;
use std::path::Path;

use rocksdb::DEFAULT_COLUMN_FAMILY_NAME;
use rocksdb::ReadOptions;

use super::BuildError;
use super::apply::Builder;
use crate::format::rocks::manifest::Manifest;
use crate::ops::restore::open;
use crate::ops::restore::open::OpenError;

/// What RocksDB may hold of indexes and filters of the database that is read, in bytes.
const CACHE: usize = 16 << 20;
/// What is read ahead of each table, in bytes.
const AHEAD: usize = 1 << 20;
/// Bytes of rows between two reports.
const STRIDE: u64 = 1 << 20;

/// Why rows were not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// They could not be read.
    #[error(transparent)]
    Read(#[from] OpenError),
    /// They could not be written.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Copies the rows of some key groups, merge operands applied and checksums verified.
///
/// Keys begin with their key group in `prefix` bytes. A column family becomes the one of the same
/// name; RocksDB's own, of which Flink makes no use, is left out if it is empty. `progress` is told the bytes of
/// keys and values from time to time, and says whether to go on. Returns the number of rows;
/// `None` if it said not to.
///
/// # Errors
/// RocksDB does not open or not read the database, or the rows cannot be written.
pub fn copy(
    directory: &Path,
    manifest: &Manifest,
    prefix: usize,
    groups: RangeInclusive<u16>,
    builder: &mut Builder,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<u64>, CopyError> {
    let db = open::read_only(directory, manifest, CACHE, None)?;
    let mut rows: u64 = 0;
    for family in &manifest.column_families {
        let name = String::from_utf8_lossy(&family.name);
        if name == DEFAULT_COLUMN_FAMILY_NAME && family.files.is_empty() {
            continue;
        }
        let to = builder.family(&name)?;
        let Some(handle) = db.cf_handle(&name) else {
            let message = format!("column family {name} was not opened");
            return Err(OpenError::Refused(message).into());
        };
        let mut reading = ReadOptions::default();
        reading.set_verify_checksums(true);
        reading.fill_cache(false);
        reading.set_total_order_seek(true);
        reading.set_readahead_size(AHEAD);
        let (lower, upper) = bounds(prefix, &groups);
        reading.set_iterate_lower_bound(lower);
        if let Some(upper) = upper {
            reading.set_iterate_upper_bound(upper);
        }
        let mut iterator = db.raw_iterator_cf_opt(&handle, reading);
        iterator.seek_to_first();
        let mut bytes = 0;
        while let Some((key, value)) = iterator.item() {
            builder.add(to, key, value)?;
            rows += 1;
            bytes += (key.len() + value.len()) as u64;
            if bytes >= STRIDE && progress(std::mem::take(&mut bytes)).is_break() {
                return Ok(None);
            }
            iterator.next();
        }
        iterator.status().map_err(|error| open::told(&error, directory).of_family(&name))?;
        if progress(bytes).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(rows))
}

/// The first key of the key groups, and the first behind them, if there can be any.
fn bounds(prefix: usize, groups: &RangeInclusive<u16>) -> (Vec<u8>, Option<Vec<u8>>) {
    let begin =
        |group: u32| group.to_be_bytes().get(4_usize.saturating_sub(prefix)..).map(Vec::from);
    let behind = u32::from(*groups.end()) + 1;
    let fits = behind >> (8 * prefix) == 0;
    let first = begin(u32::from(*groups.start())).unwrap_or_default();
    (first, begin(behind).filter(|_| fits))
}

#[cfg(test)]
mod tests {
    use super::bounds;

    #[test]
    fn bounds_are_the_prefixes_of_key_groups() {
        assert_eq!(bounds(1, &(0..=0)), (vec![0], Some(vec![1])));
        assert_eq!(bounds(1, &(43..=127)), (vec![43], Some(vec![128])));
        assert_eq!(bounds(1, &(0..=255)), (vec![0], None));
        assert_eq!(bounds(2, &(255..=255)), (vec![0, 255], Some(vec![1, 0])));
        assert_eq!(bounds(2, &(4095..=32767)), (vec![15, 255], Some(vec![128, 0])));
        assert_eq!(bounds(2, &(0..=u16::MAX)), (vec![0, 0], None));
    }
}
