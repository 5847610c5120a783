//! Makes what was planned: brings files, checks that they are the databases that they should be,
//! builds what has to be built, and opens everything before any of it is published.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::error::RestoreError;
use super::finish;
use super::finish::Finish;
use super::made::MadeDatabase;
use super::made::Restored;
use super::plan::Database;
use super::plan::FileSet;
use super::plan::Make;
use super::plan::RestorePlan;
use super::plan::Rows;
use super::site::Finished;
use super::site::Site;
use super::stage::Staged;
use super::stage::Stager;
use super::unit::Unit;
use crate::ops::verify::fact::Fact;
use crate::ops::verify::fact::Looked;
use crate::ops::verify::plan::FileKind;
use crate::ops::verify::probe::in_threads;
use crate::store::disk::Disk;

/// Room that is left free, in parts of what is needed.
const MARGIN: u64 = 20;
/// Room that is left free at least, in bytes.
const LEAST_MARGIN: u64 = 8 << 20;
/// Databases that are looked into at a time, at most: each holds what RocksDB needs.
const MOST_AT_A_TIME: usize = 4;
/// Databases that are built at a time, at most: each holds rows, and tables that are not ended.
const MOST_BUILT: usize = 2;

/// How a restore is done.
pub struct Options<'o> {
    /// What brings files.
    pub stager: Stager<'o>,
    /// Files that are brought at a time.
    pub threads: usize,
    /// Bytes that may be held.
    pub memory: u64,
    /// Whether entries are counted.
    pub counts: bool,
    /// Told of what is done, in words, and how many bytes that is.
    pub planned: &'o (dyn Fn(&'static str, u64) + Sync),
}

