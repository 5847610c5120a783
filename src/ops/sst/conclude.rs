//! From what was read to what is known of the SSTs of a checkpoint. Pure.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::OperatorSums;
use super::SstFile;
use super::Ssts;
use super::StateSums;
use super::SubtaskSums;
use super::live::LiveSsts;
use super::plan::Plan;
use super::probe::Probed;
use super::probe::Seen;
use super::sums::Sums;
use super::sums::shares;
use super::table::TableFacts;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::operator::OperatorId;
use crate::model::Location;
use crate::ops::inspect::Finding;
use crate::ops::verify::plan::Content;
use crate::ops::verify::plan::Database;
use crate::ops::verify::plan::FileKind;
use crate::ops::verify::plan::Source;

/// Concludes what is known of the SSTs of a checkpoint whose paths begin at `base`.
pub fn conclude(plan: &Plan<'_>, probed: Probed, base: &Location) -> Ssts {
    let Probed { seen, looked } = probed;
    let mut concluding = Concluding {
        plan,
        base,
        tables: vec![None; seen.len()],
        manifests: BTreeMap::new(),
        unread: BTreeMap::new(),
        findings: BTreeMap::new(),
        names: BTreeMap::new(),
    };
    for (number, seen) in seen.into_iter().enumerate() {
        concluding.seen(number, seen);
    }
    let mut ssts = Ssts { requests: looked.requests, read_bytes: looked.bytes, ..Ssts::default() };
    for database in &plan.databases {
        concluding.database(database, &mut ssts.files);
    }
    ssts.files.sort_by_cached_key(|file| {
        let number = match FileKind::of(&file.local_name) {
            FileKind::Sst(number) => Some(number),
            _ => None,
        };
        (file.operator, file.subtask, file.level, number)
    });
    ssts.findings = concluding.findings.into_values().flat_map(Unread::findings).collect();
    sum(plan, &mut ssts);
    ssts
}

/// What is known so far.
struct Concluding<'c, 'a> {
    plan: &'c Plan<'a>,
    base: &'c Location,
    /// Tables by the numbers of their reads.
    tables: Vec<Option<Rc<TableFacts>>>,
    manifests: BTreeMap<usize, LiveSsts>,
    /// Why reads saw nothing.
    unread: BTreeMap<usize, String>,
    findings: BTreeMap<OperatorId, Unread>,
    /// Names of column families, each held once.
    names: BTreeMap<Box<str>, Arc<str>>,
}

/// What could not be read of an operator: the first of it, and how many there are.
#[derive(Default)]
struct Unread {
    ssts: Option<(Finding, u64)>,
    manifests: Option<(Finding, u64)>,
}

impl Unread {
    fn findings(self) -> impl Iterator<Item = Finding> {
        let all = [self.ssts, self.manifests].into_iter().flatten();
        all.map(|(mut finding, count)| {
            if count > 1 {
                finding.message += &format!(" (and {} more of this operator)", count - 1);
            }
            finding
        })
    }
}

impl Concluding<'_, '_> {
    fn seen(&mut self, read: usize, seen: Seen) {
        match seen {
            Seen::Sst(table) => {
                if let Some(slot) = self.tables.get_mut(read) {
                    *slot = Some(Rc::from(table));
                }
            }
            Seen::Manifest(live) => drop(self.manifests.insert(read, live)),
            Seen::Unread(why) => drop(self.unread.insert(read, why)),
            Seen::Nothing => {}
        }
    }

    fn database(&mut self, database: &Database, files: &mut Vec<SstFile>) {
        let plan = self.plan;
        let content = |piece: usize| plan.pieces.get(piece).map(|piece| &piece.content);
        let read = |piece: usize| plan.read_of.get(piece).copied().flatten();
        let is_manifest = |piece: usize| matches!(content(piece), Some(Content::Manifest));
        let mut manifests =
            database.members.iter().map(|member| member.piece).filter(|piece| is_manifest(*piece));
        let manifest = match (manifests.next(), manifests.next()) {
            (Some(piece), None) => {
                let number = read(piece);
                if let Some(why) = number.and_then(|number| self.unread.get(&number)).cloned() {
                    self.note_manifest(database, Some(piece), why);
                }
                number
            }
            (None, _) => {
                self.note_manifest(database, None, "its handle lists none".to_owned());
                None
            }
            (Some(_), Some(_)) => {
                self.note_manifest(database, None, "its handle lists several".to_owned());
                None
            }
        };
        let is_sst = |piece: usize| matches!(content(piece), Some(Content::Sst));
        for member in database.members.iter().filter(|member| is_sst(member.piece)) {
            let number = read(member.piece);
            if let Some(why) = number.and_then(|number| self.unread.get(&number)).cloned() {
                self.note_sst(database, member.piece, &why);
            }
            let table = number.and_then(|number| self.tables.get(number)).cloned().flatten();
            let live = match FileKind::of(&member.local_name) {
                FileKind::Sst(number) => {
                    manifest.and_then(|read| self.manifests.get(&read)?.get(&number))
                }
                _ => None,
            };
            let (level, key_groups) = (live.map(|sst| sst.level), live.and_then(|s| s.key_groups));
            let family = live.map(|live| live.column_family.clone());
            let stated = table.as_ref().and_then(|table| table.column_family.clone());
            let source = plan.pieces.get(member.piece).map(|piece| &piece.source);
            let (place, offset, stored_bytes) = match source {
                Some(Source::File { places, start, bytes, .. }) => {
                    (places.first().cloned(), *start, *bytes)
                }
                Some(Source::Inline(bytes)) => (None, 0, Some(bytes.len() as u64)),
                None => (None, 0, None),
            };
            files.push(SstFile {
                place,
                offset,
                local_name: member.local_name.clone(),
                operator: database.operator,
                subtask: database.subtask,
                column_family: stated.map(|name| self.name(name)).or(family),
                level,
                key_groups,
                stored_bytes,
                table,
            });
        }
    }

