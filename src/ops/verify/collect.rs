//! From metadata to a plan: every stream with what its handles say of it. Pure.

use std::collections::HashMap;

use super::plan::Backend;
use super::plan::Changes;
use super::plan::Content;
use super::plan::Database;
use super::plan::FileKind;
use super::plan::Member;
use super::plan::Piece;
use super::plan::Plan;
use super::plan::Source;
use super::rules::Level;
use crate::format::flink::changelog::FileSegments;
use crate::format::flink::channel::ChannelHandle;
use crate::format::flink::channel::ChannelOffsets;
use crate::format::flink::channel::Channels;
use crate::format::flink::content::Channel;
use crate::format::flink::content::KeyGroups;
use crate::format::flink::content::Named;
use crate::format::flink::content::OperatorPart;
use crate::format::flink::content::Sort;
use crate::format::flink::content::changelog_order;
use crate::format::flink::content::key_group_prefix;
use crate::format::flink::keyed::IncrementalHandle;
use crate::format::flink::keyed::KeyGroupsForm;
use crate::format::flink::keyed::KeyGroupsHandle;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::Mode;
use crate::format::flink::operator::OperatorHandle;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;
use crate::format::flink::stream::NamedHandle;
use crate::format::flink::stream::StreamHandle;
use crate::model::Location;
use crate::model::places::Places;
use crate::ops::inspect::warnings::label;

impl<'a> Plan<'a> {
    /// Forgets places where nothing is to be looked for.
    pub fn retain_places(&mut self, is_wanted: impl Fn(&Location) -> bool) {
        let of_pieces = self.pieces.iter_mut().map(|piece| &mut piece.source);
        let of_backends = self.backends.iter_mut().filter_map(|backend| backend.meta.as_mut());
        for source in of_pieces.chain(of_backends.map(|(source, _)| source)) {
            if let Source::File { places, .. } = source {
                places.retain(&is_wanted);
            }
        }
    }

    /// What is looked into at a level.
    pub fn of(metadata: &Metadata<'a>, places: &Places<'a>, level: Level) -> Self {
        let version = metadata.layout.version;
        let mut planner = Planner {
            plan: Plan::default(),
            places,
            known: HashMap::new(),
            chains: Vec::new(),
            chained: HashMap::new(),
            materialized: false,
            level,
            version,
        };
        for operator in metadata.operators.iter() {
            planner.operator(&operator);
        }
        let order = changelog_order(planner.plan.changes.len(), &planner.chains);
        let mut changes: Vec<Option<Changes<'a>>> =
            planner.plan.changes.into_iter().map(Some).collect();
        let taken = |at: usize| changes.get_mut(at)?.take();
        planner.plan.changes = order.into_iter().filter_map(taken).collect();
        planner.plan
    }
}

struct Planner<'p, 'a> {
    plan: Plan<'a>,
    places: &'p Places<'a>,
    /// Pieces that several handles name parts of, by their places.
    known: HashMap<(Location, u64), usize>,
    /// Places in the list of changes, of each backend in the order in which they are applied.
    chains: Vec<Vec<usize>>,
    /// Whether it is the materialized part of a changelog that is looked at.
    materialized: bool,
    /// Places in the list of changes, by their pieces.
    chained: HashMap<usize, usize>,
    level: Level,
    version: i32,
}

