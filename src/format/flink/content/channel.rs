//! Files of in-flight data: `i32` version 0, then buffers, each with an `i32` length in front
//! (`ChannelStateSerializerImpl`).
//!
//! The bytes of a buffer are records as they went over the wire, cut anywhere.

use std::io::Read;

use super::super::error::FormatError;
use super::super::error::Problem;
use super::Parsed;
use super::Result;
use super::at;
use super::input::Input;

/// A channel that has state in the file, as its handle says.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Offset of each of its buffers.
    pub offsets: Vec<i64>,
    /// Bytes of its buffers with their lengths; `None` if that is not known.
    pub size: Option<u64>,
}

/// Parses a file of channel state, `length` bytes, of which these are all channels that name
/// it, of whatever operator and subtask. Buffers that no channel names are no damage: a subtask
/// that wrote to the file may have had to leave the checkpoint.
pub fn channel_state(source: &mut dyn Read, length: u64, channels: &[Channel]) -> Result<Parsed> {
    const FIELD: &str = "channel state";
    let mut input = Input::new(source, length);
    if input.i32("channel state version")? != 0 {
        return Err(at(0, "channel state version", "is not 0").into());
    }
    let mut named = Vec::new();
    for (i, channel) in channels.iter().enumerate() {
        for &offset in &channel.offsets {
            let Ok(value) = u64::try_from(offset) else {
                let problem = Problem::Negative(offset);
                return Err(FormatError { offset: 0, field: "offset of a buffer", problem }.into());
            };
            named.push((value, i));
        }
    }
    named.sort_unstable();
    let mut named = named.into_iter().peekable();
    let mut sizes = vec![0_u64; channels.len()];
    let mut parsed = Parsed { bytes: length, ..Parsed::default() };
    while input.left() > 0 {
        let start = input.offset();
        let n = input.count(1, "length of a buffer")?;
        input.skip(n, "buffer")?;
        parsed.entries = parsed.entries.saturating_add(1);
        while let Some((offset, channel)) = named.next_if(|(offset, _)| *offset < input.offset()) {
            if offset != start {
                return Err(at(offset, "offset of a buffer", "is not where one begins").into());
            }
            if let Some(size) = sizes.get_mut(channel) {
                *size = size.saturating_add(input.offset().saturating_sub(start));
            }
        }
    }
    if let Some((value, _)) = named.next() {
        if value <= length {
            return Err(at(value, "offset of a buffer", "is not where one begins").into());
        }
        let problem = Problem::TooLarge { value, limit: length };
        return Err(FormatError { offset: length, field: "offset of a buffer", problem }.into());
    }
    // State of one channel inside of metadata is one buffer, and its size that of the stream.
    let alone = channels.len() == 1;
    let differs = |(channel, size): (&Channel, &u64)| {
        channel.size.is_some_and(|n| n != *size && !(alone && n == length))
    };
    if channels.iter().zip(&sizes).any(differs) {
        let what = "has a channel whose buffers are not as large as its handle says";
        return Err(at(length, FIELD, what).into());
    }
    input.finish(FIELD)?;
    Ok(parsed)
}
