//! Reads the heads of SSTs, and MANIFESTs, with several threads.

use super::live;
use super::live::LiveSsts;
use super::plan::Plan;
use super::plan::Read;
use super::plan::What;
use super::table::TableFacts;
use crate::format::rocks::manifest::Manifest;
use crate::ops::verify::fact::Looked;
use crate::ops::verify::probe::Files;
use crate::ops::verify::probe::in_threads;
use crate::ops::verify::probe::threads;
use crate::ops::verify::source::Bytes;
use crate::ops::verify::source::Limits;
use crate::ops::verify::source::Unread;
use crate::ops::verify::table;
use crate::ops::verify::table::End;
use crate::store::Stores;
use tokio::runtime::Handle;

/// Bytes of a table that may be held: its head takes at most 64 KiB.
const MEMORY: u64 = 1 << 20;
/// The longest MANIFEST that is read, as it is held whole, one for each thread.
const MANIFEST: u64 = 16 << 20;
/// Files in object stores that are read at a time: waiting is all of it.
const CONCURRENCY: usize = 32;

/// What was read.
#[derive(Debug, Default)]
pub struct Probed {
    /// What each read saw, in the order of the plan.
    pub(super) seen: Vec<Seen>,
    /// What it took.
    pub(super) looked: Looked,
}

/// What was seen in a file.
#[derive(Debug, Clone, Default)]
pub(super) enum Seen {
    Sst(Box<TableFacts>),
    Manifest(LiveSsts),
    /// Why nothing was.
    Unread(String),
    #[default]
    Nothing,
}

/// Reads what was planned. `runtime` must have threads of its own; `remote` says whether files
/// lie in an object store.
pub fn read(
    plan: &Plan<'_>,
    stores: &Stores,
    runtime: &Handle,
    remote: bool,
    progress: &dyn Fn(u64, u64),
) -> Probed {
    let limits = Limits { chunk: MEMORY, memory: MEMORY };
    let files = Files { stores, runtime, limits: [limits; 2], depth: 1, until: None };
    let mut probed =
        Probed { seen: vec![Seen::Nothing; plan.reads.len()], looked: Looked::default() };
    let (mut done, total) = (0, plan.reads.len() as u64);
    let numbers: Vec<usize> = (0..plan.reads.len()).collect();
    in_threads(
        threads(remote, CONCURRENCY),
        &numbers,
        |number, tell| {
            let Some(read) = plan.reads.get(*number) else { return };
            let mut looked = Looked::default();
            let seen = one(&files, read, &mut looked).unwrap_or_else(Seen::Unread);
            tell((*number, seen, looked));
        },
        |(number, seen, looked)| {
            if let Some(slot) = probed.seen.get_mut(number) {
                *slot = seen;
            }
            probed.looked.add(looked);
            done += 1;
            progress(done, total);
        },
    );
    probed
}

fn one(files: &Files<'_>, read: &Read<'_>, looked: &mut Looked) -> Result<Seen, String> {
    if let Some(why) = read.refused {
        return Err(why.to_owned());
    }
    let seen = files.look(&read.source, looked, |bytes, limits, _| match read.what {
        What::Sst => match table::head(bytes, limits) {
            Ok(head) => Ok(Ok(Seen::Sst(Box::new(TableFacts::of(&head))))),
            Err(End::Unread(why)) => Err(why),
            Err(End::Damage(error)) => Ok(Err(error.to_string())),
            Err(End::TooLarge(bytes)) => Ok(Err(format!("{bytes} bytes of it are needed"))),
        },
        What::Manifest { prefix } => manifest(bytes, prefix),
    });
    seen.unwrap_or_else(|why| {
        Err(match why {
            Unread::Gone => "is not there".to_owned(),
            Unread::Failed(why) => why,
            Unread::OutOfTime => "time was up".to_owned(),
        })
    })
}

fn manifest(bytes: &mut Bytes<'_>, prefix: usize) -> Result<Result<Seen, String>, Unread> {
    let length = bytes.length();
    if length > MANIFEST {
        return Ok(Err(format!("its {length} bytes are too many to be held")));
    }
    let mut all = Vec::new();
    bytes.read(0..length, &mut all)?;
    let manifest = Manifest::parse(&all).map_err(|error| error.to_string());
    Ok(manifest.map(|manifest| Seen::Manifest(live::of(&manifest, prefix))))
}
