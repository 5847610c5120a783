//! Reads a `_metadata` file and writes it again with the crate's own writer.
//!
//! ```text
//! rewrite IN OUT [--version N | --release X.Y]
//! ```
//!
//! `--version` writes for the newest release of that version (3 to 6), `--release` for a release
//! and all later ones, and neither leaves the version as it is. Exit code 3: the target cannot hold
//! what is in the file (nothing is written). `tests/interop` lets Flink load what this writes.

use std::env;
use std::error::Error;
use std::fs;
use std::io;
use std::io::Write;
use std::process::ExitCode;

use chkctl::format::flink::encode::Release;
use chkctl::format::flink::encode::Target;
use chkctl::format::flink::metadata::Metadata;

const USAGE: &str = "usage: rewrite IN OUT [--version N | --release X.Y]";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (input, output, options) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [input, output] => (input, output, None),
        [input, output, option, value] => (input, output, Some((option, value))),
        _ => return Err(USAGE.into()),
    };
    let bytes = fs::read(input)?;
    let metadata = Metadata::parse(&bytes)?;
    let target = match options {
        None => metadata.own_target(),
        Some(("--version", version)) => Target::version(version.parse()?),
        Some(("--release", release)) => {
            let (major, minor) = release.split_once('.').ok_or(USAGE)?;
            Target::release(Release(major.parse()?, minor.parse()?))
        }
        Some(_) => return Err(USAGE.into()),
    };
    match metadata.encode(target.ok_or("no metadata file can be written for that target")?) {
        Ok(encoded) => {
            fs::write(output, encoded)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            writeln!(io::stderr(), "rewrite: {input}: {refusal}")?;
            Ok(ExitCode::from(3))
        }
    }
}
