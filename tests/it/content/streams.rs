//! Every stream of a checkpoint that is no SST, with what its handles say of it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use chkctl::format::flink::backend_meta::Hints;
use chkctl::format::flink::backend_meta::KeyedBackendMeta;
use chkctl::format::flink::channel::ChannelHandle;
use chkctl::format::flink::channel::Channels;
use chkctl::format::flink::content;
use chkctl::format::flink::content::Backend;
use chkctl::format::flink::content::Channel;
use chkctl::format::flink::content::KeyGroups;
use chkctl::format::flink::content::Named;
use chkctl::format::flink::content::OperatorPart;
use chkctl::format::flink::content::Parsed;
use chkctl::format::flink::content::Sort;
use chkctl::format::flink::keyed::KeyGroupsForm;
use chkctl::format::flink::keyed::KeyGroupsHandle;
use chkctl::format::flink::keyed::KeyedHandle;
use chkctl::format::flink::list::List;
use chkctl::format::flink::metadata::Metadata;
use chkctl::format::flink::operator::Mode;
use chkctl::format::flink::operator::OperatorHandle;
use chkctl::format::flink::operator::Subtask;
use chkctl::format::flink::stream::StreamHandle;

/// What a stream is, and how it is to be parsed.
#[derive(Clone)]
pub(crate) enum Kind {
    Meta,
    /// What its handle says, and what it is.
    KeyGroups(KeyGroups, Sort),
    Raw(KeyGroups),
    Operator(Vec<OperatorPart>),
    Channel(Vec<Channel>),
    Changelog(Vec<Named>, Vec<Backend>),
    Author(&'static str),
}

/// A stream.
#[derive(Clone)]
pub(crate) struct Stream {
    pub(crate) kind: Kind,
    /// Operator and subtask.
    pub(crate) owner: String,
    pub(crate) bytes: Vec<u8>,
}

impl Stream {
    /// Name of its kind, and whether the head says that it is compressed.
    pub(crate) fn sort(&self) -> &'static str {
        match &self.kind {
            Kind::Meta => "backend meta",
            Kind::KeyGroups(_, Sort::Full) => "full snapshot",
            Kind::KeyGroups(_, Sort::Heap) => "heap",
            Kind::Raw(_) => "raw keyed",
            Kind::Operator(_) => "operator",
            Kind::Channel(_) => "channel",
            Kind::Changelog(..) => "changelog",
            Kind::Author(_) => "author's",
        }
    }

    pub(crate) fn parse(&self) -> content::Result<Parsed> {
        self.parse_as(&self.bytes, self.bytes.len() as u64)
    }

    /// Parses other bytes, of which a handle says that they are `length`.
    pub(crate) fn parse_as(&self, mut bytes: &[u8], length: u64) -> content::Result<Parsed> {
        self.parse_from(&mut bytes, length)
    }

    /// Parses what a source gives.
    pub(crate) fn parse_from(
        &self,
        source: &mut dyn io::Read,
        length: u64,
    ) -> content::Result<Parsed> {
        match &self.kind {
            Kind::Meta => content::backend_meta(source, length),
            Kind::KeyGroups(handle, _) => content::key_groups(source, length, handle),
            Kind::Raw(handle) => content::raw_key_groups(source, length, handle),
            Kind::Operator(parts) => content::operator_state(source, length, parts),
            Kind::Channel(channels) => content::channel_state(source, length, channels),
            Kind::Changelog(named, backends) => {
                content::changelog_file(source, length, named, &mut backends.clone())
            }
            Kind::Author(what) => content::user_defined(source, length, what),
        }
    }
}

/// A root of checkpoints, one of them, and what was found in it.
pub(crate) struct Collector<'p> {
    root: &'p Path,
    checkpoint: &'p Path,
    pub(crate) streams: Vec<Stream>,
    /// Streams whose files are absent.
    pub(crate) missing: usize,
    channels: BTreeMap<String, (Vec<u8>, Vec<Channel>)>,
    /// Changelog files, and the numbers of those of each backend.
    files: Vec<(String, Vec<u8>, Vec<Named>)>,
    lists: Vec<Vec<usize>>,
    backends: Vec<Backend>,
    /// Changes inside of the metadata.
    pub(crate) memory: u64,
}

