//! From handles to their part of the document.

use sha2::Digest;
use sha2::Sha256;

use super::ChangelogEntryJson;
use super::ChannelInfoJson;
use super::ChannelJson;
use super::KeyGroupsJson;
use super::KeyedDetailJson;
use super::KeyedJson;
use super::KeyedMetaJson;
use super::NamedJson;
use super::OperatorMetaJson;
use super::OperatorStateJson;
use super::PartitionJson;
use super::SerializerJson;
use super::StateJson;
use super::StreamDetailJson;
use super::StreamJson;
use crate::format::flink::backend_meta::StateMeta;
use crate::format::flink::channel::ChannelHandle;
use crate::format::flink::channel::ChannelOffsets;
use crate::format::flink::channel::Channels;
use crate::format::flink::channel::Side;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::list::List;
use crate::format::flink::list::Record;
use crate::format::flink::operator::OperatorHandle;
use crate::format::flink::serializer::Serializer;
use crate::format::flink::stream::NamedHandle;
use crate::format::flink::stream::StreamHandle;
use crate::format::flink::utf::Utf;
use crate::ops::inspect::Survey;
use crate::ops::inspect::metas::Metas;
use crate::ops::inspect::type_text;
use crate::report::seq::Seq;

/// Converts handles of one checkpoint.
#[derive(Clone, Copy)]
pub(super) struct Convert<'r, 'a> {
    pub(super) survey: Survey<'r, 'a>,
    pub(super) metas: &'r Metas<'r>,
}

impl<'r, 'a: 'r> Convert<'r, 'a> {
    pub(super) fn stream(self, handle: &StreamHandle<'a>) -> StreamJson<'r> {
        let path = || match self.survey.places.of(handle) {
            Some(place) => self.survey.places.text(place),
            None => String::new(),
        };
        let detail = match handle {
            StreamHandle::Inline { name, data } => StreamDetailJson::Inline {
                name: name.to_string(),
                inline_bytes: data.len() as u64,
                sha256: hex(&Sha256::digest(data)),
            },
            StreamHandle::File { .. } => StreamDetailJson::File { path: path() },
            StreamHandle::Relative { path: relative, .. } => {
                StreamDetailJson::Relative { path: path(), relative_path: relative.to_string() }
            }
            StreamHandle::Segment(segment) => StreamDetailJson::Segment {
                path: path(),
                offset: segment.start,
                scope: segment.scope.name(),
                logical_file_id: segment.logical_file_id.to_string(),
            },
            // Flink's constants of this class; no such file exists.
            StreamHandle::EmptySegment => StreamDetailJson::Segment {
                path: "empty".into(),
                offset: 0,
                scope: "EXCLUSIVE",
                logical_file_id: "DUMMY".into(),
            },
            StreamHandle::KeyGroups(keyed) => StreamDetailJson::KeyGroups {
                key_groups: KeyGroupsJson::of(keyed.key_groups()),
                offsets: all(keyed.offsets.clone(), |offset| offset),
                handle: Box::new(self.optional(keyed.delegate.as_ref())),
            },
        };
        StreamJson { class: handle.class(), state_bytes: handle.state_size(), detail }
    }

    fn optional(self, handle: Option<&StreamHandle<'a>>) -> Option<StreamJson<'r>> {
        handle.map(|handle| self.stream(handle))
    }

    pub(super) fn keyed(self, handle: &KeyedHandle<'a>, managed: bool) -> KeyedJson<'r> {
        let backend_meta = || match managed {
            true => self.metas.keyed(self.survey, handle)?.ok().map(|meta| KeyedMetaJson {
                version: meta.version,
                compressed: meta.compressed,
                key_serializer: serializer(&meta.key_serializer),
                states: meta.states.iter().map(state).collect(),
                complete: meta.extent.complete,
            }),
            false => None,
        };
        let detail = match handle {
            KeyedHandle::Incremental(handle) => KeyedDetailJson::Incremental {
                backend_id: handle.backend_id.to_string(),
                checkpoint_id: handle.checkpoint_id,
                meta: self.optional(handle.meta.as_ref()),
                shared: self.files(handle.shared.clone()),
                private: self.files(handle.private.clone()),
            },
            KeyedHandle::KeyGroups(handle) => KeyedDetailJson::KeyGroups {
                offsets: all(handle.offsets.clone(), |offset| offset),
                handle: self.optional(handle.delegate.as_ref()),
            },
            KeyedHandle::Changelog(handle) => KeyedDetailJson::Changelog {
                checkpoint_id: handle.checkpoint_id,
                materialization_id: handle.materialization_id,
                materialized: self.parts(handle.materialized.clone(), managed),
                non_materialized: self.parts(handle.non_materialized.clone(), managed),
            },
            KeyedHandle::ChangelogMemory(segment) => KeyedDetailJson::ChangelogMemory {
                from: segment.from,
                to: segment.to,
                changes: segment.changes.len() as u64,
                incremental_bytes: handle.checkpointed_size(),
                storage: None,
                handles: Seq::optional(|| None),
            },
            KeyedHandle::ChangelogFile(segments) => KeyedDetailJson::ChangelogFile {
                incremental_bytes: segments.incremental_size(),
                storage: text(segments.storage).or_else(|| Some("filesystem".into())),
                handles: all(segments.handles.clone(), move |entry| ChangelogEntryJson {
                    offset: entry.offset,
                    handle: self.optional(entry.handle.as_ref()),
                }),
            },
        };
        KeyedJson {
            class: handle.class(),
            key_groups: KeyGroupsJson::of(handle.key_groups()),
            state_bytes: handle.state_size(),
            new_bytes: handle.checkpointed_size(),
            state_handle_id: text(handle.state_handle_id()),
            detail,
            backend_meta: backend_meta(),
        }
    }

    fn files(self, files: List<'a, NamedHandle<'a>>) -> Seq<'r, NamedJson<'r>> {
        all(files, move |file| NamedJson {
            local_name: file.local_name.to_string(),
            handle: self.optional(file.handle.as_ref()),
        })
    }

    fn parts(
        self,
        parts: List<'a, Option<KeyedHandle<'a>>>,
        managed: bool,
    ) -> Seq<'r, KeyedJson<'r>> {
        Seq::new(move || {
            let parts = parts.clone().into_records().flatten();
            parts.map(move |part| self.keyed(&part, managed))
        })
    }

    pub(super) fn operator(
        self,
        handle: &OperatorHandle<'a>,
        managed: bool,
    ) -> OperatorStateJson<'r> {
        let backend_meta = match managed {
            true => self.metas.operator(self.survey, handle).and_then(Result::ok),
            false => None,
        };
        let directory = |path: Utf<'a>| {
            let places = self.survey.places;
            places.text(places.absolute(path))
        };
        let states = handle.states.iter().map(|state| {
            let offsets = state.offsets.iter().collect();
            (state.name.to_string(), PartitionJson { mode: state.mode.name(), offsets })
        });
        OperatorStateJson {
            class: handle.class(),
            state_bytes: handle.state_size(),
            states: states.collect(),
            handle: self.optional(handle.delegate.as_ref()),
            backend_meta: backend_meta.map(|meta| OperatorMetaJson {
                version: meta.version,
                compressed: meta.compressed,
                states: meta
                    .operator_states
                    .iter()
                    .chain(&meta.broadcast_states)
                    .map(state)
                    .collect(),
                complete: meta.extent.complete,
            }),
            task_owned_dir: handle.merging.map(|merging| directory(merging.task_owned)),
            shared_dir: handle.merging.map(|merging| directory(merging.shared)),
        }
    }

    pub(super) fn channels<T: Record<'a>>(
        self,
        handles: List<'a, T>,
        inner: impl Fn(T) -> ChannelHandle<'a> + Copy + 'r,
    ) -> Seq<'r, ChannelJson<'r>> {
        all(handles, move |handle| self.channel(inner(handle)))
    }

    fn channel(self, handle: ChannelHandle<'a>) -> ChannelJson<'r> {
        let side = handle.side;
        let infos = match handle.channels.clone() {
            Channels::One(channel) => {
                Seq::optional(move || Some(info(side, channel.clone(), handle.state_size)))
            }
            Channels::Merged(channels) => {
                all(channels, move |one| info(side, one.channel, one.state_size))
            }
        };
        ChannelJson {
            class: handle.class(),
            state_bytes: handle.state_size(),
            subtask: handle.subtask,
            infos,
            handle: self.optional(handle.delegate.as_ref()),
        }
    }
}

