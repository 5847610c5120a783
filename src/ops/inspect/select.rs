//! `--operator OP`: a uid, a name, an operator id, or a unique prefix of one.

use super::warnings::label;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;

/// Why OP names no single operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOne {
    /// Nothing fits; these are there.
    None(Vec<String>),
    /// These fit.
    Several(Vec<String>),
}

/// The operator that OP names. An exact uid, name or id comes before a prefix; a uid is
/// hashed, so that it also fits metadata which only has ids (before 2.0).
///
/// # Errors
/// Nothing fits, or several do.
pub fn operator(metadata: &Metadata<'_>, op: &str) -> Result<OperatorId, NotOne> {
    let hashed = OperatorId::of_uid(op);
    let exact = |operator: &OperatorState<'_>| {
        let id = operator.id.to_string();
        operator.id == hashed
            || id.eq_ignore_ascii_case(op)
            || texts(operator).iter().any(|text| text == op)
    };
    let prefix = |operator: &OperatorState<'_>| {
        let id = operator.id.to_string();
        id.starts_with(&op.to_ascii_lowercase())
            || texts(operator).iter().any(|text| text.starts_with(op))
    };
    let matching = |fits: &dyn Fn(&OperatorState<'_>) -> bool| -> Vec<_> {
        metadata.operators.iter().filter(|operator| fits(operator)).collect()
    };
    let mut found = matching(&exact);
    if found.is_empty() && !op.is_empty() {
        found = matching(&prefix);
    }
    let shown = |operators: &[OperatorState<'_>]| {
        operators.iter().map(|operator| format!("{} ({})", label(operator), operator.id)).collect()
    };
    match found.as_slice() {
        [one] => Ok(one.id),
        [] => Err(NotOne::None(shown(&metadata.operators.iter().collect::<Vec<_>>()))),
        several => Err(NotOne::Several(shown(several))),
    }
}

fn texts(operator: &OperatorState<'_>) -> Vec<String> {
    [operator.uid, operator.name].into_iter().flatten().map(|text| text.to_string()).collect()
}
