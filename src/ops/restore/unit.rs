//! The files of one handle in one directory, and whether they are the database that its MANIFEST
//! describes. Pure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::RestoreError;
use super::made::Family;
use super::made::Note;
use super::plan::FileSet;
use super::plan::Placed;
use super::stage::Staged;
use super::stage::object;
use crate::format::flink::operator::OperatorId;
use crate::format::rocks::manifest::Manifest;
use crate::ops::verify::databases;
use crate::ops::verify::fact::Fact;
use crate::ops::verify::plan::Database;
use crate::ops::verify::plan::FileKind;
use crate::ops::verify::plan::Member;
use crate::ops::verify::rules;

/// The files of a handle, on their way to a directory.
pub struct Unit<'u, 'a> {
    /// The number of the database in the plan, and of its input.
    pub of: (usize, usize),
    /// Where they go.
    pub directory: PathBuf,
    /// The files.
    pub set: &'u FileSet<'a>,
    /// Bytes of the key group in front of every key.
    pub prefix: usize,
    /// Those that are there, in the order of the files.
    pub staged: Vec<Option<Staged>>,
}

impl Unit<'_, '_> {
    /// Judges the files by what was seen of them; `small` are those of the MANIFEST and of
    /// CURRENT, by their positions.
    ///
    /// # Errors
    /// They are not the database of their MANIFEST.
    pub fn judge(&self, small: &BTreeMap<usize, Fact>) -> Result<Vec<Note>, RestoreError> {
        let member = |(piece, file): (usize, &Placed<'_>)| Member {
            local_name: file.local_name.clone(),
            piece,
        };
        let database = Database {
            owner: self.set.owner.clone(),
            // It is named by its owner alone.
            operator: OperatorId([0; 16]),
            subtask: 0,
            key_groups: self.set.key_groups,
            prefix: self.prefix,
            meta: None,
            members: self.set.files.iter().enumerate().map(member).collect(),
        };
        let seen = |piece: usize| {
            let staged = self.staged.get(piece).and_then(Option::as_ref);
            small.get(&piece).or_else(|| staged?.fact.as_ref())
        };
        let mut notes = Vec::new();
        for (file, staged) in self.set.files.iter().zip(&self.staged) {
            let fact = staged.as_ref().and_then(|staged| staged.fact.as_ref());
            if let Some(Fact::Bad { rule, evidence, .. }) = fact {
                let message =
                    format!("{} was not checked: {}: {evidence}", object(file), rule.what);
                notes.push(Note { code: rule.code, message });
            }
        }
        for complaint in databases::judge(&database, seen) {
            let file = complaint.piece.and_then(|piece| self.set.files.get(piece));
            let object = file.map_or_else(|| self.set.owner.clone(), object);
            let what = format!("{}: {}", complaint.rule.what, complaint.evidence);
            let code = complaint.rule.code;
            // Whoever reads the database can leave them out.
            if complaint.rule != rules::SST_KEY_RANGE {
                return Err(RestoreError::Damaged { object, what, code });
            }
            notes.push(Note { code, message: format!("{object}: {what}") });
        }
        Ok(notes)
    }

    /// Column families with what their tables say of entries: those that do not delete, which
    /// is at most what is there, as keys that were written several times count each time.
    pub fn families(&self, manifest: &Manifest) -> Vec<Family> {
        let mut tables: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for (file, staged) in self.set.files.iter().zip(&self.staged) {
            let (FileKind::Sst(number), Some(staged)) = (file.kind, staged) else { continue };
            if let Some(Fact::Sst(sst)) = &staged.fact {
                tables.insert(number, (sst.entries, sst.deletions));
            }
        }
        let families = manifest.column_families.iter().map(|family| {
            let mut known = family.files.iter().map(|file| tables.get(&file.number));
            let sums = known.try_fold((0_u64, 0_u64), |sum, known| {
                let (entries, deletions) = known?;
                Some((sum.0.saturating_add(*entries), sum.1.saturating_add(*deletions)))
            });
            let entries = sums.map(|(entries, deletions)| entries.saturating_sub(deletions));
            let name = String::from_utf8_lossy(&family.name).into_owned();
            // Of nothing nothing has to be counted.
            Family { name, entries, exact: family.files.is_empty() }
        });
        families.collect()
    }
}
