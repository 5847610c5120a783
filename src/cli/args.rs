//! The flags.

mod restore;

pub(super) use restore::RestoreArgs;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;

use super::exit;

/// Shows what is in Apache Flink checkpoints and savepoints, whether they are whole, and rebuilds
/// the RocksDB databases they hold, where they lie, without a JVM.
#[derive(Debug, Parser)]
#[command(name = "chkctl", version, after_help = exit::HELP, max_term_width = 100)]
#[command(arg_required_else_help = true)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// How the report is written
    #[arg(long, global = true, value_enum, default_value_t, env = "CHKCTL_OUTPUT")]
    pub output: OutputFormat,
    /// When to use colour; NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: Color,
    /// No notes and warnings on stderr, only errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log what is done to stderr; twice for every request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For a person
    #[default]
    Table,
    /// One JSON document
    Json,
    /// One JSON record a line
    Jsonl,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows what is in a checkpoint or savepoint, a job directory or a checkpoint root
    #[command(after_help = exit::HELP, after_long_help = INSPECT_HELP)]
    Inspect(InspectArgs),
    /// Shows what changed between two checkpoints
    #[command(after_help = exit::HELP, after_long_help = DIFF_HELP)]
    Diff(DiffArgs),
    /// Checks whether checkpoints are whole and undamaged
    #[command(after_help = exit::HELP, after_long_help = VERIFY_HELP)]
    Verify(VerifyArgs),
    /// Prints the newest checkpoint or savepoint of a job that can be restored
    #[command(after_help = exit::HELP, after_long_help = LATEST_HELP)]
    Latest(LatestArgs),
    /// Rebuilds local RocksDB databases from a checkpoint or savepoint
    #[command(after_help = exit::HELP, after_long_help = restore::HELP)]
    Restore(RestoreArgs),
    /// Lists the stores chkctl knows and where their configuration comes from
    #[command(after_help = exit::HELP)]
    Stores,
    /// Prints the JSON Schema of what a command writes under --output json
    #[command(after_help = exit::HELP)]
    Schema(SchemaArgs),
    /// Prints shell completions
    #[command(after_help = exit::HELP)]
    Completions(CompletionsArgs),
    /// Prints the man page, of chkctl or of one command
    #[command(after_help = exit::HELP)]
    Man(ManArgs),
}

const INSPECT_HELP: &str = concat!(
    "\
Examples:
  chkctl inspect s3://flink/checkpoints/7a1e.../chk-42
  chkctl inspect /data/checkpoints/7a1e...@latest
  chkctl inspect ./savepoint-7a1e5c-0d9f3b4826a1 --operator my-uid
  chkctl inspect /data/checkpoints/7a1e...@latest --sst
  chkctl inspect /data/checkpoints/7a1e... --history
  chkctl inspect s3://flink/checkpoints --top 20 --also s3://flink/savepoints
  chkctl inspect /backup/7a1e.../chk-42 --rebase s3://flink/checkpoints=/backup

",
    exit::table!()
);

const DIFF_HELP: &str = concat!(
    "\
Examples:
  chkctl diff /data/checkpoints/7a1e...
  chkctl diff /data/checkpoints/7a1e...@41 @42
  chkctl diff ./savepoint-7a1e5c-0d9f3b4826a1 /data/checkpoints/7a1e...@latest
  chkctl diff /data/checkpoints/7a1e... --max-growth 20% --output json

",
    exit::table!()
);

const VERIFY_HELP: &str = concat!(
    "\
Levels, each with all before it:
  exists  every file is there
  size    every file has the size its handle says
  footer  every SST ends as a table does, and the MANIFEST of each database means just the files
          of its handle; two small reads of an SST
  blocks  every block of every SST has its checksum, and everything else parses to its last byte
  open    every database is put together in --scratch and RocksDB opens it and reads it through;
          needs a build with the feature rocksdb

Examples:
  chkctl verify s3://flink/checkpoints/7a1e...
  chkctl verify /data/checkpoints/7a1e...@latest --level blocks
  chkctl verify s3://flink/checkpoints --level footer --sample 5% --max-duration 10m
  chkctl verify ./savepoint-7a1e5c-0d9f3b4826a1 --level open --scratch /var/tmp

",
    exit::table!()
);

