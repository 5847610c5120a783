//! Made-up files with every kind of handle.

use super::hex;
use crate::format::flink::changelog::Change;
use crate::format::flink::changelog::ChangelogHandle;
use crate::format::flink::changelog::FileSegments;
use crate::format::flink::changelog::MemorySegment;
use crate::format::flink::changelog::OffsetHandle;
use crate::format::flink::channel::ChannelHandle;
use crate::format::flink::channel::ChannelOffsets;
use crate::format::flink::channel::Channels;
use crate::format::flink::channel::InputChannel;
use crate::format::flink::channel::MergedChannel;
use crate::format::flink::channel::OutputChannel;
use crate::format::flink::channel::Side;
use crate::format::flink::keyed::IncrementalHandle;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::keyed::KeyGroupsForm;
use crate::format::flink::keyed::KeyGroupsHandle;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::keyed::SecondForm;
use crate::format::flink::list::Layout;
use crate::format::flink::list::List;
use crate::format::flink::metadata::MasterState;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::MergingDirectories;
use crate::format::flink::operator::Mode;
use crate::format::flink::operator::OperatorHandle;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::PartitionedState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;
use crate::format::flink::stream::NamedHandle;
use crate::format::flink::stream::Scope;
use crate::format::flink::stream::Segment;
use crate::format::flink::stream::StreamHandle;
use crate::format::flink::trailer::Trailer;

pub(super) const RANGE: KeyGroupRange = KeyGroupRange { start: 64, count: 2 };

pub(super) fn inline() -> StreamHandle<'static> {
    StreamHandle::Inline { name: "file:/c/b1".into(), data: &[1, 2, 3] }
}

pub(super) fn file() -> StreamHandle<'static> {
    StreamHandle::File { size: 99, path: "s3://b/shared/f1".into() }
}

pub(super) fn relative() -> StreamHandle<'static> {
    StreamHandle::Relative { path: "r1".into(), size: 11 }
}

pub(super) fn segment() -> StreamHandle<'static> {
    StreamHandle::Segment(Segment {
        start: 16,
        length: 32,
        scope: Scope::Exclusive,
        path: "file:/c/taskowned/m1".into(),
        logical_file_id: "l1".into(),
    })
}

pub(super) fn key_groups(form: KeyGroupsForm) -> KeyGroupsHandle<'static> {
    KeyGroupsHandle {
        form,
        start_key_group: RANGE.start,
        offsets: vec![10, 0].into(),
        delegate: Some(file()),
        state_handle_id: (form == KeyGroupsForm::Second).then(|| "k1".into()),
    }
}

pub(super) fn incremental(second: bool) -> KeyedHandle<'static> {
    let named = |local_name: &'static str, handle| NamedHandle {
        local_name: local_name.into(),
        handle: Some(handle),
    };
    KeyedHandle::Incremental(IncrementalHandle {
        checkpoint_id: 7,
        backend_id: "00000000-0000-0001-0000-000000000002".into(),
        key_groups: RANGE,
        second: second.then(|| SecondForm { checkpointed_size: 5, state_handle_id: "i1".into() }),
        meta: Some(relative()),
        shared: vec![named("000012.sst", file())].into(),
        private: vec![named("CURRENT", inline()), named("OPTIONS-000007", relative())].into(),
    })
}

/// In the forms of 1.16; of 1.15 are those without what 1.16 added.
pub(super) fn changelog(of_1_16: bool) -> ChangelogHandle<'static> {
    let file_segments = FileSegments {
        key_groups: RANGE,
        handles: vec![OffsetHandle { offset: 17, handle: Some(file()) }].into(),
        state_size: 40,
        incremental_size: Some(30),
        state_handle_id: Some("f1".into()),
        storage: of_1_16.then(|| "filesystem".into()),
    };
    let changes = [(-1, &[1][..]), (64, &[2, 3])];
    let changes = changes.map(|(key_group, data)| Change { key_group, data });
    let memory_segment = MemorySegment {
        key_groups: RANGE,
        from: 5,
        to: 6,
        changes: changes.to_vec().into(),
        state_handle_id: Some("m1".into()),
    };
    ChangelogHandle {
        key_groups: RANGE,
        checkpointed_size: Some(70),
        materialized: vec![Some(incremental(true)), None].into(),
        non_materialized: vec![
            Some(KeyedHandle::ChangelogFile(file_segments)),
            Some(KeyedHandle::ChangelogMemory(memory_segment)),
        ]
        .into(),
        materialization_id: Some(3),
        checkpoint_id: of_1_16.then_some(8),
        state_handle_id: Some("c1".into()),
    }
}

