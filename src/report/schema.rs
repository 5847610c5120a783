//! The JSON Schema of each document.

use schemars::Schema;
use schemars::schema_for;

use super::error::Failure;
use super::inspect::CheckpointDocument;

/// The documents there are: command, name of the schema, its JSON Schema.
pub fn all() -> Vec<(&'static str, &'static str, Schema)> {
    vec![
        ("inspect", super::inspect::SCHEMA, schema_for!(CheckpointDocument<'static>)),
        ("error", super::error::SCHEMA, schema_for!(Failure)),
    ]
}
