//! `chkctl verify`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::args::Global;
use super::args::LevelArg;
use super::args::ReadingArgs;
use super::args::StoreArgs;
use super::args::VerifyArgs;
use super::exit::Exit;
use super::exit::Stop;
use super::interrupt::CleansUp;
use super::open;
use super::printer::Printer;
use super::survey;
use crate::catalog::checkpoint::RebaseOptions;
use crate::catalog::find;
use crate::catalog::find::Target;
use crate::catalog::survey::Scope;
use crate::model::Location;
use crate::model::layout::Home;
use crate::ops::inspect::tree::Facts;
use crate::ops::inspect::tree::Subject;
use crate::ops::verify::Audit;
use crate::ops::verify::Level;
use crate::ops::verify::apply;
use crate::ops::verify::apply::Options;
use crate::ops::verify::open::Scratch;
use crate::report::table;
use crate::report::verify::Context;
use crate::report::verify::VerifyDocument;
use crate::store::Stores;

/// How checkpoints are looked at.
pub(super) struct Looking<'l> {
    pub(super) level: Level,
    pub(super) sample: Option<f64>,
    pub(super) reading: &'l ReadingArgs,
    pub(super) printer: &'l Printer,
    /// Where databases are put together, at level `open`.
    cleans_up: Option<CleansUp>,
    pub(super) runtime: Runtime,
    pub(super) stores: Stores,
    pub(super) rebase: RebaseOptions,
    /// Places in whose stores files are looked for.
    pub(super) everywhere: Vec<Location>,
    /// When it ends, ready or not.
    pub(super) until: Option<Instant>,
}

/// Checks a checkpoint, a job directory or a checkpoint root.
pub(super) fn run(args: &VerifyArgs, global: &Global, printer: &Printer) -> anyhow::Result<Exit> {
    let level = Level::from(args.level);
    if args.sample.is_some() && level < Level::Footer {
        let message = format!("--sample: level {} looks into no files", level.name());
        let hint = "existence and sizes are checked of all; add --level footer or blocks";
        return Err(Stop::usage(message, Some(hint.into())).into());
    }
    if args.sample.is_some() && level == Level::Open {
        let message = "--sample: level open needs every file of a database";
        let hint = "look into a part of the files with --level blocks";
        return Err(Stop::usage(message, Some(hint.into())).into());
    }
    let looking = Looking::new(level, args.sample, &args.reading, &args.store, printer)?;
    let marker = &args.store.entropy_key;
    let target = find::target(&looking.stores, &args.location, marker);
    let target = looking.runtime.block_on(target).map_err(Stop::from)?;
    let (kind, at, subject, only) = match target {
        Target::Checkpoint(chosen) => {
            let at = chosen.metadata;
            (chosen.location_kind, at.clone(), one(&at), Some(at))
        }
        Target::Job(at) => ("job-directory", at.clone(), Subject::job(at), None),
        Target::Root(at) => ("checkpoint-root", at.clone(), Subject::root(at), None),
    };
    let facts = looking.survey(subject, only)?;
    let audit = looking.audit(&facts)?;
    let now = Timestamp::now();
    let context = Context { location_kind: kind, location: &at, now, sample: args.sample };
    let document = VerifyDocument::new(&facts, &audit, &context);
    printer.tell(&document.head);
    printer.print(
        global.output,
        &document,
        |out| table::verify(&document, printer.width(), out),
        |out| document.jsonl(out),
    )?;
    verdict(&audit, &at)
}

/// The exit code, or the failure that keeps it from being clean.
fn verdict(audit: &Audit, at: &Location) -> anyhow::Result<Exit> {
    if audit.is_damaged() {
        return Ok(Exit::Negative);
    }
    let (message, hint) = if audit.is_unknown() {
        let message = format!("{}: not everything could be looked at", at.display_short());
        (message, "the findings say what and what to do")
    } else if audit.checkpoints.is_empty() {
        let message = format!("{}: no completed checkpoint is here", at.display_short());
        (message, "without a _metadata a checkpoint is unfinished or was aborted")
    } else if audit.out_of_time {
        let message = format!("{}: time was up before all was looked at", at.display_short());
        (message, "give it more with --max-duration; what was looked at is sound")
    } else {
        return Ok(Exit::Clean);
    };
    Err(Stop { exit: Exit::Failed, message, hint: Some(hint.into()) }.into())
}