const LATEST_HELP: &str = concat!(
    "\
Prints one line: a path for flink run -s. What is newer and cannot be restored is told on stderr.

Examples:
  chkctl latest s3://flink/checkpoints/7a1e...
  flink run -s \"$(chkctl latest /data/checkpoints/7a1e... --level footer)\" job.jar

",
    exit::table!()
);

/// Flags of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A _metadata file, a checkpoint or savepoint directory, a job directory (with @N, @latest
    /// or @-N one checkpoint in it), or a checkpoint root; a path or a URI (s3, gs, abfs, ...)
    pub location: String,
    /// How deep to look
    #[arg(long, value_enum, default_value_t)]
    pub level: LevelArg,
    /// Look only into this part of the files, such as 5%; existence and sizes are checked of all
    #[arg(long, value_name = "PERCENT", value_parser = sample)]
    pub sample: Option<f64>,
    /// How the reading is done.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// How stores are opened.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// Flags of `latest`.
#[derive(Debug, Args)]
pub struct LatestArgs {
    /// A job directory, or a checkpoint root with a single job; a path or a URI
    pub location: String,
    /// How deep to look before one is called restorable
    #[arg(long, value_enum, default_value_t)]
    pub level: LevelArg,
    /// Only snapshots of this kind
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<KindArg>,
    /// How the reading is done.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// How stores are opened.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// Flags of what reads state.
#[derive(Debug, Args)]
pub struct ReadingArgs {
    /// Also ask the store of this LOCATION for files that the metadata says are there
    /// (repeatable)
    #[arg(long, value_name = "LOCATION")]
    pub also: Vec<String>,
    /// End after this long, such as 90s, 10m or 2h; what was not looked at then is unknown
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub max_duration: Option<Duration>,
    /// Files that are read at a time [default: the processors here, at least 8 in an object
    /// store]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: Option<u16>,
    /// Memory for what is read, such as 256MiB
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256MiB")]
    pub memory: u64,
    /// Where databases are put together for --level open, a few at a time; a directory in it is
    /// made and removed [default: the system's directory for temporary files]
    #[arg(long, value_name = "DIR")]
    pub scratch: Option<PathBuf>,
}

/// How deep to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LevelArg {
    /// Every file is there
    Exists,
    /// Every file has the size its handle says
    #[default]
    Size,
    /// Footers, properties and MANIFESTs
    Footer,
    /// Every block and every byte
    Blocks,
    /// RocksDB opens every database
    Open,
}

/// A kind of snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// Taken by the job for its own recovery
    Checkpoint,
    /// Taken for a user
    Savepoint,
}

/// The part of a sample.
fn sample(text: &str) -> Result<f64, String> {
    let part = percent(text).ok().filter(|part| *part > 0.0 && *part <= 1.0);
    part.ok_or_else(|| "is not a percentage above 0% and up to 100%, such as 5%".to_owned())
}

/// A length of time such as `90s`, `10m` or `1h 30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let bad = || "is not a length of time such as 90s, 10m or 2h".to_owned();
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| bad())?;
    Duration::try_from(parsed).map_err(|_| bad())
}

/// A number of bytes such as `64KiB`, `256M` or `1GiB`; all in powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let bad = || "is not a size such as 64KiB, 256MiB or 1GiB".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err(bad()),
    };
    let number: u64 = number.parse().map_err(|_| bad())?;
    let bytes = number.checked_mul(1 << shift).ok_or_else(bad)?;
    match bytes >= LEAST_MEMORY {
        true => Ok(bytes),
        false => Err("is less than 16MiB, with which no block of usual size can be read".into()),
    }
}

/// Less memory would not hold the index of a usual SST.
const LEAST_MEMORY: u64 = 16 << 20;

