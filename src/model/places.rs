//! From a stream handle to the physical file it names.
//!
//! A checkpoint names up to millions of files in a handful of directories, so a place is the
//! number of its directory and a borrowed name; each directory is resolved once. Spellings of
//! one directory get one number.

use std::cell::RefCell;
use std::collections::HashMap;

use super::layout::Home;
use super::rebase::Rebasing;
use crate::format::flink::stream::StreamHandle;
use crate::format::flink::utf::Utf;
use crate::store::Location;

/// A physical file: equal places are one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place<'a> {
    dir: u32,
    /// Empty where the spelling of the name is its own matter: then `dir` is the file itself.
    name: Utf<'a>,
}

/// A directory that handles name.
#[derive(Debug, Clone)]
struct Dir {
    /// Where the writer had it; `None` if the text is no path at all.
    literal: Option<Location>,
    /// Where it is now, and by which rule, if one maps it.
    rebased: Option<(usize, Location)>,
    /// How a report shows it: relative to the base, or a URI.
    text: String,
    outside: bool,
}

/// Resolves the paths of one checkpoint.
#[derive(Debug)]
pub struct Places<'a> {
    home: Home,
    rebasing: Rebasing,
    dirs: RefCell<Dirs<'a>>,
}

#[derive(Debug, Default)]
struct Dirs<'a> {
    list: Vec<Dir>,
    spellings: HashMap<Spelling<'a>, u32>,
    places: HashMap<Location, u32>,
    last: Option<(Spelling<'a>, u32)>,
}

