//! The keys under which Flink's shared state registry counts a file (section 3.2 of the format).
//!
//! The job master keeps the registry in memory only, so keys are never stored; they are in its
//! log. Up to 1.16.2 and 1.17.1 a key is made of the database and the local name, so that a second upload
//! of "the same" local file was taken for a duplicate, and one of the two was deleted. Since
//! 1.16.3, 1.17.2 and 1.18 (FLINK-29913) it is made of where the bytes are.

use md5::Digest;
use md5::Md5;

use super::DatabaseOf;
use super::FileUse;
use super::Part;
use crate::model::walk::Role;
use crate::store::Location;

/// Whether Flink registers the file of such a reference as shared state; everything else
/// belongs to its checkpoint alone.
pub fn is_shared(of: &FileUse<'_>) -> bool {
    match of.role {
        Role::Shared | Role::Changelog => true,
        Role::Private | Role::BackendMeta => of.database.is_some_and(|one| one.materialized),
        _ => false,
    }
}

/// The key until 1.15, 1.16.2 and 1.17.1:
/// `<backend UUID>-KeyGroupRange{startKeyGroup=0, endKeyGroup=63}-000012.sst`.
pub fn by_local_name(database: &DatabaseOf<'_>, local_name: &str) -> String {
    let backend = backend_uuid(&database.backend_id());
    // Flink's empty range is 0 to -1.
    let (start, end) = database.key_groups.bounds().unwrap_or((0, -1));
    format!("{backend}-KeyGroupRange{{startKeyGroup={start}, endKeyGroup={end}}}-{local_name}")
}

/// What Flink takes for the backend's UUID: a text that is none is hashed.
fn backend_uuid(text: &str) -> String {
    let is_uuid = {
        let groups: Vec<&str> = text.split('-').collect();
        let hex = |group: &&str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_hexdigit());
        groups.len() == 5 && groups.iter().all(hex)
    };
    if is_uuid { text.to_owned() } else { name_uuid(text) }
}

/// The key since 1.16.3, 1.17.2 and 1.18 of a file at this place.
pub fn by_place(file: &Location) -> String {
    name_uuid(&java_uri(file))
}

/// The key since 1.20 of a segment of a merged file.
pub fn by_segment(part: &Part<'_>) -> String {
    name_uuid(&part.logical_file_id())
}

/// Java's name-based UUID (version 3) of a text.
fn name_uuid(text: &str) -> String {
    let mut uuid: [u8; 16] = Md5::digest(text.as_bytes()).into();
    uuid[6] = uuid[6] & 0x0F | 0x30;
    uuid[8] = uuid[8] & 0x3F | 0x80;
    let mut out = String::with_capacity(36);
    for (at, byte) in uuid.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            out.push('-');
        }
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

/// The URI that Java makes of a Flink path: what is not allowed in one is percent-encoded,
/// other letters than those of ASCII are kept.
fn java_uri(file: &Location) -> String {
    let text = file.flink_form();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let kept = c.is_ascii_alphanumeric() || "-_.!~*'();:@&=+$,/".contains(c);
        let other = !c.is_ascii() && !c.is_control() && !c.is_whitespace();
        if kept || other {
            out.push(c);
        } else {
            let mut utf8 = [0; 4];
            for byte in c.encode_utf8(&mut utf8).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}
