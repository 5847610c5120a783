//! States and their serializers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// What the meta stream of keyed state says.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct KeyedMetaJson {
    /// Version of the meta format.
    pub version: i32,
    /// Whether key groups of the stream are compressed; says nothing about SSTs.
    pub compressed: bool,
    /// Serializer of the keys.
    pub key_serializer: SerializerJson,
    /// The states in the order of the stream.
    pub states: Vec<StateJson>,
    /// Whether all states are listed.
    pub complete: bool,
}

/// What the head of an operator state stream says.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OperatorMetaJson {
    /// Version of the meta format.
    pub version: i32,
    /// Whether the state behind it is compressed.
    pub compressed: bool,
    /// List and union states, then broadcast states, in the order of the stream.
    pub states: Vec<StateJson>,
    /// Whether all states are listed.
    pub complete: bool,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StateJson {
    /// Name of the state.
    pub name: String,
    /// `KEY_VALUE`, `OPERATOR`, `BROADCAST`, `PRIORITY_QUEUE` (timers) or `KEY_VALUE_V2`.
    pub kind: &'static str,
    /// Options by name, such as `KEYED_STATE_TYPE`.
    pub options: BTreeMap<String, String>,
    /// Serializers by role, such as `VALUE_SERIALIZER`.
    pub serializers: BTreeMap<String, SerializerJson>,
    /// What of it could not be read.
    pub note: Option<String>,
}

/// A serializer snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SerializerJson {
    /// Java class of the snapshot.
    pub snapshot_class: String,
    /// Version the snapshot was written with.
    pub snapshot_version: i32,
    /// Short readable form of the type.
    pub type_text: String,
    /// Nested snapshots in the order of the class.
    pub nested: Vec<SerializerJson>,
    /// Whether it could not be read, not being one of Flink's.
    pub opaque: bool,
}
