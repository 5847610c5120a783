//! From what was read to what a report says.

use std::collections::BTreeMap;
use std::collections::HashSet;

use jiff::Timestamp;

use super::Growth;
use super::OperatorName;
use super::Other;
use super::Problem;
use super::Row;
use super::Subject;
use super::Tree;
use super::problems::problems;
use super::units::Count;
use super::units::Incomplete;
use super::units::Sums;
use super::units::Unit;
use super::units::Units;
use crate::format::flink::keyed::add;
use crate::format::flink::operator::OperatorId;
use crate::model::Location;
use crate::model::layout;
use crate::model::layout::UnitKind;
use crate::model::rebase::Rule;
use crate::model::references::File;
use crate::model::references::NodeId;
use crate::model::references::References;
use crate::ops::inspect::warnings::Finding;
use crate::ops::inspect::warnings::label_of;

/// What was concluded about a tree.
#[derive(Debug)]
pub struct Facts {
    /// What it is about.
    pub subject: Subject,
    /// Only this operator was looked at.
    pub only: Option<OperatorId>,
    /// When it was looked at.
    pub now: Timestamp,
    /// Who refers to what, of all checkpoints that were read.
    pub references: References,
    /// All checkpoints and savepoints, unit by unit, in the order of their ids.
    pub rows: Vec<Row>,
    /// Rows by their numbers in the references.
    pub by_number: Vec<usize>,
    /// Jobs, savepoints and other places, in the order of their paths.
    pub units: Vec<Unit>,
    /// Checkpoints that were not completed.
    pub incomplete: Vec<Incomplete>,
    /// Which unit refers to files in which other one.
    pub cross_references: Vec<CrossReference>,
    /// Sums over the tree.
    pub totals: Totals,
    /// Names of the operators.
    pub operators: BTreeMap<OperatorId, OperatorName>,
    /// Rules by which paths were mapped.
    pub rules: Vec<Rule>,
    /// What was noticed.
    pub findings: Vec<Finding>,
    /// How many places could not be listed.
    pub unlisted: u64,
}

/// References from one unit to files in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossReference {
    /// The number of the unit whose checkpoints refer.
    pub from: u32,
    /// The number of the unit in which the files are.
    pub to: u32,
    /// The files.
    pub files: Vec<NodeId>,
    /// Bytes referred to in them; `None` if a size is unknown.
    pub bytes: Option<u64>,
}

/// Sums over a tree.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    /// What lies there.
    pub sums: Sums,
    /// What is neither metadata nor state.
    pub other: Other,
    /// Files that are referred to, were looked for in the tree, and are not there.
    pub missing: u64,
    /// Whether all that could refer to files here was read, and all that lies here was listed.
    pub complete: bool,
}

impl Facts {
    /// What an operator is called whose id this is in hex digits: its uid, name or id.
    pub fn label(&self, id: &str) -> String {
        let found = self.operators.iter().find(|(known, _)| known.to_string() == id);
        let name = found.map(|(_, name)| name.clone());
        let (uid, name) = name.map_or((None, None), |name| (name.uid, name.name));
        label_of(uid, name, id.to_owned())
    }

    /// The units whose numbers these are.
    pub fn unit(&self, number: u32) -> Option<&Unit> {
        self.units.get(number as usize)
    }

    /// Whether a unit lies in the tree.
    pub fn is_inside(&self, unit: &Unit) -> bool {
        unit.at.is_below(&self.subject.tree)
    }

    /// The rows of one unit.
    pub fn rows_of(&self, unit: u32) -> impl Iterator<Item = &Row> {
        let first = self.rows.partition_point(|row| row.unit < unit);
        self.rows.iter().skip(first).take_while(move |row| row.unit == unit)
    }

    /// The row of a checkpoint by its number in the references.
    pub fn row(&self, number: u32) -> Option<&Row> {
        self.rows.get(*self.by_number.get(number as usize)?)
    }

