//! From facts to the documents of a job and of a root.

use std::collections::HashMap;
use std::rc::Rc;

use super::AlsoRead;
use super::CheckpointRowJson;
use super::CrossReferenceJson;
use super::IncompleteJson;
use super::JOB_SCHEMA;
use super::JobDocument;
use super::JobJson;
use super::NewestJson;
use super::OtherJson;
use super::ROOT_SCHEMA;
use super::RootDocument;
use super::SavepointJson;
use super::TotalsJson;
use super::TreeFileJson;
use super::files::Lister;
use super::history;
use crate::format::flink::keyed::add;
use crate::model::layout;
use crate::model::layout::UnitKind;
use crate::model::references::NodeId;
use crate::model::references::Paths;
use crate::ops::inspect::Snapshot;
use crate::ops::inspect::files::Selection;
use crate::ops::inspect::history::History;
use crate::ops::inspect::tree::CrossReference;
use crate::ops::inspect::tree::Facts;
use crate::ops::inspect::tree::Growth;
use crate::ops::inspect::tree::Incomplete;
use crate::ops::inspect::tree::Problem;
use crate::ops::inspect::tree::Row;
use crate::ops::inspect::tree::Sums;
use crate::ops::inspect::tree::Unit;
use crate::report::document::COMPLETED_AT_SOURCE;
use crate::report::document::Head;
use crate::report::document::Looked;
use crate::report::document::Rebased;
use crate::report::inspect::build::kind;
use crate::report::seq::Seq;

/// What the document says beside the facts.
#[derive(Debug, Clone, Copy)]
pub struct Context<'r> {
    /// What the LOCATION was.
    pub location_kind: &'static str,
    /// Which files are listed, if they are.
    pub files: Option<Selection>,
    /// The history, if it is shown.
    pub history: Option<&'r History>,
}

/// Makes the document of a job directory.
pub fn job<'r>(facts: &'r Facts, context: Context<'r>) -> JobDocument<'r> {
    let own = facts.own_unit().unwrap_or(u32::MAX);
    let of_own = move |cross: &CrossReference| cross.from == own || cross.to == own;
    let by_unit = ByUnit::of(facts);
    JobDocument {
        head: head(facts, context, JOB_SCHEMA),
        job: job_json(facts, &by_unit, own, totals_of_tree(facts)),
        operator_id: facts.only.map(|id| id.to_string()),
        cross_references: cross_references(facts, context, of_own),
        also_read: also_read(facts),
        files: context.files.map(|selection| file_list(facts, selection)),
        history: context.history.map(|of| history::document(facts, of)),
    }
}

/// Makes the document of a checkpoint root.
pub fn root<'r>(facts: &'r Facts, context: Context<'r>) -> RootDocument<'r> {
    let units = move |wanted: fn(&Unit) -> bool| {
        let numbered = (0..).zip(&facts.units);
        numbered.filter(move |(_, unit)| facts.is_inside(unit) && wanted(unit))
    };
    let by_unit = Rc::new(ByUnit::of(facts));
    let [of_jobs, of_savepoints, of_others] = [(); 3].map(|()| Rc::clone(&by_unit));
    RootDocument {
        head: head(facts, context, ROOT_SCHEMA),
        jobs: Seq::new(move || {
            let by_unit = Rc::clone(&of_jobs);
            let jobs = units(|unit| unit.kind == Some(UnitKind::Job));
            jobs.map(move |(number, unit)| job_json(facts, &by_unit, number, totals(facts, unit)))
        }),
        savepoints: Seq::new(move || {
            let by_unit = Rc::clone(&of_savepoints);
            let savepoints = units(|unit| unit.kind == Some(UnitKind::Savepoint));
            let rows = savepoints.flat_map(move |(number, unit)| {
                facts.rows_of(number).map(move |row| (number, unit, row))
            });
            rows.map(move |(number, unit, row)| SavepointJson {
                snapshot: row_json(facts, row),
                refers_to: by_unit.refers_to(facts, number),
                totals: totals(facts, unit),
            })
        }),
        others: Seq::new(move || others(facts, Rc::clone(&of_others))),
        operator_id: facts.only.map(|id| id.to_string()),
        cross_references: cross_references(facts, context, |_| true),
        also_read: also_read(facts),
        totals: totals_of_tree(facts),
        files: context.files.map(|selection| file_list(facts, selection)),
    }
}

