//! Runs the built binary as a process of its own.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::process::Output;

use serde_json::Value;

/// Runs `chkctl` with these arguments, in a plain environment.
pub(crate) fn run<A: AsRef<OsStr>>(args: &[A]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chkctl"))
        .args(args)
        .env_remove("RUST_LOG")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .output()
        .unwrap()
}

/// Runs `chkctl inspect --output FORMAT PATH`, which must succeed, and returns its stdout.
pub(crate) fn inspect(format: &str, path: &Path) -> String {
    let args = [OsStr::new("inspect"), "--output".as_ref(), format.as_ref(), path.as_os_str()];
    let output = run(&args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "inspect {}: {}\n{stderr}", path.display(), output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// The document `chkctl inspect --output json PATH` prints.
pub(crate) fn inspect_json(path: &Path) -> Value {
    serde_json::from_str(&inspect("json", path)).unwrap()
}
