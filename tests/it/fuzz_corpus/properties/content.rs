//! What a stream of state holds, with the handle in front of it.
//!
//! | bytes | field |
//! |---|---|
//! | 1 | kind of the stream: 0 to 6, modulo 7 |
//! | 1 | bits: 1 two bytes of key-group prefix, 2 full snapshot, 4 heap, 8 broadcast, 16 short |
//! | 1 | number of offsets |
//! | 4 each | offset; all but the first are relative to the one before |
//! | 1 | length of a state name, and the name |
//! | rest | the stream |

use std::convert::Infallible;
use std::io::Read;

use chkctl::format::flink::backend_meta::KeyedBackendMeta;
use chkctl::format::flink::changelog::Change;
use chkctl::format::flink::content;
use chkctl::format::flink::content::Backend;
use chkctl::format::flink::content::Channel;
use chkctl::format::flink::content::ContentError;
use chkctl::format::flink::content::KeyGroups;
use chkctl::format::flink::content::Named;
use chkctl::format::flink::content::OperatorPart;
use chkctl::format::flink::content::Parsed;
use chkctl::format::flink::content::RowError;
use chkctl::format::flink::content::Rows;
use chkctl::format::flink::content::Sort;
use chkctl::format::flink::content::full_rows;

use super::check_error;

/// A stream that gives few bytes at a time.
struct Slow<'b>(&'b [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let n = target.len().min(3);
        self.0.read(&mut target[..n])
    }
}

/// The handle, as far as all kinds have the same.
struct Handle {
    kind: u8,
    bits: u8,
    offsets: Vec<i64>,
    name: String,
}

pub(crate) fn content(bytes: &[u8]) {
    let Some((handle, stream)) = split(bytes) else { return };
    let length = stream.len() as u64 + u64::from(handle.bits & 16 != 0);
    let parsed = parse(&handle, &mut &*stream, length);
    match &parsed {
        Err(ContentError::Damage(error)) => check_error(error, stream.len() + 1),
        Err(error) => panic!("a slice can always be read: {error}"),
        Ok(parsed) => {
            assert_eq!(parsed.bytes, length);
            assert_eq!(handle.bits & 16, 0, "a stream that is too short was accepted");
            assert!(parsed.opaque.is_sorted() && parsed.opaque.iter().all(|said| !said.is_empty()));
        }
    }
    // However the bytes arrive, the outcome is the same.
    let slowly = parse(&handle, &mut Slow(stream), length);
    assert_eq!(format!("{parsed:?}"), format!("{slowly:?}"));
    if handle.kind % 7 == 1 {
        rows(&handle.key_groups(), stream, length, parsed.ok());
    }
}

/// Counts rows, and looks at their keys.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    /// Of every state, once the head was read.
    rows: Option<Vec<u64>>,
    /// Rows of states that the head does not list.
    others: u64,
    bytes: u64,
    prefix: usize,
}

impl Rows for Counted {
    type Error = Infallible;

    fn begin(&mut self, meta: &KeyedBackendMeta<'_>) -> Result<(), Infallible> {
        assert_eq!(self.rows.replace(vec![0; meta.states.len()]), None, "begins once");
        Ok(())
    }

    fn row(&mut self, state: usize, key: &[u8], value: &[u8]) -> Result<(), Infallible> {
        let rows = self.rows.as_mut().expect("the head comes first");
        *rows.get_mut(state).unwrap_or(&mut self.others) += 1;
        assert!(key.len() >= self.prefix && key[0] & 0x80 == 0, "{key:?}");
        self.bytes += (key.len() + value.len()) as u64;
        Ok(())
    }
}

/// Whatever is accepted with its values decoded has these rows.
fn rows(handle: &KeyGroups, stream: &[u8], length: u64, parsed: Option<Parsed>) {
    let read = |source: &mut dyn Read| {
        let mut counted = Counted { prefix: handle.prefix().into(), ..Counted::default() };
        let read = full_rows(source, length, handle, &mut counted);
        (read, counted)
    };
    let (read_at_once, counted) = read(&mut &*stream);
    let (read_slowly, slowly) = read(&mut Slow(stream));
    assert_eq!((format!("{read_at_once:?}"), &counted), (format!("{read_slowly:?}"), &slowly));
    match (read_at_once, parsed) {
        (Ok(read), parsed) => {
            let states: Vec<u64> = read.states.iter().map(|(_, n)| *n).collect();
            assert_eq!(counted.rows, Some(states));
            if let Some(parsed) = parsed {
                assert_eq!((read.bytes, read.entries), (parsed.bytes, parsed.entries));
                assert_eq!(read.states, parsed.states);
            }
        }
        (Err(RowError::Heap), _) => {
            assert_ne!(handle.sort, Some(Sort::Full));
            assert_eq!(counted.rows, None);
        }
        (Err(error), Some(_)) => panic!("accepted, but there are no rows: {error}"),
        (Err(RowError::Content(ContentError::Damage(error))), None) => {
            check_error(&error, stream.len() + 1);
        }
        (Err(error), None) => panic!("a slice can always be read: {error}"),
    }
}

impl Handle {
    fn has(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }

    fn key_groups(&self) -> KeyGroups {
        let sort = match (self.has(2), self.has(4)) {
            (true, _) => Some(Sort::Full),
            (_, true) => Some(Sort::Heap),
            _ => None,
        };
        let max_parallelism = if self.has(1) { 4096 } else { 128 };
        KeyGroups { first: 0, offsets: self.offsets.clone(), max_parallelism, sort }
    }
}

fn parse(handle: &Handle, source: &mut dyn Read, length: u64) -> content::Result<Parsed> {
    let offsets = handle.offsets.clone();
    let key_groups = handle.key_groups();
    match handle.kind % 7 {
        0 => content::backend_meta(source, length),
        1 => content::key_groups(source, length, &key_groups),
        2 => content::raw_key_groups(source, length, &key_groups),
        3 => {
            let part =
                OperatorPart { name: handle.name.clone(), broadcast: handle.has(8), offsets };
            content::operator_state(source, length, &[part])
        }
        4 => {
            let channel = Channel { offsets, size: None };
            content::channel_state(source, length, &[channel])
        }
        5 => {
            let named = offsets.iter().map(|&offset| Named { offset, backend: 0 });
            let named: Vec<_> = named.collect();
            content::changelog_file(source, length, &named, &mut [Backend::default()])
        }
        _ => {
            let mut data = Vec::new();
            source.read_to_end(&mut data).unwrap();
            let changes = [-1, 0].map(|key_group| Change { key_group, data: &data });
            let _ = content::changelog_memory(changes.into_iter(), &mut Backend::default());
            content::user_defined(&mut data.as_slice(), length, "fuzzed")
        }
    }
}

fn split(bytes: &[u8]) -> Option<(Handle, &[u8])> {
    let (&[kind, bits, n], mut rest) = bytes.split_first_chunk()?;
    let mut offsets = Vec::new();
    let mut sum = 0_i64;
    for _ in 0..n {
        let (offset, behind) = rest.split_first_chunk()?;
        sum += i64::from(i32::from_be_bytes(*offset));
        offsets.push(sum);
        rest = behind;
    }
    let (&n, rest) = rest.split_first()?;
    let (name, stream) = rest.split_at_checked(n.into())?;
    let name = String::from_utf8_lossy(name).into_owned();
    Some((Handle { kind, bits, offsets, name }, stream))
}
