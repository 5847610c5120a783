//! From facts to the document.

use std::rc::Rc;

use jiff::Timestamp;

use super::CompactionJson;
use super::DiffDocument;
use super::DifferenceJson;
use super::FromTo;
use super::InlineJson;
use super::InlinePartJson;
use super::OperatorDiffJson;
use super::OperatorDiffSummary;
use super::PartJson;
use super::PartsJson;
use super::SCHEMA;
use super::SideJson;
use super::SstsJson;
use super::StateDiffJson;
use super::SubtaskDiffJson;
use super::TotalsJson;
use crate::format::flink::metadata::Metadata;
use crate::model::layout::Home;
use crate::model::references::NodeId;
use crate::model::references::Paths;
use crate::ops::diff::Compaction;
use crate::ops::diff::Facts;
use crate::ops::diff::InlinePart;
use crate::ops::diff::OperatorChange;
use crate::ops::diff::OperatorDiff;
use crate::ops::diff::Pair;
use crate::ops::diff::Part;
use crate::ops::diff::Parts;
use crate::ops::diff::Ssts;
use crate::ops::diff::StateDiff;
use crate::ops::diff::SubtaskDiff;
use crate::ops::inspect::Overview;
use crate::ops::inspect::Survey;
use crate::ops::inspect::compare::Difference;
use crate::ops::inspect::tree::Growth;
use crate::report::document::COMPLETED_AT_SOURCE;
use crate::report::document::Head;
use crate::report::document::Looked;
use crate::report::document::Rebased;
use crate::report::inspect::KeyGroupsJson;
use crate::report::inspect::build::kind;
use crate::report::seq::Seq;

/// What the document says beside the facts.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// What the LOCATION was.
    pub location_kind: &'static str,
    /// When the checkpoints were looked at.
    pub observed_at: Timestamp,
    /// Modification times of the metadata files.
    pub modified: Pair<Option<Timestamp>>,
    /// Whether it grew by more than was allowed, if that was asked.
    pub grew_too_much: Option<bool>,
}

/// Makes the document of two checkpoints.
pub fn document<'r>(
    surveys: Pair<Survey<'r, '_>>,
    facts: &'r Facts,
    context: Context,
) -> DiffDocument<'r> {
    let base = &surveys.to.places.home().base;
    let shown = Shown { paths: Rc::new(facts.references.paths(base)) };
    let side = |survey: Survey<'_, '_>, overview: &Overview, modified: Option<Timestamp>| {
        side(survey.metadata, survey.places.home(), surveys.to.places.home(), overview, modified)
    };
    let growth = facts.growth();
    let from = side(surveys.from, &facts.overviews.from, context.modified.from);
    let to = side(surveys.to, &facts.overviews.to, context.modified.to);
    DiffDocument {
        head: head(surveys, facts, context),
        reversed: is_reversed(&from, &to, context.modified),
        from,
        to,
        operator_id: facts.only.map(|id| id.to_string()),
        different: facts.is_different(),
        grew_too_much: context.grew_too_much,
        totals: TotalsJson {
            parts: shown.parts(&facts.totals),
            state_bytes: from_to(facts.sizes().map(|sizes| sizes.state)),
            growth_bytes: growth.map(|growth| growth.bytes),
            growth: growth.and_then(Growth::rounded),
            new_bytes: from_to(facts.sizes().map(|sizes| sizes.new)),
        },
        operators: Seq::new(move || {
            let shown = shown.clone();
            facts.operators.iter().map(move |operator| OperatorDiffJson {
                summary: shown.operator(operator),
                subtasks: shown.subtasks(operator),
            })
        }),
    }
}

/// Whether the second checkpoint is the older one. A job counts its checkpoints; those of others
/// have their times only, which a copy changes.
fn is_reversed(from: &SideJson, to: &SideJson, modified: Pair<Option<Timestamp>>) -> bool {
    if from.job_id.is_some() && from.job_id == to.job_id {
        return to.id < from.id;
    }
    modified.to.zip(modified.from).is_some_and(|(to, from)| to < from)
}

fn head(surveys: Pair<Survey<'_, '_>>, facts: &Facts, context: Context) -> Head {
    let home = surveys.to.places.home();
    let mut rebased: Vec<Rebased> = Vec::new();
    let rules = [surveys.from, surveys.to].into_iter();
    for rule in rules.flat_map(|survey| survey.places.rebasing().rules()) {
        let rule = Rebased::of(rule);
        if !rebased.contains(&rule) {
            rebased.push(rule);
        }
    }
    let looked = Looked {
        at: &home.metadata,
        kind: context.location_kind,
        base: &home.base,
        when: context.observed_at,
    };
    Head::new(SCHEMA, looked, rebased, &facts.findings)
}

