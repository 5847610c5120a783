//! The one error of the store room.

use super::location::Location;
use super::scheme::Scheme;
use std::fmt;

/// Why a store did not do what was asked.
///
/// `at` is the place, `detail` one line without secrets, in the words of the store where it
/// has some (`AccessDenied: ...`). There is no source: errors of the libraries below may carry
/// signed URLs and whole response bodies.
///
/// "Is not there" is [`StoreError::NotFound`] alone, see [`StoreError::is_absent`]; everything
/// else means that it could not be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// The store is there and has no such file, object or directory.
    NotFound {
        /// The place.
        at: Box<Location>,
        /// What the store said, may be empty.
        detail: String,
    },
    /// The bucket or container does not exist, so nothing is known about objects in it.
    NoSuchBucket {
        /// The place.
        at: Box<Location>,
        /// What the store said, may be empty.
        detail: String,
    },
    /// Known to the store, but not allowed.
    Denied {
        /// The place.
        at: Box<Location>,
        /// What the store said, may be empty.
        detail: String,
    },
    /// No credentials, or expired or wrong ones.
    Unauthenticated {
        /// The place.
        at: Box<Location>,
        /// What the store said, may be empty.
        detail: String,
    },
    /// No such store in this build, or not such an operation in the store.
    Unsupported {
        /// The place.
        at: Box<Location>,
        /// What is not supported.
        detail: String,
    },
    /// An option, environment variable or configuration file is missing or wrong.
    Configuration {
        /// The place.
        at: Box<Location>,
        /// Which one, and why.
        detail: String,
    },
    /// A directory was needed, and this is a file.
    NotADirectory {
        /// The place.
        at: Box<Location>,
    },
    /// A file was needed, and this is a directory.
    NotAFile {
        /// The place.
        at: Box<Location>,
    },
    /// A file was needed, and this is a FIFO, socket or device, which is never opened.
    NotRegular {
        /// The place.
        at: Box<Location>,
        /// What it is.
        what: &'static str,
    },
    /// The object is larger than the caller allows; nothing was read.
    TooLarge {
        /// The place.
        at: Box<Location>,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// No answer in time, no connection, or the store asks to come back later. Worth a retry.
    Unavailable {
        /// The place.
        at: Box<Location>,
        /// What happened.
        detail: String,
    },
    /// The object changed while it was read. Worth a retry.
    Changed {
        /// The place.
        at: Box<Location>,
        /// How.
        detail: String,
    },
    /// Anything else that kept the bytes from being read.
    Io {
        /// The place.
        at: Box<Location>,
        /// What happened.
        detail: String,
    },
}

impl StoreError {
    /// Gives the place that was asked for.
    pub fn at(&self) -> &Location {
        match self {
            StoreError::NotFound { at, .. }
            | StoreError::NoSuchBucket { at, .. }
            | StoreError::Denied { at, .. }
            | StoreError::Unauthenticated { at, .. }
            | StoreError::Unsupported { at, .. }
            | StoreError::Configuration { at, .. }
            | StoreError::NotADirectory { at }
            | StoreError::NotAFile { at }
            | StoreError::NotRegular { at, .. }
            | StoreError::TooLarge { at, .. }
            | StoreError::Unavailable { at, .. }
            | StoreError::Changed { at, .. }
            | StoreError::Io { at, .. } => at,
        }
    }

    /// Says whether it is proven that nothing is there, as opposed to "could not look".
    pub fn is_absent(&self) -> bool {
        matches!(self, StoreError::NotFound { .. })
    }

    /// Gives the next thing to try, as one line, where there is one.
    pub fn hint(&self) -> Option<String> {
        let scheme = self.at().scheme();
        match self {
            StoreError::NotFound { at, .. } => at
                .decoded_alternative()
                .map(|other| format!("Flink stores paths raw; did you mean {other}?")),
            StoreError::NoSuchBucket { .. } => Some(match scheme {
                Scheme::S3 => "check the bucket name, and the endpoint (AWS_ENDPOINT_URL) \
                               if this is not Amazon's S3"
                    .into(),
                Scheme::Abfs => "check the container and account names".into(),
                _ => "check the bucket name".into(),
            }),
            StoreError::Denied { .. } if *scheme == Scheme::File => {
                Some("run as a user who may read it".into())
            }
            StoreError::Denied { .. } => Some(match scheme {
                Scheme::S3 => "the identity needs s3:ListBucket on the bucket and s3:GetObject \
                               on the keys"
                    .into(),
                Scheme::Gs => "the identity needs roles/storage.objectViewer on the bucket".into(),
                Scheme::Abfs => "the identity needs the role Storage Blob Data Reader".into(),
                _ => "the identity may not read here".into(),
            }),
            StoreError::Unauthenticated { .. } | StoreError::Configuration { .. } => {
                let sources = scheme.info()?.configuration;
                (!sources.is_empty()).then(|| format!("configured by {}", sources.join("; ")))
            }
            StoreError::Unsupported { .. } => Some(
                "copy the checkpoint to a supported store, or mount it and give the path".into(),
            ),
            StoreError::Unavailable { .. } if *scheme == Scheme::File => None,
            StoreError::Unavailable { .. } => Some(
                "check endpoint, network and proxy; --store-option retry_timeout=60s and \
                 read_timeout=60s wait longer"
                    .into(),
            ),
            StoreError::NotADirectory { .. }
            | StoreError::NotAFile { .. }
            | StoreError::NotRegular { .. }
            | StoreError::TooLarge { .. }
            | StoreError::Changed { .. }
            | StoreError::Io { .. } => None,
        }
    }

    fn what(&self) -> (String, &str) {
        match self {
            StoreError::NotFound { detail, .. } => ("not found".into(), detail),
            StoreError::NoSuchBucket { at, detail } => {
                let what = if *at.scheme() == Scheme::Abfs { "container" } else { "bucket" };
                (format!("the {what} does not exist"), detail)
            }
            StoreError::Denied { detail, .. } => ("access denied".into(), detail),
            StoreError::Unauthenticated { detail, .. } => ("no valid credentials".into(), detail),
            StoreError::Unsupported { detail, .. } => ("not supported".into(), detail),
            StoreError::Configuration { detail, .. } => ("wrong configuration".into(), detail),
            StoreError::NotADirectory { .. } => ("is not a directory".into(), ""),
            StoreError::NotAFile { .. } => ("is a directory, not a file".into(), ""),
            StoreError::NotRegular { what, .. } => (format!("is {what}, not a regular file"), ""),
            StoreError::TooLarge { size, limit, .. } => {
                (format!("has {size} bytes, more than the limit of {limit}"), "")
            }
            StoreError::Unavailable { detail, .. } => ("the store is not available".into(), detail),
            StoreError::Changed { detail, .. } => ("changed while it was read".into(), detail),
            StoreError::Io { detail, .. } => ("cannot be read".into(), detail),
        }
    }
}

/// `PLACE: what: detail`, one line. Control characters in a hostile path are escaped.
impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.at().display_short().chars() {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        match self.what() {
            (what, "") => write!(f, ": {what}"),
            (what, detail) => write!(f, ": {what}: {detail}"),
        }
    }
}

impl std::error::Error for StoreError {}
