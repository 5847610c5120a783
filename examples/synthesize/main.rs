//! Makes `_metadata` files which no Flink job would, for tests of interoperation and for
//! measuring.
//!
//! ```text
//! synthesize --every-kind --version N --properties KIND OUT
//! synthesize --shared-files COUNT OUT
//! synthesize --job CHECKPOINTS FILES DISTINCT DIR
//! synthesize --root JOBS CHECKPOINTS FILES DIR
//! synthesize --databases CHECKSUM BYTES DIR
//! ```
//!
//! `--every-kind` has every handle, in every place, that the newest release writing version N
//! (3 to 6) can read; KIND is `checkpoint`, `canonical`, `native` or `none`. `--shared-files` is one
//! operator of a plain incremental checkpoint with so many SST files. `--job` makes the metadata of
//! a job directory, checkpoints of so many files each, and so many distinct ones in all. `--root`
//! makes such jobs in which each checkpoint keeps nine tenths of the one before, and their files,
//! as holes of the right size. `--databases`, where RocksDB is linked, makes a job directory of one
//! checkpoint whose databases RocksDB wrote, with so many bytes of values, all blocks protected by
//! `crc32c` or `xxh3`. What was written is read back and compared before this ends.

#[cfg(feature = "rocksdb")]
mod databases;
mod every_kind;
mod properties;
mod shared_files;

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use chkctl::format::flink::encode::Target;
use chkctl::format::flink::metadata::Metadata;

const USAGE: &str = "usage: synthesize --every-kind --version N --properties KIND OUT
       synthesize --shared-files COUNT OUT
       synthesize --job CHECKPOINTS FILES DISTINCT DIR
       synthesize --root JOBS CHECKPOINTS FILES DIR
       synthesize --databases CHECKSUM BYTES DIR";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (metadata, output) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--every-kind", "--version", version, "--properties", kind, output] => {
            let trailer = properties::trailer(kind).ok_or(USAGE)?;
            (every_kind::metadata(version.parse()?, trailer), output)
        }
        ["--shared-files", count, output] => (shared_files::metadata(count.parse()?), output),
        ["--job", checkpoints, files, distinct, dir] => {
            return job(Path::new(dir), checkpoints.parse()?, files.parse()?, distinct.parse()?);
        }
        ["--root", jobs, checkpoints, files, dir] => {
            let (checkpoints, files): (usize, usize) = (checkpoints.parse()?, files.parse()?);
            let distinct = files + checkpoints.saturating_sub(1) * files.div_ceil(10);
            for number in 1..=jobs.parse::<u32>()? {
                let dir = Path::new(dir).join(format!("{number:032x}"));
                job(&dir, checkpoints, files, distinct)?;
                // Sparse, so that only their names take space.
                for file in 0..distinct {
                    let file = fs::File::create(dir.join("shared").join(shared_files::name(file)))?;
                    file.set_len(shared_files::FILE_BYTES.unsigned_abs())?;
                }
            }
            return Ok(());
        }
        #[cfg(feature = "rocksdb")]
        ["--databases", checksum, bytes, dir] => {
            let dir = Path::new(dir);
            let metadata = databases::checkpoint(checksum, bytes.parse()?, dir)?;
            return write(&metadata, &dir.join("chk-1/_metadata"));
        }
        _ => return Err(USAGE.into()),
    };
    write(&metadata, Path::new(output))
}

/// Writes the metadata of a job directory.
fn job(
    dir: &Path,
    checkpoints: usize,
    files: usize,
    distinct: usize,
) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(dir.join("shared"))?;
    let path = fs::canonicalize(dir)?;
    let path = path.to_str().ok_or("the directory is not UTF-8")?;
    let mut new = 0;
    for (id, window) in (1..).zip(shared_files::windows(checkpoints, files, distinct)) {
        let directory = dir.join(format!("chk-{id}"));
        fs::create_dir_all(&directory)?;
        let end = window.end;
        let metadata = shared_files::checkpoint(path, id, window, new);
        write(&metadata, &directory.join("_metadata"))?;
        new = end;
    }
    Ok(())
}

fn write(metadata: &Metadata<'_>, output: &Path) -> Result<(), Box<dyn Error>> {
    let target = Target::version(metadata.layout.version).ok_or(USAGE)?;
    let bytes = metadata.encode(target)?;
    if Metadata::parse(&bytes)? != *metadata {
        return Err("what was written is read back as something else".into());
    }
    fs::write(output, bytes)?;
    Ok(())
}