/// A directory as the metadata spells it; the empty relative one is the exclusive directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Spelling<'a> {
    Absolute(&'a [u8]),
    Relative(&'a [u8]),
}

impl<'a> Places<'a> {
    /// Places of the checkpoint at `home`, moved as `rebasing` says.
    pub fn new(home: Home, rebasing: Rebasing) -> Self {
        Places { home, rebasing, dirs: RefCell::default() }
    }

    /// Where the checkpoint lies.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The rules by which paths are rebased.
    pub fn rebasing(&self) -> &Rebasing {
        &self.rebasing
    }

    /// The physical file behind a handle; `None` for inline and empty ones.
    pub fn of(&self, handle: &StreamHandle<'a>) -> Option<Place<'a>> {
        match handle.innermost() {
            StreamHandle::Inline { .. }
            | StreamHandle::EmptySegment
            | StreamHandle::KeyGroups(_) => None,
            StreamHandle::File { path, .. } => Some(self.absolute(*path)),
            StreamHandle::Segment(segment) => Some(self.absolute(segment.path)),
            StreamHandle::Relative { path, .. } => Some(self.place(*path, Spelling::Relative)),
        }
    }

    /// The place of an absolute path, of a file or of a directory.
    pub fn absolute(&self, path: Utf<'a>) -> Place<'a> {
        self.place(path, Spelling::Absolute)
    }

    fn place(&self, path: Utf<'a>, spelling: impl Fn(&'a [u8]) -> Spelling<'a>) -> Place<'a> {
        let bytes = path.as_bytes();
        let cut = bytes.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
        // A name with an escape, or a slash at its end, can be spelled in other ways.
        let odd = cut == bytes.len() || bytes[cut..].contains(&b'%');
        let (dir, name) = if odd { (bytes, &[][..]) } else { bytes.split_at(cut) };
        let dir = self.dirs.borrow_mut().intern(spelling(dir), |spelling| self.resolve(spelling));
        Place { dir, name: Utf::from_encoded(name) }
    }

    fn resolve(&self, spelling: Spelling<'a>) -> Dir {
        let (Spelling::Absolute(path) | Spelling::Relative(path)) = spelling;
        let path = Utf::from_encoded(path).to_str();
        let literal = match spelling {
            Spelling::Relative(_) => Some(self.home.exclusive.join(&path)),
            Spelling::Absolute(_) => Location::parse_flink(&path).ok(),
        };
        let rebased = match (spelling, &literal) {
            (Spelling::Absolute(_), Some(literal)) => self.rebasing.apply(literal),
            _ => None,
        };
        let now = rebased.as_ref().map(|(_, place)| place).or(literal.as_ref());
        let Some(now) = now else {
            let text = path.trim_end_matches('/').to_owned();
            return Dir { literal: None, rebased: None, text, outside: true };
        };
        let inside = now.relative_to(&self.home.base).filter(|_| !now.has_dot_segments());
        let text = inside.map_or_else(|| now.to_string(), str::to_owned);
        let outside = inside.is_none() && rebased.is_none();
        Dir { outside, text, literal, rebased }
    }

    /// The path as a report shows it: below the base if it is there, else a URI.
    pub fn text(&self, place: Place<'_>) -> String {
        let dirs = self.dirs.borrow();
        let dir = dirs.get(place).map_or("", |dir| dir.text.as_str());
        match (dir, place.name.is_empty()) {
            (dir, true) => dir.to_owned(),
            ("", false) => place.name.to_string(),
            (dir, false) if dir.ends_with('/') => format!("{dir}{}", place.name),
            (dir, false) => format!("{dir}/{}", place.name),
        }
    }

    /// Where the file may be read, the likelier place first: rebasing only adds a place to
    /// look. None if its path is no path, or leads through `..`, which no Flink writes.
    pub fn locations(&self, place: Place<'_>) -> Vec<Location> {
        let dirs = self.dirs.borrow();
        let Some(dir) = dirs.get(place) else { return Vec::new() };
        let now = dir.rebased.as_ref().map(|(_, place)| place);
        let files = now.into_iter().chain(&dir.literal).map(|at| at.join(&place.name.to_str()));
        files.filter(|file| !file.has_dot_segments()).collect()
    }

    /// Where the file is most likely to be.
    pub fn location(&self, place: Place<'_>) -> Option<Location> {
        self.locations(place).into_iter().next()
    }

    /// Whether the path is none that Flink writes: no path at all, or one through `..`.
    pub fn is_suspicious(&self, place: Place<'_>) -> bool {
        self.location(place).is_none()
    }

    /// Whether the file lies outside of the base and no rule maps it.
    pub fn is_outside(&self, place: Place<'_>) -> bool {
        self.dirs.borrow().get(place).is_none_or(|dir| dir.outside)
    }

    /// Whether a rule mapped any path that was asked for so far.
    pub fn has_used(&self, rule: usize) -> bool {
        let uses = |dir: &Dir| dir.rebased.as_ref().is_some_and(|(number, _)| *number == rule);
        self.dirs.borrow().list.iter().any(uses)
    }
}

impl<'a> Dirs<'a> {
    fn get(&self, place: Place<'_>) -> Option<&Dir> {
        self.list.get(usize::try_from(place.dir).ok()?)
    }

    /// The number of a directory.
    fn intern(&mut self, spelling: Spelling<'a>, resolve: impl Fn(Spelling<'a>) -> Dir) -> u32 {
        if let Some((last, number)) = self.last
            && last == spelling
        {
            return number;
        }
        let known = self.spellings.get(&spelling).copied();
        let number = known.unwrap_or_else(|| self.add(spelling, resolve(spelling)));
        self.last = Some((spelling, number));
        number
    }

    fn add(&mut self, spelling: Spelling<'a>, dir: Dir) -> u32 {
        // Fewer than 2^32 directories fit into a metadata file of the size that is read.
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let now = dir.rebased.as_ref().map(|(_, place)| place).or(dir.literal.as_ref());
        let number = match now {
            Some(location) => *self.places.entry(location.clone()).or_insert(next),
            None => next,
        };
        if number == next {
            self.list.push(dir);
        }
        self.spellings.insert(spelling, number);
        number
    }
}

#[cfg(test)]
mod tests;