/// One checkpoint by itself.
pub(super) fn one(metadata: &Location) -> Subject {
    let home = Home::of(metadata.clone(), false);
    Subject { tree: home.exclusive, base: home.base, is_job: false, everywhere: Vec::new() }
}

/// Where databases are put together.
fn scratch(reading: &ReadingArgs) -> Result<PathBuf, Stop> {
    if cfg!(not(feature = "rocksdb")) {
        let message = "--level open: this chkctl was built without RocksDB";
        let hint = "build it with the feature rocksdb (cargo install --path .), or use --level \
                    blocks, which needs none";
        return Err(Stop::usage(message, Some(hint.into())));
    }
    let directory = reading.scratch.clone().unwrap_or_else(std::env::temp_dir);
    // Whatever else is in the way shows when something is made in it.
    let absent = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let why = match fs::metadata(&directory) {
        Ok(found) if !found.is_dir() => "is not a directory",
        Err(error) if absent(&error) => "does not exist",
        _ => return Ok(directory),
    };
    let hint = "name a directory that has room for a whole database with --scratch";
    Err(Stop::usage(format!("{}: {why}", directory.display()), Some(hint.into())))
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Exists => Level::Exists,
            LevelArg::Size => Level::Size,
            LevelArg::Footer => Level::Footer,
            LevelArg::Blocks => Level::Blocks,
            LevelArg::Open => Level::Open,
        }
    }
}

impl<'l> Looking<'l> {
    pub(super) fn new(
        level: Level,
        sample: Option<f64>,
        reading: &'l ReadingArgs,
        store: &StoreArgs,
        printer: &'l Printer,
    ) -> anyhow::Result<Self> {
        let mut builder = match level < Level::Footer {
            true => tokio::runtime::Builder::new_current_thread(),
            false => tokio::runtime::Builder::new_multi_thread(),
        };
        let rebase = open::rebase_options(store)?;
        let everywhere = open::also(&reading.also, &rebase)?;
        let runtime = builder.enable_all().build()?;
        let scratch = match level {
            Level::Open => Some(Scratch::new(scratch(reading)?)),
            _ => None,
        };
        Ok(Looking {
            level,
            sample,
            reading,
            printer,
            cleans_up: scratch.map(|scratch| CleansUp::new(&runtime, scratch)).transpose()?,
            runtime,
            stores: Stores::new(open::store_options(store)?),
            rebase,
            everywhere,
            until: reading.max_duration.and_then(|limit| Instant::now().checked_add(limit)),
        })
    }

    /// Reads metadata and lists files.
    pub(super) fn survey(&self, subject: Subject, only: Option<Location>) -> anyhow::Result<Facts> {
        let everywhere = self.everywhere.iter().cloned().chain([subject.tree.clone()]).collect();
        let subject = Subject { everywhere, ..subject };
        let scope = Scope {
            tree: subject.tree.clone(),
            only,
            also: Vec::new(),
            around: None,
            rebase: &self.rebase,
        };
        let tree = survey::run(self.printer, &self.runtime, &self.stores, &scope, subject)?;
        Ok(tree.conclude(Timestamp::now(), None))
    }

    /// Looks as deep as was asked for.
    pub(super) fn audit(&self, facts: &Facts) -> anyhow::Result<Audit> {
        let mut audit = Audit::of(facts, self.level);
        self.runtime.block_on(apply::decide(&mut audit, &self.stores));
        if apply::is_needed(self.level) {
            self.look_into(&mut audit, facts);
        }
        self.runtime.block_on(apply::recheck(&mut audit, facts, &self.stores));
        Ok(audit)
    }

    fn look_into(&self, audit: &mut Audit, facts: &Facts) {
        let bar = self.printer.bar("looking into files");
        let progress = |done: u64, planned: u64| {
            bar.set_length(planned);
            bar.set_position(done);
        };
        let options = Options {
            stores: &self.stores,
            runtime: self.runtime.handle(),
            rebase: &self.rebase,
            sample: self.sample,
            until: self.until,
            concurrency: self.reading.concurrency.map(usize::from),
            memory: self.reading.memory,
            scratch: self.cleans_up.as_ref().map(CleansUp::scratch),
            progress: &progress,
        };
        apply::look_into(audit, facts, &options);
        if let Some(cleans_up) = &self.cleans_up {
            // Waits if the process is about to end: what was seen meanwhile is not told.
            cleans_up.scratch().remove(|| {});
        }
        bar.finish_and_clear();
    }
}
