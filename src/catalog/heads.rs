//! The heads of state streams: backend meta says which states a handle holds.
//!
//! Meta streams are small files of their own, or the first bytes of large ones. Inline ones
//! are in the metadata already; the others are read here, with ranged reads only, several at
//! a time, and equal ones are kept once.

use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream;

use crate::format::flink::keyed::KeyGroupsHandle;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorHandle;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::stream::StreamHandle;
use crate::model::places::Place;
use crate::model::places::Places;
use crate::store::Stores;

/// A head longer than this is not read: real ones are some kilobytes.
const HEAD_LIMIT: u64 = 16 << 20;
/// Read of a stream which does not say where its head ends.
const UNKNOWN_HEAD: u64 = 1 << 20;
/// Reads at a time.
const CONCURRENCY: usize = 32;
/// Bytes that tell a heap stream from a full snapshot (section 6.3 of the format).
const PROBE: u64 = 4;

/// Bytes of a stream that were wanted: the file, and where in it.
type Key<'a> = (Place<'a>, u64);

/// Which heads are read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// The meta of states; without it only what tells the backends apart.
    pub states: bool,
    /// Only these operators; `None` is all.
    pub operator: Option<&'w OperatorState<'w>>,
}

/// What was read of the streams of one checkpoint.
#[derive(Debug, Default)]
pub struct Heads<'a> {
    read: HashMap<Key<'a>, Result<Arc<[u8]>, String>>,
}

/// The head of one stream, or why there is none.
pub type Head<'h> = Result<&'h [u8], &'h str>;

impl<'a> Heads<'a> {
    /// Bytes of a stream from `offset` on; `None` if they were not asked for.
    pub fn at<'h>(
        &'h self,
        places: &Places<'a>,
        handle: &StreamHandle<'a>,
        offset: u64,
    ) -> Option<Head<'h>> {
        if let StreamHandle::Inline { data, .. } = handle.innermost() {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            return Some(Ok(data.get(start..).unwrap_or_default()));
        }
        let (place, range) = physical(places, handle, offset..offset)?;
        let read = self.read.get(&(place, range.start))?;
        Some(read.as_deref().map_err(String::as_str))
    }

    /// Reads what is wanted of a checkpoint. What cannot be read is no error here: the report
    /// says so where the state would have been.
    pub async fn read(
        stores: &Stores,
        metadata: &Metadata<'a>,
        places: &Places<'a>,
        wanted: Wanted<'_>,
        progress: &dyn Fn(usize, usize),
    ) -> Heads<'a> {
        let requests = requests(metadata, places, wanted);
        let total = requests.len();
        let reads = requests.into_iter().map(|(place, range)| async move {
            let start = range.start;
            ((place, start), read_one(stores, places, place, range).await)
        });
        let mut reads = stream::iter(reads).buffer_unordered(CONCURRENCY);
        let mut distinct: HashSet<Arc<[u8]>> = HashSet::new();
        let mut read = HashMap::with_capacity(total);
        while let Some((key, bytes)) = reads.next().await {
            let bytes = bytes.map(|bytes| match distinct.get(bytes.as_slice()) {
                Some(known) => Arc::clone(known),
                None => {
                    let bytes: Arc<[u8]> = bytes.into();
                    distinct.insert(Arc::clone(&bytes));
                    bytes
                }
            });
            read.insert(key, bytes);
            progress(read.len(), total);
        }
        Heads { read }
    }
}

async fn read_one(
    stores: &Stores,
    places: &Places<'_>,
    place: Place<'_>,
    range: Range<u64>,
) -> Result<Vec<u8>, String> {
    let mut problem = format!("{}: is no path that Flink writes", places.text(place));
    // What is absent where the checkpoint was moved to may still be where it was written.
    for location in places.locations(place) {
        if !location.same_store(&places.home().base) {
            // Metadata must not make anyone talk to a store its user did not name.
            problem = format!("{location}: lies in another store and is not read");
            continue;
        }
        let store = stores.open(&location).map_err(|error| error.to_string())?;
        match store.read_range(&location, range.clone()).await {
            Ok(bytes) => return Ok(bytes),
            Err(error) if error.is_absent() => problem = error.to_string(),
            Err(error) => return Err(error.to_string()),
        }
    }
    Err(problem)
}