    /// The number of the unit that is the tree itself, if there is one: the job of a job
    /// directory.
    pub fn own_unit(&self) -> Option<u32> {
        let found = self.units.iter().position(|unit| unit.at == self.subject.tree);
        found.and_then(|at| u32::try_from(at).ok())
    }

    /// Whether a file is shown: it lies in the tree, or a checkpoint in the tree refers to it.
    pub fn shows(&self, file: &File<'_>) -> bool {
        let here = |place: &Location| place.is_below(&self.subject.tree);
        let by_one_here = |number: u32| self.row(number).is_some_and(|row| here(&row.metadata));
        file.found_bytes().is_some() || file.checkpoints().into_iter().any(by_one_here)
    }

    /// Checkpoints that could not be looked at.
    pub fn failures(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.problem.as_ref().is_some_and(Problem::is_failure))
    }
}

pub(super) fn conclude(tree: Tree, now: Timestamp, only: Option<OperatorId>) -> Facts {
    let Tree { subject, builder, mut rows, directories, metadata, other, mut findings, .. } = tree;
    let references = builder.finish();
    let odd = |row: &&Row| row.directory().file_name().is_none_or(|n| !layout::is_snapshot_name(n));
    let snapshots: HashSet<Location> = rows.iter().filter(odd).map(Row::directory).collect();
    let mut units = Units::new(subject.base.clone(), snapshots);
    rows.iter_mut().for_each(|row| row.unit = units.of(&row.directory()));
    if subject.is_job {
        units.of(&subject.tree);
    }

    let unused = tree.unused_rules.into_iter().flatten();
    findings.extend(unused.map(|rule| Finding::rebase_unused(&rule)));

    let mut totals = Totals { other, complete: tree.unlisted == 0, ..Totals::default() };
    for (dir, file) in &metadata {
        let unit = units.of(&subject.tree.join(dir));
        let bytes = file.size.unwrap_or_default();
        totals.sums.metadata.add(bytes);
        units.get_mut(unit).into_iter().for_each(|unit| unit.sums.metadata.add(bytes));
    }
    let mut files = Files {
        units_of_directories: references
            .directories()
            .iter()
            .zip(holding(&references))
            .map(|(dir, holds)| dir.now().filter(|_| holds).map(|now| units.of(now)))
            .collect(),
        in_tree: references
            .directories()
            .iter()
            .map(|dir| dir.now().is_some_and(|now| now.is_below(&subject.tree)))
            .collect(),
        references: &references,
        only,
        rows: &mut rows,
        totals: &mut totals,
        cross: BTreeMap::new(),
    };
    files.count(&mut units);
    let cross = std::mem::take(&mut files.cross);
    let incomplete = incomplete(&subject, &directories, &metadata, &references, &mut units, &rows);
    for path in
        directories.iter().filter(|path| path.rsplit('/').next().is_some_and(layout::is_job_id))
    {
        units.of(&subject.tree.join(path));
    }

    let mut facts = Facts {
        only,
        now,
        rows,
        by_number: Vec::new(),
        units: units.list,
        incomplete,
        cross_references: cross
            .into_iter()
            .map(|((from, to), (files, bytes))| CrossReference { from, to, files, bytes })
            .collect(),
        totals,
        operators: tree.operators.into_iter().map(|(id, (_, name))| (id, name)).collect(),
        rules: without_implied(tree.rules),
        findings,
        unlisted: tree.unlisted,
        references,
        subject,
    };
    sort(&mut facts);
    problems(&mut facts);
    grow(&mut facts);
    facts
}

/// For each directory whether a file in it is known. A directory where files only seemed to be
/// is none of anybody.
fn holding(references: &References) -> Vec<bool> {
    let mut holding = vec![false; references.directories().len()];
    for file in references.files() {
        holding.get_mut(file.directory_number() as usize).into_iter().for_each(|one| *one = true);
    }
    holding
}

/// A pass over all files.
struct Files<'f> {
    references: &'f References,
    only: Option<OperatorId>,
    /// The unit of each directory.
    units_of_directories: Vec<Option<u32>>,
    /// Whether a directory lies in the tree.
    in_tree: Vec<bool>,
    rows: &'f mut Vec<Row>,
    totals: &'f mut Totals,
    cross: BTreeMap<(u32, u32), (Vec<NodeId>, Option<u64>)>,
}

