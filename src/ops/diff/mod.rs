//! What changed between two checkpoints: files, operators, states. Pure.

mod compactions;
mod parts;
mod states;
#[cfg(test)]
mod tests;

pub use compactions::Compaction;
pub use compactions::Ssts;
pub use parts::Inline;
pub use parts::InlinePart;
pub use parts::Part;
pub use parts::Parts;
pub use states::StateChange;
pub use states::StateDiff;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::inspect::Overview;
use super::inspect::Survey;
use super::inspect::backend;
use super::inspect::backend::Common;
use super::inspect::overview::OperatorSums;
use super::inspect::sizes::Sizes;
use super::inspect::subtasks;
use super::inspect::tree::Growth;
use super::inspect::warnings;
use super::inspect::warnings::Finding;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::stream::StreamHandle;
use crate::model::references::Builder;
use crate::model::references::NodeId;
use crate::model::references::References;
use crate::model::references::TooMany;

/// The number of the older checkpoint in the references.
pub const FROM: u32 = 0;
/// The number of the newer one.
pub const TO: u32 = 1;

/// What was concluded about two checkpoints.
#[derive(Debug)]
pub struct Facts {
    /// Both as a whole.
    pub overviews: Pair<Overview>,
    /// Only this operator was looked at.
    pub only: Option<OperatorId>,
    /// What both refer to.
    pub references: References,
    /// Files and inline state of all operators, each once.
    pub totals: Parts,
    /// The operators of both, in the order of their ids.
    pub operators: Vec<OperatorDiff>,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// Something of the older checkpoint and of the newer one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pair<T> {
    /// Of the older.
    pub from: T,
    /// Of the newer.
    pub to: T,
}

impl<T> Pair<T> {
    /// The same of both.
    pub fn map<U>(self, each: impl Fn(T) -> U) -> Pair<U> {
        Pair { from: each(self.from), to: each(self.to) }
    }

    /// Both, without taking them.
    pub fn as_ref(&self) -> Pair<&T> {
        Pair { from: &self.from, to: &self.to }
    }
}

/// How an operator changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorChange {
    /// It is in both, with as many subtasks and key groups.
    Same,
    /// Only the newer has it.
    Added,
    /// Only the older has it.
    Removed,
    /// Its parallelism or its number of key groups differs.
    Rescaled,
}

/// An operator of either checkpoint.
#[derive(Debug)]
pub struct OperatorDiff {
    /// Its id.
    pub id: OperatorId,
    /// Its uid, where either checkpoint has it.
    pub uid: Option<String>,
    /// Its name, where either checkpoint has it.
    pub name: Option<String>,
    /// How it changed.
    pub change: OperatorChange,
    /// Parallelism and max parallelism.
    pub parallelism: Pair<Option<(i32, i32)>>,
    /// Whether all its subtasks had finished.
    pub fully_finished: Pair<Option<bool>>,
    /// The name of the backend, where something tells.
    pub backend: Pair<Option<&'static str>>,
    /// Its sums.
    pub sizes: Pair<Option<Sizes>>,
    /// Its files and inline state.
    pub parts: Parts,
    /// Its states, by name; `None` where those of one side could not be read.
    pub states: Option<Vec<StateDiff>>,
    /// Databases in which SSTs gave way to newer ones.
    pub compactions: Vec<Compaction>,
    /// Its subtasks, by index; `None` is the coordinator.
    pub subtasks: Vec<SubtaskDiff>,
}

/// A subtask of either checkpoint.
#[derive(Debug)]
pub struct SubtaskDiff {
    /// Its index.
    pub index: Option<i32>,
    /// The key groups of its database.
    pub key_groups: Pair<Option<KeyGroupRange>>,
    /// Whether it had finished; not where its operator had as a whole, which lists no subtasks.
    pub finished: Pair<bool>,
    /// Its files and inline state.
    pub parts: Parts,
}

impl Facts {
    /// Whether anything differs.
    pub fn is_different(&self) -> bool {
        let state = |state: &StateDiff| state.change != StateChange::Same;
        let finished = |subtask: &SubtaskDiff| subtask.finished.from != subtask.finished.to;
        let operator = |operator: &OperatorDiff| {
            operator.change != OperatorChange::Same
                || operator.fully_finished.from != operator.fully_finished.to
                || operator.subtasks.iter().any(finished)
                || operator.states.as_ref().is_some_and(|states| states.iter().any(state))
        };
        !self.totals.is_same() || self.operators.iter().any(operator)
    }

