//! Compactions, recognised by the numbers of SSTs: RocksDB counts its files up and never uses a
//! number again, so within one database a file that is gone was replaced by ones with higher
//! numbers than any that was there before.
//!
//! Numbers alone do not tell what was written by a flush meanwhile from what was made of the
//! files that are gone; both are newer. Where nothing is newer than the first side, nothing was
//! compacted since: the second side is an older state of the database, or entries were deleted.

use std::collections::BTreeMap;

use super::FROM;
use super::TO;
use crate::format::flink::keyed::add;
use crate::format::flink::operator::OperatorId;
use crate::model::references::DatabaseOf;
use crate::model::references::NodeId;
use crate::model::references::References;
use crate::model::references::sst_number;

/// SSTs of one database that gave way to newer ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compaction {
    /// The subtask.
    pub subtask: Option<i32>,
    /// The backend's id: of the same database in both checkpoints.
    pub backend_id: String,
    /// SSTs that only the older checkpoint has.
    pub replaced: Ssts,
    /// SSTs that only the newer one has, with higher numbers than all of the older; at least one.
    pub by: Ssts,
}

/// SSTs by their local names, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssts {
    /// The names under which RocksDB knows them.
    pub local_names: Vec<String>,
    /// Their bytes; `None` if a size is unknown.
    pub bytes: Option<u64>,
}

impl Default for Ssts {
    fn default() -> Self {
        Ssts { local_names: Vec::new(), bytes: Some(0) }
    }
}

/// The SSTs of a database by their numbers.
type Numbered = BTreeMap<u64, NodeId>;
/// A database: its subtask and its backend id.
type Database = (Option<i32>, String);

/// The compactions in the databases of an operator.
pub(super) fn of(references: &References, operator: OperatorId) -> Vec<Compaction> {
    let [from, to] = [FROM, TO].map(|checkpoint| databases(references, checkpoint, operator));
    let both = from.into_iter().filter_map(|(database, older)| {
        let newer = to.get(&database)?;
        Some((database, older, newer))
    });
    let found = both.filter_map(|((subtask, backend_id), older, newer)| {
        let (last, _) = older.last_key_value()?;
        // The same number with other content is a second upload, and no compaction.
        let gone = older.iter().filter(|(number, _)| !newer.contains_key(number));
        let came = newer.iter().filter(|(number, _)| *number > last);
        let replaced = ssts(references, gone);
        let by = ssts(references, came);
        let compacted = !replaced.local_names.is_empty() && !by.local_names.is_empty();
        compacted.then_some(Compaction { subtask, backend_id, replaced, by })
    });
    found.collect()
}

fn databases(
    references: &References,
    checkpoint: u32,
    operator: OperatorId,
) -> BTreeMap<Database, Numbered> {
    let mut databases: BTreeMap<Database, Numbered> = BTreeMap::new();
    for group in references.groups(checkpoint).filter(|group| group.operator == operator) {
        let Some(database) = group.database else { continue };
        let key = (group.subtask, DatabaseOf::backend_id(&database));
        let numbered = databases.entry(key).or_default();
        for node in references.nodes(group) {
            let name = references.local_name(node).unwrap_or_default();
            if let Some(number) = sst_number(name.as_bytes()) {
                numbered.insert(number, node);
            }
        }
    }
    databases
}

fn ssts<'n>(
    references: &References,
    numbered: impl Iterator<Item = (&'n u64, &'n NodeId)>,
) -> Ssts {
    let mut ssts = Ssts::default();
    for (number, node) in numbered {
        ssts.local_names.push(format!("{number:06}.sst"));
        ssts.bytes = add(ssts.bytes, references.bytes(*node));
    }
    ssts
}
