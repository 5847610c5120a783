//! Keyed state handles.

use serde_json::Value;

use super::backend_meta;
use super::pair::Pair;
use super::place::Place;
use super::stream;

/// Compares a handle of managed keyed state, changelog handles with all they hold.
pub(crate) fn compare(mut pair: Pair<'_>, place: &Place<'_>) {
    let class = pair.take("class").clone();
    pair.expect("class", class.clone());
    let class = class.as_str().unwrap_or_default();
    let size = pair.ours("state_bytes").clone();
    pair.same("stateSize", "state_bytes");
    // Flink's oracle has null where the release did not know such a size; a canonical savepoint
    // is all new, and looks the same in 1.14 as in 1.15, which knew it.
    let new = pair.take("checkpointedSize").clone();
    let old_savepoint = class == "KeyGroupsSavepointStateHandle" && new.is_null();
    pair.expect("new_bytes", if old_savepoint { size } else { new });
    key_groups(&mut pair);
    let id = pair.take("stateHandleId").clone();
    // A handle of a canonical savepoint carries no id: Flink's is made up when it is read.
    let id = if class == "KeyGroupsSavepointStateHandle" { Value::Null } else { id };
    pair.expect("state_handle_id", id);
    match class {
        "IncrementalRemoteKeyedStateHandle" => incremental(pair, place),
        "KeyGroupsStateHandle" | "KeyGroupsSavepointStateHandle" => {
            backend_meta::compare_keyed(pair.child("backendMeta", "backend_meta"));
            one_stream(pair, place);
        }
        "ChangelogStateBackendHandleImpl" => changelog(pair, place),
        "ChangelogStateHandleStreamImpl" => changelog_segment(pair, place),
        other => pair.complain(format!("{other} is not known to this test")),
    }
}

/// Compares a handle of raw keyed state, a stream whose content only its operator knows.
pub(crate) fn compare_raw(mut pair: Pair<'_>, place: &Place<'_>) {
    pair.same("class", "class");
    pair.same("stateSize", "state_bytes");
    pair.same("checkpointedSize", "new_bytes");
    pair.same("stateHandleId", "state_handle_id");
    key_groups(&mut pair);
    // Flink tried to read a backend meta here, and failed as it must.
    let error = pair.take("backendMeta");
    if error.get("error").is_none() {
        pair.complain(format!("Flink reads {error} in raw state"));
    }
    pair.expect("backend_meta", Value::Null);
    one_stream(pair, place);
}

fn one_stream(mut pair: Pair<'_>, place: &Place<'_>) {
    pair.same("offsets", "offsets");
    stream::compare(pair.child("delegate", "handle"), place);
}

fn incremental(mut pair: Pair<'_>, place: &Place<'_>) {
    pair.same("backendIdentifier", "backend_id");
    pair.same("checkpointId", "checkpoint_id");
    stream::compare(pair.child("metaStateHandle", "meta"), place);
    for (flink, ours) in [("sharedState", "shared"), ("privateState", "private")] {
        for mut file in pair.children_by((flink, "localPath"), (ours, "local_name")) {
            file.same("localPath", "local_name");
            stream::compare(file.child("handle", "handle"), place);
        }
    }
    backend_meta::compare_keyed(pair.child("backendMeta", "backend_meta"));
}

fn changelog(mut pair: Pair<'_>, place: &Place<'_>) {
    pair.same("materializationId", "materialization_id");
    pair.same("checkpointId", "checkpoint_id");
    // What `checkpointedSize` is made of.
    pair.same("persistedSizeOfThisCheckpoint", "new_bytes");
    for (flink, ours) in [("materialized", "materialized"), ("nonMaterialized", "non_materialized")]
    {
        for part in pair.children(flink, ours) {
            compare(part, place);
        }
    }
}

fn changelog_segment(mut pair: Pair<'_>, place: &Place<'_>) {
    pair.same("incrementalSize", "incremental_bytes");
    pair.same("storageIdentifier", "storage");
    for mut entry in pair.children("handles", "handles") {
        entry.same("offset", "offset");
        stream::compare_changes(entry.child("handle", "handle"), place);
    }
}

fn key_groups(pair: &mut Pair<'_>) {
    let range = pair.take("keyGroupRange").clone();
    let empty = range["end"].as_i64() < range["start"].as_i64();
    pair.expect("key_groups", if empty { Value::Null } else { range });
}
