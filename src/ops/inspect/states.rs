//! The states of an operator, merged over its subtasks.

use super::Finding;
use super::Survey;
use super::metas::Metas;
use super::subtasks;
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

/// Merges the states of all subtasks by kind and name, in the order of their names.
pub(super) fn merge<'s, 'a: 's>(
    survey: Survey<'s, 'a>,
    metas: &Metas<'s>,
    operator: &OperatorState<'a>,
    findings: &mut Vec<Finding>,
) -> Vec<MergedState<'s>> {
    let mut merged: Vec<MergedState<'s>> = Vec::new();
    let mut unread: Vec<(i32, String)> = Vec::new();
    for subtask in subtasks(operator) {
        let Subtask::Running(state) = subtask else { continue };
        let mut found: Vec<(StateMeta<'s>, Option<Serializer<'s>>)> = Vec::new();
        if let Some(handle) = &state.managed_keyed {
            let mut keep = |handle: &KeyedHandle<'a>| match metas.keyed(survey, handle) {
                None => {}
                Some(Err(error)) => unread.push((state.index, error)),
                Some(Ok(meta)) => {
                    note_gaps(&meta.extent.notes, meta.extent.complete, operator, findings);
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
                    note_gaps(&meta.extent.notes, meta.extent.complete, operator, findings);
                    let states = meta.operator_states.iter().chain(&meta.broadcast_states);
                    found.extend(states.map(|state| (state.clone(), None)));
                }
            }
        }
        for (meta, key_serializer) in found {
            let same = |known: &&mut MergedState<'s>| {
                known.meta.name == meta.name && known.meta.kind == meta.kind
            };
            match merged.iter_mut().find(same) {
                Some(known) => known.subtasks += 1,
                None => merged.push(MergedState { meta, key_serializer, subtasks: 1 }),
            }
        }
    }
    merged.sort_by(|a, b| (a.meta.name, a.meta.kind).cmp(&(b.meta.name, b.meta.kind)));
    if let Some((subtask, error)) = unread.first() {
        findings.push(Finding::unread_meta(operator, *subtask, error, unread.len()));
    }
    merged
}

fn note_gaps(
    notes: &[crate::format::flink::backend_meta::Note],
    complete: bool,
    operator: &OperatorState<'_>,
    findings: &mut Vec<Finding>,
) {
    let finding = match (complete, notes.first()) {
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
