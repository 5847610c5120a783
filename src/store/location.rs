//! One place in one store, however it was spelled.
//!
//! Flink stores paths raw: nothing in a `_metadata` file is percent-encoded (format document,
//! 2.6). [`Location`] keeps the text as it was found and decides sameness separately.

mod argument;
#[cfg(test)]
mod tests;

use super::scheme::Scheme;
use super::scheme::known_spellings;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;
use std::path::Path;
use std::path::PathBuf;

/// A place: the kind of store, the store (bucket, container, name node) and a path in it.
///
/// The path is absolute and normalised as Flink does it: repeated slashes collapse, a trailing
/// slash is dropped, the root is `/`. It stays raw text.
///
/// Two locations are equal when they are one place: `s3` = `s3a` = `s3n` = `s3p`,
/// `abfs` = `abfss` = `wasb` = `wasbs` (and the `blob` and `dfs` hosts of an account), `file:/x`
/// = `/x`, and a raw path equals each of its percent-encoded spellings. For the last, paths are
/// compared after decoding until no escape is left, so that `a b`, `a%20b` and `a%2520b` are one.
/// Order and hash follow. What is *opened* is always the raw path.
#[derive(Debug, Clone)]
pub struct Location {
    scheme: Scheme,
    /// The scheme as written, when that is not the canonical spelling.
    spelled: Option<Box<str>>,
    authority: String,
    path: String,
}

/// Why a text is not a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// There is no text.
    #[error("the location is empty; name a path or a URI")]
    Empty,
    /// The scheme is not one of [`super::schemes`].
    #[error(
        "{scheme}: is not a scheme known here; known are: {}; a file of that name is written ./{scheme}:...",
        known_spellings()
    )]
    UnknownScheme {
        /// The scheme as typed.
        scheme: String,
    },
    /// A web address or an ARN, which name the place in words of another tool.
    #[error("{what} cannot be opened as such; write {instead}")]
    Foreign {
        /// What was recognised.
        what: &'static str,
        /// The spelling to use.
        instead: String,
    },
    /// A cloud URI without bucket, container or double slash.
    #[error("the {what} is missing; write {instead}")]
    NoAuthority {
        /// What has to stand there.
        what: &'static str,
        /// An example.
        instead: String,
    },
    /// Credentials in the URI, which would end up in logs. The text is not repeated.
    #[error("{scheme}: credentials in the URI are not read; remove them and use the environment")]
    Credentials {
        /// The scheme.
        scheme: String,
    },
    /// `.` or `..` in a path of a store that does not know what these mean.
    #[error("the path contains `.` or `..`, which have no meaning in this store; write it out")]
    DotSegments,
    /// A `file:` URI which names another machine.
    #[error("file: URIs name a path on this machine, not on {host}; write file:///PATH")]
    RemoteFile {
        /// The host.
        host: String,
    },
    /// A path that does not start at the root, where that is required.
    #[error("the path is not absolute")]
    Relative,
    /// A path that is not UTF-8, which Flink cannot write and this type cannot hold.
    #[error("the path is not valid UTF-8")]
    NotUtf8,
    /// A relative path, and the current directory cannot be found.
    #[error("a relative path, and the current directory is not usable: {detail}")]
    CurrentDirectory {
        /// What the system says.
        detail: String,
    },
}

impl Location {
    /// Reads what a user types: a path, relative or not, or a URI.
    ///
    /// Paths are made absolute against the current directory, and `..` is resolved as the
    /// system would do it, through symbolic links. This is the only function here that looks
    /// at the machine. Errors say what to type instead.
    pub fn parse_argument(text: &str) -> Result<Location, LocationError> {
        argument::parse(text)
    }

