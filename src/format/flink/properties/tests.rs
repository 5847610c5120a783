//! Checkpoint properties: the vectors of the format, damaged and unfamiliar ones.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::super::error::Problem;
use super::super::read::Reader;
use super::super::serializer::tests::{hex, java_object};
use super::{CheckpointProperties, NO_PROPERTIES, Properties, SnapshotType, read_properties};

/// Section 9.5, RETAIN_ON_CANCELLATION.
const CHECKPOINT: &str = "
aced0005737200386f72672e6170616368652e666c696e6b2e72756e74696d652e636865636b706f696e742e43686563
6b706f696e7450726f7065727469657300000000000000020200085a00106469736361726443616e63656c6c65645a00
0d646973636172644661696c65645a000f6469736361726446696e69736865645a000f6469736361726453756273756d
65645a00106469736361726453757370656e6465645a0006666f726365645a0009756e636c61696d65644c000e636865
636b706f696e74547970657400324c6f72672f6170616368652f666c696e6b2f72756e74696d652f636865636b706f69
6e742f536e617073686f74547970653b787000000101000000737200326f72672e6170616368652e666c696e6b2e7275
6e74696d652e636865636b706f696e742e436865636b706f696e7454797065d6de4f0305ae1d3a0200024c00046e616d
657400124c6a6176612f6c616e672f537472696e673b4c001473686172696e6746696c65735374726174656779740047
4c6f72672f6170616368652f666c696e6b2f72756e74696d652f636865636b706f696e742f536e617073686f74547970
652453686172696e6746696c657353747261746567793b787074000a436865636b706f696e747e7200456f72672e6170
616368652e666c696e6b2e72756e74696d652e636865636b706f696e742e536e617073686f7454797065245368617269
6e6746696c6573537472617465677900000000000000001200007872000e6a6176612e6c616e672e456e756d00000000
000000001200007870740010464f52574152445f4241434b57415244";

/// Section 9.5, a forced canonical savepoint.
const SAVEPOINT: &str = "
aced0005737200386f72672e6170616368652e666c696e6b2e72756e74696d652e636865636b706f696e742e43686563
6b706f696e7450726f7065727469657300000000000000020200085a00106469736361726443616e63656c6c65645a00
0d646973636172644661696c65645a000f6469736361726446696e69736865645a000f6469736361726453756273756d
65645a00106469736361726453757370656e6465645a0006666f726365645a0009756e636c61696d65644c000e636865
636b706f696e74547970657400324c6f72672f6170616368652f666c696e6b2f72756e74696d652f636865636b706f69
6e742f536e617073686f74547970653b787000000000000100737200316f72672e6170616368652e666c696e6b2e7275
6e74696d652e636865636b706f696e742e53617665706f696e7454797065a087d308a45814b80200034c000a666f726d
6174547970657400354c6f72672f6170616368652f666c696e6b2f636f72652f657865637574696f6e2f53617665706f
696e74466f726d6174547970653b4c00046e616d657400124c6a6176612f6c616e672f537472696e673b4c0014706f73
74436865636b706f696e74416374696f6e7400484c6f72672f6170616368652f666c696e6b2f72756e74696d652f6368
65636b706f696e742f53617665706f696e745479706524506f7374436865636b706f696e74416374696f6e3b78707e72
00336f72672e6170616368652e666c696e6b2e636f72652e657865637574696f6e2e53617665706f696e74466f726d61
745479706500000000000000001200007872000e6a6176612e6c616e672e456e756d0000000000000000120000787074
000943414e4f4e4943414c74000953617665706f696e747e7200466f72672e6170616368652e666c696e6b2e72756e74
696d652e636865636b706f696e742e53617665706f696e745479706524506f7374436865636b706f696e74416374696f
6e00000000000000001200007871007e00097400044e4f4e45";

fn known(bytes: &[u8]) -> Properties<'_> {
    let mut r = Reader::new(bytes);
    let CheckpointProperties::Known(properties) = read_properties(&mut r).unwrap() else {
        unreachable!("{bytes:?}")
    };
    assert!(r.is_empty());
    properties
}

fn checkpoint() -> Properties<'static> {
    Properties {
        discard_cancelled: false,
        discard_failed: false,
        discard_finished: true,
        discard_subsumed: true,
        discard_suspended: false,
        forced: false,
        unclaimed: false,
        snapshot_type: SnapshotType::Checkpoint {
            name: "Checkpoint".into(),
            sharing_files_strategy: "FORWARD_BACKWARD".into(),
        },
    }
}

