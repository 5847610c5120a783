//! `chkctl inspect`.

use std::io::Write;

use jiff::Timestamp;

use super::args::Global;
use super::args::InspectArgs;
use super::args::OutputFormat;
use super::args::StoreArgs;
use super::exit::Exit;
use super::exit::Stop;
use super::is_table;
use super::printer::Printer;
use crate::catalog::CatalogError;
use crate::catalog::checkpoint;
use crate::catalog::checkpoint::RebaseOptions;
use crate::catalog::find;
use crate::catalog::heads::Heads;
use crate::catalog::heads::Wanted;
use crate::catalog::without_credentials;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorState;
use crate::model::places::Places;
use crate::ops::inspect;
use crate::ops::inspect::Options;
use crate::ops::inspect::Survey;
use crate::ops::inspect::files::Selection;
use crate::ops::inspect::select;
use crate::report::inspect::build;
use crate::report::inspect::build::Context;
use crate::report::inspect::jsonl;
use crate::report::table;
use crate::store::Location;
use crate::store::StoreOptions;
use crate::store::Stores;

/// Shows one checkpoint.
pub(super) fn run(args: &InspectArgs, global: &Global, printer: &Printer) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rebase = rebase_options(&args.store)?;
    let stores = Stores::new(store_options(&args.store)?);
    let read = runtime.block_on(async {
        let chosen = find::checkpoint(&stores, &args.location, &args.store.entropy_key).await?;
        let file = checkpoint::read(&stores, chosen.metadata).await?;
        Ok((chosen.location_kind, file))
    });
    let (location_kind, file) = read.map_err(|error: CatalogError| Stop::from(error))?;
    let metadata = file.parse().map_err(Stop::from)?;
    let operator = match &args.operator {
        Some(op) => Some(select_operator(&metadata, op)?),
        None => None,
    };
    let places = checkpoint::places(&stores, &metadata, &file.location, &rebase);
    let places = runtime.block_on(places);
    // The overview needs no states, and reading them can mean thousands of requests.
    let states = !is_table(global.output) || args.states || operator.is_some();
    let wanted = Wanted { states, operator: operator.as_ref() };
    let heads = read_heads(&runtime, &stores, &metadata, &places, wanted, printer);

    let survey = Survey { metadata: &metadata, places: &places, heads: &heads };
    let only = operator.as_ref().map(|operator| operator.id);
    let facts = inspect::inspect(survey, Options { operator: only, states })?;
    let context = Context {
        location_kind,
        observed_at: Timestamp::now(),
        metadata_bytes: file.bytes.len() as u64,
        modified: file.modified,
        list_files: args.files,
        files: Selection { operator: only, ..Selection::default() },
    };
    let document = build::checkpoint(survey, &facts, context);
    for rule in document.head.rebased.iter().filter(|rule| !rule.stated) {
        let text = format!(
            "the checkpoint was moved: files written below {} are looked for below {}",
            rule.from, rule.to
        );
        printer.note(&text);
    }
    document.head.warnings.iter().for_each(|warning| printer.warning(warning));

    match global.output {
        OutputFormat::Table => {
            let mut out = printer.report();
            let view = table::View {
                operator: args.operator.is_some(),
                states: args.states,
                width: printer.width(),
            };
            table::checkpoint(&document, &facts, view, &mut out)?;
            out.flush()?;
        }
        OutputFormat::Json => {
            let mut out = printer.data();
            serde_json::to_writer_pretty(&mut out, &document)?;
            writeln!(out)?;
            out.flush()?;
        }
        OutputFormat::Jsonl => {
            let mut out = printer.data();
            jsonl::write(survey, &facts, context, &mut out)?;
            out.flush()?;
        }
    }
    Ok(Exit::Clean)
}

