//! A snapshot: class, version and a body without a length, and what to do when the body
//! cannot be read.

use std::collections::BTreeMap;

use super::super::error::{FormatError, Problem, Result};
use super::super::read::Reader;
use super::super::utf::Utf;
use super::body::{Body, read_layout, read_unknown_composite};
use super::table::layout_of;
use super::{Detail, Opaque, Serializer};

/// Version of the snapshots of serializers that still had a `TypeSerializerConfigSnapshot`.
const ADAPTER_VERSION: i32 = 0x7A53_C4F0;

/// What accompanies a parse of a whole backend meta.
#[derive(Debug, Default)]
pub(in crate::format::flink) struct Context<'d> {
    /// Bodies to skip instead of reading them: offset and length.
    skips: Option<&'d BTreeMap<u64, u64>>,
    /// Take a body that cannot be read for an empty one and go on.
    assume_empty: bool,
    /// The body that could not be read and ended the parse.
    pub(in crate::format::flink) foreign: Option<Foreign>,
    /// The last body that was skipped or taken for empty.
    pub(in crate::format::flink) last_opaque: Option<u64>,
    /// Body of the outermost snapshot of the record being read.
    record: Option<u64>,
    /// Inside a frame, whose length is known, nothing has to be found again.
    framed: bool,
}

/// A snapshot body that could not be read: of an unknown class, or not as it should be.
#[derive(Debug, Clone)]
pub(in crate::format::flink) struct Foreign {
    /// Where the body begins.
    pub(in crate::format::flink) body: u64,
    /// Where the body of the snapshot begins in which this one is nested, if it is.
    pub(in crate::format::flink) record: u64,
    /// What was wrong with the body of a known class.
    pub(in crate::format::flink) cause: Option<FormatError>,
    /// Whether that is damage: the class is Flink's, and of a version that can be read.
    damaged: bool,
}

impl<'d> Context<'d> {
    /// For a parse that steps over the bodies named.
    pub(in crate::format::flink) fn new(skips: &'d BTreeMap<u64, u64>, assume_empty: bool) -> Self {
        Context { skips: Some(skips), assume_empty, ..Context::default() }
    }

    fn in_frame() -> Self {
        Context { framed: true, ..Context::default() }
    }
}

/// Reads a serializer record: `i32` proxy version, always 2, and a snapshot.
pub(in crate::format::flink) fn read_record<'a>(
    r: &mut Reader<'a>,
    cx: &mut Context<'_>,
    on_proxy: impl FnOnce(u64),
) -> Result<Serializer<'a>> {
    let start = r.clone();
    let found = r.i32("serializer proxy version")?;
    if found != 2 {
        let problem = Problem::Version { found: found.into(), readable: "2" };
        return Err(start.error("serializer proxy version", problem));
    }
    on_proxy(start.offset());
    cx.record = None;
    read_snapshot(r, cx)
}

/// Reads a versioned snapshot that stands alone; `None` if a class in it is not one of Flink's,
/// so that nobody knows where it ends.
pub(in crate::format::flink) fn read_bare_snapshot<'a>(
    r: &mut Reader<'a>,
) -> Result<Option<Serializer<'a>>> {
    known(|cx| read_snapshot(r, cx))
}

/// What `read` reads, or `None` if it met a snapshot of a class that is not Flink's or of a
/// version that is later than all that are known.
pub(in crate::format::flink) fn known<T>(
    read: impl FnOnce(&mut Context<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let mut cx = Context::default();
    let read = read(&mut cx);
    match cx.foreign {
        Some(Foreign { cause: Some(error), damaged: true, .. }) => Err(error),
        Some(_) => Ok(None),
        None => read.map(Some),
    }
}

/// Reads a versioned snapshot: `utf` class, `i32` version, body.
pub(super) fn read_snapshot<'a>(
    r: &mut Reader<'a>,
    cx: &mut Context<'_>,
) -> Result<Serializer<'a>> {
    r.nested("serializer snapshot", |r| {
        let start = r.clone();
        let snapshot_class = r.utf("snapshot class")?;
        if !is_class_name(snapshot_class.as_bytes()) {
            return Err(start.invalid("snapshot class", "is not a Java class name"));
        }
        let start = r.clone();
        let snapshot_version = r.i32("snapshot version")?;
        if !is_plausible_version(snapshot_version) {
            return Err(start.invalid("snapshot version", "is not a version"));
        }
        let mut read = Serializer {
            snapshot_class,
            snapshot_version,
            nested: Vec::new(),
            detail: Detail::None,
            opaque: None,
        };
        fill(r, cx, &mut read)?;
        Ok(read)
    })
}

