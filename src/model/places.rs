//! From a stream handle to the physical file it names.
//!
//! A checkpoint names up to millions of files in a handful of directories, so a place is the
//! number of its directory and a borrowed name; each directory is resolved once.

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
    name: Utf<'a>,
}

/// A directory that handles name.
#[derive(Debug, Clone)]
struct Dir {
    /// Where it is, after rebasing; `None` if the text is no path at all.
    location: Option<Location>,
    /// What a report puts in front of a file name: relative to the base, or a URI.
    prefix: String,
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
        match handle {
            StreamHandle::Inline { .. } | StreamHandle::EmptySegment => None,
            StreamHandle::File { path, .. } => Some(self.absolute(*path)),
            StreamHandle::Segment(segment) => Some(self.absolute(segment.path)),
            StreamHandle::Relative { path, .. } => Some(self.place(*path, Spelling::Relative)),
            StreamHandle::KeyGroups(handle) => self.of(handle.delegate.as_ref()?),
        }
    }

    /// The place of an absolute path, of a file or of a directory.
    pub fn absolute(&self, path: Utf<'a>) -> Place<'a> {
        self.place(path, Spelling::Absolute)
    }

    fn place(&self, path: Utf<'a>, spelling: impl Fn(&'a [u8]) -> Spelling<'a>) -> Place<'a> {
        let bytes = path.as_bytes();
        let cut = bytes.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
        let (dir, name) = bytes.split_at(cut);
        let dir = self.dirs.borrow_mut().intern(spelling(dir), |spelling| self.resolve(spelling));
        Place { dir, name: Utf::from_encoded(name) }
    }

    fn resolve(&self, spelling: Spelling<'a>) -> Dir {
        let literal = match spelling {
            Spelling::Relative(below) => {
                let below = Utf::from_encoded(below).to_str();
                Some(self.home.exclusive.join(&below))
            }
            Spelling::Absolute(path) => {
                Location::parse_flink(&Utf::from_encoded(path).to_str()).ok()
            }
        };
        let Some(literal) = literal else {
            let (Spelling::Absolute(path) | Spelling::Relative(path)) = spelling;
            let prefix = Utf::from_encoded(path).to_string();
            return Dir { location: None, prefix, outside: true };
        };
        let location = match spelling {
            Spelling::Relative(_) => literal,
            Spelling::Absolute(_) => self.rebasing.apply(&literal).unwrap_or(literal),
        };
        let inside = location.relative_to(&self.home.base).filter(|_| !location.has_dot_segments());
        let prefix = match inside {
            Some("") => String::new(),
            Some(below) => format!("{below}/"),
            None if location.is_root() => location.to_string(),
            None => format!("{location}/"),
        };
        Dir { outside: inside.is_none(), prefix, location: Some(location) }
    }

    /// The path as a report shows it: below the base if it is there, else a URI.
    pub fn text(&self, place: Place<'_>) -> String {
        let dirs = self.dirs.borrow();
        let prefix = dirs.get(place).map_or("", |dir| &dir.prefix);
        format!("{prefix}{}", place.name)
    }

    /// Where the file can be read; `None` if its path is no path, or leads through `..`,
    /// which no Flink writes.
    pub fn location(&self, place: Place<'_>) -> Option<Location> {
        let dirs = self.dirs.borrow();
        let file = dirs.get(place)?.location.as_ref()?.join(&place.name.to_str());
        (!file.has_dot_segments()).then_some(file)
    }

    /// Whether the path is none that Flink writes: no path at all, or one through `..`.
    pub fn is_suspicious(&self, place: Place<'_>) -> bool {
        self.location(place).is_none()
    }

    /// Whether the file lies outside of the base and no rule maps it.
    pub fn is_outside(&self, place: Place<'_>) -> bool {
        self.dirs.borrow().get(place).is_none_or(|dir| dir.outside)
    }
}

impl<'a> Dirs<'a> {
    fn get(&self, place: Place<'_>) -> Option<&Dir> {
        self.list.get(usize::try_from(place.dir).ok()?)
    }

    /// The number of a directory; spellings of one place get one number.
    fn intern(&mut self, spelling: Spelling<'a>, resolve: impl Fn(Spelling<'a>) -> Dir) -> u32 {
        if let Some((last, number)) = self.last
            && last == spelling
        {
            return number;
        }
        let number = match self.spellings.get(&spelling) {
            Some(number) => *number,
            None => {
                let dir = resolve(spelling);
                let same = |known: &Dir| match (&known.location, &dir.location) {
                    (Some(a), Some(b)) => a == b,
                    _ => false,
                };
                // Few directories, so a scan; with entropy each file has its own, so not then.
                let scan = self.list.len() <= 1024;
                let known = if scan { self.list.iter().position(same) } else { None };
                let number = known.unwrap_or_else(|| {
                    self.list.push(dir);
                    self.list.len() - 1
                });
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                self.spellings.insert(spelling, number);
                number
            }
        };
        self.last = Some((spelling, number));
        number
    }
}
