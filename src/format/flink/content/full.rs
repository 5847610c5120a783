//! A key group of a full snapshot (section 6.1): keys and values as RocksDB has them.

use super::Result;
use super::Stop;
use super::at;
use super::codec::Codec;
use super::frames::framed;
use super::input::Input;
use super::states::Shape;
use super::states::State;
use super::states::States;
use super::value::nullable;

const END: u16 = 0xFFFF;

/// Is given the state, key and value of every entry.
pub(super) type Sink<'s> = dyn FnMut(usize, &[u8], &[u8]) -> Result<()> + 's;

/// A key group, and what its entries may be of.
pub(super) struct Full<'s> {
    pub(super) states: &'s mut States,
    pub(super) group: i32,
    /// Bytes of the key-group prefix: 1 or 2.
    pub(super) prefix: u8,
    /// Where entries go; nothing of them is decoded then.
    pub(super) sink: Option<&'s mut Sink<'s>>,
}

impl Full<'_> {
    /// Takes the block up to the current end.
    pub(super) fn read(mut self, input: &mut Input<'_>, compressed: bool) -> Result<()> {
        match compressed {
            false => self.entries(input),
            true => framed(input, true, |input| self.entries(input)),
        }
    }

    fn entries(&mut self, input: &mut Input<'_>) -> Result<()> {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let mut id = input.u16("state id")?;
        while id != END {
            let known = usize::from(id) < self.states.list.len();
            if !known && self.states.complete {
                return Err(at(input.offset(), "state id", "is none of those of the head").into());
            }
            loop {
                let last = match self.sink.is_some() {
                    true => self.held(id, (&mut key, &mut value), input)?,
                    false => self.entry(id, input)?,
                };
                if last {
                    break;
                }
            }
            id = input.u16("state id or end mark")?;
        }
        Ok(())
    }

    /// Takes an entry as it is and gives it away; returns whether it is the last of its state
    /// here.
    fn held(
        &mut self,
        id: u16,
        (key, value): (&mut Vec<u8>, &mut Vec<u8>),
        input: &mut Input<'_>,
    ) -> Result<bool> {
        let id = usize::from(id);
        let (mut last, group, prefix) = (false, self.group, self.prefix);
        let n = input.count(1, "length of a key")?;
        key.clear();
        input.part(n, "key", |input| {
            last = key_group(group, prefix, input)?;
            let [.., high, low] = group.to_be_bytes();
            key.extend([high, low].iter().skip(2_usize.saturating_sub(prefix.into())));
            Ok(input.append(input.left(), key, "key")?)
        })?;
        let n = input.count(1, "length of a value")?;
        value.clear();
        input.append(n, value, "value")?;
        if let Some(sink) = &mut self.sink {
            sink(id, key, value)?;
        }
        if let Some(state) = self.states.list.get_mut(id) {
            state.met(1);
        }
        Ok(last)
    }

    /// Takes an entry; returns whether it is the last of its state here.
    fn entry(&mut self, id: u16, input: &mut Input<'_>) -> Result<bool> {
        let n = input.count(1, "length of a key")?;
        let (mut last, group, prefix) = (false, self.group, self.prefix);
        let state = self.states.list.get_mut(usize::from(id));
        let Some(state) = state else {
            input.part(n, "key", |input| {
                last = key_group(group, prefix, input)?;
                input.skip_rest("key")?;
                Ok(())
            })?;
            let n = input.count(1, "length of a value")?;
            input.skip(n, "value")?;
            return Ok(last);
        };
        let unknown = input.part(n, "key", |input| {
            last = key_group(group, prefix, input)?;
            rest_of_key(&self.states.key, state, input)
        })?;
        state.note("keys", unknown);
        let n = input.count(1, "length of a value")?;
        let unknown = input.part(n, "value", |input| value(state, input))?;
        state.note("values", unknown);
        state.met(1);
        Ok(last)
    }
}

/// Takes the key group in front of a key; its highest bit marks the last entry.
fn key_group(group: i32, prefix: u8, input: &mut Input<'_>) -> Result<bool> {
    let before = input.offset();
    let first = input.u8("key group of a key")?;
    let mut found = i32::from(first & 0x7F);
    if prefix == 2 {
        found = (found << 8) | i32::from(input.u8("key group of a key")?);
    }
    match found == group {
        true => Ok(first & 0x80 != 0),
        false => Err(at(before, "key group of a key", "is not the one it lies in").into()),
    }
}

/// What follows the key group: key, namespace and user key, or the element of a queue.
fn rest_of_key(key: &Codec, state: &State, input: &mut Input<'_>) -> Result<(), Stop> {
    if state.shape == Shape::Queue {
        return state.element().read(input);
    }
    for part in [key, &state.namespace] {
        let before = input.offset();
        part.read(input)?;
        if state.ambiguous {
            length_behind(input.offset().saturating_sub(before), input)?;
        }
    }
    match state.shape {
        Shape::Map => state.user().0.read(input),
        _ => Ok(()),
    }
}

/// The length of a key or namespace, written behind it: its bytes from the lowest up to the
/// highest that is not 0, at least one.
fn length_behind(mut length: u64, input: &mut Input<'_>) -> Result<()> {
    loop {
        let before = input.offset();
        if u64::from(input.u8("length behind a key")?) != length & 0xFF {
            return Err(at(before, "length behind a key", "is not that of the key").into());
        }
        length >>= 8;
        if length == 0 {
            return Ok(());
        }
    }
}

fn value(state: &State, input: &mut Input<'_>) -> Result<(), Stop> {
    match state.shape {
        Shape::Value => state.value.read(input),
        // Timers are all key.
        Shape::Queue => Ok(()),
        Shape::Map => nullable(state.user().1, input),
        Shape::List => loop {
            state.element().read(input)?;
            if input.left() == 0 {
                return Ok(());
            }
            let before = input.offset();
            if input.u8("list separator")? != b',' {
                return Err(at(before, "list separator", "is not 2C").into());
            }
        },
    }
}
