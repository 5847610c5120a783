//! How the checkpoints of a job share files.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::references::Paths;
use crate::ops::inspect::history::Group;
use crate::ops::inspect::history::History;
use crate::ops::inspect::history::Mark;
use crate::ops::inspect::tree::Facts;
use crate::ops::inspect::tree::Row;
use crate::report::inspect::KeyGroupsJson;
use crate::report::seq::Seq;

/// Files by checkpoints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryJson<'r> {
    /// The checkpoints, the oldest first.
    pub checkpoints: Vec<ColumnJson>,
    /// The subtasks that use shared files.
    pub groups: Seq<'r, HistoryGroupJson<'r>>,
}

/// One checkpoint of a history.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ColumnJson {
    /// Checkpoint id.
    pub id: Option<i64>,
    /// Full size.
    pub state_bytes: Option<u64>,
    /// What it uploaded.
    pub new_bytes: Option<u64>,
    /// Shared files that it is the first to have; null for the oldest, if it has any: no older
    /// one is there to tell which of them are new.
    pub new_files: Option<u64>,
    /// Shared files that one before had as well.
    pub reused_files: u64,
    /// Shared files that the one before had and it has not.
    pub gone_files: u64,
}

/// The files of one subtask.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryGroupJson<'r> {
    /// 32 hex digits.
    pub operator_id: String,
    /// Its uid, where a checkpoint has it.
    pub uid: Option<String>,
    /// Its name, where a checkpoint has it.
    pub name: Option<String>,
    /// Subtask index.
    pub subtask: Option<i32>,
    /// Its key groups, both inclusive, in the newest checkpoint that has it.
    pub key_groups: Option<KeyGroupsJson>,
    /// Files that checkpoints can share, in the order in which they appeared.
    pub files: Seq<'r, HistoryFileJson>,
}

/// A file of a history.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryFileJson {
    /// The name under which the backend knows it; null where it has none.
    pub local_name: Option<String>,
    /// Path below the base, or a URI; of inline state the path it would have had.
    pub path: String,
    /// Where it begins in that file, if it is a segment of a merged one.
    pub offset: Option<u64>,
    /// Whether it is inside the metadata, and no file.
    pub inline: bool,
    /// Bytes; null if not known.
    pub bytes: Option<u64>,
    /// A sign for each checkpoint: `o` in the oldest, `+` new, `=` reused, `-` gone, `.` absent.
    pub marks: String,
    /// How many of all checkpoints that were read refer to it.
    pub count: u64,
}

pub(super) fn document<'r>(facts: &'r Facts, history: &'r History) -> HistoryJson<'r> {
    let sums = history.sums(facts, history.groups.iter());
    let rows = history.columns.iter().filter_map(|at| facts.rows.get(*at));
    let column = |(row, sums): (&Row, &crate::ops::inspect::history::Column)| ColumnJson {
        id: row.id,
        state_bytes: row.sizes(facts.only).and_then(|sizes| sizes.state),
        new_bytes: row.sizes(facts.only).and_then(|sizes| sizes.new),
        new_files: (sums.oldest.files == 0).then_some(sums.new.files),
        reused_files: sums.reused.files,
        gone_files: sums.gone.files,
    };
    let paths = Rc::new(facts.references.paths(&facts.subject.base));
    HistoryJson {
        checkpoints: rows.zip(&sums).map(column).collect(),
        groups: Seq::new(move || {
            let paths = Rc::clone(&paths);
            let groups = history.groups.iter().filter(|group| !group.nodes.is_empty());
            groups.map(move |group| group_json(facts, history, group, &paths))
        }),
    }
}

fn group_json<'r>(
    facts: &'r Facts,
    history: &'r History,
    group: &'r Group,
    paths: &Rc<Paths<'r>>,
) -> HistoryGroupJson<'r> {
    let paths = Rc::clone(paths);
    let name = facts.operators.get(&group.operator);
    HistoryGroupJson {
        operator_id: group.operator.to_string(),
        uid: name.and_then(|name| name.uid.clone()),
        name: name.and_then(|name| name.name.clone()),
        subtask: group.subtask,
        key_groups: group.key_groups.and_then(KeyGroupsJson::of),
        files: Seq::new(move || files(facts, history, group, Rc::clone(&paths))),
    }
}

fn files<'r>(
    facts: &'r Facts,
    history: &'r History,
    group: &'r Group,
    paths: Rc<Paths<'r>>,
) -> impl Iterator<Item = HistoryFileJson> + 'r {
    let references = &facts.references;
    group.nodes.iter().map(move |node| HistoryFileJson {
        local_name: references.local_name(*node),
        path: paths.of(*node),
        offset: references.offset(*node),
        inline: references.kind(*node) == crate::model::references::Kind::Inline,
        bytes: references.bytes(*node),
        marks: history.marks(facts, group, *node).into_iter().map(Mark::sign).collect(),
        count: references.checkpoints_of(*node).count() as u64,
    })
}