fn savepoint(format_type: &'static str) -> Properties<'static> {
    Properties {
        discard_finished: false,
        discard_subsumed: false,
        forced: true,
        snapshot_type: SnapshotType::Savepoint {
            format_type: format_type.into(),
            name: "Savepoint".into(),
            post_checkpoint_action: "NONE".into(),
        },
        ..checkpoint()
    }
}

#[test]
fn vectors_of_9_5_are_read_and_written() {
    let bytes = hex(CHECKPOINT);
    assert_eq!((bytes.len(), known(&bytes)), (604, checkpoint()));
    assert_eq!(checkpoint().encode().unwrap(), bytes);
    // The shortcut of section 1.9.
    assert_eq!(bytes[256..265], [0x78, 0x70, 0, 0, 1, 1, 0, 0, 0]);

    let bytes = hex(SAVEPOINT);
    assert_eq!((bytes.len(), known(&bytes)), (745, savepoint("CANONICAL")));
    assert_eq!(savepoint("CANONICAL").encode().unwrap(), bytes);
    assert!(known(&bytes).snapshot_type.is_savepoint());

    let native = savepoint("NATIVE").encode().unwrap();
    assert_eq!((native.len(), known(&native)), (742, savepoint("NATIVE")));
}

#[test]
fn every_flag_has_its_own_byte() {
    let plain = Properties { discard_finished: false, discard_subsumed: false, ..checkpoint() };
    let set = [
        Properties { discard_cancelled: true, ..plain },
        Properties { discard_failed: true, ..plain },
        Properties { discard_finished: true, ..plain },
        Properties { discard_subsumed: true, ..plain },
        Properties { discard_suspended: true, ..plain },
        Properties { forced: true, ..plain },
        Properties { unclaimed: true, ..plain },
    ];
    for (i, properties) in set.into_iter().enumerate() {
        let bytes = properties.encode().unwrap();
        assert_eq!(bytes[258 + i], 1);
        assert_eq!(known(&bytes), properties);
    }
}

#[test]
fn the_null_object_means_none_and_what_follows_is_left() {
    let bytes = [&NO_PROPERTIES[..], b"rest"].concat();
    let mut r = Reader::new(&bytes);
    assert_eq!(read_properties(&mut r).unwrap(), CheckpointProperties::None);
    assert_eq!(r.rest(), b"rest");
}

#[test]
fn a_cut_anywhere_is_an_error_that_says_where() {
    for vector in [CHECKPOINT, SAVEPOINT] {
        let bytes = hex(vector);
        for n in 0..bytes.len() {
            let error = read_properties(&mut Reader::at(&bytes[..n], 1000)).unwrap_err();
            assert!(matches!(error.problem, Problem::Truncated { .. }), "{error}");
            assert!((1000..=1000 + n as u64).contains(&error.offset), "{error}");
        }
    }
}

#[test]
fn no_flipped_bit_panics() {
    let bytes = hex(SAVEPOINT);
    for i in 0..bytes.len() {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[i] ^= 1 << bit;
            let _ = read_properties(&mut Reader::new(&bytes));
        }
    }
}

#[test]
fn unfamiliar_objects_are_named() {
    let unfamiliar = |bytes: &[u8], class: &str, what: &'static str| {
        let read = read_properties(&mut Reader::new(bytes)).unwrap();
        let class = class.into();
        assert_eq!(read, CheckpointProperties::Unfamiliar { class, what });
    };
    unfamiliar(&java_object("com.acme.X"), "com.acme.X", "not a CheckpointProperties object");
    unfamiliar(&java_object(super::PROPERTIES), super::PROPERTIES, "checkpointType");
    unfamiliar(b"\xAC\xED\0\x05t\0\x01x", "", "not a CheckpointProperties object");
    let replaced = |from: &str, to: &str| {
        let mut bytes = hex(CHECKPOINT);
        let at = bytes.windows(from.len()).rposition(|w| w == from.as_bytes()).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    unfamiliar(&replaced("unclaimed", "unclaimeD"), super::PROPERTIES, "unclaimed");
    unfamiliar(
        &replaced("checkpoint.CheckpointType", "checkpoint.XheckpointType"),
        "org.apache.flink.runtime.checkpoint.XheckpointType",
        "neither a CheckpointType nor a SavepointType",
    );
    unfamiliar(
        &replaced("sharingFiles", "SharingFiles"),
        super::CHECKPOINT_TYPE,
        "sharingFilesStrategy",
    );
}
