//! Operator state handles.

use serde_json::Value;

use super::backend_meta;
use super::pair::Pair;
use super::place::Place;
use super::stream;

/// Compares a handle of operator state.
pub(crate) fn compare(mut pair: Pair<'_>, place: &Place<'_>) {
    pair.same("class", "class");
    let size = pair.take("stateSize");
    pair.expect("state_bytes", size.clone());
    // Operator state is always written anew. Flink says so for some classes, for others nothing.
    let new = pair.take("checkpointedSize");
    if !new.is_null() && new != size {
        pair.complain(format!("Flink: {new} new bytes of {size}"));
    }
    for mut state in backend_meta::compare_maps(&mut pair, "states", "states") {
        state.same("mode", "mode");
        state.same("offsets", "offsets");
    }
    for (flink, ours) in [("taskOwnedDir", "task_owned_dir"), ("sharedDir", "shared_dir")] {
        match pair.take_if_any(flink) {
            Some(directory) => stream::compare_directory(directory, &pair, ours, place),
            None if pair.ours.get(ours).is_none_or(Value::is_null) => {}
            None => pair.complain(format!("{ours}: Flink has none")),
        }
    }
    stream::compare(pair.child("delegate", "handle"), place);
    match pair.take_if_any("backendMeta") {
        Some(meta) => {
            let at = format!("{}.backend_meta", pair.at);
            backend_meta::compare_operator(pair.with(at, meta, pair.ours("backend_meta")));
        }
        // The empty handle of file merging: there is no stream to read one from.
        None => pair.expect("backend_meta", Value::Null),
    }
}