fn side(
    metadata: &Metadata<'_>,
    home: &Home,
    newer: &Home,
    overview: &Overview,
    modified: Option<Timestamp>,
) -> SideJson {
    let (kind, savepoint_format) = kind(overview.snapshot);
    let location = home.metadata.to_string();
    let path = home.metadata.relative_to(&newer.base).map(str::to_owned);
    SideJson {
        path: path.unwrap_or_else(|| location.clone()),
        location,
        id: metadata.checkpoint_id,
        job_id: home.job_id().map(str::to_owned),
        kind,
        savepoint_format,
        metadata_version: metadata.layout.version,
        written_by: overview.releases.name(),
        completed_at: modified.map(|time| time.to_string()),
        completed_at_source: COMPLETED_AT_SOURCE,
        state_bytes: overview.sizes.state,
        new_bytes: overview.sizes.new,
        inline_bytes: overview.inline_bytes,
    }
}

fn from_to<T>(pair: Pair<T>) -> FromTo<T> {
    FromTo { from: pair.from, to: pair.to }
}

/// How files are shown.
#[derive(Debug, Clone)]
struct Shown<'r> {
    paths: Rc<Paths<'r>>,
}

impl<'r> Shown<'r> {
    fn parts(&self, parts: &'r Parts) -> PartsJson<'r> {
        let inline = |part: InlinePart| InlinePartJson { handles: part.handles, bytes: part.bytes };
        PartsJson {
            kept: self.part(&parts.kept),
            added: self.part(&parts.added),
            dropped: self.part(&parts.dropped),
            inline: InlineJson {
                kept: inline(parts.inline.kept),
                added: inline(parts.inline.added),
                dropped: inline(parts.inline.dropped),
            },
        }
    }

    fn part(&self, part: &'r Part) -> PartJson<'r> {
        let paths = Rc::clone(&self.paths);
        PartJson {
            files: part.files.len() as u64,
            whole_files: part.whole,
            segments: part.segments,
            bytes: part.bytes,
            paths: Seq::new(move || {
                let paths = Rc::clone(&paths);
                let mut sorted: Vec<NodeId> = part.files.clone();
                sorted.sort_by_cached_key(|node| paths.of(*node));
                sorted.into_iter().map(move |node| paths.of(node))
            }),
        }
    }

    fn operator(&self, operator: &'r OperatorDiff) -> OperatorDiffSummary<'r> {
        let sizes = operator.sizes;
        let state_bytes = sizes.map(|sizes| sizes.and_then(|sizes| sizes.state));
        let growth = Growth::between(state_bytes.from, state_bytes.to);
        let states = |states: &Vec<StateDiff>| states.iter().map(state).collect();
        OperatorDiffSummary {
            operator_id: operator.id.to_string(),
            uid: operator.uid.clone(),
            name: operator.name.clone(),
            change: match operator.change {
                OperatorChange::Same => "same",
                OperatorChange::Added => "added",
                OperatorChange::Removed => "removed",
                OperatorChange::Rescaled => "rescaled",
            },
            parallelism: from_to(operator.parallelism.map(|both| both.map(|(now, _)| now))),
            max_parallelism: from_to(operator.parallelism.map(|both| both.map(|(_, max)| max))),
            fully_finished: from_to(operator.fully_finished),
            backend: from_to(operator.backend),
            state_bytes: from_to(state_bytes),
            new_bytes: from_to(sizes.map(|sizes| sizes.and_then(|sizes| sizes.new))),
            growth_bytes: growth.map(|growth| growth.bytes),
            growth: growth.and_then(Growth::rounded),
            parts: self.parts(&operator.parts),
            states: operator.states.as_ref().map(states),
            compactions: operator.compactions.iter().map(compaction).collect(),
        }
    }

    fn subtasks(&self, operator: &'r OperatorDiff) -> Seq<'r, SubtaskDiffJson<'r>> {
        let shown = self.clone();
        Seq::new(move || {
            let shown = shown.clone();
            let subtask = move |subtask: &'r SubtaskDiff| SubtaskDiffJson {
                index: subtask.index,
                key_groups: from_to(
                    subtask.key_groups.map(|range| range.and_then(KeyGroupsJson::of)),
                ),
                finished: from_to(subtask.finished),
                parts: shown.parts(&subtask.parts),
            };
            operator.subtasks.iter().map(subtask)
        })
    }
}

fn state(state: &StateDiff) -> StateDiffJson {
    let difference = |one: &Difference| DifferenceJson {
        role: one.role.clone(),
        from: one.first.clone(),
        to: one.other.clone(),
    };
    StateDiffJson {
        name: state.name.clone(),
        kind: state.kind,
        change: state.change.name(),
        differences: state.differences.iter().map(difference).collect(),
    }
}

fn compaction(one: &Compaction) -> CompactionJson {
    let ssts = |ssts: &Ssts| SstsJson {
        files: ssts.local_names.len() as u64,
        bytes: ssts.bytes,
        local_names: ssts.local_names.clone(),
    };
    CompactionJson {
        subtask: one.subtask,
        backend_id: one.backend_id.clone(),
        replaced: ssts(&one.replaced),
        by: ssts(&one.by),
    }
}
