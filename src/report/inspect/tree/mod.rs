//! `chkctl.inspect.job/1` and `chkctl.inspect.root/1`: a job directory or a checkpoint root.

pub mod build;
mod files;
mod history;
pub mod jsonl;

pub use files::SegmentUseJson;
pub use files::TreeFileJson;
pub use files::TreeReferrer;
pub use history::ColumnJson;
pub use history::HistoryFileJson;
pub use history::HistoryGroupJson;
pub use history::HistoryJson;

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::document::Head;
use crate::report::seq::Seq;

/// Schema of the document of a job.
pub const JOB_SCHEMA: &str = "chkctl.inspect.job/1";
/// Schema of the document of a root.
pub const ROOT_SCHEMA: &str = "chkctl.inspect.root/1";

/// A job directory.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JobDocument<'r> {
    /// What all documents have.
    #[serde(flatten)]
    pub head: Head,
    /// The job.
    #[serde(flatten)]
    pub job: JobJson<'r>,
    /// With `--operator`: sizes, files and history are those of this operator alone.
    pub operator_id: Option<String>,
    /// Which directory refers to files in which other one, from or to this job.
    pub cross_references: Seq<'r, CrossReferenceJson>,
    /// What else was read because it may refer to files here.
    pub also_read: AlsoRead,
    /// The files here, and those elsewhere that the job refers to; with `--files`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Seq<'r, TreeFileJson>>,
    /// How checkpoints share files, with `--history`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryJson<'r>>,
}

/// A checkpoint root.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RootDocument<'r> {
    /// What all documents have.
    #[serde(flatten)]
    pub head: Head,
    /// The job directories, in the order of their paths.
    pub jobs: Seq<'r, JobJson<'r>>,
    /// Savepoints, and checkpoints that lie outside of a job directory.
    pub savepoints: Seq<'r, SavepointJson>,
    /// Other places with files: changelogs, and what no name explains.
    pub others: Seq<'r, OtherJson>,
    /// With `--operator`: sizes and files are those of this operator alone.
    pub operator_id: Option<String>,
    /// Which directory refers to files in which other one.
    pub cross_references: Seq<'r, CrossReferenceJson>,
    /// What else was read because it may refer to files here.
    pub also_read: AlsoRead,
    /// Sums over everything.
    pub totals: TotalsJson,
    /// All files, with `--files`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Seq<'r, TreeFileJson>>,
}

/// A job: its checkpoints and what lies in its directory.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JobJson<'r> {
    /// Its directory below the base; empty for the base itself.
    pub path: String,
    /// The job id, where the directory names one.
    pub job_id: Option<String>,
    /// Its checkpoints, in the order of their ids.
    pub checkpoints: Seq<'r, CheckpointRowJson>,
    /// The newest one that could be read: the one with the highest id.
    pub newest: Option<NewestJson>,
    /// Directories of checkpoints that were not completed: in progress, or aborted.
    pub incomplete: Vec<IncompleteJson>,
    /// Full sizes of all its checkpoints together, as if they shared nothing.
    pub logical_bytes: Option<u64>,
    /// Other directories whose files its checkpoints refer to.
    pub refers_to: Vec<String>,
    /// Sums over what lies in its directory.
    pub totals: TotalsJson,
}

