//! The keyed state of each subtask, and whether a database can be made of it. Pure.

use super::plan::Beyond;
use super::plan::LeftOut;
use super::plan::label;
use crate::format::flink::content::KeyGroups;
use crate::format::flink::keyed::IncrementalHandle;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::keyed::KeyGroupsHandle;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::utf::Utf;
use crate::ops::verify::collect::groups_of;

/// A subtask.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// Its operator.
    pub operator: OperatorId,
    /// The uid of the operator.
    pub uid: Option<String>,
    /// The name of the operator.
    pub name: Option<String>,
    /// Its index.
    pub subtask: i32,
    /// Number of key groups of the operator.
    pub max_parallelism: i32,
    /// Its key groups.
    pub key_groups: KeyGroupRange,
    /// What its keyed state is made of.
    pub parts: Vec<Part<'a>>,
    /// What lies in a changelog.
    pub beyond: Beyond,
    /// Bytes of raw keyed state.
    pub raw_keyed: u64,
    /// Why it has no parts.
    none: &'static str,
}

/// A part of keyed state.
#[derive(Debug)]
pub enum Part<'a> {
    /// The files of a database.
    Database(IncrementalHandle<'a>),
    /// A key-groups stream.
    Stream(Stream<'a>),
}

/// A key-groups stream.
#[derive(Debug)]
pub struct Stream<'a>(pub KeyGroupsHandle<'a>);

impl Stream<'_> {
    /// What its handle says of it, in metadata of a version.
    pub fn groups(&self, max_parallelism: i32, version: i32) -> KeyGroups {
        groups_of(&self.0, max_parallelism, version)
    }
}

impl Part<'_> {
    /// Key groups that are in it.
    pub fn key_groups(&self) -> KeyGroupRange {
        match self {
            Part::Database(handle) => handle.key_groups,
            Part::Stream(stream) => stream.0.key_groups(),
        }
    }
}

impl<'a> Candidate<'a> {
    /// Every subtask of every operator.
    pub fn all(metadata: &Metadata<'a>) -> Vec<Candidate<'a>> {
        let mut all = Vec::new();
        for operator in metadata.operators.iter() {
            let subtasks = operator.subtasks.iter().flat_map(|list| list.iter());
            all.extend(subtasks.map(|subtask| Candidate::of(&operator, &subtask)));
        }
        all.sort_by_key(|one| (one.operator, one.subtask));
        all
    }

    /// Operators that have finished, of which nothing is there.
    pub fn finished(metadata: &Metadata<'_>) -> Vec<LeftOut> {
        let finished = metadata.operators.iter().filter(|operator| operator.subtasks.is_none());
        let left_out = finished.map(|operator| LeftOut {
            operator: operator.id,
            uid: operator.uid.map(|uid| Utf::to_str(uid).into_owned()),
            name: operator.name.map(|name| Utf::to_str(name).into_owned()),
            subtask: None,
            why: "has finished and has no state",
        });
        left_out.collect()
    }

    fn of(operator: &OperatorState<'a>, subtask: &Subtask<'a>) -> Self {
        let mut candidate = Candidate {
            operator: operator.id,
            uid: operator.uid.map(|uid| Utf::to_str(uid).into_owned()),
            name: operator.name.map(|name| Utf::to_str(name).into_owned()),
            subtask: subtask.index(),
            max_parallelism: operator.max_parallelism,
            key_groups: KeyGroupRange { start: 0, count: 0 },
            parts: Vec::new(),
            beyond: Beyond::default(),
            raw_keyed: 0,
            none: "has no keyed state",
        };
        match subtask {
            Subtask::Finished { .. } => candidate.none = "has finished and has no state",
            Subtask::Running(state) => {
                if let Some(raw) = &state.raw_keyed {
                    candidate.raw_keyed = raw.state_size().unwrap_or_default();
                    candidate.none = "has raw keyed state alone, which is its operator's own and \
                                      in no database";
                }
                if let Some(handle) = &state.managed_keyed {
                    candidate.key_groups = handle.key_groups();
                    candidate.add(handle);
                    if candidate.parts.is_empty() && candidate.beyond.segments > 0 {
                        candidate.none = "has its state in a changelog alone: nothing of it was \
                                          materialized yet";
                    }
                }
            }
        }
        candidate
    }

    fn add(&mut self, handle: &KeyedHandle<'a>) {
        match handle {
            KeyedHandle::Incremental(handle) => self.parts.push(Part::Database(handle.clone())),
            KeyedHandle::KeyGroups(handle) => self.parts.push(Part::Stream(Stream(handle.clone()))),
            KeyedHandle::Changelog(handle) => {
                handle.materialized.iter().flatten().for_each(|part| self.add(&part));
                handle.non_materialized.iter().flatten().for_each(|part| self.add(&part));
            }
            KeyedHandle::ChangelogFile(handle) => {
                let bytes = u64::try_from(handle.state_size).unwrap_or_default();
                self.goes_on(handle.handles.len() as u64, bytes);
            }
            KeyedHandle::ChangelogMemory(handle) => {
                let bytes = handle.changes.iter().map(|change| change.data.len() as u64);
                self.goes_on(1, bytes.sum());
            }
        }
    }

    fn goes_on(&mut self, segments: u64, bytes: u64) {
        self.beyond.segments = self.beyond.segments.saturating_add(segments);
        self.beyond.bytes = self.beyond.bytes.saturating_add(bytes);
    }

    /// Why no database can be made of it.
    pub fn why_not(&self) -> Option<&'static str> {
        self.parts.is_empty().then_some(self.none)
    }

    /// Whether it has any keyed state, of whatever kind.
    pub fn is_keyed(&self) -> bool {
        !self.parts.is_empty() || self.beyond.segments > 0
    }

    /// Its operator, in words.
    pub fn operator_label(&self) -> String {
        label(self.uid.as_deref(), self.name.as_deref(), self.operator)
    }

    /// Its operator and index, in words.
    pub fn label(&self) -> String {
        format!("{} subtask {}", self.operator_label(), self.subtask)
    }

    /// That nothing is made of it.
    pub fn left_out(&self, why: &'static str) -> LeftOut {
        LeftOut {
            operator: self.operator,
            uid: self.uid.clone(),
            name: self.name.clone(),
            subtask: Some(self.subtask),
            why,
        }
    }
}