pub(super) fn operator_handle(merging: Option<bool>) -> OperatorHandle<'static> {
    let modes = [("l", Mode::SplitDistribute), ("u", Mode::Union), ("b", Mode::Broadcast)];
    let states = modes.map(|(name, mode)| PartitionedState {
        name: name.into(),
        mode,
        offsets: vec![7, 9].into(),
    });
    let empty = merging == Some(true);
    OperatorHandle {
        states: if empty { List::default() } else { states.to_vec().into() },
        merging: merging.map(|empty| MergingDirectories {
            task_owned: "file:/c/taskowned".into(),
            shared: "file:/c/shared".into(),
            empty,
        }),
        delegate: Some(match merging {
            None => relative(),
            Some(false) => segment(),
            Some(true) => StreamHandle::EmptySegment,
        }),
    }
}

fn offsets(gate: i32, channel: i32) -> ChannelOffsets<'static> {
    ChannelOffsets { gate, channel, offsets: vec![4, 6].into() }
}

pub(super) fn channel(side: Side) -> ChannelHandle<'static> {
    let channels = Channels::One(offsets(2, 3));
    ChannelHandle { side, subtask: Some(1), channels, state_size: 20, delegate: Some(file()) }
}

pub(super) fn merged_channels(side: Side) -> ChannelHandle<'static> {
    let merged = [(0, 20), (1, 22)]
        .map(|(channel, state_size)| MergedChannel { channel: offsets(2, channel), state_size });
    let channels = Channels::Merged(merged.to_vec().into());
    ChannelHandle { channels, state_size: 42, ..channel(side) }
}

/// A file of one operator. It says it is of version 6, but nothing is done with that.
pub(super) fn with(subtasks: Vec<Subtask<'static>>) -> Metadata<'static> {
    let operator = OperatorState {
        name: Some("Map".into()),
        uid: Some("map-uid".into()),
        id: OperatorId([7; 16]),
        parallelism: 2,
        max_parallelism: 128,
        coordinator: Some(inline()),
        subtasks: Some(subtasks.into()),
    };
    Metadata {
        layout: Layout::new(6),
        checkpoint_id: 42,
        master_states: List::default(),
        operators: vec![operator].into(),
        trailer: None,
        trailing: None,
    }
}

pub(super) fn running(state: SubtaskState<'static>) -> Subtask<'static> {
    Subtask::Running(Box::new(state))
}

pub(super) fn with_keyed(handle: KeyedHandle<'static>) -> Metadata<'static> {
    with(vec![running(SubtaskState { managed_keyed: Some(handle), ..SubtaskState::default() })])
}

pub(super) fn with_channels(handle: ChannelHandle<'static>) -> Metadata<'static> {
    let mut state = SubtaskState::default();
    match handle.side {
        Side::Input => state.input_channels = vec![InputChannel(handle)].into(),
        Side::Output => state.result_subpartitions = vec![OutputChannel(handle)].into(),
    }
    with(vec![running(state)])
}

pub(super) fn with_operator(handle: OperatorHandle<'static>) -> Metadata<'static> {
    with(vec![running(SubtaskState { managed_operator: Some(handle), ..SubtaskState::default() })])
}

pub(super) fn with_stream(handle: StreamHandle<'static>) -> Metadata<'static> {
    with_keyed(KeyedHandle::KeyGroups(KeyGroupsHandle {
        delegate: Some(handle),
        ..key_groups(KeyGroupsForm::First)
    }))
}

pub(super) fn finished_operator() -> Metadata<'static> {
    let file = with(Vec::new());
    let mut operator = file.operators.iter().next().unwrap();
    operator.subtasks = None;
    Metadata { operators: vec![operator].into(), ..file }
}

pub(super) fn master_state() -> MasterState<'static> {
    MasterState { name: "hook".into(), version: 1, payload: &[5, 6] }
}

/// What every release since 1.11 can read.
pub(super) fn for_1_11() -> Metadata<'static> {
    let state = SubtaskState {
        index: 1,
        managed_operator: Some(operator_handle(None)),
        raw_operator: Some(operator_handle(None)),
        managed_keyed: Some(incremental(true)),
        raw_keyed: Some(KeyedHandle::KeyGroups(key_groups(KeyGroupsForm::Second))),
        input_channels: vec![InputChannel(channel(Side::Input))].into(),
        result_subpartitions: vec![OutputChannel(channel(Side::Output))].into(),
        reference_checkpoint: None,
    };
    Metadata { master_states: vec![master_state()].into(), ..with(vec![running(state)]) }
}

/// What 1.13 added: handles of canonical savepoints, and key groups as a stream.
pub(super) fn for_1_13() -> Metadata<'static> {
    let mut savepoint = key_groups(KeyGroupsForm::Savepoint);
    savepoint.delegate = Some(StreamHandle::KeyGroups(Box::new(key_groups(KeyGroupsForm::First))));
    with_more(&for_1_11(), KeyedHandle::KeyGroups(savepoint))
}

/// What 1.14 and 1.15 added: finished subtasks and operators, changelog.
pub(super) fn for_1_15() -> Metadata<'static> {
    let file = with_more(&for_1_13(), KeyedHandle::Changelog(changelog(false)));
    let mut operators: Vec<_> = file.operators.iter().collect();
    operators.extend(finished_operator().operators.iter());
    operators.extend(with(vec![Subtask::Finished { index: 1 }]).operators.iter());
    Metadata { operators: operators.into(), ..file }
}

/// What 1.16 and 1.20 added: a newer changelog, merged files.
pub(super) fn for_1_20() -> Metadata<'static> {
    let file = with_more(&for_1_15(), KeyedHandle::Changelog(changelog(true)));
    let merging = [Some(false), Some(true)].map(|merging| SubtaskState {
        managed_operator: Some(operator_handle(merging)),
        ..SubtaskState::default()
    });
    let mut operators: Vec<_> = file.operators.iter().collect();
    operators.extend(with(merging.map(running).to_vec()).operators.iter());
    Metadata { operators: operators.into(), ..file }
}

