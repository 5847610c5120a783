//! What all documents have in common.

use std::io;
use std::io::Write;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Location;
use crate::model::rebase::Rule;
use crate::ops::inspect::Finding;

/// The head of every document.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Head {
    /// Name and version of the contract.
    pub schema: &'static str,
    /// Version of chkctl.
    pub tool_version: &'static str,
    /// Canonical URI of what was looked at.
    pub location: String,
    /// What the LOCATION was: `metadata-file`, `snapshot-directory`, `job-directory` or
    /// `checkpoint-root`.
    pub location_kind: &'static str,
    /// Canonical URI which relative paths begin at.
    pub base: String,
    /// When it was looked at, RFC 3339 UTC.
    pub observed_at: String,
    /// By which rules paths of the writer were mapped to where files are now.
    pub rebased: Vec<Rebased>,
    /// What was noticed on the way.
    pub warnings: Vec<Warning>,
}

/// What a time of completion is taken from.
pub(super) const COMPLETED_AT_SOURCE: &str = "modification time of _metadata";

/// What was looked at, and when.
pub(super) struct Looked<'r> {
    pub(super) at: &'r Location,
    pub(super) kind: &'static str,
    pub(super) base: &'r Location,
    pub(super) when: Timestamp,
}

impl Head {
    pub(super) fn new(
        schema: &'static str,
        looked: Looked<'_>,
        rebased: Vec<Rebased>,
        findings: &[Finding],
    ) -> Self {
        Head {
            schema,
            tool_version: env!("CARGO_PKG_VERSION"),
            location: looked.at.to_string(),
            location_kind: looked.kind,
            base: looked.base.to_string(),
            observed_at: looked.when.to_string(),
            rebased,
            warnings: findings.iter().map(Warning::of).collect(),
        }
    }
}

/// A directory of the writer and where it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rebased {
    /// Canonical URI of the writer's directory.
    pub from: String,
    /// Canonical URI of where it is now.
    pub to: String,
    /// Whether it was stated with `--rebase`; else chkctl found it.
    pub stated: bool,
}

impl Rebased {
    pub(super) fn of(rule: &Rule) -> Self {
        let [from, to] = [&rule.from, &rule.to].map(ToString::to_string);
        Rebased { from, to, stated: rule.stated }
    }
}

/// Something that was noticed and did not keep the report from being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Warning {
    /// Stable code.
    pub code: &'static str,
    /// The object it is about: a path as in the rest of the document, or an operator.
    pub subject: String,
    /// What was noticed, in words.
    pub message: String,
}

impl Warning {
    fn of(finding: &Finding) -> Self {
        let Finding { code, subject, message } = finding.clone();
        Warning { code, subject, message }
    }
}

/// A record of `--output jsonl`: one line.
#[derive(Debug, Serialize)]
struct Record<T> {
    /// What kind of record this is.
    r#type: &'static str,
    #[serde(flatten)]
    record: T,
}

/// Writes a record of `--output jsonl`.
pub(super) fn line(
    out: &mut impl Write,
    kind: &'static str,
    record: impl Serialize,
) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Record { r#type: kind, record })?;
    out.write_all(b"\n")
}
