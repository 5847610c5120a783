//! The states of an operator, merged over its subtasks.

use super::Finding;
use super::Survey;
use super::metas::Metas;
use super::subtasks;
use super::types::type_text;
use crate::format::flink::backend_meta::Extent;
use crate::format::flink::backend_meta::StateMeta;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::serializer::Serializer;

/// A state that some subtasks of an operator have.
#[derive(Debug, Clone)]
pub struct MergedState<'s> {
    /// The state as the first subtask describes it.
    pub meta: StateMeta<'s>,
    /// Serializer of the keys; `None` for operator state.
    pub key_serializer: Option<Serializer<'s>>,
    /// How many subtasks have it.
    pub subtasks: u64,
}

/// A state on the way of being merged.
struct Merging<'s> {
    state: MergedState<'s>,
    /// The subtask that describes it.
    first: i32,
    /// The last subtask that was counted.
    last: i32,
    /// How it first differs in another subtask, and in how many descriptions it does.
    differs: Option<(Difference, usize)>,
}

/// Merges the states of all subtasks by kind and name, in the order of their names.
pub(super) fn merge<'s, 'a: 's>(
    survey: Survey<'s, 'a>,
    metas: &Metas<'s>,
    operator: &OperatorState<'a>,
    findings: &mut Vec<Finding>,
) -> Vec<MergedState<'s>> {
    let mut merged: Vec<Merging<'s>> = Vec::new();
    let mut unread: Vec<(i32, String)> = Vec::new();
    for subtask in subtasks(operator) {
        let Subtask::Running(state) = subtask else { continue };
        let mut found: Vec<(StateMeta<'s>, Option<Serializer<'s>>)> = Vec::new();
        if let Some(handle) = &state.managed_keyed {
            let mut keep = |handle: &KeyedHandle<'a>| match metas.keyed(survey, handle) {
                None => {}
                Some(Err(error)) => unread.push((state.index, error)),
                Some(Ok(meta)) => {
                    note_gaps(&meta.extent, operator, findings);
                    let key = &meta.key_serializer;
                    found.extend(meta.states.iter().map(|s| (s.clone(), Some(key.clone()))));
                }
            };
            with_materialized(handle, &mut keep);
        }
        if let Some(handle) = &state.managed_operator {
            match metas.operator(survey, handle) {
                None => {}
                Some(Err(error)) => unread.push((state.index, error)),
                Some(Ok(meta)) => {
                    note_gaps(&meta.extent, operator, findings);
                    let states = meta.operator_states.iter().chain(&meta.broadcast_states);
                    found.extend(states.map(|state| (state.clone(), None)));
                }
            }
        }
        found.into_iter().for_each(|found| add(&mut merged, state.index, found));
    }
    merged.sort_by(|a, b| {
        let key = |one: &Merging<'s>| (one.state.meta.name, one.state.meta.kind);
        key(a).cmp(&key(b))
    });
    if let Some((subtask, error)) = unread.first() {
        findings.push(Finding::unread_meta(operator, *subtask, error, unread.len()));
    }
    for Merging { state, first, differs, .. } in &merged {
        if let Some((difference, count)) = differs {
            let name = state.meta.name;
            findings.push(Finding::differing_state(operator, name, *first, difference, *count));
        }
    }
    merged.into_iter().map(|merging| merging.state).collect()
}

/// Adds a state of a subtask. Under changelog a subtask can have it in several parts.
fn add<'s>(
    merged: &mut Vec<Merging<'s>>,
    subtask: i32,
    (meta, key_serializer): (StateMeta<'s>, Option<Serializer<'s>>),
) {
    let same = |known: &&mut Merging<'s>| {
        known.state.meta.name == meta.name && known.state.meta.kind == meta.kind
    };
    let Some(known) = merged.iter_mut().find(same) else {
        let state = MergedState { meta, key_serializer, subtasks: 1 };
        merged.push(Merging { state, first: subtask, last: subtask, differs: None });
        return;
    };
    known.state.subtasks += u64::from(known.last != subtask);
    known.last = subtask;
    let found = difference(&known.state, subtask, &meta, &key_serializer);
    match (&mut known.differs, found) {
        (_, None) => {}
        (Some((_, count)), Some(_)) => *count += 1,
        (none, Some(difference)) => *none = Some((difference, 1)),
    }
}

/// How a state is described differently by two subtasks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Which of its serializers.
    pub(super) role: String,
    /// Its type in the first subtask.
    pub(super) first: String,
    /// The other subtask.
    pub(super) subtask: i32,
    /// Its type there.
    pub(super) other: String,
}