/// What 2.1 added: merged in-flight data. All there is.
pub(super) fn for_2_1() -> Metadata<'static> {
    let file = for_1_20();
    let mut operators: Vec<_> = file.operators.iter().collect();
    operators.extend(with_channels(merged_channels(Side::Input)).operators.iter());
    operators.extend(with_channels(merged_channels(Side::Output)).operators.iter());
    Metadata { operators: operators.into(), ..file }
}

/// The file, and an operator with that handle in front.
fn with_more(file: &Metadata<'static>, handle: KeyedHandle<'static>) -> Metadata<'static> {
    let mut operators: Vec<_> = with_keyed(handle).operators.iter().collect();
    operators.extend(file.operators.iter());
    Metadata { operators: operators.into(), ..file.clone() }
}

/// A file that is whole in the forms of 1.14 and in those of 1.15: there the id of the segment
/// reaches into the inline bytes, and from 754 on they are the second keyed handle.
pub(super) fn for_1_14_or_1_15() -> Metadata<'static> {
    const INSIDE: [u8; 770] = {
        let mut bytes = [0; 770];
        (bytes[754], bytes[754 + 9]) = (3, 1);
        bytes
    };
    let segment = changelog(false).non_materialized.iter().flatten().nth(1);
    let key_groups = KeyGroupsHandle {
        start_key_group: 0,
        offsets: List::default(),
        delegate: Some(StreamHandle::Inline { name: "".into(), data: &INSIDE }),
        ..key_groups(KeyGroupsForm::First)
    };
    with(vec![running(SubtaskState {
        managed_keyed: segment,
        raw_keyed: Some(KeyedHandle::KeyGroups(key_groups)),
        ..SubtaskState::default()
    })])
}

/// The trailers of section 9.5 and the null object.
pub(super) fn trailers() -> [Vec<u8>; 3] {
    [
        hex(include_str!("trailer_checkpoint.hex")),
        hex(include_str!("trailer_canonical_savepoint.hex")),
        vec![0xAC, 0xED, 0x00, 0x05, 0x70],
    ]
}

pub(super) fn trailer(bytes: &[u8]) -> Option<Trailer<'_>> {
    Some(Trailer { bytes })
}

/// Version 2, as 1.3 to 1.10 wrote it: one subtask with all it could have.
pub(super) fn version_2() -> Vec<u8> {
    let stream = "020000000000000063 0006 66696c653a2f";
    let operator = format!("00000001 04 00000001 0001 6c 00 00000001 0000000000000007 {stream}");
    let key_groups = format!("03 00000040 00000001 000000000000000a {stream}");
    let incremental = format!(
        "05 0000000000000007 0002 6964 00000040 00000001 {stream}
         00000001 0001 73 {stream} 00000001 0001 70 01 0001 62 00000001 09"
    );
    hex(&format!(
        "4960672d 00000002 000000000000002a 00000000 00000001
         {id} 00000002 00000080 00000001 00000001
         00000001 ffffffffffffffff 00000000 {operator} {operator} {incremental} {key_groups}",
        id = "07".repeat(16),
    ))
}

/// Version 7, which is 6 with a reference checkpoint (or not) for each subtask.
pub(super) fn version_7() -> Vec<u8> {
    hex(&format!(
        "4960672d 00000007 000000000000002a 00000000 00000001
         0000 0000 {id} 00000002 00000080 00 00000003
         fffffffe
         00000000 00000000 00000000 00 00 00000000 00000000 01 0000000000000029
         00000001 00000000 00000000 00 00 00000000 00000000 00
         aced000570",
        id = "07".repeat(16),
    ))
}
