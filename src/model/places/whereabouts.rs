//! Where a directory is, and how reports show what lies in it.

use crate::store::Location;

/// Where a directory is that handles name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// Where it is now; `None` if its text is no path at all.
    now: Option<Location>,
    /// Where the writer had it, if a rule maps that to another place.
    literal: Option<Location>,
    /// The text of the metadata, kept where it is no path.
    text: String,
}

impl Whereabouts {
    /// A directory where it was written; `None` is a text that is no path.
    pub fn of(at: Option<Location>, text: &str) -> Self {
        let text = if at.is_some() { String::new() } else { text.to_owned() };
        Whereabouts { now: at, literal: None, text }
    }

    /// A directory that a rule maps to where it is now.
    pub fn moved(now: Location, literal: Option<Location>) -> Self {
        Whereabouts { now: Some(now), literal, text: String::new() }
    }

    /// Where it may be, the likelier place first.
    pub fn places(&self) -> impl Iterator<Item = &Location> {
        self.now.iter().chain(&self.literal)
    }

    /// Where it most likely is; `None` if its text is no path.
    pub fn now(&self) -> Option<&Location> {
        self.now.as_ref()
    }

    /// Where the writer had it.
    pub fn written(&self) -> Option<&Location> {
        self.literal.as_ref().or(self.now.as_ref())
    }

    /// The text of the metadata where it is no path; empty otherwise.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How a report with this base shows a file in it: below the base if it is there, else a
    /// URI. An empty name is the directory itself.
    pub fn text_below(&self, base: &Location, name: &str) -> String {
        let dir = match &self.now {
            Some(now) => below(now, base).map_or_else(|| now.to_string(), str::to_owned),
            None => self.text.clone(),
        };
        joined(&dir, name)
    }

    /// Whether it lies outside of a base and no rule maps it.
    pub fn is_outside(&self, base: &Location) -> bool {
        self.literal.is_none() && self.now.as_ref().is_none_or(|now| below(now, base).is_none())
    }

    /// Whether a file in it is none that Flink writes: no path at all, or one through `..`.
    pub fn is_suspicious(&self, name: &[u8]) -> bool {
        matches!(name, b"." | b"..") || self.now.as_ref().is_none_or(Location::has_dot_segments)
    }

    /// Takes over what another mention of the same directory says about it.
    pub fn merge(&mut self, other: Whereabouts) {
        if self.literal.is_none() {
            self.literal = other.literal;
        }
    }
}

/// The path below a base; a path through `..` is below nothing.
fn below<'p>(place: &'p Location, base: &Location) -> Option<&'p str> {
    place.relative_to(base).filter(|_| !place.has_dot_segments())
}

/// A name behind a directory.
pub fn joined(dir: &str, name: &str) -> String {
    match (dir, name) {
        (dir, "") => dir.to_owned(),
        ("", name) => name.to_owned(),
        (dir, name) if dir.ends_with('/') => format!("{dir}{name}"),
        (dir, name) => format!("{dir}/{name}"),
    }
}
