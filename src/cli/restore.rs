//! `chkctl restore`.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use sha2::Digest;
use sha2::Sha256;
use tokio::runtime::Runtime;

use super::args::Global;
use super::args::RestoreArgs;
use super::exit::Exit;
use super::exit::Stop;
use super::inspect::select_operator;
use super::interrupt::Tells;
use super::open;
use super::printer::Printer;
use crate::catalog::checkpoint;
use crate::catalog::checkpoint::MetadataFile;
use crate::catalog::checkpoint::RebaseOptions;
use crate::catalog::find;
use crate::catalog::find::Found;
use crate::catalog::without_credentials;
use crate::format::flink::metadata::Metadata;
use crate::model::Location;
use crate::model::layout::METADATA;
use crate::model::layout::is_job_id;
use crate::model::layout::is_savepoint_name;
use crate::model::places::Places;
use crate::ops::inspect::select::Named;
use crate::ops::restore::apply;
use crate::ops::restore::apply::Options;
use crate::ops::restore::chain::Chain;
use crate::ops::restore::choice::Choice;
use crate::ops::restore::error::Class;
use crate::ops::restore::error::RestoreError;
use crate::ops::restore::made::Restored;
use crate::ops::restore::plan::Make;
use crate::ops::restore::plan::RestorePlan;
use crate::ops::restore::site::Site;
use crate::ops::restore::stage::Stager;
use crate::ops::verify::probe;
use crate::ops::verify::probe::Files;
use crate::report::restore::Context;
use crate::report::restore::RestoreDocument;
use crate::report::table;
use crate::report::units;
use crate::store::Stores;
use crate::store::disk::Disk;

/// Files that are fetched at a time, at least: waiting is most of it, for an object store or until
/// they are on the disk.
const CONCURRENCY: usize = 8;
/// Ranges that are asked for beforehand of a file in an object store, at most: of few files more
/// than of many.
const DEPTH: usize = 3;
/// Bytes of a range at most: each is a request.
const RANGE: u64 = 6 << 20;
/// Bytes that are held, beyond what metadata takes.
const MEMORY: u64 = 128 << 20;

/// One restore.
struct Run<'r> {
    args: &'r RestoreArgs,
    printer: &'r Printer,
    runtime: Runtime,
    stores: Stores,
    rebase: RebaseOptions,
    disk: Disk,
}

/// Restores databases from a checkpoint.
pub(super) fn run(args: &RestoreArgs, global: &Global, printer: &Printer) -> anyhow::Result<Exit> {
    if args.count && cfg!(not(feature = "rocksdb")) {
        return Err(needs_rocksdb("--count").into());
    }
    let target = target(&args.directory)?;
    let run = Run {
        args,
        printer,
        // Threads that fetch wait for requests that others must do.
        runtime: tokio::runtime::Builder::new_multi_thread().enable_all().build()?,
        rebase: open::rebase_options(&args.store)?,
        stores: Stores::new(open::store_options(&args.store)?),
        disk: Disk::new(),
    };
    let marker = &args.store.entropy_key;
    let read = checkpoint::find_and_read(&run.stores, &args.location, marker);
    let (chosen, file) = run.runtime.block_on(read).map_err(Stop::from)?;
    let metadata = file.parse().map_err(Stop::from)?;
    let places = checkpoint::places(&run.stores, &metadata, &file.location, &run.rebase);
    let places = run.runtime.block_on(places);
    let plan = run.plan(&metadata, &places)?;
    apart(&target, &places, &plan)?;
    let shown = target.display().to_string();
    let again = run.printer.on_interrupt("the same command goes on from where it was");
    let tells = Tells::new(&run.runtime, again)?;
    let identity = identity(&file, &plan);
    let site = Site::enter(&run.disk, &target, &identity, args.force).map_err(stop)?;
    let chain = run.chain(&plan, &metadata, &places);
    let restored = run.restore(&plan, &site).map_err(stop)?;
    let context = Context {
        location_kind: chosen.location_kind,
        location: &file.location,
        modified: file.modified,
        metadata: &metadata,
        places: &places,
        chain: &chain,
        target: shown,
        now: Timestamp::now(),
    };
    let document = RestoreDocument::new(&plan, &restored, &context);
    let report = serde_json::to_vec_pretty(&document)?;
    let finished = apply::finished(&plan, &restored);
    tells.whole(|| site.publish(&finished, &report)).map_err(stop)?;
    drop(tells);
    printer.tell(&document.head);
    match restored.unlinked() {
        tables if args.link && tables > 0 => {
            let tables = units::count(tables, "SST");
            printer.note(&format!("{tables} could not be linked from where they are: copied"));
        }
        _ => {}
    }
    printer.print(
        global.output,
        &document,
        |out| table::restore(&document, printer.width(), out),
        |out| document.jsonl(out),
    )?;
    Ok(Exit::Clean)
}

