//! What is worth a word although the report can be made.

use super::Overview;
use super::compare::Difference;
use super::files::Files;
use crate::format::flink::backend_meta::Note;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::properties::CheckpointProperties;
use crate::format::flink::utf::Utf;
use crate::model::Location;
use crate::model::places::Places;
use crate::model::rebase::Rule;

/// Something noticed, with a stable code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// What it is about.
    pub subject: String,
    /// What was noticed, in words.
    pub message: String,
}

impl Finding {
    fn of_operator(code: &'static str, operator: &OperatorState<'_>, message: String) -> Self {
        Finding { code, subject: label(operator), message }
    }

    pub(super) fn unread_meta(
        operator: &OperatorState<'_>,
        subtask: i32,
        error: &str,
        count: usize,
    ) -> Self {
        let more = more(count);
        let message = format!("states of subtask {subtask} are unknown: {error}{more}");
        Finding::of_operator("backend-meta-unreadable", operator, message)
    }

    pub(super) fn partial_meta(
        operator: &OperatorState<'_>,
        complete: bool,
        note: Option<&Note>,
    ) -> Self {
        let what = if complete { "a part was skipped" } else { "not all states are listed" };
        let note =
            note.map_or(String::new(), |note| format!(": byte {}: {}", note.offset, note.text));
        let message = format!("in the meta of its states {what}{note}");
        Finding::of_operator("backend-meta-partial", operator, message)
    }

    pub(crate) fn unknown_backend(
        operator: &OperatorState<'_>,
        subtask: i32,
        why: &str,
        count: usize,
    ) -> Self {
        let more = more(count);
        let message = format!("which backend wrote subtask {subtask} is unknown: {why}{more}");
        Finding::of_operator("backend-unknown", operator, message)
    }

    pub(super) fn rebase_unused(rule: &Rule) -> Self {
        Finding {
            code: "rebase-unused",
            subject: rule.from.to_string(),
            message: "no path in the metadata lies below this place, so --rebase changes nothing"
                .into(),
        }
    }

    pub(super) fn odd_parallelism(operator: &OperatorState<'_>) -> Self {
        let OperatorState { parallelism, max_parallelism, .. } = operator;
        let message = format!(
            "its parallelism is {parallelism}, at most {max_parallelism}, which no job can \
             have; the rest of the file was read as it is"
        );
        Finding::of_operator("odd-parallelism", operator, message)
    }

    pub(super) fn relative_shared(path: String) -> Self {
        Finding {
            code: "relative-shared-handle",
            subject: path,
            message: "a shared file of a checkpoint has a relative path, as after claiming a \
                      native savepoint (FLINK-39964): the file may lie in that savepoint's \
                      directory, and then Flink cannot restore this checkpoint"
                .into(),
        }
    }

    pub(super) fn suspicious_path(path: String) -> Self {
        Finding {
            code: "suspicious-path",
            subject: path,
            message: "the path leads through `..` or is no path at all, which no Flink writes; \
                      it is not followed"
                .into(),
        }
    }

    pub(super) fn differing_state(
        operator: &OperatorState<'_>,
        state: Utf<'_>,
        (first_subtask, subtask): (i32, i32),
        difference: &Difference,
        count: usize,
    ) -> Self {
        let Difference { role, first, other } = difference;
        let more = more(count);
        let message = format!(
            "{role} of state {state} is {first} in subtask {first_subtask} and {other} in \
             subtask {subtask}{more}"
        );
        Finding::of_operator("state-differs", operator, message)
    }
}

fn more(count: usize) -> String {
    match count {
        1 => String::new(),
        n => format!(" (and {} more of this operator)", n - 1),
    }
}

/// What an operator is called: uid, name or id.
pub fn label(operator: &OperatorState<'_>) -> String {
    let [uid, name] = [operator.uid, operator.name].map(|text| text.map(|text| text.to_string()));
    label_of(uid, name, operator.id.to_string())
}

/// What is called by a uid, a name or an id.
pub fn label_of<T>(uid: Option<T>, name: Option<T>, id: T) -> T {
    uid.or(name).unwrap_or(id)
}

/// What a metadata file itself gives reason for.
pub(crate) fn of_the_file(metadata: &Metadata<'_>, location: &Location) -> Vec<Finding> {
    let subject = location.display_short().into_owned();
    let mut findings = Vec::new();
    let mut add = |code, message| {
        findings.push(Finding { code, subject: subject.clone(), message });
    };
    if metadata.layout.version == 7 {
        let message = "metadata version 7 is a draft (FLIP-600) that no release up to 2.3 writes; \
                       it was read as the draft describes it";
        add("metadata-version-7", message.into());
    }
    if let Some(trailing) = metadata.trailing {
        let message = format!(
            "{} bytes behind the end of the format, from byte {} on; Flink ignores them",
            trailing.bytes, trailing.offset
        );
        add("trailing-bytes", message);
    }
    if let Some(CheckpointProperties::Unfamiliar { class, what }) = metadata.properties() {
        let message = format!("the checkpoint properties are unfamiliar: {class}: {what}");
        add("properties-unfamiliar", message);
    }
    findings
}

pub(super) fn of_the_files(overview: &Overview, files: &Files, base: &Location) -> Vec<Finding> {
    let references = &files.references;
    let relative = references.relative_shared(0).map(|node| references.paths(base).of(node));
    let mut findings = Vec::new();
    if let Some(path) = relative
        && overview.snapshot.is_some_and(|kind| !kind.is_savepoint())
    {
        findings.push(Finding::relative_shared(path));
    }
    if let Some(path) = &files.suspicious {
        findings.push(Finding::suspicious_path(path.clone()));
    }
    findings
}

/// Rules of the user that mapped no path; asked when all paths have been looked at.
pub(crate) fn of_the_rules(places: &Places<'_>, is_used: impl Fn(usize) -> bool) -> Vec<Finding> {
    let rules = places.rebasing().rules().iter().enumerate();
    let unused = rules.filter(|(number, rule)| rule.stated && !is_used(*number));
    unused.map(|(_, rule)| Finding::rebase_unused(rule)).collect()
}
