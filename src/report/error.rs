//! The failure document: what goes to stderr under `--output json`.

use schemars::JsonSchema;
use serde::Serialize;

/// Schema of a failure.
pub const SCHEMA: &str = "chkctl.error/1";

/// Why a command failed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Failure {
    /// Name and version of the contract.
    pub schema: &'static str,
    /// What happened.
    pub message: String,
    /// What led to it, the nearest first.
    pub causes: Vec<String>,
    /// The next thing to do.
    pub hint: Option<String>,
    /// The exit code of the process.
    pub exit_code: u8,
}
