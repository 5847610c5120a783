//! Internal keys: a user key with a sequence number and a kind.

use std::cmp::Ordering;

/// The highest sequence number.
pub const MAX_SEQUENCE: u64 = (1 << 56) - 1;

/// What an entry says of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It is gone.
    Deletion,
    /// It has this value.
    Value,
    /// This is to be merged with what came before.
    Merge,
    /// It is gone, and had been written only once.
    SingleDeletion,
    /// All keys from this one to the value, exclusively, are gone.
    RangeDeletion,
    /// Its value lies in a blob file.
    BlobIndex,
    /// It is gone since the timestamp that is part of the key.
    DeletionWithTimestamp,
    /// It has these columns.
    WideColumnEntity,
    /// It has this value, with a sequence number preferred for it.
    ValuePreferredSequence,
}

impl Kind {
    /// The number of the kind in a key.
    pub fn number(self) -> u8 {
        match self {
            Kind::Deletion => 0x0,
            Kind::Value => 0x1,
            Kind::Merge => 0x2,
            Kind::SingleDeletion => 0x7,
            Kind::RangeDeletion => 0xf,
            Kind::BlobIndex => 0x11,
            Kind::DeletionWithTimestamp => 0x14,
            Kind::WideColumnEntity => 0x16,
            Kind::ValuePreferredSequence => 0x18,
        }
    }

    /// The kind with this number, of those that can stand in a table.
    pub fn known(number: u8) -> Option<Self> {
        Some(match number {
            0x0 => Kind::Deletion,
            0x1 => Kind::Value,
            0x2 => Kind::Merge,
            0x7 => Kind::SingleDeletion,
            0xf => Kind::RangeDeletion,
            0x11 => Kind::BlobIndex,
            0x14 => Kind::DeletionWithTimestamp,
            0x16 => Kind::WideColumnEntity,
            0x18 => Kind::ValuePreferredSequence,
            _ => return None,
        })
    }
}

/// An internal key: the user key, then eight bytes with the sequence number and, in the lowest
/// byte, the kind, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InternalKey<'a> {
    /// The key as its user knows it.
    pub user_key: &'a [u8],
    /// When it was written, in operations of the database; at most [`MAX_SEQUENCE`].
    pub sequence: u64,
    /// What the entry says of it.
    pub kind: Kind,
}

impl<'a> InternalKey<'a> {
    /// Takes an internal key apart; `None` if it is too short or of an unknown kind.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (user_key, packed) = bytes.split_last_chunk()?;
        let packed = u64::from_le_bytes(*packed);
        Some(InternalKey { user_key, sequence: packed >> 8, kind: Kind::known(packed as u8)? })
    }

    /// As it stands in a table.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.user_key.to_vec();
        bytes.extend(self.packed().to_le_bytes());
        bytes
    }

    fn packed(&self) -> u64 {
        (self.sequence << 8) | u64::from(self.kind.number())
    }
}

/// The order in a table: user keys bytewise, and of one user key the newest first.
impl Ord for InternalKey<'_> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let user_keys = self.user_key.cmp(other.user_key);
        user_keys.then_with(|| other.packed().cmp(&self.packed()))
    }
}

impl PartialOrd for InternalKey<'_> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
