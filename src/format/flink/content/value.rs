//! Taking one value off a stream, checking all of it that can be wrong.

use super::super::error::FormatError;
use super::super::error::Problem;
use super::super::utf::Utf;
use super::Result;
use super::Stop;
use super::at;
use super::codec::Codec;
use super::codec::Pojo;
use super::input::Input;
use super::row::binary_row;

/// Flags of a POJO.
const NULL: u8 = 1;
const EXACT: u8 = 2;
const OTHER_SUBCLASS: u8 = 4;
const REGISTERED_SUBCLASS: u8 = 8;

impl Codec {
    /// Takes one value.
    pub(super) fn read(&self, input: &mut Input<'_>) -> Result<(), Stop> {
        match self {
            Codec::Fixed(n) => input.skip(*n, "value")?,
            Codec::VoidNamespace | Codec::Zero => zero(input)?,
            Codec::Bool => {
                input.bool("boolean")?;
            }
            Codec::Text { nullable } => text(input, *nullable)?,
            Codec::BigInteger => {
                big_integer(input)?;
            }
            Codec::BigDecimal => {
                if big_integer(input)? {
                    input.i32("scale")?;
                }
            }
            Codec::LocalDate => {
                date(input)?;
            }
            Codec::LocalTime => time(input)?,
            Codec::LocalDateTime => {
                date(input)?;
                time(input)?;
            }
            Codec::Enum(constants) => enumeration(input, *constants)?,
            Codec::Sized => {
                let n = input.count(1, "length of a value")?;
                input.skip(n, "value")?;
            }
            Codec::List(element) => {
                let n = input.count(element.least(), "number of elements")?;
                each(n, element, input)?;
            }
            Codec::Options(element) => {
                for _ in 0..input.count(1, "number of elements")? {
                    if input.bool("presence flag of an element")? {
                        element.read(input)?;
                    }
                }
            }
            Codec::Map(key, value) => {
                let least = key.least().saturating_add(1);
                for _ in 0..input.count(least, "number of map entries")? {
                    key.read(input)?;
                    nullable(value, input)?;
                }
            }
            Codec::LinkedList { mask, element } => linked_list(*mask, element, input)?,
            Codec::Sequence { parts, .. } => parts.iter().try_for_each(|part| part.read(input))?,
            Codec::Nullable { padding, value } => {
                if input.bool("null flag")? {
                    for _ in 0..*padding {
                        zero(input)?;
                    }
                } else {
                    value.read(input)?;
                }
            }
            Codec::Option(value) => {
                if input.bool("presence flag")? {
                    value.read(input)?;
                }
            }
            Codec::Either(left, right) => match input.bool("side of an either")? {
                true => left.read(input)?,
                false => right.read(input)?,
            },
            Codec::Union(one, two) => {
                let before = input.offset();
                match input.u8("tag of a union")? {
                    1 => one.read(input)?,
                    2 => two.read(input)?,
                    _ => return Err(at(before, "tag of a union", "is neither 1 nor 2").into()),
                }
            }
            Codec::Pojo(pojo) => read_pojo(pojo, input)?,
            Codec::Row { kinds, fields } => row(*kinds, fields, input)?,
            Codec::BinaryRow(slots) => binary_row(slots, input)?,
            Codec::StreamElement(record) => stream_element(record, input)?,
            Codec::Unknown(class) => return Err(Stop::Unknown(class.clone())),
        }
        Ok(())
    }
}

/// As many values; those without a byte are not worth a look.
fn each(n: u64, element: &Codec, input: &mut Input<'_>) -> Result<(), Stop> {
    match element {
        Codec::Fixed(width) => input.skip(n.saturating_mul(*width), "elements")?,
        _ if element.least() == 0 => {}
        _ => {
            for _ in 0..n {
                element.read(input)?;
            }
        }
    }
    Ok(())
}

/// A flag and, unless it is 1 (null), the value.
pub(super) fn nullable(value: &Codec, input: &mut Input<'_>) -> Result<(), Stop> {
    match input.bool("null flag")? {
        true => Ok(()),
        false => value.read(input),
    }
}

fn zero(input: &mut Input<'_>) -> Result<()> {
    let before = input.offset();
    match input.u8("empty value")? {
        0 => Ok(()),
        _ => Err(at(before, "empty value", "is not a byte 0").into()),
    }
}

fn text(input: &mut Input<'_>, nullable: bool) -> Result<()> {
    let before = input.offset();
    let mut left = varint(input, "length of a string")?;
    if nullable {
        left = left.saturating_sub(1);
    }
    if left > input.left() {
        let problem = Problem::TooLarge { value: left, limit: input.left() };
        return Err(FormatError { offset: before, field: "length of a string", problem }.into());
    }
    while left > 0 {
        left = left.saturating_sub(input.skip_ascii(left));
        if left > 0 {
            let before = input.offset();
            if varint(input, "character")? > 0xFFFF {
                return Err(at(before, "character", "is above U+FFFF").into());
            }
            left = left.saturating_sub(1);
        }
    }
    Ok(())
}

/// Seven bits in a byte, low ones first, in as few bytes as will do; at most 31 bits.
fn varint(input: &mut Input<'_>, field: &'static str) -> Result<u64> {
    let before = input.offset();
    let mut value = 0_u64;
    for shift in [0_u32, 7, 14, 21, 28] {
        let byte = input.u8(field)?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            if byte == 0 && shift > 0 {
                return Err(at(before, field, "is a number with more bytes than it needs").into());
            }
            return Ok(value);
        }
    }
    Err(at(before, field, "is a number of more than five bytes").into())
}

