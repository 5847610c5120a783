//! The keys under which Flink's shared state registry counts a file (section 3.2 of the format).
//!
//! The job master keeps the registry in memory only, so keys are never stored; they are in its
//! log. Up to 1.16.2 and 1.17.1 a key is made of the database and the local name, so that a second upload
//! of "the same" local file was taken for a duplicate, and one of the two was deleted. Since
//! 1.16.3, 1.17.2 and 1.18 (FLINK-29913) it is made of where the bytes are.

use std::collections::BTreeSet;

use md5::Digest;
use md5::Md5;

use super::DatabaseOf;
use super::File;
use super::FileUse;
use super::NodeId;
use super::References;
use super::names::LocalName;
use crate::model::release::Releases;
use crate::model::walk::Role;
use crate::store::Location;

/// The keys of a file and of its segments, in both ways where both are possible.
///
/// `releases` says which releases may have registered the shared state of a checkpoint, by
/// its number; `None` if none has, as of a savepoint.
pub fn keys(
    references: &References,
    file: &File<'_>,
    releases: impl Fn(u32) -> Option<Releases>,
) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let place = || file.written_place();
    // Of the handles to this node: by their local names; says whether places are keys as well.
    let mut by_names = |node, place_is_key: bool| {
        let mut by_place = false;
        for one in references.uses(node).filter(|one| is_registered(one.role)) {
            let Some(releases) = releases(one.checkpoint) else { continue };
            by_place |= releases.key_by_place();
            if !releases.key_by_local_name() {
                continue;
            }
            if one.role == Role::Changelog {
                // Of its Path as it is, not of its URI.
                keys.extend(place().filter(|_| place_is_key).map(|place| place.flink_form()));
            } else {
                keys.extend(by_local_name(&one));
            }
        }
        by_place
    };
    let whole = by_names(file.node(), true);
    let parts = file.parts().filter(|part| by_names(part.node, false)).collect::<Vec<_>>();
    if whole {
        keys.extend(place().map(|place| name_uuid(&java_uri(&place))));
    }
    keys.extend(parts.iter().map(|part| name_uuid(&part.logical_file_id())));
    keys
}

/// Two files under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// The number of the job, as it was given.
    pub job: u32,
    /// The files, or segments.
    pub files: [NodeId; 2],
}

/// Files that a registry which keys by local names takes for one, so that it deletes the one
/// that it sees later.
///
/// `job` says in which job's registry the shared state of a checkpoint is, by its number; `None`
/// if it is in none, or in one that keys by places.
pub fn conflicts(references: &References, job: impl Fn(u32) -> Option<u32>) -> Vec<Conflict> {
    let mut keyed = Vec::new();
    for (number, node) in (0..).zip(references.nodes.iter()) {
        let name = node.local_name();
        if name == LocalName::NONE {
            continue;
        }
        let first = keyed.len();
        for slot in references.slots_of(NodeId(number)) {
            let Some(slot) = references.slots.get(*slot as usize) else { continue };
            if slot.role == Role::Shared
                && let Some(job) = job(slot.checkpoint)
            {
                let key = (job, slot.database, name, number);
                // Mostly the same in all checkpoints.
                if keyed.get(first..).is_none_or(|keys| !keys.contains(&key)) {
                    keyed.push(key);
                }
            }
        }
    }
    keyed.sort_unstable();
    let pairs = keyed.iter().zip(keyed.iter().skip(1));
    let same = pairs.filter(|(a, b)| (a.0, a.1, a.2) == (b.0, b.1, b.2));
    same.map(|(a, b)| Conflict { job: a.0, files: [NodeId(a.3), NodeId(b.3)] }).collect()
}

/// Whether Flink registers a file by itself; everything else belongs to one checkpoint or, as
/// the rest of a materialized changelog, to a handle that is registered as a whole.
fn is_registered(role: Role) -> bool {
    matches!(role, Role::Shared | Role::Changelog)
}

/// The key until 1.15, 1.16.2 and 1.17.1:
/// `<backend UUID>-KeyGroupRange{startKeyGroup=0, endKeyGroup=63}-000012.sst`.
fn by_local_name(of: &FileUse<'_>) -> Option<String> {
    let (database, local_name): (&DatabaseOf<'_>, _) =
        of.database.as_ref().zip(of.local_name.as_ref())?;
    let backend = backend_uuid(&database.backend_id());
    // Flink's empty range is 0 to -1.
    let (start, end) = database.key_groups.bounds().unwrap_or((0, -1));
    let range = format!("KeyGroupRange{{startKeyGroup={start}, endKeyGroup={end}}}");
    Some(format!("{backend}-{range}-{local_name}"))
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

/// Java's name-based UUID (version 3) of a text.
pub(super) fn name_uuid(text: &str) -> String {
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
pub(super) fn java_uri(file: &Location) -> String {
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
