//! From facts to the document.

use std::rc::Rc;

use jiff::Timestamp;

use super::CheckpointDocument;
use super::CheckpointJson;
use super::CheckpointTypeJson;
use super::FileJson;
use super::MasterStateJson;
use super::OperatorJson;
use super::OperatorSummary;
use super::PropertiesJson;
use super::SCHEMA;
use super::SubtaskJson;
use super::convert::Convert;
use super::files::file;
use super::sst::ssts;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;
use crate::format::flink::properties::CheckpointProperties;
use crate::format::flink::properties::Properties;
use crate::format::flink::properties::SnapshotType;
use crate::model::references::NodeId;
use crate::ops::inspect::Facts;
use crate::ops::inspect::OperatorFacts;
use crate::ops::inspect::Snapshot;
use crate::ops::inspect::Survey;
use crate::ops::inspect::files::Selection;
use crate::ops::inspect::sizes::Sizes;
use crate::ops::inspect::subtasks;
use crate::ops::sst::Ssts;
use crate::report::document::COMPLETED_AT_SOURCE;
use crate::report::document::Head;
use crate::report::document::Looked;
use crate::report::document::Rebased;
use crate::report::seq::Seq;

/// What the document says beside the facts.
#[derive(Debug, Clone, Copy)]
pub struct Context<'r> {
    /// What the LOCATION was.
    pub location_kind: &'static str,
    /// When the checkpoint was looked at.
    pub observed_at: Timestamp,
    /// Bytes of the metadata file.
    pub metadata_bytes: u64,
    /// Modification time of the metadata file.
    pub modified: Option<Timestamp>,
    /// Whether the document lists files; the lines always do.
    pub list_files: bool,
    /// Which files are listed.
    pub files: Selection,
    /// What the SSTs say, if they were asked.
    pub ssts: Option<&'r Ssts>,
}

/// Makes the document of a checkpoint.
pub fn checkpoint<'r, 'a: 'r>(
    survey: Survey<'r, 'a>,
    facts: &'r Facts<'r, 'a>,
    context: Context<'r>,
) -> CheckpointDocument<'r> {
    let convert = Convert { survey, metas: &facts.metas };
    CheckpointDocument {
        head: head(survey, facts, context),
        checkpoint: checkpoint_json(survey, facts, context),
        operators: Seq::new(move || {
            facts.operators.iter().map(move |operator| OperatorJson {
                summary: summary(convert, operator),
                subtasks: subtasks_json(convert, operator, facts.records_new()),
            })
        }),
        files: context.list_files.then(|| file_list(survey, facts, context.files)),
        sst: context.ssts.map(|of| ssts(of, &survey.places.home().base)),
    }
}

fn head(survey: Survey<'_, '_>, facts: &Facts<'_, '_>, context: Context<'_>) -> Head {
    let home = survey.places.home();
    let rules = survey.places.rebasing().rules();
    let looked = Looked {
        at: &home.metadata,
        kind: context.location_kind,
        base: &home.base,
        when: context.observed_at,
    };
    Head::new(SCHEMA, looked, rules.iter().map(Rebased::of).collect(), &facts.findings)
}

fn checkpoint_json(
    survey: Survey<'_, '_>,
    facts: &Facts<'_, '_>,
    context: Context<'_>,
) -> CheckpointJson {
    let metadata = survey.metadata;
    let overview = &facts.overview;
    let (kind, savepoint_format) = kind(overview.snapshot);
    let properties = match metadata.properties() {
        Some(CheckpointProperties::Known(properties)) => Some(properties_json(&properties)),
        _ => None,
    };
    let master_states = metadata.master_states.iter().map(|state| MasterStateJson {
        name: state.name.to_string(),
        version: state.version,
        bytes: state.payload.len() as u64,
    });
    CheckpointJson {
        id: metadata.checkpoint_id,
        kind,
        savepoint_format,
        job_id: survey.places.home().job_id().map(str::to_owned),
        metadata_version: metadata.layout.version,
        written_by: overview.releases.name(),
        metadata_bytes: context.metadata_bytes,
        trailing_bytes: metadata.trailing.map_or(0, |trailing| trailing.bytes),
        completed_at: context.modified.map(|time| time.to_string()),
        completed_at_source: COMPLETED_AT_SOURCE,
        features: overview.features.names(),
        properties,
        master_states: master_states.collect(),
        state_bytes: overview.sizes.state,
        new_bytes: overview.sizes.new,
        inline_bytes: overview.inline_bytes,
        files: facts.files.files,
        file_bytes: facts.files.bytes,
        outside_files: facts.files.outside,
        handles: overview.handles,
    }
}

/// The kind of a snapshot, and the format of a savepoint.
pub(crate) fn kind(of: Option<Snapshot>) -> (Option<&'static str>, Option<&'static str>) {
    match of {
        None => (None, None),
        Some(Snapshot::Checkpoint | Snapshot::FullCheckpoint) => (Some("checkpoint"), None),
        Some(Snapshot::CanonicalSavepoint) => (Some("savepoint"), Some("canonical")),
        Some(Snapshot::NativeSavepoint) => (Some("savepoint"), Some("native")),
        Some(Snapshot::Savepoint) => (Some("savepoint"), None),
    }
}