    /// Sums of both checkpoints, or of the one operator that was looked at.
    pub fn sizes(&self) -> Pair<Sizes> {
        let of_operator = self.operators.iter().find(|operator| Some(operator.id) == self.only);
        let whole = self.overviews.as_ref().map(|overview| overview.sizes);
        let Some(operator) = of_operator else { return whole };
        let records = self.overviews.as_ref().map(|one| one.releases.record_new_bytes());
        Pair {
            from: operator.sizes.from.unwrap_or_else(|| Sizes::zero(records.from)),
            to: operator.sizes.to.unwrap_or_else(|| Sizes::zero(records.to)),
        }
    }

    /// How the full size changed; `None` if one is not known.
    pub fn growth(&self) -> Option<Growth> {
        let Pair { from, to } = self.sizes();
        Growth::between(from.state, to.state)
    }
}

/// One side of an operator.
struct Side<'a> {
    state: OperatorState<'a>,
    sums: OperatorSums,
}

impl<'a> Side<'a> {
    /// The state of its coordinator, if that is inside the metadata.
    fn coordinator(&self) -> Option<&'a [u8]> {
        match self.state.coordinator.as_ref()?.innermost() {
            StreamHandle::Inline { data, .. } => Some(*data),
            _ => None,
        }
    }

    /// The subtasks that had finished.
    fn finished(&self) -> impl Iterator<Item = i32> {
        let index = |subtask: Subtask<'_>| match subtask {
            Subtask::Finished { index } => Some(index),
            Subtask::Running(_) => None,
        };
        subtasks(&self.state).filter_map(index)
    }
}

/// Compares two checkpoints.
///
/// # Errors
/// They have more references than can be counted.
pub fn diff<'s, 'a: 's, 'b: 's>(
    from: Survey<'s, 'a>,
    to: Survey<'s, 'b>,
    only: Option<OperatorId>,
) -> Result<Facts, TooMany> {
    let mut findings = Vec::new();
    let mut builder = Builder::default();
    let (from_overview, from_operators) = read(from, &mut builder, only, &mut findings)?;
    let (to_overview, to_operators) = read(to, &mut builder, only, &mut findings)?;
    let rules = [from.places.rebasing().rules(), to.places.rebasing().rules()].concat();
    builder.unite_copies(&rules);
    let references = builder.finish();
    // The same rules are stated for both, and come first in both.
    let is_used = |rule| from.places.has_used(rule) || to.places.has_used(rule);
    findings.extend(warnings::of_the_rules(from.places, is_used));

    let mut groups = Groups::of(&references, only);
    let mut totals = Parts::of(&references, std::mem::take(&mut groups.all));
    let ids: BTreeSet<OperatorId> =
        from_operators.keys().chain(to_operators.keys()).copied().collect();
    let mut operators = Vec::new();
    for id in ids {
        let (a, b) = (from_operators.get(&id), to_operators.get(&id));
        totals.add_content(Pair { from: a, to: b }.map(|side| side.and_then(Side::coordinator)));
        let states = states::diff(
            a.map(|side| (from, &side.state)),
            b.map(|side| (to, &side.state)),
            &mut findings,
        );
        let backend =
            Pair { from: backend_of(from, a, &mut findings), to: backend_of(to, b, &mut findings) };
        operators.push(operator(
            &references,
            &mut groups,
            id,
            Pair { from: a, to: b },
            backend,
            states,
        ));
    }
    Ok(Facts {
        overviews: Pair { from: from_overview, to: to_overview },
        only,
        totals,
        references,
        operators,
        findings,
    })
}

fn read<'a>(
    survey: Survey<'_, 'a>,
    builder: &mut Builder,
    only: Option<OperatorId>,
    findings: &mut Vec<Finding>,
) -> Result<(Overview, BTreeMap<OperatorId, Side<'a>>), TooMany> {
    findings.extend(warnings::of_the_file(survey.metadata, &survey.places.home().metadata));
    let mut operators = BTreeMap::new();
    let mut adding = builder.begin(survey.places)?;
    let mut add = |id, subtask, stream| builder.add(&mut adding, id, subtask, stream);
    let overview = Overview::of(survey.metadata, &mut add, |state, sums| {
        if only.is_none_or(|only| only == state.id) {
            operators.insert(state.id, Side { state, sums });
        }
    });
    builder.end(adding)?;
    Ok((overview, operators))
}

