//! What a store answers.

use jiff::Timestamp;

/// What lies directly in a directory; each list is sorted by name, in byte order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Names of directories, those behind symbolic links included.
    pub dirs: Vec<String>,
    /// Everything else that has a usable name.
    pub files: Vec<FileEntry>,
    /// Those of `dirs` which are symbolic links, so lie elsewhere and may lead in circles.
    pub linked_dirs: Vec<String>,
    /// Entries whose name is not UTF-8, shown with replacement characters. They cannot be
    /// opened through a [`super::Location`], and nothing may be concluded about them.
    pub unspellable: Vec<String>,
}

/// One file of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// The last segment of its path; in [`Below`] all of the path.
    pub name: String,
    /// Size in bytes (behind a link: of its target); `None` if it cannot be told.
    pub size: Option<u64>,
    /// Last modification; `None` if it cannot be told.
    pub modified: Option<Timestamp>,
    /// What it is.
    pub kind: EntryKind,
}

/// What a file of a listing is. Object stores have [`EntryKind::Regular`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A file or object that can be read.
    Regular,
    /// A symbolic link to such a file.
    Link,
    /// A symbolic link that leads nowhere, or not to be followed.
    BrokenLink,
    /// A FIFO, socket or device, directly or behind a link: never opened.
    Special,
}

/// What is known about one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Size in bytes; zero for a directory.
    pub size: u64,
    /// Last modification; `None` where the store has none.
    pub modified: Option<Timestamp>,
    /// Whether it is a directory, or a prefix with something below it.
    pub is_dir: bool,
}

/// A whole object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Last modification; `None` where the store has none.
    pub modified: Option<Timestamp>,
}

/// One thing below a directory, however deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Below {
    /// A file, by its path below the directory. [`FileEntry::name`] is that path.
    File(FileEntry),
    /// A directory, by its path. Object stores have none.
    Directory(String),
    /// A symbolic link to a directory that was not entered, as it leads in a circle or to where
    /// the walk comes anyway.
    LinkNotFollowed {
        /// Its path below the directory.
        name: String,
        /// Where it leads, if that is a directory; spelled as what is listed below the
        /// directory where it lies there.
        target: Option<super::Location>,
    },
    /// A name that is not UTF-8, with replacement characters.
    Unspellable(String),
}
