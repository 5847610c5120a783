//! Operator state streams (section 4.2): the head, and a part at every offset of the handle.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Read;

use super::super::backend_meta::Hints;
use super::super::backend_meta::OperatorBackendMeta;
use super::super::error::FormatError;
use super::super::error::Problem;
use super::Parsed;
use super::Result;
use super::Stop;
use super::at;
use super::codec::Codec;
use super::frames::IDENTIFIER;
use super::frames::framed;
use super::input::Input;
use super::states::opaque;

/// A named state of an operator handle.
#[derive(Debug, Clone)]
pub struct OperatorPart {
    /// Name of the state.
    pub name: String,
    /// Whether it is broadcast state: one map at one offset.
    pub broadcast: bool,
    /// Offset of each element of a list, or of the map.
    pub offsets: Vec<i64>,
}

const FIELD: &str = "operator state";

/// Parses a stream of managed operator state, `length` bytes, whose handle names these parts.
pub fn operator_state(
    source: &mut dyn Read,
    length: u64,
    parts: &[OperatorPart],
) -> Result<Parsed> {
    let mut input = Input::new(source, length);
    let offsets = offsets(parts, length)?;
    let first = offsets.first().map_or(length, |(offset, _)| *offset);
    let head = input.vec(first, "operator backend meta")?;
    OperatorBackendMeta::check(&head)?;
    // With compression the identifier of the frames lies between the head and the first part.
    let hints = Hints { end: Some(first), ..Hints::default() };
    let meta = OperatorBackendMeta::parse(&head, &hints)?;
    if let Some(end) = meta.extent.bytes_read {
        let behind = head.get(usize::try_from(end).unwrap_or(usize::MAX)..).unwrap_or_default();
        match meta.compressed {
            true if behind == IDENTIFIER => {}
            true => return Err(at(end, FIELD, "does not begin with the one of Snappy").into()),
            false if behind.is_empty() => {}
            false => return Err(at(end, FIELD, "begins behind the end of the head").into()),
        }
    }
    let mut states = States::of(&meta, parts)?;
    let shared = offsets.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0));
    if meta.compressed && shared {
        states.opaque.insert(UNRELIABLE.to_owned());
        framed(&mut input, false, |input| input.skip_rest(FIELD))?;
    } else {
        let ends = offsets.iter().skip(1).map(|(offset, _)| *offset).chain([length]);
        for ((_, part), end) in offsets.iter().zip(ends) {
            input.until(end, FIELD, |input| match meta.compressed {
                false => states.part(*part, input),
                true => framed(input, false, |input| states.part(*part, input)),
            })?;
        }
    }
    input.finish(FIELD)?;
    Ok(states.parsed(length))
}

/// Releases 1.18.0 and 1.18.1 took positions without flushing, so that elements share that of
/// a block.
const UNRELIABLE: &str = "operator state: compressed, with offsets as 1.18.0 and 1.18.1 wrote \
                          them (FLINK-34063), which do not tell where its elements are";

/// All offsets in order, each with its part.
fn offsets(parts: &[OperatorPart], length: u64) -> Result<Vec<(u64, usize)>> {
    let mut offsets = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        for &offset in &part.offsets {
            let problem = match u64::try_from(offset) {
                Ok(offset) if offset <= length => {
                    offsets.push((offset, i));
                    continue;
                }
                Ok(value) => Problem::TooLarge { value, limit: length },
                Err(_) => Problem::Negative(offset),
            };
            let field = "offset of operator state";
            return Err(FormatError { offset: length, field, problem }.into());
        }
    }
    offsets.sort_unstable();
    Ok(offsets)
}

/// The states by the parts of the handle, and what was met of them.
struct States<'p> {
    list: Vec<(&'p OperatorPart, Codec, u64)>,
    opaque: BTreeSet<String>,
}

impl<'p> States<'p> {
    fn of(meta: &OperatorBackendMeta<'_>, parts: &'p [OperatorPart]) -> Result<Self> {
        let mut opaque: BTreeSet<String> =
            meta.extent.notes.iter().map(|note| note.text.clone()).collect();
        let mut list = Vec::new();
        let lists = [(false, &meta.operator_states), (true, &meta.broadcast_states)];
        let known: BTreeMap<_, _> = lists
            .into_iter()
            .flat_map(|(kind, list)| {
                list.iter().map(move |state| ((kind, state.name.to_str()), state))
            })
            .collect();
        for part in parts {
            let Some(state) = known.get(&(part.broadcast, part.name.as_str().into())) else {
                if meta.extent.complete {
                    let what = "lacks a state that the handle names";
                    return Err(at(0, "operator backend meta", what).into());
                }
                opaque.insert(format!("state {}: the head could not be read", part.name));
                list.push((part, Codec::Unknown(String::new()), 0));
                continue;
            };
            let role = |role| Codec::of_role(state.serializer(role), role);
            let value = role("VALUE_SERIALIZER");
            let codec = match part.broadcast {
                true => {
                    let entry = Codec::sequence(vec![role("KEY_SERIALIZER"), value]);
                    Codec::List(Box::new(entry))
                }
                false => value,
            };
            list.push((part, codec, 0));
        }
        Ok(States { list, opaque })
    }

    /// Takes what lies at one offset.
    fn part(&mut self, i: usize, input: &mut Input<'_>) -> Result<()> {
        let Some((part, codec, n)) = self.list.get_mut(i) else { return Ok(()) };
        *n = n.saturating_add(1);
        match codec.read(input) {
            Ok(()) => Ok(()),
            Err(Stop::Error(error)) => Err(error),
            Err(Stop::Unknown(class)) => {
                if !class.is_empty() {
                    self.opaque.insert(opaque("values", &part.name, &class));
                }
                input.skip_rest(FIELD)
            }
        }
    }

    fn parsed(self, bytes: u64) -> Parsed {
        let mut parsed = Parsed { bytes, ..Parsed::default() };
        parsed.opaque.extend(self.opaque);
        for (part, _, n) in self.list {
            parsed.entries = parsed.entries.saturating_add(n);
            parsed.states.push((part.name.clone(), n));
        }
        parsed
    }
}
