//! The bodies of snapshots, piece by piece.

use super::super::error::{Problem, Result};
use super::super::java::read_object;
use super::super::read::Reader;
use super::framed::{read_kryo, read_pojo};
use super::snapshot::{Context, read_snapshot};
use super::sql::type_name;
use super::table::{Layout, Part};
use super::{Detail, Opaque, Serializer};

const COMPOSITE_MAGIC: [u8; 4] = 911_108_u32.to_be_bytes();
const NESTED_MAGIC: [u8; 8] = [0x00, 0x14, 0x57, 0xFD, 0x00, 0x00, 0x00, 0x01];

/// How far the nested snapshots of an unknown composite are searched for.
const SEARCH_LIMIT: usize = 4096;

/// What a body holds.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub(super) detail: Detail<'a>,
    pub(super) nested: Vec<Serializer<'a>>,
    pub(super) opaque: Option<Opaque>,
}

/// Reads a body of a known layout.
pub(super) fn read_layout<'a>(
    layout: Layout,
    version: i32,
    r: &mut Reader<'a>,
    cx: &mut Context<'_>,
) -> Result<Body<'a>> {
    let mut body = Body::default();
    let unreadable = |readable| {
        Err(r.error("snapshot version", Problem::Version { found: version.into(), readable }))
    };
    match layout {
        Layout::Simple => match version {
            3 => {}
            2 => {
                r.utf("serializer class")?;
            }
            _ => return unreadable("2 and 3"),
        },
        Layout::Composite(parts) => {
            let outer = match version {
                // Written before 1.8: the version stands for the outer one as well.
                1 | 2 => version,
                3 => {
                    magic(r, COMPOSITE_MAGIC)?;
                    r.i32("outer snapshot version")?
                }
                _ => return unreadable("1 to 3"),
            };
            for &part in parts {
                read_part(part, outer, r, cx, &mut body)?;
            }
            read_part(Part::Nested, outer, r, cx, &mut body)?;
        }
        Layout::Body(versions, parts) => {
            if !versions.contains(&version) {
                return unreadable("those of the releases up to 2.3");
            }
            for &part in parts {
                read_part(part, version, r, cx, &mut body)?;
            }
        }
    }
    Ok(body)
}

/// Reads the body of an unknown class that begins as every composite does; `None` if it does
/// not. The outer part, which only the class knows, ends where the nested snapshots begin.
pub(super) fn read_unknown_composite<'a>(
    r: &mut Reader<'a>,
    cx: &mut Context<'_>,
) -> Result<Option<Body<'a>>> {
    if !r.rest().starts_with(&COMPOSITE_MAGIC) {
        return Ok(None);
    }
    magic(r, COMPOSITE_MAGIC)?;
    let outer = r.i32("outer snapshot version")?;
    let window = r.rest().get(..SEARCH_LIMIT).unwrap_or(r.rest());
    let Some(n) = window.windows(NESTED_MAGIC.len()).position(|w| w == NESTED_MAGIC) else {
        return Ok(None);
    };
    let mut body = Body::default();
    if n > 0 {
        body.opaque = Some(Opaque { offset: r.offset(), bytes: Some(n as u64) });
        r.bytes(n, "outer snapshot")?;
    }
    read_part(Part::Nested, outer, r, cx, &mut body)?;
    Ok(Some(body))
}

