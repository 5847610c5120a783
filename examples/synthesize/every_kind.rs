//! Every handle in every place where a release can read it.

use chkctl::format::flink::changelog::Change;
use chkctl::format::flink::changelog::ChangelogHandle;
use chkctl::format::flink::changelog::FileSegments;
use chkctl::format::flink::changelog::MemorySegment;
use chkctl::format::flink::changelog::OffsetHandle;
use chkctl::format::flink::channel::ChannelHandle;
use chkctl::format::flink::channel::ChannelOffsets;
use chkctl::format::flink::channel::Channels;
use chkctl::format::flink::channel::InputChannel;
use chkctl::format::flink::channel::MergedChannel;
use chkctl::format::flink::channel::OutputChannel;
use chkctl::format::flink::channel::Side;
use chkctl::format::flink::keyed::IncrementalHandle;
use chkctl::format::flink::keyed::KeyGroupRange;
use chkctl::format::flink::keyed::KeyGroupsForm;
use chkctl::format::flink::keyed::KeyGroupsHandle;
use chkctl::format::flink::keyed::KeyedHandle;
use chkctl::format::flink::keyed::SecondForm;
use chkctl::format::flink::list::Layout;
use chkctl::format::flink::list::List;
use chkctl::format::flink::metadata::MasterState;
use chkctl::format::flink::metadata::Metadata;
use chkctl::format::flink::operator::MergingDirectories;
use chkctl::format::flink::operator::Mode;
use chkctl::format::flink::operator::OperatorHandle;
use chkctl::format::flink::operator::OperatorId;
use chkctl::format::flink::operator::OperatorState;
use chkctl::format::flink::operator::PartitionedState;
use chkctl::format::flink::operator::Subtask;
use chkctl::format::flink::operator::SubtaskState;
use chkctl::format::flink::stream::NamedHandle;
use chkctl::format::flink::stream::Scope;
use chkctl::format::flink::stream::Segment;
use chkctl::format::flink::stream::StreamHandle;
use chkctl::format::flink::trailer::Trailer;
use chkctl::format::flink::utf;
use chkctl::format::flink::utf::Utf;

/// One byte, two, three and six of them in modified UTF-8, and U+0000, which is two there.
const ODD: &str = "odd é€😀\0 name";

