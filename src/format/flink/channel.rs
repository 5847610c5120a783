//! Channel state handles (section 1.8): in-flight data of unaligned checkpoints.

use super::error::Problem;
use super::error::Result;
use super::keyed::size_of;
use super::list::Layout;
use super::list::List;
use super::list::Record;
use super::read::Reader;
use super::stream::StreamHandle;

/// Which side of a channel the state belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Input gate and channel.
    Input,
    /// Result partition and subpartition.
    Output,
}

/// A handle to the buffers of one channel, or of many merged ones.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelHandle<'a> {
    /// Input or output.
    pub side: Side,
    /// The subtask that wrote the state; not in files of 1.11.
    pub subtask: Option<i32>,
    /// The channels, with the offsets of their buffers.
    pub channels: Channels<'a>,
    /// Bytes of the state.
    pub state_size: i64,
    /// The stream, shared by many channels and even subtasks.
    pub delegate: Option<StreamHandle<'a>>,
}

/// The channels of a handle.
#[derive(Debug, Clone, PartialEq)]
pub enum Channels<'a> {
    /// `InputChannelStateHandle`, `ResultSubpartitionStateHandle`.
    One(ChannelOffsets<'a>),
    /// `MergedInputChannelStateHandle`, `MergedResultSubpartitionStateHandle`, since 2.1;
    /// each channel with its own size.
    Merged(List<'a, MergedChannel<'a>>),
}

/// A channel and the offsets of its buffers in the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelOffsets<'a> {
    /// Input gate or result partition.
    pub gate: i32,
    /// Input channel or result subpartition.
    pub channel: i32,
    /// Byte offset of each buffer.
    pub offsets: List<'a, i64>,
}

/// One channel of a merged handle.
#[derive(Debug, Clone, PartialEq)]
pub struct MergedChannel<'a> {
    /// The channel.
    pub channel: ChannelOffsets<'a>,
    /// Bytes of this channel's state.
    pub state_size: i64,
}

impl<'a> ChannelHandle<'a> {
    /// Flink's class name.
    pub fn class(&self) -> &'static str {
        match (&self.channels, self.side) {
            (Channels::One(_), Side::Input) => "InputChannelStateHandle",
            (Channels::One(_), Side::Output) => "ResultSubpartitionStateHandle",
            (Channels::Merged(_), Side::Input) => "MergedInputChannelStateHandle",
            (Channels::Merged(_), Side::Output) => "MergedResultSubpartitionStateHandle",
        }
    }

    /// Bytes of the state.
    pub fn state_size(&self) -> Option<u64> {
        u64::try_from(self.state_size).ok()
    }

    /// Bytes of the whole stream, of which this handle uses a part.
    pub fn delegate_size(&self) -> Option<u64> {
        size_of(self.delegate.as_ref())
    }

    fn read(r: &mut Reader<'a>, layout: Layout, side: Side) -> Result<Self> {
        if layout.version < 6 {
            return Self::read_one(r, layout, side);
        }
        let at = r.clone();
        let (tags, merged) = match side {
            Side::Input => ("1 or 3 in a list of input channels", 3),
            Side::Output => ("2 or 4 in a list of result subpartitions", 4),
        };
        match r.u8("channel handle tag")? {
            tag if tag == merged => Self::read_merged(r, layout, side),
            tag if tag.checked_add(2) == Some(merged) => Self::read_one(r, layout, side),
            found => Err(at.error("channel handle tag", Problem::Tag { found, allowed: tags })),
        }
    }

    fn read_one(r: &mut Reader<'a>, layout: Layout, side: Side) -> Result<Self> {
        let subtask = match layout.channels_of_1_11 {
            true => None,
            false => Some(r.i32("subtask index of a channel handle")?),
        };
        let gate = index(r, "gate or partition index")?;
        let channel = index(r, "channel index")?;
        let offsets = List::read(r, layout, "number of buffer offsets")?;
        Ok(ChannelHandle {
            side,
            subtask,
            channels: Channels::One(ChannelOffsets { gate, channel, offsets }),
            state_size: r.i64("channel state size")?,
            delegate: StreamHandle::read(r, layout)?,
        })
    }

    fn read_merged(r: &mut Reader<'a>, layout: Layout, side: Side) -> Result<Self> {
        let subtask = Some(r.i32("subtask index of a channel handle")?);
        let state_size = r.i64("channel state size")?;
        let delegate = StreamHandle::read(r, layout)?;
        let blob = r.sized_bytes("merged channel offsets")?;
        let end = r.offset();
        let mut inner = Reader::at(blob, end.saturating_sub(blob.len() as u64));
        let channels = Channels::Merged(List::read(&mut inner, layout, "number of channels")?);
        inner.finish("merged channel offsets")?;
        Ok(ChannelHandle { side, subtask, channels, state_size, delegate })
    }
}

fn index(r: &mut Reader<'_>, field: &'static str) -> Result<i32> {
    let at = r.clone();
    let value = r.i32(field)?;
    if value < 0 {
        return Err(at.error(field, Problem::Negative(value.into())));
    }
    Ok(value)
}

impl<'a> Record<'a> for MergedChannel<'a> {
    const MIN_SIZE: usize = 20;

    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Self> {
        let gate = index(r, "gate or partition index")?;
        let channel = index(r, "channel index")?;
        let state_size = r.i64("channel state size")?;
        let offsets = List::read(r, layout, "number of buffer offsets")?;
        Ok(MergedChannel { channel: ChannelOffsets { gate, channel, offsets }, state_size })
    }
}

/// A handle in a list of input channel state.
#[derive(Debug, Clone, PartialEq)]
pub struct InputChannel<'a>(pub ChannelHandle<'a>);

/// A handle in a list of result subpartition state.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputChannel<'a>(pub ChannelHandle<'a>);

/// The fewest bytes of a handle in any version: 1.11 without offsets, null delegate.
const MIN_SIZE: usize = 21;

impl<'a> Record<'a> for InputChannel<'a> {
    const MIN_SIZE: usize = MIN_SIZE;

    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Self> {
        ChannelHandle::read(r, layout, Side::Input).map(InputChannel)
    }
}

impl<'a> Record<'a> for OutputChannel<'a> {
    const MIN_SIZE: usize = MIN_SIZE;

    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Self> {
        ChannelHandle::read(r, layout, Side::Output).map(OutputChannel)
    }
}
