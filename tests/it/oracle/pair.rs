//! Two JSON objects about the same thing: what Flink says and what we say.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

static NULL: Value = Value::Null;

/// What differs, one readable line each.
#[derive(Default)]
pub(crate) struct Differences(RefCell<Vec<String>>);

impl Differences {
    pub(crate) fn add(&self, line: String) {
        self.0.borrow_mut().push(line);
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// An object of the oracle beside ours.
///
/// Whoever compares takes the oracle's keys out one by one. A key that nobody took is a
/// difference too, found when the pair is dropped: so no field of the oracle is forgotten.
pub(crate) struct Pair<'a> {
    /// Where we are, for messages.
    pub(crate) at: String,
    /// What we say.
    pub(crate) ours: &'a Value,
    flink: BTreeMap<&'a str, &'a Value>,
    differences: &'a Differences,
}

impl<'a> Pair<'a> {
    pub(crate) fn new(
        at: String,
        flink: &'a Value,
        ours: &'a Value,
        differences: &'a Differences,
    ) -> Self {
        if !flink.is_object() || !ours.is_object() {
            differences.add(format!("{at}: Flink {}, ours {}", short(flink), short(ours)));
        }
        let keys = flink.as_object().into_iter().flatten();
        let flink = match ours.is_object() {
            true => keys.map(|(key, value)| (key.as_str(), value)).collect(),
            false => BTreeMap::new(),
        };
        Pair { at, ours, flink, differences }
    }

    /// Takes a key out of the oracle; one that is absent is a difference and reads as null.
    pub(crate) fn take(&mut self, key: &str) -> &'a Value {
        self.take_if_any(key).unwrap_or_else(|| {
            if self.ours.is_object() {
                self.complain(format!("Flink says nothing about {key}"));
            }
            &NULL
        })
    }

    /// Takes a key which the oracle has in some objects only.
    pub(crate) fn take_if_any(&mut self, key: &str) -> Option<&'a Value> {
        self.flink.remove(key)
    }

    /// Looks at a value of the oracle without taking it.
    pub(crate) fn flink(&self, key: &str) -> &'a Value {
        self.flink.get(key).copied().unwrap_or(&NULL)
    }

    /// Our value, which must be there: the contract knows null, but no absent keys.
    pub(crate) fn ours(&self, key: &str) -> &'a Value {
        self.ours.get(key).unwrap_or_else(|| {
            if self.ours.is_object() {
                self.complain(format!("we say nothing about {key}"));
            }
            &NULL
        })
    }

    /// The oracle's value under one key is ours under another.
    pub(crate) fn same(&mut self, flink_key: &str, our_key: &str) {
        let expected = self.take(flink_key).clone();
        self.expect(our_key, expected);
    }

    /// Our value under this key is that one.
    pub(crate) fn expect(&self, our_key: &str, expected: impl Into<Value>) {
        let (expected, ours) = (expected.into(), self.ours(our_key));
        if expected != *ours {
            let (expected, ours) = (short(&expected), short(ours));
            self.complain(format!("{our_key}: Flink {expected}, ours {ours}"));
        }
    }

    /// The object below these keys, on both sides.
    pub(crate) fn child(&mut self, flink_key: &str, our_key: &str) -> Pair<'a> {
        let flink = self.take(flink_key);
        self.with(format!("{}.{our_key}", self.at), flink, self.ours(our_key))
    }

    /// As [`child`](Self::child); nothing when both sides are null.
    pub(crate) fn child_or_null(&mut self, flink_key: &str, our_key: &str) -> Option<Pair<'a>> {
        let (flink, ours) = (self.take(flink_key), self.ours(our_key));
        if flink.is_null() && ours.is_null() {
            return None;
        }
        Some(self.with(format!("{}.{our_key}", self.at), flink, ours))
    }

    /// The objects of two lists, pair by pair in their order.
    pub(crate) fn children(&mut self, flink_key: &str, our_key: &str) -> Vec<Pair<'a>> {
        let flink: Vec<&Value> = self.take(flink_key).as_array().into_iter().flatten().collect();
        let ours = self.ours(our_key).as_array().into_iter().flatten().collect();
        self.zip(our_key, flink, ours)
    }

    /// The objects of two lists, each sorted by what names its elements.
    pub(crate) fn children_by(
        &mut self,
        (flink_key, flink_name): (&str, &str),
        (our_key, our_name): (&str, &str),
    ) -> Vec<Pair<'a>> {
        let mut flink: Vec<&Value> = list(self.take(flink_key));
        let mut ours: Vec<&Value> = list(self.ours(our_key));
        flink.sort_by_key(|object| sort_key(&object[flink_name]));
        ours.sort_by_key(|object| sort_key(&object[our_name]));
        self.zip(our_key, flink, ours)
    }

    /// Pairs elements one by one; a different number of them is a difference.
    pub(crate) fn zip(
        &self,
        our_key: &str,
        flink: Vec<&'a Value>,
        ours: Vec<&'a Value>,
    ) -> Vec<Pair<'a>> {
        if flink.len() != ours.len() {
            let (flink, ours) = (flink.len(), ours.len());
            self.complain(format!("{our_key}: Flink has {flink} of them, we have {ours}"));
        }
        let both = flink.into_iter().zip(ours).enumerate();
        both.map(|(index, (flink, ours))| {
            self.with(format!("{}.{our_key}[{index}]", self.at), flink, ours)
        })
        .collect()
    }

    /// Moves keys of the oracle's object to where our document has them, one level deeper.
    pub(crate) fn deeper(&mut self, flink_keys: &[&'a str], our_key: &str) -> Pair<'a> {
        let ours = self.ours(our_key);
        let at = format!("{}.{our_key}", self.at);
        let moved = flink_keys.iter().filter_map(|key| self.flink.remove_entry(key)).collect();
        Pair { at, ours, flink: moved, differences: self.differences }
    }

    pub(crate) fn complain(&self, what: String) {
        self.differences.add(format!("{}: {what}", self.at));
    }

    pub(crate) fn with(&self, at: String, flink: &'a Value, ours: &'a Value) -> Pair<'a> {
        Pair::new(at, flink, ours, self.differences)
    }
}

impl Drop for Pair<'_> {
    fn drop(&mut self) {
        for (key, value) in &self.flink {
            let line = format!("{}: not compared: {key} = {}", self.at, short(value));
            self.differences.add(line);
        }
    }
}

/// The elements of a list; of anything else, none.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    value.as_array().into_iter().flatten().collect()
}

/// A value as it fits into a line.
pub(crate) fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(160) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    }
}

fn sort_key(value: &Value) -> (Option<i64>, String) {
    (value.as_i64(), value.as_str().unwrap_or_default().to_owned())
}
