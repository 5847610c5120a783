//! Raw keyed state: what an operator writes itself, for which only timers have a known format.
//!
//! Timers on the heap beside a RocksDB backend are written so: at the offset of every key group
//! a marker, `i32` version, `i32` n and n times a `utf` name, the snapshots of the key and
//! namespace serializers, and two counted lists (event time, processing time) of key, namespace
//! and `i64` timestamp. Read from `InternalTimerServiceSerializationProxy` version 2.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Read;

use super::super::read::Reader;
use super::super::serializer::read_bare_snapshot;
use super::Parsed;
use super::Result;
use super::Stop;
use super::at;
use super::codec::Codec;
use super::input::Input;
use super::key_groups::KeyGroups;
use super::key_groups::blocks;
use super::states::opaque;

/// Marks a versioned format that once had no version.
const VERSIONED: [u8; 4] = [0xF1, 0xCD, 0x85, 0x9F];

/// Longest snapshot of a serializer that is looked for.
const MAX_SNAPSHOT: usize = 32 << 10;

/// Parses a stream of raw keyed state, `length` bytes. What is not timers is opaque.
pub fn raw_key_groups(source: &mut dyn Read, length: u64, handle: &KeyGroups) -> Result<Parsed> {
    let mut input = Input::new(source, length);
    let mut timers = Timers::default();
    let blocks = blocks(handle, length, -1)?;
    let first = blocks.first().map_or(length, |block| block.start);
    let opening = input.peek()?;
    let opening = opening.get(usize::try_from(first).unwrap_or(usize::MAX)..).unwrap_or_default();
    if !opening.starts_with(&VERSIONED) {
        return super::rest_is_user_defined(&mut input, length, "raw keyed state");
    }
    input.skip(first, "raw keyed state")?;
    for block in &blocks {
        input.until(block.end, "timers of a key group", |input| timers.read(input))?;
    }
    input.finish("raw keyed state")?;
    let opaque = timers.opaque.into_iter().collect();
    let mut parsed = Parsed { bytes: length, opaque, ..Parsed::default() };
    for (name, n) in timers.services {
        parsed.entries = parsed.entries.saturating_add(n);
        parsed.states.push((name, n));
    }
    Ok(parsed)
}

#[derive(Default)]
struct Timers {
    services: BTreeMap<String, u64>,
    opaque: BTreeSet<String>,
}

impl Timers {
    fn read(&mut self, input: &mut Input<'_>) -> Result<()> {
        let before = input.offset();
        if input.vec(4, "timers marker")? != VERSIONED {
            return Err(at(before, "timers marker", "is not F1 CD 85 9F").into());
        }
        let before = input.offset();
        if input.i32("timers version")? != 2 {
            return Err(at(before, "timers version", "is not 2").into());
        }
        for _ in 0..input.count(2, "number of timer services")? {
            let n = input.u16("name of a timer service")?;
            let name = input.vec(n.into(), "name of a timer service")?;
            let name = String::from_utf8_lossy(&name).into_owned();
            match self.service(&name, input) {
                Err(Stop::Unknown(class)) => {
                    self.opaque.insert(opaque("timers", &name, &class));
                    return input.skip_rest("timers of a key group");
                }
                Err(Stop::Error(error)) => return Err(error),
                Ok(n) => {
                    let sum = self.services.entry(name).or_default();
                    *sum = sum.saturating_add(n);
                }
            }
        }
        Ok(())
    }

    fn service(&mut self, name: &str, input: &mut Input<'_>) -> Result<u64, Stop> {
        let key = codec(input, name)?;
        let namespace = codec(input, name)?;
        let timer = Codec::sequence(vec![key, namespace, Codec::Fixed(8)]);
        let mut timers = 0_u64;
        for field in ["number of event-time timers", "number of processing-time timers"] {
            let n = input.count(timer.least(), field)?;
            for _ in 0..n {
                timer.read(input)?;
            }
            timers = timers.saturating_add(n);
        }
        Ok(timers)
    }
}

/// A snapshot that is not framed: as much as it takes of what is at hand.
fn codec(input: &mut Input<'_>, service: &str) -> Result<Codec, Stop> {
    let offset = input.offset();
    let bytes = input.peek()?;
    let bytes = bytes.get(..bytes.len().min(MAX_SNAPSHOT)).unwrap_or_default();
    let mut reader = Reader::at(bytes, offset);
    let Some(serializer) = read_bare_snapshot(&mut reader)? else {
        return Err(Stop::Unknown(format!("a serializer of {service}")));
    };
    let (codec, taken) = (Codec::of(&serializer), reader.offset().saturating_sub(offset));
    input.skip(taken, "serializer snapshot")?;
    Ok(codec)
}
