//! `_metadata` files that no Flink writes: counts which nothing can hold, deep nesting, paths and
//! names that try to do something, and very many small things. And that none of them, and no
//! damage to a good file, costs more than an error message (`configuration`, `memory`,
//! `sweep`, `terminal`); and that in a job directory the other checkpoints are still seen (`trees`).

mod configuration;
mod memory;
mod sweep;
mod terminal;
mod trees;

use chkctl::format::flink::changelog::ChangelogHandle;
use chkctl::format::flink::encode::Target;
use chkctl::format::flink::keyed::IncrementalHandle;
use chkctl::format::flink::keyed::KeyGroupRange;
use chkctl::format::flink::keyed::KeyGroupsForm;
use chkctl::format::flink::keyed::KeyGroupsHandle;
use chkctl::format::flink::keyed::KeyedHandle;
use chkctl::format::flink::keyed::SecondForm;
use chkctl::format::flink::list::Layout;
use chkctl::format::flink::list::List;
use chkctl::format::flink::metadata::Metadata;
use chkctl::format::flink::operator::OperatorId;
use chkctl::format::flink::operator::OperatorState;
use chkctl::format::flink::operator::Subtask;
use chkctl::format::flink::operator::SubtaskState;
use chkctl::format::flink::stream::NamedHandle;
use chkctl::format::flink::stream::StreamHandle;

/// Small hostile files, by name.
pub(crate) fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("count-of-operators", head(&[0, i32::MAX])),
        ("negative-count-of-operators", head(&[0, i32::MIN])),
        ("count-of-master-states", head(&[i32::MAX])),
        ("inline-length", one_operator_of(&[0x01, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF])),
        ("count-of-subtasks", one_operator_of(&[0, 0x7F, 0xFF, 0xFF, 0xFF])),
        ("unknown-handle", one_operator_of(&[0x2A])),
        ("nested-handles", encode(vec![operator("nested", keyed(nested_changelogs(100)))])),
        ("nested-streams", encode(vec![operator("nested", keyed(nested_key_groups(100)))])),
        ("path-through-dots", encode(vec![with_file("dots", "file:/cp/job/../../etc/passwd")])),
        ("names", encode(vec![with_file("\u{1b}[2J\u{1b}[31mred\r\nuid", "file:/cp/\u{1b}[2Jx")])),
    ]
}

/// Magic number, version 6 and checkpoint id 1, then these.
fn head(more: &[i32]) -> Vec<u8> {
    let mut bytes = vec![0x49, 0x60, 0x67, 0x2D, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1];
    more.iter().for_each(|number| bytes.extend(number.to_be_bytes()));
    bytes
}

/// One operator without a name, from the coordinator's handle on these bytes.
fn one_operator_of(rest: &[u8]) -> Vec<u8> {
    let mut bytes = head(&[0, 1]);
    bytes.extend([0; 4]);
    bytes.extend([0xAB; 16]);
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 0x80]);
    bytes.extend(rest);
    // Enough for the shortest operator there can be, so that its own fields are looked at.
    bytes.resize(bytes.len().max(16 + 8 + 40), 0);
    bytes
}

/// A file of version 6 with these operators.
pub(crate) fn encode(operators: Vec<OperatorState<'_>>) -> Vec<u8> {
    let metadata = Metadata {
        layout: Layout::new(6),
        checkpoint_id: 1,
        master_states: List::default(),
        operators: operators.into(),
        trailer: None,
        trailing: None,
    };
    metadata.encode(Target::version(6).unwrap()).unwrap()
}

/// An operator of one subtask.
pub(crate) fn operator<'a>(uid: &'a str, state: SubtaskState<'a>) -> OperatorState<'a> {
    OperatorState {
        name: None,
        uid: Some(uid.into()),
        id: OperatorId::of_uid(uid),
        parallelism: 1,
        max_parallelism: 128,
        coordinator: None,
        subtasks: Some(vec![Subtask::Running(Box::new(state))].into()),
    }
}

/// A subtask with this keyed state.
pub(crate) fn keyed(handle: KeyedHandle<'_>) -> SubtaskState<'_> {
    SubtaskState { managed_keyed: Some(handle), ..SubtaskState::default() }
}

/// An operator with one shared file.
fn with_file<'a>(uid: &'a str, path: &'a str) -> OperatorState<'a> {
    operator(uid, keyed(KeyedHandle::Incremental(incremental(vec![file(path)]))))
}

/// A file of 10 bytes at this path.
pub(crate) fn file(path: &str) -> NamedHandle<'_> {
    let handle = Some(StreamHandle::File { size: 10, path: path.into() });
    NamedHandle { local_name: "000001.sst".into(), handle }
}

/// A database of these files.
pub(crate) fn incremental<'a>(shared: Vec<NamedHandle<'a>>) -> IncrementalHandle<'a> {
    IncrementalHandle {
        checkpoint_id: 1,
        backend_id: "12345678-9abc-4def-8123-456789abcdef".into(),
        key_groups: KeyGroupRange { start: 0, count: 128 },
        second: Some(SecondForm { checkpointed_size: 10, state_handle_id: "id".into() }),
        meta: None,
        shared: shared.into(),
        private: List::default(),
    }
}

/// Changelog handles in each other, an empty database in the innermost.
pub(crate) fn nested_changelogs(depth: usize) -> KeyedHandle<'static> {
    (0..depth).fold(KeyedHandle::Incremental(incremental(Vec::new())), changelog)
}

/// A changelog handle around another handle.
pub(crate) fn changelog(inner: KeyedHandle<'_>, _level: usize) -> KeyedHandle<'_> {
    KeyedHandle::Changelog(ChangelogHandle {
        key_groups: KeyGroupRange { start: 0, count: 128 },
        checkpointed_size: Some(0),
        materialized: vec![Some(inner)].into(),
        non_materialized: List::default(),
        materialization_id: Some(1),
        checkpoint_id: Some(1),
        state_handle_id: Some("changelog".into()),
    })
}

fn nested_key_groups(depth: usize) -> KeyedHandle<'static> {
    let around = |inner: StreamHandle<'static>, form| KeyGroupsHandle {
        form,
        start_key_group: 0,
        offsets: vec![0].into(),
        delegate: Some(inner),
        state_handle_id: (form == KeyGroupsForm::Second).then(|| "id".into()),
    };
    let innermost = StreamHandle::Inline { name: "innermost".into(), data: b"" };
    let stream = (0..depth).fold(innermost, |inner, _| {
        StreamHandle::KeyGroups(Box::new(around(inner, KeyGroupsForm::First)))
    });
    KeyedHandle::KeyGroups(around(stream, KeyGroupsForm::Second))
}
