//! The directories that stand for themselves: jobs, savepoints, and what lies elsewhere.

use std::collections::HashMap;
use std::collections::HashSet;

use jiff::Timestamp;

use crate::model::Location;
use crate::model::layout;
use crate::model::layout::UnitKind;

/// A job directory, a savepoint, or a place that is neither.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its directory.
    pub at: Location,
    /// What it is; `None` for a place which no name explains.
    pub kind: Option<UnitKind>,
    /// What lies there.
    pub sums: Sums,
    /// Files that are referred to, would lie there, and do not.
    pub missing: u64,
}

/// Sums over what lies in a place. Each file is metadata, referenced or unreferenced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Metadata files.
    pub metadata: Count,
    /// Files that a checkpoint refers to.
    pub referenced: Count,
    /// Files that none refers to.
    pub unreferenced: Count,
}

/// How many files, and how many bytes lie there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Count {
    /// Adds a file of so many bytes.
    pub fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Count) -> Count {
        Count {
            files: self.files.saturating_add(other.files),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

impl Sums {
    /// Everything that lies there.
    pub fn physical(&self) -> Count {
        self.metadata.plus(self.referenced).plus(self.unreferenced)
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Sums) -> Sums {
        Sums {
            metadata: self.metadata.plus(other.metadata),
            referenced: self.referenced.plus(other.referenced),
            unreferenced: self.unreferenced.plus(other.unreferenced),
        }
    }
}

/// A directory of a checkpoint or savepoint without metadata: in progress, or aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// The directory.
    pub at: Location,
    /// The number of its unit.
    pub unit: u32,
    /// What lies in it.
    pub found: Count,
    /// When the youngest file in it was modified.
    pub newest: Option<Timestamp>,
}

/// The unit that a directory belongs to, as far as names tell: its kind and its place.
pub(super) fn unit_of(dir: &Location, base: &Location) -> (Option<UnitKind>, Location) {
    let below = dir.relative_to(base).filter(|_| !dir.has_dot_segments());
    let segments: Vec<&str> = match below {
        Some(below) => below.split('/').filter(|name| !name.is_empty()).collect(),
        None => dir.segments().collect(),
    };
    let Some((kind, count)) = layout::unit_of(&segments) else { return (None, dir.clone()) };
    let path = segments.get(..count).unwrap_or_default().join("/");
    let at = if below.is_some() { base.join(&path) } else { dir.with_path(&path) };
    (Some(kind), at)
}

/// All units, each once.
#[derive(Debug)]
pub(super) struct Units {
    pub(super) list: Vec<Unit>,
    by_place: HashMap<Location, u32>,
    base: Location,
    /// Directories with metadata that no name explains.
    snapshots: HashSet<Location>,
}

impl Units {
    pub(super) fn new(base: Location, snapshots: HashSet<Location>) -> Self {
        Units { list: Vec::new(), by_place: HashMap::new(), base, snapshots }
    }

    /// The number of the unit that a directory belongs to.
    pub(super) fn of(&mut self, dir: &Location) -> u32 {
        let (kind, at) = unit_of(dir, &self.base);
        if kind.is_some() {
            return self.add(at, kind);
        }
        let mut up = Some(dir.clone());
        while let Some(dir) = up {
            if self.snapshots.contains(&dir) {
                return self.add(dir, Some(UnitKind::Savepoint));
            }
            up = dir.parent();
        }
        let inside = at.is_below(&self.base);
        self.add(if inside { self.base.clone() } else { at }, None)
    }

    fn add(&mut self, at: Location, kind: Option<UnitKind>) -> u32 {
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let number = *self.by_place.entry(at.clone()).or_insert(next);
        match self.list.get_mut(number as usize) {
            // Files of a root without job ids, and others beside them.
            Some(known) => known.kind = known.kind.or(kind),
            None => self.list.push(Unit { at, kind, sums: Sums::default(), missing: 0 }),
        }
        number
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Unit> {
        self.list.get_mut(number as usize)
    }
}
