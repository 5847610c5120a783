//! What could have changed while it was read, and is looked at again.

use std::collections::BTreeSet;

use super::Problem;
use super::Tree;
use super::units;
use crate::catalog::survey::Doubts;
use crate::model::Location;
use crate::model::layout::UnitKind;

impl Tree {
    /// Jobs in which files are referred to by nobody or a checkpoint has vanished, and
    /// checkpoints of which files are missing.
    pub(super) fn look_for_doubts(&mut self) -> Doubts {
        let subject = &self.subject;
        let is_listed = |place: &Location| place.relative_to(&subject.tree).is_some();
        let mut jobs = BTreeSet::new();
        let mut doubt = |place: &Location| {
            let (kind, at) = units::unit_of(place, &subject.base);
            if kind == Some(UnitKind::Job) && is_listed(&at) {
                jobs.insert(at);
            }
        };
        let missing = self.builder.doubts(
            |directory| directory.now().is_some_and(is_listed),
            |directory| directory.now().into_iter().for_each(&mut doubt),
        );
        let removed = self.rows.iter().filter(|row| row.problem == Some(Problem::Removed));
        removed.for_each(|row| doubt(&row.directory()));
        let is_missing = |number: Option<u32>| {
            number.is_some_and(|number| missing.binary_search(&number).is_ok())
        };
        let metadata = self.rows.iter().filter(|row| is_missing(row.number));
        Doubts {
            jobs: jobs.into_iter().collect(),
            metadata: metadata.map(|row| row.metadata.clone()).collect(),
        }
    }
}