fn read_heads<'a>(
    runtime: &tokio::runtime::Runtime,
    stores: &Stores,
    metadata: &Metadata<'a>,
    places: &Places<'a>,
    wanted: Wanted<'_>,
    printer: &Printer,
) -> Heads<'a> {
    let bar = printer.bar("reading state meta");
    let progress = |done: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    };
    let heads = runtime.block_on(Heads::read(stores, metadata, places, wanted, &progress));
    bar.finish_and_clear();
    heads
}

fn select_operator<'a>(metadata: &Metadata<'a>, op: &str) -> Result<OperatorState<'a>, Stop> {
    match select::operator(metadata, op) {
        Ok(id) => {
            let found = metadata.operators.iter().find(|operator| operator.id == id);
            found.ok_or_else(|| Stop::usage(format!("{op}: no such operator"), None))
        }
        Err(none) => Err(Stop::usage(none.message(op), Some(none.hint()))),
    }
}

fn rebase_options(args: &StoreArgs) -> Result<RebaseOptions, Stop> {
    let rule = |text: &String| {
        let bad = |why: String| {
            let hint =
                "write --rebase FROM=TO with a path or URI of the writer and where it is now"
                    .to_owned();
            Stop::usage(format!("--rebase {why}"), Some(hint))
        };
        let shown = without_credentials(text);
        let without = || format!("{shown}: is not FROM=TO with an absolute FROM");
        let several = || format!("{shown}: can be split at more than one =");
        let not = |part: &str, error| format!("{}: {error}", without_credentials(part));
        let (from, to) = match splits(text).as_slice() {
            [one] => *one,
            [] => return Err(bad(without())),
            _ => return Err(bad(several())),
        };
        let from = Location::parse_flink(from).map_err(|error| bad(not(from, error)))?;
        let to = Location::parse_argument(to).map_err(|error| bad(not(to, error)))?;
        Ok((from, to))
    };
    let rules = args.rebase.iter().map(rule).collect::<Result<_, Stop>>()?;
    Ok(RebaseOptions { rules, entropy_marker: args.entropy_key.clone() })
}

/// The ways to read FROM=TO with two absolute places; a path may have a `=` of its own. A
/// single `=` is the one, also where TO is relative.
fn splits(text: &str) -> Vec<(&str, &str)> {
    let absolute = |place: &str| {
        let scheme = |(scheme, _): (&str, &str)| {
            !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        place.starts_with('/') || place.split_once(":/").is_some_and(scheme)
    };
    let both = |(at, _): (usize, &str)| {
        let (from, to) = (&text[..at], &text[at + 1..]);
        (absolute(from) && absolute(to)).then_some((from, to))
    };
    let found: Vec<_> = text.match_indices('=').filter_map(both).collect();
    match text.split_once('=') {
        Some((from, to)) if absolute(from) && !to.is_empty() && !to.contains('=') => {
            vec![(from, to)]
        }
        _ => found,
    }
}

fn store_options(args: &StoreArgs) -> Result<StoreOptions, Stop> {
    let option = |text: &String| {
        let pair = text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        // The text may hold a secret, so it is not repeated.
        let hint = Some("write --store-option KEY=VALUE".to_owned());
        pair.ok_or_else(|| Stop::usage("--store-option: an option has no =", hint))
    };
    let options = args.store_option.iter().map(option).collect::<Result<_, Stop>>()?;
    Ok(StoreOptions { options })
}

#[cfg(test)]
mod tests {
    use super::splits;

    #[test]
    fn rules_are_split_between_two_absolute_places() {
        assert_eq!(splits("s3://b/cp=/data/cp"), [("s3://b/cp", "/data/cp")]);
        assert_eq!(splits("s3://b/env=prod/cp=/x"), [("s3://b/env=prod/cp", "/x")]);
        assert_eq!(splits("file:/a=s3a://b/k=v"), [("file:/a", "s3a://b/k=v")]);
        assert_eq!(splits("/a=/b=/c").len(), 2);
        assert_eq!(splits("file:/a=here"), [("file:/a", "here")]);
        for none in ["/a", "a=/b", "=/b", "/a=", "/a=b=c"] {
            assert!(splits(none).is_empty(), "{none}");
        }
    }
}
