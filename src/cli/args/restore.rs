//! The flags of `restore`.

use clap::Args;

use super::StoreArgs;
use crate::cli::exit;

pub(super) const HELP: &str = concat!(
    "\
DIR is made if it does not exist, and has to be empty otherwise. One database goes to DIR itself,
several go to DIR/<operator id>/<subtask>; DIR/restore.json says what came from where. Nothing is
in DIR before everything is checked and has been opened; until then it lies in DIR/.chkctl-restore,
from where the same command goes on after it was interrupted.

Examples:
  chkctl restore /data/checkpoints/7a1e...@latest /tmp/db --operator my-uid --subtask 3
  chkctl restore s3://flink/checkpoints/7a1e.../chk-42 /tmp/db --operator my-uid --key-group 17
  chkctl restore /data/checkpoints/7a1e...@latest /data/dbs --all --link
  chkctl restore ./savepoint-7a1e5c-0d9f3b4826a1 /tmp/db --operator my-uid --merge --count

",
    exit::table!()
);

/// Flags of `restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// A _metadata file, a checkpoint or savepoint directory, or a job directory with @N, @latest
    /// or @-N; a path or a URI (s3, gs, abfs, ...)
    #[arg(value_name = "CHECKPOINT")]
    pub location: String,
    /// The directory the databases go to, on this machine
    #[arg(value_name = "DIR")]
    pub directory: String,
    /// Only this operator: a uid, a name, an operator id, or a unique prefix of one
    #[arg(long, value_name = "OP")]
    pub operator: Option<String>,
    /// Only this subtask of the operator
    #[arg(long, value_name = "N", conflicts_with_all = ["all", "merge"])]
    #[arg(value_parser = clap::value_parser!(i32).range(0..))]
    pub subtask: Option<i32>,
    /// Only the subtask that owns this key group
    #[arg(long, value_name = "K", conflicts_with_all = ["all", "merge", "subtask"])]
    #[arg(value_parser = clap::value_parser!(i32).range(0..=32767))]
    pub key_group: Option<i32>,
    /// Every subtask of every operator, or of the one that --operator names
    #[arg(long)]
    pub all: bool,
    /// One database from all subtasks of an operator, each row once; its rows are written anew
    #[arg(long)]
    pub merge: bool,
    /// Keep only rows of these key groups, such as 0-31; they are written anew
    #[arg(long, value_name = "A-B", value_parser = key_groups)]
    pub key_groups: Option<(i32, i32)>,
    /// Hard-link tables that lie on the same file system instead of copying them
    #[arg(long)]
    pub link: bool,
    /// Replace what an earlier restore made in DIR, and nothing else
    #[arg(long)]
    pub force: bool,
    /// Check only lengths, not the checksums of blocks
    #[arg(long)]
    pub no_checksums: bool,
    /// Count the entries of every column family instead of estimating them
    #[arg(long)]
    pub count: bool,
    /// Also ask the store of this LOCATION for files that the metadata says are there
    /// (repeatable)
    #[arg(long, value_name = "LOCATION")]
    pub also: Vec<String>,
    /// Files that are fetched at a time [default: the processors here, at least 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: Option<u16>,
    /// How stores are opened.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// Key groups such as `0-31` or `7`.
fn key_groups(text: &str) -> Result<(i32, i32), String> {
    let bad = || "is not a range of key groups such as 0-31, between 0 and 32767".to_owned();
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| digits && (0..=32767).contains(number)).ok_or_else(bad)
    };
    let (first, last): (i32, i32) = (number(first)?, number(last)?);
    if first <= last { Ok((first, last)) } else { Err(bad()) }
}
