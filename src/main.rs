//! The `chkctl` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    chkctl::cli::run(std::env::args_os())
}