fn read_part<'a>(
    part: Part,
    version: i32,
    r: &mut Reader<'a>,
    cx: &mut Context<'_>,
    body: &mut Body<'a>,
) -> Result<()> {
    match part {
        Part::Class => body.detail = Detail::Class(r.utf("type class")?),
        Part::FlagSince(first) => {
            if version >= first {
                let flag = r.bool("snapshot flag")?;
                if body.detail == Detail::None {
                    body.detail = Detail::Flag(flag);
                }
            }
        }
        Part::FieldCount => body.detail = Detail::FieldCount(r.i32("number of fields")?),
        Part::Precision => body.detail = Detail::Precision(r.i32("precision")?),
        Part::Decimal => {
            body.detail =
                Detail::Decimal { precision: r.i32("precision")?, scale: r.i32("scale")? };
        }
        Part::NullPadding => body.detail = Detail::NullPadding(r.i32("null padding length")?),
        Part::Text => {
            r.utf("builder code")?;
        }
        Part::Object => {
            read_object(r)?;
        }
        Part::LogicalType => logical_type(r, &mut body.detail)?,
        Part::LogicalTypes => {
            body.detail = Detail::LogicalTypes(Vec::new());
            for _ in 0..r.count(5, "number of types")? {
                logical_type(r, &mut body.detail)?;
            }
        }
        Part::Blob => {
            r.sized_bytes("serialized function")?;
        }
        Part::Snapshot => body.nested.push(read_snapshot(r, cx)?),
        Part::Nested => {
            magic(r, NESTED_MAGIC)?;
            for _ in 0..r.count(6, "number of nested snapshots")? {
                body.nested.push(read_snapshot(r, cx)?);
            }
        }
        Part::Enum => {
            let class = r.utf("enum class")?;
            let mut constants = Vec::new();
            for _ in 0..r.count(2, "number of constants")? {
                constants.push(r.utf("enum constant")?);
            }
            body.detail = Detail::Enum { class, constants };
        }
        Part::ScalaEnum => {
            let class = r.utf("enum class")?;
            let mut coded = Vec::new();
            for _ in 0..r.count(6, "number of constants")? {
                let name = r.utf("enum constant")?;
                coded.push((r.i32("enum code")?, name));
            }
            coded.sort();
            let constants = coded.into_iter().map(|(_, name)| name).collect();
            body.detail = Detail::Enum { class, constants };
        }
        Part::Pojo => read_pojo(r, body)?,
        Part::Kryo => read_kryo(r, body)?,
        Part::Avro => {
            let text = |r: &mut Reader<'a>, field| match version {
                3 => string_value(r, field),
                _ => Ok(r.utf(field)?.to_str().into_owned()),
            };
            let class = if version == 1 { String::new() } else { text(r, "Avro class")? };
            body.detail = Detail::Avro { class, schema: text(r, "Avro schema")? };
        }
    }
    Ok(())
}

/// Appends a SQL type to those of `detail`.
fn logical_type(r: &mut Reader<'_>, detail: &mut Detail<'_>) -> Result<()> {
    let before = r.offset();
    let object = read_object(r)?;
    let bytes = usize::try_from(r.offset().saturating_sub(before)).unwrap_or(usize::MAX);
    let name = type_name(object.root(), bytes);
    match detail {
        Detail::LogicalTypes(names) => names.push(name),
        _ => *detail = Detail::LogicalTypes(vec![name]),
    }
    Ok(())
}

fn magic<const N: usize>(r: &mut Reader<'_>, expected: [u8; N]) -> Result<()> {
    let start = r.clone();
    if r.bytes(N, "snapshot magic")? == expected {
        return Ok(());
    }
    Err(start.invalid("snapshot magic", "is not that of this kind of snapshot"))
}

/// Flink's `StringValue`: length plus one, then UTF-16 code units, all as varints with seven
/// bits in a byte, low bits first (section 7.1). Null reads as empty.
fn string_value(r: &mut Reader<'_>, field: &'static str) -> Result<String> {
    let n = varint(r, field)?.saturating_sub(1);
    if n > r.rest().len() as u64 {
        let limit = r.rest().len() as u64;
        return Err(r.error(field, Problem::TooLarge { value: n, limit }));
    }
    let mut units = Vec::new();
    for _ in 0..n {
        let start = r.clone();
        let unit = u16::try_from(varint(r, field)?)
            .map_err(|_| start.invalid(field, "has a character above U+FFFF"))?;
        units.push(unit);
    }
    Ok(String::from_utf16_lossy(&units))
}

fn varint(r: &mut Reader<'_>, field: &'static str) -> Result<u64> {
    let start = r.clone();
    let mut value = 0_u64;
    for shift in [0_u32, 7, 14, 21, 28] {
        let byte = r.u8(field)?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(start.invalid(field, "is a number of more than five bytes"))
}
