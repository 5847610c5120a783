//! What is in a checkpoint: sums, backends, states, files. Pure.

pub mod backend;
pub mod compare;
pub mod files;
pub mod history;
pub mod metas;
pub mod overview;
pub mod select;
pub mod sizes;
pub(crate) mod states;
pub mod tree;
mod types;
pub mod warnings;

use crate::catalog::heads::Heads;
use crate::format::flink::list::List;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::model::places::Places;
use crate::model::references::Builder;
use crate::model::references::TooMany;
use backend::Backend;
use backend::Common;
use files::Files;
use metas::Metas;
use overview::OperatorSums;
pub use overview::Overview;
pub use overview::Snapshot;
pub use states::MergedState;
pub use types::type_text;
pub use warnings::Finding;

/// Everything that is known about a checkpoint before anything is concluded.
#[derive(Debug, Clone, Copy)]
pub struct Survey<'s, 'a> {
    /// The metadata.
    pub metadata: &'s Metadata<'a>,
    /// Where its files are.
    pub places: &'s Places<'a>,
    /// The heads of its state streams, as far as they were asked for.
    pub heads: &'s Heads<'a>,
}

/// What of a checkpoint is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Only this operator in the list of operators; sums are of all.
    pub operator: Option<OperatorId>,
    /// Conclude about states, which needs their heads.
    pub states: bool,
}

/// What was concluded.
#[derive(Debug)]
pub struct Facts<'s, 'a> {
    /// The checkpoint as a whole.
    pub overview: Overview,
    /// The distinct physical files.
    pub files: Files,
    /// The operators that were asked for, in the order of their ids.
    pub operators: Vec<OperatorFacts<'s, 'a>>,
    /// What the meta streams say.
    pub metas: Metas<'s>,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

impl Facts<'_, '_> {
    /// Whether Flink recorded what was uploaded.
    pub fn records_new(&self) -> bool {
        self.overview.releases.record_new_bytes()
    }
}

/// What was concluded about one operator.
#[derive(Debug)]
pub struct OperatorFacts<'s, 'a> {
    /// The operator.
    pub state: OperatorState<'a>,
    /// Its sums.
    pub sums: OperatorSums,
    /// The backend of its keyed state, if it has any and something tells.
    pub backend: Option<Backend>,
    /// It has keyed state, and nothing tells of which backend; a finding says why.
    pub backend_unknown: bool,
    /// Its states, merged over subtasks.
    pub states: Vec<MergedState<'s>>,
}

/// Concludes what is in a checkpoint.
///
/// # Errors
/// It has more references than can be counted.
pub fn inspect<'s, 'a>(survey: Survey<'s, 'a>, options: Options) -> Result<Facts<'s, 'a>, TooMany> {
    let metas = Metas::default();
    let mut operators = Vec::new();
    let home = survey.places.home();
    let base = &home.base;
    let mut findings = warnings::of_the_file(survey.metadata, &home.metadata);
    let mut builder = Builder::default();
    let mut adding = builder.begin(survey.places)?;
    let mut add = |id, subtask, stream| builder.add(&mut adding, id, subtask, stream);
    let overview = Overview::of(survey.metadata, &mut add, |state, sums| {
        if state.has_odd_parallelism() {
            findings.push(Finding::odd_parallelism(&state));
        }
        if options.operator.is_none_or(|only| only == state.id) {
            let found = operator(survey, &metas, options, (state, sums), &mut findings);
            operators.push(found);
        }
    });
    operators.sort_by_key(|operator| operator.state.id);
    builder.end(adding)?;
    let files = Files::of(builder.finish(), base);
    findings.extend(warnings::of_the_files(&overview, &files, base));
    findings.extend(warnings::of_the_rules(survey.places, |rule| survey.places.has_used(rule)));
    Ok(Facts { overview, files, operators, metas, findings })
}

fn operator<'s, 'a: 's>(
    survey: Survey<'s, 'a>,
    metas: &Metas<'s>,
    options: Options,
    (state, sums): (OperatorState<'a>, OperatorSums),
    findings: &mut Vec<Finding>,
) -> OperatorFacts<'s, 'a> {
    let told = subtasks(&state).filter_map(|subtask| {
        backend::of_subtask(survey, &subtask).map(|told| (subtask.index(), told))
    });
    let (backend, backend_unknown) = match backend::common(&told.collect::<Vec<_>>()) {
        Common::None => (None, false),
        Common::By(backend) => (Some(backend), false),
        Common::Unknown { subtask, why, subtasks } => {
            findings.push(Finding::unknown_backend(&state, subtask, &why, subtasks));
            (None, true)
        }
    };
    let states = match options.states {
        true => states::merge(survey, metas, &state, findings).states,
        false => Vec::new(),
    };
    OperatorFacts { sums, backend, backend_unknown, states, state }
}

/// The subtasks of an operator, in the order of the file.
pub fn subtasks<'a>(operator: &OperatorState<'a>) -> impl Iterator<Item = Subtask<'a>> {
    operator.subtasks.clone().into_iter().flat_map(List::into_records)
}