/// Places that are neither jobs nor completed savepoints and in which something lies.
fn others(facts: &Facts, by_unit: Rc<ByUnit>) -> impl Iterator<Item = OtherJson> {
    (0..).zip(&facts.units).filter_map(move |(number, unit)| {
        let kind = match unit.kind {
            Some(UnitKind::Job) => return None,
            Some(UnitKind::Savepoint) if facts.rows_of(number).next().is_some() => return None,
            Some(UnitKind::Changelog) => "changelog",
            Some(UnitKind::Savepoint) | None => "other",
        };
        let incomplete = by_unit.incomplete(facts, number);
        let something = unit.sums.physical().files > 0 || !incomplete.is_empty();
        (facts.is_inside(unit) && something).then(|| OtherJson {
            path: facts.subject.path_of(&unit.at),
            kind,
            incomplete,
            totals: totals(facts, unit),
        })
    })
}

fn head(facts: &Facts, context: Context<'_>, schema: &'static str) -> Head {
    let looked = Looked {
        at: &facts.subject.tree,
        kind: context.location_kind,
        base: &facts.subject.base,
        when: facts.now,
    };
    Head::new(schema, looked, facts.rules.iter().map(Rebased::of).collect(), &facts.findings)
}

fn job_json<'r>(
    facts: &'r Facts,
    by_unit: &ByUnit,
    number: u32,
    totals: TotalsJson,
) -> JobJson<'r> {
    let unit = facts.unit(number);
    let at = unit.map_or(&facts.subject.tree, |unit| &unit.at);
    let read = || facts.rows_of(number).filter(|row| row.overview.is_some());
    let there = read().filter(|row| row.problem != Some(Problem::Removed));
    let newest = there.last().map(|row| NewestJson {
        id: row.id,
        path: facts.subject.path_of(&row.metadata),
        completed_at: row.modified.map(|time| time.to_string()),
        state_bytes: row.sizes(facts.only).and_then(|sizes| sizes.state),
    });
    let sizes = read().map(|row| row.sizes(facts.only).and_then(|sizes| sizes.state));
    JobJson {
        path: facts.subject.path_of(at),
        job_id: at.file_name().filter(|name| layout::is_job_id(name)).map(str::to_owned),
        checkpoints: Seq::new(move || facts.rows_of(number).map(move |row| row_json(facts, row))),
        newest,
        incomplete: by_unit.incomplete(facts, number),
        logical_bytes: sizes.fold(Some(0), add),
        refers_to: by_unit.refers_to(facts, number),
        totals,
    }
}

fn row_json(facts: &Facts, row: &Row) -> CheckpointRowJson {
    let snapshot = row.overview.and_then(|overview| overview.snapshot);
    let (kind, savepoint_format) = kind(snapshot);
    let sizes = row.sizes(facts.only);
    let read = row.number.is_some();
    CheckpointRowJson {
        id: row.id,
        path: facts.subject.path_of(&row.metadata),
        kind,
        savepoint_format,
        full: snapshot.map(Snapshot::is_full),
        completed_at: row.modified.map(|time| time.to_string()),
        completed_at_source: COMPLETED_AT_SOURCE,
        metadata_version: row.version,
        metadata_bytes: row.metadata_bytes,
        state_bytes: sizes.and_then(|sizes| sizes.state),
        new_bytes: sizes.and_then(|sizes| sizes.new),
        inline_bytes: row.overview.map(|overview| overview.inline_bytes),
        exclusive_bytes: row.exclusive_bytes,
        files: read.then_some(row.files),
        missing_files: (read && row.unseen == 0).then_some(row.missing),
        growth_bytes: row.growth.map(|growth| growth.bytes),
        growth: row.growth.and_then(Growth::rounded),
        problem: row.problem.as_ref().map(Problem::message),
        problem_code: row.problem.as_ref().map(Problem::code),
    }
}

/// What is asked for unit by unit, as positions in the facts: a root can have thousands.
#[derive(Debug, Default)]
struct ByUnit {
    cross_references: HashMap<u32, Vec<usize>>,
    incomplete: HashMap<u32, Vec<usize>>,
}

impl ByUnit {
    fn of(facts: &Facts) -> Self {
        let mut by_unit = ByUnit::default();
        for (at, cross) in facts.cross_references.iter().enumerate() {
            by_unit.cross_references.entry(cross.from).or_default().push(at);
        }
        for (at, one) in facts.incomplete.iter().enumerate() {
            by_unit.incomplete.entry(one.unit).or_default().push(at);
        }
        by_unit
    }

