//! `chkctl stores`.

use std::io::Write;

use super::exit::Exit;
use super::printer::Printer;
use crate::store::schemes;

/// Lists every scheme and where its configuration comes from.
pub(super) fn run(printer: &Printer) -> anyhow::Result<Exit> {
    let mut out = printer.report();
    for info in schemes() {
        let support = if info.supported { "" } else { " (not supported by this build)" };
        writeln!(out, "{}: {}{support}", info.spellings.join(", "), info.what)?;
        writeln!(out, "  for example {}", info.example)?;
        for source in info.configuration {
            writeln!(out, "  configured by {source}")?;
        }
    }
    out.flush()?;
    Ok(Exit::Clean)
}
