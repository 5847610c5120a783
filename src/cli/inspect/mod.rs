//! `chkctl inspect`.

mod checkpoint;
mod tree;

use tokio::runtime::Runtime;

use super::args::Global;
use super::args::InspectArgs;
use super::args::Sort;
use super::exit::Exit;
use super::exit::Stop;
use super::open;
use super::printer::Printer;
use crate::catalog::checkpoint::RebaseOptions;
use crate::catalog::find;
use crate::catalog::find::Target;
use crate::format::flink::operator::OperatorId;
use crate::ops::inspect::files::Order;
use crate::ops::inspect::files::Selection;
use crate::ops::inspect::select;
use crate::ops::inspect::select::Named;
use crate::ops::inspect::tree::Subject;
use crate::store::Stores;

/// What every kind of report is made with.
struct Run<'r> {
    args: &'r InspectArgs,
    global: &'r Global,
    printer: &'r Printer,
    runtime: Runtime,
    stores: Stores,
    rebase: RebaseOptions,
}

/// Shows a checkpoint, a job directory or a checkpoint root.
pub(super) fn run(args: &InspectArgs, global: &Global, printer: &Printer) -> anyhow::Result<Exit> {
    // Threads that read SSTs wait for requests that others must do.
    let mut builder = match args.sst {
        true => tokio::runtime::Builder::new_multi_thread(),
        false => tokio::runtime::Builder::new_current_thread(),
    };
    let run = Run {
        args,
        global,
        printer,
        runtime: builder.enable_all().build()?,
        rebase: open::rebase_options(&args.store)?,
        stores: Stores::new(open::store_options(&args.store)?),
    };
    let target = find::target(&run.stores, &args.location, &args.store.entropy_key);
    match run.runtime.block_on(target).map_err(Stop::from)? {
        Target::Checkpoint(_) => {
            run.refuse(&["--history", "--also", "--isolated"], "is one checkpoint or savepoint")?;
            if args.sort == Some(Sort::Age) {
                let message = "--sort age: the metadata of a checkpoint has no times of files";
                let hint = "name its job directory, which is listed";
                return Err(Stop::usage(message, Some(hint.into())).into());
            }
            checkpoint::run(&run)
        }
        Target::Job(at) => {
            run.refuse(&["--states", "--sst"], "is a job directory")?;
            tree::run(&run, Subject::job(at))
        }
        Target::Root(at) => {
            run.refuse(&["--states", "--sst", "--history", "--isolated"], "is a checkpoint root")?;
            tree::run(&run, Subject::root(at))
        }
    }
}

impl Run<'_> {
    /// Refuses flags that make no sense for what LOCATION turned out to be.
    fn refuse(&self, flags: &[&str], what: &str) -> Result<(), Stop> {
        let args = self.args;
        let given = [
            (args.history, "--history", "name a job directory"),
            (!args.also.is_empty(), "--also", "name a job directory or a root"),
            (args.isolated, "--isolated", "name a job directory"),
            (args.states, "--states", "name a checkpoint in it with @latest or @N"),
            (args.sst, "--sst", "name a checkpoint in it with @latest or @N"),
        ];
        let wrong = given.iter().find(|(given, flag, _)| *given && flags.contains(flag));
        let Some((_, flag, hint)) = wrong else { return Ok(()) };
        let message = format!("{flag}: {} {what}", self.args.location);
        Err(Stop::usage(message, Some((*hint).to_owned())))
    }

    /// Which files are listed.
    fn selection(&self, operator: Option<OperatorId>) -> Selection {
        let order = match (self.args.sort, self.args.top) {
            (Some(Sort::Bytes), _) => Order::Bytes,
            (Some(Sort::References), _) => Order::References,
            (Some(Sort::Age), _) => Order::Age,
            (None, Some(_)) => Order::Bytes,
            (None, None) => Order::Path,
        };
        Selection { operator, order, top: self.args.top }
    }

    fn lists_files(&self) -> bool {
        self.args.files || self.args.sort.is_some() || self.args.top.is_some()
    }

    /// The operator that `--operator` names.
    fn operator(&self, operators: &[Named<'_>]) -> Result<Option<OperatorId>, Stop> {
        select_operator(self.args.operator.as_deref(), operators)
    }
}

/// The operator that `--operator` names, if it is given.
pub(super) fn select_operator(
    op: Option<&str>,
    operators: &[Named<'_>],
) -> Result<Option<OperatorId>, Stop> {
    let Some(op) = op else { return Ok(None) };
    match select::operator(operators, op) {
        Ok(id) => Ok(Some(id)),
        Err(none) => Err(Stop::usage(none.message(op), Some(none.hint()))),
    }
}
