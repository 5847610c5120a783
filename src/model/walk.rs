//! Every stream handle of a checkpoint, with the part it plays.

use std::ops::ControlFlow;

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

/// Goes on, or ends the walk.
pub type Flow = ControlFlow<()>;

/// Calls `visit` for every stream of the checkpoint, with its operator and subtask index
/// (`None` for the coordinator), until it says to end.
pub fn streams<'a>(
    metadata: &Metadata<'a>,
    mut visit: impl FnMut(&OperatorState<'a>, Option<i32>, Use<'a>) -> Flow,
) -> Flow {
    metadata.operators.iter().try_for_each(|operator| {
        coordinator_stream(&operator, |stream| visit(&operator, None, stream))?;
        operator.subtasks.iter().flat_map(|list| list.iter()).try_for_each(|subtask| {
            let Subtask::Running(state) = subtask else { return Flow::Continue(()) };
            subtask_streams(&state, &mut |stream| visit(&operator, Some(state.index), stream))
        })
    })
}

/// As [`streams`], for the coordinator of an operator.
pub fn coordinator_stream<'a>(
    operator: &OperatorState<'a>,
    mut visit: impl FnMut(Use<'a>) -> Flow,
) -> Flow {
    operator
        .coordinator
        .iter()
        .cloned()
        .try_for_each(|handle| visit(Use::plain(Role::Coordinator, handle)))
}

/// As [`streams`], for one subtask.
pub fn subtask_streams<'a>(
    state: &SubtaskState<'a>,
    visit: &mut impl FnMut(Use<'a>) -> Flow,
) -> Flow {
    let mut plain = |role, handle: Option<StreamHandle<'a>>| {
        handle.into_iter().try_for_each(|handle| visit(Use::plain(role, handle)))
    };
    let delegate = |handle: &Option<OperatorHandle<'a>>| handle.as_ref()?.delegate.clone();
    plain(Role::Operator, delegate(&state.managed_operator))?;
    plain(Role::RawOperator, delegate(&state.raw_operator))?;
    let channel = |handle: ChannelHandle<'a>| handle.delegate;
    let mut inputs = state.input_channels.iter();
    inputs.try_for_each(|handle| plain(Role::InputChannel, channel(handle.0)))?;
    let mut outputs = state.result_subpartitions.iter();
    outputs.try_for_each(|handle| plain(Role::ResultSubpartition, channel(handle.0)))?;
    let mut keyed = [&state.managed_keyed, &state.raw_keyed].into_iter().flatten();
    keyed.try_for_each(|handle| keyed_streams(handle, visit))
}

/// As [`streams`], for one keyed handle and what is nested in it.
fn keyed_streams<'a>(handle: &KeyedHandle<'a>, visit: &mut impl FnMut(Use<'a>) -> Flow) -> Flow {
    match handle {
        KeyedHandle::KeyGroups(handle) => {
            let mut stream = handle.delegate.iter().cloned();
            stream.try_for_each(|stream| visit(Use::plain(Role::KeyGroups, stream)))
        }
        KeyedHandle::Incremental(handle) => database_streams(handle, false, visit),
        KeyedHandle::Changelog(handle) => {
            handle.materialized.iter().flatten().try_for_each(|part| match &part {
                KeyedHandle::Incremental(handle) => database_streams(handle, true, visit),
                _ => keyed_streams(&part, visit),
            })?;
            let mut changes = handle.non_materialized.iter().flatten();
            changes.try_for_each(|part| keyed_streams(&part, visit))
        }
        KeyedHandle::ChangelogMemory(_) => Flow::Continue(()),
        KeyedHandle::ChangelogFile(handle) => {
            let mut streams = handle.handles.iter().filter_map(|entry| entry.handle);
            streams.try_for_each(|stream| visit(Use::plain(Role::Changelog, stream)))
        }
    }
}

fn database_streams<'a>(
    handle: &IncrementalHandle<'a>,
    materialized: bool,
    visit: &mut impl FnMut(Use<'a>) -> Flow,
) -> Flow {
    let IncrementalHandle { backend_id, key_groups, .. } = *handle;
    let database = Some(Database { backend_id, key_groups, materialized });
    handle.meta.iter().cloned().try_for_each(|handle| {
        visit(Use { role: Role::BackendMeta, local_name: None, database, handle })
    })?;
    let lists = [(Role::Shared, &handle.shared), (Role::Private, &handle.private)];
    lists.into_iter().try_for_each(|(role, files)| {
        files.iter().try_for_each(|file| {
            let Some(handle) = file.handle else { return Flow::Continue(()) };
            visit(Use { role, local_name: Some(file.local_name), database, handle })
        })
    })
}
