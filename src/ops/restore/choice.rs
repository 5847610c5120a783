//! Which subtasks are meant: `--operator`, `--subtask`, `--key-group`, `--all`. Pure.

use std::collections::BTreeSet;

use super::candidates::Candidate;
use crate::format::flink::operator::OperatorId;

/// Names that a hint repeats at most.
const SHOWN: usize = 10;

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// One operator.
    pub operator: Option<OperatorId>,
    /// One subtask of it.
    pub subtask: Option<i32>,
    /// The subtask that owns a key group.
    pub key_group: Option<i32>,
    /// First and last key group of which rows are kept.
    pub key_groups: Option<(i32, i32)>,
    /// Everything.
    pub all: bool,
    /// One database for all subtasks of an operator.
    pub merge: bool,
}

/// Why a choice names nothing, or too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmeant {
    /// Several operators have keyed state.
    #[error("--subtask: {count} operators have keyed state")]
    Operators {
        /// How many.
        count: usize,
        /// Some of them.
        shown: Vec<String>,
    },
    /// Nothing says which databases.
    #[error("the checkpoint has {count} databases")]
    Databases {
        /// How many.
        count: usize,
        /// Some of their subtasks.
        shown: Vec<String>,
    },
    /// No such subtask.
    #[error("--subtask {subtask}: {operator} has no such subtask with state")]
    Subtask {
        /// The index.
        subtask: i32,
        /// The operator.
        operator: String,
        /// Those it has.
        shown: Vec<String>,
    },
    /// No subtask owns a key group.
    #[error("{flag} {wanted}: no subtask{operator} has any of it")]
    KeyGroup {
        /// What was given.
        flag: &'static str,
        /// The key group or key groups.
        wanted: String,
        /// Of which operator, if it is one.
        operator: String,
        /// Those there are.
        shown: Vec<String>,
    },
    /// The operator has none.
    #[error("{operator} has no keyed state")]
    NoKeyedState {
        /// The operator.
        operator: String,
        /// Operators that have.
        shown: Vec<String>,
    },
}

impl Unmeant {
    /// What can be meant.
    pub fn hint(&self) -> String {
        match self {
            Unmeant::Operators { shown, .. } => {
                format!("name one with --operator: {}", shown.join(", "))
            }
            Unmeant::Databases { shown, .. } => format!(
                "choose with --all, --operator OP, or --operator OP --subtask N: {}",
                shown.join(", ")
            ),
            Unmeant::Subtask { shown, .. }
            | Unmeant::KeyGroup { shown, .. }
            | Unmeant::NoKeyedState { shown, .. }
                if shown.is_empty() =>
            {
                "nothing in this checkpoint has keyed state".to_owned()
            }
            Unmeant::Subtask { shown, .. } | Unmeant::KeyGroup { shown, .. } => {
                format!("there are: {}", shown.join(", "))
            }
            Unmeant::NoKeyedState { shown, .. } => {
                format!("these have: {}", shown.join(", "))
            }
        }
    }
}

