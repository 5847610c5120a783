//! Flink's merge operator.

use rocksdb::MergeOperands;
use rocksdb::Options;

/// Makes a column family read merge records as Flink does.
///
/// Flink registers it for every state, as `stringappendtest` of its own RocksDB; a database
/// with merge records opens under any name, and without an operator not at all.
pub fn register(options: &mut Options) {
    options.set_merge_operator_associative("stringappendtest", append);
}

/// Joins elements of a list with one comma: an empty one is an element too.
fn append(_key: &[u8], existing: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    let parts: Vec<&[u8]> = existing.into_iter().chain(operands).collect();
    Some(parts.join(&b','))
}
