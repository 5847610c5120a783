//! Files of any content are read as they were written.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::samples;
use crate::format::flink::changelog::*;
use crate::format::flink::channel::*;
use crate::format::flink::encode::Target;
use crate::format::flink::keyed::*;
use crate::format::flink::list::Layout;
use crate::format::flink::list::List;
use crate::format::flink::list::Record;
use crate::format::flink::metadata::MasterState;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::*;
use crate::format::flink::properties::NO_PROPERTIES;
use crate::format::flink::stream::*;
use crate::format::flink::utf::Utf;

fn text() -> impl Strategy<Value = Utf<'static>> {
    prop::sample::select(vec!["", "a", "000012.sst", "file:/c/ä", "s3://b/x y", "€"])
        .prop_map(Utf::from)
}

fn bytes() -> impl Strategy<Value = &'static [u8]> {
    prop::sample::select(vec![&[][..], &[0], &[0xFF; 3], &[9; 40]])
}

fn list<T: Record<'static> + std::fmt::Debug>(
    of: impl Strategy<Value = T>,
) -> impl Strategy<Value = List<'static, T>> {
    vec(of, 0..3).prop_map(List::from)
}

/// Nothing or something; nothing in versions before `since`.
fn some_since<T: std::fmt::Debug>(
    since: i32,
    version: i32,
    of: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    option::of(of).prop_map(move |value| value.filter(|_| version >= since))
}

fn offsets() -> impl Strategy<Value = List<'static, i64>> {
    list(any::<i64>())
}

fn range() -> impl Strategy<Value = KeyGroupRange> {
    (0..4096_i32, 0..4096_i32).prop_map(|(start, count)| KeyGroupRange { start, count })
}

fn segment() -> impl Strategy<Value = StreamHandle<'static>> {
    let scope = prop::sample::select(vec![Scope::Exclusive, Scope::Shared]);
    (0..i64::MAX, 0..i64::MAX, scope, text(), text()).prop_map(
        |(start, length, scope, path, logical_file_id)| {
            StreamHandle::Segment(Segment { start, length, scope, path, logical_file_id })
        },
    )
}

fn inline() -> impl Strategy<Value = StreamHandle<'static>> {
    (text(), bytes()).prop_map(|(name, data)| StreamHandle::Inline { name, data })
}

/// Any stream handle the version has.
fn stream(version: i32) -> BoxedStrategy<Option<StreamHandle<'static>>> {
    let flat = prop_oneof![
        inline(),
        (-1..i64::MAX, text()).prop_map(|(size, path)| StreamHandle::File { size, path }),
        (-1..i64::MAX, text()).prop_map(|(size, path)| StreamHandle::Relative { size, path }),
    ];
    let flat = match version {
        3 => flat.boxed(),
        _ => prop_oneof![3 => flat, 1 => segment(), 1 => Just(StreamHandle::EmptySegment)].boxed(),
    };
    let nested = flat.prop_recursive(1, 2, 1, |inner| {
        let form = Just(KeyGroupsForm::First);
        key_groups(form, option::of(inner))
            .prop_map(|handle| StreamHandle::KeyGroups(Box::new(handle)))
    });
    option::of(nested).boxed()
}

fn key_groups(
    form: impl Strategy<Value = KeyGroupsForm>,
    delegate: impl Strategy<Value = Option<StreamHandle<'static>>>,
) -> impl Strategy<Value = KeyGroupsHandle<'static>> {
    (form, 0..4096_i32, offsets(), delegate, text()).prop_map(
        |(form, start_key_group, offsets, delegate, id)| {
            let state_handle_id = (form == KeyGroupsForm::Second).then_some(id);
            KeyGroupsHandle { form, start_key_group, offsets, delegate, state_handle_id }
        },
    )
}

fn incremental(version: i32) -> impl Strategy<Value = IncrementalHandle<'static>> {
    let second = (any::<i64>(), text()).prop_map(|(checkpointed_size, state_handle_id)| {
        SecondForm { checkpointed_size, state_handle_id }
    });
    // In version 3 the first form would speak against changelog handles of 1.15.
    let second = (any::<bool>(), second)
        .prop_map(move |(is_second, form)| (is_second || version == 3).then_some(form));
    let files = || {
        list(
            (text(), stream(version))
                .prop_map(|(local_name, handle)| NamedHandle { local_name, handle }),
        )
    };
    (any::<i64>(), text(), range(), second, stream(version), files(), files()).prop_map(
        |(checkpoint_id, backend_id, key_groups, second, meta, shared, private)| {
            IncrementalHandle {
                checkpoint_id,
                backend_id,
                key_groups,
                second,
                meta,
                shared,
                private,
            }
        },
    )
}

fn memory_segment() -> impl Strategy<Value = MemorySegment<'static>> {
    let change = (any::<i32>(), bytes()).prop_map(|(key_group, data)| Change { key_group, data });
    (range(), any::<i64>(), any::<i64>(), list(change), text()).prop_map(
        |(key_groups, from, to, changes, id)| {
            let state_handle_id = Some(id);
            MemorySegment { key_groups, from, to, changes, state_handle_id }
        },
    )
}

fn file_segments(version: i32) -> impl Strategy<Value = FileSegments<'static>> {
    let file =
        (0..i64::MAX, stream(version)).prop_map(|(offset, handle)| OffsetHandle { offset, handle });
    (range(), list(file), any::<i64>(), any::<i64>(), text(), text()).prop_map(
        move |(key_groups, handles, state_size, incremental_size, id, storage)| FileSegments {
            key_groups,
            handles,
            state_size,
            incremental_size: Some(incremental_size),
            state_handle_id: Some(id),
            storage: (version > 3).then_some(storage),
        },
    )
}

