//! Section 9 of the format document: bytes that Flink's own serializers wrote.

use super::encoded;
use super::hex;
use crate::format::flink::channel::Channels;
use crate::format::flink::channel::InputChannel;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::list::Layout;
use crate::format::flink::list::Record;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::Mode;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;
use crate::format::flink::read::Reader;
use crate::format::flink::stream::Scope;
use crate::format::flink::stream::StreamHandle;

/// 9.1 and 9.5: a whole file of version 6.
pub(super) fn complete_file() -> Vec<u8> {
    let mut file = hex(include_str!("complete_v6.hex"));
    file.extend(hex(include_str!("trailer_checkpoint.hex")));
    file
}

#[test]
fn the_complete_file_of_version_6() {
    let bytes = complete_file();
    assert_eq!(bytes.len(), 358 + 604);
    let file = Metadata::parse(&bytes).unwrap();
    assert_eq!((file.layout.version, file.checkpoint_id, file.trailing), (6, 42, None));

    let master: Vec<_> = file.master_states.iter().collect();
    assert_eq!(master.len(), 1);
    assert_eq!(master[0].name.to_str(), "ms");
    assert_eq!((master[0].version, master[0].payload), (1, &[5, 6][..]));

    let operators: Vec<_> = file.operators.iter().collect();
    assert_eq!(operators.len(), 2);
    let first = &operators[0];
    assert_eq!(first.name.unwrap().to_str(), "nm");
    assert_eq!(first.uid.unwrap().to_str(), "ui");
    assert_eq!(first.id.to_string(), "01020304050607081112131415161718");
    assert_eq!((first.parallelism, first.max_parallelism), (2, 128));
    let coordinator = StreamHandle::Inline { name: "co".into(), data: &[9] };
    assert_eq!(first.coordinator, Some(coordinator));

    let subtasks: Vec<_> = first.subtasks.as_ref().unwrap().iter().collect();
    assert_eq!(subtasks.len(), 2);
    assert_eq!(subtasks[1], Subtask::Finished { index: 1 });
    let Subtask::Running(state) = &subtasks[0] else { panic!("subtask 0 has state") };
    check_state(state);

    let finished = &operators[1];
    assert_eq!((finished.name, finished.uid, &finished.subtasks), (None, None, &None));
    assert_eq!(encoded(&file), bytes);
}

fn check_state(state: &SubtaskState<'_>) {
    let operator = state.managed_operator.as_ref().unwrap();
    let named: Vec<_> = operator.states.iter().collect();
    assert_eq!(named[0].name.to_str(), "ls");
    assert_eq!(named[0].mode, Mode::Union);
    assert_eq!(named[0].offsets.iter().collect::<Vec<_>>(), [7, 9]);
    assert_eq!(operator.delegate, Some(StreamHandle::Relative { path: "o1".into(), size: 11 }));

    let Some(KeyedHandle::Incremental(keyed)) = &state.managed_keyed else {
        panic!("an incremental handle")
    };
    assert_eq!(keyed.backend_id.to_str(), "00000000-0000-0001-0000-000000000002");
    assert_eq!(keyed.key_groups.bounds(), Some((0, 1)));
    assert_eq!(keyed.checkpointed_size(), Some(157));
    assert_eq!(keyed.second.unwrap().state_handle_id.to_str(), "hid");
    assert_eq!(keyed.meta, Some(StreamHandle::Relative { path: "m1".into(), size: 55 }));
    assert_eq!(keyed.state_size(), Some(55 + 99 + 3));
    let shared: Vec<_> = keyed.shared.iter().collect();
    assert_eq!(shared[0].local_name.to_str(), "000012.sst");
    let sst = StreamHandle::File { size: 99, path: "file:/c/shared/s1".into() };
    assert_eq!(shared[0].handle, Some(sst));
    let private: Vec<_> = keyed.private.iter().collect();
    assert_eq!(private[0].local_name.to_str(), "CURRENT");
    assert_eq!(private[0].handle.as_ref().unwrap().class(), "ByteStreamStateHandle");
}

