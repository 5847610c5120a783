//! Small jobs: what each subtask of each checkpoint refers to, as a table, and as metadata.

use proptest::prelude::*;

use super::JOB;
use crate::format::flink::keyed::IncrementalHandle;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::list::Layout;
use crate::format::flink::list::List;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;
use crate::format::flink::stream::NamedHandle;
use crate::format::flink::stream::Scope;
use crate::format::flink::stream::Segment;
use crate::format::flink::stream::StreamHandle;
use crate::model::layout::Home;
use crate::model::places::Places;
use crate::model::rebase::Rebasing;
use crate::store::Location;

/// An entry of a shared list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shared {
    pub(crate) what: What,
    pub(crate) local_name: String,
}

/// What an entry refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A file of so many bytes, by its whole path.
    File { path: String, bytes: i64 },
    /// Bytes inside the metadata, by the path they would have had.
    Inline { path: String, bytes: usize },
    /// A part of a merged file.
    Segment { path: String, start: i64, bytes: i64, id: String },
}

impl What {
    /// What is the same wherever it is met, under whatever spelling and local name.
    pub(crate) fn identity(&self) -> String {
        let plain = |path: &str| path.trim_start_matches("file:").to_owned();
        match self {
            What::File { path, .. } => plain(path),
            What::Inline { path, .. } => format!("inline {}", plain(path)),
            What::Segment { path, start, bytes, id } => {
                format!("{} {start} {bytes} {id}", plain(path))
            }
        }
    }
}

impl Shared {
    /// A file of one byte in `shared/`.
    pub(crate) fn file(name: &str, local_name: &str) -> Shared {
        Shared::at(&format!("file:/cp/{JOB}/shared/{name}"), local_name)
    }

    /// A file of one byte at this path.
    pub(crate) fn at(path: &str, local_name: &str) -> Shared {
        let what = What::File { path: path.to_owned(), bytes: 1 };
        Shared { what, local_name: local_name.to_owned() }
    }

    /// A part of a merged file in `shared/`.
    pub(crate) fn segment(name: &str, start: i64, bytes: i64, id: &str) -> Shared {
        let path = format!("file:/cp/{JOB}/shared/{name}");
        let what = What::Segment { path, start, bytes, id: id.to_owned() };
        Shared { what, local_name: format!("{start:06}.sst") }
    }

    fn handle(&self) -> NamedHandle<'_> {
        static ZEROS: [u8; 64] = [0; 64];
        let handle = match &self.what {
            What::File { path, bytes } => {
                StreamHandle::File { size: *bytes, path: path.as_str().into() }
            }
            What::Inline { path, bytes } => {
                StreamHandle::Inline { name: path.as_str().into(), data: &ZEROS[..*bytes] }
            }
            What::Segment { path, start, bytes, id } => StreamHandle::Segment(Segment {
                start: *start,
                length: *bytes,
                scope: Scope::Shared,
                path: path.as_str().into(),
                logical_file_id: id.as_str().into(),
            }),
        };
        NamedHandle { local_name: self.local_name.as_str().into(), handle: Some(handle) }
    }
}

/// Checkpoints, each with operators, each with subtasks, each with a shared list.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) checkpoints: Vec<Vec<Vec<Vec<Shared>>>>,
}

impl World {
    /// Checkpoints of one operator with one subtask.
    pub(crate) fn of(checkpoints: &[&[Shared]]) -> World {
        let checkpoints = checkpoints.iter().map(|shared| vec![vec![shared.to_vec()]]).collect();
        World { checkpoints }
    }

    /// Shows every checkpoint as its metadata.
    pub(crate) fn each<'w>(&'w self, mut visit: impl FnMut(&Metadata<'w>, &Places<'w>)) {
        for (id, operators) in (1..).zip(&self.checkpoints) {
            let operators: Vec<_> = (1..).zip(operators).map(|(n, of)| operator(n, of)).collect();
            let metadata = Metadata {
                layout: Layout::new(6),
                checkpoint_id: id,
                master_states: List::default(),
                operators: operators.into(),
                trailer: None,
                trailing: None,
            };
            let place = Location::parse_flink(&format!("/cp/{JOB}/chk-{id}/_metadata")).unwrap();
            let places = Places::new(Home::of(place, false), Rebasing::default());
            visit(&metadata, &places);
        }
    }
}

fn operator(number: u8, subtasks: &[Vec<Shared>]) -> OperatorState<'_> {
    let subtasks = (0..).zip(subtasks).map(|(index, shared)| {
        let handle = IncrementalHandle {
            checkpoint_id: 1,
            backend_id: "12345678-9abc-4def-8123-456789abcdef".into(),
            key_groups: KeyGroupRange { start: index, count: 1 },
            second: None,
            meta: None,
            shared: shared.iter().map(Shared::handle).collect::<Vec<_>>().into(),
            private: List::default(),
        };
        Subtask::Running(Box::new(SubtaskState {
            index,
            managed_keyed: Some(KeyedHandle::Incremental(handle)),
            ..SubtaskState::default()
        }))
    });
    OperatorState {
        name: None,
        uid: None,
        id: OperatorId([number; 16]),
        parallelism: 2,
        max_parallelism: 128,
        coordinator: None,
        subtasks: Some(subtasks.collect::<Vec<_>>().into()),
    }
}

/// The size of a file, which is the same wherever its path occurs.
fn size(path: &str) -> usize {
    path.trim_start_matches("file:").bytes().map(usize::from).sum::<usize>() % 3
}

/// Worlds in which the same few files are met again and again, also inline, merged, in other
/// directories and under other local names.
pub(crate) fn any_world() -> impl Strategy<Value = World> {
    let name = prop_oneof![
        (0..8_u8).prop_map(|n| format!("0000000{n}-0000-4000-8000-000000000000")),
        (0..3_u8).prop_map(|n| format!("odd {n}")),
        (0..3_u8).prop_map(|n| format!("odd%4{n}")),
    ];
    let dir = prop_oneof![
        Just(format!("file:/cp/{JOB}/shared")),
        Just(format!("/cp/{JOB}/shared")),
        Just("file:/elsewhere".to_owned()),
        Just("file:/cp/te%41m/shared".to_owned()),
    ];
    let path = (dir, name).prop_map(|(dir, name)| format!("{dir}/{name}"));
    let segment = (0..4_i64, 0..3_u8);
    let what = prop_oneof![
        4 => path.clone().prop_map(|path| What::File { bytes: size(&path) as i64, path }),
        1 => path.clone().prop_map(|path| What::Inline { bytes: size(&path), path }),
        2 => (path, segment).prop_map(|(path, (start, id))| What::Segment {
            path: format!("{path}-merged"),
            start: start * 5,
            bytes: 5,
            id: id.to_string(),
        }),
    ];
    let local_name =
        prop_oneof![(0..20_u8).prop_map(|n| format!("{n:06}.sst")), Just("CURRENT".to_owned()),];
    let shared = (what, local_name).prop_map(|(what, local_name)| Shared { what, local_name });
    let subtask = prop::collection::vec(shared, 0..6);
    let operator = prop::collection::vec(subtask, 0..3);
    let checkpoint = prop::collection::vec(operator, 0..3);
    prop::collection::vec(checkpoint, 0..6).prop_map(|checkpoints| World { checkpoints })
}
