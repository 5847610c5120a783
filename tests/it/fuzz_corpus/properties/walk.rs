//! Asks every value of a metadata file everything it can answer.

use std::hint::black_box;

use chkctl::format::flink::channel::ChannelHandle;
use chkctl::format::flink::channel::Channels;
use chkctl::format::flink::keyed::KeyGroupRange;
use chkctl::format::flink::keyed::KeyGroupsForm;
use chkctl::format::flink::keyed::KeyGroupsHandle;
use chkctl::format::flink::keyed::KeyedHandle;
use chkctl::format::flink::list::List;
use chkctl::format::flink::list::Record;
use chkctl::format::flink::metadata::Metadata;
use chkctl::format::flink::operator::OperatorHandle;
use chkctl::format::flink::operator::Subtask;
use chkctl::format::flink::operator::SubtaskState;
use chkctl::format::flink::stream::StreamHandle;
use chkctl::format::flink::utf::Utf;

/// What occurs in a file.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Keyed handles with tag 11 or 12.
    pub(super) second_form: bool,
    /// Tags 8 to 10, 13, 14.
    pub(super) changelog: bool,
    /// Tags 8 and 10, whatever their form.
    pub(super) changelog_of_1_15: bool,
    /// A parallelism that is not positive.
    pub(super) odd_parallelism: bool,
    /// Finished subtasks or operators.
    pub(super) finished: bool,
    /// Tags 15 to 17.
    pub(super) merged_files: bool,
    /// Merged handles of in-flight data.
    pub(super) merged_channels: bool,
    /// How many operators.
    pub(super) operators: usize,
    /// How many channels have in-flight data, alone or in a merged handle.
    pub(super) channel_states: usize,
}

pub(super) fn walk(metadata: &Metadata<'_>) -> Seen {
    let mut seen = Seen::default();
    for state in records(&metadata.master_states) {
        text(state.name);
        black_box((state.version, state.payload.len()));
    }
    for operator in records(&metadata.operators) {
        seen.operators += 1;
        operator.name.into_iter().chain(operator.uid).for_each(text);
        black_box(operator.id.to_string());
        seen.odd_parallelism |= operator.has_odd_parallelism();
        stream(operator.coordinator.as_ref(), &mut seen);
        match &operator.subtasks {
            None => seen.finished = true,
            Some(subtasks) => records(subtasks).for_each(|entry| subtask(&entry, &mut seen)),
        }
    }
    if let Some(trailer) = metadata.trailer {
        black_box(format!("{:?}", trailer.properties()));
    }
    let forms = metadata.forms();
    assert_eq!(forms.changelog, seen.changelog);
    assert_eq!(forms.second, seen.second_form);
    seen
}

fn subtask(entry: &Subtask<'_>, seen: &mut Seen) {
    assert!(entry.index() >= 0);
    let Subtask::Running(state) = entry else {
        seen.finished = true;
        return;
    };
    let SubtaskState { managed_operator, raw_operator, managed_keyed, raw_keyed, .. } = &**state;
    for handle in [managed_operator, raw_operator].into_iter().flatten() {
        operator_state(handle, seen);
    }
    for handle in [managed_keyed, raw_keyed].into_iter().flatten() {
        keyed(handle, seen);
    }
    records(&state.input_channels).for_each(|handle| channel(&handle.0, seen));
    records(&state.result_subpartitions).for_each(|handle| channel(&handle.0, seen));
}

fn operator_state(handle: &OperatorHandle<'_>, seen: &mut Seen) {
    black_box((handle.class(), handle.state_size()));
    for state in records(&handle.states) {
        text(state.name);
        black_box((state.mode.name(), records(&state.offsets).count()));
    }
    if let Some(merging) = handle.merging {
        seen.merged_files = true;
        text(merging.task_owned);
        text(merging.shared);
    }
    stream(handle.delegate.as_ref(), seen);
}

