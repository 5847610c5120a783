//! `--operator OP`: a uid, a name, an operator id, or a unique prefix of one.

use super::warnings::label;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;

/// Why OP names no single operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOne {
    /// Nothing fits; these are there.
    None(Candidates),
    /// These have this very name (or uid, or id).
    Tie(Candidates),
    /// These begin with it.
    Prefix(Candidates),
}

/// Operators to choose from. A job can have thousands, so few are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// The first of them.
    pub shown: Vec<String>,
    /// How many there are.
    pub count: usize,
}

impl NotOne {
    /// What is wrong with `op`.
    pub fn message(&self, op: &str) -> String {
        match self {
            NotOne::None(_) => format!("{op}: no operator has this uid, name or id"),
            NotOne::Tie(tie) => format!("{op}: {} operators have this name", tie.count),
            NotOne::Prefix(found) => format!("{op}: {} operators begin like this", found.count),
        }
    }

    /// What there is to choose from.
    pub fn hint(&self) -> String {
        let (NotOne::None(all) | NotOne::Tie(all) | NotOne::Prefix(all)) = self;
        let shown = all.shown.join(", ");
        match all.count.saturating_sub(all.shown.len()) {
            _ if all.count == 0 => "there are no operators".into(),
            0 => format!("there are: {shown}"),
            more => format!("there are: {shown} and {more} more"),
        }
    }
}

/// The operator that OP names. An exact uid or id comes first, then an exact name, then a
/// prefix of any; a uid is hashed, so that it also fits metadata which only has ids (before 2.0).
///
/// # Errors
/// Nothing fits, or several do.
pub fn operator(metadata: &Metadata<'_>, op: &str) -> Result<OperatorId, NotOne> {
    let hashed = OperatorId::of_uid(op);
    let same_id = |operator: &OperatorState<'_>| {
        operator.id == hashed
            || operator.id.to_string().eq_ignore_ascii_case(op)
            || operator.uid.is_some_and(|uid| uid.to_str() == op)
    };
    let same_name =
        |operator: &OperatorState<'_>| operator.name.is_some_and(|name| name.to_str() == op);
    let lowercase = op.to_ascii_lowercase();
    let prefix = |operator: &OperatorState<'_>| {
        let mut texts = [operator.uid, operator.name].into_iter().flatten();
        !op.is_empty()
            && (operator.id.to_string().starts_with(&lowercase)
                || texts.any(|text| text.to_str().starts_with(op)))
    };
    type Fits<'f> = &'f dyn Fn(&OperatorState<'_>) -> bool;
    type Ambiguous = fn(Candidates) -> NotOne;
    let tiers: [(Fits<'_>, Ambiguous); 3] =
        [(&same_id, NotOne::Tie), (&same_name, NotOne::Tie), (&prefix, NotOne::Prefix)];
    for (fits, ambiguous) in tiers {
        let mut found = metadata.operators.iter().filter(|operator| fits(operator));
        match (found.next(), found.next()) {
            (None, _) => {}
            (Some(one), None) => return Ok(one.id),
            (Some(a), Some(b)) => {
                return Err(ambiguous(candidates([a, b].into_iter().chain(found))));
            }
        }
    }
    Err(NotOne::None(candidates(metadata.operators.iter())))
}

fn candidates<'a>(operators: impl Iterator<Item = OperatorState<'a>>) -> Candidates {
    const SHOWN: usize = 10;
    let mut candidates = Candidates { shown: Vec::new(), count: 0 };
    for operator in operators {
        candidates.count += 1;
        if candidates.shown.len() < SHOWN {
            candidates.shown.push(format!("{} ({})", label(&operator), operator.id));
        }
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::flink::list::Layout;
    use crate::format::flink::list::List;

    fn of(operators: &[(&'static str, &'static str)]) -> Metadata<'static> {
        let state = |(number, (uid, name)): (u8, &(&'static str, &'static str))| OperatorState {
            name: (!name.is_empty()).then(|| (*name).into()),
            uid: (!uid.is_empty()).then(|| (*uid).into()),
            id: OperatorId([number; 16]),
            parallelism: 1,
            max_parallelism: 128,
            coordinator: None,
            subtasks: Some(List::default()),
        };
        let operators: Vec<_> = (1..).zip(operators).map(state).collect();
        Metadata {
            layout: Layout::new(6),
            checkpoint_id: 1,
            master_states: List::default(),
            operators: operators.into(),
            trailer: None,
            trailing: None,
        }
    }

    #[test]
    fn a_uid_comes_before_a_name_and_a_name_before_a_prefix() {
        let file = of(&[("", "Map"), ("Map", "x"), ("", "Sink"), ("", "Sink: a")]);
        assert_eq!(operator(&file, "Map"), Ok(OperatorId([2; 16])));
        assert_eq!(operator(&file, "Sink"), Ok(OperatorId([3; 16])));
        assert_eq!(operator(&file, "0404"), Ok(OperatorId([4; 16])));
        let error = operator(&file, "Sin").unwrap_err();
        assert_eq!(error.message("Sin"), "Sin: 2 operators begin like this");
    }

    #[test]
    fn ties_are_called_ties_and_lists_are_short() {
        let file = of(&[("", "Map"); 12]);
        let error = operator(&file, "Map").unwrap_err();
        assert_eq!(error.message("Map"), "Map: 12 operators have this name");
        assert!(error.hint().ends_with("(0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a) and 2 more"));
        let error = operator(&file, "").unwrap_err();
        assert_eq!(error.message(""), ": no operator has this uid, name or id");
        assert_eq!(operator(&of(&[]), "x").unwrap_err().hint(), "there are no operators");
    }
}
