//! Every stream handle of a checkpoint, with the part it plays.

use crate::format::flink::channel::ChannelHandle;
use crate::format::flink::keyed::IncrementalHandle;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorHandle;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;
use crate::format::flink::stream::StreamHandle;
use crate::format::flink::utf::Utf;

/// The part a stream plays in a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Coordinator state of an operator.
    Coordinator,
    /// Managed operator state.
    Operator,
    /// Raw operator state.
    RawOperator,
    /// Meta stream of an incremental handle.
    BackendMeta,
    /// A file in the shared list of an incremental handle: an SST.
    Shared,
    /// A file in the private list of an incremental handle.
    Private,
    /// A stream of key groups.
    KeyGroups,
    /// A segment of a changelog.
    Changelog,
    /// In-flight data of an input channel.
    InputChannel,
    /// In-flight data of a result subpartition.
    ResultSubpartition,
}

impl Role {
    /// The name of the role in reports.
    pub fn name(self) -> &'static str {
        match self {
            Role::Coordinator => "coordinator",
            Role::Operator => "operator",
            Role::RawOperator => "raw-operator",
            Role::BackendMeta => "backend-meta",
            Role::Shared => "shared",
            Role::Private => "private",
            Role::KeyGroups => "key-groups",
            Role::Changelog => "changelog",
            Role::InputChannel => "input-channel",
            Role::ResultSubpartition => "result-subpartition",
        }
    }
}

/// One use of a stream.
#[derive(Debug, Clone)]
pub struct Use<'a> {
    /// What it is used for.
    pub role: Role,
    /// The name under which the backend knows it, for files of a database.
    pub local_name: Option<Utf<'a>>,
    /// The database it belongs to, for the files of one.
    pub database: Option<Database<'a>>,
    /// The stream.
    pub handle: StreamHandle<'a>,
}

impl<'a> Use<'a> {
    fn plain(role: Role, handle: StreamHandle<'a>) -> Self {
        Use { role, local_name: None, database: None, handle }
    }
}

/// The database of one subtask, by which Flink tells its files from those of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Database<'a> {
    /// The backend's UUID as text.
    pub backend_id: Utf<'a>,
    /// The key groups of the subtask.
    pub key_groups: KeyGroupRange,
    /// Whether it is the materialized part of a changelog handle, all of which is shared.
    pub materialized: bool,
}

/// Calls `visit` for every stream of the checkpoint, with its operator and subtask index
/// (`None` for the coordinator).
pub fn streams<'a>(
    metadata: &Metadata<'a>,
    mut visit: impl FnMut(&OperatorState<'a>, Option<i32>, Use<'a>),
) {
    for operator in metadata.operators.iter() {
        operator_streams(&operator, |subtask, stream| visit(&operator, subtask, stream));
    }
}

/// As [`streams`], for one operator.
pub fn operator_streams<'a>(
    operator: &OperatorState<'a>,
    mut visit: impl FnMut(Option<i32>, Use<'a>),
) {
    if let Some(handle) = operator.coordinator.clone() {
        visit(None, Use::plain(Role::Coordinator, handle));
    }
    for subtask in operator.subtasks.iter().flat_map(|list| list.iter()) {
        if let Subtask::Running(state) = subtask {
            subtask_streams(&state, &mut |stream| visit(Some(state.index), stream));
        }
    }
}

/// As [`streams`], for one subtask.
pub fn subtask_streams<'a>(state: &SubtaskState<'a>, visit: &mut impl FnMut(Use<'a>)) {
    let mut plain = |role, handle: Option<StreamHandle<'a>>| {
        if let Some(handle) = handle {
            visit(Use::plain(role, handle));
        }
    };
    let delegate = |handle: &Option<OperatorHandle<'a>>| handle.as_ref()?.delegate.clone();
    plain(Role::Operator, delegate(&state.managed_operator));
    plain(Role::RawOperator, delegate(&state.raw_operator));
    let channel = |handle: ChannelHandle<'a>| handle.delegate;
    state.input_channels.iter().for_each(|h| plain(Role::InputChannel, channel(h.0)));
    state.result_subpartitions.iter().for_each(|h| plain(Role::ResultSubpartition, channel(h.0)));
    for handle in [&state.managed_keyed, &state.raw_keyed].into_iter().flatten() {
        keyed_streams(handle, visit);
    }
}

/// As [`streams`], for one keyed handle and what is nested in it.
pub fn keyed_streams<'a>(handle: &KeyedHandle<'a>, visit: &mut impl FnMut(Use<'a>)) {
    match handle {
        KeyedHandle::KeyGroups(handle) => {
            let stream = handle.delegate.clone();
            stream.into_iter().for_each(|stream| visit(Use::plain(Role::KeyGroups, stream)));
        }
        KeyedHandle::Incremental(handle) => database_streams(handle, false, visit),
        KeyedHandle::Changelog(handle) => {
            for part in handle.materialized.iter().flatten() {
                match &part {
                    KeyedHandle::Incremental(handle) => database_streams(handle, true, visit),
                    _ => keyed_streams(&part, visit),
                }
            }
            let changes = handle.non_materialized.iter().flatten();
            changes.for_each(|part| keyed_streams(&part, visit));
        }
        KeyedHandle::ChangelogMemory(_) => {}
        KeyedHandle::ChangelogFile(handle) => {
            let streams = handle.handles.iter().filter_map(|entry| entry.handle);
            streams.for_each(|stream| visit(Use::plain(Role::Changelog, stream)));
        }
    }
}

fn database_streams<'a>(
    handle: &IncrementalHandle<'a>,
    materialized: bool,
    visit: &mut impl FnMut(Use<'a>),
) {
    let IncrementalHandle { backend_id, key_groups, .. } = *handle;
    let database = Some(Database { backend_id, key_groups, materialized });
    if let Some(handle) = handle.meta.clone() {
        visit(Use { role: Role::BackendMeta, local_name: None, database, handle });
    }
    for (role, files) in [(Role::Shared, &handle.shared), (Role::Private, &handle.private)] {
        for file in files.iter() {
            let Some(handle) = file.handle else { continue };
            visit(Use { role, local_name: Some(file.local_name), database, handle });
        }
    }
}
