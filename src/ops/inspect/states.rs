//! The states of an operator, merged over its subtasks.

use super::Finding;
use super::Survey;
use super::compare;
use super::compare::Difference;
use super::metas::Metas;
use super::subtasks;
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
    /// How it first differs, in which other subtask, and in how many descriptions it does.
    differs: Option<(Difference, i32, usize)>,
}

/// The states of an operator.
#[derive(Debug, Default)]
pub(crate) struct Merged<'s> {
    /// In the order of their names.
    pub(crate) states: Vec<MergedState<'s>>,
    /// Whether these are all: every meta was read to its end.
    pub(crate) complete: bool,
}

/// Merges the states of all subtasks by kind and name.
pub(crate) fn merge<'s, 'a: 's>(
    survey: Survey<'s, 'a>,
    metas: &Metas<'s>,
    operator: &OperatorState<'a>,
    findings: &mut Vec<Finding>,
) -> Merged<'s> {
    let mut merged: Vec<Merging<'s>> = Vec::new();
    let mut complete = true;
    let mut unread: Vec<(i32, String)> = Vec::new();
    for subtask in subtasks(operator) {
        let Subtask::Running(state) = subtask else { continue };
        let mut found: Vec<(StateMeta<'s>, Option<Serializer<'s>>)> = Vec::new();
        if let Some(handle) = &state.managed_keyed {
            let mut keep = |handle: &KeyedHandle<'a>| match metas.keyed(survey, handle) {
                None => {}
                Some(Err(error)) => unread.push((state.index, error)),
                Some(Ok(meta)) => {
                    complete &= meta.extent.complete;
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
                    complete &= meta.extent.complete;
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
        if let Some((difference, subtask, count)) = differs {
            let (name, subtasks) = (state.meta.name, (*first, *subtask));
            findings.push(Finding::differing_state(operator, name, subtasks, difference, *count));
        }
    }
    let states = merged.into_iter().map(|merging| merging.state).collect();
    Merged { states, complete: complete && unread.is_empty() }
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
    let first = (&known.state.meta, known.state.key_serializer.as_ref());
    let found = compare::differences(first, (&meta, key_serializer.as_ref())).next();
    match (&mut known.differs, found) {
        (_, None) => {}
        (Some((.., count)), Some(_)) => *count += 1,
        (none, Some(difference)) => *none = Some((difference, subtask, 1)),
    }
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
        let Some((difference, 2, 2)) = &merged[0].differs else {
            panic!("{:?}", merged[0].differs)
        };
        assert_eq!(difference.role, "VALUE_SERIALIZER");
        assert_ne!(difference.first, difference.other);
    }
}