/// Flags of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The older checkpoint or savepoint; or a job directory, of which the two newest are compared
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The newer checkpoint or savepoint; @N, @latest or @-N alone is one of the same job
    #[arg(value_name = "TO")]
    pub to: Option<String>,
    /// Only this operator, with its subtasks: a uid, a name, an operator id, or a unique prefix
    /// of one
    #[arg(long, value_name = "OP")]
    pub operator: Option<String>,
    /// List every file that was kept, added or dropped (JSON always does)
    #[arg(long)]
    pub files: bool,
    /// Exit with 3 if anything differs
    #[arg(long)]
    pub exit_code: bool,
    /// Exit with 3 if the full size (state_bytes) grew by more than this part, such as 20%
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub max_growth: Option<f64>,
    /// How stores are opened.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// A percentage as a part of one: `20%` is 0.2. Without its sign a number could be either.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').map(|number| number.trim().parse::<f64>());
    match number {
        Some(Ok(percent)) if percent.is_finite() && percent >= 0.0 => Ok(percent / 100.0),
        None if text.trim().parse::<f64>().is_ok() => {
            Err("has no %; 20% allows a fifth more, 0.2% a five-hundredth".to_owned())
        }
        _ => Err("is not a percentage such as 20%".to_owned()),
    }
}

/// Flags of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A _metadata file, a checkpoint or savepoint directory, a job directory (with @N, @latest
    /// or @-N one checkpoint in it), or a checkpoint root; a path or a URI (s3, gs, abfs, ...)
    pub location: String,
    /// Only this operator: a uid, a name, an operator id, or a unique prefix of one. Of a
    /// checkpoint, with its subtasks and states
    #[arg(long, value_name = "OP")]
    pub operator: Option<String>,
    /// List every physical file and who refers to it
    #[arg(long)]
    pub files: bool,
    /// List files in this order instead of that of their paths
    #[arg(long, value_enum, value_name = "ORDER")]
    pub sort: Option<Sort>,
    /// List only the first N files; the largest unless --sort says otherwise
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// Of a job directory: show how its checkpoints share files, and how they grow
    #[arg(long)]
    pub history: bool,
    /// List the states of all operators with their types
    #[arg(long)]
    pub states: bool,
    /// Of a checkpoint: ask its SSTs how much they hold of each state, in at most two small reads
    /// of each
    #[arg(long)]
    pub sst: bool,
    /// Of a job directory or root: also read the checkpoints of this LOCATION, which may refer
    /// to files here (repeatable)
    #[arg(long, value_name = "LOCATION")]
    pub also: Vec<String>,
    /// Of a job directory: do not read other jobs of its root. What they refer to here then
    /// counts as unreferenced
    #[arg(long)]
    pub isolated: bool,
    /// How stores are opened.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// In which order files are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// The largest first
    Bytes,
    /// What most handles refer to first
    References,
    /// The oldest first
    Age,
}

/// Flags of everything that reads checkpoints.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// Where the writer's paths are now: a directory and what it became (repeatable)
    #[arg(long, value_name = "FROM=TO")]
    pub rebase: Vec<String>,
    /// Marker of entropy injection in paths (Flink's s3.entropy.key)
    #[arg(long, value_name = "MARKER", default_value = "_entropy_")]
    pub entropy_key: String,
    /// Option of a store, such as endpoint or region, over what the environment says
    /// (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub store_option: Vec<String>,
}

/// Flags of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The command, the name of one document (chkctl.inspect.job/1), or `error` for what goes to
    /// stderr on failure; all schemas without it
    pub command: Option<String>,
}

/// Flags of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Flags of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command; chkctl itself without it
    pub command: Option<String>,
    /// Write all pages into this directory instead
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub dir: Option<PathBuf>,
}

/// Whether a command line that could not be parsed asks for JSON.
pub(super) fn asks_for_json(args: &[OsString]) -> bool {
    let is_json = |value: &str| matches!(value, "json" | "jsonl");
    let texts: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let stated = texts.iter().enumerate().find_map(|(at, arg)| {
        let rest = arg.strip_prefix("--output")?;
        if rest.is_empty() { texts.get(at + 1).copied() } else { rest.strip_prefix('=') }
    });
    let environment = std::env::var("CHKCTL_OUTPUT").ok();
    stated.or(environment.as_deref()).is_some_and(is_json)
}
