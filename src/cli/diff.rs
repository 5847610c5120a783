//! `chkctl diff`.

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::args::DiffArgs;
use super::args::Global;
use super::exit::Exit;
use super::exit::Stop;
use super::inspect::select_operator;
use super::open;
use super::printer::Printer;
use crate::catalog::CatalogError;
use crate::catalog::checkpoint;
use crate::catalog::checkpoint::MetadataFile;
use crate::catalog::find;
use crate::catalog::find::Chosen;
use crate::catalog::find::Selector;
use crate::catalog::heads::Heads;
use crate::catalog::heads::Wanted;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::model::places::Places;
use crate::ops::diff;
use crate::ops::diff::Facts;
use crate::ops::diff::Pair;
use crate::ops::inspect::Survey;
use crate::ops::inspect::select::Named;
use crate::report::diff::build;
use crate::report::diff::build::Context;
use crate::report::diff::jsonl;
use crate::report::table;
use crate::report::units;
use crate::store::Stores;

/// Compares two checkpoints.
pub(super) fn run(args: &DiffArgs, global: &Global, printer: &Printer) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rebase = open::rebase_options(&args.store)?;
    let stores = Stores::new(open::store_options(&args.store)?);
    let (chosen, [from, to]) = runtime.block_on(read(&stores, args)).map_err(Stop::from)?;
    let (a, b) = (from.parse().map_err(Stop::from)?, to.parse().map_err(Stop::from)?);
    let operators = of_both(&a, &b);
    let only = select_operator(args.operator.as_deref(), &operators)?;
    let (a_places, b_places) = runtime.block_on(async {
        let a_places = checkpoint::places(&stores, &a, &from.location, &rebase).await;
        (a_places, checkpoint::places(&stores, &b, &to.location, &rebase).await)
    });
    let a_heads = heads(&runtime, &stores, &a, &a_places, only, printer);
    let b_heads = heads(&runtime, &stores, &b, &b_places, only, printer);
    let surveys = Pair {
        from: Survey { metadata: &a, places: &a_places, heads: &a_heads },
        to: Survey { metadata: &b, places: &b_places, heads: &b_heads },
    };
    let facts = diff::diff(surveys.from, surveys.to, only)?;
    let grew_too_much = match args.max_growth {
        Some(limit) => Some(grew_too_much(&facts, limit)?),
        None => None,
    };
    let context = Context {
        location_kind: chosen.location_kind,
        observed_at: Timestamp::now(),
        modified: Pair { from: from.modified, to: to.modified },
        grew_too_much,
    };
    let document = build::document(surveys, &facts, context);
    printer.tell(&document.head);
    let view = table::DiffView {
        operator: args.operator.is_some(),
        files: args.files,
        width: printer.width(),
    };
    printer.print(
        global.output,
        &document,
        |out| table::diff(&document, view, out),
        |out| jsonl::write(&document, out),
    )?;
    Ok(verdict(args, &facts, grew_too_much, printer))
}

/// The operators of both, each once.
fn of_both<'a>(from: &Metadata<'a>, to: &Metadata<'a>) -> Vec<Named<'a>> {
    let mut operators = Named::of(to);
    for operator in Named::of(from) {
        if !operators.iter().any(|known| known.id == operator.id) {
            operators.push(operator);
        }
    }
    operators
}

/// The exit code that was asked for.
fn verdict(args: &DiffArgs, facts: &Facts, grew_too_much: Option<bool>, printer: &Printer) -> Exit {
    if let (Some(true), Some(limit)) = (grew_too_much, args.max_growth) {
        let growth = facts.growth().and_then(|growth| growth.ratio);
        let (growth, limit) = match growth.map(|growth| units::changes_apart(growth, limit)) {
            None => ("from nothing".to_owned(), units::change(limit)),
            Some([growth, limit]) => (format!("by {growth}"), limit),
        };
        printer.note(&format!("the state grew {growth}; --max-growth allows {limit}"));
        return Exit::Negative;
    }
    if args.exit_code && facts.is_different() { Exit::Negative } else { Exit::Clean }
}

/// Whether the state grew by more than a part of its size before.
fn grew_too_much(facts: &Facts, limit: f64) -> Result<bool, Stop> {
    match facts.growth() {
        None => Err(Stop {
            exit: Exit::Failed,
            message: "--max-growth: the size of one of the checkpoints is not known".into(),
            hint: Some(
                "a handle in its metadata does not know its size; chkctl inspect --files \
                        shows which"
                    .into(),
            ),
        }),
        Some(growth) => Ok(match growth.ratio {
            Some(ratio) => ratio > limit,
            None => growth.bytes > 0,
        }),
    }
}

/// Finds and reads both checkpoints.
async fn read(
    stores: &Stores,
    args: &DiffArgs,
) -> Result<(Chosen, [MetadataFile; 2]), CatalogError> {
    let marker = &args.store.entropy_key;
    let Some(to) = &args.to else {
        return checkpoint::find_and_read_two(stores, &args.from, marker).await;
    };
    let (_, from) = checkpoint::find_and_read(stores, &args.from, marker).await?;
    // Behind a job directory in the first place, a selector alone is enough.
    let (place, _) = Selector::split(&args.from);
    let in_same_job = format!("{place}{to}");
    let to = if find::is_selector(to) { &in_same_job } else { to };
    let (chosen, to) = checkpoint::find_and_read(stores, to, marker).await?;
    Ok((chosen, [from, to]))
}

fn heads<'a>(
    runtime: &Runtime,
    stores: &Stores,
    metadata: &Metadata<'a>,
    places: &Places<'a>,
    only: Option<OperatorId>,
    printer: &Printer,
) -> Heads<'a> {
    let operator = metadata.operators.iter().find(|operator| Some(operator.id) == only);
    // An operator that only the other checkpoint has has no state here.
    if only.is_some() && operator.is_none() {
        return Heads::default();
    }
    let wanted = Wanted { states: true, operator: operator.as_ref() };
    let bar = printer.bar("reading state meta");
    let progress = |done: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    };
    let heads = runtime.block_on(Heads::read(stores, metadata, places, wanted, &progress));
    bar.finish_and_clear();
    heads
}
