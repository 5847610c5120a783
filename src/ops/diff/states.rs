//! States that appeared, vanished or changed their serializers.

use std::collections::BTreeMap;

use crate::format::flink::operator::OperatorState;
use crate::format::flink::utf::Utf;
use crate::ops::inspect::MergedState;
use crate::ops::inspect::Survey;
use crate::ops::inspect::compare;
use crate::ops::inspect::compare::Difference;
use crate::ops::inspect::metas::Metas;
use crate::ops::inspect::states;
use crate::ops::inspect::warnings::Finding;

/// A state of either checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDiff {
    /// Its name.
    pub name: String,
    /// Its kind, such as `KEY_VALUE`.
    pub kind: &'static str,
    /// How it changed.
    pub change: StateChange,
    /// The serializers and options that differ.
    pub differences: Vec<Difference>,
}

/// How a state changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateChange {
    /// Both describe it alike.
    Same,
    /// Only the newer has it.
    Added,
    /// Only the older has it.
    Removed,
    /// A serializer or an option differs.
    Changed,
}

impl StateChange {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            StateChange::Same => "same",
            StateChange::Added => "added",
            StateChange::Removed => "removed",
            StateChange::Changed => "changed",
        }
    }
}

/// One side of an operator.
type Side<'s, 'a, 'o> = Option<(Survey<'s, 'a>, &'o OperatorState<'a>)>;

/// Compares the states of an operator; `None` if those of one side could not be read.
pub(super) fn diff<'s, 'a: 's, 'b: 's>(
    from: Side<'s, 'a, '_>,
    to: Side<'s, 'b, '_>,
    findings: &mut Vec<Finding>,
) -> Option<Vec<StateDiff>> {
    let metas = [Metas::default(), Metas::default()];
    let [of_from, of_to] = &metas;
    let older = read(of_from, from, findings);
    let newer = read(of_to, to, findings);
    let (older, newer) = (older?, newer?);

    let key = |state: &MergedState<'_>| (state.meta.name.to_string(), state.meta.kind.name());
    let mut pairs: BTreeMap<_, (Option<&MergedState<'_>>, Option<&MergedState<'_>>)> =
        BTreeMap::new();
    older.iter().for_each(|state| pairs.entry(key(state)).or_default().0 = Some(state));
    newer.iter().for_each(|state| pairs.entry(key(state)).or_default().1 = Some(state));
    let state = |((name, kind), (older, newer)): (_, (Option<_>, Option<_>))| {
        let differences = match (older, newer) {
            (Some(older), Some(newer)) => differences(older, newer),
            _ => Vec::new(),
        };
        let change = match (older, newer) {
            (None, _) => StateChange::Added,
            (_, None) => StateChange::Removed,
            _ if differences.is_empty() => StateChange::Same,
            _ => StateChange::Changed,
        };
        StateDiff { name, kind, change, differences }
    };
    Some(pairs.into_iter().map(state).collect())
}

/// The states of one side, none without the operator; `None` if they could not be read.
fn read<'s, 'a: 's>(
    metas: &Metas<'s>,
    side: Side<'s, 'a, '_>,
    findings: &mut Vec<Finding>,
) -> Option<Vec<MergedState<'s>>> {
    let Some((survey, operator)) = side else { return Some(Vec::new()) };
    let merged = states::merge(survey, metas, operator, findings);
    merged.complete.then_some(merged.states)
}

fn differences(older: &MergedState<'_>, newer: &MergedState<'_>) -> Vec<Difference> {
    let (a, b) = (&older.meta.options, &newer.meta.options);
    let new_in_b = b.iter().filter(|(key, _)| option(a, *key).is_none());
    let options = a.iter().chain(new_in_b).filter_map(|(key, _)| {
        let [first, other] = [option(a, *key), option(b, *key)]
            .map(|value| value.map_or_else(|| "none".to_owned(), |value| value.to_string()));
        (first != other).then(|| Difference { role: key.to_string(), first, other })
    });
    let first = (&older.meta, older.key_serializer.as_ref());
    let other = (&newer.meta, newer.key_serializer.as_ref());
    options.chain(compare::differences(first, other)).collect()
}

fn option<'a>(options: &[(Utf<'a>, Utf<'a>)], key: Utf<'_>) -> Option<Utf<'a>> {
    options.iter().find(|(known, _)| known.as_bytes() == key.as_bytes()).map(|(_, value)| *value)
}
