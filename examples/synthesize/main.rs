//! Makes `_metadata` files which no Flink job would, for tests of interoperation and for
//! measuring.
//!
//! ```text
//! synthesize --every-kind --version N --properties KIND OUT
//! synthesize --shared-files COUNT OUT
//! ```
//!
//! `--every-kind` has every handle, in every place, that the newest release writing version N
//! (3 to 6) can read; KIND is `checkpoint`, `canonical`, `native` or `none`. `--shared-files` is one
//! operator of a plain incremental checkpoint with so many SST files. What was written is read
//! back and compared before this ends.

mod every_kind;
mod properties;
mod shared_files;

use std::env;
use std::error::Error;
use std::fs;

use chkctl::format::flink::encode::Target;
use chkctl::format::flink::metadata::Metadata;

const USAGE: &str = "usage: synthesize --every-kind --version N --properties KIND OUT
       synthesize --shared-files COUNT OUT";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (metadata, output) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--every-kind", "--version", version, "--properties", kind, output] => {
            let trailer = properties::trailer(kind).ok_or(USAGE)?;
            (every_kind::metadata(version.parse()?, trailer), output)
        }
        ["--shared-files", count, output] => (shared_files::metadata(count.parse()?), output),
        _ => return Err(USAGE.into()),
    };
    let target = Target::version(metadata.layout.version).ok_or(USAGE)?;
    let bytes = metadata.encode(target)?;
    if Metadata::parse(&bytes)? != metadata {
        return Err("what was written is read back as something else".into());
    }
    fs::write(output, bytes)?;
    Ok(())
}
