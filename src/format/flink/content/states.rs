//! The states of a keyed stream, ready to decode their entries.

use std::collections::BTreeMap;

use super::super::backend_meta::KeyedBackendMeta;
use super::super::backend_meta::StateKind;
use super::super::backend_meta::StateMeta;
use super::Parsed;
use super::codec::Codec;

/// The states a head lists, and what was met of them.
pub(super) struct States {
    pub(super) key: Codec,
    /// By state id.
    pub(super) list: Vec<State>,
    /// Whether the head could be read to its end, so that no state is missing.
    pub(super) complete: bool,
    /// What of the head or of all states could not be decoded.
    pub(super) notes: Vec<String>,
}

/// A state.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) namespace: Codec,
    /// The value as one; of lists and maps all of it.
    pub(super) value: Codec,
    pub(super) entries: u64,
    /// Whether keys and namespaces have their lengths behind them in RocksDB's form.
    pub(super) ambiguous: bool,
    /// What could not be decoded, by the part of an entry: a serializer's class.
    opaque: BTreeMap<&'static str, String>,
}

/// What entries of a state look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Value,
    List,
    Map,
    Queue,
}

impl States {
    pub(super) fn of(meta: &KeyedBackendMeta<'_>) -> Self {
        let notes = meta.extent.notes.iter().map(|note| note.text.clone()).collect();
        let key = Codec::of(&meta.key_serializer);
        let list = meta.states.iter().map(|meta| {
            let mut state = State::of(meta);
            let unknown = |codec: &Codec| codec.declared().is_none();
            state.ambiguous = unknown(&key) && unknown(&state.namespace);
            state
        });
        States { list: list.collect(), key, complete: meta.extent.complete, notes }
    }

    /// What was found, in words.
    pub(super) fn parsed(self, bytes: u64) -> Parsed {
        let mut parsed = Parsed { bytes, opaque: self.notes, ..Parsed::default() };
        for state in self.list {
            parsed.entries = parsed.entries.saturating_add(state.entries);
            let said = state.opaque.iter();
            parsed.opaque.extend(said.map(|(part, class)| opaque(part, &state.name, class)));
            parsed.states.push((state.name, state.entries));
        }
        parsed.opaque.sort();
        parsed.opaque.dedup();
        parsed
    }
}

/// What is said of a part of a state whose serializer is not known.
pub(super) fn opaque(part: &str, state: &str, class: &str) -> String {
    format!("{part} of state {state}: how {class} encodes is not known")
}

impl State {
    pub(super) fn of(meta: &StateMeta<'_>) -> Self {
        let role = |role| Codec::of_role(meta.serializer(role), role);
        let kind = meta.option("KEYED_STATE_TYPE").map(|kind| kind.to_str().into_owned());
        let shape = match (meta.kind, kind.as_deref()) {
            (StateKind::PriorityQueue, _) => Shape::Queue,
            (_, Some("LIST")) => Shape::List,
            (_, Some("MAP")) => Shape::Map,
            _ => Shape::Value,
        };
        let value = role("VALUE_SERIALIZER");
        let value = match (meta.serializer("USER_KEY_SERIALIZER"), shape) {
            (Some(key), Shape::Map) => Codec::Map(Box::new(Codec::of(key)), Box::new(value)),
            _ => value,
        };
        let namespace = match shape {
            Shape::Queue => Codec::Fixed(0),
            _ => role("NAMESPACE_SERIALIZER"),
        };
        State {
            name: meta.name.to_str().into_owned(),
            shape,
            namespace,
            value,
            entries: 0,
            ambiguous: false,
            opaque: BTreeMap::new(),
        }
    }

    /// What an element of a list, or of a queue, looks like.
    pub(super) fn element(&self) -> &Codec {
        match &self.value {
            Codec::List(element) => element,
            other => other,
        }
    }

    /// What user keys and user values of a map look like.
    pub(super) fn user(&self) -> (&Codec, &Codec) {
        match &self.value {
            Codec::Map(key, value) => (key, value),
            other => (other, other),
        }
    }

    /// Notes that a part could not be decoded.
    pub(super) fn note(&mut self, part: &'static str, unknown: Option<String>) {
        if let Some(class) = unknown {
            self.opaque.entry(part).or_insert(class);
        }
    }

    pub(super) fn met(&mut self, n: u64) {
        self.entries = self.entries.saturating_add(n);
    }
}