pub(crate) fn metadata(version: i32, trailer: Trailer<'static>) -> Metadata<'static> {
    let kind = Kind { version };
    Metadata {
        layout: Layout::new(version),
        checkpoint_id: i64::MAX,
        master_states: vec![
            MasterState { name: "hook".into(), version: 3, payload: b"payload" },
            MasterState { name: text(ODD), version: -1, payload: b"" },
        ]
        .into(),
        operators: vec![kind.stateful(), kind.finished(), kind.empty()].into(),
        trailer: (version >= 4).then_some(trailer),
        trailing: None,
    }
}

/// What the newest release that writes a version knows.
#[derive(Clone, Copy)]
struct Kind {
    version: i32,
}

impl Kind {
    fn stateful(self) -> OperatorState<'static> {
        let mut subtasks = vec![
            Subtask::Running(Box::new(self.full(0))),
            Subtask::Finished { index: 1 },
            Subtask::Running(Box::new(SubtaskState { index: 2, ..SubtaskState::default() })),
        ];
        let keyed = self.keyed_handles().into_iter().zip(3..);
        subtasks.extend(keyed.map(|(handle, index)| {
            Subtask::Running(Box::new(SubtaskState {
                index,
                managed_keyed: Some(handle.clone()),
                raw_keyed: matches!(handle, KeyedHandle::KeyGroups(_)).then_some(handle),
                ..SubtaskState::default()
            }))
        }));
        if self.version >= 4 {
            for (index, empty) in [(50, false), (51, true)] {
                subtasks.push(Subtask::Running(Box::new(SubtaskState {
                    index,
                    managed_operator: Some(merging(empty)),
                    ..SubtaskState::default()
                })));
            }
        }
        // An order that is neither Flink's nor ours.
        subtasks.reverse();
        OperatorState {
            name: (self.version >= 5).then(|| text(ODD)),
            uid: (self.version >= 5).then(|| "stateful".into()),
            id: OperatorId::of_uid("stateful"),
            parallelism: 64,
            max_parallelism: 32768,
            coordinator: Some(inline("coordinator", b"coordinator state")),
            subtasks: Some(subtasks.into()),
        }
    }

    fn finished(self) -> OperatorState<'static> {
        OperatorState {
            name: (self.version >= 5).then(|| "Finished".into()),
            uid: None,
            id: OperatorId(*b"fully finished op"[..16].first_chunk().expect("16 bytes")),
            parallelism: 1,
            max_parallelism: 1,
            coordinator: None,
            subtasks: None,
        }
    }

    fn empty(self) -> OperatorState<'static> {
        OperatorState {
            name: None,
            uid: (self.version >= 5).then(|| text(ODD)),
            id: OperatorId([0xFF; 16]),
            parallelism: 7,
            max_parallelism: 128,
            coordinator: None,
            subtasks: Some(List::default()),
        }
    }

    /// A subtask with something in every slot.
    fn full(self, index: i32) -> SubtaskState<'static> {
        let modes = [Mode::SplitDistribute, Mode::Union, Mode::Broadcast];
        let names = ["list", ODD, "broadcast"];
        let states = modes.into_iter().zip(names).zip(0..).map(|((mode, name), count)| {
            let offsets: Vec<i64> = (0..count).map(|n| 100 * n + i64::MAX / 2).collect();
            PartitionedState { name: text(name), mode, offsets: offsets.into() }
        });
        let managed_operator = OperatorHandle {
            states: states.collect::<Vec<_>>().into(),
            merging: None,
            delegate: Some(relative("operator-state", 4000)),
        };
        let raw_operator = OperatorHandle {
            states: vec![PartitionedState {
                name: "_raw_".into(),
                mode: Mode::SplitDistribute,
                offsets: vec![0, 17].into(),
            }]
            .into(),
            merging: None,
            delegate: Some(inline("raw operator", b"raw operator state")),
        };
        let inputs = self.channels(Side::Input).into_iter().map(InputChannel);
        let outputs = self.channels(Side::Output).into_iter().map(OutputChannel);
        SubtaskState {
            index,
            managed_operator: Some(managed_operator),
            raw_operator: Some(raw_operator),
            managed_keyed: Some(KeyedHandle::Incremental(self.incremental(5))),
            raw_keyed: Some(key_groups(KeyGroupsForm::Second, inline("raw keyed", b"raw keyed"))),
            input_channels: inputs.collect::<Vec<_>>().into(),
            result_subpartitions: outputs.collect::<Vec<_>>().into(),
            reference_checkpoint: None,
        }
    }

    fn keyed_handles(self) -> Vec<KeyedHandle<'static>> {
        let as_stream = KeyGroupsHandle {
            form: KeyGroupsForm::First,
            start_key_group: 9,
            offsets: vec![0].into(),
            delegate: Some(file("nested", 333)),
            state_handle_id: None,
        };
        let mut handles = vec![
            key_groups(KeyGroupsForm::First, file("key-groups", 1000)),
            key_groups(KeyGroupsForm::Second, relative("key-groups", 1001)),
            key_groups(KeyGroupsForm::Savepoint, inline("key-groups", b"inline savepoint")),
            key_groups(KeyGroupsForm::Second, StreamHandle::KeyGroups(Box::new(as_stream))),
            KeyedHandle::KeyGroups(KeyGroupsHandle {
                form: KeyGroupsForm::Savepoint,
                start_key_group: 0,
                offsets: List::default(),
                delegate: Some(relative("no-key-groups", 1)),
                state_handle_id: None,
            }),
            KeyedHandle::Incremental(IncrementalHandle { second: None, ..self.incremental(6) }),
            KeyedHandle::Incremental(IncrementalHandle {
                shared: List::default(),
                private: List::default(),
                ..self.incremental(7)
            }),
            KeyedHandle::Changelog(self.changelog(
                8,
                vec![Some(KeyedHandle::Incremental(self.incremental(4)))],
                vec![Some(self.file_segments(10)), Some(self.memory_segment(20))],
            )),
            KeyedHandle::Changelog(self.changelog(9, Vec::new(), Vec::new())),
        ];
        if self.version >= 4 {
            handles.push(key_groups(KeyGroupsForm::Second, segment("key-groups", Scope::Shared)));
        }
        handles
    }

    fn incremental(self, checkpoint_id: i64) -> IncrementalHandle<'static> {
        let mut shared = vec![
            named("000012.sst", file("sst-12", 99)),
            named("000013.sst", relative("sst-13", 98)),
            named("000014.sst", inline("sst-14", b"a small SST file")),
        ];
        if self.version >= 4 {
            shared.push(named("000015.sst", segment("sst-15", Scope::Shared)));
        }
        let private = vec![
            named("CURRENT", inline("current", b"MANIFEST-000011\n")),
            named("MANIFEST-000011", file("manifest", 555)),
        ];
        let second = SecondForm {
            checkpointed_size: 1234 + checkpoint_id,
            state_handle_id: leak(format!("incremental-{checkpoint_id}")).into(),
        };
        IncrementalHandle {
            checkpoint_id,
            backend_id: "12345678-9abc-4def-8123-456789abcdef".into(),
            key_groups: KeyGroupRange { start: 100, count: 28 },
            second: Some(second),
            meta: Some(relative("meta", 77)),
            shared: shared.into(),
            private: private.into(),
        }
    }

    fn changelog(
        self,
        number: i64,
        materialized: Vec<Option<KeyedHandle<'static>>>,
        non_materialized: Vec<Option<KeyedHandle<'static>>>,
    ) -> ChangelogHandle<'static> {
        ChangelogHandle {
            key_groups: KeyGroupRange { start: 0, count: 64 },
            checkpointed_size: Some(70 + number),
            materialized: materialized.into(),
            non_materialized: non_materialized.into(),
            materialization_id: Some(3),
            checkpoint_id: (self.version >= 4).then_some(number),
            state_handle_id: Some(leak(format!("changelog-{number}")).into()),
        }
    }

    fn file_segments(self, number: i64) -> KeyedHandle<'static> {
        let entry = |offset, handle| OffsetHandle { offset, handle: Some(handle) };
        KeyedHandle::ChangelogFile(FileSegments {
            key_groups: KeyGroupRange { start: 0, count: 64 },
            handles: vec![entry(17, file("dstl-1", 300)), entry(0, file("dstl-2", 301))].into(),
            state_size: 440 + number,
            incremental_size: Some(30 + number),
            state_handle_id: Some(leak(format!("segments-{number}")).into()),
            storage: (self.version >= 4).then(|| "filesystem".into()),
        })
    }

    fn memory_segment(self, number: i64) -> KeyedHandle<'static> {
        let change = |key_group, data: &'static [u8]| Change { key_group, data };
        KeyedHandle::ChangelogMemory(MemorySegment {
            key_groups: KeyGroupRange { start: 0, count: 64 },
            from: number,
            to: number + 2,
            changes: vec![change(-1, b"metadata"), change(63, b"a change"), change(0, b"")].into(),
            state_handle_id: Some(leak(format!("memory-{number}")).into()),
        })
    }

    fn channels(self, side: Side) -> Vec<ChannelHandle<'static>> {
        let channel = |gate, channel, offsets: &[i64]| ChannelOffsets {
            gate,
            channel,
            offsets: offsets.to_vec().into(),
        };
        let handle = |channels, state_size, delegate| ChannelHandle {
            side,
            subtask: Some(5),
            channels,
            state_size,
            delegate: Some(delegate),
        };
        let mut handles = vec![
            handle(Channels::One(channel(2, 3, &[4, 6])), 20, relative("channels", 900)),
            handle(Channels::One(channel(0, 0, &[])), 0, file("channels-2", 901)),
        ];
        if self.version >= 6 {
            let merged = |offsets, state_size| MergedChannel { channel: offsets, state_size };
            let both = vec![merged(channel(0, 1, &[7]), 8), merged(channel(1, 0, &[8, 9]), 24)];
            let one = vec![merged(channel(3, 3, &[1]), 2)];
            handles.push(handle(Channels::Merged(both.into()), 32, relative("channels", 900)));
            handles.push(handle(Channels::Merged(one.into()), 2, inline("channels", b"\x01\x02")));
        }
        handles
    }
}

