//! Writing for other releases: what becomes of a file, and what is refused.

use super::samples;
use crate::format::flink::channel::Channels;
use crate::format::flink::channel::InputChannel;
use crate::format::flink::channel::Side;
use crate::format::flink::encode::EncodeError;
use crate::format::flink::encode::Release;
use crate::format::flink::encode::Target;
use crate::format::flink::keyed::KeyGroupsForm;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::list::Layout;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;
use crate::format::flink::stream::StreamHandle;
use crate::format::flink::utf::Utf;

fn target(release: Release) -> Target {
    Target::release(release).unwrap()
}

/// The first state of the first operator.
fn first_state<'a>(file: &Metadata<'a>) -> SubtaskState<'a> {
    let subtasks = file.operators.iter().next().unwrap().subtasks.unwrap();
    match subtasks.iter().next() {
        Some(Subtask::Running(state)) => *state,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_release_gets_its_version() {
    assert_eq!(Target::release(Release(1, 10)), None);
    assert_eq!(Target::release(Release(0, 99)), None);
    let version = |release| samples::with(Vec::new()).encode(target(release)).unwrap()[7];
    for (minor, expected) in [(11, 3), (15, 3), (16, 4), (20, 4)] {
        assert_eq!(version(Release(1, minor)), expected, "1.{minor}");
    }
    for (minor, expected) in [(0, 5), (1, 6), (3, 6), (9, 6)] {
        assert_eq!(version(Release(2, minor)), expected, "2.{minor}");
    }
    assert_eq!(version(Release(3, 0)), 6);
    for version in [i32::MIN, 1, 2, 7] {
        assert_eq!(Target::version(version), None);
    }
    assert_eq!(Target::version(3), Target::release(Release(1, 15)));
    assert_eq!(Target::version(6), Target::release(Release(2, 3)));
}

#[test]
fn what_a_release_does_not_know_is_refused_with_the_first_that_does() {
    use samples::*;
    let part = |of_1_16, i| changelog(of_1_16).non_materialized.iter().flatten().nth(i).unwrap();
    let (segments, memory, newer_segments) = (part(false, 0), part(false, 1), part(true, 0));
    let as_stream = StreamHandle::KeyGroups(Box::new(key_groups(KeyGroupsForm::First)));
    let cases = [
        (with_stream(as_stream), Release(1, 13)),
        (with_keyed(KeyedHandle::KeyGroups(key_groups(KeyGroupsForm::Savepoint))), Release(1, 13)),
        (finished_operator(), Release(1, 14)),
        (with(vec![Subtask::Finished { index: 0 }]), Release(1, 14)),
        (with_keyed(KeyedHandle::Changelog(changelog(false))), Release(1, 14)),
        (with_keyed(segments), Release(1, 14)),
        (with_keyed(memory), Release(1, 14)),
        (with_keyed(KeyedHandle::Changelog(changelog(true))), Release(1, 16)),
        (with_keyed(newer_segments), Release(1, 16)),
        (with_stream(segment()), Release(1, 20)),
        (with_stream(StreamHandle::EmptySegment), Release(1, 20)),
        (with_operator(operator_handle(Some(false))), Release(1, 20)),
        (with_operator(operator_handle(Some(true))), Release(1, 20)),
    ];
    for (file, first) in cases {
        let Release(1, minor) = first else { unreachable!() };
        let error = file.encode(target(Release(1, minor - 1))).unwrap_err();
        assert!(matches!(error, EncodeError::NotBefore { since, .. } if since == first), "{error}");
        assert!(error.to_string().ends_with(&format!("needs Flink 1.{minor} or later")));
        let written = file.encode(target(first)).unwrap();
        let read = Metadata::parse(&written).unwrap();
        assert_eq!(read.operators.len(), 1);
        assert_eq!(read.encode(target(first)).unwrap(), written);
        file.encode(Target::version(6).unwrap()).unwrap();
    }
}

#[test]
fn version_5_to_4_to_3_lose_names_and_ids() {
    let file = samples::for_1_11();
    for (release, names, ids) in [
        (Release(2, 0), true, true),
        (Release(1, 20), false, true),
        (Release(1, 15), false, true),
        (Release(1, 14), false, false),
        (Release(1, 12), false, false),
    ] {
        let bytes = file.encode(target(release)).unwrap();
        let read = Metadata::parse(&bytes).unwrap();
        let operator = read.operators.iter().next().unwrap();
        assert_eq!(operator.name, names.then(|| "Map".into()), "{release:?}");
        assert_eq!(operator.uid, names.then(|| "map-uid".into()), "{release:?}");
        assert_eq!(operator.coordinator, Some(samples::inline()));
        let state = first_state(&read);
        let managed = state.managed_keyed.unwrap();
        assert_eq!(managed.state_handle_id(), ids.then(|| "i1".into()), "{release:?}");
        assert_eq!(managed.checkpointed_size(), ids.then_some(5), "{release:?}");
        let raw = state.raw_keyed.unwrap();
        assert_eq!(raw.state_handle_id(), ids.then(|| "k1".into()), "{release:?}");
        assert_eq!(raw.checkpointed_size(), ids.then_some(99), "{release:?}");
        assert_eq!(raw.state_size(), Some(99));
        // All else is as it was.
        let expected = first_state(&file);
        assert_eq!(state.managed_operator, expected.managed_operator);
        assert_eq!(state.raw_operator, expected.raw_operator);
        assert_eq!(state.input_channels, expected.input_channels);
        assert_eq!(state.result_subpartitions, expected.result_subpartitions);
        assert_eq!(read.master_states, file.master_states);
        assert_eq!(read.trailer.is_some(), release >= Release(1, 16));
    }
}

#[test]
fn merged_channels_are_split_for_releases_before_2_1() {
    let merged = samples::merged_channels(Side::Input);
    assert_eq!(merged.class(), "MergedInputChannelStateHandle");
    let output = samples::merged_channels(Side::Output);
    assert_eq!(output.class(), "MergedResultSubpartitionStateHandle");
    let file = samples::with_channels(merged.clone());
    let newest = file.encode(Target::version(6).unwrap()).unwrap();
    let read = Metadata::parse(&newest).unwrap();
    assert_eq!(first_state(&read).input_channels, vec![InputChannel(merged)].into());
    for version in 3..6 {
        let bytes = file.encode(Target::version(version).unwrap()).unwrap();
        let read = Metadata::parse(&bytes).unwrap();
        let handles: Vec<_> = first_state(&read).input_channels.iter().map(|h| h.0).collect();
        assert_eq!(handles.len(), 2, "version {version}");
        for (handle, (channel, size)) in handles.iter().zip([(0, 20), (1, 22)]) {
            let Channels::One(one) = &handle.channels else { panic!("split") };
            assert_eq!((one.gate, one.channel, handle.state_size()), (2, channel, Some(size)));
            assert_eq!(one.offsets.iter().collect::<Vec<_>>(), [4, 6]);
            assert_eq!((handle.subtask, handle.delegate_size()), (Some(1), Some(99)));
        }
    }
}

#[test]
fn a_file_of_1_11_says_nothing_of_subtasks() {
    for side in [Side::Input, Side::Output] {
        let file = samples::with_channels(samples::channel(side));
        let bytes = file.encode(target(Release(1, 11))).unwrap();
        let read = Metadata::parse(&bytes).unwrap();
        assert_eq!(read.layout, Layout { channels_of_1_11: true, ..Layout::new(3) });
        let state = first_state(&read);
        let input = state.input_channels.iter().map(|handle| handle.0);
        let handle =
            input.chain(state.result_subpartitions.iter().map(|handle| handle.0)).next().unwrap();
        assert_eq!(
            handle,
            crate::format::flink::channel::ChannelHandle {
                subtask: None,
                ..samples::channel(side)
            }
        );
        assert_eq!(read.encode(read.own_target().unwrap()).unwrap(), bytes);
        // Which releases from 1.12 on must be told.
        let error = read.encode(target(Release(1, 12))).unwrap_err();
        assert!(matches!(error, EncodeError::Unreadable(_)), "{error}");
        assert!(error.to_string().contains("which subtask wrote it"));
    }
}

#[test]
fn changelog_is_written_in_the_form_of_the_release() {
    let older = samples::with_keyed(KeyedHandle::Changelog(samples::changelog(false)));
    // As 1.14 wrote it: nothing but bookkeeping is lost.
    let bytes = older.encode(target(Release(1, 14))).unwrap();
    let of_1_14 = Metadata::parse(&bytes).unwrap();
    assert_eq!(of_1_14.layout, Layout { changelog_of_1_14: true, ..Layout::new(3) });
    assert_eq!(of_1_14.own_target(), Target::release(Release(1, 14)));
    let Some(KeyedHandle::Changelog(handle)) = first_state(&of_1_14).managed_keyed else {
        panic!("a changelog handle")
    };
    assert_eq!((handle.materialization_id, handle.state_handle_id), (None, None));
    assert_eq!((handle.checkpointed_size(), handle.state_size()), (None, Some(124 + 40 + 3)));
    assert_eq!(of_1_14.encode(of_1_14.own_target().unwrap()).unwrap(), bytes);

    // As 1.15 and 1.16 write it. What 1.14 did not say is filled in as Flink does.
    for (file, id) in [(&older, 3), (&of_1_14, 0)] {
        let bytes = file.encode(target(Release(1, 15))).unwrap();
        let read = Metadata::parse(&bytes).unwrap();
        assert_eq!(read.layout, Layout::new(3));
        let managed = first_state(&read).managed_keyed;
        let Some(KeyedHandle::Changelog(handle)) = managed else { panic!("{managed:?}") };
        assert_eq!((handle.materialization_id, handle.checkpoint_id), (Some(id), None));

        let bytes = file.encode(target(Release(1, 16))).unwrap();
        let read = Metadata::parse(&bytes).unwrap();
        let managed = first_state(&read).managed_keyed;
        let Some(KeyedHandle::Changelog(handle)) = managed else { panic!("{managed:?}") };
        assert_eq!((handle.materialization_id, handle.checkpoint_id), (Some(id), Some(id)));
        let first = handle.non_materialized.iter().next().unwrap();
        let Some(KeyedHandle::ChangelogFile(segments)) = first else { panic!("{first:?}") };
        assert_eq!(segments.storage, Some("filesystem".into()));
    }
}

#[test]
fn no_release_reads_a_reference_checkpoint() {
    let bytes = samples::version_7();
    let file = Metadata::parse(&bytes).unwrap();
    assert_eq!(file.own_target(), None);
    let error = file.encode(Target::version(6).unwrap()).unwrap_err();
    assert!(error.to_string().contains("metadata version 7"), "{error}");
}

#[test]
fn strings_that_no_length_fits_are_refused() {
    let long = "é".repeat(40_000);
    let file = samples::with_stream(StreamHandle::File { size: 1, path: "x".into() });
    let mut operator = file.operators.iter().next().unwrap();
    operator.name = Some(Utf::from(&*long));
    let file = Metadata { operators: vec![operator].into(), ..file };
    let error = file.encode(Target::version(6).unwrap()).unwrap_err();
    let start = "é".repeat(40);
    assert_eq!(error, EncodeError::TooLong { start: start.clone(), bytes: 80_000 });
    let told = format!("{start:?}… is 80000 bytes long; Flink's strings hold at most 65535");
    assert_eq!(error.to_string(), told);
    // Nobody before 2.0 is told the name.
    file.encode(Target::version(4).unwrap()).unwrap();
}