    /// Reads a path string found in a `_metadata` file (format document, 2.6).
    ///
    /// Touches nothing on the machine. Unknown schemes and `.`/`..` segments are kept (see
    /// [`Location::has_dot_segments`]); credentials in the authority are dropped.
    ///
    /// # Errors
    /// [`LocationError::Empty`] and [`LocationError::Relative`]: the text names no place.
    pub fn parse_flink(text: &str) -> Result<Location, LocationError> {
        if text.is_empty() {
            return Err(LocationError::Empty);
        }
        // The rule of Flink's own `Path`: a colon before the first slash ends a scheme.
        let (head, _) = text.split_once('/').unwrap_or((text, ""));
        let Some((scheme, _)) = head.split_once(':').filter(|(scheme, _)| !scheme.is_empty())
        else {
            return if text.starts_with('/') {
                Ok(Location::new(Scheme::File, None, "", text))
            } else {
                Err(LocationError::Relative)
            };
        };
        let rest = &text[scheme.len() + 1..];
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.find('/').map_or((rest, "/"), |at| rest.split_at(at)),
            None if rest.starts_with('/') => ("", rest),
            None => return Err(LocationError::Relative),
        };
        Ok(Location::new(Scheme::of(scheme), Some(scheme), authority, path))
    }

    /// Makes the place of a local file from an absolute path.
    ///
    /// # Errors
    /// [`LocationError::Relative`] and [`LocationError::NotUtf8`].
    pub fn local(path: &Path) -> Result<Location, LocationError> {
        let text = path.to_str().ok_or(LocationError::NotUtf8)?;
        if !path.is_absolute() {
            return Err(LocationError::Relative);
        }
        Ok(Location::new(Scheme::File, None, "", text))
    }

    fn new(scheme: Scheme, spelled: Option<&str>, authority: &str, path: &str) -> Location {
        let spelled = spelled
            .filter(|text| scheme != Scheme::File && *text != scheme.as_str())
            .map(Box::from);
        let authority = normalise_authority(&scheme, authority);
        Location { scheme, spelled, authority, path: normalise_path(path) }
    }

    /// Gives the kind of store.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Gives bucket, `container@account-host` or `host:port`; empty where there is none.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Gives the raw path, which starts with a slash and ends with one only at the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Says whether this is a path on this machine.
    pub fn is_local(&self) -> bool {
        self.scheme == Scheme::File && self.authority.is_empty()
    }

    /// Gives the path for use with `std::fs`, if the place is on this machine.
    pub fn local_path(&self) -> Option<PathBuf> {
        self.is_local().then(|| PathBuf::from(&self.path))
    }

    /// Says whether this is the root of its store.
    pub fn is_root(&self) -> bool {
        self.path == "/"
    }

    /// Goes down by a name, or by several with slashes between them.
    pub fn join(&self, name: &str) -> Location {
        self.with_path(&format!("{}/{name}", self.path))
    }

    /// Takes another path in the same store; it is normalised.
    pub fn with_path(&self, path: &str) -> Location {
        Location {
            scheme: self.scheme.clone(),
            spelled: self.spelled.clone(),
            authority: self.authority.clone(),
            path: normalise_path(path),
        }
    }

    /// Goes up by one; `None` at the root.
    pub fn parent(&self) -> Option<Location> {
        let (parent, _) = self.path.rsplit_once('/')?;
        (!self.is_root()).then(|| self.with_path(parent))
    }

    /// Gives the last segment; `None` at the root.
    pub fn file_name(&self) -> Option<&str> {
        self.segments().next_back()
    }

    /// Walks the segments of the path from the root down.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.path.split('/').filter(|segment| !segment.is_empty())
    }

    /// Gives the raw path below `base`, without a leading slash; empty when both are one place.
    ///
    /// `None` when this is not at or below `base`. Segments are compared as equality does it.
    pub fn relative_to(&self, base: &Location) -> Option<&str> {
        if !self.same_store(base) {
            return None;
        }
        let mut rest = self.path.trim_start_matches('/');
        for expected in base.segments() {
            let (segment, below) = rest.split_once('/').unwrap_or((rest, ""));
            if segment.is_empty() || identity(segment) != identity(expected) {
                return None;
            }
            rest = below;
        }
        Some(rest)
    }

    /// Says whether both are in one store: same kind and same authority.
    pub fn same_store(&self, other: &Location) -> bool {
        self.scheme == other.scheme && self.authority == other.authority
    }

    /// Whether this is at or below `base`, as far as the path says; `..` is not resolved.
    pub fn is_below(&self, base: &Location) -> bool {
        self.relative_to(base).is_some()
    }

    /// Says whether a segment is `.` or `..`: never written by Flink, so hostile or damaged.
    pub fn has_dot_segments(&self) -> bool {
        self.segments().any(|segment| segment == "." || segment == "..")
    }

    /// Gives the place with the path percent-decoded once, if that is another spelling.
    ///
    /// For a second look when the raw one is not found: some tools encode what Flink did not.
    pub fn decoded_alternative(&self) -> Option<Location> {
        let decoded = percent_decode_str(&self.path).decode_utf8().ok()?;
        (decoded != self.path).then(|| self.with_path(&decoded))
    }

    /// Removes the first occurrence of an entropy marker such as `_entropy_` from the path.
    ///
    /// So Flink derives the directory of `_metadata` from a configured base with entropy
    /// injection (format document, 2.5). `None` when the marker does not occur.
    pub fn strip_marker(&self, marker: &str) -> Option<Location> {
        let at = self.path.find(marker).filter(|_| !marker.is_empty())?;
        let (before, rest) = self.path.split_at(at);
        Some(self.with_path(&format!("{before}{}", &rest[marker.len()..])))
    }

    /// Gives what a person reads best: the plain path if local, the canonical URI otherwise.
    pub fn display_short(&self) -> Cow<'_, str> {
        if self.is_local() { Cow::Borrowed(&self.path) } else { Cow::Owned(self.to_string()) }
    }

    /// Gives the spelling that `flink run -s` takes, with the scheme as it was written.
    pub fn flink_form(&self) -> String {
        if self.is_local() {
            return format!("file:{}", self.path);
        }
        let scheme = self.spelled.as_deref().unwrap_or(self.scheme.as_str());
        // The WASB driver knows accounts by their blob host only.
        let wasb = scheme.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("wasb"));
        let authority = if self.scheme == Scheme::Abfs && wasb {
            Cow::Owned(self.authority.replacen(".dfs.", ".blob.", 1))
        } else {
            Cow::Borrowed(&self.authority)
        };
        format!("{scheme}://{authority}{}", self.path)
    }
}