fn info<'r, 'a: 'r>(side: Side, channel: ChannelOffsets<'a>, bytes: i64) -> ChannelInfoJson<'r> {
    let offsets = all(channel.offsets, |offset| offset);
    let (a, b) = (channel.gate, channel.channel);
    let bytes = u64::try_from(bytes).ok();
    match side {
        Side::Input => ChannelInfoJson::Input { gate: a, channel: b, bytes, offsets },
        Side::Output => ChannelInfoJson::Output { partition: a, subpartition: b, bytes, offsets },
    }
}

/// A list of a document over the records of a list of handles.
fn all<'r, 'a: 'r, T: Record<'a>, U: 'r>(
    list: List<'a, T>,
    convert: impl Fn(T) -> U + Copy + 'r,
) -> Seq<'r, U> {
    // Each walk has the view of the bytes for itself, so that it can outlive this call.
    Seq::new(move || list.clone().into_records().map(convert))
}

fn text(utf: Option<Utf<'_>>) -> Option<String> {
    utf.map(|utf| utf.to_string())
}

/// A state of a meta stream.
pub(super) fn state(state: &StateMeta<'_>) -> StateJson {
    let pair = |(key, value): &(Utf<'_>, Utf<'_>)| (key.to_string(), value.to_string());
    let role = |(role, one): &(Utf<'_>, Serializer<'_>)| (role.to_string(), serializer(one));
    StateJson {
        name: state.name.to_string(),
        kind: state.kind.name(),
        options: state.options.iter().map(pair).collect(),
        serializers: state.serializers.iter().map(role).collect(),
        note: state.note.clone(),
    }
}

fn serializer(of: &Serializer<'_>) -> SerializerJson {
    SerializerJson {
        snapshot_class: of.snapshot_class.to_string(),
        snapshot_version: of.snapshot_version,
        type_text: type_text(of),
        nested: of.nested.iter().map(serializer).collect(),
        opaque: of.opaque.is_some(),
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}
