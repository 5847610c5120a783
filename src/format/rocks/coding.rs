//! Primitive encodings of RocksDB: little-endian integers and varints (`util/coding.h`).
//!
//! Each function takes what it reads from the front of `input`. `None` means that the input
//! ends too early or that a varint is longer than its type; `input` is then of no use.

/// The next `length` bytes.
#[inline]
pub fn bytes<'a>(input: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, tail) = input.split_at_checked(length)?;
    *input = tail;
    Some(head)
}

/// One byte.
#[inline]
pub fn byte(input: &mut &[u8]) -> Option<u8> {
    let (head, tail) = input.split_first()?;
    *input = tail;
    Some(*head)
}

/// Four bytes, little-endian.
#[inline]
pub fn fixed32(input: &mut &[u8]) -> Option<u32> {
    let (head, tail) = input.split_first_chunk()?;
    *input = tail;
    Some(u32::from_le_bytes(*head))
}

/// Eight bytes, little-endian.
#[inline]
pub fn fixed64(input: &mut &[u8]) -> Option<u64> {
    let (head, tail) = input.split_first_chunk()?;
    *input = tail;
    Some(u64::from_le_bytes(*head))
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
#[inline]
pub fn varint64(input: &mut &[u8]) -> Option<u64> {
    let first = byte(input)?;
    if first < 0x80 {
        return Some(u64::from(first));
    }
    let mut value = u64::from(first & 0x7f);
    for shift in (7..64).step_by(7) {
        let next = byte(input)?;
        let bits = u64::from(next & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if next < 0x80 {
            return Some(value);
        }
    }
    None
}

/// A varint of at most 32 bits.
#[inline]
pub fn varint32(input: &mut &[u8]) -> Option<u32> {
    varint64(input)?.try_into().ok()
}

/// A signed varint: 0, -1, 1, -2, 2, ... are written as 0, 1, 2, 3, 4, ...
#[inline]
pub fn signed_varint64(input: &mut &[u8]) -> Option<i64> {
    let zigzag = varint64(input)?;
    Some((zigzag >> 1).cast_signed() ^ (zigzag & 1).cast_signed().wrapping_neg())
}

/// A length as varint of at most 32 bits, and that many bytes.
#[inline]
pub fn length_prefixed<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = varint32(input)?;
    bytes(input, usize::try_from(length).ok()?)
}

/// Appends a varint in its shortest form.
pub fn put_varint64(output: &mut Vec<u8>, value: u64) {
    let mut rest = value;
    while rest >= 0x80 {
        output.push((rest as u8) | 0x80);
        rest >>= 7;
    }
    output.push(rest as u8);
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_read_as_they_are_written() {
        for value in [0, 1, 127, 128, 300, 1 << 32, u64::MAX - 1, u64::MAX] {
            let mut written = Vec::new();
            put_varint64(&mut written, value);
            let mut input = &written[..];
            assert_eq!(varint64(&mut input), Some(value));
            assert!(input.is_empty());
            for cut in 0..written.len() {
                assert_eq!(varint64(&mut &written[..cut]), None);
            }
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(varint64(&mut &[0xff; 10][..]), None);
        let mut eleven = [0x80; 11];
        eleven[10] = 0;
        assert_eq!(varint64(&mut &eleven[..]), None);
        assert_eq!(
            varint64(&mut &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2][..]),
            None
        );
        assert_eq!(varint32(&mut &[0xff, 0xff, 0xff, 0xff, 0x0f][..]), Some(u32::MAX));
        assert_eq!(varint32(&mut &[0xff, 0xff, 0xff, 0xff, 0x1f][..]), None);
        assert_eq!(length_prefixed(&mut &[3, 1, 2][..]), None);
        assert_eq!(length_prefixed(&mut &[2, 1, 2, 9][..]), Some(&[1, 2][..]));
    }

    #[test]
    fn signed_and_fixed() {
        let signed = |bytes: &[u8]| signed_varint64(&mut &bytes[..]);
        assert_eq!([signed(&[0]), signed(&[1]), signed(&[2])], [Some(0), Some(-1), Some(1)]);
        assert_eq!(
            signed(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            Some(i64::MIN)
        );
        assert_eq!(fixed32(&mut &[1, 2, 0, 0][..]), Some(0x201));
        assert_eq!(fixed64(&mut &[1, 0, 0, 0, 0, 0, 0, 2][..]), Some((2 << 56) + 1));
        assert_eq!(fixed64(&mut &[1; 7][..]), None);
    }
}
