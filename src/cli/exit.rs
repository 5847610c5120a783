//! Exit codes, and how a failure is told.

use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::catalog::CatalogError;
use crate::report::error::Failure;
use crate::report::error::SCHEMA;

/// What the process says to its caller, the same for every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done, and nothing to complain about.
    Clean = 0,
    /// Could not do it: I/O, credentials, unreadable input.
    Failed = 1,
    /// The command line asks for something that cannot be meant.
    Usage = 2,
    /// Done, and something is not as it should be.
    Negative = 3,
    /// A safety rule forbids it.
    Refused = 4,
}

/// The table of exit codes as a literal, so that help texts can be joined from it.
macro_rules! table {
    () => {
        "\
Exit codes:
  0    done and clean
  1    could not do it (I/O, credentials, unreadable input)
  2    usage
  3    negative finding
  4    refused by a safety rule
  5    partly done
  130  interrupted"
    };
}
pub(super) use table;

/// The table of exit codes, at the end of every help.
pub(super) const HELP: &str = table!();

/// Exit code of an interrupted process.
pub(super) const INTERRUPTED: i32 = 130;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command ends early, with the next thing to do.
#[derive(Debug)]
pub(super) struct Stop {
    /// The exit code.
    pub(super) exit: Exit,
    /// What happened.
    pub(super) message: String,
    /// The next thing to do.
    pub(super) hint: Option<String>,
}

impl Stop {
    /// A command line that cannot be meant.
    pub(super) fn usage(message: impl fmt::Display, hint: Option<String>) -> Self {
        Stop { exit: Exit::Usage, message: message.to_string(), hint }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Stop {}

impl From<CatalogError> for Stop {
    fn from(error: CatalogError) -> Self {
        let exit = if error.is_usage() { Exit::Usage } else { Exit::Failed };
        Stop { exit, message: error.to_string(), hint: error.hint() }
    }
}

/// What an error is to the caller of the process.
pub(super) fn failure(error: &anyhow::Error) -> (Exit, Failure) {
    let stop = error.downcast_ref::<Stop>();
    // Whatever else does IO names its object; a bare error comes from writing the report.
    let bare = error.is::<io::Error>() || error.is::<serde_json::Error>();
    if bare && error.chain().len() == 1 {
        return (Exit::Failed, unwritten(error));
    }
    let exit = stop.map_or(Exit::Failed, |stop| stop.exit);
    let failure = Failure {
        schema: SCHEMA,
        message: error.to_string(),
        causes: error.chain().skip(1).map(ToString::to_string).collect(),
        hint: stop.and_then(|stop| stop.hint.clone()),
        exit_code: exit as u8,
    };
    (exit, failure)
}

fn unwritten(error: &anyhow::Error) -> Failure {
    Failure {
        schema: SCHEMA,
        message: format!("stdout: the report cannot be written: {error}"),
        causes: Vec::new(),
        hint: Some("look at what stdout is redirected to".into()),
        exit_code: Exit::Failed as u8,
    }
}