impl Files<'_> {
    fn count(&mut self, units: &mut Units) {
        let mut by_number: Vec<usize> = vec![usize::MAX; self.references.checkpoints() as usize];
        for (at, row) in self.rows.iter().enumerate() {
            if let Some(number) = row.number {
                by_number[number as usize] = at;
            }
        }
        for row in self.rows.iter_mut().filter(|row| row.number.is_some()) {
            row.exclusive_bytes = Some(0);
        }
        for file in self.references.files() {
            let checkpoints = file.checkpoints();
            let directory = file.directory_number() as usize;
            let unit = self.units_of_directories.get(directory).copied().flatten();
            let in_tree = self.in_tree.get(directory).copied().unwrap_or_default();
            let rows: Vec<usize> =
                checkpoints.iter().filter_map(|c| by_number.get(*c as usize).copied()).collect();
            self.lies(&file, unit, rows.is_empty(), units);
            let (missing, unseen) = (file.is_absent(), file.is_unseen());
            self.totals.missing += u64::from(missing && in_tree);
            let of_unit = unit.and_then(|unit| units.get_mut(unit));
            of_unit.into_iter().for_each(|unit| unit.missing += u64::from(missing && in_tree));
            let (bytes, found) = (file.bytes(), file.found_bytes());
            let short = found.filter(|found| *found < file.end());
            for (number, at) in checkpoints.iter().zip(&rows) {
                if !self.is_of_interest(&file, *number) {
                    continue;
                }
                let row = &mut self.rows[*at];
                row.files += 1;
                row.missing += u64::from(missing);
                row.unseen += u64::from(unseen);
                row.short += u64::from(short.is_some_and(|found| found < file.end_in(*number)));
                if rows.len() == 1 {
                    let freed = if missing { Some(0) } else { found.or(bytes) };
                    row.exclusive_bytes = add(row.exclusive_bytes, freed);
                }
            }
            if let Some(unit) = unit {
                self.cross(&file, unit, &checkpoints, &rows, units);
            }
        }
    }

    fn is_of_interest(&self, file: &File<'_>, checkpoint: u32) -> bool {
        self.only.is_none_or(|only| file.is_used(|number, by| number == checkpoint && by == only))
    }

    /// Counts a file that lies there.
    fn lies(&mut self, file: &File<'_>, unit: Option<u32>, orphan: bool, units: &mut Units) {
        let Some(found) = file.found_bytes() else { return };
        let of_unit = unit.and_then(|unit| units.get_mut(unit)).map(|unit| &mut unit.sums);
        for sums in of_unit.into_iter().chain([&mut self.totals.sums]) {
            let count = if orphan { &mut sums.unreferenced } else { &mut sums.referenced };
            count.add(found);
        }
    }

    /// Notes which other units refer to a file.
    fn cross(
        &mut self,
        file: &File<'_>,
        to: u32,
        checkpoints: &[u32],
        rows: &[usize],
        units: &Units,
    ) {
        let mut froms: Vec<u32> = rows.iter().map(|at| self.rows[*at].unit).collect();
        froms.sort_unstable();
        froms.dedup();
        for from in froms.into_iter().filter(|from| *from != to) {
            if is_own_changelog(units, from, to) {
                continue;
            }
            let of_it = checkpoints.iter().zip(rows);
            let of_it = of_it.filter(|(_, at)| self.rows[**at].unit == from).map(|(n, _)| *n);
            let of_it: Vec<u32> = of_it.collect();
            let by_it = |node| of_it.iter().any(|number| self.references.refers(*number, node));
            let (files, bytes) = self.cross.entry((from, to)).or_insert((Vec::new(), Some(0)));
            files.push(file.node());
            *bytes = add(*bytes, file.bytes_of(by_it));
        }
    }
}