fn fill<'a>(r: &mut Reader<'a>, cx: &mut Context<'_>, read: &mut Serializer<'a>) -> Result<()> {
    let offset = r.offset();
    let record = *cx.record.get_or_insert(offset);
    if let Some(&bytes) = cx.skips.and_then(|skips| skips.get(&offset)) {
        r.bytes(usize::try_from(bytes).unwrap_or(usize::MAX), "snapshot body")?;
        read.opaque = Some(Opaque { offset, bytes: Some(bytes) });
        cx.last_opaque = Some(offset);
        return Ok(());
    }
    let mut body = r.clone();
    let cause = match read_body(read.snapshot_class, read.snapshot_version, &mut body, cx) {
        Ok(Some(content)) => {
            (read.detail, read.nested, read.opaque) =
                (content.detail, content.nested, content.opaque);
            *r = body;
            return Ok(());
        }
        Err(e) if cx.framed || cx.foreign.is_some() => return Err(e),
        Err(e) => Some(e),
        Ok(None) => None,
    };
    if cx.assume_empty {
        cx.last_opaque = Some(offset);
        read.opaque = Some(Opaque { offset, bytes: Some(0) });
        return Ok(());
    }
    let unknown = || r.invalid("snapshot body", "is of a class whose layout is unknown");
    if cx.framed {
        return Err(unknown());
    }
    let readable = |e: &FormatError| !matches!(e.problem, Problem::Version { .. });
    let damaged =
        cause.as_ref().is_some_and(readable) && layout_of(&read.snapshot_class.to_str()).is_some();
    cx.foreign = Some(Foreign { body: offset, record, cause: cause.clone(), damaged });
    Err(cause.unwrap_or_else(unknown))
}

/// The body of a known class, or of an unknown one that is built like Flink's composites.
fn read_body<'a>(
    class: Utf<'a>,
    version: i32,
    r: &mut Reader<'a>,
    cx: &mut Context<'_>,
) -> Result<Option<Body<'a>>> {
    match layout_of(&class.to_str()) {
        Some(layout) => read_layout(layout, version, r, cx).map(Some),
        None => read_unknown_composite(r, cx),
    }
}

/// Reads a snapshot that has a frame to itself. What is wrong in it costs no more than it.
pub(super) fn read_framed_snapshot<'a>(frame: &mut Reader<'a>) -> Serializer<'a> {
    let whole = frame.clone();
    let mut cx = Context::in_frame();
    if let Ok(mut read) = read_snapshot(frame, &mut cx) {
        if !frame.is_empty() {
            read.opaque = Some(rest_of(frame));
        }
        return read;
    }
    *frame = whole;
    let snapshot_class = frame.utf("snapshot class").unwrap_or_default();
    let snapshot_version = frame.i32("snapshot version").unwrap_or_default();
    Serializer {
        snapshot_class,
        snapshot_version,
        nested: Vec::new(),
        detail: Detail::None,
        opaque: Some(rest_of(frame)),
    }
}

fn rest_of(frame: &Reader<'_>) -> Opaque {
    Opaque { offset: frame.offset(), bytes: Some(frame.rest().len() as u64) }
}

/// Whether this could be the binary name of a class, but not a serializer key. Scala's have operators spelled out, and
/// anything beyond ASCII may be a letter.
pub(in crate::format::flink) fn is_class_name(name: &[u8]) -> bool {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'$' || *b >= 0x80;
    !name.is_empty()
        && !name.ends_with(b"_SERIALIZER")
        && name.split(|&b| b == b'.').all(|part| {
            part.first().is_some_and(|b| !b.is_ascii_digit()) && part.iter().all(is_part)
        })
}

/// Whether this could be the version of a snapshot: a small number, or the one constant that
/// is not.
pub(in crate::format::flink) fn is_plausible_version(version: i32) -> bool {
    (0..=0xFFFF).contains(&version) || version == ADAPTER_VERSION
}
