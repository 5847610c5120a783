//! Writing metadata files (rules in section 1.10).
//!
//! What was read is written back to the same bytes. For an older release the writer uses the
//! forms that release knows, as long as nothing but bookkeeping is lost (names and uids,
//! handle ids, checkpointed sizes); what that release could not restore is refused.

mod handles;
mod keyed;

use super::list::Layout;
use super::list::Record;
use super::metadata::MAGIC;
use super::metadata::MASTER_STATE_MAGIC;
use super::metadata::Metadata;
use super::operator::OperatorState;
use super::operator::Subtask;
use super::operator::SubtaskState;
use super::utf::Utf;
use super::write::Writer;

/// A Flink release, major and minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32);

/// For whom a metadata file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    version: i32,
    release: Release,
}

impl Target {
    /// For the oldest release that must read the file; every later one can.
    /// `None` if it is older than 1.11.
    pub fn release(release: Release) -> Option<Self> {
        let version = match release {
            Release(1, 11..=15) => 3,
            Release(1, 16..) => 4,
            Release(2, 0) => 5,
            Release(2.., _) => 6,
            Release(..) => return None,
        };
        Some(Target { version, release })
    }

    /// For the newest release that writes this version, with all the handles it knows.
    /// `None` if the version is not 3 to 6.
    pub fn version(version: i32) -> Option<Self> {
        let release = match version {
            3 => Release(1, 15),
            4 => Release(1, 20),
            5 => Release(2, 0),
            6 => Release(2, 3),
            _ => return None,
        };
        Some(Target { version, release })
    }

    fn knows(self, release: Release) -> bool {
        self.release >= release
    }
}

/// Why a metadata file cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A string longer than the format can hold.
    #[error("{start:?}… is {bytes} bytes long; Flink's strings hold at most 65535")]
    TooLong {
        /// The first characters.
        start: String,
        /// Encoded length in bytes.
        bytes: usize,
    },
    /// A list longer than the format can count.
    #[error("a list has {0} entries; the format counts to 2147483647")]
    TooMany(usize),
    /// A handle that the target release could not restore.
    #[error("{what} needs Flink {0}.{1} or later", .since.0, .since.1)]
    NotBefore {
        /// The handle or field.
        what: &'static str,
        /// The first release that can read it.
        since: Release,
    },
    /// A handle in a form that only other releases can read.
    #[error("{0}")]
    Unreadable(&'static str),
}

type Result<T> = std::result::Result<T, EncodeError>;

/// A stream that holds the null object: a file without properties.
const NULL_OBJECT: [u8; 5] = [0xAC, 0xED, 0x00, 0x05, 0x70];

impl Metadata<'_> {
    /// Encodes the metadata for `target`.
    ///
    /// # Errors
    /// What the target release cannot read, or what no release can: the file must then be
    /// written for a later one.
    pub fn encode(&self, target: Target) -> Result<Vec<u8>> {
        let mut encoder = Encoder { out: Writer::default(), target };
        encoder.metadata(self)?;
        Ok(encoder.out.bytes)
    }

    /// The target that is read back as this file's own version, if it can be written.
    pub fn own_target(&self) -> Option<Target> {
        let target = Target::version(self.layout.version)?;
        let release = match self.layout {
            Layout { channels_of_1_11: true, .. } => Release(1, 11),
            Layout { changelog_of_1_14: true, .. } => Release(1, 14),
            _ => target.release,
        };
        Some(Target { release, ..target })
    }
}

struct Encoder {
    out: Writer,
    target: Target,
}

impl Encoder {
    fn metadata(&mut self, metadata: &Metadata<'_>) -> Result<()> {
        self.out.i32(MAGIC);
        self.out.i32(self.target.version);
        self.out.i64(metadata.checkpoint_id);
        self.out.count(metadata.master_states.len())?;
        for state in metadata.master_states.iter() {
            let mut body = Writer::default();
            body.i32(state.version);
            body.utf(state.name)?;
            body.sized_bytes(state.payload)?;
            self.out.i32(MASTER_STATE_MAGIC);
            self.out.sized_bytes(&body.bytes)?;
        }
        self.all(metadata.operators.iter(), metadata.operators.len(), Self::operator)?;
        if self.target.version >= 4 {
            let properties = metadata.trailer.map_or(&NULL_OBJECT[..], |trailer| trailer.bytes);
            self.out.bytes.extend_from_slice(properties);
        }
        Ok(())
    }

    /// A count and that many records.
    fn all<'a, T: Record<'a>>(
        &mut self,
        records: impl Iterator<Item = T>,
        count: usize,
        write: impl Fn(&mut Self, &T) -> Result<()>,
    ) -> Result<()> {
        self.out.count(count)?;
        records.into_iter().try_for_each(|record| write(self, &record))
    }

    fn operator(&mut self, operator: &OperatorState<'_>) -> Result<()> {
        if self.target.version >= 5 {
            self.out.utf(operator.name.unwrap_or_default())?;
            self.out.utf(operator.uid.unwrap_or_default())?;
        }
        self.out.bytes.extend_from_slice(&operator.id.0);
        self.out.i32(operator.parallelism);
        self.out.i32(operator.max_parallelism);
        self.stream(operator.coordinator.as_ref())?;
        match &operator.subtasks {
            Some(subtasks) => self.all(subtasks.iter(), subtasks.len(), Self::subtask),
            None => {
                self.require("a fully finished operator", Release(1, 14))?;
                self.out.i32(-1);
                Ok(())
            }
        }
    }

    fn subtask(&mut self, subtask: &Subtask<'_>) -> Result<()> {
        match subtask {
            Subtask::Finished { index } => {
                self.require("a finished subtask", Release(1, 14))?;
                self.out.i32(!index);
                Ok(())
            }
            Subtask::Running(state) => self.state(state),
        }
    }

    fn state(&mut self, state: &SubtaskState<'_>) -> Result<()> {
        if state.reference_checkpoint.is_some() {
            let what = "a reference checkpoint (metadata version 7) cannot be written: \
                        no release reads it";
            return Err(EncodeError::Unreadable(what));
        }
        self.out.i32(state.index);
        for handle in [&state.managed_operator, &state.raw_operator] {
            self.out.i32(handle.is_some().into());
            if let Some(handle) = handle {
                self.operator_handle(handle)?;
            }
        }
        self.keyed(state.managed_keyed.as_ref())?;
        self.keyed(state.raw_keyed.as_ref())?;
        self.channels(state.input_channels.iter().map(|handle| handle.0))?;
        self.channels(state.result_subpartitions.iter().map(|handle| handle.0))
    }

    fn require(&self, what: &'static str, since: Release) -> Result<()> {
        if self.target.knows(since) {
            return Ok(());
        }
        Err(EncodeError::NotBefore { what, since })
    }

    fn optional_utf(&mut self, text: Option<Utf<'_>>) -> Result<()> {
        self.out.utf(text.unwrap_or_default())
    }
}
