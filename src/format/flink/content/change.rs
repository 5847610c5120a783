//! One change of a changelog: what the state backend did, to which state.
//!
//! `u8` operation, then for metadata: `i32` version 6 or 7, state record (section 4.3), for
//! keyed state a flag and the time to live (a Java object), a flag and the default value; `u16`
//! state id, `u8` kind of state. For all others: `u16` state id, for keyed state key and
//! namespace, then what the operation needs. Read from `AbstractStateChangeLogger` and its
//! subclasses; ids are since 1.16.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::super::backend_meta::KeyedBackendMeta;
use super::super::backend_meta::StateMeta;
use super::super::error::FormatError;
use super::super::java::read_object;
use super::super::read::Reader;
use super::Result;
use super::Stop;
use super::at;
use super::codec::Codec;
use super::input::Input;
use super::states::Shape;
use super::states::State;
use super::states::opaque;

/// What one backend's changes are decoded with: the serializer of its keys, and the states it
/// has told of so far.
#[derive(Debug, Clone, Default)]
pub struct Backend {
    key: Option<Codec>,
    states: BTreeMap<u16, State>,
    /// Ids of states whose metadata could not be read.
    unreadable: BTreeSet<u16>,
}

/// Operations by code.
const CLEAR: u8 = 0;
const SET: u8 = 1;
const SET_INTERNAL: u8 = 2;
const ADD: u8 = 3;
const MERGE_NAMESPACES: u8 = 4;
const ADD_ELEMENT: u8 = 5;
const ADD_OR_UPDATE_ELEMENT: u8 = 6;
const REMOVE_ELEMENT: u8 = 7;
/// Not in later releases, which have no such operation.
const REMOVE_FIRST_ELEMENT: u8 = 8;
/// 8 in later releases.
const METADATA: RangeInclusive<u8> = 8..=9;

/// The key group of changes of metadata.
const COMMON: i32 = -1;

impl Backend {
    /// A backend whose keys are serialized as the meta of its materialized part says; without
    /// such a part [`Backend::default`], which decodes no keyed state.
    pub fn new(meta: &KeyedBackendMeta<'_>) -> Self {
        Backend { key: Some(Codec::of(&meta.key_serializer)), ..Backend::default() }
    }

    /// Takes a change of `n` bytes; returns what of it could not be decoded.
    pub(super) fn change(
        &mut self,
        group: i32,
        n: u64,
        input: &mut Input<'_>,
    ) -> Result<Option<String>> {
        let mut said = None;
        input.part(n, "change", |input| {
            let before = input.offset();
            let operation = input.u8("operation")?;
            let allowed = match group {
                COMMON => METADATA,
                _ => CLEAR..=REMOVE_FIRST_ELEMENT,
            };
            if !allowed.contains(&operation) {
                return Err(at(before, "operation", "is none that may stand here").into());
            }
            if group == COMMON {
                said = self.metadata(input)?;
                return Ok(());
            }
            let id = input.u16("state id")?;
            let done = match self.states.get(&id) {
                None => Err(Stop::Unknown("of which no metadata was met".to_owned())),
                Some(state) => apply(operation, self.key.as_ref(), state, input),
            };
            let Err(Stop::Unknown(class)) = done else { return done };
            said = Some(match self.states.get(&id) {
                Some(state) => opaque("changes", &state.name, &class),
                None if self.unreadable.contains(&id) => {
                    format!("changes of state {id}: its serializers could not be read")
                }
                None => "changes of states whose metadata is not in what was read".to_owned(),
            });
            Err(Stop::Unknown(class))
        })?;
        Ok(said)
    }

    /// Takes the rest of a change of metadata, and learns from it.
    fn metadata(&mut self, input: &mut Input<'_>) -> Result<Option<String>> {
        let start = input.offset();
        let bytes = input.vec(input.left(), "metadata change")?;
        let mut r = Reader::at(&bytes, start);
        let version = r.i32("state record version")?;
        if !matches!(version, 6 | 7) {
            return Err(at(start, "state record version", "is neither 6 nor 7").into());
        }
        let Some(meta) = StateMeta::read(&mut r)? else {
            // The id stands before the last byte, wherever the record ends.
            let id =
                bytes.split_last_chunk::<3>().map(|(_, [a, b, _])| u16::from_be_bytes([*a, *b]));
            self.unreadable.extend(id);
            return Ok(Some("a state whose serializers could not be read".to_owned()));
        };
        let state = State::of(&meta);
        let mut said = None;
        if state.shape != Shape::Queue {
            if flag(&mut r, "time to live")? {
                read_object(&mut r)?;
            }
            if flag(&mut r, "default value")? {
                let offset = r.offset();
                let length = r.rest().len() as u64;
                let mut rest = r.rest();
                let mut value = Input::new(&mut rest, length);
                match state.value.read(&mut value) {
                    Ok(()) => {
                        r.bytes(
                            usize::try_from(value.offset()).unwrap_or(usize::MAX),
                            "default value",
                        )?;
                    }
                    Err(Stop::Unknown(class)) => {
                        said = Some(opaque("default value", &state.name, &class));
                        r.bytes(r.rest().len().saturating_sub(3), "default value")?;
                    }
                    Err(Stop::Error(super::ContentError::Damage(error))) => {
                        let offset = offset.saturating_add(error.offset);
                        return Err(FormatError { offset, ..error }.into());
                    }
                    Err(Stop::Error(error)) => return Err(error),
                }
            }
        }
        let id = r.u16("state id")?;
        r.u8("kind of state")?;
        r.finish("metadata change")?;
        self.states.insert(id, state);
        Ok(said)
    }
}

fn flag(r: &mut Reader<'_>, field: &'static str) -> Result<bool> {
    let at = r.clone();
    match r.u8(field)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(at.invalid(field, "has a flag that is neither 0 nor 1").into()),
    }
}

/// Takes what follows the state id.
fn apply(
    operation: u8,
    key: Option<&Codec>,
    state: &State,
    input: &mut Input<'_>,
) -> Result<(), Stop> {
    let namespace = &state.namespace;
    if state.shape != Shape::Queue {
        let Some(key) = key else { return Err(Stop::Unknown("an unknown key".to_owned())) };
        key.read(input)?;
        namespace.read(input)?;
    }
    let (user_key, user_value) = state.user();
    match (operation, state.shape) {
        (CLEAR | REMOVE_FIRST_ELEMENT, _) => Ok(()),
        (SET | SET_INTERNAL | ADD, _) => state.value.read(input),
        (MERGE_NAMESPACES, _) => {
            namespace.read(input)?;
            for _ in 0..input.count(namespace.least().max(1), "number of namespaces")? {
                namespace.read(input)?;
            }
            Ok(())
        }
        (ADD_ELEMENT, Shape::Queue) => {
            let element = state.element();
            for _ in 0..input.count(element.least().max(1), "number of elements")? {
                element.read(input)?;
            }
            Ok(())
        }
        (ADD_ELEMENT | REMOVE_ELEMENT, Shape::List | Shape::Queue) => state.element().read(input),
        (ADD_ELEMENT | ADD_OR_UPDATE_ELEMENT, Shape::Map) => {
            user_key.read(input)?;
            user_value.read(input)
        }
        (REMOVE_ELEMENT, Shape::Map) => user_key.read(input),
        _ => Err(input.invalid("operation", "is none that this kind of state has").into()),
    }
}
