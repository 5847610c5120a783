//! The JSON Schema of each document.

use schemars::JsonSchema;
use schemars::Schema;
use schemars::generate::SchemaSettings;

use super::diff::DiffDocument;
use super::error::Failure;
use super::inspect::CheckpointDocument;
use super::inspect::tree::JobDocument;
use super::inspect::tree::RootDocument;
use super::latest::LatestDocument;
use super::restore::RestoreDocument;
use super::verify::VerifyDocument;

/// A document, and the command that writes it.
#[derive(Debug)]
pub struct Document {
    /// The command; `error` for what goes to stderr on failure.
    pub command: &'static str,
    /// The name in its field `schema`.
    pub name: &'static str,
    /// Its JSON Schema.
    pub schema: Schema,
}

/// The documents there are.
pub fn all() -> Vec<Document> {
    use super::inspect;
    let document = |command, name, schema| Document { command, name, schema };
    vec![
        document("inspect", inspect::SCHEMA, written::<CheckpointDocument<'static>>()),
        document("inspect", inspect::tree::JOB_SCHEMA, written::<JobDocument<'static>>()),
        document("inspect", inspect::tree::ROOT_SCHEMA, written::<RootDocument<'static>>()),
        document("diff", super::diff::SCHEMA, written::<DiffDocument<'static>>()),
        document("verify", super::verify::SCHEMA, written::<VerifyDocument>()),
        document("latest", super::latest::SCHEMA, written::<LatestDocument>()),
        document("restore", super::restore::SCHEMA, written::<RestoreDocument>()),
        document("error", super::error::SCHEMA, written::<Failure>()),
    ]
}

/// The schema of all that a command writes: of its document, or of each of them.
pub fn of(command: &str) -> Option<Schema> {
    match command {
        "inspect" => Some(written::<Inspect<'static>>()),
        _ => all().into_iter().find(|one| one.command == command).map(|one| one.schema),
    }
}

/// What `inspect` writes, by what LOCATION is.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only the schema is made of it")]
enum Inspect<'r> {
    Checkpoint(CheckpointDocument<'r>),
    Job(JobDocument<'r>),
    Root(RootDocument<'r>),
}

/// The schema of what is written, where what is unknown is null and never absent.
fn written<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>()
}
