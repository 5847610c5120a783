//! Why a checkpoint could not be found or read.

use crate::format::flink::error::FormatError;
use crate::format::flink::error::Problem;
use crate::store::LocationError;
use crate::store::StoreError;

/// What went wrong between a LOCATION and a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The store could not be asked, or said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The text is no location.
    #[error("{text:?} is not a location: {source}")]
    Location {
        /// What was given.
        text: String,
        /// Why.
        source: LocationError,
    },
    /// The bytes are not what they should be.
    #[error("{object}: {source}")]
    Format {
        /// The object that holds the bytes.
        object: String,
        /// Its size in bytes.
        size: u64,
        /// Where and what.
        source: FormatError,
    },
    /// A metadata file of zero bytes: an attempt that was never finalized.
    #[error("{object}: is empty (0 bytes)")]
    EmptyMetadata {
        /// The metadata file.
        object: String,
    },
    /// A directory in which nothing is a checkpoint.
    #[error("{location}: is not a checkpoint: {found}")]
    NoCheckpoint {
        /// The directory.
        location: String,
        /// What is there instead.
        found: String,
        /// The next thing to do.
        hint: String,
    },
    /// The location is a job directory or a root where one checkpoint is needed.
    #[error("{location}: is {what}, and this needs one checkpoint or savepoint")]
    TooMany {
        /// The directory.
        location: String,
        /// What kind of directory it is.
        what: &'static str,
        /// Ways to name one.
        hint: String,
    },
    /// A selector behind a single checkpoint.
    #[error("{location}: is one checkpoint; {selector} chooses one inside a job directory")]
    NotAJob {
        /// The checkpoint.
        location: String,
        /// The selector as it was given.
        selector: String,
    },
    /// A single checkpoint where two are to be compared.
    #[error("{location}: is one checkpoint, and two are compared")]
    OnlyOne {
        /// The checkpoint.
        location: String,
    },
    /// A job directory with a single checkpoint where two are to be compared.
    #[error("{location}: has one checkpoint, and two are compared")]
    OneInJob {
        /// The job directory.
        location: String,
    },
    /// Nothing to read where somebody was expected who refers to files elsewhere.
    #[error("{location}: no checkpoint or savepoint lies there, so it protects nothing")]
    NobodyThere {
        /// The place.
        location: String,
    },
    /// A selector which fits nothing in the job directory.
    #[error("{location}: has no {selector}; completed checkpoints here: {present}")]
    NoSuchCheckpoint {
        /// The job directory.
        location: String,
        /// The selector as it was given.
        selector: String,
        /// The completed checkpoints.
        present: String,
    },
}

impl CatalogError {
    /// The next thing to do, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            CatalogError::Store(error) => Some(error.hint().unwrap_or_else(|| store_hint(error))),
            CatalogError::Location { .. } => {
                Some("a LOCATION is a path or a URI; chkctl stores lists the schemes".into())
            }
            CatalogError::Format { size, source, .. } => Some(format_hint(source, *size)),
            CatalogError::EmptyMetadata { .. } => Some(
                "the checkpoint was never completed; use an older one, Flink cannot restore this"
                    .into(),
            ),
            CatalogError::NoCheckpoint { hint, .. } | CatalogError::TooMany { hint, .. } => {
                Some(hint.clone())
            }
            CatalogError::NotAJob { .. } => Some("leave the selector out".into()),
            CatalogError::OnlyOne { .. } => {
                Some("name a second one behind it, or a job directory with two".into())
            }
            CatalogError::OneInJob { .. } => {
                Some("name two checkpoints or savepoints, of which one may lie elsewhere".into())
            }
            CatalogError::NobodyThere { .. } => {
                Some("name a checkpoint, a savepoint, or a directory above some".into())
            }
            CatalogError::NoSuchCheckpoint { .. } => {
                Some("choose one of these with @N, or the newest with @latest".into())
            }
        }
    }

    /// Whether it is proven that nothing is there, as opposed to "could not look".
    pub fn is_absent(&self) -> bool {
        matches!(self, CatalogError::Store(error) if error.is_absent())
    }

    /// Whether the bytes begin as no metadata file does, as those of Parquet with this name.
    pub fn is_foreign(&self) -> bool {
        match self {
            CatalogError::Format { source, .. } => {
                source.offset == 0 && matches!(source.problem, Problem::Magic { .. })
            }
            _ => false,
        }
    }

    /// Whether the command line named something that cannot be meant, as opposed to a place
    /// that could not be read.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            CatalogError::Location { .. }
                | CatalogError::TooMany { .. }
                | CatalogError::NotAJob { .. }
                | CatalogError::OnlyOne { .. }
                | CatalogError::OneInJob { .. }
                | CatalogError::NobodyThere { .. }
                | CatalogError::NoSuchCheckpoint { .. }
        )
    }
}

/// A LOCATION as an error may repeat it: without user and password, and without the query of a
/// web address, where signatures are.
pub fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let web = scheme.starts_with("http");
    let path = path.split_once('?').filter(|_| web).map_or(path, |(path, _)| path);
    let container = scheme.starts_with("abfs") || scheme.starts_with("wasb");
    match authority.rsplit_once('@') {
        Some((user, host)) if user.contains(':') || !container => {
            format!("{scheme}://...@{host}{path}")
        }
        // A secret key with a slash in it ends the authority early; no bucket has a colon.
        None if authority.contains(':') && path.contains('@') => format!("{scheme}://..."),
        _ => format!("{scheme}://{authority}{path}"),
    }
}

/// The next thing to do where the store itself has no advice.
fn store_hint(error: &StoreError) -> String {
    match error {
        StoreError::NotFound { at, .. } if at.file_name().is_some_and(|n| n.contains('@')) => {
            "check the path; behind a job directory, @N, @latest and @-N choose a checkpoint".into()
        }
        StoreError::NotFound { .. } => "check the path; Flink deletes a checkpoint that newer \
                                        ones replace"
            .into(),
        StoreError::NotADirectory { .. }
        | StoreError::NotAFile { .. }
        | StoreError::NotRegular { .. } => {
            "name a checkpoint directory or its _metadata file".into()
        }
        StoreError::TooLarge { .. } => {
            "no metadata file is so large; name a checkpoint directory or its _metadata".into()
        }
        StoreError::Changed { .. } => "run it again".into(),
        _ => "check that the place can be read, and run it again".into(),
    }
}

fn format_hint(error: &FormatError, size: u64) -> String {
    match &error.problem {
        Problem::Magic { .. } if error.offset == 0 => {
            "this is not a Flink metadata file; name a checkpoint directory or its _metadata".into()
        }
        Problem::Version { found: 1, .. } => {
            "metadata version 1 was written by Flink 1.1 and 1.2, which no later release reads; \
             migrate the savepoint with Flink 1.3 to 1.7"
                .into()
        }
        Problem::Version { found, .. } if *found > 7 => {
            format!("metadata version {found} is newer than this chkctl; look for a newer release")
        }
        Problem::Truncated { .. } | Problem::TooLarge { .. } => format!(
            "the file has {size} bytes and ends too early or is damaged; compare with the size at \
             its source and copy it again, or use another checkpoint"
        ),
        _ => "the file is damaged, or of a Flink release this chkctl does not know; copy it again \
              from its source, or use another checkpoint"
            .into(),
    }
}
