//! What is in a checkpoint: sums, backends, states, files. Pure.

pub mod backend;
pub mod files;
pub mod metas;
pub mod select;
pub mod sizes;
mod states;
mod types;
pub mod warnings;

use crate::catalog::heads::Heads;
use crate::format::flink::keyed::KeyGroupsForm;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::list::List;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;
use crate::format::flink::properties::CheckpointProperties;
use crate::format::flink::properties::SnapshotType;
use crate::model::places::Places;
use crate::model::release::Releases;
use backend::Backend;
use backend::Common;
use files::Files;
use metas::Metas;
use sizes::Sizes;
pub use states::MergedState;
pub use types::type_text;
pub use warnings::Finding;

/// Everything that is known about a checkpoint before anything is concluded.
#[derive(Debug, Clone, Copy)]
pub struct Survey<'s, 'a> {
    /// The metadata.
    pub metadata: &'s Metadata<'a>,
    /// Where its files are.
    pub places: &'s Places<'a>,
    /// The heads of its state streams, as far as they were asked for.
    pub heads: &'s Heads<'a>,
}

/// What of a checkpoint is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Only this operator in the list of operators; sums are of all.
    pub operator: Option<OperatorId>,
    /// Conclude about states, which needs their heads.
    pub states: bool,
}

/// What was concluded.
#[derive(Debug)]
pub struct Facts<'s, 'a> {
    /// Whether it is a checkpoint or a savepoint, where the metadata says so.
    pub snapshot: Option<Snapshot>,
    /// The releases of Flink that write such a file.
    pub written_by: String,
    /// Sums over all operators.
    pub sizes: Sizes,
    /// State handles in the slots of all subtasks.
    pub handles: u64,
    /// The distinct physical files.
    pub files: Files<'a>,
    /// What is special about it.
    pub features: Features,
    /// The operators that were asked for, in the order of their ids.
    pub operators: Vec<OperatorFacts<'s, 'a>>,
    /// What the meta streams say.
    pub metas: Metas<'s>,
    /// What was noticed.
    pub findings: Vec<Finding>,
    /// Whether Flink recorded what was uploaded.
    pub records_new: bool,
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

/// What kind of snapshot a checkpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshot {
    /// Taken by the job for its own recovery.
    Checkpoint,
    /// Of a format that every backend reads.
    CanonicalSavepoint,
    /// Of the format of its backend.
    NativeSavepoint,
    /// Of a format this chkctl does not know.
    Savepoint,
}

/// What was concluded about one operator.
#[derive(Debug)]
pub struct OperatorFacts<'s, 'a> {
    /// The operator.
    pub state: OperatorState<'a>,
    /// Its sums.
    pub sizes: Sizes,
    /// The largest subtask's share against an even one; `None` without state.
    pub skew: Option<f64>,
    /// The backend of its keyed state, if it has any and something tells.
    pub backend: Option<Backend>,
    /// It has keyed state, and nothing tells of which backend; a finding says why.
    pub backend_unknown: bool,
    /// Its states, merged over subtasks.
    pub states: Vec<MergedState<'s>>,
}

/// Concludes what is in a checkpoint.
pub fn inspect<'s, 'a>(survey: Survey<'s, 'a>, options: Options) -> Facts<'s, 'a> {
    let metadata = survey.metadata;
    let releases = Releases::of(metadata);
    let records_new = releases.record_new_bytes();
    let metas = Metas::default();
    let mut canonical = Canonical::default();
    let mut sizes = Sizes::zero(records_new);
    let mut handles = 0;
    let mut features = Features::default();
    let mut operators = Vec::new();
    let mut findings = warnings::of_the_file(survey);
    for state in metadata.operators.iter() {
        let mut of_operator = Sizes::of_coordinator(&state, records_new);
        let mut largest = 0;
        let wanted = options.operator.is_none_or(|only| only == state.id);
        let mut backends = Vec::new();
        features.finished |= state.subtasks.is_none();
        for subtask in subtasks(&state) {
            let of_subtask = Sizes::of_subtask(&subtask, records_new);
            largest = largest.max(of_subtask.state.unwrap_or_default());
            of_operator = of_operator.plus(&of_subtask);
            handles += count(&subtask);
            features.note(&subtask);
            canonical.note(&subtask);
            if wanted {
                let told = backend::of_subtask(survey, &subtask);
                backends.extend(told.map(|told| (subtask.index(), told)));
            }
        }
        sizes = sizes.plus(&of_operator);
        if state.has_odd_parallelism() {
            findings.push(Finding::odd_parallelism(&state));
        }
        if !wanted {
            continue;
        }
        let (backend, backend_unknown) = match backend::common(&backends) {
            Common::None => (None, false),
            Common::By(backend) => (Some(backend), false),
            Common::Unknown { subtask, why, subtasks } => {
                findings.push(Finding::unknown_backend(&state, subtask, &why, subtasks));
                (None, true)
            }
        };
        let states = match options.states {
            true => states::merge(survey, &metas, &state, &mut findings),
            false => Vec::new(),
        };
        operators.push(OperatorFacts {
            skew: skew(&of_operator, largest, state.parallelism),
            backend,
            backend_unknown,
            sizes: of_operator,
            states,
            state,
        });
    }
    operators.sort_by_key(|operator| operator.state.id);
    let snapshot = snapshot(metadata, canonical);
    let files = Files::of(survey);
    findings.extend(warnings::of_the_files(&files.sums, snapshot));
    findings.extend(warnings::of_the_rules(survey.places));
    features.file_merging |= files.sums.merged;
    let merged = features.file_merging;
    let written_by = if merged { releases.with_merged_files() } else { releases }.name();
    Facts {
        snapshot,
        written_by,
        sizes,
        handles,
        files,
        features,
        operators,
        metas,
        findings,
        records_new,
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
        SnapshotType::Checkpoint { .. } => Snapshot::Checkpoint,
        SnapshotType::Savepoint { format_type, .. } => match format_type.as_bytes() {
            b"CANONICAL" => Snapshot::CanonicalSavepoint,
            b"NATIVE" => Snapshot::NativeSavepoint,
            _ => Snapshot::Savepoint,
        },
    })
}

/// The subtasks of an operator, in the order of the file.
pub fn subtasks<'a>(operator: &OperatorState<'a>) -> impl Iterator<Item = Subtask<'a>> {
    operator.subtasks.clone().into_iter().flat_map(List::into_records)
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
