//! A whole checkpoint: its head, its operators and their subtasks.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::channel;
use super::keyed;
use super::operator_state;
use super::pair::Pair;
use super::pair::list;
use super::place::Place;
use super::stream;

/// The keys of the oracle that our document has in its `checkpoint`.
const HEAD: [&str; 9] = [
    "metadataVersion",
    "metadataBytes",
    "checkpointId",
    "checkpointProperties",
    "masterStates",
    "totalStateSize",
    "totalCheckpointedSize",
    "handles",
    "referencedFiles",
];

/// Compares one document with one oracle and returns how many state handles were compared.
pub(crate) fn compare(mut pair: Pair<'_>, place: &Place<'_>) -> u64 {
    // What the oracle says about itself.
    for name in ["fixture", "pathPrefix"] {
        pair.take(name);
    }
    let path = pair.take("path").as_str().unwrap_or_default();
    let canonical = path.starts_with("savepoints-canonical/");
    let release = pair.take("flinkVersion").as_str().unwrap_or_default();
    // Until 1.14 Flink did not record what a checkpoint uploaded; the oracle's sum is then 0.
    let recorded = !release.starts_with("1.13.") && !release.starts_with("1.14.");

    pair.expect("schema", "chkctl.inspect.checkpoint/1");
    pair.expect("base", place.base_uri());
    let operators = pair.ours("operators");
    let mut inner = pair.deeper(&HEAD, "checkpoint");
    properties(&mut inner, canonical);
    head(inner, operators, recorded, place);
    let pairs = pair.children_by(("operators", "operatorId"), ("operators", "operator_id"));
    pairs.into_iter().map(|operator| compare_operator(operator, place)).sum()
}

fn head(mut pair: Pair<'_>, operators: &Value, recorded: bool, place: &Place<'_>) {
    pair.same("metadataVersion", "metadata_version");
    pair.same("metadataBytes", "metadata_bytes");
    pair.same("checkpointId", "id");
    pair.same("totalStateSize", "state_bytes");
    let new = pair.take("totalCheckpointedSize").clone();
    pair.expect("new_bytes", if recorded { new } else { Value::Null });
    pair.same("handles", "handles");

    for mut state in pair.children("masterStates", "master_states") {
        state.same("name", "name");
        state.same("version", "version");
        state.same("size", "bytes");
    }

    let flink = list(pair.take("referencedFiles")).into_iter();
    let flink: BTreeSet<String> =
        flink.map(|path| place.expected_path(path.as_str().unwrap_or_default())).collect();
    let mut ours = BTreeSet::new();
    collect_paths(operators, &mut ours);
    for path in flink.symmetric_difference(&ours) {
        pair.complain(format!("referenced by one side only: {path}"));
    }
    pair.expect("files", flink.len());
}

/// Kind, format and properties, all from one text that Flink made of them.
fn properties(pair: &mut Pair<'_>, canonical: bool) {
    let Some(flink) = pair.take_if_any("checkpointProperties") else {
        // Versions before 4 carry none, but handles of canonical savepoints are of a class of
        // their own.
        pair.expect("properties", Value::Null);
        pair.expect("kind", json!(canonical.then_some("savepoint")));
        pair.expect("savepoint_format", json!(canonical.then_some("canonical")));
        return;
    };
    let ours = pair.ours("properties");
    let mut inner = pair.with(format!("{}.properties", pair.at), flink, ours);
    inner.same("unclaimed", "unclaimed");
    let savepoint = inner.take("savepoint") == &Value::Bool(true);
    inner.expect("savepoint", savepoint);
    let text = inner.take("type");
    let kind = &ours["checkpoint_type"];
    let field = |name: &str| kind[name].as_str().unwrap_or_default();
    let ours = match field("class") {
        "SavepointType" => format!(
            "SavepointType{{name='{}', postCheckpointAction={}, formatType={}}}",
            field("name"),
            field("post_checkpoint_action"),
            field("format_type"),
        ),
        class => format!(
            "{class}{{name='{}', sharingFilesStrategy={}}}",
            field("name"),
            field("sharing_files_strategy"),
        ),
    };
    if text != ours.as_str() {
        inner.complain(format!("checkpoint_type: Flink {text}, ours {ours}"));
    }
    drop(inner);
    let format = ["canonical", "native"].into_iter().find(|format| {
        text.as_str().unwrap_or_default().contains(&format!("formatType={}", format.to_uppercase()))
    });
    pair.expect("kind", if savepoint { "savepoint" } else { "checkpoint" });
    pair.expect("savepoint_format", json!(format));
}

fn compare_operator(mut pair: Pair<'_>, place: &Place<'_>) -> u64 {
    for (flink, ours) in [
        ("operatorId", "operator_id"),
        ("uid", "uid"),
        ("name", "name"),
        ("parallelism", "parallelism"),
        ("maxParallelism", "max_parallelism"),
        ("stateSize", "state_bytes"),
        ("checkpointedSize", "new_bytes"),
    ] {
        pair.same(flink, ours);
    }
    let finished = finished(pair.take("fullyFinished"));
    pair.expect("fully_finished", finished);
    let class = if finished { "FullyFinishedOperatorState" } else { "OperatorState" };
    if pair.take("class") != class {
        pair.complain(format!("Flink's class is not {class}"));
    }
    match pair.child_or_null("coordinatorState", "coordinator") {
        Some(coordinator) => {
            pair.expect("coordinator_bytes", coordinator.ours("state_bytes").clone());
            stream::compare(coordinator, place);
        }
        None => pair.expect("coordinator_bytes", 0),
    }
    let subtasks = pair.children_by(("subtasks", "index"), ("subtasks", "index"));
    subtasks.into_iter().map(|subtask| compare_subtask(subtask, place)).sum()
}

fn compare_subtask(mut pair: Pair<'_>, place: &Place<'_>) -> u64 {
    pair.same("index", "index");
    pair.same("stateSize", "state_bytes");
    pair.same("checkpointedSize", "new_bytes");
    let finished = finished(pair.take("finished"));
    pair.expect("finished", finished);
    // A slot in Flink's classes that is never written to a file.
    if pair.take("upstreamOutputBuffer") != &json!([]) {
        pair.complain("Flink has upstream output buffers".to_owned());
    }
    type Compare = fn(Pair<'_>, &Place<'_>);
    let slots: [(&str, &str, Compare); 6] = [
        ("managedKeyed", "managed_keyed", keyed::compare),
        ("rawKeyed", "raw_keyed", keyed::compare_raw),
        ("managedOperator", "managed_operator", operator_state::compare),
        ("rawOperator", "raw_operator", operator_state::compare),
        ("inputChannel", "input_channel", channel::compare_input),
        ("resultSubpartition", "result_subpartition", channel::compare_output),
    ];
    let mut handles = 0;
    for (flink, ours, compare) in slots {
        for handle in pair.children(flink, ours) {
            compare(handle, place);
            handles += 1;
        }
    }
    handles
}

/// Releases before 1.14 did not know the word; nothing was finished then.
fn finished(flink: &Value) -> bool {
    flink == &Value::Bool(true)
}

/// Every file a handle of our document names; an empty segment's path is no file.
fn collect_paths(value: &Value, paths: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_paths(item, paths)),
        Value::Object(object) => {
            let empty = object.get("class").is_some_and(|c| c == "EmptySegmentFileStateHandle");
            if let (false, Some(path)) = (empty, object.get("path").and_then(Value::as_str)) {
                paths.insert(path.to_owned());
            }
            object.values().for_each(|item| collect_paths(item, paths));
        }
        _ => {}
    }
}
