//! The `_metadata` file: header, body, trailer (sections 1.1 to 1.5).

use super::error::FormatError;
use super::error::Problem;
use super::error::Result;
use super::keyed::KeyGroupsForm;
use super::keyed::KeyedHandle;
use super::list::Layout;
use super::list::List;
use super::list::Record;
use super::operator::OperatorState;
use super::operator::Subtask;
use super::properties::CheckpointProperties;
use super::read::Reader;
use super::trailer::Trailer;
use super::utf::Utf;

/// First four bytes of every metadata file.
pub const MAGIC: i32 = 0x4960_672D;
/// First four bytes of every master state.
pub const MASTER_STATE_MAGIC: i32 = 0xC96B_1696_u32.cast_signed();
/// The versions this parser reads; 7 is a draft that no release writes.
pub const READABLE_VERSIONS: &str = "2 to 7";

/// A whole metadata file. It borrows from the bytes and keeps none of its own, however many
/// handles there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata<'a> {
    /// How the records are laid out; `layout.version` is the metadata version.
    pub layout: Layout,
    /// The checkpoint's id.
    pub checkpoint_id: i64,
    /// State of checkpoint hooks of the job master.
    pub master_states: List<'a, MasterState<'a>>,
    /// The operators, in the order of the file.
    pub operators: List<'a, OperatorState<'a>>,
    /// The checkpoint properties; written since version 4.
    pub trailer: Option<Trailer<'a>>,
    /// Bytes behind the end of the format: where they begin and how many.
    pub trailing: Option<Trailing>,
}

/// Bytes that do not belong to the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailing {
    /// Byte offset of the first.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
}

impl<'a> Metadata<'a> {
    /// Reads a whole metadata file, to its last byte.
    ///
    /// # Errors
    /// The offset and field at which the bytes stop being Flink's format. Bytes behind the
    /// end are no error, as Flink ignores them: see [`Metadata::trailing`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let version = read_version(&mut Reader::new(bytes))?;
        let usual = Layout::new(version);
        let mut best = Self::parse_as(bytes, usual);
        if version != 3 {
            return best;
        }
        // Three releases wrote version 3 with other fields in the same places and no mark.
        let others = [
            Layout { changelog_of_1_14: true, ..usual },
            Layout { channels_of_1_11: true, ..usual },
        ];
        for layout in others {
            if matches!(&best, Ok(file) if file.trailing.is_none() && !file.is_contradicted()) {
                break;
            }
            let other = Self::parse_as(bytes, layout);
            if fits_better(&other, &best, bytes.len() as u64) {
                best = other;
            }
        }
        best
    }

    pub(super) fn parse_as(bytes: &'a [u8], layout: Layout) -> Result<Self> {
        let mut r = Reader::new(bytes);
        read_version(&mut r)?;
        let at = r.clone();
        let checkpoint_id = r.i64("checkpoint id")?;
        if checkpoint_id < 0 {
            return Err(at.error("checkpoint id", Problem::Negative(checkpoint_id)));
        }
        let master_states = List::read(&mut r, layout, "number of master states")?;
        let operators = List::read(&mut r, layout, "number of operators")?;
        let trailer = match layout.version {
            ..=3 => None,
            _ => Some(Trailer::read(&mut r)?),
        };
        let trailing =
            (!r.is_empty()).then(|| Trailing { offset: r.offset(), bytes: r.rest().len() as u64 });
        Ok(Metadata { layout, checkpoint_id, master_states, operators, trailer, trailing })
    }

    /// Whether something contradicts the layout: a handle of another release than the
    /// changelog handles beside it (section 1.6.5), or a number that only a shift explains.
    fn is_contradicted(&self) -> bool {
        let forms = self.forms();
        let mixed = match self.layout.changelog_of_1_14 {
            true => forms.second,
            false => forms.changelog && forms.first && !forms.second,
        };
        mixed || self.operators.iter().any(|operator| operator.has_odd_parallelism())
    }

    /// The checkpoint properties; `None` before version 4, which has no trailer.
    pub fn properties(&self) -> Option<CheckpointProperties<'a>> {
        self.trailer.as_ref().map(Trailer::properties)
    }

    /// Which generations of keyed handles occur.
    pub fn forms(&self) -> Forms {
        let mut forms = Forms::default();
        self.keyed_handles().for_each(|handle| forms.note(&handle));
        forms
    }

    /// Every keyed handle of every subtask, managed and raw; not what is nested in them.
    pub fn keyed_handles(&self) -> impl Iterator<Item = KeyedHandle<'a>> {
        let subtasks = self.operators.iter().filter_map(|operator| operator.subtasks);
        let subtasks = subtasks.flat_map(List::into_records);
        subtasks
            .flat_map(|subtask| match subtask {
                Subtask::Finished { .. } => [None, None],
                Subtask::Running(state) => [state.managed_keyed, state.raw_keyed],
            })
            .flatten()
    }
}