/// The physical bytes behind a range of a stream; `None` for inline and empty streams.
fn physical<'a>(
    places: &Places<'a>,
    handle: &StreamHandle<'a>,
    range: Range<u64>,
) -> Option<(Place<'a>, Range<u64>)> {
    let handle = handle.innermost();
    match handle {
        StreamHandle::Segment(segment) => {
            let start = u64::try_from(segment.start).ok()?;
            let end = start.saturating_add(u64::try_from(segment.length).ok()?);
            let within = |offset: u64| start.saturating_add(offset).min(end);
            Some((places.of(handle)?, within(range.start)..within(range.end)))
        }
        _ => Some((places.of(handle)?, range)),
    }
}

fn requests<'a>(
    metadata: &Metadata<'a>,
    places: &Places<'a>,
    wanted: Wanted<'_>,
) -> Vec<(Place<'a>, Range<u64>)> {
    let mut seen: HashSet<Key<'a>> = HashSet::new();
    let mut requests = Vec::new();
    let mut want = |handle: Option<&StreamHandle<'a>>, range: Range<u64>| {
        let found = handle.and_then(|handle| physical(places, handle, range));
        if let Some((place, range)) = found
            && seen.insert((place, range.start))
        {
            requests.push((place, range));
        }
    };
    let of_the_operator =
        |operator: &OperatorState<'_>| wanted.operator.is_none_or(|only| only.id == operator.id);
    for operator in metadata.operators.iter().filter(of_the_operator) {
        for subtask in operator.subtasks.iter().flat_map(|list| list.iter()) {
            let Subtask::Running(state) = subtask else { continue };
            if let Some(handle) = &state.managed_keyed {
                keyed_head(handle, metadata.layout.version, wanted.states, &mut want);
            }
            if let Some(handle) = state.managed_operator.as_ref().filter(|_| wanted.states) {
                want(handle.delegate.as_ref(), operator_head(handle));
            }
        }
    }
    requests
}

fn keyed_head<'a>(
    handle: &KeyedHandle<'a>,
    version: i32,
    states: bool,
    want: &mut impl FnMut(Option<&StreamHandle<'a>>, Range<u64>),
) {
    match handle {
        KeyedHandle::Incremental(handle) if states => {
            let size = handle.meta.as_ref().and_then(StreamHandle::state_size);
            want(handle.meta.as_ref(), 0..size.unwrap_or(UNKNOWN_HEAD).min(HEAD_LIMIT));
        }
        KeyedHandle::KeyGroups(handle) => {
            if states {
                want(handle.delegate.as_ref(), key_groups_head(handle));
            }
            if let Some(offset) = probe_offset(handle, version) {
                want(handle.delegate.as_ref(), offset..offset.saturating_add(PROBE));
            }
        }
        KeyedHandle::Changelog(handle) => handle
            .materialized
            .iter()
            .flatten()
            .for_each(|part| keyed_head(&part, version, states, want)),
        KeyedHandle::Incremental(_)
        | KeyedHandle::ChangelogMemory(_)
        | KeyedHandle::ChangelogFile(_) => {}
    }
}

/// Where to look to tell a heap stream from a full snapshot; `None` where the handle says it.
/// The block of the highest key group decides, but never that of key group 0 (section 6.3).
pub fn probe_offset(handle: &KeyGroupsHandle<'_>, version: i32) -> Option<u64> {
    let (_, last) = handle.key_groups().bounds()?;
    let told = version > 3 || last < 1 || handle.offsets.iter().any(|offset| offset == 0);
    if told {
        return None;
    }
    handle.offsets.iter().last().and_then(|offset| u64::try_from(offset).ok())
}

/// The head of a key-groups stream ends where its first key group begins.
fn key_groups_head(handle: &KeyGroupsHandle<'_>) -> Range<u64> {
    head_before(handle.offsets.iter(), handle.state_size())
}

fn operator_head(handle: &OperatorHandle<'_>) -> Range<u64> {
    head_before(operator_offsets(handle), handle.state_size())
}

/// The offsets of all parts of all states of an operator handle.
pub fn operator_offsets<'a>(handle: &OperatorHandle<'a>) -> impl Iterator<Item = i64> {
    let states = handle.states.clone().into_records();
    states.flat_map(|state| state.offsets.into_records())
}

fn head_before(offsets: impl Iterator<Item = i64>, size: Option<u64>) -> Range<u64> {
    let end = head_end(offsets).or(size).unwrap_or(UNKNOWN_HEAD);
    0..end.min(HEAD_LIMIT)
}

/// Where state begins behind the head of a stream, by the offsets of its handle; an offset of
/// 0 stands for an empty key group.
pub fn head_end(offsets: impl Iterator<Item = i64>) -> Option<u64> {
    offsets.filter_map(|offset| u64::try_from(offset).ok()).filter(|offset| *offset > 0).min()
}