/// The directory that is restored to: a path, or a URI of one on this machine. What goes up in it
/// (`..`) is resolved before anything is made, so that it is known where it leads.
fn target(text: &str) -> Result<PathBuf, Stop> {
    if text.is_empty() {
        return Err(Stop::usage("DIR is empty", Some("name a directory".to_owned())));
    }
    let is_uri = text.contains("://") || text.starts_with("file:");
    let place = match Location::parse_argument(text) {
        // A directory may be called `a:b`.
        Err(_) if !is_uri => Location::parse_argument(&format!("./{text}")),
        place => place,
    };
    match place {
        Ok(place) if place.is_local() => Ok(place.local_path().unwrap_or_default()),
        _ => {
            let message = format!("{}: is not on this machine", without_credentials(text));
            let hint = "RocksDB works on local disks only: name a directory";
            Err(Stop::usage(message, Some(hint.to_owned())))
        }
    }
}

/// That nothing is restored into a savepoint, or into a job that files are from.
fn apart(target: &Path, places: &Places<'_>, plan: &RestorePlan<'_>) -> Result<(), Stop> {
    let home = places.home();
    // Of a directory that is not there yet those above decide.
    let real = target.ancestors().find_map(|at| std::fs::canonicalize(at).ok());
    let is_inside = |directory: &Location| {
        let directory = directory.local_path().and_then(|at| std::fs::canonicalize(at).ok());
        directory.zip(real.as_ref()).is_some_and(|(directory, real)| real.starts_with(directory))
    };
    let is_savepoint = home.exclusive.file_name().is_some_and(is_savepoint_name);
    let savepoint = Some(&home.exclusive).filter(|_| is_savepoint);
    let jobs: BTreeSet<Location> = plan.sources().filter_map(job_of).collect();
    if !home.job.iter().chain(savepoint).chain(&jobs).any(is_inside) {
        return Ok(());
    }
    let message = format!("{}: lies inside of what Flink wrote", target.display());
    let hint = "name a directory elsewhere: Flink and whoever collects its garbage own this one";
    Err(Stop { exit: Exit::Refused, message, hint: Some(hint.to_owned()) })
}

/// The job directory of a file, if it lies where Flink puts files.
fn job_of(file: &Location) -> Option<Location> {
    let is_job = |at: &Location| at.file_name().is_some_and(is_job_id);
    std::iter::successors(file.parent(), Location::parent).find(is_job)
}

fn needs_rocksdb(what: &str) -> Stop {
    let message = format!("{what}: this chkctl was built without RocksDB");
    let hint = "build it with the feature rocksdb (cargo install --path .)";
    Stop::usage(message, Some(hint.to_owned()))
}

