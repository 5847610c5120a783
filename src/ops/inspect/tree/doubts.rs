//! What could have changed while it was read, and what a listing did not show.

use std::collections::BTreeSet;

use super::Problem;
use super::Row;
use super::Tree;
use super::units;
use crate::catalog::survey::ASKED_FOR;
use crate::catalog::survey::EntryKind;
use crate::catalog::survey::FileEntry;
use crate::catalog::survey::Names;
use crate::catalog::survey::Sought;
use crate::model::Location;
use crate::model::layout::UnitKind;
use crate::model::places::Whereabouts;
use crate::model::rebase::Rule;
use crate::model::references::Missed;

impl Tree {
    /// Jobs in which files are referred to by nobody or a checkpoint has vanished.
    pub(super) fn jobs_in_doubt(&self) -> Vec<Location> {
        let mut jobs = BTreeSet::new();
        let mut doubt = |place: &Location| {
            let (kind, at) = units::unit_of(place, &self.subject.base);
            if kind == Some(UnitKind::Job) && at.is_below(&self.subject.tree) {
                jobs.insert(at);
            }
        };
        self.builder.unreferenced(|directory| directory.now().into_iter().for_each(&mut doubt));
        let removed = self.rows.iter().filter(|row| row.problem == Some(Problem::Removed));
        removed.for_each(|row| doubt(&row.directory()));
        jobs.into_iter().collect()
    }

    /// Files that checkpoints of the tree refer to and no listing showed.
    ///
    /// What a listing showed at another place where it may be as well is taken for that.
    pub(super) fn files_to_seek(&mut self) -> Vec<Sought> {
        let subject = self.subject.clone();
        let mut here = vec![false; self.rows.len()];
        for row in self.rows.iter().filter(|row| row.metadata.is_below(&subject.tree)) {
            let number = row.number.and_then(|number| here.get_mut(number as usize));
            number.into_iter().for_each(|here| *here = true);
        }
        let is_of_tree = |number: u32| here.get(number as usize).copied().unwrap_or_default();
        // Where it is asked whether a checkpoint is whole, the file of a copy is not its own.
        let others = match subject.everywhere.is_empty() {
            true => self.other_rules(),
            false => self.links.clone(),
        };
        // Where nothing was moved or linked, no file has another place.
        if !others.is_empty() {
            self.meet_elsewhere(&others);
        }
        let missed = self.builder.missed(is_of_tree);
        let mut sought = Vec::new();
        for missed in missed {
            // What lies elsewhere was not listed, and nobody asked whether it is there.
            let Some(now) = missed.at.now().filter(|now| subject.seeks(now)) else {
                continue;
            };
            let places = places(&missed.at, &others).into_iter();
            let places = places.filter(|place| place.same_store(now)).collect();
            let names = match missed.files.len() {
                0..=ASKED_FOR => {
                    let names = missed.files.iter().map(|file| self.builder.name_of(*file));
                    Names::These(names.collect())
                }
                _ => Names::Many,
            };
            sought.push(Sought { directory: missed.directory, places, names });
            self.missed.insert(missed.directory, missed.files.into_iter().collect());
        }
        sought
    }

    /// Takes files for what a listing showed at another place where they may be as well; also those
    /// of checkpoints elsewhere, which may mean files of the tree by another path.
    fn meet_elsewhere(&mut self, others: &[Rule]) {
        for Missed { at, files, .. } in self.builder.missed(|_| true) {
            let mut places = places(&at, others);
            places.retain(|place| at.now() != Some(place));
            // Mostly there is no other.
            for file in files.into_iter().filter(|_| !places.is_empty()) {
                let _met = places.iter().any(|place| self.builder.meet(file, place));
            }
        }
    }

    /// Rules by which any checkpoint was moved, and links: each may hold for others as well.
    fn other_rules(&self) -> Vec<Rule> {
        let mut rules: Vec<Rule> = self.rules.iter().chain(&self.links).cloned().collect();
        // Checkpoints are read in no order.
        rules.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        rules
    }

    /// A file that was sought lies at a place.
    pub(super) fn seen_at(&mut self, directory: u32, at: &Location, file: &FileEntry) {
        if !matches!(file.kind, EntryKind::Regular | EntryKind::Link) {
            return;
        }
        let Some(node) = self.builder.file_in(directory, &file.name) else { return };
        if self.missed.get_mut(&directory).is_some_and(|missed| missed.remove(&node)) {
            let counts = at.is_below(&self.subject.tree) || !self.subject.everywhere.is_empty();
            let listed = counts.then_some((file.size, file.modified));
            self.builder.found(node, at, listed);
        }
    }

    /// What was sought in a directory and not seen is not there, if all places could be asked.
    pub(super) fn search_ended(&mut self, directory: u32, failed: Option<String>) {
        let Some(missed) = self.missed.remove(&directory).filter(|missed| !missed.is_empty())
        else {
            return;
        };
        let Some(error) = failed else { return self.builder.absent(missed) };
        let count = missed.len();
        self.builder.unseen(missed);
        let at = self.builder.directory(directory).map(Location::display_short);
        let at = at.map_or_else(String::new, |at| at.into_owned());
        let message = format!("could not tell whether {count} files are there: {error}");
        self.finding("files-unseen", at, message);
    }

    /// Checkpoints that may have been removed since, as files they refer to are not there.
    pub(super) fn metadata_to_ask_for(&self) -> Vec<Location> {
        let lacking = self.builder.lacking();
        let lacks =
            |row: &&Row| row.number.is_some_and(|number| lacking.binary_search(&number).is_ok());
        self.rows.iter().filter(lacks).map(|row| row.metadata.clone()).collect()
    }
}

/// Where a directory may be: where it most likely is, where the writer had it, and where rules
/// of other checkpoints and links lead.
fn places(at: &Whereabouts, rules: &[Rule]) -> Vec<Location> {
    let mut places: Vec<Location> = at.places().cloned().collect();
    for known in places.clone() {
        for rule in rules {
            let below = known.relative_to(&rule.from).filter(|_| !known.has_dot_segments());
            places.extend(below.map(|below| rule.to.join(below)));
        }
    }
    let mut known = BTreeSet::new();
    places.retain(|place| !place.has_dot_segments() && known.insert(place.clone()));
    places
}