impl<'p> Collector<'p> {
    /// Collects the streams of the checkpoint in `root/checkpoint`.
    pub(crate) fn collect(root: &'p Path, checkpoint: &'p Path) -> Self {
        let mut all = Collector {
            root,
            checkpoint,
            streams: Vec::new(),
            missing: 0,
            channels: BTreeMap::new(),
            files: Vec::new(),
            lists: Vec::new(),
            backends: Vec::new(),
            memory: 0,
        };
        let bytes = fs::read(root.join(checkpoint).join("_metadata")).unwrap();
        all.metadata(&Metadata::parse(&bytes).unwrap());
        for (owner, (bytes, channels)) in std::mem::take(&mut all.channels) {
            all.streams.push(Stream { kind: Kind::Channel(channels), owner, bytes });
        }
        let mut backends = std::mem::take(&mut all.backends);
        for file in content::changelog_order(all.files.len(), &all.lists) {
            let (owner, bytes, named) = all.files[file].clone();
            let kind = Kind::Changelog(named.clone(), backends.clone());
            let length = bytes.len() as u64;
            content::changelog_file(&mut bytes.as_slice(), length, &named, &mut backends).unwrap();
            all.streams.push(Stream { kind, owner, bytes });
        }
        all
    }

    fn metadata(&mut self, metadata: &Metadata<'_>) {
        for operator in metadata.operators.iter() {
            let id = operator.id.to_string();
            self.push(Kind::Author("coordinator"), &id, operator.coordinator.as_ref());
            for subtask in operator.subtasks.iter().flat_map(List::iter) {
                let Subtask::Running(state) = subtask else { continue };
                let owner = format!("{id}-{}", state.index);
                if let Some(handle) = &state.managed_operator {
                    let kind = Kind::Operator(parts(handle));
                    self.push(kind, &owner, handle.delegate.as_ref());
                }
                if let Some(handle) = &state.raw_operator {
                    self.push(Kind::Author("raw operator"), &owner, handle.delegate.as_ref());
                }
                let max = operator.max_parallelism;
                if let Some(handle) = &state.managed_keyed {
                    self.keyed(handle, &owner, max, metadata.layout.version);
                }
                if let Some(KeyedHandle::KeyGroups(handle)) = &state.raw_keyed {
                    let kind = Kind::Raw(key_groups(handle, max, None));
                    self.push(kind, &owner, handle.delegate.as_ref());
                }
                state.input_channels.iter().for_each(|handle| self.channel(&handle.0));
                state.result_subpartitions.iter().for_each(|handle| self.channel(&handle.0));
            }
        }
    }

    fn keyed(&mut self, handle: &KeyedHandle<'_>, owner: &str, max: i32, version: i32) {
        match handle {
            KeyedHandle::Incremental(handle) => {
                self.push(Kind::Meta, owner, handle.meta.as_ref());
            }
            KeyedHandle::KeyGroups(handle) => {
                let sort = match handle.form {
                    KeyGroupsForm::Savepoint => Some(Sort::Full),
                    _ if version >= 4 => Some(Sort::Heap),
                    _ => None,
                };
                // Where the handle does not tell it was RocksDB, in these archives.
                let is = sort.unwrap_or(Sort::Full);
                let kind = Kind::KeyGroups(key_groups(handle, max, sort), is);
                self.push(kind, owner, handle.delegate.as_ref());
            }
            KeyedHandle::Changelog(handle) => {
                let backend = self.backends.len();
                self.backends.push(Backend::default());
                self.lists.push(Vec::new());
                for part in handle.materialized.iter().flatten() {
                    self.keyed(&part, owner, max, version);
                    let meta = match &part {
                        KeyedHandle::Incremental(handle) => handle.meta.clone(),
                        _ => None,
                    };
                    if let Some(bytes) = meta.and_then(|meta| self.bytes(&meta)) {
                        let meta = KeyedBackendMeta::parse(&bytes, &Hints::meta_handle(&bytes));
                        self.backends[backend] = Backend::new(&meta.unwrap());
                    }
                }
                for part in handle.non_materialized.iter().flatten() {
                    self.changes(&part, backend);
                }
            }
            other => panic!("{} in a place of its own", other.class()),
        }
    }

