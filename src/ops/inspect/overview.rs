//! What is said of every checkpoint, on its own page and in a row of a table: its kind, the
//! releases that write such a file, sums.

use super::sizes::Sizes;
use super::subtasks;
use crate::format::flink::changelog::MemorySegment;
use crate::format::flink::keyed::KeyGroupsForm;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;
use crate::format::flink::properties::CheckpointProperties;
use crate::format::flink::properties::SnapshotType;
use crate::format::flink::stream::StreamHandle;
use crate::model::release::Releases;
use crate::model::walk;
use crate::model::walk::Flow;
use crate::model::walk::Use;

/// A checkpoint as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Overview {
    /// Whether it is a checkpoint or a savepoint, where the metadata says so.
    pub snapshot: Option<Snapshot>,
    /// The releases of Flink that write such a file.
    pub releases: Releases,
    /// Sums over all operators.
    pub sizes: Sizes,
    /// State handles in the slots of all subtasks.
    pub handles: u64,
    /// Bytes of state inside the metadata file.
    pub inline_bytes: u64,
    /// What is special about it.
    pub features: Features,
}

/// What kind of snapshot a checkpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshot {
    /// Taken by the job for its own recovery.
    Checkpoint,
    /// The same, with nothing reused: the first one after a restore without claiming.
    FullCheckpoint,
    /// Of a format that every backend reads.
    CanonicalSavepoint,
    /// Of the format of its backend.
    NativeSavepoint,
    /// Of a format this chkctl does not know.
    Savepoint,
}

impl Snapshot {
    /// Whether it reuses nothing by what it is, and not just because nothing was there.
    pub fn is_full(self) -> bool {
        self != Snapshot::Checkpoint
    }

    /// Whether it belongs to the user and not to the job.
    pub fn is_savepoint(self) -> bool {
        match self {
            Snapshot::Checkpoint | Snapshot::FullCheckpoint => false,
            Snapshot::CanonicalSavepoint | Snapshot::NativeSavepoint | Snapshot::Savepoint => true,
        }
    }
}

/// What is special about a checkpoint, as names for reports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Features {
    changelog: bool,
    file_merging: bool,
    unaligned: bool,
    finished: bool,
}

impl Features {
    /// The names of what is there.
    pub fn names(self) -> Vec<&'static str> {
        let all = [
            (self.changelog, "changelog"),
            (self.file_merging, "file-merging"),
            (self.unaligned, "unaligned"),
            (self.finished, "finished-tasks"),
        ];
        all.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect()
    }

    fn note(&mut self, subtask: &Subtask<'_>) {
        let Subtask::Running(state) = subtask else {
            self.finished = true;
            return;
        };
        let channels = !state.input_channels.is_empty() || !state.result_subpartitions.is_empty();
        self.unaligned |= channels;
        self.changelog |= matches!(
            state.managed_keyed,
            Some(
                KeyedHandle::Changelog(_)
                    | KeyedHandle::ChangelogMemory(_)
                    | KeyedHandle::ChangelogFile(_)
            )
        );
        self.file_merging |= state.managed_operator.as_ref().is_some_and(|h| h.merging.is_some());
    }
}

/// Sums of one operator.
#[derive(Debug, Clone, Copy)]
pub struct OperatorSums {
    /// Bytes of its coordinator and its subtasks.
    pub sizes: Sizes,
    /// The largest subtask's share against an even one; `None` without state.
    pub skew: Option<f64>,
}

/// Calls for each stream: its operator, its subtask, the stream.
pub type OnStream<'v, 'a> = &'v mut dyn FnMut(OperatorId, Option<i32>, Use<'a>) -> Flow;

impl Overview {
    /// Looks at all of a checkpoint, and shows each stream and then its operator on the way:
    /// walking through millions of handles again and again takes longer than anything else.
    pub fn of<'a>(
        metadata: &Metadata<'a>,
        on_stream: OnStream<'_, 'a>,
        mut on_operator: impl FnMut(OperatorState<'a>, OperatorSums),
    ) -> Overview {
        let releases = Releases::of(metadata);
        let records_new = releases.record_new_bytes();
        let mut canonical = Canonical::default();
        let mut sizes = Sizes::zero(records_new);
        let mut handles = 0;
        let mut features = Features::default();
        let mut streams = Streams { inline_bytes: 0, merged: false, on_stream, flow: GO_ON };
        for state in metadata.operators.iter() {
            let mut of_operator = Sizes::of_coordinator(&state, records_new);
            let mut largest = 0;
            features.finished |= state.subtasks.is_none();
            streams.of_coordinator(&state);
            for subtask in subtasks(&state) {
                let of_subtask = Sizes::of_subtask(&subtask, records_new);
                largest = largest.max(of_subtask.state.unwrap_or_default());
                of_operator = of_operator.plus(&of_subtask);
                handles += count(&subtask);
                features.note(&subtask);
                canonical.note(&subtask);
                streams.of_subtask(state.id, &subtask);
            }
            sizes = sizes.plus(&of_operator);
            let skew = skew(&of_operator, largest, state.parallelism);
            on_operator(state, OperatorSums { sizes: of_operator, skew });
        }
        features.file_merging |= streams.merged;
        let merged = features.file_merging;
        Overview {
            snapshot: snapshot(metadata, canonical),
            releases: if merged { releases.with_merged_files() } else { releases },
            sizes,
            handles,
            inline_bytes: streams.inline_bytes,
            features,
        }
    }
}

