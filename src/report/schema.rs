//! The JSON Schema of each document.

use schemars::JsonSchema;
use schemars::Schema;
use schemars::generate::SchemaSettings;

use super::error::Failure;
use super::inspect::CheckpointDocument;

/// The documents there are: command, name of the schema, its JSON Schema.
pub fn all() -> Vec<(&'static str, &'static str, Schema)> {
    vec![
        ("inspect", super::inspect::SCHEMA, written::<CheckpointDocument<'static>>()),
        ("error", super::error::SCHEMA, written::<Failure>()),
    ]
}

/// The schema of what is written, where what is unknown is null and never absent.
fn written<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>()
}