/// Wraps single handles into the file of 9.1, which is how they are written back.
fn in_a_file(state: SubtaskState<'_>) -> Vec<u8> {
    let bytes = complete_file();
    let mut file = Metadata::parse(&bytes).unwrap();
    let mut operator = file.operators.iter().next().unwrap();
    operator.subtasks = Some(vec![Subtask::Running(Box::new(state))].into());
    file.operators = vec![operator].into();
    encoded(&file)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

const TAG_13: &str = "0d000000000000000200000001000000000000001102000000000000012c000766696c653a2f64\
     0000000000000028000000000000001e000168000a66696c6573797374656d";
const TAG_14_HEAD: &str = "0e00000000000000020000000000000046\
     00000000 00000001";
const TAG_15: &str = "0f0000000000000010000000000000002000000001000766696c653a2f7000036c6964";

fn keyed(hexed: &str) -> (Vec<u8>, String) {
    let bytes = hex(hexed);
    let mut r = Reader::new(&bytes);
    let handle = KeyedHandle::read(&mut r, Layout::new(6)).unwrap().unwrap();
    assert!(r.is_empty(), "every byte is read");
    let shown = format!("{handle:?}");
    let written = in_a_file(SubtaskState { managed_keyed: Some(handle), ..Default::default() });
    assert!(contains(&written, &bytes), "{shown} is written as it was read");
    (written, shown)
}

#[test]
fn keyed_handles() {
    let (_, shown) = keyed(
        "0c0000000000000002000000000000006400000000000000c8\
         02000000000000012c000766696c653a2f6b000168",
    );
    assert!(shown.contains("form: Second") && shown.contains("\"file:/k\""), "{shown}");
    let (_, shown) =
        keyed("070000000000000002000000000000006400000000000000000600016b000000000000012c");
    assert!(shown.contains("form: Savepoint"), "{shown}");
    let (_, shown) = keyed(TAG_13);
    assert!(shown.contains("\"filesystem\""), "{shown}");
    let (_, shown) = keyed(
        "0900000000000000020000000000000005000000000000000600000002\
         ffffffff0000000101 00000001000000020203 000168",
    );
    assert!(shown.contains("from: 5, to: 6"), "{shown}");
    let tag_14 = format!("{TAG_14_HEAD}{TAG_13} 0000000000000003 0000000000000008 000163");
    let (_, shown) = keyed(&tag_14);
    assert!(shown.contains("materialization_id: Some(3), checkpoint_id: Some(8)"), "{shown}");
}

#[test]
fn sizes_of_a_changelog_handle() {
    let bytes = hex(&format!("{TAG_14_HEAD}{TAG_13} 0000000000000003 0000000000000008 000163"));
    let handle = KeyedHandle::read(&mut Reader::new(&bytes), Layout::new(6)).unwrap().unwrap();
    assert_eq!((handle.state_size(), handle.checkpointed_size()), (Some(40), Some(70)));
}

#[test]
fn stream_handles() {
    let read = |hexed: &str| {
        let bytes = hex(hexed);
        let handle = StreamHandle::read(&mut Reader::new(&bytes), Layout::new(6)).unwrap();
        (format!("{handle:?}"), bytes)
    };
    assert_eq!(read("10").0, "Some(EmptySegment)");
    assert_eq!(read("00").0, "None");
    let bytes = hex(TAG_15);
    let handle = StreamHandle::read(&mut Reader::new(&bytes), Layout::new(6)).unwrap();
    let Some(StreamHandle::Segment(segment)) = handle else { panic!("a segment") };
    assert_eq!((segment.start, segment.length, segment.scope), (16, 32, Scope::Shared));
    assert_eq!(segment.logical_file_id.to_str(), "lid");
}

#[test]
fn an_operator_handle_with_file_merging_directories() {
    let handle = format!(
        "11000000010002 6c7301000000020000000000000007 0000000000000009\
         000766696c653a2f74000766696c653a2f7300{TAG_15}"
    );
    let bytes = hex(&format!("00000000 00000001 {handle} 00000000 00 00 00000000 00000000"));
    let mut r = Reader::new(&bytes);
    let Subtask::Running(read) = Subtask::read(&mut r, Layout::new(6)).unwrap() else {
        panic!("a running subtask")
    };
    assert!(r.is_empty());
    let managed = read.managed_operator.clone().unwrap();
    assert_eq!(managed.class(), "FileMergingOperatorStreamStateHandle");
    assert_eq!(managed.merging.unwrap().task_owned.to_str(), "file:/t");
    assert_eq!(managed.state_size(), Some(32));
    let written = in_a_file(*read);
    assert!(contains(&written, &bytes));
}

const CHANNEL: &str = "00000001000000020000000300000002000000000000000400000000000000060000000000000014\
     020000000000000009000766696c653a2f75";

#[test]
fn channel_handles() {
    for (version, tag) in [(3, ""), (5, ""), (6, "01")] {
        let bytes = hex(&format!("{tag}{CHANNEL}"));
        let mut r = Reader::new(&bytes);
        let InputChannel(handle) = InputChannel::read(&mut r, Layout::new(version)).unwrap();
        assert!(r.is_empty());
        assert_eq!((handle.subtask, handle.state_size()), (Some(1), Some(20)));
        let Channels::One(channel) = &handle.channels else { panic!("one channel") };
        assert_eq!((channel.gate, channel.channel), (2, 3));
        assert_eq!(channel.offsets.iter().collect::<Vec<_>>(), [4, 6]);
        assert_eq!(handle.class(), "InputChannelStateHandle");
    }
    let merged = hex("03000000010000000000000014020000000000000009000766696c653a2f75\
         00000028000000010000000200000003000000000000001400000002\
         00000000000000040000000000000006");
    let mut r = Reader::new(&merged);
    let InputChannel(handle) = InputChannel::read(&mut r, Layout::new(6)).unwrap();
    assert!(r.is_empty());
    assert_eq!(handle.class(), "MergedInputChannelStateHandle");
    let written = in_a_file(SubtaskState {
        input_channels: vec![InputChannel(handle)].into(),
        ..Default::default()
    });
    assert!(contains(&written, &merged));
}

#[test]
fn a_uid_is_hashed_to_an_operator_id() {
    // Section 1.4, and the operators of the given checkpoints.
    for (uid, id) in [
        ("profile-op", "eb62da86593154933fe4085e2e81db2d"),
        ("win-op", "561df006343c1513100ad895e619123d"),
        ("src-rules", "2c37da802981fc3916b13689938bc630"),
    ] {
        assert_eq!(OperatorId::of_uid(uid).to_string(), id);
    }
}
