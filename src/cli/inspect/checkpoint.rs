//! `chkctl inspect` of one checkpoint or savepoint.

use jiff::Timestamp;

use super::Run;
use crate::catalog::checkpoint;
use crate::catalog::heads::Heads;
use crate::catalog::heads::Wanted;
use crate::cli::exit::Exit;
use crate::cli::exit::Stop;
use crate::cli::is_table;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::model::places::Places;
use crate::ops::inspect;
use crate::ops::inspect::Options;
use crate::ops::inspect::Survey;
use crate::ops::inspect::select::Named;
use crate::ops::sst::Ssts;
use crate::ops::sst::conclude;
use crate::ops::sst::plan::Plan;
use crate::ops::sst::probe;
use crate::report::inspect::build;
use crate::report::inspect::build::Context;
use crate::report::inspect::jsonl;
use crate::report::table;

/// Shows one checkpoint.
pub(super) fn run(run: &Run<'_>) -> anyhow::Result<Exit> {
    let Run { args, global, printer, runtime, stores, rebase } = run;
    let read = checkpoint::find_and_read(stores, &args.location, &args.store.entropy_key);
    let (chosen, file) = runtime.block_on(read).map_err(Stop::from)?;
    let metadata = file.parse().map_err(Stop::from)?;
    let only = run.operator(&Named::of(&metadata))?;
    let operator = metadata.operators.iter().find(|operator| Some(operator.id) == only);
    let places = checkpoint::places(stores, &metadata, &file.location, rebase);
    let places = runtime.block_on(places);
    // The overview needs no states, and reading them can mean thousands of requests.
    let states = !is_table(global.output) || args.states || operator.is_some();
    let wanted = Wanted { states, operator: operator.as_ref() };
    let heads = read_heads(run, &metadata, &places, wanted);

    let survey = Survey { metadata: &metadata, places: &places, heads: &heads };
    let mut facts = inspect::inspect(survey, Options { operator: only, states })?;
    let ssts = run.args.sst.then(|| read_ssts(run, &metadata, &places, only));
    if let Some(ssts) = &ssts {
        facts.findings.extend_from_slice(&ssts.findings);
    }
    let context = Context {
        location_kind: chosen.location_kind,
        observed_at: Timestamp::now(),
        metadata_bytes: file.bytes.len() as u64,
        modified: file.modified,
        list_files: run.lists_files(),
        files: run.selection(only),
        ssts: ssts.as_ref(),
    };
    let document = build::checkpoint(survey, &facts, context);
    run.printer.tell(&document.head);
    let view = table::View {
        operator: args.operator.is_some(),
        states: args.states,
        width: printer.width(),
    };
    printer.print(
        global.output,
        &document,
        |out| table::checkpoint(&document, &facts, view, out),
        |out| jsonl::write(survey, &facts, context, out),
    )?;
    Ok(Exit::Clean)
}

fn read_ssts<'a>(
    run: &Run<'_>,
    metadata: &Metadata<'a>,
    places: &Places<'a>,
    only: Option<OperatorId>,
) -> Ssts {
    let plan = Plan::of(metadata, places, only);
    let base = &places.home().base;
    let bar = run.printer.bar("reading SSTs");
    let progress = |done: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let probed = probe::read(&plan, &run.stores, run.runtime.handle(), !base.is_local(), &progress);
    bar.finish_and_clear();
    conclude::conclude(&plan, probed, base)
}

fn read_heads<'a>(
    run: &Run<'_>,
    metadata: &Metadata<'a>,
    places: &Places<'a>,
    wanted: Wanted<'_>,
) -> Heads<'a> {
    let bar = run.printer.bar("reading state meta");
    let progress = |done: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    };
    let heads = Heads::read(&run.stores, metadata, places, wanted, &progress);
    let heads = run.runtime.block_on(heads);
    bar.finish_and_clear();
    heads
}
