//! One operator with very many SST files, in one checkpoint or in many that share them.

use std::ops::Range;

use chkctl::format::flink::keyed::IncrementalHandle;
use chkctl::format::flink::keyed::KeyGroupRange;
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

use super::properties;

/// The job directory, where nothing else is said.
const JOB: &str = "/flink/checkpoints/00000000000000000000000000000001";
const FILES_A_SUBTASK: usize = 10_000;
pub(crate) const FILE_BYTES: i64 = 64 << 20;

pub(crate) fn metadata(files: usize) -> Metadata<'static> {
    checkpoint(JOB, 1, 0..files, 0)
}

/// A checkpoint which refers to the files with these numbers in the `shared` of a job directory,
/// and uploaded those from number `new` on.
pub(crate) fn checkpoint(job: &str, id: i64, files: Range<usize>, new: usize) -> Metadata<'static> {
    let parallelism = files.len().div_ceil(FILES_A_SUBTASK).max(1);
    let subtasks: Vec<Subtask<'static>> = (0..parallelism)
        .map(|index| {
            // A file stays with its subtask.
            let own = files.clone().filter(|number| number % parallelism == index);
            subtask(job, index, &own.collect::<Vec<_>>(), new)
        })
        .collect();
    plain(id, operator("Many files", "many-files", subtasks))
}

/// An operator with all its subtasks.
pub(crate) fn operator(
    name: &'static str,
    uid: &'static str,
    subtasks: Vec<Subtask<'static>>,
) -> OperatorState<'static> {
    let parallelism = i32::try_from(subtasks.len()).expect("a count of subtasks");
    OperatorState {
        name: Some(name.into()),
        uid: Some(uid.into()),
        id: OperatorId::of_uid(uid),
        parallelism,
        max_parallelism: parallelism.max(128),
        coordinator: None,
        subtasks: Some(subtasks.into()),
    }
}

/// A checkpoint of one operator.
pub(crate) fn plain(id: i64, operator: OperatorState<'static>) -> Metadata<'static> {
    Metadata {
        layout: Layout::new(6),
        checkpoint_id: id,
        master_states: List::default(),
        operators: vec![operator].into(),
        trailer: properties::trailer("checkpoint"),
        trailing: None,
    }
}

fn subtask(job: &str, index: usize, files: &[usize], new: usize) -> Subtask<'static> {
    let uploaded = files.iter().filter(|number| **number >= new).count();
    let shared: Vec<NamedHandle<'_>> = files.iter().map(|number| sst(job, *number)).collect();
    let uploaded = FILE_BYTES * i64::try_from(uploaded).expect("a count of files");
    let index = i32::try_from(index).expect("a subtask index");
    let handle = IncrementalHandle {
        checkpoint_id: 1,
        backend_id: leak(uuid(0, index.unsigned_abs().into())).into(),
        key_groups: KeyGroupRange { start: index, count: 1 },
        second: Some(SecondForm {
            checkpointed_size: uploaded,
            state_handle_id: leak(uuid(1, index.unsigned_abs().into())).into(),
        }),
        meta: None,
        shared: shared.into(),
        private: List::default(),
    };
    Subtask::Running(Box::new(SubtaskState {
        index,
        managed_keyed: Some(KeyedHandle::Incremental(handle)),
        ..SubtaskState::default()
    }))
}

/// The name of a file in `shared`.
pub(crate) fn name(number: usize) -> String {
    uuid(2, number as u64)
}

fn sst(job: &str, number: usize) -> NamedHandle<'static> {
    let local_name = leak(format!("{number:06}.sst"));
    let path = leak(format!("file:{job}/shared/{}", name(number)));
    let handle = StreamHandle::File { size: FILE_BYTES, path: path.into() };
    NamedHandle { local_name: local_name.into(), handle: Some(handle) }
}

/// Which files each of so many checkpoints refers to: as many in each, so many distinct ones in
/// all, and as many new ones from each to the next.
pub(crate) fn windows(
    checkpoints: usize,
    files: usize,
    distinct: usize,
) -> impl Iterator<Item = Range<usize>> {
    let steps = checkpoints.saturating_sub(1).max(1);
    (0..checkpoints).map(move |number| {
        let first = number * distinct.saturating_sub(files) / steps;
        first..first + files
    })
}

/// A UUID of version 4 whose bits look random and depend on nothing but these numbers.
pub(crate) fn uuid(kind: u64, number: u64) -> String {
    let high = mix(kind << 40 | number);
    let low = mix(high);
    let (a, b, c) = (high >> 32, high >> 16 & 0xFFFF, high & 0xFFF);
    let (d, e) = (low >> 48 & 0x3FFF | 0x8000, low & 0xFFFF_FFFF_FFFF);
    format!("{a:08x}-{b:04x}-4{c:03x}-{d:04x}-{e:012x}")
}

/// The finalizer of SplitMix64.
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

pub(crate) fn leak(text: String) -> &'static str {
    text.leak()
}
