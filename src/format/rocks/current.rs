//! CURRENT: the name of the MANIFEST that counts, and a line feed.

use std::str;

/// Longest part of what was found that an error shows, bytes.
const SHOWN: usize = 64;

/// What CURRENT says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current<'a> {
    /// The file name, `MANIFEST-` and at least six digits.
    pub manifest: &'a str,
    /// The number in it.
    pub number: u64,
}

/// CURRENT names no MANIFEST.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: CURRENT is \"{found}\", expected \"MANIFEST-nnnnnn\\n\"")]
pub struct CurrentError {
    /// The first byte that is not as expected.
    pub offset: u64,
    /// Its bytes, escaped, and cut if they are many.
    pub found: String,
}

/// Reads CURRENT, which RocksDB writes with at least six digits and one line feed.
///
/// # Errors
/// Any other content.
pub fn parse(bytes: &[u8]) -> Result<Current<'_>, CurrentError> {
    let prefix = b"MANIFEST-";
    let fail = |offset: usize| {
        let shown = bytes.get(..SHOWN);
        let more = if shown.is_some() { "…" } else { "" };
        let found = format!("{}{more}", shown.unwrap_or(bytes).escape_ascii());
        CurrentError { offset: offset as u64, found }
    };
    let common = bytes.iter().zip(prefix).take_while(|(a, b)| a == b).count();
    let digits = bytes.strip_prefix(prefix).ok_or_else(|| fail(common))?;
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let end = prefix.len().saturating_add(count);
    let (name, rest) = bytes.split_at_checked(end).ok_or_else(|| fail(end))?;
    let manifest = str::from_utf8(name).map_err(|_| fail(end))?;
    let number = manifest.get(prefix.len()..).and_then(|number| number.parse().ok());
    let number: u64 = number.ok_or_else(|| fail(end))?;
    if rest != b"\n" {
        let after = usize::from(rest.first() == Some(&b'\n'));
        return Err(fail(end.saturating_add(after)));
    }
    // As it is written, so that no two files mean the same.
    if manifest != format!("MANIFEST-{number:06}") {
        return Err(fail(prefix.len()));
    }
    Ok(Current { manifest, number })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests {
    use super::parse;

    #[test]
    fn a_manifest_is_named() {
        let current = parse(b"MANIFEST-000005\n").unwrap();
        assert_eq!((current.manifest, current.number), ("MANIFEST-000005", 5));
        assert_eq!(parse(b"MANIFEST-1234567\n").unwrap().number, 1_234_567);
    }

    #[test]
    fn anything_else_is_an_error_with_its_place() {
        let offset = |bytes: &[u8]| parse(bytes).unwrap_err().offset;
        assert_eq!(offset(b""), 0);
        assert_eq!(offset(b"MANIFEST"), 8);
        assert_eq!(offset(b"MANIFEXT-000005\n"), 6);
        assert_eq!(offset(b"MANIFEST-\n"), 9);
        assert_eq!(offset(b"MANIFEST-00005\n"), 9);
        assert_eq!(offset(b"MANIFEST-0000005\n"), 9);
        assert_eq!(offset(b"MANIFEST-000005"), 15);
        assert_eq!(offset(b"MANIFEST-000005\r\n"), 15);
        assert_eq!(offset(b"MANIFEST-000005\n\n"), 16);
        assert_eq!(offset(b"MANIFEST-99999999999999999999\n"), 29);
    }

    #[test]
    fn what_was_found_is_shown_in_part() {
        let error = parse(b"OPTIONS-1\n").unwrap_err().to_string();
        let expected = "byte 0: CURRENT is \"OPTIONS-1\\n\", expected \"MANIFEST-nnnnnn\\n\"";
        assert_eq!(error, expected);
        assert!(parse(&[0; 1 << 20]).unwrap_err().found.len() < 512);
    }

    #[test]
    fn every_flipped_bit_is_an_error_or_another_number() {
        let bytes = *b"MANIFEST-000005\n";
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            let number = parse(&bytes).map(|current| current.number);
            assert!(number != Ok(5), "bit {bit}");
        }
    }
}
