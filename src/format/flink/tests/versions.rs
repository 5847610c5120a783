//! Versions other than 6, and what only they have.

use super::samples;
use crate::format::flink::channel::Side;
use crate::format::flink::encode::Release;
use crate::format::flink::encode::Target;
use crate::format::flink::error::Problem;
use crate::format::flink::keyed::IncrementalHandle;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::metadata::Forms;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::Subtask;
use crate::format::flink::stream::NamedHandle;
use crate::format::flink::stream::StreamHandle;

#[test]
fn version_2() {
    let bytes = samples::version_2();
    let file = Metadata::parse(&bytes).unwrap();
    assert_eq!((file.layout.version, file.trailer, file.trailing), (2, None, None));
    assert_eq!(file.own_target(), None);
    let operator = file.operators.iter().next().unwrap();
    assert_eq!((operator.name, operator.coordinator), (None, None));
    assert_eq!((operator.parallelism, operator.max_parallelism), (2, 128));
    let Some(Subtask::Running(state)) = operator.subtasks.unwrap().iter().next() else {
        panic!("a running subtask")
    };
    assert_eq!(state.index, 1);
    assert!(state.managed_operator.is_some() && state.raw_operator.is_some());
    assert_eq!(state.managed_keyed.unwrap().checkpointed_size(), None);
    assert_eq!(state.raw_keyed.unwrap().key_groups().bounds(), Some((64, 64)));
    assert!(state.input_channels.is_empty());
    let forms = Forms { first: true, ..Forms::default() };
    assert_eq!(file.forms(), forms);
    // Later releases can be given all of it.
    file.encode(Target::release(Release(1, 11)).unwrap()).unwrap();
}

#[test]
fn version_2_knows_nothing_finished_and_no_state_of_1_1() {
    // The offsets of: the subtask count, its index, the legacy state count.
    for (at, with, field, what) in [
        (52, 0xFF, "number of subtasks", Problem::Negative(-0x00FF_FFFF)),
        (56, 0xFF, "subtask index", Problem::Negative(-0x00FF_FFFF)),
    ] {
        let mut bytes = samples::version_2();
        bytes[at] = with;
        let error = Metadata::parse(&bytes).unwrap_err();
        assert_eq!((error.offset, error.field, error.problem), (at as u64, field, what));
    }
    let mut bytes = samples::version_2();
    bytes[71] = 1;
    let error = Metadata::parse(&bytes).unwrap_err();
    assert_eq!((error.offset, error.field), (68, "legacy state count"));
    assert!(error.to_string().contains("state of Flink 1.1"), "{error}");
}

#[test]
fn version_7() {
    let bytes = samples::version_7();
    let file = Metadata::parse(&bytes).unwrap();
    assert_eq!((file.layout.version, file.trailing), (7, None));
    let subtasks: Vec<_> = file.operators.iter().flat_map(|o| o.subtasks).collect();
    let references: Vec<_> = subtasks[0]
        .iter()
        .map(|subtask| match subtask {
            Subtask::Finished { index } => (index, None),
            Subtask::Running(state) => (state.index, state.reference_checkpoint),
        })
        .collect();
    assert_eq!(references, [(1, None), (0, Some(41)), (1, None)]);
}

#[test]
fn each_form_of_version_3_is_told_by_what_fits() {
    for (file, release) in [
        (samples::for_1_11(), Release(1, 11)),
        (samples::for_1_11(), Release(1, 12)),
        (samples::for_1_13(), Release(1, 13)),
        (samples::for_1_15(), Release(1, 14)),
        (samples::for_1_15(), Release(1, 15)),
    ] {
        let target = Target::release(release).unwrap();
        let bytes = file.encode(target).unwrap();
        let read = Metadata::parse(&bytes).unwrap();
        assert_eq!(read.layout.changelog_of_1_14, release == Release(1, 14), "{release:?}");
        assert_eq!(read.layout.channels_of_1_11, release == Release(1, 11), "{release:?}");
        assert_eq!(read.forms().second, release >= Release(1, 15), "{release:?}");
        assert_eq!(read.encode(read.own_target().unwrap()).unwrap(), bytes, "{release:?}");
    }
}

