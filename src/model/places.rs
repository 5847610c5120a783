//! From a stream handle to the physical file it names.
//!
//! A checkpoint names up to millions of files in a handful of directories, so a place is the
//! number of its directory and a borrowed name; each directory is resolved once. Spellings of
//! one directory get one number.

mod whereabouts;

pub use whereabouts::Whereabouts;
pub use whereabouts::joined;

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

impl<'a> Place<'a> {
    /// The number of its directory, counted from 0 in the order in which they were met.
    pub fn directory(self) -> u32 {
        self.dir
    }

    /// Its name in that directory; empty where the directory is the file itself.
    pub fn name(self) -> Utf<'a> {
        self.name
    }
}

/// A directory that handles name.
#[derive(Debug, Clone)]
struct Dir {
    at: Whereabouts,
    /// The rule that maps it, if one does.
    rule: Option<usize>,
    /// How a report shows it: relative to the base, or a URI.
    text: String,
}

/// Resolves the paths of one checkpoint.
#[derive(Debug, Clone)]
pub struct Places<'a> {
    home: Home,
    rebasing: Rebasing,
    dirs: RefCell<Dirs<'a>>,
}

#[derive(Debug, Clone, Default)]
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

/// Where the name of a file begins in its path: at the end where its spelling is its own matter,
/// as a name with an escape or a slash at its end can be spelled in other ways.
pub fn name_begins(path: &[u8]) -> usize {
    let cut = path.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
    if path[cut..].contains(&b'%') { path.len() } else { cut }
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
        let (dir, name) = bytes.split_at(name_begins(bytes));
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
        let (rule, at) = match rebased {
            Some((rule, now)) => (Some(rule), Whereabouts::moved(now, literal)),
            None => (None, Whereabouts::of(literal, path.trim_end_matches('/'))),
        };
        Dir { text: at.text_below(&self.home.base, ""), at, rule }
    }

    /// Where a directory is, by its number (see [`Place::directory`]).
    pub fn whereabouts(&self, directory: u32) -> Option<Whereabouts> {
        self.dirs.borrow().get(directory).map(|dir| dir.at.clone())
    }

    /// The path as a report shows it: below the base if it is there, else a URI.
    pub fn text(&self, place: Place<'_>) -> String {
        let dirs = self.dirs.borrow();
        let dir = dirs.get(place.dir).map_or("", |dir| dir.text.as_str());
        joined(dir, &place.name.to_str())
    }

    /// Where the file may be read, the likelier place first: rebasing only adds a place to
    /// look. None if its path is no path, or leads through `..`, which no Flink writes.
    pub fn locations(&self, place: Place<'_>) -> Vec<Location> {
        let dirs = self.dirs.borrow();
        let Some(dir) = dirs.get(place.dir) else { return Vec::new() };
        let files = dir.at.places().map(|at| at.join(&place.name.to_str()));
        files.filter(|file| !file.has_dot_segments()).collect()
    }

    /// Whether a rule mapped any path that was asked for so far.
    pub fn has_used(&self, rule: usize) -> bool {
        self.dirs.borrow().list.iter().any(|dir| dir.rule == Some(rule))
    }
}

impl<'a> Dirs<'a> {
    fn get(&self, number: u32) -> Option<&Dir> {
        self.list.get(usize::try_from(number).ok()?)
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
        let number = match dir.at.places().next() {
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