/// The canonical URI, raw: `file:///x`, `s3://bucket/key`, `abfs://container@host/path`.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)
    }
}

impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        self.same_store(other) && identity(&self.path) == identity(&other.path)
    }
}

impl Eq for Location {}

impl Hash for Location {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.scheme.hash(state);
        self.authority.hash(state);
        identity(&self.path).hash(state);
    }
}

impl Ord for Location {
    fn cmp(&self, other: &Self) -> Ordering {
        self.scheme
            .cmp(&other.scheme)
            .then_with(|| self.authority.cmp(&other.authority))
            .then_with(|| identity(&self.path).cmp(&identity(&other.path)))
    }
}

impl PartialOrd for Location {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Decodes percent escapes until none is left, in one pass.
///
/// An escape can only be completed by the byte just written, and escapes cannot overlap (`%` is
/// no hex digit), so looking back after each byte reaches the one possible end.
fn identity(path: &str) -> Cow<'_, [u8]> {
    if !path.contains('%') {
        return Cow::Borrowed(path.as_bytes());
    }
    let mut out: Vec<u8> = Vec::with_capacity(path.len());
    for byte in path.bytes() {
        out.push(byte);
        while let [.., b'%', high, low] = out[..] {
            let (Some(high), Some(low)) = (hex(high), hex(low)) else { break };
            out.truncate(out.len() - 3);
            out.push(high * 16 + low);
        }
    }
    Cow::Owned(out)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn normalise_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 1);
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        out.push('/');
        out.push_str(segment);
    }
    if out.is_empty() { "/".into() } else { out }
}

fn normalise_authority(scheme: &Scheme, authority: &str) -> String {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    // `user:password@`: a secret has no place in anything that is printed.
    let user = user.map(|user| user.split_once(':').map_or(user, |(user, _)| user));
    match (scheme, user) {
        (Scheme::File, _) if host.eq_ignore_ascii_case("localhost") => String::new(),
        (Scheme::S3 | Scheme::Gs | Scheme::Oss, _) => host.to_owned(),
        (Scheme::Abfs, None) => host.to_owned(),
        (Scheme::Abfs, Some(container)) => {
            let host = host.to_ascii_lowercase();
            let host = match host.split_once('.') {
                Some((account, rest)) if rest.starts_with("blob.") => {
                    format!("{account}.dfs.{}", &rest["blob.".len()..])
                }
                _ => host,
            };
            format!("{container}@{host}")
        }
        (_, None) => host.to_ascii_lowercase(),
        (_, Some(user)) => format!("{user}@{}", host.to_ascii_lowercase()),
    }
}
