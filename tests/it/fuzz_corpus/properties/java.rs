//! The trailer: read, looked into like any Java object, and written back.

use chkctl::format::flink::java::Item;
use chkctl::format::flink::java::read_object;
use chkctl::format::flink::properties::CheckpointProperties;
use chkctl::format::flink::properties::SnapshotType;
use chkctl::format::flink::properties::read_properties;
use chkctl::format::flink::read::Reader;

use super::check_error;

/// Objects refer to each other in circles, so a walk ends after so many.
const STEPS: u32 = 500;

pub(crate) fn properties(bytes: &[u8]) {
    let mut r = Reader::new(bytes);
    let object = match read_object(&mut r) {
        Ok(object) => object,
        Err(error) => {
            assert_eq!(read_properties(&mut Reader::new(bytes)), Err(error.clone()));
            return check_error(&error, bytes.len());
        }
    };
    let end = bytes.len() - r.rest().len();
    assert_eq!(r.offset(), end as u64);
    walk(object.root(), &mut { STEPS });

    let mut r = Reader::new(bytes);
    let read = read_properties(&mut r).expect("an object was read");
    assert_eq!(r.offset(), end as u64, "one object, and nothing behind it");
    // What follows says nothing about it, and nothing less is it.
    assert_eq!(read_properties(&mut Reader::new(&bytes[..end])).as_ref(), Ok(&read));
    let error = read_properties(&mut Reader::new(&bytes[..end - 1])).expect_err("one byte less");
    check_error(&error, end);

    let CheckpointProperties::Known(known) = &read else { return };
    let texts = match known.snapshot_type {
        SnapshotType::Checkpoint { name, sharing_files_strategy } => {
            vec![name, sharing_files_strategy]
        }
        SnapshotType::Savepoint { format_type, name, post_checkpoint_action } => {
            vec![format_type, name, post_checkpoint_action]
        }
    };
    let too_long = texts.iter().any(|text| text.as_bytes().len() > usize::from(u16::MAX));
    let Some(written) = known.encode() else { return assert!(too_long) };
    assert!(!too_long);
    let mut r = Reader::new(&written);
    assert_eq!(read_properties(&mut r).as_ref(), Ok(&read), "read as it was written");
    assert!(r.is_empty());
}

fn walk(item: Item<'_, '_>, steps: &mut u32) {
    let Some(left) = steps.checked_sub(1) else { return };
    *steps = left;
    let class = item.class_name();
    let plain = class.filter(|class| class.as_bytes() == class.to_str().as_bytes());
    assert!(plain.is_none_or(|class| item.is_a(&class.to_str())));
    if item.is_null() {
        assert!(class.is_none() && item.as_text().is_none() && item.elements().is_none());
    }
    let kinds = [
        item.is_null(),
        item.as_bool().is_some(),
        item.as_integer().is_some(),
        item.as_float().is_some(),
        item.as_text().is_some(),
        item.enum_constant().is_some(),
        item.bytes().is_some(),
        item.elements().is_some(),
    ];
    assert!(kinds.into_iter().filter(|is| *is).count() <= 1, "of one kind: {kinds:?}");
    for name in ["checkpointType", "name", "fields", "logicalType", "a", "list", "c"] {
        item.field(name).into_iter().for_each(|inner| walk(inner, steps));
    }
    item.elements().into_iter().flatten().for_each(|inner| walk(inner, steps));
    item.annotations().into_iter().for_each(|inner| walk(inner, steps));
}
