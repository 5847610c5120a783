//! `chkctl.latest/1`: the newest snapshot that can be restored.

use std::io;
use std::io::Write;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::document::Head;
use super::document::Looked;
use super::document::Rebased;
use super::document::line;
use crate::model::Location;
use crate::model::rebase::Rule;
use crate::ops::verify::Level;

/// Schema of the document.
pub const SCHEMA: &str = "chkctl.latest/1";

/// The document.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LatestDocument {
    /// What all documents have.
    #[serde(flatten)]
    pub head: Head,
    /// The snapshot, in the spelling `flink run -s` takes; null if none can be restored.
    pub path: Option<String>,
    /// Its checkpoint id.
    pub id: Option<i64>,
    /// `checkpoint` or `savepoint`; null where nothing tells.
    pub kind: Option<&'static str>,
    /// When it was completed, RFC 3339 UTC.
    pub completed_at: Option<String>,
    /// How deep was looked.
    pub level: &'static str,
    /// Newer ones that cannot be restored, the newest first.
    pub skipped: Vec<SkippedJson>,
}

/// A snapshot that was passed over.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SkippedJson {
    /// The snapshot, in the spelling of Flink.
    pub path: String,
    /// Why, in words.
    pub why: String,
}

/// The snapshot that was chosen.
#[derive(Debug)]
pub struct Chosen {
    /// The snapshot, in the spelling of Flink.
    pub path: String,
    /// Its checkpoint id.
    pub id: Option<i64>,
    /// `checkpoint` or `savepoint`.
    pub kind: Option<&'static str>,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
    /// By which rules paths of the writer were mapped to where files are now.
    pub rules: Vec<Rule>,
}

impl LatestDocument {
    /// Makes the document of what was found at a place of a kind, and when.
    pub fn new(
        (kind, at, when): (&'static str, &Location, Timestamp),
        level: Level,
        chosen: Option<Chosen>,
        skipped: Vec<SkippedJson>,
    ) -> Self {
        let rules = chosen.iter().flat_map(|one| &one.rules).map(Rebased::of).collect();
        let head = Head::new(SCHEMA, Looked { at, kind, base: at, when }, rules, &[]);
        let completed_at = chosen.as_ref().and_then(|one| one.completed_at);
        LatestDocument {
            head,
            id: chosen.as_ref().and_then(|one| one.id),
            kind: chosen.as_ref().and_then(|one| one.kind),
            completed_at: completed_at.map(|time| time.to_string()),
            path: chosen.map(|one| one.path),
            level: level.name(),
            skipped,
        }
    }

    /// Writes one record a line: header, what was skipped, the snapshot.
    ///
    /// # Errors
    /// What `out` says.
    pub fn jsonl(&self, out: &mut impl Write) -> io::Result<()> {
        let LatestDocument { head, path, id, kind, completed_at, level, skipped } = self;
        line(out, "header", Header { head, level })?;
        skipped.iter().try_for_each(|one| line(out, "skipped", one))?;
        line(out, "checkpoint", Snapshot { path, id: *id, kind: *kind, completed_at })
    }
}

#[derive(Serialize)]
struct Header<'d> {
    #[serde(flatten)]
    head: &'d Head,
    level: &'static str,
}

#[derive(Serialize)]
struct Snapshot<'d> {
    path: &'d Option<String>,
    id: Option<i64>,
    kind: Option<&'static str>,
    completed_at: &'d Option<String>,
}
