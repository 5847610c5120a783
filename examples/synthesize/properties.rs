//! The checkpoint properties at the end of a file, as Java serializes them.

use chkctl::format::flink::trailer::Trailer;

const RUNTIME: &str = "org.apache.flink.runtime.checkpoint";

/// The properties of a retained checkpoint, of a savepoint, or the null object.
pub(crate) fn trailer(kind: &str) -> Option<Trailer<'static>> {
    let bytes = match kind {
        "none" => vec![0xAC, 0xED, 0, 5, 0x70],
        "checkpoint" => checkpoint(),
        "canonical" => savepoint("CANONICAL"),
        "native" => savepoint("NATIVE"),
        _ => return None,
    };
    Some(Trailer { bytes: bytes.leak() })
}

fn checkpoint() -> Vec<u8> {
    // Discarded when finished and when subsumed: RETAIN_ON_CANCELLATION.
    let mut out = Stream::properties([0, 0, 1, 1, 0, 0, 0]);
    let strategy = format!("{RUNTIME}.SnapshotType$SharingFilesStrategy");
    out.class(&format!("{RUNTIME}.CheckpointType"), 0xD6DE_4F03_05AE_1D3A, 2);
    out.field('L', "name", Some("Ljava/lang/String;"));
    out.field('L', "sharingFilesStrategy", Some(&descriptor(&strategy)));
    out.end_class();
    out.string("Checkpoint");
    out.enumeration(&strategy);
    out.java_lang_enum();
    out.string("FORWARD_BACKWARD");
    out.bytes
}

fn savepoint(format: &str) -> Vec<u8> {
    // Forced, and never discarded.
    let mut out = Stream::properties([0, 0, 0, 0, 0, 1, 0]);
    let format_type = "org.apache.flink.core.execution.SavepointFormatType";
    let action = format!("{RUNTIME}.SavepointType$PostCheckpointAction");
    out.class(&format!("{RUNTIME}.SavepointType"), 0xA087_D308_A458_14B8, 3);
    out.field('L', "formatType", Some(&descriptor(format_type)));
    out.field('L', "name", Some("Ljava/lang/String;"));
    out.field('L', "postCheckpointAction", Some(&descriptor(&action)));
    out.end_class();
    out.enumeration(format_type);
    let java_lang_enum = out.java_lang_enum();
    out.string(format);
    out.string("Savepoint");
    out.enumeration(&action);
    out.reference(java_lang_enum);
    out.string("NONE");
    out.bytes
}

fn descriptor(class: &str) -> String {
    format!("L{};", class.replace('.', "/"))
}

/// A Java serialization stream under construction, for the few objects above.
struct Stream {
    bytes: Vec<u8>,
    /// How many things got a number to which `reference` can refer.
    handles: u32,
    strings: Vec<(String, u32)>,
}

impl Stream {
    fn properties(flags: [u8; 7]) -> Self {
        let bytes = vec![0xAC, 0xED, 0, 5];
        let mut out = Stream { bytes, handles: 0, strings: Vec::new() };
        out.class(&format!("{RUNTIME}.CheckpointProperties"), 2, 8);
        for flag in ["Cancelled", "Failed", "Finished", "Subsumed", "Suspended"] {
            out.field('Z', &format!("discard{flag}"), None);
        }
        out.field('Z', "forced", None);
        out.field('Z', "unclaimed", None);
        out.field('L', "checkpointType", Some(&descriptor(&format!("{RUNTIME}.SnapshotType"))));
        out.end_class();
        out.bytes.extend(flags);
        out
    }

    /// An object begins, with the description of its class.
    fn class(&mut self, name: &str, suid: u64, fields: u16) {
        self.bytes.push(0x73);
        self.class_description(name, suid, 0x02, fields);
    }

    /// Its fields have been listed; the class extends nothing, and its object gets a number.
    fn end_class(&mut self) {
        self.bytes.extend([0x78, 0x70]);
        self.handles += 1;
    }

    /// An enum constant begins: its class, whose own description ends before its superclass.
    fn enumeration(&mut self, class: &str) {
        self.bytes.push(0x7E);
        self.class_description(class, 0, 0x12, 0);
        self.bytes.push(0x78);
    }

    /// The superclass of the enum just begun; the constant gets a number after it.
    fn java_lang_enum(&mut self) -> u32 {
        let number = self.handles;
        self.class_description("java.lang.Enum", 0, 0x12, 0);
        self.end_class();
        number
    }

    fn reference(&mut self, number: u32) {
        self.bytes.push(0x71);
        self.bytes.extend((0x007E_0000 + number).to_be_bytes());
        self.handles += 1;
    }

    fn class_description(&mut self, name: &str, suid: u64, flags: u8, fields: u16) {
        self.bytes.push(0x72);
        self.utf(name);
        self.bytes.extend(suid.to_be_bytes());
        self.bytes.push(flags);
        self.bytes.extend(fields.to_be_bytes());
        self.handles += 1;
    }

    fn field(&mut self, code: char, name: &str, class: Option<&str>) {
        self.bytes.push(code as u8);
        self.utf(name);
        if let Some(class) = class {
            self.string(class);
        }
    }

    /// A string; one that was written before is a reference.
    fn string(&mut self, text: &str) {
        if let Some((_, number)) = self.strings.iter().find(|(known, _)| known == text) {
            let number = *number;
            self.bytes.push(0x71);
            self.bytes.extend((0x007E_0000 + number).to_be_bytes());
            return;
        }
        self.strings.push((text.to_owned(), self.handles));
        self.handles += 1;
        self.bytes.push(0x74);
        self.utf(text);
    }

    fn utf(&mut self, text: &str) {
        let length = u16::try_from(text.len()).expect("the names here are short");
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(text.as_bytes());
    }
}
