//! `--operator OP`: a uid, a name, an operator id, or a unique prefix of one.

use std::borrow::Cow;

use super::warnings::label_of;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::utf::Utf;

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

/// An operator that can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<'n> {
    /// Its id.
    pub id: OperatorId,
    /// The uid its author gave it.
    pub uid: Option<Cow<'n, str>>,
    /// Its name.
    pub name: Option<Cow<'n, str>>,
}

impl<'n> Named<'n> {
    /// The operators of one checkpoint.
    pub fn of(metadata: &Metadata<'n>) -> Vec<Named<'n>> {
        let named = |operator: OperatorState<'n>| Named {
            id: operator.id,
            uid: operator.uid.map(Utf::to_str),
            name: operator.name.map(Utf::to_str),
        };
        metadata.operators.iter().map(named).collect()
    }

    fn label(&self) -> String {
        let Named { id, uid, name } = self;
        let label = label_of(uid.as_deref(), name.as_deref(), "");
        if label.is_empty() { id.to_string() } else { label.to_owned() }
    }
}

/// The operator that OP names. An exact uid or id comes first, then an exact name, then a
/// prefix of any; a uid is hashed, so that it also fits metadata which only has ids (before 2.0).
///
/// # Errors
/// Nothing fits, or several do.
pub fn operator(operators: &[Named<'_>], op: &str) -> Result<OperatorId, NotOne> {
    let hashed = OperatorId::of_uid(op);
    let same_id = |operator: &Named<'_>| {
        operator.id == hashed
            || operator.id.to_string().eq_ignore_ascii_case(op)
            || operator.uid.as_deref() == Some(op)
    };
    let same_name = |operator: &Named<'_>| operator.name.as_deref() == Some(op);
    let lowercase = op.to_ascii_lowercase();
    let prefix = |operator: &Named<'_>| {
        let mut texts = [&operator.uid, &operator.name].into_iter().flatten();
        !op.is_empty()
            && (operator.id.to_string().starts_with(&lowercase)
                || texts.any(|text| text.starts_with(op)))
    };
    type Fits<'f> = &'f dyn Fn(&Named<'_>) -> bool;
    type Ambiguous = fn(Candidates) -> NotOne;
    let tiers: [(Fits<'_>, Ambiguous); 3] =
        [(&same_id, NotOne::Tie), (&same_name, NotOne::Tie), (&prefix, NotOne::Prefix)];
    for (fits, ambiguous) in tiers {
        let mut found = operators.iter().filter(|operator| fits(operator));
        match (found.next(), found.next()) {
            (None, _) => {}
            (Some(one), None) => return Ok(one.id),
            (Some(a), Some(b)) => {
                return Err(ambiguous(candidates([a, b].into_iter().chain(found))));
            }
        }
    }
    Err(NotOne::None(candidates(operators.iter())))
}

fn candidates<'n>(operators: impl Iterator<Item = &'n Named<'n>>) -> Candidates {
    const SHOWN: usize = 10;
    let mut candidates = Candidates { shown: Vec::new(), count: 0 };
    for operator in operators {
        candidates.count += 1;
        if candidates.shown.len() < SHOWN {
            candidates.shown.push(format!("{} ({})", operator.label(), operator.id));
        }
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(operators: &[(&'static str, &'static str)]) -> Vec<Named<'static>> {
        let text = |text: &'static str| (!text.is_empty()).then_some(Cow::Borrowed(text));
        let named = |(number, (uid, name)): (u8, &(&'static str, &'static str))| Named {
            id: OperatorId([number; 16]),
            uid: text(uid),
            name: text(name),
        };
        (1..).zip(operators).map(named).collect()
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
