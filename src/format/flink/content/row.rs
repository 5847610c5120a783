//! Binary rows of the table runtime (section 7.6), which are little-endian.

use super::super::error::Problem;
use super::Result;
use super::at;
use super::input::Input;

/// What lies in the eight bytes a field has in the fixed part of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The value, or what nothing is known of.
    Value,
    /// A boolean.
    Bool,
    /// Length and offset, or up to seven bytes.
    Bytes,
    /// Length and offset.
    Outside,
    /// Nanosecond and the offset of eight bytes.
    Timestamp,
}

/// The slot of a SQL type, by the text Flink prints for it.
pub(super) fn slot_of(name: &str) -> Slot {
    let word = name.split(['(', '<', ' ']).next().unwrap_or_default();
    let digits = || {
        let inside = name.split(['(', ',', ')']).nth(1).unwrap_or_default();
        inside.trim().parse::<u32>().unwrap_or_default()
    };
    match word {
        "BOOLEAN" => Slot::Bool,
        "CHAR" | "VARCHAR" | "BINARY" | "VARBINARY" => Slot::Bytes,
        "ARRAY" | "MAP" | "MULTISET" | "ROW" => Slot::Outside,
        "DECIMAL" if digits() > 18 => Slot::Outside,
        "TIMESTAMP" | "TIMESTAMP_LTZ" if digits() > 3 => Slot::Timestamp,
        _ => Slot::Value,
    }
}

/// Most bytes of a header and slots that are looked at: a row of 8000 fields.
const MAX_FIXED: u64 = 64 << 10;

/// Takes a row: its length, and the bytes. What its slots point to must lie inside of it.
pub(super) fn binary_row(slots: &[Slot], input: &mut Input<'_>) -> Result<()> {
    let arity = slots.len() as u64;
    let header = arity.saturating_add(71).checked_div(64).unwrap_or_default().saturating_mul(8);
    let fixed = header.saturating_add(arity.saturating_mul(8));
    let before = input.offset();
    let length = input.count(1, "length of a row")?;
    if length < fixed {
        let problem = Problem::Truncated { needed: fixed, available: length };
        return Err(super::FormatError { offset: before, field: "row", problem }.into());
    }
    if fixed > MAX_FIXED {
        return input.skip(length, "row");
    }
    let start = input.offset();
    let bytes = input.vec(fixed, "row")?;
    if bytes.first().is_some_and(|kind| *kind > 3) {
        return Err(at(start, "row kind", "is none of 0 to 3").into());
    }
    let (head, values) =
        bytes.split_at_checked(usize::try_from(header).unwrap_or(usize::MAX)).unwrap_or_default();
    let (values, _) = values.as_chunks::<8>();
    for ((i, slot), value) in slots.iter().enumerate().zip(values) {
        let bit = i.saturating_add(8);
        let null = head.get(bit >> 3).is_some_and(|byte| byte & (1 << (bit & 7)) != 0);
        if !null && !fits(*slot, u64::from_le_bytes(*value), fixed, length) {
            let offset = start.saturating_add(header).saturating_add((i as u64).saturating_mul(8));
            return Err(at(offset, "field of a row", "cannot be, or lies outside of it").into());
        }
    }
    input.skip(length.saturating_sub(fixed), "row")
}

fn fits(slot: Slot, value: u64, fixed: u64, length: u64) -> bool {
    let (low, offset) = (value & 0xFFFF_FFFF, value >> 32);
    let inside = |bytes: u64| offset >= fixed && offset.saturating_add(bytes) <= length;
    match slot {
        Slot::Value => true,
        Slot::Bool => value & 0xFF <= 1,
        Slot::Bytes if value >> 63 == 1 => (value >> 56) & 0x7F <= 7,
        Slot::Bytes | Slot::Outside => inside(low),
        Slot::Timestamp => low < 1_000_000 && inside(8),
    }
}