/// Whether one layout fits better than another: what gets furthest is likeliest right.
fn fits_better(one: &Result<Metadata<'_>>, than: &Result<Metadata<'_>>, length: u64) -> bool {
    let end = |file: &Metadata<'_>| file.trailing.map_or(length, |trailing| trailing.offset);
    match (one, than) {
        (Ok(one), Ok(than)) => {
            (!one.is_contradicted(), end(one)) > (!than.is_contradicted(), end(than))
        }
        (Ok(one), Err(than)) => !one.is_contradicted() && end(one) >= than.offset,
        (Err(_), Ok(_)) => false,
        (Err(one), Err(than)) => one.offset > than.offset,
    }
}

/// Which generations of keyed handles occur in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forms {
    /// Tags 3 and 5, written until 1.14.
    pub first: bool,
    /// Tags 11 and 12, written since 1.15.
    pub second: bool,
    /// Tag 7, written since 1.13.
    pub savepoint: bool,
    /// Any changelog handle.
    pub changelog: bool,
}

impl Forms {
    /// Notes a handle and what is nested in it.
    pub fn note(&mut self, handle: &KeyedHandle<'_>) {
        match handle {
            KeyedHandle::KeyGroups(handle) => match handle.form {
                KeyGroupsForm::First => self.first = true,
                KeyGroupsForm::Second => self.second = true,
                KeyGroupsForm::Savepoint => self.savepoint = true,
            },
            KeyedHandle::Incremental(handle) => match handle.second {
                None => self.first = true,
                Some(_) => self.second = true,
            },
            KeyedHandle::Changelog(handle) => {
                self.changelog = true;
                let parts = handle.materialized.iter().chain(handle.non_materialized.iter());
                parts.flatten().for_each(|part| self.note(&part));
            }
            KeyedHandle::ChangelogMemory(_) | KeyedHandle::ChangelogFile(_) => {
                self.changelog = true;
            }
        }
    }
}

/// Reads magic and version and says which versions can be read.
fn read_version(r: &mut Reader<'_>) -> Result<i32> {
    let at = r.clone();
    let magic = r.i32("magic number")?;
    if magic != MAGIC {
        let problem =
            Problem::Magic { expected: MAGIC.cast_unsigned(), found: magic.cast_unsigned() };
        return Err(at.error("magic number", problem));
    }
    let at = r.clone();
    let found = r.i32("metadata version")?;
    if !(2..=7).contains(&found) {
        let problem = Problem::Version { found: found.into(), readable: READABLE_VERSIONS };
        return Err(FormatError { offset: at.offset(), field: "metadata version", problem });
    }
    Ok(found)
}

/// State of a checkpoint hook of the job master (section 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MasterState<'a> {
    /// Identifier of the hook.
    pub name: Utf<'a>,
    /// Version of the hook's serializer.
    pub version: i32,
    /// What the hook wrote.
    pub payload: &'a [u8],
}

impl<'a> Record<'a> for MasterState<'a> {
    const MIN_SIZE: usize = 18;

    fn read(r: &mut Reader<'a>, _: Layout) -> Result<Self> {
        let at = r.clone();
        let magic = r.i32("master state magic")?;
        if magic != MASTER_STATE_MAGIC {
            let problem = Problem::Magic {
                expected: MASTER_STATE_MAGIC.cast_unsigned(),
                found: magic.cast_unsigned(),
            };
            return Err(at.error("master state magic", problem));
        }
        let body = r.sized_bytes("length of a master state")?;
        let end = r.offset();
        let mut inner = Reader::at(body, end.saturating_sub(body.len() as u64));
        let version = inner.i32("version of a master state")?;
        let name = inner.utf("identifier of a master state")?;
        let payload = inner.sized_bytes("payload of a master state")?;
        inner.finish("master state")?;
        Ok(MasterState { name, version, payload })
    }
}