fn backend_of<'a>(
    survey: Survey<'_, 'a>,
    side: Option<&Side<'a>>,
    findings: &mut Vec<Finding>,
) -> Option<&'static str> {
    let side = side?;
    let told = subtasks(&side.state).filter_map(|subtask| {
        backend::of_subtask(survey, &subtask).map(|told| (subtask.index(), told))
    });
    match backend::common(&told.collect::<Vec<_>>()) {
        Common::None => None,
        Common::By(backend) => Some(backend.name()),
        Common::Unknown { subtask, why, subtasks } => {
            findings.push(Finding::unknown_backend(&side.state, subtask, &why, subtasks));
            None
        }
    }
}

fn operator(
    references: &References,
    groups: &mut Groups,
    id: OperatorId,
    sides: Pair<Option<&Side<'_>>>,
    backend: Pair<Option<&'static str>>,
    states: Option<Vec<StateDiff>>,
) -> OperatorDiff {
    let parallelism =
        sides.map(|side| side.map(|side| (side.state.parallelism, side.state.max_parallelism)));
    let change = match (parallelism.from, parallelism.to) {
        (None, _) => OperatorChange::Added,
        (_, None) => OperatorChange::Removed,
        (from, to) if from == to => OperatorChange::Same,
        _ => OperatorChange::Rescaled,
    };
    let named = sides.to.into_iter().chain(sides.from);
    let uid = named.clone().find_map(|side| side.state.uid.map(|uid| uid.to_string()));
    let name = named.clone().find_map(|side| side.state.name.map(|name| name.to_string()));
    let coordinator = sides.map(|side| side.and_then(Side::coordinator));
    let mut of_subtasks = groups.subtasks.remove(&id).unwrap_or_default();
    if coordinator != Pair::default() {
        of_subtasks.entry(None).or_default();
    }
    for (checkpoint, side) in [(FROM, sides.from), (TO, sides.to)] {
        for index in side.into_iter().flat_map(Side::finished) {
            *of_subtasks.entry(Some(index)).or_default().finished.side(checkpoint) = true;
        }
    }
    let subtask = |(index, found): (Option<i32>, Nodes)| {
        let mut parts = Parts::of(references, found.nodes);
        if index.is_none() {
            parts.add_content(coordinator);
        }
        SubtaskDiff { index, key_groups: found.key_groups, finished: found.finished, parts }
    };
    let mut parts = Parts::of(references, groups.operators.remove(&id).unwrap_or_default());
    parts.add_content(coordinator);
    OperatorDiff {
        id,
        uid,
        name,
        change,
        parallelism,
        fully_finished: sides.map(|side| side.map(|side| side.state.subtasks.is_none())),
        backend,
        sizes: sides.map(|side| side.map(|side| side.sums.sizes)),
        parts,
        states,
        compactions: compactions::of(references, id),
        subtasks: of_subtasks.into_iter().map(subtask).collect(),
    }
}

/// What both checkpoints refer to, by who does.
#[derive(Default)]
struct Groups {
    all: Pair<Vec<NodeId>>,
    operators: BTreeMap<OperatorId, Pair<Vec<NodeId>>>,
    subtasks: BTreeMap<OperatorId, BTreeMap<Option<i32>, Nodes>>,
}

#[derive(Default)]
struct Nodes {
    nodes: Pair<Vec<NodeId>>,
    key_groups: Pair<Option<KeyGroupRange>>,
    finished: Pair<bool>,
}

impl Groups {
    fn of(references: &References, only: Option<OperatorId>) -> Self {
        let mut groups = Groups::default();
        for checkpoint in [FROM, TO] {
            for group in references.groups(checkpoint) {
                if only.is_some_and(|only| only != group.operator) {
                    continue;
                }
                let of_operator = groups.operators.entry(group.operator).or_default();
                let of_subtasks = groups.subtasks.entry(group.operator).or_default();
                let of_subtask = of_subtasks.entry(group.subtask).or_default();
                let database = group.database.map(|database| database.key_groups);
                let range = of_subtask.key_groups.side(checkpoint);
                *range = database.or(*range);
                let subtask = of_subtask.nodes.side(checkpoint);
                for list in [groups.all.side(checkpoint), of_operator.side(checkpoint), subtask] {
                    list.extend(references.nodes(group));
                }
            }
        }
        groups
    }
}

impl<T> Pair<T> {
    fn side(&mut self, checkpoint: u32) -> &mut T {
        if checkpoint == FROM { &mut self.from } else { &mut self.to }
    }
}
