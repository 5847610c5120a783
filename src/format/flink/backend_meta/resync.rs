//! Finding the way again behind a serializer that is not Flink's (section 4.4).
//!
//! The body of such a snapshot ends where the rest of the meta begins to make sense. So the
//! meta is read again and again, each time with another length for that body: first none at
//! all, then up to each place where a serializer key, a state, a nested snapshot or the end
//! could be. A length is taken if from there on everything reads well, at least up to the
//! next serializer of this sort.

use std::collections::BTreeMap;

use super::super::error::{FormatError, Problem, Result};
use super::super::read::Reader;
use super::super::serializer::{Context, Foreign, Serializer, is_class_name, is_plausible_version};
use super::draft::{Draft, Kind, is_role};
use super::{Hints, StateKind, wants_more};

/// Bytes to read over and over before the search is given up; a second or less.
const BUDGET: usize = 64 << 20;

/// Longest body that is searched for its end.
const MAX_BODY: usize = 1 << 20;

pub(super) struct Resolved<'a> {
    pub(super) draft: Draft<'a>,
    pub(super) bytes_read: Option<u64>,
    /// Why not all states are in the draft.
    pub(super) failure: Option<FormatError>,
}

/// Reads a meta, stepping over what is foreign to it.
pub(super) fn resolve<'a>(kind: Kind, bytes: &'a [u8], hints: &Hints<'_>) -> Result<Resolved<'a>> {
    let mut search = Search { kind, bytes, exact: false, names: hints.names, budget: BUDGET };
    let run = search.run(&BTreeMap::new(), false);
    let Some(foreign) = run.foreign.as_ref() else {
        return match run.result {
            Ok(_) => Ok(run.resolved(false)),
            Err(error) => Err(error),
        };
    };
    let head = hints.end.and_then(|end| bytes.get(..usize::try_from(end).ok()?));
    // Compressed operator state begins with a frame header, which no offset points to.
    if let Some(head) = head.filter(|_| kind == Kind::Keyed || !run.draft.compressed) {
        search.bytes = head;
        search.exact = true;
    }
    let more = hints.more && !search.exact;
    if let Some(cause) = foreign.cause.as_ref().filter(|cause| more && wants_more(cause)) {
        return Err(cause.clone());
    }
    let all_empty = search.run(&BTreeMap::new(), true);
    if search.fit(&all_empty, foreign.body) == Fit::Whole {
        return Ok(all_empty.resolved(!search.exact));
    }
    search.find(more)
}

struct Search<'a, 'h> {
    kind: Kind,
    bytes: &'a [u8],
    /// Whether the meta is known to end where `bytes` do.
    exact: bool,
    names: &'h [&'h str],
    budget: usize,
}

/// One reading of the meta.
struct Run<'a> {
    draft: Draft<'a>,
    /// Where it ended.
    result: Result<u64>,
    foreign: Option<Foreign>,
    last_opaque: Option<u64>,
}

/// How well a meta reads behind a body of a certain length, from worse to better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    None,
    /// Another body that cannot be read follows at once, or the stream is cut.
    Weak,
    /// A serializer key follows, and whatever comes behind it up to the next such body.
    Good,
    /// To its end.
    Whole,
}

impl<'a> Search<'a, '_> {
    fn run(&mut self, skips: &BTreeMap<u64, u64>, assume_empty: bool) -> Run<'a> {
        let mut r = Reader::new(self.bytes);
        let mut cx = Context::new(skips, assume_empty);
        let mut draft = Draft::default();
        let result = draft.read(self.kind, &mut r, &mut cx).map(|()| r.offset());
        // What is skipped costs nothing, but a short run has its price as well, or hostile
        // bytes could be read for ever.
        let skipped = skips.values().fold(0, |sum: u64, n| sum.saturating_add(*n));
        let read = usize::try_from(r.offset().saturating_sub(skipped)).unwrap_or(usize::MAX);
        self.budget = self.budget.saturating_sub(read.max(256));
        Run { draft, result, foreign: cx.foreign, last_opaque: cx.last_opaque }
    }

    fn find(&mut self, more: bool) -> Result<Resolved<'a>> {
        let mut skips = BTreeMap::new();
        loop {
            let run = self.run(&skips, false);
            let error = match (&run.result, &run.foreign) {
                (Ok(_), _) => return Ok(run.resolved(!self.exact)),
                (Err(error), None) => error.clone(),
                (Err(error), Some(foreign)) => {
                    let mut found = self.choose(&mut skips, foreign.body);
                    if found.is_none() && foreign.record < foreign.body {
                        // Not readable from within: give up the whole record it is in.
                        skips.split_off(&foreign.record);
                        found = self.choose(&mut skips, foreign.record);
                    }
                    if found.is_some() {
                        continue;
                    }
                    // Name it, at least.
                    let rest = (self.bytes.len() as u64).saturating_sub(foreign.record);
                    skips.insert(foreign.record, rest);
                    error.clone()
                }
            };
            if more {
                return Err(want_more(error, self.bytes));
            }
            let mut last = self.run(&skips, false);
            last.result = Err(error);
            return Ok(last.resolved(!self.exact));
        }
    }

    /// Finds a length for the body at `target` and enters it into `skips`.
    fn choose(&mut self, skips: &mut BTreeMap<u64, u64>, target: u64) -> Option<u64> {
        let begin = usize::try_from(target).ok()?;
        let body = self.bytes.get(begin..)?;
        let mut best = (Fit::None, 0);
        let mut is_near = true;
        let (searched, end) = (body.len().min(MAX_BODY), body.len());
        for n in (0..=searched).chain((searched < end).then_some(end)) {
            let rest = body.get(n..).unwrap_or_default();
            if n > 0 && !could_continue(rest) {
                continue;
            }
            if self.budget == 0 {
                break;
            }
            let length = n as u64;
            skips.insert(target, length);
            let run = self.run(skips, true);
            let fit = self.fit(&run, target.saturating_add(length));
            if fit == Fit::Whole || (fit == Fit::Good && is_near) {
                return Some(length);
            }
            // To step over a serializer key is to lose its state: worse than anything nearer.
            if fit > best.0 && (is_near || best.0 == Fit::None) {
                best = (fit, length);
            }
            is_near = is_near && !is_serializer_key(rest);
        }
        self.budget = self.budget.saturating_sub(searched);
        let (fit, length) = best;
        if fit == Fit::None {
            skips.remove(&target);
            return None;
        }
        skips.insert(target, length);
        Some(length)
    }

    /// How well the meta reads from `end` on, where a body ends that was skipped.
    fn fit(&self, run: &Run<'a>, end: u64) -> Fit {
        let states = run.draft.states.iter().chain(&run.draft.broadcast);
        let mut names = states.map(|state| state.name);
        // No encoded name has a zero byte, but a name read in the wrong place often has.
        if names.clone().any(|name| name.as_bytes().contains(&0)) {
            return Fit::None;
        }
        let is_anchored = run.draft.last_anchor.is_some_and(|anchor| anchor >= end);
        // Otherwise that body was rightly taken for empty, and the error is another one.
        let is_stopped = run.last_opaque > Some(end) && run.draft.last_anchor < run.last_opaque;
        let fit = match &run.result {
            Ok(_) if self.is_whole(run) => {
                // Where the end is open, to have come to it proves nothing.
                if self.exact || is_anchored { Fit::Whole } else { Fit::Weak }
            }
            _ if is_stopped => {
                if is_anchored {
                    Fit::Good
                } else {
                    Fit::Weak
                }
            }
            Err(error) if is_anchored && wants_more(error) => Fit::Weak,
            _ => Fit::None,
        };
        // States of other names than those expected are hardly states.
        let all_known =
            self.names.is_empty() || names.all(|name| self.names.contains(&&*name.to_str()));
        if all_known { fit } else { fit.min(Fit::Weak) }
    }

    fn is_whole(&self, run: &Run<'a>) -> bool {
        match run.result {
            Ok(end) => !self.exact || end == self.bytes.len() as u64,
            Err(_) => false,
        }
    }
}

