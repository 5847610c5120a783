//! What a document says of files that no fixture has.

use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;

use super::build;
use super::build::Context;
use crate::catalog::heads::Heads;
use crate::format::flink::changelog::ChangelogHandle;
use crate::format::flink::changelog::MemorySegment;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::keyed::KeyGroupsForm;
use crate::format::flink::keyed::KeyGroupsHandle;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::list::Layout;
use crate::format::flink::list::List;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::format::flink::operator::OperatorState;
use crate::format::flink::operator::Subtask;
use crate::format::flink::operator::SubtaskState;
use crate::format::flink::stream::StreamHandle;
use crate::model::layout::Home;
use crate::model::places::Places;
use crate::ops::inspect::Options;
use crate::ops::inspect::Survey;
use crate::ops::inspect::inspect;
use crate::store::Location;

fn document(version: i32, parallelism: i32, keyed: KeyedHandle<'static>) -> Value {
    let state = SubtaskState { managed_keyed: Some(keyed), ..SubtaskState::default() };
    let operator = OperatorState {
        name: None,
        uid: Some("op".into()),
        id: OperatorId([7; 16]),
        parallelism,
        max_parallelism: 128,
        coordinator: None,
        subtasks: Some(vec![Subtask::Running(Box::new(state))].into()),
    };
    let metadata = Metadata {
        layout: Layout::new(version),
        checkpoint_id: 1,
        master_states: List::default(),
        operators: vec![operator].into(),
        trailer: None,
        trailing: None,
    };
    let home = Home::of(Location::parse_flink("/cp/chk-1/_metadata").unwrap(), false);
    let places = Places::new(home, Default::default());
    let heads = Heads::default();
    let survey = Survey { metadata: &metadata, places: &places, heads: &heads };
    let facts = inspect(survey, Options { operator: None, states: true }).unwrap();
    let context = Context {
        location_kind: "metadata-file",
        observed_at: Timestamp::UNIX_EPOCH,
        metadata_bytes: 0,
        modified: None,
        list_files: false,
        files: Default::default(),
        ssts: None,
    };
    serde_json::to_value(build::checkpoint(survey, &facts, context)).unwrap()
}

fn key_groups(form: KeyGroupsForm, offsets: Vec<i64>, data: &'static [u8]) -> KeyedHandle<'static> {
    KeyedHandle::KeyGroups(KeyGroupsHandle {
        form,
        start_key_group: 0,
        offsets: offsets.into(),
        delegate: Some(StreamHandle::Inline { name: "n".into(), data }),
        state_handle_id: None,
    })
}

fn codes(document: &Value) -> Vec<&str> {
    let warnings = document["warnings"].as_array().unwrap();
    warnings.iter().filter_map(|warning| warning["code"].as_str()).collect()
}

#[test]
fn what_is_unknown_is_null_and_never_absent() {
    let key_groups = KeyGroupRange { start: 0, count: 1 };
    let segment = KeyedHandle::ChangelogMemory(MemorySegment {
        key_groups,
        from: 0,
        to: 5,
        changes: List::default(),
        state_handle_id: None,
    });
    let document = document(
        4,
        1,
        KeyedHandle::Changelog(ChangelogHandle {
            key_groups,
            checkpointed_size: Some(7),
            materialized: List::default(),
            non_materialized: vec![Some(segment)].into(),
            materialization_id: Some(1),
            checkpoint_id: Some(1),
            state_handle_id: None,
        }),
    );
    let subtask = &document["operators"][0]["subtasks"][0];
    let part = &subtask["managed_keyed"][0]["non_materialized"][0];
    for (value, key, expected) in [
        (subtask, "reference_checkpoint_id", Value::Null),
        (subtask, "keyed_bytes", json!(0)),
        (subtask, "operator_bytes", json!(0)),
        (subtask, "channel_bytes", json!(0)),
        (&subtask["managed_keyed"][0], "backend_meta", Value::Null),
        (part, "backend_meta", Value::Null),
        (part, "storage", Value::Null),
        (part, "incremental_bytes", json!(0)),
        (part, "handles", json!([])),
    ] {
        assert_eq!(value.get(key), Some(&expected), "{key} in {value}");
    }
}

#[test]
fn a_backend_that_nothing_tells_is_a_finding() {
    let unknown = document(3, 1, key_groups(KeyGroupsForm::Second, vec![4], b"headjunk"));
    assert_eq!(unknown["operators"][0]["backend"], Value::Null);
    assert!(codes(&unknown).contains(&"backend-unknown"), "{}", unknown["warnings"]);
    // A block of key group 0 that is one of a full snapshot to its last byte.
    let data = b"head\0\0\0\0\0\x02\x80k\0\0\0\x01v\xFF\xFF";
    let full = document(3, 1, key_groups(KeyGroupsForm::Second, vec![4], data));
    assert_eq!(full["operators"][0]["backend"], "rocksdb-full");
    assert!(!codes(&full).contains(&"backend-unknown"));
}

#[test]
fn handles_of_canonical_savepoints_tell_where_the_trailer_is_silent() {
    for version in [3, 4] {
        let savepoint =
            document(version, 1, key_groups(KeyGroupsForm::Savepoint, vec![4, 0], b"x"));
        assert_eq!(savepoint["checkpoint"]["kind"], "savepoint");
        assert_eq!(savepoint["checkpoint"]["savepoint_format"], "canonical");
        let other = document(version, 1, key_groups(KeyGroupsForm::Second, vec![4, 0], b"x"));
        assert_eq!(other["checkpoint"]["kind"], Value::Null);
    }
}

#[test]
fn new_bytes_are_known_only_since_1_15() {
    for (form, written_by, new) in [
        (KeyGroupsForm::First, "1.11 to 1.14", Value::Null),
        (KeyGroupsForm::Savepoint, "1.13 to 1.15", Value::Null),
        (KeyGroupsForm::Second, "1.15", json!(1)),
    ] {
        let document = document(3, 1, key_groups(form, vec![4, 0], b"x"));
        assert_eq!(document["checkpoint"]["written_by"], written_by);
        assert_eq!(document["checkpoint"]["new_bytes"], new);
    }
}

#[test]
fn an_odd_parallelism_is_a_finding() {
    for parallelism in [0, i32::MIN] {
        let odd = document(4, parallelism, key_groups(KeyGroupsForm::Second, vec![4, 9], b"x"));
        assert_eq!(odd["operators"][0]["parallelism"], parallelism);
        assert!(codes(&odd).contains(&"odd-parallelism"), "{}", odd["warnings"]);
    }
}
