//! A key group of a heap stream (section 6.2).

use super::Result;
use super::Stop;
use super::at;
use super::frames::framed;
use super::input::Input;
use super::states::Shape;
use super::states::States;

/// Takes the block up to the current end: the key group, and every state once, in any order.
pub(super) fn heap_group(
    states: &mut States,
    group: i32,
    input: &mut Input<'_>,
    compressed: bool,
) -> Result<()> {
    let before = input.offset();
    if input.i32("key group")? != group {
        return Err(at(before, "key group", "is not the one the handle names").into());
    }
    if !states.complete {
        return input.skip_rest("key group");
    }
    match compressed {
        false => all_states(states, input),
        // Each state begins a framed stream of its own.
        true => framed(input, !states.list.is_empty(), |input| all_states(states, input)),
    }
}

fn all_states(states: &mut States, input: &mut Input<'_>) -> Result<()> {
    let mut missing: Vec<bool> = states.list.iter().map(|_| true).collect();
    for _ in 0..missing.len() {
        let before = input.offset();
        let id = usize::from(input.u16("state id")?);
        match missing.get_mut(id) {
            Some(missing) if *missing => *missing = false,
            Some(_) => return Err(at(before, "state id", "occurs twice in a key group").into()),
            None => return Err(at(before, "state id", "is none of those of the head").into()),
        }
        match one_state(states, id, input) {
            Ok(()) => {}
            Err(Stop::Error(error)) => return Err(error),
            Err(Stop::Unknown(class)) => {
                if let Some(state) = states.list.get_mut(id) {
                    state.note("entries, and of those behind it,", Some(class));
                }
                // Nothing tells where the state ends: what is left of the key group is lost.
                return input.skip_rest("key group");
            }
        }
    }
    Ok(())
}

fn one_state(states: &mut States, id: usize, input: &mut Input<'_>) -> Result<(), Stop> {
    let Some(state) = states.list.get_mut(id) else { return Ok(()) };
    let least = match state.shape {
        Shape::Queue => state.element().least(),
        _ => state.namespace.least().saturating_add(states.key.least()),
    };
    let n = input.count(least.max(1), "number of entries")?;
    for _ in 0..n {
        match state.shape {
            Shape::Queue => state.element().read(input)?,
            _ => {
                state.namespace.read(input)?;
                states.key.read(input)?;
                state.value.read(input)?;
            }
        }
        state.met(1);
    }
    Ok(())
}