fn keyed(handle: &KeyedHandle<'_>, seen: &mut Seen) {
    black_box((handle.class(), handle.checkpointed_size()));
    range(handle.key_groups());
    handle.state_handle_id().into_iter().for_each(text);
    match handle {
        KeyedHandle::KeyGroups(handle) => key_groups(handle, seen),
        KeyedHandle::Incremental(handle) => {
            seen.second_form |= handle.second.is_some();
            text(handle.backend_id);
            stream(handle.meta.as_ref(), seen);
            for file in records(&handle.shared).chain(records(&handle.private)) {
                text(file.local_name);
                stream(file.handle.as_ref(), seen);
            }
            black_box(handle.state_size());
        }
        KeyedHandle::Changelog(handle) => {
            seen.changelog = true;
            seen.changelog_of_1_15 |= handle.checkpoint_id.is_none();
            let parts = records(&handle.materialized).chain(records(&handle.non_materialized));
            parts.flatten().for_each(|part| keyed(&part, seen));
        }
        KeyedHandle::ChangelogMemory(handle) => {
            seen.changelog = true;
            let bytes: usize = records(&handle.changes).map(|change| change.data.len()).sum();
            assert_eq!(handle.state_size(), bytes as u64);
        }
        KeyedHandle::ChangelogFile(handle) => {
            seen.changelog = true;
            seen.changelog_of_1_15 |= handle.storage.is_none();
            handle.storage.into_iter().for_each(text);
            for file in records(&handle.handles) {
                assert!(file.offset >= 0);
                stream(file.handle.as_ref(), seen);
            }
        }
    }
}

fn key_groups(handle: &KeyGroupsHandle<'_>, seen: &mut Seen) {
    seen.second_form |= handle.form == KeyGroupsForm::Second;
    assert_eq!(handle.form == KeyGroupsForm::Second, handle.state_handle_id.is_some());
    black_box((handle.class(), handle.state_size(), records(&handle.offsets).count()));
    range(handle.key_groups());
    stream(handle.delegate.as_ref(), seen);
}

fn stream(handle: Option<&StreamHandle<'_>>, seen: &mut Seen) {
    let Some(handle) = handle else { return };
    black_box((handle.class(), handle.state_size()));
    match handle {
        StreamHandle::Inline { name, data } => {
            text(*name);
            assert_eq!(handle.state_size(), Some(data.len() as u64));
        }
        StreamHandle::File { size, path } | StreamHandle::Relative { path, size } => {
            text(*path);
            assert_eq!(handle.state_size().is_none(), *size == -1);
        }
        StreamHandle::Segment(segment) => {
            seen.merged_files = true;
            text(segment.path);
            text(segment.logical_file_id);
            assert!(segment.start >= 0 && handle.state_size().is_some());
            black_box(segment.scope.name());
        }
        StreamHandle::EmptySegment => {
            seen.merged_files = true;
            assert_eq!(handle.state_size(), Some(0));
        }
        StreamHandle::KeyGroups(inner) => key_groups(inner, seen),
    }
}

fn channel(handle: &ChannelHandle<'_>, seen: &mut Seen) {
    black_box((handle.class(), handle.state_size(), handle.delegate_size()));
    stream(handle.delegate.as_ref(), seen);
    match &handle.channels {
        Channels::One(channel) => {
            seen.channel_states += 1;
            black_box(records(&channel.offsets).count());
        }
        Channels::Merged(channels) => {
            seen.merged_channels = true;
            for merged in records(channels) {
                seen.channel_states += 1;
                black_box((merged.state_size, records(&merged.channel.offsets).count()));
            }
        }
    }
}

fn range(range: KeyGroupRange) {
    match range.bounds() {
        None => assert_eq!(range.count, 0),
        Some((first, last)) => assert!(first >= 0 && last - first == range.count - 1),
    }
}

fn text(text: Utf<'_>) {
    assert!(text.as_bytes().len() <= usize::from(u16::MAX));
    assert_eq!(text.is_empty(), text.to_str().is_empty());
}

/// The records of a list, which are as many as it says.
fn records<'a, T: Record<'a>>(list: &List<'a, T>) -> impl Iterator<Item = T> {
    let records: Vec<T> = list.iter().collect();
    assert_eq!(records.len(), list.len());
    assert_eq!(list.iter().size_hint(), (records.len(), Some(records.len())));
    assert_eq!(list.clone().into_records().count(), records.len());
    records.into_iter()
}
