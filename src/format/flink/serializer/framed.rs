//! POJO and Kryo snapshots, whose parts have frames: a length in front (section 4.5.4).

use super::super::error::Result;
use super::super::read::Reader;
use super::super::utf::Utf;
use super::body::Body;
use super::snapshot::read_framed_snapshot;
use super::{Detail, PojoEntry, Serializer};

const OPTIONAL_MAP_MAGIC: i64 = 5_440_760_593_776;

/// `utf` class, then three maps to snapshots: fields, registered and other subclasses.
pub(super) fn read_pojo<'a>(r: &mut Reader<'a>, body: &mut Body<'a>) -> Result<()> {
    let class = r.utf("POJO class")?;
    let fields = snapshots(r, &mut body.nested)?;
    let registered = snapshots(r, &mut body.nested)?;
    let unregistered = snapshots(r, &mut body.nested)?;
    body.detail = Detail::Pojo { class, fields, registered, unregistered };
    Ok(())
}

/// `utf` class, then three maps of registrations and default serializers, which are about
/// Kryo and not about the type: they are stepped over.
pub(super) fn read_kryo<'a>(r: &mut Reader<'a>, body: &mut Body<'a>) -> Result<()> {
    body.detail = Detail::Class(r.utf("type class")?);
    for _ in 0..3 {
        optional_map(r, |_, _| {})?;
    }
    Ok(())
}

fn snapshots<'a>(
    r: &mut Reader<'a>,
    nested: &mut Vec<Serializer<'a>>,
) -> Result<Vec<PojoEntry<'a>>> {
    let mut entries = Vec::new();
    optional_map(r, |name, value| {
        let index = value.map(|mut frame| {
            nested.push(read_framed_snapshot(&mut frame));
            nested.len().saturating_sub(1)
        });
        entries.push(PojoEntry { name, nested: index });
    })?;
    Ok(entries)
}

/// `i64` magic, `i32` n, n times: `utf` name of the key, the key and the value, each as a
/// `bool` and, if that is true, a frame. The name says all that a key's frame does.
fn optional_map<'a>(
    r: &mut Reader<'a>,
    mut visit: impl FnMut(Utf<'a>, Option<Reader<'a>>),
) -> Result<()> {
    let start = r.clone();
    if r.i64("map magic")? != OPTIONAL_MAP_MAGIC {
        return Err(start.invalid("map magic", "is not 0x000004F2C69A3D70"));
    }
    for _ in 0..r.count(4, "number of map entries")? {
        let name = r.utf("map key")?;
        frame(r, "map key frame")?;
        let value = frame(r, "map value frame")?;
        visit(name, value);
    }
    Ok(())
}

fn frame<'a>(r: &mut Reader<'a>, field: &'static str) -> Result<Option<Reader<'a>>> {
    if !r.bool(field)? {
        return Ok(None);
    }
    let n = r.count(1, field)?;
    r.sub(n, field).map(Some)
}
