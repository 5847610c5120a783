//! What is kept of a MANIFEST: levels, column families and key groups of the live SSTs.

use std::collections::HashMap;
use std::sync::Arc;

use crate::format::rocks::manifest::LiveFile;
use crate::format::rocks::manifest::Manifest;
use crate::format::rocks::table::key::InternalKey;
use crate::format::rocks::table::key::Kind;
use crate::format::rocks::table::key::MAX_SEQUENCE;
use crate::ops::verify::databases::key_group;
use crate::ops::verify::databases::user_key;

/// The live SSTs of a database by their numbers.
pub(super) type LiveSsts = HashMap<u64, Live>;

/// What a MANIFEST says of an SST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Live {
    pub(super) column_family: Arc<str>,
    pub(super) level: u32,
    /// Of the first and the last key.
    pub(super) key_groups: Option<(i32, i32)>,
}

/// What is kept, of a database with so many bytes of the key group in front of every key.
pub(super) fn of(manifest: &Manifest, prefix: usize) -> LiveSsts {
    let mut ssts = HashMap::new();
    for family in &manifest.column_families {
        let name: Arc<str> = String::from_utf8_lossy(&family.name).into();
        for file in &family.files {
            let live = Live {
                column_family: name.clone(),
                level: file.level,
                key_groups: key_groups(file, prefix),
            };
            ssts.insert(file.number, live);
        }
    }
    ssts
}

fn key_groups(file: &LiveFile, prefix: usize) -> Option<(i32, i32)> {
    let first = key_group(user_key(&file.smallest), prefix)?;
    let last = user_key(&file.largest);
    let group = key_group(last, prefix)?;
    // A range deletion ends before its last key; those of a rescale with whole key groups.
    let ends_before = InternalKey::parse(&file.largest).is_some_and(|key| {
        key.kind == Kind::RangeDeletion && key.sequence == MAX_SEQUENCE && last.len() == prefix
    });
    Some((first, if ends_before { group.saturating_sub(1).max(first) } else { group }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(smallest: &[u8], largest: &[u8], packed: u64) -> LiveFile {
        let key = |user: &[u8], packed: u64| [user, &packed.to_le_bytes()].concat().into();
        LiveFile { smallest: key(smallest, 1), largest: key(largest, packed), ..Default::default() }
    }

    #[test]
    fn key_groups_are_in_front_of_keys() {
        const VALUE: u64 = (7 << 8) | 1;
        const END_OF_RANGE: u64 = (MAX_SEQUENCE << 8) | 0xf;
        assert_eq!(key_groups(&file(b"\x03k", b"\x40k", VALUE), 1), Some((3, 64)));
        assert_eq!(key_groups(&file(b"\x01\x03k", b"\x02\0", VALUE), 2), Some((259, 512)));
        assert_eq!(key_groups(&file(b"\x03k", b"\x40", END_OF_RANGE), 1), Some((3, 63)));
        // It may delete something of the last key group.
        assert_eq!(key_groups(&file(b"\x03k", b"\x40k", END_OF_RANGE), 1), Some((3, 64)));
        assert_eq!(key_groups(&file(b"\x03", b"\x40", VALUE), 2), None);
    }
}
