//! Reads a tree, with progress.

use indicatif::ProgressBar;
use tokio::runtime::Runtime;

use super::exit::Stop;
use super::printer::Printer;
use crate::catalog::survey;
use crate::catalog::survey::Progress;
use crate::catalog::survey::Scope;
use crate::ops::inspect::tree::Subject;
use crate::ops::inspect::tree::Tree;
use crate::store::Stores;

/// Reads what a scope says. What could not be read is in the tree.
pub(super) fn run(
    printer: &Printer,
    runtime: &Runtime,
    stores: &Stores,
    scope: &Scope<'_>,
    subject: Subject,
) -> anyhow::Result<Tree> {
    let mut tree = Tree::new(subject);
    let (listing, reading, seeking) = (
        printer.spinner("listing files"),
        printer.bar("reading checkpoints"),
        printer.bar("looking for files"),
    );
    let progress = |progress: Progress| match progress {
        Progress::Listed(count) => listing.set_position(count),
        // One at a time, or they draw over each other.
        Progress::Read(done, total) => {
            end(&listing);
            reading.set_length(total as u64);
            reading.set_position(done as u64);
        }
        Progress::Sought(done, total) => {
            end(&reading);
            seeking.set_length(total as u64);
            seeking.set_position(done as u64);
        }
    };
    let survey = survey::run(stores, scope, &mut tree, &progress);
    let surveyed = runtime.block_on(survey);
    [listing, reading, seeking].iter().for_each(end);
    surveyed.map_err(Stop::from)?;
    Ok(tree)
}

fn end(bar: &ProgressBar) {
    if !bar.is_finished() {
        bar.finish_and_clear();
    }
}
