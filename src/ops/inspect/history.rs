//! How the checkpoints of a job share files: one row a file, in the order in which they
//! appeared, one column a checkpoint. Pure.

use std::collections::BTreeMap;
use std::collections::HashSet;

use super::tree::Count;
use super::tree::Facts;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::operator::OperatorId;
use crate::model::references;
use crate::model::references::NodeId;
use crate::model::walk::Role;

/// The files of a job by the subtasks that use them.
#[derive(Debug)]
pub struct History {
    /// The checkpoints, as positions in [`Facts::rows`], the oldest first.
    pub columns: Vec<usize>,
    /// The subtasks, in the order of their operators' ids.
    pub groups: Vec<Group>,
    /// The column of each checkpoint by its number in the references.
    column_of: Vec<Option<usize>>,
}

/// One subtask.
#[derive(Debug)]
pub struct Group {
    /// The operator.
    pub operator: OperatorId,
    /// The subtask.
    pub subtask: Option<i32>,
    /// Its key groups in the newest checkpoint that has it.
    pub key_groups: Option<KeyGroupRange>,
    /// Files that checkpoints can share, in the order in which they appeared.
    pub nodes: Vec<NodeId>,
    /// What belongs to each checkpoint alone: metadata of the database, operator state, ...
    pub exclusive: Vec<Count>,
    /// How many of the files are in their order.
    ordered: usize,
}

/// What a checkpoint has to do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It has it, and there is no older checkpoint to tell whether it is new.
    Oldest,
    /// It is the first that has it.
    New,
    /// It has it, as one before did.
    Reused,
    /// The one before had it.
    Gone,
    /// It does not have it.
    Absent,
}

impl Mark {
    /// The sign for it in a picture.
    pub fn sign(self) -> char {
        match self {
            Mark::Oldest => 'o',
            Mark::New => '+',
            Mark::Reused => '=',
            Mark::Gone => '-',
            Mark::Absent => '.',
        }
    }
}

/// Files of one checkpoint by what it has to do with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Column {
    /// It has them, and is the oldest.
    pub oldest: Count,
    /// It is the first that has them.
    pub new: Count,
    /// One before had them as well.
    pub reused: Count,
    /// The one before had them.
    pub gone: Count,
}

/// Whether references of this role can be shared by checkpoints.
fn is_shared(group: &references::Group<'_>) -> bool {
    let materialized = group.database.is_some_and(|database| database.materialized);
    matches!(group.role, Role::Shared | Role::Changelog) || materialized
}

impl History {
    /// The history of the job that a tree is.
    pub fn of(facts: &Facts) -> History {
        let own = facts.own_unit();
        let is_own = |at: &usize| {
            let row = &facts.rows[*at];
            Some(row.unit) == own && row.number.is_some()
        };
        let columns: Vec<usize> = (0..facts.rows.len()).filter(is_own).collect();
        let mut column_of = vec![None; facts.references.checkpoints() as usize];
        let mut groups: BTreeMap<(OperatorId, Option<i32>), (Group, HashSet<NodeId>)> =
            BTreeMap::new();
        for (column, at) in columns.iter().enumerate() {
            let Some(number) = facts.rows[*at].number else { continue };
            column_of[number as usize] = Some(column);
            for found in facts.references.groups(number) {
                if facts.only.is_some_and(|only| only != found.operator) {
                    continue;
                }
                let key = (found.operator, found.subtask);
                let (group, known) = groups.entry(key).or_insert_with(|| {
                    (Group::new(found.operator, found.subtask, columns.len()), HashSet::new())
                });
                group.add(facts, &found, column, known);
            }
            groups.values_mut().for_each(|(group, _)| group.end_column(facts));
        }
        let groups = groups.into_values().map(|(group, _)| group).collect();
        History { columns, groups, column_of }
    }

    /// What each checkpoint has to do with a file of a group.
    pub fn marks(&self, facts: &Facts, group: &Group, node: NodeId) -> Vec<Mark> {
        let mut has = vec![false; self.columns.len()];
        for (number, found) in facts.references.groups_of(node) {
            let same = found.operator == group.operator && found.subtask == group.subtask;
            if let Some(Some(column)) = self.column_of.get(number as usize)
                && same
                && is_shared(&found)
            {
                has[*column] = true;
            }
        }
        let mut had = false;
        let mut marks = Vec::with_capacity(has.len());
        for (column, has_it) in has.iter().enumerate() {
            let before = column > 0 && has[column - 1];
            marks.push(match (has_it, had, before) {
                (true, false, _) if column == 0 => Mark::Oldest,
                (true, false, _) => Mark::New,
                (true, true, _) => Mark::Reused,
                (false, _, true) => Mark::Gone,
                (false, _, false) => Mark::Absent,
            });
            had |= has_it;
        }
        marks
    }

