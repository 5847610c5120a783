//! Modified UTF-8, as `DataOutput.writeUTF` writes it.

use std::borrow::Cow;
use std::fmt;

/// A string in modified UTF-8: U+0000 is `C0 80`, and a supplementary code point is two
/// three-byte surrogates. The raw bytes are kept, so that writing it back changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Utf<'a>(&'a [u8]);

impl<'a> Utf<'a> {
    /// Takes bytes which are already in modified UTF-8.
    pub fn from_encoded(bytes: &'a [u8]) -> Self {
        Utf(bytes)
    }

    /// The encoded bytes, without the length in front.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether the string has no characters.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The text. What is not valid (a lone surrogate, a stray byte) becomes U+FFFD.
    pub fn to_str(self) -> Cow<'a, str> {
        match std::str::from_utf8(self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(decode(self.0)),
        }
    }
}

/// Encodes text into modified UTF-8, without the length in front.
pub fn encode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for unit in text.encode_utf16() {
        let [high, low] = unit.to_be_bytes();
        let (low, six_bits) = (low, 0x3F_u8);
        match unit {
            1..=0x7F => out.push(low),
            0 | 0x80..=0x7FF => {
                out.push(0xC0 | (high << 2) | (low >> 6));
                out.push(0x80 | (low & six_bits));
            }
            _ => {
                out.push(0xE0 | (high >> 4));
                out.push(0x80 | ((high << 2) & six_bits) | (low >> 6));
                out.push(0x80 | (low & six_bits));
            }
        }
    }
    out
}

/// Decodes leniently: per UTF-16 code unit, then pairs the surrogates.
fn decode(bytes: &[u8]) -> String {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => break,
            [a @ 0..=0x7F, tail @ ..] => {
                units.push(u16::from(*a));
                tail
            }
            [a @ 0xC0..=0xDF, b @ 0x80..=0xBF, tail @ ..] => {
                units.push(u16::from(a & 0x1F) << 6 | u16::from(b & 0x3F));
                tail
            }
            [a @ 0xE0..=0xEF, b @ 0x80..=0xBF, c @ 0x80..=0xBF, tail @ ..] => {
                units.push(
                    u16::from(a & 0x0F) << 12 | u16::from(b & 0x3F) << 6 | u16::from(c & 0x3F),
                );
                tail
            }
            [_, tail @ ..] => {
                units.push(0xFFFD);
                tail
            }
        };
    }
    String::from_utf16_lossy(&units)
}

impl<'a> From<&'a str> for Utf<'a> {
    /// Borrows text that is the same in UTF-8 and modified UTF-8, which is all text without
    /// U+0000 and supplementary code points; for other text use [`encode`].
    fn from(text: &'a str) -> Self {
        Utf(text.as_bytes())
    }
}

impl fmt::Display for Utf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str())
    }
}

impl fmt::Debug for Utf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_table_of_the_format() {
        assert_eq!(encode("a\0é€"), b"a\xC0\x80\xC3\xA9\xE2\x82\xAC");
        let grin = encode("\u{1F600}");
        assert_eq!(grin, b"\xED\xA0\xBD\xED\xB8\x80");
        assert_eq!(Utf::from_encoded(&grin).to_str(), "\u{1F600}");
        assert_eq!(Utf::from_encoded(b"\xC0\x80").to_str(), "\0");
    }

    #[test]
    fn decodes_damaged_text_without_failing() {
        assert_eq!(Utf::from_encoded(b"a\xFFb\xED\xA0\xBD").to_str(), "a\u{FFFD}b\u{FFFD}");
        assert_eq!(Utf::from_encoded(b"\xE2\x82").to_str(), "\u{FFFD}\u{FFFD}");
    }

    proptest::proptest! {
        #[test]
        fn encoding_round_trips(text in ".*") {
            let bytes = encode(&text);
            proptest::prop_assert_eq!(Utf::from_encoded(&bytes).to_str(), text);
        }
    }
}
