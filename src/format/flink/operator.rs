//! Operator states, subtask entries and operator state handles (sections 1.4, 1.5, 1.7).

use std::fmt;

use super::channel::InputChannel;
use super::channel::OutputChannel;
use super::error::Problem;
use super::error::Result;
use super::keyed::KeyedHandle;
use super::keyed::size_of;
use super::list::Layout;
use super::list::List;
use super::list::Record;
use super::read::Reader;
use super::stream::StreamHandle;
use super::utf::Utf;

/// The 16 bytes that identify an operator, in file order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperatorId(pub [u8; 16]);

impl OperatorId {
    /// The id Flink gives an operator with this uid: murmur3_128 (x64), seed 0, of its UTF-8.
    pub fn of_uid(uid: &str) -> Self {
        // Reading from memory cannot fail; a zero id would only mean "no such operator".
        let hash = murmur3::murmur3_x64_128(&mut uid.as_bytes(), 0).unwrap_or_default();
        OperatorId(hash.to_le_bytes())
    }
}

impl fmt::Display for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for OperatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The state of one operator over all its subtasks.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorState<'a> {
    /// Name of the operator; written since version 5, never empty.
    pub name: Option<Utf<'a>>,
    /// The uid its author gave it; written since version 5, never empty.
    pub uid: Option<Utf<'a>>,
    /// The operator's id.
    pub id: OperatorId,
    /// Number of subtasks; not positive in an odd file, see [`Self::has_odd_parallelism`].
    pub parallelism: i32,
    /// Number of key groups; as odd as `parallelism` can be.
    pub max_parallelism: i32,
    /// State of the operator coordinator: inline bytes or nothing.
    pub coordinator: Option<StreamHandle<'a>>,
    /// The subtasks that have state; `None` is a fully finished operator.
    pub subtasks: Option<List<'a, Subtask<'a>>>,
}

impl<'a> Record<'a> for OperatorState<'a> {
    const MIN_SIZE: usize = 28;

    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Self> {
        let named = layout.version >= 5;
        let name = if named { Some(r.utf("operator name")?) } else { None };
        let uid = if named { Some(r.utf("operator uid")?) } else { None };
        let mut id = [0; 16];
        id.copy_from_slice(r.bytes(16, "operator id")?);
        let parallelism = r.i32("parallelism")?;
        let max_parallelism = r.i32("max parallelism")?;
        if layout.version == 2 {
            r.i32("chain length")?;
        }
        let coordinator = if layout.version >= 3 { coordinator(r, layout)? } else { None };
        let subtasks = subtasks(r, layout)?;
        let name = name.filter(|name| !name.is_empty());
        let uid = uid.filter(|uid| !uid.is_empty());
        let id = OperatorId(id);
        Ok(OperatorState { name, uid, id, parallelism, max_parallelism, coordinator, subtasks })
    }
}

impl OperatorState<'_> {
    /// Whether a parallelism is zero or less, which no job can have. Nothing else in the file
    /// depends on it, so it is read all the same.
    pub fn has_odd_parallelism(&self) -> bool {
        self.parallelism < 1 || self.max_parallelism < 1
    }
}

fn coordinator<'a>(r: &mut Reader<'a>, layout: Layout) -> Result<Option<StreamHandle<'a>>> {
    let at = r.clone();
    let handle = StreamHandle::read(r, layout)?;
    match handle {
        None | Some(StreamHandle::Inline { .. }) => Ok(handle),
        Some(_) => Err(at.invalid("coordinator state", "is a handle that is not inline")),
    }
}

fn subtasks<'a>(r: &mut Reader<'a>, layout: Layout) -> Result<Option<List<'a, Subtask<'a>>>> {
    const FIELD: &str = "number of subtasks";
    let negative = r.clone().i32(FIELD)? < 0;
    if negative && layout.version >= 3 {
        r.i32(FIELD)?;
        return Ok(None);
    }
    List::read(r, layout, FIELD).map(Some)
}

/// One subtask of an operator.
#[derive(Debug, Clone, PartialEq)]
pub enum Subtask<'a> {
    /// The subtask had finished; it has no state.
    Finished {
        /// Subtask index.
        index: i32,
    },
    /// A subtask with its state.
    Running(Box<SubtaskState<'a>>),
}

/// The state of one subtask. Every slot holds at most one handle.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SubtaskState<'a> {
    /// Subtask index.
    pub index: i32,
    /// Managed operator state.
    pub managed_operator: Option<OperatorHandle<'a>>,
    /// Raw operator state.
    pub raw_operator: Option<OperatorHandle<'a>>,
    /// Managed keyed state.
    pub managed_keyed: Option<KeyedHandle<'a>>,
    /// Raw keyed state.
    pub raw_keyed: Option<KeyedHandle<'a>>,
    /// In-flight data of the inputs.
    pub input_channels: List<'a, InputChannel<'a>>,
    /// In-flight data of the outputs.
    pub result_subpartitions: List<'a, OutputChannel<'a>>,
    /// Version 7: the checkpoint this subtask's state belongs to.
    pub reference_checkpoint: Option<i64>,
}

impl Subtask<'_> {
    /// Subtask index.
    pub fn index(&self) -> i32 {
        match self {
            Subtask::Finished { index } => *index,
            Subtask::Running(state) => state.index,
        }
    }
}

