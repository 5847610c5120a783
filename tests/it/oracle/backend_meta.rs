//! What the backends say about their states.

use serde_json::Value;

use super::pair::Pair;
use super::pair::list;

/// The keyed backend: the order of the states is part of the format.
pub(crate) fn compare_keyed(mut pair: Pair<'_>) {
    pair.same("version", "version");
    pair.same("usingKeyGroupCompression", "compressed");
    // The serializer that a snapshot restores to is a Java class, which we never load.
    pair.take("keySerializer");
    let expected = pair.take("keySerializerSnapshot");
    let found = &pair.ours("key_serializer")["snapshot_class"];
    if expected != found {
        pair.complain(format!("key_serializer: Flink {expected}, ours {found}"));
    }
    for state in pair.children("states", "states") {
        compare_state(state);
    }
}

/// The operator backend: one list for us, two for Flink, which writes them in this order.
pub(crate) fn compare_operator(mut pair: Pair<'_>) {
    pair.same("version", "version");
    let mut flink = list(pair.take("operatorStates"));
    flink.extend(list(pair.take("broadcastStates")));
    for state in pair.zip("states", flink, list(pair.ours("states"))) {
        compare_state(state);
    }
}

fn compare_state(mut pair: Pair<'_>) {
    pair.same("name", "name");
    pair.same("kind", "kind");
    pair.same("options", "options");
    for serializer in compare_maps(&mut pair, "serializers", "serializers") {
        compare_serializer(serializer);
    }
}

fn compare_serializer(mut pair: Pair<'_>) {
    pair.same("snapshotClass", "snapshot_class");
    pair.same("snapshotVersion", "snapshot_version");
    // As above: the class of the serializer is what Java makes of the snapshot.
    pair.take("serializerClass");
}

/// The values of two maps, pair by pair; a key that one side lacks is a difference.
pub(crate) fn compare_maps<'a>(
    pair: &mut Pair<'a>,
    flink_key: &str,
    our_key: &str,
) -> Vec<Pair<'a>> {
    let flink = pair.take(flink_key).as_object();
    let ours = pair.ours(our_key).as_object();
    let (Some(flink), Some(ours)) = (flink, ours) else {
        pair.complain(format!("{our_key}: not a map on both sides"));
        return Vec::new();
    };
    for key in ours.keys().filter(|key| !flink.contains_key(*key)) {
        pair.complain(format!("{our_key}: Flink has no {key}"));
    }
    flink
        .iter()
        .map(|(key, value)| {
            let ours = ours.get(key).unwrap_or(&Value::Null);
            pair.with(format!("{}.{our_key}.{key}", pair.at), value, ours)
        })
        .collect()
}