    fn name(&mut self, name: Box<str>) -> Arc<str> {
        match self.names.get(&name) {
            Some(known) => known.clone(),
            None => {
                let new: Arc<str> = Arc::from(&*name);
                self.names.insert(name, new.clone());
                new
            }
        }
    }

    fn note_sst(&mut self, database: &Database, piece: usize, why: &str) {
        let subject = self.subject(piece);
        let message = format!("what this SST of {} holds is unknown: {why}", database.owner);
        let finding = Finding { code: "sst-unreadable", subject, message };
        let unread = self.findings.entry(database.operator).or_default();
        unread.ssts.get_or_insert((finding, 0)).1 += 1;
    }

    fn note_manifest(&mut self, database: &Database, piece: Option<usize>, why: String) {
        let subject = piece.map_or_else(|| database.owner.clone(), |piece| self.subject(piece));
        let owner = &database.owner;
        let message = format!(
            "levels and key groups of the SSTs of {owner} are unknown, as its MANIFEST is: {why}"
        );
        let finding = Finding { code: "manifest-unreadable", subject, message };
        let unread = self.findings.entry(database.operator).or_default();
        unread.manifests.get_or_insert((finding, 0)).1 += 1;
    }

    /// What a report calls a piece.
    fn subject(&self, piece: usize) -> String {
        let Some(piece) = self.plan.pieces.get(piece) else { return String::new() };
        match &piece.source {
            Source::File { places, .. } if !places.is_empty() => {
                places.first().map(|place| path(place, self.base)).unwrap_or_default()
            }
            _ => piece.owner.clone(),
        }
    }
}

/// The path of a file in a report: below the base if it is there, else a URI.
pub fn path(place: &Location, base: &Location) -> String {
    place.relative_to(base).map_or_else(|| place.to_string(), str::to_owned)
}

fn sum(plan: &Plan<'_>, ssts: &mut Ssts) {
    let mut states: BTreeMap<(OperatorId, Option<Arc<str>>), Sums> = BTreeMap::new();
    // Also those without any SST have their share.
    let mut subtasks: BTreeMap<(OperatorId, i32), (KeyGroupRange, Sums)> = BTreeMap::new();
    for database in &plan.databases {
        subtasks
            .entry((database.operator, database.subtask))
            .or_insert_with(|| (database.key_groups, Sums::default()));
    }
    let mut operators: BTreeMap<OperatorId, Sums> = BTreeMap::new();
    for file in &ssts.files {
        states.entry((file.operator, file.column_family.clone())).or_default().add(file);
        operators.entry(file.operator).or_default().add(file);
        if let Some((_, sums)) = subtasks.get_mut(&(file.operator, file.subtask)) {
            sums.add(file);
        }
    }
    ssts.states = states
        .into_iter()
        .map(|((operator, column_family), sums)| StateSums { operator, column_family, sums })
        .collect();
    ssts.subtasks = subtasks
        .into_iter()
        .map(|((operator, subtask), (key_groups, sums))| SubtaskSums {
            operator,
            subtask,
            key_groups,
            sums,
            share: [None; 2],
        })
        .collect();
    let mut skews = BTreeMap::new();
    for of_operator in ssts.subtasks.chunk_by_mut(|a, b| a.operator == b.operator) {
        let Some(operator) = of_operator.first().map(|one| one.operator) else { continue };
        let entries: Vec<_> = of_operator.iter().map(|one| one.sums.entries).collect();
        let stored: Vec<_> = of_operator.iter().map(|one| Some(one.sums.stored_bytes)).collect();
        let [entries, stored] = [shares(&entries), shares(&stored)];
        let largest = |shares: &[Option<f64>]| shares.iter().copied().flatten().reduce(f64::max);
        skews.insert(operator, [largest(&entries), largest(&stored)]);
        for (one, share) in of_operator.iter_mut().zip(entries.into_iter().zip(stored)) {
            one.share = share.into();
        }
    }
    let skew = |operator| skews.get(&operator).copied().unwrap_or_default();
    ssts.operators = operators
        .into_iter()
        .map(|(operator, sums)| OperatorSums { operator, sums, skew: skew(operator) })
        .collect();
}