impl<'a> Record<'a> for Subtask<'a> {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Self> {
        let at = r.clone();
        let index = r.i32("subtask index")?;
        if index < 0 {
            if layout.version < 3 {
                return Err(at.error("subtask index", Problem::Negative(index.into())));
            }
            // -index - 1 without overflow.
            return Ok(Subtask::Finished { index: !index });
        }
        if layout.version == 2 {
            r.i64("duration")?;
            let legacy = r.clone();
            if r.i32("legacy state count")? != 0 {
                let what = "is not 0: state of Flink 1.1, which no later release can read";
                return Err(legacy.invalid("legacy state count", what));
            }
        }
        let managed_operator = OperatorHandle::read_slot(r, layout, "managed operator state")?;
        let raw_operator = OperatorHandle::read_slot(r, layout, "raw operator state")?;
        let managed_keyed = KeyedHandle::read(r, layout)?;
        let raw_keyed = KeyedHandle::read(r, layout)?;
        let (input_channels, result_subpartitions) = match layout.version {
            2 => (List::default(), List::default()),
            _ => (
                List::read(r, layout, "number of input channel handles")?,
                List::read(r, layout, "number of result subpartition handles")?,
            ),
        };
        let reference_checkpoint = match layout.version >= 7 && r.bool("reference flag")? {
            true => Some(r.i64("reference checkpoint id")?),
            false => None,
        };
        Ok(Subtask::Running(Box::new(SubtaskState {
            index,
            managed_operator,
            raw_operator,
            managed_keyed,
            raw_keyed,
            input_channels,
            result_subpartitions,
            reference_checkpoint,
        })))
    }
}

/// A handle to operator state, tags 4 and 17.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorHandle<'a> {
    /// The named states in the stream.
    pub states: List<'a, PartitionedState<'a>>,
    /// Tag 17: the directories of file merging.
    pub merging: Option<MergingDirectories<'a>>,
    /// The stream; its head is the operator backend meta (section 4.2).
    pub delegate: Option<StreamHandle<'a>>,
}

/// What a `FileMergingOperatorStreamStateHandle` adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergingDirectories<'a> {
    /// Directory of merged files of one task manager, an absolute path.
    pub task_owned: Utf<'a>,
    /// Directory of merged files of one subtask, an absolute path.
    pub shared: Utf<'a>,
    /// Whether the handle only reports the directories and has no operator state.
    pub empty: bool,
}

/// A named state and where its parts begin.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionedState<'a> {
    /// State name.
    pub name: Utf<'a>,
    /// How the parts are handed out when the parallelism changes.
    pub mode: Mode,
    /// Byte offset of each part inside the stream.
    pub offsets: List<'a, i64>,
}

/// `OperatorStateHandle.Mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// 0: list state.
    SplitDistribute,
    /// 1: every subtask gets all.
    Union,
    /// 2: every subtask has the same.
    Broadcast,
}

impl Mode {
    /// Flink's name of the constant.
    pub fn name(self) -> &'static str {
        match self {
            Mode::SplitDistribute => "SPLIT_DISTRIBUTE",
            Mode::Union => "UNION",
            Mode::Broadcast => "BROADCAST",
        }
    }
}

impl<'a> Record<'a> for PartitionedState<'a> {
    const MIN_SIZE: usize = 7;

    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Self> {
        let name = r.utf("operator state name")?;
        let at = r.clone();
        let mode = match r.u8("distribution mode")? {
            0 => Mode::SplitDistribute,
            1 => Mode::Union,
            2 => Mode::Broadcast,
            found => {
                let problem = Problem::Tag { found, allowed: "a distribution mode: 0, 1 or 2" };
                return Err(at.error("distribution mode", problem));
            }
        };
        let offsets = List::read(r, layout, "number of offsets")?;
        Ok(PartitionedState { name, mode, offsets })
    }
}

impl<'a> OperatorHandle<'a> {
    fn read_slot(r: &mut Reader<'a>, layout: Layout, field: &'static str) -> Result<Option<Self>> {
        if r.i32(field)? == 0 {
            return Ok(None);
        }
        Self::read(r, layout)
    }

    fn read(r: &mut Reader<'a>, layout: Layout) -> Result<Option<Self>> {
        let at = r.clone();
        let merged = match r.u8("operator state handle tag")? {
            0 => return Ok(None),
            4 => false,
            17 => true,
            found => {
                let allowed = "an operator state handle: 0, 4 or 17";
                return Err(at.error("operator state handle tag", Problem::Tag { found, allowed }));
            }
        };
        let states = List::read(r, layout, "number of operator states")?;
        let merging = match merged {
            true => Some(MergingDirectories {
                task_owned: r.utf("task-owned directory")?,
                shared: r.utf("shared directory")?,
                empty: r.bool("empty flag")?,
            }),
            false => None,
        };
        let at = r.clone();
        let delegate = StreamHandle::read(r, layout)?;
        if merged
            && !matches!(delegate, Some(StreamHandle::Segment(_) | StreamHandle::EmptySegment))
        {
            let what = "is not a segment (tag 15 or 16), as file merging demands";
            return Err(at.invalid("operator state delegate", what));
        }
        Ok(Some(OperatorHandle { states, merging, delegate }))
    }

    /// Flink's class name.
    pub fn class(&self) -> &'static str {
        match self.merging {
            None => "OperatorStreamStateHandle",
            Some(MergingDirectories { empty: false, .. }) => "FileMergingOperatorStreamStateHandle",
            Some(MergingDirectories { empty: true, .. }) => {
                "EmptyFileMergingOperatorStreamStateHandle"
            }
        }
    }

    /// Bytes of the stream.
    pub fn state_size(&self) -> Option<u64> {
        size_of(self.delegate.as_ref())
    }
}