#[test]
fn each_form_of_version_3_may_have_bytes_behind_it() {
    for (file, release) in [
        (samples::for_1_11(), Release(1, 11)),
        (samples::for_1_11(), Release(1, 12)),
        (samples::with_channels(samples::channel(Side::Input)), Release(1, 11)),
        (samples::with_channels(samples::channel(Side::Output)), Release(1, 11)),
        (samples::with_keyed(KeyedHandle::Changelog(samples::changelog(false))), Release(1, 14)),
        (samples::for_1_15(), Release(1, 14)),
        (samples::for_1_15(), Release(1, 15)),
    ] {
        let bytes = file.encode(Target::release(release).unwrap()).unwrap();
        for tail in [&b"q"[..], b"zz", b"\0\0\0\0\0", &[b'-'; 300]] {
            let longer = [&bytes, tail].concat();
            let read = Metadata::parse(&longer).unwrap();
            let trailing = read.trailing.unwrap();
            let end = (trailing.offset, trailing.bytes);
            assert_eq!(end, (bytes.len() as u64, tail.len() as u64), "{release:?}");
            assert_eq!(read.layout.changelog_of_1_14, release == Release(1, 14), "{release:?}");
            assert_eq!(read.layout.channels_of_1_11, release == Release(1, 11), "{release:?}");
        }
    }
}

#[test]
fn the_error_is_that_of_the_form_which_gets_furthest() {
    for release in [Release(1, 11), Release(1, 12), Release(1, 14), Release(1, 15)] {
        let file = if release < Release(1, 14) { samples::for_1_11() } else { samples::for_1_15() };
        let bytes = file.encode(Target::release(release).unwrap()).unwrap();
        let own = Metadata::parse(&bytes).unwrap().layout;
        for length in 0..bytes.len() {
            let error = Metadata::parse(&bytes[..length]).expect_err("cut");
            if let Err(told) = Metadata::parse_as(&bytes[..length], own) {
                assert!(error.offset >= told.offset, "{release:?} {length}: {error}, {told}");
            }
        }
    }
}

#[test]
fn where_two_forms_fit_the_handles_beside_it_decide() {
    let target = Target::release(Release(1, 14)).unwrap();
    let bytes = samples::for_1_14_or_1_15().encode(target).unwrap();
    let read = Metadata::parse(&bytes).unwrap();
    // No release before 1.15 wrote changelog in that form, and none since writes tag 3.
    assert!(read.layout.changelog_of_1_14);
    let sizes: Vec<_> = read.keyed_handles().map(|handle| handle.state_size()).collect();
    assert_eq!(sizes, [Some(3), Some(770)]);
}

#[test]
fn sizes_that_are_not_known() {
    let handle = StreamHandle::Relative { path: "r".into(), size: -1 };
    assert_eq!(handle.state_size(), None);
    let bytes = samples::with_stream(handle).encode(Target::version(6).unwrap()).unwrap();
    let read = Metadata::parse(&bytes).unwrap();
    let keyed: Vec<_> = read.keyed_handles().collect();
    assert_eq!((keyed.len(), keyed[0].state_size()), (1, None));
    // One file of unknown size hides the sum.
    let KeyedHandle::Incremental(known) = samples::incremental(true) else { unreachable!() };
    assert_eq!(known.state_size(), Some(11 + 99 + 3 + 11));
    let meta = Some(StreamHandle::File { path: "f".into(), size: -1 });
    assert_eq!(IncrementalHandle { meta, ..known.clone() }.state_size(), None);
    let handle = Some(StreamHandle::File { path: "f".into(), size: -1 });
    let private = vec![NamedHandle { local_name: "CURRENT".into(), handle }].into();
    assert_eq!(IncrementalHandle { private, ..known }.state_size(), None);
    assert_eq!(samples::channel(Side::Output).class(), "ResultSubpartitionStateHandle");
}