/// One checkpoint or savepoint as a row.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CheckpointRowJson {
    /// Checkpoint id; of one that could not be read the number of its directory.
    pub id: Option<i64>,
    /// Path of its metadata file.
    pub path: String,
    /// `checkpoint` or `savepoint`; null where nothing tells, as often before 1.16.
    pub kind: Option<&'static str>,
    /// `canonical` or `native`; null for checkpoints and where the metadata does not say.
    pub savepoint_format: Option<&'static str>,
    /// Whether it is a full one, which reuses nothing; null where nothing tells.
    pub full: Option<bool>,
    /// When it was completed, RFC 3339 UTC.
    pub completed_at: Option<String>,
    /// Where `completed_at` is from: a copy changes it.
    pub completed_at_source: &'static str,
    /// Version of the metadata format.
    pub metadata_version: Option<i32>,
    /// Bytes of the metadata file.
    pub metadata_bytes: Option<u64>,
    /// All state, in Flink's count.
    pub state_bytes: Option<u64>,
    /// What it uploaded; null where that was not recorded.
    pub new_bytes: Option<u64>,
    /// State inside the metadata file.
    pub inline_bytes: Option<u64>,
    /// Bytes of files that no other checkpoint refers to: what deleting it would free.
    pub exclusive_bytes: Option<u64>,
    /// Distinct files it refers to.
    pub files: Option<u64>,
    /// How many of them are not there, those outside of the base left out, which are not looked
    /// for; null where that could not be told.
    pub missing_files: Option<u64>,
    /// Full size against the checkpoint before it.
    pub growth_bytes: Option<i64>,
    /// The same as a part of the size before: 0.2 is a fifth more.
    pub growth: Option<f64>,
    /// What is wrong with it, in words.
    pub problem: Option<String>,
    /// The same as a stable code: `removed` (by Flink, while it was read), `empty`, `damaged`,
    /// `unreadable`, `files-missing`.
    pub problem_code: Option<&'static str>,
}

/// The newest checkpoint of a job.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NewestJson {
    /// Checkpoint id.
    pub id: Option<i64>,
    /// Path of its metadata file.
    pub path: String,
    /// When it was completed, RFC 3339 UTC.
    pub completed_at: Option<String>,
    /// All state, in Flink's count.
    pub state_bytes: Option<u64>,
}

/// A directory of a checkpoint or savepoint without metadata.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct IncompleteJson {
    /// The directory.
    pub path: String,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the youngest of them was modified.
    pub newest_modified_at: Option<String>,
}

/// A savepoint, or a checkpoint outside of a job directory.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SavepointJson {
    /// The snapshot.
    #[serde(flatten)]
    pub snapshot: CheckpointRowJson,
    /// Other directories whose files it refers to.
    pub refers_to: Vec<String>,
    /// Sums over what lies in its directory.
    pub totals: TotalsJson,
}

/// A place that is neither a job nor a savepoint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OtherJson {
    /// Its directory below the base, or a URI.
    pub path: String,
    /// `changelog`, or `other` for a place that no name explains.
    pub kind: &'static str,
    /// Directories of savepoints that were not completed.
    pub incomplete: Vec<IncompleteJson>,
    /// Sums over what lies there.
    pub totals: TotalsJson,
}

/// References from the checkpoints of one directory to files in another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CrossReferenceJson {
    /// The directory whose checkpoints refer.
    pub from: String,
    /// The directory in which the files are.
    pub to: String,
    /// How many files.
    pub files: u64,
    /// Bytes referred to in them; null if a size is unknown.
    pub bytes: Option<u64>,
    /// The files, with `--files`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<String>>,
}

/// What was read beside the LOCATION because it may refer to files there.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AlsoRead {
    /// Checkpoints and savepoints.
    pub checkpoints: u64,
    /// The directories they belong to.
    pub directories: u64,
}

/// Sums over what lies in a place. Every file is metadata, referenced, unreferenced or other.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TotalsJson {
    /// Bytes of everything that lies there.
    pub physical_bytes: u64,
    /// Bytes of files that a checkpoint refers to.
    pub referenced_bytes: u64,
    /// Bytes of files that no checkpoint refers to: leftovers, or uploads of a checkpoint that is
    /// still being written.
    pub unreferenced_bytes: u64,
    /// Bytes of metadata files.
    pub metadata_bytes: u64,
    /// Bytes of what is not Flink's.
    pub other_bytes: u64,
    /// Everything that lies there.
    pub files: u64,
    /// Files that a checkpoint refers to.
    pub referenced_files: u64,
    /// Files that no checkpoint refers to.
    pub unreferenced_files: u64,
    /// Metadata files.
    pub metadata_files: u64,
    /// What is not Flink's.
    pub other_files: u64,
    /// Files that a checkpoint refers to and that are not there: no listing shows them, nor is
    /// anything found by their names.
    pub missing_files: u64,
    /// Whether everything was listed and every checkpoint could be read; otherwise there may be
    /// more, and less may be unreferenced.
    pub complete: bool,
}