/// Makes everything in the staging directory of a site.
///
/// # Errors
/// See [`RestoreError`]. What was brought stays for the next run.
pub fn restore(
    plan: &RestorePlan<'_>,
    site: &Site<'_>,
    options: &Options<'_>,
) -> Result<Restored, RestoreError> {
    let disk = options.stager.disk;
    discard_broken(plan, site, options)?;
    let mut units = units(plan, site, disk)?;
    has_room(plan, site, &units, options)?;
    for directory in units.iter().map(|unit| &unit.directory) {
        disk.make_directory(directory).map_err(RestoreError::disk(directory))?;
    }
    let bytes = units.iter().map(|unit| unit.set.bytes()).fold(0, u64::saturating_add);
    (options.planned)("fetching files", bytes);
    let is_table = |kind| matches!(kind, FileKind::Sst(_) | FileKind::Blob);
    // What a database consists of is known first: of one that lacks a table none is fetched.
    let mut looked = fetch(&mut units, &|kind| !is_table(kind), options)?;
    for unit in &units {
        finish::judge(unit, options)?;
    }
    looked.add(fetch(&mut units, &is_table, options)?);
    let mut units_of: BTreeMap<usize, Vec<Unit<'_, '_>>> = BTreeMap::new();
    for unit in units {
        units_of.entry(unit.of.0).or_default().push(unit);
    }
    let databases: Vec<(usize, &Database<'_>, Vec<Unit<'_, '_>>)> = plan
        .databases
        .iter()
        .enumerate()
        .map(|(number, database)| (number, database, units_of.remove(&number).unwrap_or_default()))
        .collect();
    let rows = databases.iter().map(|(_, database, units)| finish::bytes(database, units));
    (options.planned)("putting databases together", rows.fold(0, u64::saturating_add));
    let mut made: Vec<Option<MadeDatabase>> = Vec::new();
    made.resize_with(databases.len(), || None);
    let mut first = None;
    let builds = plan.databases.iter().any(|one| matches!(one.make, Make::Build(_)));
    let at_a_time = options.threads.min(if builds { MOST_BUILT } else { MOST_AT_A_TIME });
    in_threads(
        at_a_time,
        &databases,
        |(number, database, units), tell| {
            let memory = options.memory / at_a_time as u64;
            let finish = Finish { number: *number, database, units, site, options, memory };
            tell((*number, stopping(options, || finish.run())));
        },
        |(number, done)| {
            keep_first(&mut first, done, |done| {
                if let Some(slot) = made.get_mut(number) {
                    *slot = Some(done);
                }
            })
        },
    );
    first.map_or(Ok(()), Err)?;
    let databases: Vec<MadeDatabase> = made.into_iter().flatten().collect();
    databases.iter().for_each(|database| looked.add(database.looked));
    Ok(Restored { databases, looked })
}

/// What is published of what was made.
pub fn finished(plan: &RestorePlan<'_>, restored: &Restored) -> Vec<Finished> {
    let pairs = plan.databases.iter().zip(&restored.databases);
    let one = |(database, made): (&Database<'_>, &MadeDatabase)| Finished {
        directory: database.directory.clone(),
        files: made.files.iter().map(|file| file.local_name.clone()).collect(),
    };
    pairs.map(one).collect()
}

/// Removes databases that an earlier run has built and that cannot be read any more.
fn discard_broken(
    plan: &RestorePlan<'_>,
    site: &Site<'_>,
    options: &Options<'_>,
) -> Result<(), RestoreError> {
    let disk = options.stager.disk;
    for (number, database) in plan.databases.iter().enumerate() {
        let is_built = matches!(database.make, Make::Build(_));
        if !is_built || !finish::is_built(number, site, disk)? {
            continue;
        }
        let memory = options.memory;
        let finish = Finish { number, database, units: &[], site, options, memory };
        if !finish.is_sound() {
            let at = site.database(number);
            disk.remove_all(&at).map_err(RestoreError::disk(&at))?;
        }
    }
    Ok(())
}

/// What is brought, and where to; nothing for databases that an earlier run has built.
fn units<'u, 'a>(
    plan: &'u RestorePlan<'a>,
    site: &Site<'_>,
    disk: &Disk,
) -> Result<Vec<Unit<'u, 'a>>, RestoreError> {
    let mut units = Vec::new();
    for (number, database) in plan.databases.iter().enumerate() {
        let mut add = |at, directory, set: &'u FileSet<'a>| {
            let staged = set.files.iter().map(|_| None).collect();
            let prefix = database.prefix;
            units.push(Unit { of: (number, at), directory, set, prefix, staged });
        };
        match &database.make {
            Make::Place(set) => add(0, site.database(number), set),
            Make::Build(_) if finish::is_built(number, site, disk)? => {}
            Make::Build(inputs) => {
                for (at, input) in inputs.iter().enumerate() {
                    if let Rows::Database(set) = &input.rows {
                        add(at, site.input(number, at), set);
                    }
                }
            }
        }
    }
    Ok(units)
}

/// Fetches files of some kinds, several at a time.
fn fetch(
    units: &mut [Unit<'_, '_>],
    is_wanted: &dyn Fn(FileKind) -> bool,
    options: &Options<'_>,
) -> Result<Looked, RestoreError> {
    let mut jobs = Vec::new();
    for (number, unit) in units.iter().enumerate() {
        let wanted = unit.set.files.iter().enumerate().filter(|(_, file)| is_wanted(file.kind));
        jobs.extend(wanted.map(|(at, file)| (number, at, unit.directory.clone(), file)));
    }
    // The longest first, so that none is waited for in the end.
    jobs.sort_by_key(|(_, _, _, file)| std::cmp::Reverse(file.source.bytes()));
    let mut staged: Vec<(usize, usize, Staged)> = Vec::new();
    let mut first = None;
    in_threads(
        options.threads,
        &jobs,
        |(number, at, directory, file), tell| {
            let done = stopping(options, || options.stager.stage(directory, file));
            tell((*number, *at, done));
        },
        |(number, at, done)| keep_first(&mut first, done, |done| staged.push((number, at, done))),
    );
    first.map_or(Ok(()), Err)?;
    let mut looked = Looked::default();
    for (number, at, mut done) in staged {
        looked.add(done.looked);
        // It is read again where it is needed: of many databases they would take much memory.
        if matches!(done.fact, Some(Fact::Manifest(_))) {
            done.fact = None;
        }
        if let Some(slot) = units.get_mut(number).and_then(|unit| unit.staged.get_mut(at)) {
            *slot = Some(done);
        }
    }
    Ok(looked)
}

/// Does something unless everything has ended; if it fails, everything ends.
fn stopping<T>(
    options: &Options<'_>,
    work: impl FnOnce() -> Result<T, RestoreError>,
) -> Result<T, RestoreError> {
    let stop = options.stager.stop;
    if stop.load(Ordering::Relaxed) {
        return Err(RestoreError::Stopped);
    }
    let done = work();
    if done.is_err() {
        stop.store(true, Ordering::Relaxed);
    }
    done
}

/// Keeps the error that ended everything, not those that followed from it.
fn keep_first<T>(
    first: &mut Option<RestoreError>,
    done: Result<T, RestoreError>,
    keep: impl FnOnce(T),
) {
    match done {
        Ok(done) => keep(done),
        Err(error) if matches!(first, None | Some(RestoreError::Stopped)) => *first = Some(error),
        Err(_) => {}
    }
}

/// That there is room for everything that is not there yet.
fn has_room(
    plan: &RestorePlan<'_>,
    site: &Site<'_>,
    units: &[Unit<'_, '_>],
    options: &Options<'_>,
) -> Result<(), RestoreError> {
    let disk = options.stager.disk;
    let mut needed: u64 = 0;
    for unit in units {
        for file in &unit.set.files {
            let at = unit.directory.join(&file.local_name);
            let there = disk.look(&at).map_err(RestoreError::disk(&at))?;
            if there.is_none() && !options.stager.needs_no_room(file, site.probe()) {
                needed = needed.saturating_add(file.source.bytes().unwrap_or_default());
            }
        }
    }
    for (number, database) in plan.databases.iter().enumerate() {
        let Make::Build(inputs) = &database.make else { continue };
        if finish::is_built(number, site, disk)? {
            continue;
        }
        let rows = inputs.iter().map(|input| match &input.rows {
            Rows::Database(set) => set.bytes(),
            Rows::Stream { source, .. } => source.bytes().unwrap_or_default(),
        });
        needed = rows.fold(needed, u64::saturating_add);
    }
    let needed = needed.saturating_add((needed / MARGIN).max(LEAST_MARGIN));
    let available = disk.available(site.target()).map_err(RestoreError::disk(site.target()))?;
    match needed <= available {
        true => Ok(()),
        false => Err(RestoreError::NoRoom { path: site.target().to_owned(), needed, available }),
    }
}