    fn refers_to(&self, facts: &Facts, from: u32) -> Vec<String> {
        let found = self.cross_references.get(&from).into_iter().flatten();
        let cross = found.filter_map(|at| facts.cross_references.get(*at));
        cross.filter_map(|cross| unit_path(facts, cross.to)).collect()
    }

    fn incomplete(&self, facts: &Facts, unit: u32) -> Vec<IncompleteJson> {
        let found = self.incomplete.get(&unit).into_iter().flatten();
        let json = |one: &Incomplete| IncompleteJson {
            path: facts.subject.path_of(&one.at),
            files: one.found.files,
            bytes: one.found.bytes,
            newest_modified_at: one.newest.map(|time| time.to_string()),
        };
        found.filter_map(|at| facts.incomplete.get(*at)).map(json).collect()
    }
}

fn unit_path(facts: &Facts, number: u32) -> Option<String> {
    facts.unit(number).map(|unit| facts.subject.path_of(&unit.at))
}

/// The cross references that are wanted; with `--files` also which files.
fn cross_references<'r>(
    facts: &'r Facts,
    context: Context<'r>,
    wanted: impl Fn(&CrossReference) -> bool + Copy + 'r,
) -> Seq<'r, CrossReferenceJson> {
    let with_paths = context.files.is_some();
    let shown = with_paths.then(|| Rc::new(facts.references.paths(&facts.subject.base)));
    Seq::new(move || {
        let shown = shown.clone();
        let cross = facts.cross_references.iter().filter(move |cross| wanted(cross));
        cross.map(move |cross| cross_json(facts, cross, shown.as_deref()))
    })
}

fn cross_json(
    facts: &Facts,
    cross: &CrossReference,
    shown: Option<&Paths<'_>>,
) -> CrossReferenceJson {
    let paths = shown.map(|shown| {
        let mut paths: Vec<String> = cross.files.iter().map(|node| shown.of(*node)).collect();
        paths.sort();
        paths
    });
    CrossReferenceJson {
        from: unit_path(facts, cross.from).unwrap_or_default(),
        to: unit_path(facts, cross.to).unwrap_or_default(),
        files: cross.files.len() as u64,
        bytes: cross.bytes,
        paths,
    }
}

fn also_read(facts: &Facts) -> AlsoRead {
    let inside = |row: &&Row| row.metadata.is_below(&facts.subject.tree);
    let mut units: Vec<u32> = Vec::new();
    let mut checkpoints = 0;
    for row in facts.rows.iter().filter(|row| !inside(row) && row.number.is_some()) {
        checkpoints += 1;
        if units.last() != Some(&row.unit) {
            units.push(row.unit);
        }
    }
    AlsoRead { checkpoints, directories: units.len() as u64 }
}

/// Sums over the whole tree.
pub(super) fn totals_of_tree(facts: &Facts) -> TotalsJson {
    let totals = &facts.totals;
    let sums = totals_json(&totals.sums);
    TotalsJson {
        physical_bytes: sums.physical_bytes.saturating_add(totals.other.bytes),
        files: sums.files.saturating_add(totals.other.files),
        other_bytes: totals.other.bytes,
        other_files: totals.other.files,
        missing_files: totals.missing,
        complete: totals.complete,
        ..sums
    }
}

fn totals(facts: &Facts, unit: &Unit) -> TotalsJson {
    TotalsJson {
        missing_files: unit.missing,
        complete: facts.totals.complete,
        ..totals_json(&unit.sums)
    }
}

fn totals_json(sums: &Sums) -> TotalsJson {
    let physical = sums.physical();
    TotalsJson {
        physical_bytes: physical.bytes,
        referenced_bytes: sums.referenced.bytes,
        unreferenced_bytes: sums.unreferenced.bytes,
        metadata_bytes: sums.metadata.bytes,
        other_bytes: 0,
        files: physical.files,
        referenced_files: sums.referenced.files,
        unreferenced_files: sums.unreferenced.files,
        metadata_files: sums.metadata.files,
        other_files: 0,
        missing_files: 0,
        complete: true,
    }
}

/// The files of a report, one at a time.
pub(super) fn file_list(facts: &Facts, selection: Selection) -> Seq<'_, TreeFileJson> {
    let lister = Rc::new(Lister::new(facts));
    let listed = selection.of(&facts.references, &lister.paths, |file| facts.shows(file));
    let listed: Rc<[NodeId]> = listed.into();
    Seq::new(move || {
        let (listed, lister) = (listed.clone(), lister.clone());
        let nodes = (0..listed.len()).filter_map(move |at| listed.get(at).copied());
        nodes.filter_map(move |node| lister.file(node))
    })
}