impl<'a> Planner<'_, 'a> {
    fn operator(&mut self, operator: &OperatorState<'a>) {
        let name = label(operator);
        if let Some(handle) = &operator.coordinator {
            self.deep(handle, Content::UserDefined("coordinator state"), &name);
        }
        for subtask in operator.subtasks.iter().flat_map(|list| list.iter()) {
            let Subtask::Running(state) = subtask else { continue };
            let owner = format!("{name} subtask {}", state.index);
            self.subtask(&state, operator, &owner);
        }
    }

    fn subtask(&mut self, state: &SubtaskState<'a>, operator: &OperatorState<'a>, owner: &str) {
        if let Some(handle) = &state.managed_operator {
            self.operator_state(handle, owner);
        }
        if let Some(stream) = state.raw_operator.as_ref().and_then(|raw| raw.delegate.as_ref()) {
            self.deep(stream, Content::UserDefined("raw operator state"), owner);
        }
        for handle in state.input_channels.iter() {
            self.channel(&handle.0, owner);
        }
        for handle in state.result_subpartitions.iter() {
            self.channel(&handle.0, owner);
        }
        let keyed = Keyed {
            operator: operator.id,
            subtask: state.index,
            max_parallelism: operator.max_parallelism,
            raw: false,
            owner,
            backend: 0,
        };
        if let Some(handle) = &state.managed_keyed {
            self.keyed(handle, keyed);
        }
        if let Some(handle) = &state.raw_keyed {
            self.keyed(handle, Keyed { raw: true, ..keyed });
        }
    }

    /// Adds something that is looked at with everything else, from level `blocks` on.
    fn deep(&mut self, handle: &StreamHandle<'a>, content: Content, owner: &str) {
        if self.level >= Level::Blocks {
            self.add(handle, content, owner);
        }
    }

    fn add(&mut self, handle: &StreamHandle<'a>, content: Content, owner: &str) -> Option<usize> {
        let source = self.source(handle)?;
        let is_shared =
            self.materialized || matches!(content, Content::Sst | Content::Changelog(_));
        self.plan.pieces.push(Piece { source, content, owner: owner.to_owned(), is_shared });
        Some(self.plan.pieces.len() - 1)
    }

    fn source(&self, handle: &StreamHandle<'a>) -> Option<Source<'a>> {
        Source::of(handle, self.places)
    }

    /// The piece of a stream that several handles name parts of.
    fn shared(
        &mut self,
        handle: &StreamHandle<'a>,
        content: Content,
        owner: &str,
    ) -> Option<usize> {
        let key = match self.source(handle)? {
            Source::Inline(_) => None,
            Source::File { places, start, .. } => Some((places.into_iter().next()?, start)),
        };
        if let Some(known) = key.as_ref().and_then(|key| self.known.get(key)) {
            return Some(*known);
        }
        let piece = self.add(handle, content, owner)?;
        if let Some(key) = key {
            self.known.insert(key, piece);
        }
        Some(piece)
    }

    fn operator_state(&mut self, handle: &OperatorHandle<'a>, owner: &str) {
        let Some(stream) = &handle.delegate else { return };
        let part = |state: crate::format::flink::operator::PartitionedState<'a>| OperatorPart {
            name: state.name.to_str().into_owned(),
            broadcast: state.mode == Mode::Broadcast,
            offsets: state.offsets.iter().collect(),
        };
        if self.level >= Level::Blocks {
            let parts = handle.states.iter().map(part).collect();
            self.add(stream, Content::Operator(parts), owner);
        }
    }

    fn channel(&mut self, handle: &ChannelHandle<'a>, owner: &str) {
        let Some(stream) = handle.delegate.as_ref().filter(|_| self.level >= Level::Blocks) else {
            return;
        };
        let Some(piece) = self.shared(stream, Content::Channels(Vec::new()), owner) else { return };
        let Some(Content::Channels(all)) =
            self.plan.pieces.get_mut(piece).map(|piece| &mut piece.content)
        else {
            return;
        };
        let one = |channel: &ChannelOffsets<'a>, size: i64| Channel {
            offsets: channel.offsets.iter().collect(),
            size: u64::try_from(size).ok(),
        };
        match &handle.channels {
            Channels::One(channel) => all.push(one(channel, handle.state_size)),
            Channels::Merged(list) => {
                all.extend(list.iter().map(|merged| one(&merged.channel, merged.state_size)));
            }
        }
    }

    fn keyed(&mut self, handle: &KeyedHandle<'a>, keyed: Keyed<'_>) {
        match handle {
            KeyedHandle::KeyGroups(handle) => self.key_groups(handle, keyed),
            KeyedHandle::Incremental(handle) => self.database(handle, keyed),
            KeyedHandle::Changelog(handle) => {
                let meta = handle.materialized.iter().flatten().find_map(|part| self.meta(&part));
                let of = (keyed.operator, keyed.subtask);
                let backend = self.plan.backends.len();
                self.plan.backends.push(Backend { of, meta });
                self.chains.push(Vec::new());
                let keyed = Keyed { backend, ..keyed };
                self.materialized = true;
                handle.materialized.iter().flatten().for_each(|part| self.keyed(&part, keyed));
                self.materialized = false;
                let changes = handle.non_materialized.iter().flatten();
                changes.for_each(|part| self.keyed(&part, keyed));
            }
            KeyedHandle::ChangelogMemory(segment) => {
                if self.level >= Level::Blocks {
                    let (content, owner) = (Content::Changelog(Vec::new()), keyed.owner.to_owned());
                    let source = Source::Inline(&[]);
                    self.chain(keyed.backend, self.plan.changes.len());
                    self.plan.changes.push(Changes::Memory {
                        piece: self.plan.pieces.len(),
                        backend: keyed.backend,
                        segment: segment.clone(),
                    });
                    self.plan.pieces.push(Piece { source, content, owner, is_shared: false });
                }
            }
            KeyedHandle::ChangelogFile(segments) => self.changelog(segments, keyed),
        }
    }

    fn key_groups(&mut self, handle: &KeyGroupsHandle<'a>, keyed: Keyed<'_>) {
        let Some(stream) = &handle.delegate else { return };
        if self.level < Level::Blocks {
            return;
        }
        let groups = groups_of(handle, keyed.max_parallelism, self.version);
        let content = match keyed.raw {
            true => Content::RawKeyGroups(groups),
            false => Content::KeyGroups(groups),
        };
        self.add(stream, content, keyed.owner);
    }

    /// Where the meta of a materialized part is.
    fn meta(&self, part: &KeyedHandle<'a>) -> Option<(Source<'a>, Option<u64>)> {
        match part {
            KeyedHandle::Incremental(handle) => Some((self.source(handle.meta.as_ref()?)?, None)),
            KeyedHandle::KeyGroups(handle) => {
                let offsets = handle.offsets.iter().filter_map(|offset| u64::try_from(offset).ok());
                let end = offsets.filter(|offset| *offset > 0).min();
                Some((self.source(handle.delegate.as_ref()?)?, end))
            }
            _ => None,
        }
    }

    fn changelog(&mut self, segments: &FileSegments<'a>, keyed: Keyed<'_>) {
        if self.level < Level::Blocks {
            return;
        }
        for entry in segments.handles.iter() {
            let Some(stream) = &entry.handle else { continue };
            let content = Content::Changelog(Vec::new());
            let Some(number) = self.shared(stream, content, keyed.owner) else { continue };
            let Some(piece) = self.plan.pieces.get_mut(number) else { continue };
            // The handle counts the changes, and not as they are stored.
            if let Source::File { bytes, .. } = &mut piece.source {
                *bytes = None;
            }
            if let Content::Changelog(all) = &mut piece.content {
                all.push(Named { offset: entry.offset, backend: keyed.backend });
                let next = self.plan.changes.len();
                let at = *self.chained.entry(number).or_insert(next);
                if at == next {
                    self.plan.changes.push(Changes::File(number));
                }
                self.chain(keyed.backend, at);
            }
        }
    }

    fn chain(&mut self, backend: usize, change: usize) {
        if let Some(chain) = self.chains.get_mut(backend) {
            chain.push(change);
        }
    }

    fn database(&mut self, handle: &IncrementalHandle<'a>, keyed: Keyed<'_>) {
        let meta = handle.meta.as_ref().filter(|_| self.level >= Level::Blocks);
        let meta = meta.and_then(|meta| self.add(meta, Content::BackendMeta, keyed.owner));
        let mut members = Vec::new();
        for file in handle.shared.iter().chain(handle.private.iter()) {
            members.extend(self.member(&file, keyed.owner));
        }
        self.plan.databases.push(Database {
            owner: keyed.owner.to_owned(),
            operator: keyed.operator,
            subtask: keyed.subtask,
            key_groups: handle.key_groups,
            prefix: key_group_prefix(keyed.max_parallelism).into(),
            meta,
            members,
        });
    }

    fn member(&mut self, file: &NamedHandle<'a>, owner: &str) -> Option<Member> {
        let local_name = file.local_name.to_str().into_owned();
        let content = match FileKind::of(&local_name) {
            FileKind::Sst(_) => Content::Sst,
            FileKind::Manifest => Content::Manifest,
            FileKind::Current => Content::Current,
            FileKind::Options => Content::Options,
            FileKind::Blob | FileKind::Other => {
                Content::UserDefined("a file that RocksDB does not need")
            }
        };
        let piece =
            self.add(file.handle.as_ref()?, content, &format!("{owner} as {local_name}"))?;
        Some(Member { local_name, piece })
    }
}

/// What a handle says of a key-groups stream, in metadata of a version.
pub(crate) fn groups_of(
    handle: &KeyGroupsHandle<'_>,
    max_parallelism: i32,
    version: i32,
) -> KeyGroups {
    let sort = match handle.form {
        KeyGroupsForm::Savepoint => Some(Sort::Full),
        // Since 1.16 only the heap backend writes such a handle.
        KeyGroupsForm::Second if version >= 4 => Some(Sort::Heap),
        KeyGroupsForm::First | KeyGroupsForm::Second => None,
    };
    let offsets = handle.offsets.iter().collect();
    KeyGroups { first: handle.start_key_group, offsets, max_parallelism, sort }
}

/// What is the same for all parts of a keyed handle.
#[derive(Clone, Copy)]
struct Keyed<'o> {
    operator: OperatorId,
    subtask: i32,
    max_parallelism: i32,
    raw: bool,
    owner: &'o str,
    /// The number of the backend with a changelog that it belongs to.
    backend: usize,
}
