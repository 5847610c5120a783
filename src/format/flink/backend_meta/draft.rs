//! One pass over a meta. Whatever stops it, what was read before is kept.

use super::super::error::{Problem, Result};
use super::super::read::Reader;
use super::super::serializer::{Context, Serializer, read_record};
use super::super::utf::Utf;
use super::{StateKind, StateMeta};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Keyed,
    Operator,
}

/// The keys of serializers in a state record.
pub(super) const ROLES: [&str; 4] =
    ["VALUE_SERIALIZER", "NAMESPACE_SERIALIZER", "KEY_SERIALIZER", "USER_KEY_SERIALIZER"];

/// A meta as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    pub(super) version: i32,
    pub(super) compressed: bool,
    pub(super) key_serializer: Option<Serializer<'a>>,
    pub(super) states: Vec<StateMeta<'a>>,
    pub(super) broadcast: Vec<StateMeta<'a>>,
    /// How many states there are to be, as far as that was read.
    pub(super) declared: usize,
    /// Where the last serializer of a known role begins: a place that cannot have been
    /// mistaken.
    pub(super) last_anchor: Option<u64>,
}

impl<'a> Draft<'a> {
    /// Reads a whole meta and leaves `r` behind it.
    pub(super) fn read(
        &mut self,
        kind: Kind,
        r: &mut Reader<'a>,
        cx: &mut Context<'_>,
    ) -> Result<()> {
        let start = r.clone();
        self.version = r.i32("backend meta version")?;
        let (readable, has_flag, names) = match kind {
            Kind::Keyed => (self.version == 6, true, "6 (1 to 5 are from before 1.8)"),
            Kind::Operator => {
                (matches!(self.version, 5 | 6), self.version == 6, "5 and 6 (older: before 1.8)")
            }
        };
        if !readable {
            let problem = Problem::Version { found: self.version.into(), readable: names };
            return Err(start.error("backend meta version", problem));
        }
        if has_flag {
            self.compressed = r.bool("compression flag")?;
        }
        let anchor = &mut self.last_anchor;
        if kind == Kind::Keyed {
            self.key_serializer = Some(read_record(r, cx, |_| {})?);
        }
        self.declared = read_states(r, cx, &mut self.states, 0, anchor, &mut self.declared)?;
        if kind == Kind::Operator {
            let before = self.declared;
            read_states(r, cx, &mut self.broadcast, before, anchor, &mut self.declared)?;
        }
        Ok(())
    }
}

/// `i16` n, n state records.
fn read_states<'a>(
    r: &mut Reader<'a>,
    cx: &mut Context<'_>,
    states: &mut Vec<StateMeta<'a>>,
    before: usize,
    anchor: &mut Option<u64>,
    declared: &mut usize,
) -> Result<usize> {
    let start = r.clone();
    let n = r.i16("number of states")?;
    let n = usize::try_from(n)
        .map_err(|_| start.error("number of states", Problem::Negative(n.into())))?;
    *declared = before.saturating_add(n);
    for _ in 0..n {
        read_state(r, cx, states, anchor)?;
    }
    Ok(*declared)
}

pub(super) fn read_state<'a>(
    r: &mut Reader<'a>,
    cx: &mut Context<'_>,
    states: &mut Vec<StateMeta<'a>>,
    anchor: &mut Option<u64>,
) -> Result<()> {
    let name = r.utf("state name")?;
    let start = r.clone();
    let kind = StateKind::from_code(r.i32("state kind")?)
        .ok_or_else(|| start.invalid("state kind", "is none of 0 to 4"))?;
    let mut options = Vec::new();
    for _ in 0..r.count(4, "number of options")? {
        options.push((r.utf("option key")?, r.utf("option value")?));
    }
    let n = r.count(12, "number of serializers")?;
    // It is listed before its serializers are read: they may not be readable.
    states.push(StateMeta { name, kind, options, serializers: Vec::new(), note: None });
    for _ in 0..n {
        let start = r.clone();
        let role = r.utf("serializer key")?;
        if states.last().is_some_and(|state| state.serializers.iter().any(|(r, _)| *r == role)) {
            return Err(start.invalid("serializer key", "occurs twice in a state"));
        }
        let serializer = read_record(r, cx, |_| {
            if is_role(role) {
                *anchor = Some(start.offset());
            }
        })?;
        if let Some(state) = states.last_mut() {
            state.serializers.push((role, serializer));
        }
    }
    Ok(())
}

pub(super) fn is_role(key: Utf<'_>) -> bool {
    ROLES.iter().any(|role| role.as_bytes() == key.as_bytes())
}