impl<'a> Run<'a> {
    /// `open_end`: nothing but the meta itself tells where it ends.
    fn resolved(mut self, open_end: bool) -> Resolved<'a> {
        let mut bytes_read = self.result.as_ref().ok().copied();
        // Nothing readable behind the last foreign body: its length is not known.
        let last = self.last_opaque.filter(|&body| self.draft.last_anchor < Some(body));
        if let Some(body) = last.filter(|_| open_end) {
            bytes_read = None;
            let draft = &mut self.draft;
            let states = draft.states.iter_mut().chain(&mut draft.broadcast);
            let serializers = states.flat_map(|state| &mut state.serializers);
            for serializer in serializers.map(|(_, s)| s).chain(&mut draft.key_serializer) {
                forget_length(serializer, body);
            }
        }
        Resolved { draft: self.draft, bytes_read, failure: self.result.err() }
    }
}

fn forget_length(serializer: &mut Serializer<'_>, body: u64) {
    if let Some(opaque) = serializer.opaque.as_mut().filter(|opaque| opaque.offset == body) {
        opaque.bytes = None;
    }
    for nested in &mut serializer.nested {
        forget_length(nested, body);
    }
}

/// The same error, in a form that says that more bytes could help.
fn want_more(error: FormatError, bytes: &[u8]) -> FormatError {
    if wants_more(&error) {
        return error;
    }
    let problem = Problem::Truncated { needed: 1, available: 0 };
    FormatError { offset: bytes.len() as u64, problem, ..error }
}

/// Whether something that can follow a snapshot could begin here. Cheap, and generous: what
/// passes is read in earnest.
fn could_continue(rest: &[u8]) -> bool {
    match rest {
        // The end, with and without an empty list of broadcast states in front.
        [] | [0, 0] => true,
        [high, low, tail @ ..] => {
            is_serializer_key(rest)
                || is_snapshot(rest)
                || is_state(rest)
                || (*high < 0x80 && (*high, *low) != (0, 0) && is_state(tail))
        }
        [_] => false,
    }
}

/// `utf` role, `i32` 2.
fn is_serializer_key(rest: &[u8]) -> bool {
    let mut r = Reader::new(rest);
    r.utf("").is_ok_and(is_role) && r.i32("") == Ok(2)
}

/// `utf` qualified class name, `i32` small version.
fn is_snapshot(rest: &[u8]) -> bool {
    let mut r = Reader::new(rest);
    let Ok(name) = r.utf("").map(|name| name.as_bytes()) else { return false };
    // The version first: it is the cheaper question.
    r.i32("").is_ok_and(is_plausible_version)
        && name.len() <= 1024
        && name.contains(&b'.')
        && is_class_name(name)
}

/// `utf` name, `i32` kind, a few options, and a serializer key behind the count of them.
fn is_state(rest: &[u8]) -> bool {
    let mut r = Reader::new(rest);
    let mut read = || -> Result<bool> {
        let name = r.utf("")?;
        let is_kind = StateKind::from_code(r.i32("")?).is_some();
        let options = r.i32("")?;
        if name.as_bytes().contains(&0) || !is_kind || !(0..=8).contains(&options) {
            return Ok(false);
        }
        for _ in 0..options {
            r.utf("")?;
            r.utf("")?;
        }
        Ok((1..=8).contains(&r.i32("")?) && is_serializer_key(r.rest()))
    };
    read() == Ok(true)
}