/// Changelog files lie outside of the job directory and are the job's all the same.
fn is_own_changelog(units: &Units, job: u32, changelog: u32) -> bool {
    let [job, changelog] = [job, changelog].map(|number| units.list.get(number as usize));
    match (job, changelog) {
        (Some(job), Some(changelog)) => {
            changelog.kind == Some(UnitKind::Changelog)
                && job.at.file_name() == changelog.at.file_name()
        }
        _ => false,
    }
}

/// Directories of checkpoints and savepoints that have no metadata.
fn incomplete(
    subject: &Subject,
    directories: &std::collections::BTreeSet<String>,
    metadata: &BTreeMap<String, crate::catalog::survey::FileEntry>,
    references: &References,
    units: &mut Units,
    rows: &[Row],
) -> Vec<Incomplete> {
    let has_row: HashSet<Location> = rows.iter().map(Row::directory).collect();
    let mut found: BTreeMap<Location, Incomplete> = BTreeMap::new();
    for path in directories.iter().filter(|path| !metadata.contains_key(*path)) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let at = subject.tree.join(path);
        if layout::is_snapshot_name(name) && !has_row.contains(&at) {
            let unit = units.of(&at);
            let none = Incomplete { at: at.clone(), unit, found: Count::default(), newest: None };
            found.insert(at, none);
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    for file in references.files() {
        let dir = file.directory().and_then(|dir| dir.now());
        let (Some(dir), Some(bytes)) = (dir, file.found_bytes()) else { continue };
        if let Some(one) = found.get_mut(dir) {
            one.found.add(bytes);
            one.newest = one.newest.max(file.modified());
        }
    }
    found.into_values().collect()
}

/// Rules which say no more than others do for a directory further up are left out.
fn without_implied(rules: Vec<Rule>) -> Vec<Rule> {
    let implied = |rule: &Rule| {
        rules.iter().any(|other| {
            let below = rule.from.relative_to(&other.from).filter(|below| !below.is_empty());
            below.is_some_and(|below| other.to.join(below) == rule.to)
        })
    };
    rules.iter().filter(|rule| !implied(rule)).cloned().collect()
}

/// Puts units and rows into the order of a report.
fn sort(facts: &mut Facts) {
    let mut order: Vec<u32> = (0..).take(facts.units.len()).collect();
    order.sort_by(|a, b| facts.units[*a as usize].at.cmp(&facts.units[*b as usize].at));
    let mut rank = vec![0_u32; order.len()];
    (0..).zip(&order).for_each(|(at, unit)| rank[*unit as usize] = at);
    facts.units = order.iter().map(|unit| facts.units[*unit as usize].clone()).collect();
    let ranked = |unit: &mut u32| *unit = rank.get(*unit as usize).copied().unwrap_or(u32::MAX);
    facts.rows.iter_mut().for_each(|row| ranked(&mut row.unit));
    facts.incomplete.iter_mut().for_each(|one| ranked(&mut one.unit));
    for cross in &mut facts.cross_references {
        ranked(&mut cross.from);
        ranked(&mut cross.to);
    }
    facts.cross_references.sort_by_key(|cross| (cross.from, cross.to));
    facts.rows.sort_by(|a, b| (a.unit, a.id, &a.metadata).cmp(&(b.unit, b.id, &b.metadata)));
    let mut by_number = vec![usize::MAX; facts.references.checkpoints() as usize];
    for (at, row) in facts.rows.iter().enumerate() {
        if let Some(number) = row.number {
            by_number[number as usize] = at;
        }
    }
    facts.by_number = by_number;
}

/// Compares each checkpoint of a job with the one before it.
fn grow(facts: &mut Facts) {
    let only = facts.only;
    let mut last: Option<(u32, Option<u64>)> = None;
    for row in facts.rows.iter_mut().filter(|row| row.overview.is_some()) {
        let size = row.sizes(only).and_then(|sizes| sizes.state);
        if let Some((unit, before)) = last
            && unit == row.unit
        {
            row.growth = Growth::between(before, size);
        }
        last = Some((row.unit, size));
    }
}