/// What tells this restore from any other.
fn identity(file: &MetadataFile, plan: &RestorePlan<'_>) -> String {
    let mut digest = Sha256::new();
    digest.update(&file.bytes);
    for database in &plan.databases {
        let made = match database.make {
            Make::Place(_) => "files",
            Make::Build(_) => "rows",
        };
        let text = format!(
            "\n{} {:?} {:?} {made} {}",
            database.operator, database.subtask, database.key_groups, database.directory
        );
        digest.update(text);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stop(error: RestoreError) -> Stop {
    let exit = match error.class() {
        Class::Failed => Exit::Failed,
        Class::Usage => Exit::Usage,
        Class::Damaged => Exit::Negative,
        Class::Refused => Exit::Refused,
    };
    let message = match &error {
        RestoreError::NoRoom { path, needed, available } => {
            let [needed, available] = [needed, available].map(|bytes| units::exact(*bytes));
            format!("{}: {needed} are needed and {available} are free", path.display())
        }
        error => error.to_string(),
    };
    Stop { exit, message, hint: error.hint() }
}

impl Run<'_> {
    fn plan<'a>(
        &self,
        metadata: &Metadata<'a>,
        places: &Places<'a>,
    ) -> anyhow::Result<RestorePlan<'a>> {
        let args = self.args;
        let choice = Choice {
            operator: select_operator(args.operator.as_deref(), &Named::of(metadata))?,
            subtask: args.subtask,
            key_group: args.key_group,
            key_groups: args.key_groups,
            all: args.all,
            merge: args.merge,
        };
        let mut asked = open::also(&args.also, &self.rebase)?;
        asked.push(places.home().base.clone());
        // Hostile metadata must not choose whom we talk to.
        let is_wanted = |place: &Location| asked.iter().any(|one| one.same_store(place));
        let plan = RestorePlan::of(metadata, places, &choice, &is_wanted);
        let plan = plan.map_err(|conflict| stop(conflict.into()))?;
        let builds = plan.databases.iter().find(|one| matches!(one.make, Make::Build(_)));
        match builds {
            Some(database) if cfg!(not(feature = "rocksdb")) => {
                let what = format!("{} has to be written anew", database.label());
                Err(needs_rocksdb(&what).into())
            }
            _ => Ok(plan),
        }
    }

    /// Who uploaded the files, as far as the other checkpoints of the job tell.
    fn chain<'a>(
        &self,
        plan: &RestorePlan<'_>,
        metadata: &Metadata<'a>,
        places: &Places<'a>,
    ) -> Chain {
        let mut chain = Chain::of(plan);
        let (own, home) = (metadata.checkpoint_id, places.home());
        let mut older = Vec::new();
        if let Some(job) = &home.job {
            let job = job.to_string();
            let found = find::find(&self.stores, &job, &self.args.store.entropy_key);
            // Whoever uploaded them is good to know, and nothing depends on it.
            if let Ok(Found::Job(_, checkpoints)) = self.runtime.block_on(found) {
                older = checkpoints;
            }
        }
        older.retain(|one| one.id < own);
        older.sort_by_key(|one| one.id);
        let bar = self.printer.bar("reading older checkpoints");
        bar.set_length(older.len() as u64);
        for one in older {
            bar.inc(1);
            let at = one.directory.join(METADATA);
            let read = checkpoint::read(&self.stores, at);
            let read = self.runtime.block_on(read);
            if matches!(&read, Err(error) if error.is_absent()) {
                // It was never completed, or is gone.
                continue;
            }
            let Ok(file) = read else {
                chain.add_unreadable();
                continue;
            };
            let Ok(metadata) = file.parse() else {
                chain.add_unreadable();
                continue;
            };
            let places = checkpoint::places(&self.stores, &metadata, &file.location, &self.rebase);
            let places = self.runtime.block_on(places);
            chain.add(metadata.checkpoint_id, &metadata, &places);
        }
        bar.finish_and_clear();
        chain.add(own, metadata, places);
        chain
    }

    fn restore(&self, plan: &RestorePlan<'_>, site: &Site<'_>) -> Result<Restored, RestoreError> {
        let bar = self.printer.bytes("restoring");
        let threads = self.args.concurrency.map(usize::from);
        let threads = threads.unwrap_or_else(|| probe::threads(true, CONCURRENCY));
        // What one file may hold is shared by its ranges: the one that is looked into and those
        // that were asked for beforehand.
        let threads = threads.min(plan.streams_and_files()).max(1);
        let depth = (CONCURRENCY / threads).clamp(1, DEPTH);
        let mut limits = probe::limits(MEMORY / threads as u64);
        let [_, remote] = &mut limits;
        remote.chunk = (MEMORY / threads as u64 / (depth as u64 + 1)).min(RANGE);
        let stop = AtomicBool::new(false);
        let progress = |bytes| {
            bar.inc(bytes);
            // Rows are more than the files they are in: their bytes are only known then.
            if bar.length().is_some_and(|length| bar.position() > length) {
                bar.set_length(bar.position());
            }
        };
        let planned = |what: &'static str, bytes| {
            bar.set_message(what);
            bar.set_position(0);
            bar.set_length(bytes);
        };
        let stager = Stager {
            files: Files {
                stores: &self.stores,
                runtime: self.runtime.handle(),
                limits,
                depth,
                until: None,
            },
            disk: &self.disk,
            checks: !self.args.no_checksums,
            counts: true,
            lasting: true,
            links: self.args.link,
            reflinks: AtomicBool::new(true),
            whole: probe::limits(MEMORY),
            alone: Mutex::default(),
            progress: &progress,
            stop: &stop,
        };
        let counts = self.args.count;
        let options = Options { stager, threads, memory: MEMORY, counts, planned: &planned };
        let restored = apply::restore(plan, site, &options);
        bar.finish_and_clear();
        restored
    }
}