fn difference(
    known: &MergedState<'_>,
    subtask: i32,
    meta: &StateMeta<'_>,
    key_serializer: &Option<Serializer<'_>>,
) -> Option<Difference> {
    let made = |role: &str, first: Option<&Serializer<'_>>, other: Option<&Serializer<'_>>| {
        let differs = match (first, other) {
            (Some(first), Some(other)) => !is_same(first, other),
            (None, None) => false,
            _ => true,
        };
        differs.then(|| {
            let (mut first_text, mut other_text) = (text(first), text(other));
            if first_text == other_text {
                (first_text, other_text) = (exact(first), exact(other));
            }
            Difference { role: role.into(), first: first_text, subtask, other: other_text }
        })
    };
    let key = made("KEY_SERIALIZER", known.key_serializer.as_ref(), key_serializer.as_ref());
    key.or_else(|| {
        let roles = known.meta.serializers.iter().chain(&meta.serializers);
        roles
            .map(|(role, _)| role.to_str())
            .find_map(|role| made(&role, known.meta.serializer(&role), meta.serializer(&role)))
    })
}

/// Whether two snapshots say the same; where their unread parts lie says nothing.
fn is_same(a: &Serializer<'_>, b: &Serializer<'_>) -> bool {
    let opaque = |one: &Serializer<'_>| one.opaque.map(|opaque| opaque.bytes);
    a.snapshot_class == b.snapshot_class
        && a.snapshot_version == b.snapshot_version
        && a.detail == b.detail
        && opaque(a) == opaque(b)
        && a.nested.len() == b.nested.len()
        && a.nested.iter().zip(&b.nested).all(|(a, b)| is_same(a, b))
}

fn text(serializer: Option<&Serializer<'_>>) -> String {
    serializer.map_or_else(|| "none".into(), type_text)
}

/// A type whose short form says too little.
fn exact(serializer: Option<&Serializer<'_>>) -> String {
    let exact = |one: &Serializer<'_>| {
        format!("{} ({}, version {})", type_text(one), one.snapshot_class, one.snapshot_version)
    };
    serializer.map_or_else(|| "none".into(), exact)
}

fn note_gaps(extent: &Extent, operator: &OperatorState<'_>, findings: &mut Vec<Finding>) {
    let finding = match (extent.complete, extent.notes.first()) {
        (true, None) => return,
        (complete, note) => Finding::partial_meta(operator, complete, note),
    };
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}

/// A handle itself, or the materialized parts of a changelog handle, which have the states.
fn with_materialized<'a>(handle: &KeyedHandle<'a>, visit: &mut impl FnMut(&KeyedHandle<'a>)) {
    match handle {
        KeyedHandle::Changelog(handle) => {
            handle.materialized.iter().flatten().for_each(|part| with_materialized(&part, visit));
        }
        _ => visit(handle),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::flink::backend_meta::StateKind;
    use crate::format::flink::serializer::Detail;
    use crate::format::flink::serializer::Opaque;

    fn serializer(class: &'static str, opaque: Option<u64>) -> Serializer<'static> {
        Serializer {
            snapshot_class: class.into(),
            snapshot_version: 3,
            nested: Vec::new(),
            detail: Detail::None,
            opaque: opaque.map(|offset| Opaque { offset, bytes: Some(4) }),
        }
    }

    fn state(value: Serializer<'static>) -> (StateMeta<'static>, Option<Serializer<'static>>) {
        let meta = StateMeta {
            name: "s1".into(),
            kind: StateKind::KeyValue,
            options: Vec::new(),
            serializers: vec![("VALUE_SERIALIZER".into(), value)],
            note: None,
        };
        (meta, None)
    }

    #[test]
    fn a_state_counts_once_for_each_subtask() {
        let mut merged = Vec::new();
        for subtask in [0, 0, 3] {
            add(&mut merged, subtask, state(serializer("a.LongSerializer", None)));
        }
        assert_eq!((merged.len(), merged[0].state.subtasks), (1, 2));
        assert!(merged[0].differs.is_none());
    }

    #[test]
    fn serializers_that_differ_between_subtasks_are_noticed() {
        let mut merged = Vec::new();
        add(&mut merged, 0, state(serializer("a.X", Some(10))));
        // Only elsewhere in its stream.
        add(&mut merged, 1, state(serializer("a.X", Some(20))));
        assert!(merged[0].differs.is_none());
        add(&mut merged, 2, state(serializer("a.Y", Some(10))));
        add(&mut merged, 3, state(serializer("a.Z", None)));
        let Some((difference, 2)) = &merged[0].differs else { panic!("{:?}", merged[0].differs) };
        assert_eq!((&*difference.role, difference.subtask), ("VALUE_SERIALIZER", 2));
        assert_ne!(difference.first, difference.other);
    }
}
