//! Stream, operator state and channel state handles.

use super::EncodeError;
use super::Encoder;
use super::Release;
use super::Result;
use crate::format::flink::channel::ChannelHandle;
use crate::format::flink::channel::Channels;
use crate::format::flink::channel::MergedChannel;
use crate::format::flink::channel::Side;
use crate::format::flink::list::List;
use crate::format::flink::operator::Mode;
use crate::format::flink::operator::OperatorHandle;
use crate::format::flink::operator::PartitionedState;
use crate::format::flink::stream::NamedHandle;
use crate::format::flink::stream::Scope;
use crate::format::flink::stream::StreamHandle;
use crate::format::flink::write::Writer;

impl Encoder {
    pub(super) fn stream(&mut self, handle: Option<&StreamHandle<'_>>) -> Result<()> {
        match handle {
            None => self.out.u8(0),
            Some(StreamHandle::Inline { name, data }) => {
                self.out.u8(1);
                self.out.utf(*name)?;
                self.out.sized_bytes(data)?;
            }
            Some(StreamHandle::File { size, path }) => {
                self.out.u8(2);
                self.out.i64(*size);
                self.out.utf(*path)?;
            }
            Some(StreamHandle::KeyGroups(handle)) => {
                self.require("a key-groups handle as a stream", Release(1, 13))?;
                self.out.u8(3);
                self.key_groups_body(handle)?;
            }
            Some(StreamHandle::Relative { path, size }) => {
                self.out.u8(6);
                self.out.utf(*path)?;
                self.out.i64(*size);
            }
            Some(StreamHandle::Segment(segment)) => {
                self.require("a segment of a merged file", Release(1, 20))?;
                self.out.u8(15);
                self.out.i64(segment.start);
                self.out.i64(segment.length);
                self.out.i32((segment.scope == Scope::Shared).into());
                self.out.utf(segment.path)?;
                self.out.utf(segment.logical_file_id)?;
            }
            Some(StreamHandle::EmptySegment) => {
                self.require("an empty segment", Release(1, 20))?;
                self.out.u8(16);
            }
        }
        Ok(())
    }

    pub(super) fn files(&mut self, files: &List<'_, NamedHandle<'_>>) -> Result<()> {
        self.all(files.iter(), files.len(), |encoder, file| {
            encoder.out.utf(file.local_name)?;
            encoder.stream(file.handle.as_ref())
        })
    }

    pub(super) fn offsets(&mut self, offsets: &List<'_, i64>) -> Result<()> {
        self.all(offsets.iter(), offsets.len(), |encoder, offset| {
            encoder.out.i64(*offset);
            Ok(())
        })
    }

    pub(super) fn operator_handle(&mut self, handle: &OperatorHandle<'_>) -> Result<()> {
        self.out.u8(if handle.merging.is_some() { 17 } else { 4 });
        self.all(handle.states.iter(), handle.states.len(), Self::partitioned)?;
        if let Some(merging) = &handle.merging {
            self.require("file merging", Release(1, 20))?;
            self.out.utf(merging.task_owned)?;
            self.out.utf(merging.shared)?;
            self.out.bool(merging.empty);
        }
        self.stream(handle.delegate.as_ref())
    }

    fn partitioned(&mut self, state: &PartitionedState<'_>) -> Result<()> {
        self.out.utf(state.name)?;
        self.out.u8(match state.mode {
            Mode::SplitDistribute => 0,
            Mode::Union => 1,
            Mode::Broadcast => 2,
        });
        self.offsets(&state.offsets)
    }

    /// Channel handles; for releases before 2.1 a merged one becomes one for each channel.
    pub(super) fn channels<'a>(
        &mut self,
        handles: impl Iterator<Item = ChannelHandle<'a>>,
    ) -> Result<()> {
        let merged = self.target.version >= 6;
        let handles: Vec<_> = match merged {
            true => handles.collect(),
            false => handles.flat_map(split).collect(),
        };
        self.out.count(handles.len())?;
        handles.iter().try_for_each(|handle| self.channel(handle))
    }

    fn channel(&mut self, handle: &ChannelHandle<'_>) -> Result<()> {
        let output = handle.side == Side::Output;
        match &handle.channels {
            Channels::One(channel) => {
                if self.target.version >= 6 {
                    self.out.u8(if output { 2 } else { 1 });
                }
                self.subtask_index(handle)?;
                self.out.i32(channel.gate);
                self.out.i32(channel.channel);
                self.offsets(&channel.offsets)?;
                self.out.i64(handle.state_size);
                self.stream(handle.delegate.as_ref())
            }
            Channels::Merged(channels) => {
                self.out.u8(if output { 4 } else { 3 });
                self.subtask_index(handle)?;
                self.out.i64(handle.state_size);
                self.stream(handle.delegate.as_ref())?;
                let mut blob = Encoder { out: Writer::default(), target: self.target };
                blob.all(channels.iter(), channels.len(), Self::merged_channel)?;
                self.out.sized_bytes(&blob.out.bytes)
            }
        }
    }

    fn subtask_index(&mut self, handle: &ChannelHandle<'_>) -> Result<()> {
        if self.target.release == Release(1, 11) {
            return Ok(());
        }
        let missing = "a channel handle of Flink 1.11 does not say which subtask wrote it, \
                       and later releases need that";
        self.out.i32(handle.subtask.ok_or(EncodeError::Unreadable(missing))?);
        Ok(())
    }

    fn merged_channel(&mut self, channel: &MergedChannel<'_>) -> Result<()> {
        self.out.i32(channel.channel.gate);
        self.out.i32(channel.channel.channel);
        self.out.i64(channel.state_size);
        self.offsets(&channel.channel.offsets)
    }
}

/// The same state, one handle a channel.
fn split(handle: ChannelHandle<'_>) -> Vec<ChannelHandle<'_>> {
    let Channels::Merged(channels) = &handle.channels else {
        return vec![handle];
    };
    channels
        .iter()
        .map(|merged| ChannelHandle {
            state_size: merged.state_size,
            channels: Channels::One(merged.channel),
            delegate: handle.delegate.clone(),
            side: handle.side,
            subtask: handle.subtask,
        })
        .collect()
}