/// Operator state under file merging; the empty one only reports the directories.
fn merging(empty: bool) -> OperatorHandle<'static> {
    let state =
        PartitionedState { name: "merged".into(), mode: Mode::Union, offsets: vec![7, 9].into() };
    OperatorHandle {
        states: if empty { List::default() } else { vec![state].into() },
        merging: Some(MergingDirectories {
            task_owned: "file:/elsewhere/taskowned/job_1_tm_1".into(),
            shared: "file:/elsewhere/shared/job_1_op_1_0_2".into(),
            empty,
        }),
        delegate: Some(match empty {
            true => StreamHandle::EmptySegment,
            false => segment("operator-state", Scope::Exclusive),
        }),
    }
}

fn key_groups(form: KeyGroupsForm, delegate: StreamHandle<'static>) -> KeyedHandle<'static> {
    KeyedHandle::KeyGroups(KeyGroupsHandle {
        form,
        start_key_group: 30000,
        offsets: vec![0, 100, i64::MAX].into(),
        delegate: Some(delegate),
        state_handle_id: (form == KeyGroupsForm::Second).then(|| "key-groups-id".into()),
    })
}

fn named(local_name: &'static str, handle: StreamHandle<'static>) -> NamedHandle<'static> {
    NamedHandle { local_name: local_name.into(), handle: Some(handle) }
}

fn inline(name: &'static str, data: &'static [u8]) -> StreamHandle<'static> {
    StreamHandle::Inline { name: text(&format!("inline {name} {ODD}")), data }
}

fn file(name: &str, size: i64) -> StreamHandle<'static> {
    StreamHandle::File { size, path: leak(format!("file:/elsewhere/{name}")).into() }
}

fn relative(name: &'static str, size: i64) -> StreamHandle<'static> {
    StreamHandle::Relative { path: name.into(), size }
}

fn segment(name: &str, scope: Scope) -> StreamHandle<'static> {
    StreamHandle::Segment(Segment {
        start: 16,
        length: 32,
        scope,
        path: leak(format!("file:/elsewhere/merged-{name}")).into(),
        logical_file_id: leak(format!("logical-{name}")).into(),
    })
}

fn text(text: &str) -> Utf<'static> {
    Utf::from_encoded(utf::encode(text).leak())
}

fn leak(text: String) -> &'static str {
    text.leak()
}