const GO_ON: Flow = Flow::Continue(());

/// What all streams together tell.
struct Streams<'v, 'a> {
    inline_bytes: u64,
    merged: bool,
    on_stream: OnStream<'v, 'a>,
    /// Whether streams are still shown.
    flow: Flow,
}

impl<'a> Streams<'_, 'a> {
    fn of_coordinator(&mut self, operator: &OperatorState<'a>) {
        // It never ends early.
        let _all = walk::coordinator_stream(operator, |stream| {
            self.note(operator.id, None, stream);
            GO_ON
        });
    }

    fn of_subtask(&mut self, operator: OperatorId, subtask: &Subtask<'a>) {
        let Subtask::Running(state) = subtask else { return };
        // It never ends early.
        let _all = walk::subtask_streams(state, &mut |stream| {
            self.note(operator, Some(state.index), stream);
            GO_ON
        });
        let keyed = [&state.managed_keyed, &state.raw_keyed].into_iter().flatten();
        self.inline_bytes += keyed.map(in_memory_changes).sum::<u64>();
    }

    fn note(&mut self, operator: OperatorId, subtask: Option<i32>, stream: Use<'a>) {
        match stream.handle.innermost() {
            StreamHandle::Inline { data, .. } => self.inline_bytes += data.len() as u64,
            StreamHandle::EmptySegment | StreamHandle::Segment(_) => self.merged = true,
            _ => {}
        }
        if self.flow.is_continue() {
            self.flow = (self.on_stream)(operator, subtask, stream);
        }
    }
}

/// Changes that changelog handles carry inside the metadata.
fn in_memory_changes(handle: &KeyedHandle<'_>) -> u64 {
    match handle {
        KeyedHandle::ChangelogMemory(segment) => MemorySegment::state_size(segment),
        KeyedHandle::Changelog(handle) => {
            let parts = handle.materialized.iter().chain(handle.non_materialized.iter());
            parts.flatten().map(|part| in_memory_changes(&part)).sum()
        }
        _ => 0,
    }
}

/// Whether managed keyed state is in the handles that only canonical savepoints have.
#[derive(Debug, Clone, Copy, Default)]
struct Canonical {
    some: bool,
    others: bool,
}

impl Canonical {
    fn note(&mut self, subtask: &Subtask<'_>) {
        let Subtask::Running(state) = subtask else { return };
        match &state.managed_keyed {
            None => {}
            Some(KeyedHandle::KeyGroups(handle)) if handle.form == KeyGroupsForm::Savepoint => {
                self.some = true;
            }
            Some(_) => self.others = true,
        }
    }
}

fn snapshot(metadata: &Metadata<'_>, canonical: Canonical) -> Option<Snapshot> {
    let properties = match metadata.properties() {
        Some(CheckpointProperties::Known(properties)) => properties,
        Some(CheckpointProperties::Unfamiliar { .. }) => return None,
        Some(CheckpointProperties::None) | None => {
            let Canonical { some, others } = canonical;
            return (some && !others).then_some(Snapshot::CanonicalSavepoint);
        }
    };
    Some(match properties.snapshot_type {
        SnapshotType::Checkpoint { name, .. } if name.as_bytes() == b"Full Checkpoint" => {
            Snapshot::FullCheckpoint
        }
        SnapshotType::Checkpoint { .. } => Snapshot::Checkpoint,
        SnapshotType::Savepoint { format_type, .. } => match format_type.as_bytes() {
            b"CANONICAL" => Snapshot::CanonicalSavepoint,
            b"NATIVE" => Snapshot::NativeSavepoint,
            _ => Snapshot::Savepoint,
        },
    })
}

fn count(subtask: &Subtask<'_>) -> u64 {
    let Subtask::Running(state) = subtask else { return 0 };
    let SubtaskState { managed_operator, raw_operator, managed_keyed, raw_keyed, .. } = &**state;
    let slots = [
        managed_operator.is_some(),
        raw_operator.is_some(),
        managed_keyed.is_some(),
        raw_keyed.is_some(),
    ];
    let channels = state.input_channels.len() + state.result_subpartitions.len();
    slots.into_iter().map(u64::from).sum::<u64>() + channels as u64
}

/// How many times an even share the largest subtask holds; `None` without any state.
fn skew(sizes: &Sizes, largest: u64, parallelism: i32) -> Option<f64> {
    let of_subtasks = sizes.state?.saturating_sub(sizes.coordinator);
    let parallelism = f64::from(parallelism.max(1));
    (of_subtasks > 0).then(|| largest as f64 * parallelism / of_subtasks as f64)
}
