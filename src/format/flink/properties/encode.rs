//! Writing the trailer as Java would, byte for byte.

use super::{CHECKPOINT_TYPE, PROPERTIES, Properties, SAVEPOINT_TYPE, SnapshotType};
use crate::format::flink::utf::Utf;

const SHARING_FILES_STRATEGY: &str =
    "org.apache.flink.runtime.checkpoint.SnapshotType$SharingFilesStrategy";
const SAVEPOINT_FORMAT_TYPE: &str = "org.apache.flink.core.execution.SavepointFormatType";
const POST_CHECKPOINT_ACTION: &str =
    "org.apache.flink.runtime.checkpoint.SavepointType$PostCheckpointAction";

/// Encodes the trailer of a file whose writer has no properties: the null object, 5 bytes.
pub const NO_PROPERTIES: [u8; 5] = [0xAC, 0xED, 0x00, 0x05, 0x70];

impl Properties<'_> {
    /// Encodes a trailer, byte-identical to what Flink writes (604 bytes for a checkpoint, 745
    /// for a canonical savepoint, 742 for a native one). `None` when a name is longer than
    /// the 65535 bytes a string can have.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut out = Writer { bytes: vec![0xAC, 0xED, 0x00, 0x05], wrote_java_enum: false };
        out.object(PROPERTIES, 2, 8)?;
        for name in [
            "discardCancelled",
            "discardFailed",
            "discardFinished",
            "discardSubsumed",
            "discardSuspended",
            "forced",
            "unclaimed",
        ] {
            out.byte(b'Z');
            out.utf(name.into())?;
        }
        out.reference_field(
            "checkpointType",
            "Lorg/apache/flink/runtime/checkpoint/SnapshotType;",
        )?;
        out.end_of_class();
        for flag in [
            self.discard_cancelled,
            self.discard_failed,
            self.discard_finished,
            self.discard_subsumed,
            self.discard_suspended,
            self.forced,
            self.unclaimed,
        ] {
            out.byte(flag.into());
        }
        match self.snapshot_type {
            SnapshotType::Checkpoint { name, sharing_files_strategy } => {
                out.object(CHECKPOINT_TYPE, 0xD6DE_4F03_05AE_1D3A, 2)?;
                out.reference_field("name", "Ljava/lang/String;")?;
                out.enum_field("sharingFilesStrategy", SHARING_FILES_STRATEGY)?;
                out.end_of_class();
                out.text(name)?;
                out.constant(SHARING_FILES_STRATEGY, sharing_files_strategy)?;
            }
            SnapshotType::Savepoint { format_type, name, post_checkpoint_action } => {
                out.object(SAVEPOINT_TYPE, 0xA087_D308_A458_14B8, 3)?;
                out.enum_field("formatType", SAVEPOINT_FORMAT_TYPE)?;
                out.reference_field("name", "Ljava/lang/String;")?;
                out.enum_field("postCheckpointAction", POST_CHECKPOINT_ACTION)?;
                out.end_of_class();
                out.constant(SAVEPOINT_FORMAT_TYPE, format_type)?;
                out.text(name)?;
                out.constant(POST_CHECKPOINT_ACTION, post_checkpoint_action)?;
            }
        }
        Some(out.bytes)
    }
}

struct Writer {
    bytes: Vec<u8>,
    /// Whether the descriptor of `java.lang.Enum` is in the stream already.
    wrote_java_enum: bool,
}

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn utf(&mut self, text: Utf<'_>) -> Option<()> {
        let n = u16::try_from(text.as_bytes().len()).ok()?;
        self.bytes.extend_from_slice(&n.to_be_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
        Some(())
    }

    /// A string object.
    fn text(&mut self, text: Utf<'_>) -> Option<()> {
        self.byte(0x74);
        self.utf(text)
    }

    fn class(&mut self, name: &str, uid: u64, flags: u8, fields: u16) -> Option<()> {
        self.byte(0x72);
        self.utf(name.into())?;
        self.bytes.extend_from_slice(&uid.to_be_bytes());
        self.byte(flags);
        self.bytes.extend_from_slice(&fields.to_be_bytes());
        Some(())
    }

    fn object(&mut self, class: &str, uid: u64, fields: u16) -> Option<()> {
        self.byte(0x73);
        self.class(class, uid, 0x02, fields)
    }

    fn reference_field(&mut self, name: &str, type_name: &str) -> Option<()> {
        self.byte(b'L');
        self.utf(name.into())?;
        self.text(type_name.into())
    }

    fn enum_field(&mut self, name: &str, class: &str) -> Option<()> {
        self.reference_field(name, &format!("L{};", class.replace('.', "/")))
    }

    /// No annotation, no superclass.
    fn end_of_class(&mut self) {
        self.bytes.extend_from_slice(&[0x78, 0x70]);
    }

    /// A constant of an enum that occurs for the first time. A savepoint type has two of them;
    /// the second refers to the superclass of the first, which has handle 9.
    fn constant(&mut self, class: &str, constant: Utf<'_>) -> Option<()> {
        self.byte(0x7E);
        self.class(class, 0, 0x12, 0)?;
        self.byte(0x78);
        if self.wrote_java_enum {
            self.bytes.extend_from_slice(&[0x71, 0x00, 0x7E, 0x00, 0x09]);
        } else {
            self.class("java.lang.Enum", 0, 0x12, 0)?;
            self.end_of_class();
            self.wrote_java_enum = true;
        }
        self.text(constant)
    }
}
