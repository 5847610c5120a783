//! Names in little space: a UUID is 16 bytes, the local name of an SST is its number.

use std::borrow::Cow;

use super::intern::Interner;

/// Texts that have no shorter form, each kept once.
#[derive(Debug, Default)]
pub(super) struct Texts(Interner<Box<[u8]>>);

impl Texts {
    fn find(&self, text: &[u8]) -> Option<u32> {
        self.0.find_ref(text)
    }

    fn intern(&mut self, text: &[u8]) -> u32 {
        self.0.intern_ref(text, |text| text.into())
    }

    fn get(&self, number: u32) -> &[u8] {
        self.0.get(number).map_or(&[], |text| text)
    }

    pub(super) fn freeze(&mut self) {
        self.0.freeze();
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.0.heap_bytes() + self.0.iter().map(|text| text.len()).sum::<usize>()
    }
}

/// The name of a file: a UUID, or the number of a text behind [`MARK`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Name([u8; 16]);

/// What no UUID that is kept as one begins with.
const MARK: [u8; 12] = [0xFF; 12];

impl Name {
    /// Makes a name of modified UTF-8.
    pub(super) fn of(text: &[u8], texts: &mut Texts) -> Name {
        if let Some(uuid) = parse_uuid(text).filter(|uuid| !uuid.starts_with(&MARK)) {
            return Name(uuid);
        }
        Name::of_text(texts.intern(text))
    }

    /// The name that was made of this text; `None` if none was.
    pub(super) fn known(text: &[u8], texts: &Texts) -> Option<Name> {
        if let Some(uuid) = parse_uuid(text).filter(|uuid| !uuid.starts_with(&MARK)) {
            return Some(Name(uuid));
        }
        texts.find(text).map(Name::of_text)
    }

    fn of_text(number: u32) -> Name {
        let mut name = [0xFF; 16];
        let (_, end) = name.split_at_mut(MARK.len());
        end.copy_from_slice(&number.to_be_bytes());
        Name(name)
    }

    /// The encoded bytes it was made of.
    pub(super) fn bytes(self, texts: &Texts) -> Cow<'_, [u8]> {
        match self.as_text(texts) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(uuid_text(self.0)),
        }
    }

    /// The encoded bytes of a name that is no UUID.
    pub(super) fn as_text(self, texts: &Texts) -> Option<&[u8]> {
        let number = self.0.strip_prefix(&MARK)?.try_into().ok()?;
        Some(texts.get(u32::from_be_bytes(number)))
    }
}

impl Name {
    /// The first eight bytes of the text, as a number that orders names as far as it goes.
    pub(super) fn head(self, texts: &Texts) -> u64 {
        let mut head = [0; 8];
        match self.as_text(texts) {
            Some(text) => head.iter_mut().zip(text).for_each(|(to, from)| *to = *from),
            None => {
                let digits = self.0.iter().flat_map(|byte| digits(*byte));
                head.iter_mut().zip(digits).for_each(|(to, from)| *to = from);
            }
        }
        u64::from_be_bytes(head)
    }
}

/// Where the digits of a UUID are in its text.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// The bytes of a UUID as Flink writes it: lower case, with hyphens.
fn parse_uuid(text: &[u8]) -> Option<[u8; 16]> {
    let text = <&[u8; 36]>::try_from(text).ok()?;
    let hyphens = [8, 13, 18, 23].iter().all(|at| text[*at] == b'-');
    let mut uuid = [0; 16];
    // Where the two digits of each byte begin.
    let starts = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    let mut seen = 0;
    for (byte, at) in uuid.iter_mut().zip(starts) {
        let (high, low) = (VALUES[usize::from(text[at])], VALUES[usize::from(text[at + 1])]);
        seen |= high | low;
        *byte = high << 4 | low & 0xF;
    }
    (hyphens && seen < NO_DIGIT).then_some(uuid)
}

/// What is no hex digit in lower case.
const NO_DIGIT: u8 = 0x80;

/// The values of hex digits.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

fn digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 0xF].map(|digit| b"0123456789abcdef"[usize::from(digit)])
}

fn uuid_text(uuid: [u8; 16]) -> Vec<u8> {
    let mut text = Vec::with_capacity(36);
    let mut bytes = uuid.iter();
    for (group, digits) in GROUPS.into_iter().enumerate() {
        if group > 0 {
            text.push(b'-');
        }
        for byte in bytes.by_ref().take(digits / 2) {
            text.extend(
                [byte >> 4, byte & 0xF].map(|digit| b"0123456789abcdef"[usize::from(digit)]),
            );
        }
    }
    text
}

/// The name under which a backend knows a file: the number of an SST, a text, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LocalName(u32);

/// Says that the rest is the number of a text.
const TEXT: u32 = 1 << 31;

impl LocalName {
    pub(super) const NONE: LocalName = LocalName(u32::MAX);

    pub(super) fn of(text: Option<&[u8]>, texts: &mut Texts) -> LocalName {
        let Some(text) = text else { return LocalName::NONE };
        match sst_number(text).and_then(|number| u32::try_from(number).ok()) {
            Some(number) if number < TEXT => LocalName(number),
            // Fewer than 2^31 distinct texts fit into what is read.
            _ => LocalName(TEXT | texts.intern(text)),
        }
    }

    /// The encoded bytes it was made of; `None` where there is none.
    pub(super) fn bytes(self, texts: &Texts) -> Option<Cow<'_, [u8]>> {
        Some(match self {
            LocalName::NONE => return None,
            LocalName(text) if text & TEXT != 0 => Cow::Borrowed(texts.get(text & !TEXT)),
            LocalName(number) => Cow::Owned(format!("{number:06}.sst").into_bytes()),
        })
    }
}

/// The number in the local name of an SST, if it is written as RocksDB does: `000012.sst`.
pub fn sst_number(local_name: &[u8]) -> Option<u64> {
    let digits = local_name.strip_suffix(b".sst")?;
    let padded = digits.len() > 6 && digits.starts_with(b"0");
    let plain = digits.len() >= 6 && digits.iter().all(u8::is_ascii_digit);
    if padded || !plain {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_were() {
        let mut texts = Texts::default();
        let uuid = "5ff0ba91-6b3c-48b5-9af3-e33536f3daec";
        let marked = "ffffffff-ffff-ffff-ffff-ffff00000001";
        let others = ["", "_metadata", marked, "5FF0BA91-6B3C-48B5-9AF3-E33536F3DAEC", &uuid[1..]];
        for text in others.into_iter().chain([uuid]) {
            let name = Name::of(text.as_bytes(), &mut texts);
            assert_eq!(name, Name::of(text.as_bytes(), &mut texts));
            assert_eq!(&*name.bytes(&texts), text.as_bytes());
        }
        assert_eq!(texts.0.iter().count(), others.len(), "only the UUID needs no text");
    }

    #[test]
    fn local_names_come_back_as_they_were() {
        let mut texts = Texts::default();
        for text in [
            "000012.sst",
            "1234567.sst",
            "2147483647.sst",
            "2147483648.sst",
            "4294967295.sst",
            "0000012.sst",
            "12.sst",
            "CURRENT",
            "MANIFEST-000004",
            "",
            "99999999999999999999.sst",
        ] {
            let name = LocalName::of(Some(text.as_bytes()), &mut texts);
            assert_eq!(name.bytes(&texts).as_deref(), Some(text.as_bytes()), "{text}");
        }
        assert_eq!(LocalName::of(None, &mut texts).bytes(&texts), None);
        assert_eq!(sst_number(b"000012.sst"), Some(12));
    }
}