fn properties_json(properties: &Properties<'_>) -> PropertiesJson {
    let checkpoint_type = match properties.snapshot_type {
        SnapshotType::Checkpoint { name, sharing_files_strategy } => {
            CheckpointTypeJson::CheckpointType {
                name: name.to_string(),
                sharing_files_strategy: sharing_files_strategy.to_string(),
            }
        }
        SnapshotType::Savepoint { format_type, name, post_checkpoint_action } => {
            CheckpointTypeJson::SavepointType {
                name: name.to_string(),
                format_type: format_type.to_string(),
                post_checkpoint_action: post_checkpoint_action.to_string(),
            }
        }
    };
    PropertiesJson {
        discard_cancelled: properties.discard_cancelled,
        discard_failed: properties.discard_failed,
        discard_finished: properties.discard_finished,
        discard_subsumed: properties.discard_subsumed,
        discard_suspended: properties.discard_suspended,
        forced: properties.forced,
        unclaimed: properties.unclaimed,
        savepoint: properties.snapshot_type.is_savepoint(),
        checkpoint_type,
    }
}

/// One operator without its subtasks.
pub(super) fn summary<'r, 'a: 'r>(
    convert: Convert<'r, 'a>,
    operator: &OperatorFacts<'r, 'a>,
) -> OperatorSummary<'r> {
    let state = &operator.state;
    let sizes = operator.sums.sizes;
    OperatorSummary {
        operator_id: state.id.to_string(),
        uid: state.uid.map(|uid| uid.to_string()),
        name: state.name.map(|name| name.to_string()),
        parallelism: state.parallelism,
        max_parallelism: state.max_parallelism,
        fully_finished: state.subtasks.is_none(),
        state_bytes: sizes.state,
        new_bytes: sizes.new,
        keyed_bytes: sizes.keyed,
        operator_bytes: sizes.operator,
        channel_bytes: sizes.channel,
        backend: operator.backend.map(|backend| backend.name()),
        backend_unknown: operator.backend_unknown,
        skew: operator.sums.skew,
        coordinator: state.coordinator.clone().map(|handle| convert.stream(&handle)),
        coordinator_bytes: sizes.coordinator,
        states: operator.states.iter().map(|state| super::convert::state(&state.meta)).collect(),
    }
}

/// The subtasks of an operator, in the order of their indexes.
pub(super) fn subtasks_json<'r, 'a: 'r>(
    convert: Convert<'r, 'a>,
    operator: &'r OperatorFacts<'r, 'a>,
    records_new: bool,
) -> Seq<'r, SubtaskJson<'r>> {
    Seq::new(move || {
        let mut all: Vec<Subtask<'a>> = subtasks(&operator.state).collect();
        all.sort_by_key(Subtask::index);
        all.into_iter().map(move |subtask| subtask_json(convert, subtask, records_new))
    })
}

fn subtask_json<'r, 'a: 'r>(
    convert: Convert<'r, 'a>,
    subtask: Subtask<'a>,
    records_new: bool,
) -> SubtaskJson<'r> {
    let sizes = Sizes::of_subtask(&subtask, records_new);
    let index = subtask.index();
    let (finished, state) = match subtask {
        Subtask::Finished { .. } => (true, SubtaskState::default()),
        Subtask::Running(state) => (false, *state),
    };
    let SubtaskState { managed_keyed, raw_keyed, managed_operator, raw_operator, .. } = state;
    SubtaskJson {
        index,
        finished,
        state_bytes: sizes.state,
        new_bytes: sizes.new,
        keyed_bytes: sizes.keyed,
        operator_bytes: sizes.operator,
        channel_bytes: sizes.channel,
        reference_checkpoint_id: state.reference_checkpoint,
        managed_keyed: Seq::optional(move || {
            managed_keyed.as_ref().map(|handle| convert.keyed(handle, true))
        }),
        raw_keyed: Seq::optional(move || {
            raw_keyed.as_ref().map(|handle| convert.keyed(handle, false))
        }),
        managed_operator: Seq::optional(move || {
            managed_operator.as_ref().map(|handle| convert.operator(handle, true))
        }),
        raw_operator: Seq::optional(move || {
            raw_operator.as_ref().map(|handle| convert.operator(handle, false))
        }),
        input_channel: convert.channels(state.input_channels, |handle| handle.0),
        result_subpartition: convert.channels(state.result_subpartitions, |handle| handle.0),
    }
}

/// The physical files that are listed.
pub(super) fn file_list<'r, 'a: 'r>(
    survey: Survey<'r, 'a>,
    facts: &'r Facts<'r, 'a>,
    selection: Selection,
) -> Seq<'r, FileJson> {
    let home = survey.places.home();
    let references = &facts.files.references;
    let paths = Rc::new(references.paths(&home.base));
    let listed: Rc<[NodeId]> = selection.of(references, &paths, |_| true).into();
    let metadata = home.metadata.relative_to(&home.base);
    let metadata = metadata.map_or_else(|| home.metadata.to_string(), str::to_owned);
    Seq::new(move || {
        let (listed, paths, metadata) = (listed.clone(), paths.clone(), metadata.clone());
        let nodes = (0..listed.len()).filter_map(move |at| listed.get(at).copied());
        nodes.filter_map(move |node| file(references, &paths, node, &metadata))
    })
}