impl Choice {
    /// The subtasks that are meant.
    ///
    /// # Errors
    /// See [`Unmeant`].
    pub fn of<'c, 'a>(&self, all: &'c [Candidate<'a>]) -> Result<Vec<&'c Candidate<'a>>, Unmeant> {
        let of_operator = |one: &&Candidate<'a>| self.operator.is_none_or(|id| id == one.operator);
        let mut chosen: Vec<&Candidate<'a>> = all.iter().filter(of_operator).collect();
        let keyed: BTreeSet<OperatorId> =
            chosen.iter().filter(|one| one.is_keyed()).map(|one| one.operator).collect();
        if self.subtask.is_some() {
            chosen = self.single(all, chosen, &keyed)?;
        } else if let Some(id) = self.operator
            && keyed.is_empty()
        {
            let operator = chosen.first().map_or(id.to_string(), |one| one.operator_label());
            return Err(Unmeant::NoKeyedState { operator, shown: operators(all) });
        } else if self.operator.is_none() && !self.all && !self.merge && self.key_group.is_none() {
            chosen.retain(|one| one.is_keyed());
            let count = chosen.len();
            if count > 1 {
                let mut shown: Vec<String> =
                    chosen.iter().take(SHOWN).map(|one| one.label()).collect();
                if let Some(more) = count.checked_sub(SHOWN).filter(|more| *more > 0) {
                    shown.push(format!("{more} more"));
                }
                return Err(Unmeant::Databases { count, shown });
            }
        }
        if let Some(subtask) = self.subtask {
            self.retain_subtask(subtask, &mut chosen)?;
        }
        if let Some(key_group) = self.key_group {
            let wanted = (key_group, key_group);
            self.retain_key_groups("--key-group", wanted, &mut chosen)?;
        }
        if let Some(wanted) = self.key_groups {
            self.retain_key_groups("--key-groups", wanted, &mut chosen)?;
        }
        Ok(chosen)
    }

    /// The subtasks of the only operator that can be meant.
    fn single<'c, 'a>(
        &self,
        all: &[Candidate<'a>],
        mut chosen: Vec<&'c Candidate<'a>>,
        keyed: &BTreeSet<OperatorId>,
    ) -> Result<Vec<&'c Candidate<'a>>, Unmeant> {
        let mut ids = keyed.iter();
        match (ids.next(), ids.next()) {
            (Some(id), None) => {
                chosen.retain(|one| one.operator == *id);
                Ok(chosen)
            }
            (None, _) => {
                let operator = match self.operator {
                    Some(id) => chosen.first().map_or(id.to_string(), |one| one.operator_label()),
                    None => "the checkpoint".to_owned(),
                };
                Err(Unmeant::NoKeyedState { operator, shown: operators(all) })
            }
            _ => Err(Unmeant::Operators { count: keyed.len(), shown: operators(all) }),
        }
    }

    fn retain_subtask(
        &self,
        subtask: i32,
        chosen: &mut Vec<&Candidate<'_>>,
    ) -> Result<(), Unmeant> {
        let of = |one: &&Candidate<'_>| format!("subtask {}", one.subtask);
        let there: Vec<String> = chosen.iter().take(SHOWN).map(of).collect();
        let operator = chosen.first().map_or(String::new(), |one| one.operator_label());
        chosen.retain(|one| one.subtask == subtask);
        match chosen.is_empty() {
            true => Err(Unmeant::Subtask { subtask, operator, shown: there }),
            false => Ok(()),
        }
    }

    fn retain_key_groups(
        &self,
        flag: &'static str,
        (from, to): (i32, i32),
        chosen: &mut Vec<&Candidate<'_>>,
    ) -> Result<(), Unmeant> {
        chosen.retain(|one| one.is_keyed());
        let several = chosen.windows(2).any(|two| match two {
            [one, other] => one.operator != other.operator,
            _ => false,
        });
        let range = |one: &&Candidate<'_>| {
            let (first, last) = one.key_groups.bounds()?;
            let whose = if several { one.label() } else { format!("subtask {}", one.subtask) };
            Some(format!("{first}-{last} ({whose})"))
        };
        let shown: Vec<String> = chosen.iter().filter_map(range).take(SHOWN).collect();
        let operator = match chosen.first() {
            Some(one) if !several => format!(" of {}", one.operator_label()),
            _ => String::new(),
        };
        chosen.retain(|one| {
            one.key_groups.bounds().is_some_and(|(first, last)| from <= last && first <= to)
        });
        if !chosen.is_empty() {
            return Ok(());
        }
        let wanted = if from == to { from.to_string() } else { format!("{from}-{to}") };
        Err(Unmeant::KeyGroup { flag, wanted, operator, shown })
    }
}

/// Operators that have keyed state, as they can be named.
fn operators(all: &[Candidate<'_>]) -> Vec<String> {
    let keyed = all.iter().filter(|one| one.is_keyed());
    let labels: BTreeSet<String> = keyed.map(Candidate::operator_label).collect();
    let count = labels.len();
    let mut shown: Vec<String> = labels.into_iter().take(SHOWN).collect();
    if let Some(more) = count.checked_sub(SHOWN).filter(|more| *more > 0) {
        shown.push(format!("{more} more"));
    }
    shown
}