/// Returns whether it was a number and not null.
fn big_integer(input: &mut Input<'_>) -> Result<bool> {
    let before = input.offset();
    let n = input.i32("length of a big integer")?;
    let fail = |problem| {
        Err(FormatError { offset: before, field: "length of a big integer", problem }.into())
    };
    match u64::try_from(n) {
        Err(_) => fail(Problem::Negative(n.into())),
        Ok(0) => Ok(false),
        Ok(1..=3) => Ok(true),
        Ok(4) => fail(Problem::Invalid("is that of a number without a byte")),
        Ok(n) => {
            input.skip(n.saturating_sub(4), "big integer")?;
            Ok(true)
        }
    }
}

/// Null is the smallest year, 80 00.
fn date(input: &mut Input<'_>) -> Result<()> {
    let before = input.offset();
    let year = input.i32("year")?;
    let (month, day) = (input.u8("month")?, input.u8("day")?);
    let null = year == i32::MIN && month == 0x80 && day == 0;
    match null || ((1..=12).contains(&month) && (1..=31).contains(&day)) {
        true => Ok(()),
        false => Err(at(before, "date", "has a month or day that no year has").into()),
    }
}

/// Null is the smallest hour.
fn time(input: &mut Input<'_>) -> Result<()> {
    let before = input.offset();
    let (hour, minute) = (input.u8("hour")?, input.u8("minute")?);
    let (second, nano) = (input.u8("second")?, input.i32("nanosecond")?);
    let real = hour < 24 && minute < 60 && second < 60 && (0..1_000_000_000).contains(&nano);
    match real || hour == 0x80 {
        true => Ok(()),
        false => Err(at(before, "time", "is one that no day has").into()),
    }
}

fn enumeration(input: &mut Input<'_>, constants: u32) -> Result<()> {
    let before = input.offset();
    match u32::try_from(input.i32("enum constant")?) {
        Ok(code) if code < constants => Ok(()),
        _ => Err(at(before, "enum constant", "is none of those of the enum").into()),
    }
}

fn linked_list(mask: bool, element: &Codec, input: &mut Input<'_>) -> Result<(), Stop> {
    let least = if mask { 0 } else { element.least() };
    let n = input.count(least, "number of elements")?;
    let mut present = n;
    if mask {
        let mut left = n;
        while left > 0 {
            let nulls = mask_byte(input, left)?.count_ones();
            present = present.saturating_sub(nulls.into());
            left = left.saturating_sub(8);
        }
    }
    each(present, element, input)
}

/// One byte of a mask of which `left` bits are left, first bit highest; the rest are 0.
fn mask_byte(input: &mut Input<'_>, left: u64) -> Result<u8> {
    let before = input.offset();
    let byte = input.u8("null mask")?;
    let unused = u32::try_from(8_u64.saturating_sub(left.min(8))).unwrap_or_default();
    match byte.trailing_zeros() >= unused {
        true => Ok(byte),
        false => Err(at(before, "null mask", "has bits behind its last field").into()),
    }
}

fn row(kinds: bool, fields: &[Codec], input: &mut Input<'_>) -> Result<(), Stop> {
    let kind_bits = if kinds { 2 } else { 0 };
    let bits = (fields.len() as u64).saturating_add(kind_bits);
    let mut mask = Vec::new();
    let mut left = bits;
    while left > 0 {
        mask.push(mask_byte(input, left)?);
        left = left.saturating_sub(8);
    }
    let is_set = |bit: usize| {
        let byte = mask.get(bit >> 3).copied().unwrap_or_default();
        byte & (0x80 >> (bit & 7)) != 0
    };
    let first = if kinds { 2_usize } else { 0 };
    for (i, field) in fields.iter().enumerate() {
        if !is_set(first.saturating_add(i)) {
            field.read(input)?;
        }
    }
    Ok(())
}

fn read_pojo(pojo: &Pojo, input: &mut Input<'_>) -> Result<(), Stop> {
    let before = input.offset();
    match input.u8("flags of a POJO")? {
        NULL => Ok(()),
        EXACT => pojo.fields.iter().try_for_each(|field| nullable(field, input)),
        OTHER_SUBCLASS => {
            let n = input.u16("class of a POJO")?;
            let name = input.vec(n.into(), "class of a POJO")?;
            let name = Utf::from_encoded(&name).to_str().into_owned();
            match pojo.unregistered.get(&name) {
                Some(subclass) => subclass.read(input),
                None => Err(Stop::Unknown(format!("subclass {name}"))),
            }
        }
        REGISTERED_SUBCLASS => {
            let before = input.offset();
            let tag = input.u8("subclass of a POJO")?;
            match pojo.registered.get(usize::from(tag)) {
                Some(subclass) => subclass.read(input),
                None => Err(at(before, "subclass of a POJO", "is not registered").into()),
            }
        }
        _ => Err(at(before, "flags of a POJO", "are none of 1, 2, 4 and 8").into()),
    }
}

fn stream_element(record: &Codec, input: &mut Input<'_>) -> Result<(), Stop> {
    match input.u8("tag of a stream element")? {
        0 => {
            input.i64("timestamp of a record")?;
            record.read(input)
        }
        1 => record.read(input),
        2 => {
            input.i64("watermark")?;
            Ok(())
        }
        tag => Err(Stop::Unknown(format!("stream element with tag {tag}"))),
    }
}