    /// Files of some groups by what each checkpoint has to do with them.
    pub fn sums<'g>(&self, facts: &Facts, groups: impl Iterator<Item = &'g Group>) -> Vec<Column> {
        let mut sums = vec![Column::default(); self.columns.len()];
        for group in groups {
            for node in &group.nodes {
                let bytes = facts.references.bytes(*node).unwrap_or_default();
                for (column, mark) in sums.iter_mut().zip(self.marks(facts, group, *node)) {
                    match mark {
                        Mark::Oldest => column.oldest.add(bytes),
                        Mark::New => column.new.add(bytes),
                        Mark::Reused => column.reused.add(bytes),
                        Mark::Gone => column.gone.add(bytes),
                        Mark::Absent => {}
                    }
                }
            }
        }
        sums
    }
}

impl Group {
    fn new(operator: OperatorId, subtask: Option<i32>, columns: usize) -> Self {
        let exclusive = vec![Count::default(); columns];
        Group { operator, subtask, key_groups: None, nodes: Vec::new(), exclusive, ordered: 0 }
    }

    /// Puts the files that one checkpoint is the first to have into the order in which the
    /// backend made them, as far as their numbers tell.
    fn end_column(&mut self, facts: &Facts) {
        let new = self.nodes.get_mut(self.ordered..).unwrap_or_default();
        new.sort_by_cached_key(|node| {
            let name = facts.references.local_name(*node).unwrap_or_default();
            let number = references::sst_number(name.as_bytes());
            (number.is_none(), number, name)
        });
        self.ordered = self.nodes.len();
    }

    fn add(
        &mut self,
        facts: &Facts,
        found: &references::Group<'_>,
        column: usize,
        known: &mut HashSet<NodeId>,
    ) {
        let references = &facts.references;
        if let Some(database) = &found.database {
            self.key_groups = Some(database.key_groups);
        }
        for node in references.nodes(*found) {
            if is_shared(found) {
                if known.insert(node) {
                    self.nodes.push(node);
                }
            } else {
                self.exclusive[column].add(references.bytes(node).unwrap_or_default());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::model::references::tests::worlds::World;
    use crate::model::references::tests::worlds::any_world;
    use crate::ops::inspect::tree::tests::facts_of;

    /// What a checkpoint has, whatever it is that the world's table has there.
    type Sets = Vec<BTreeSet<String>>;

    /// The table of a world by operator and subtask: what each checkpoint has there.
    fn table(world: &World) -> BTreeMap<(u8, i32), Sets> {
        let mut table: BTreeMap<(u8, i32), Sets> = BTreeMap::new();
        for (column, operators) in world.checkpoints.iter().enumerate() {
            for (operator, subtasks) in (1..).zip(operators) {
                for (subtask, shared) in (0..).zip(subtasks) {
                    let sets = table
                        .entry((operator, subtask))
                        .or_insert_with(|| vec![BTreeSet::new(); world.checkpoints.len()]);
                    sets[column].extend(shared.iter().map(|one| one.what.identity()));
                }
            }
        }
        table
    }

    /// The signs of one file by the sets that do or do not have it.
    fn signs(sets: &Sets, what: &str) -> String {
        let has: Vec<bool> = sets.iter().map(|set| set.contains(what)).collect();
        let sign = |column: usize| match (has[column], has[..column].contains(&true)) {
            (true, false) if column == 0 => 'o',
            (true, false) => '+',
            (true, true) => '=',
            (false, true) if has[column - 1] => '-',
            (false, _) => '.',
        };
        (0..has.len()).map(sign).collect()
    }

    proptest! {
        #[test]
        fn each_subtask_has_the_marks_that_its_sets_say(world in any_world()) {
            let facts = facts_of(&world);
            let history = History::of(&facts);
            prop_assert_eq!(history.columns.len(), world.checkpoints.len());
            let mut expected: Vec<_> = table(&world).into_iter().collect();
            for group in &history.groups {
                let key = (group.operator.0[0], group.subtask.unwrap());
                // A subtask without state is none for the history.
                let at = expected.iter().position(|(known, _)| *known == key).unwrap();
                let (_, sets) = expected.remove(at);
                let files: BTreeSet<&String> = sets.iter().flatten().collect();
                prop_assert_eq!(group.nodes.len(), files.len());
                let mut ours: Vec<String> = Vec::new();
                let mut first = 0;
                for node in &group.nodes {
                    let marks = history.marks(&facts, group, *node);
                    let text: String = marks.iter().map(|mark| mark.sign()).collect();
                    let appeared = text.find(['o', '+']).unwrap();
                    prop_assert!(first <= appeared, "in the order in which they appeared");
                    first = appeared;
                    ours.push(text);
                }
                let mut theirs: Vec<String> =
                    files.iter().map(|what| signs(&sets, what)).collect();
                ours.sort();
                theirs.sort();
                prop_assert_eq!(&ours, &theirs);

                let sums = history.sums(&facts, std::iter::once(group));
                for (column, sum) in sums.iter().enumerate() {
                    let count = |sign: char| {
                        let of_it = theirs.iter().filter(|text| text.chars().nth(column) == Some(sign));
                        of_it.count() as u64
                    };
                    let found = [sum.oldest.files, sum.new.files, sum.reused.files, sum.gone.files];
                    prop_assert_eq!(found, ['o', '+', '=', '-'].map(count));
                }
            }
            prop_assert!(expected.iter().all(|(_, sets)| sets.iter().all(BTreeSet::is_empty)));
        }
    }
}
