//! Which checkpoint of a job uploaded a file, as far as its directory still shows it. Pure.

use std::collections::HashMap;

use super::plan::Make;
use super::plan::Placed;
use super::plan::RestorePlan;
use super::plan::Rows;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::Subtask;
use crate::format::flink::stream::NamedHandle;
use crate::format::flink::stream::StreamHandle;
use crate::model::places::Places;
use crate::ops::verify::plan::Source;

/// The files that are restored, and the first checkpoint that has each.
#[derive(Debug, Default)]
pub struct Chain {
    first: HashMap<String, Option<i64>>,
    /// Whether the checkpoint before the next one is known.
    is_whole: bool,
}

impl Chain {
    /// The files of a plan.
    pub fn of(plan: &RestorePlan<'_>) -> Self {
        let mut chain = Chain::default();
        for database in &plan.databases {
            let files: Vec<&Placed<'_>> = match &database.make {
                Make::Place(set) => set.files.iter().collect(),
                Make::Build(inputs) => inputs
                    .iter()
                    .filter_map(|input| match &input.rows {
                        Rows::Database(set) => Some(&set.files),
                        Rows::Stream { .. } => None,
                    })
                    .flatten()
                    .collect(),
            };
            chain.first.extend(files.into_iter().map(|file| (file.identity.clone(), None)));
        }
        chain
    }

    /// Says that a checkpoint cannot be read: what the next one has may be from there.
    pub fn add_unreadable(&mut self) {
        self.is_whole = false;
    }

    /// Adds a checkpoint of the job; the oldest comes first, the one that is restored last.
    ///
    /// What the oldest one has may have been uploaded before it, unless it is the first of all.
    pub fn add<'a>(&mut self, id: i64, metadata: &Metadata<'a>, places: &Places<'a>) {
        let known = (self.is_whole || id == 1).then_some(id);
        self.is_whole = true;
        let mut oldest = Vec::new();
        let exclusive = &places.home().exclusive;
        for operator in metadata.operators.iter() {
            for subtask in operator.subtasks.iter().flat_map(|list| list.iter()) {
                let Subtask::Running(state) = subtask else { continue };
                each_file(state.managed_keyed.as_ref(), &mut |file| {
                    let Some(handle) = &file.handle else { return };
                    let Some(source) = Source::of(handle, places) else { return };
                    let own = matches!(&source, Source::File { places, .. }
                        if places.first().is_some_and(|place| place.is_below(exclusive)));
                    let identity = identity(&file, &source);
                    let Some(first) = self.first.get_mut(&identity) else { return };
                    match (first, if own { Some(id) } else { known }) {
                        (first @ None, Some(id)) => *first = Some(id),
                        (None, None) => oldest.push(identity),
                        (Some(_), _) => {}
                    }
                });
            }
        }
        // Nobody can tell any more.
        for identity in &oldest {
            self.first.remove(identity);
        }
    }

    /// The checkpoint that uploaded a file, if that can be told.
    pub fn uploaded_by(&self, file: &Placed<'_>) -> Option<i64> {
        self.first.get(&file.identity).copied().flatten()
    }
}

/// What tells a file from others: its place, or the name of inline state.
pub fn identity(file: &NamedHandle<'_>, source: &Source<'_>) -> String {
    match (source, file.handle.as_ref().map(StreamHandle::innermost)) {
        (Source::File { places, start, .. }, _) => {
            let place = places.first().map(ToString::to_string).unwrap_or_default();
            format!("{place} {start}")
        }
        (_, Some(StreamHandle::Inline { name, .. })) => format!("inline {}", name.to_str()),
        _ => String::new(),
    }
}

fn each_file<'a>(handle: Option<&KeyedHandle<'a>>, see: &mut dyn FnMut(NamedHandle<'a>)) {
    match handle {
        Some(KeyedHandle::Incremental(handle)) => {
            handle.shared.iter().chain(handle.private.iter()).for_each(see);
        }
        Some(KeyedHandle::Changelog(handle)) => {
            for part in handle.materialized.iter().flatten() {
                each_file(Some(&part), see);
            }
        }
        _ => {}
    }
}