fn keyed(version: i32) -> impl Strategy<Value = KeyedHandle<'static>> {
    let mut forms = vec![KeyGroupsForm::Second, KeyGroupsForm::Savepoint];
    if version > 3 {
        forms.push(KeyGroupsForm::First);
    }
    let form = prop::sample::select(forms);
    let leaf = prop_oneof![
        key_groups(form, stream(version)).prop_map(KeyedHandle::KeyGroups),
        incremental(version).prop_map(KeyedHandle::Incremental),
        memory_segment().prop_map(KeyedHandle::ChangelogMemory),
        file_segments(version).prop_map(KeyedHandle::ChangelogFile),
    ];
    let leaf = leaf.boxed();
    let parts = || list(option::of(leaf.clone()));
    let numbers = (any::<i64>(), any::<i64>(), any::<i64>());
    let changelog = (range(), parts(), parts(), numbers, text()).prop_map(
        move |(key_groups, materialized, non_materialized, (size, id, checkpoint), name)| {
            KeyedHandle::Changelog(ChangelogHandle {
                key_groups,
                checkpointed_size: Some(size),
                materialized,
                non_materialized,
                materialization_id: Some(id),
                checkpoint_id: (version > 3).then_some(checkpoint),
                state_handle_id: Some(name),
            })
        },
    );
    prop_oneof![4 => leaf, 1 => changelog]
}

fn operator_handle(version: i32) -> impl Strategy<Value = OperatorHandle<'static>> {
    let mode = prop::sample::select(vec![Mode::SplitDistribute, Mode::Union, Mode::Broadcast]);
    let state = (text(), mode, offsets()).prop_map(|(name, mode, offsets)| PartitionedState {
        name,
        mode,
        offsets,
    });
    let directories = (text(), text(), any::<bool>())
        .prop_map(|(task_owned, shared, empty)| MergingDirectories { task_owned, shared, empty });
    let merging = some_since(4, version, directories);
    (list(state), merging, stream(version), segment()).prop_map(
        |(states, merging, delegate, segment)| {
            let delegate = if merging.is_some() { Some(segment) } else { delegate };
            OperatorHandle { states, merging, delegate }
        },
    )
}

fn channel(version: i32, side: Side) -> impl Strategy<Value = ChannelHandle<'static>> {
    let channel = || {
        (0..9_i32, 0..9_i32, offsets()).prop_map(|(gate, channel, offsets)| ChannelOffsets {
            gate,
            channel,
            offsets,
        })
    };
    let merged = (channel(), any::<i64>())
        .prop_map(|(channel, state_size)| MergedChannel { channel, state_size });
    let one = channel().prop_map(Channels::One);
    let channels = match version {
        6 => prop_oneof![one, list(merged).prop_map(Channels::Merged)].boxed(),
        _ => one.boxed(),
    };
    (any::<i32>(), channels, any::<i64>(), stream(version)).prop_map(
        move |(subtask, channels, state_size, delegate)| ChannelHandle {
            side,
            subtask: Some(subtask),
            channels,
            state_size,
            delegate,
        },
    )
}

fn subtask(version: i32) -> impl Strategy<Value = Subtask<'static>> {
    let operator = || option::of(operator_handle(version));
    let keyed = || option::of(keyed(version));
    let input = list(channel(version, Side::Input).prop_map(InputChannel));
    let output = list(channel(version, Side::Output).prop_map(OutputChannel));
    let state = (0..i32::MAX, operator(), operator(), keyed(), keyed(), input, output).prop_map(
        |(index, managed_operator, raw_operator, managed_keyed, raw_keyed, input, output)| {
            samples::running(SubtaskState {
                index,
                managed_operator,
                raw_operator,
                managed_keyed,
                raw_keyed,
                input_channels: input,
                result_subpartitions: output,
                reference_checkpoint: None,
            })
        },
    );
    prop_oneof![4 => state, 1 => (0..=i32::MAX).prop_map(|index| Subtask::Finished { index })]
}

fn operator(version: i32) -> impl Strategy<Value = OperatorState<'static>> {
    let name = || {
        let name = text().prop_filter("an empty name is none", |text| !text.is_empty());
        some_since(5, version, name)
    };
    let subtasks = option::weighted(0.8, list(subtask(version)));
    let parallelism = (1..i32::MAX, 1..i32::MAX);
    (name(), name(), any::<[u8; 16]>(), parallelism, option::of(inline()), subtasks).prop_map(
        |(name, uid, id, (parallelism, max_parallelism), coordinator, subtasks)| OperatorState {
            name,
            uid,
            id: OperatorId(id),
            parallelism,
            max_parallelism,
            coordinator,
            subtasks,
        },
    )
}

fn file() -> impl Strategy<Value = Metadata<'static>> {
    (3..=6_i32).prop_flat_map(|version| {
        let state = (text(), any::<i32>(), bytes())
            .prop_map(|(name, version, payload)| MasterState { name, version, payload });
        (0..=i64::MAX, list(state), list(operator(version))).prop_map(
            move |(checkpoint_id, master_states, operators)| Metadata {
                layout: Layout::new(version),
                checkpoint_id,
                master_states,
                operators,
                trailer: samples::trailer(&NO_PROPERTIES).filter(|_| version >= 4),
                trailing: None,
            },
        )
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(file in file()) {
        let target = file.own_target().unwrap();
        let bytes = file.encode(target).unwrap();
        let read = Metadata::parse(&bytes).unwrap();
        prop_assert_eq!(&read, &file);
        prop_assert_eq!(read.encode(target).unwrap(), bytes);
        prop_assert_eq!(target, Target::version(file.layout.version).unwrap());
    }
}