    fn changes(&mut self, part: &KeyedHandle<'_>, backend: usize) {
        match part {
            KeyedHandle::ChangelogFile(segment) => {
                for entry in segment.handles.iter() {
                    let Some(handle) = &entry.handle else { continue };
                    let name = identity(handle);
                    let set = Named { offset: entry.offset, backend };
                    let known = self.files.iter().position(|(known, ..)| *known == name);
                    let Some(file) = known.or_else(|| {
                        let bytes = self.bytes(handle)?;
                        self.files.push((name, bytes, Vec::new()));
                        Some(self.files.len() - 1)
                    }) else {
                        continue;
                    };
                    self.files[file].2.push(set);
                    self.lists[backend].push(file);
                }
            }
            KeyedHandle::ChangelogMemory(segment) => {
                let changes = segment.changes.iter();
                let backend = &mut self.backends[backend];
                self.memory += content::changelog_memory(changes, backend).unwrap().entries;
            }
            other => panic!("{} among changes", other.class()),
        }
    }

    fn channel(&mut self, handle: &ChannelHandle<'_>) {
        let Some(stream) = &handle.delegate else { return };
        let Some(bytes) = self.bytes(stream) else { return };
        let (_, channels) = self.channels.entry(identity(stream)).or_insert((bytes, Vec::new()));
        match &handle.channels {
            Channels::One(one) => channels
                .push(Channel { offsets: one.offsets.iter().collect(), size: handle.state_size() }),
            Channels::Merged(merged) => {
                channels.extend(merged.iter().map(|one| Channel {
                    offsets: one.channel.offsets.iter().collect(),
                    size: u64::try_from(one.state_size).ok(),
                }));
            }
        }
    }

    fn push(&mut self, kind: Kind, owner: &str, handle: Option<&StreamHandle<'_>>) {
        let Some(handle) = handle else { return };
        if matches!(handle, StreamHandle::EmptySegment) {
            return;
        }
        if let Some(bytes) = self.bytes(handle) {
            self.streams.push(Stream { kind, owner: owner.to_owned(), bytes });
        }
    }

    fn bytes(&mut self, handle: &StreamHandle<'_>) -> Option<Vec<u8>> {
        let here = |path: &str| {
            let name = self.root.file_name().unwrap().to_str().unwrap();
            let inside = path.strip_prefix(&format!("file:/tmp/flink-lab/{name}/"));
            fs::read(self.root.join(inside.expect("a path below the root"))).ok()
        };
        let bytes = match handle.innermost() {
            StreamHandle::Inline { data, .. } => Some(data.to_vec()),
            StreamHandle::File { path, .. } => here(&path.to_str()),
            StreamHandle::Relative { path, .. } => {
                fs::read(self.root.join(self.checkpoint).join(&*path.to_str())).ok()
            }
            StreamHandle::Segment(segment) => here(&segment.path.to_str()).map(|file| {
                let start = usize::try_from(segment.start).unwrap();
                file[start..start + usize::try_from(segment.length).unwrap()].to_vec()
            }),
            StreamHandle::EmptySegment | StreamHandle::KeyGroups(_) => Some(Vec::new()),
        };
        self.missing += usize::from(bytes.is_none());
        bytes
    }
}

fn key_groups(handle: &KeyGroupsHandle<'_>, max_parallelism: i32, sort: Option<Sort>) -> KeyGroups {
    let offsets = handle.offsets.iter().collect();
    KeyGroups { first: handle.start_key_group, offsets, max_parallelism, sort }
}

fn parts(handle: &OperatorHandle<'_>) -> Vec<OperatorPart> {
    let part = handle.states.iter().map(|state| OperatorPart {
        name: state.name.to_str().into_owned(),
        broadcast: state.mode == Mode::Broadcast,
        offsets: state.offsets.iter().collect(),
    });
    part.collect()
}

fn identity(handle: &StreamHandle<'_>) -> String {
    match handle {
        StreamHandle::Inline { name, .. } => name.to_string(),
        StreamHandle::File { path, .. } | StreamHandle::Relative { path, .. } => path.to_string(),
        StreamHandle::Segment(segment) => segment.logical_file_id.to_string(),
        other => other.class().to_owned(),
    }
}
