//! What `verify` can find, how bad it is and what to do about it: the one home of its codes.

use std::collections::BTreeSet;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The checkpoint cannot be restored as it is, or not to what it was.
    Damaged,
    /// It could not be told.
    Unknown,
    /// Worth knowing; the checkpoint can be restored.
    Note,
}

impl Severity {
    /// The word of reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Damaged => "damaged",
            Severity::Unknown => "unknown",
            Severity::Note => "note",
        }
    }
}

/// How deep is looked. Each level includes the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Every file is there.
    Exists,
    /// It has the size its handles say.
    Size,
    /// SSTs begin and end as tables do, and their databases are put together right.
    Footer,
    /// Every block and everything that is no SST, to the last byte.
    Blocks,
    /// RocksDB opens each database.
    Open,
}

impl Level {
    /// The word of the command line and of reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::Exists => "exists",
            Level::Size => "size",
            Level::Footer => "footer",
            Level::Blocks => "blocks",
            Level::Open => "open",
        }
    }
}

/// Something that can be found.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// Stable code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// At which level it is looked for first.
    pub level: Level,
    /// What it says, in a few words.
    pub what: &'static str,
    /// The next thing to do.
    pub remedy: &'static str,
}

macro_rules! rules {
    ($($name:ident: $code:literal, $severity:ident, $level:ident, $what:literal, $remedy:expr;)*) => {
        $(
            #[doc = concat!("`", $code, "`: ", $what, ".")]
            pub const $name: &Rule = &Rule {
                code: $code,
                severity: Severity::$severity,
                level: Level::$level,
                what: $what,
                remedy: $remedy,
            };
        )*
        /// Every rule, in the order of levels.
        pub const ALL: &[&Rule] = &[$($name),*];
    };
}

const OLDER: &str = "restore from another checkpoint (chkctl latest names the newest whole one), \
                     or bring the file back from a copy or an older version of the object";
const AGAIN: &str = "run it again; if it stays so, check access and network";
const REPORT: &str = "look at the object by hand; if Flink restores from it, this is a fault of \
                      chkctl: report it";

rules! {
    METADATA_DAMAGED: "metadata-damaged", Damaged, Exists,
        "the metadata file cannot be parsed", OLDER;
    METADATA_EMPTY: "metadata-empty", Damaged, Exists,
        "the metadata file has no bytes",
        "the checkpoint was never completed; restore from another one";
    METADATA_VERSION: "metadata-version", Unknown, Exists,
        "the metadata file is of a release that is not known",
        "look for a newer chkctl; if no release of Flink writes this version, the file is damaged";
    METADATA_UNREADABLE: "metadata-unreadable", Unknown, Exists,
        "the metadata file could not be read", AGAIN;
    CHECKPOINT_ID: "checkpoint-id", Note, Exists,
        "the metadata in a chk-N directory is of a checkpoint with another id",
        "make sure that nobody copied it there by mistake";
    CHECKPOINT_REMOVED: "checkpoint-removed", Unknown, Exists,
        "it was removed while it was read, as Flink does with what newer ones replace",
        "look at a newer checkpoint of the job";
    FILE_MISSING: "file-missing", Damaged, Exists,
        "a file is not where the metadata says", OLDER;
    RELATIVE_FILE_MISSING: "relative-file-missing", Damaged, Exists,
        "a relative name in the list of shared files leads to nothing (FLINK-39964): the file is \
         in the native savepoint from which the job was restored in CLAIM mode",
        "restore from that savepoint or a newer checkpoint, and do not delete the savepoint; \
         copying the file from there beside the _metadata makes this checkpoint whole";
    FILE_UNSEEN: "file-unseen", Unknown, Exists,
        "it could not be told whether a file is there", AGAIN;
    FILE_ELSEWHERE: "file-elsewhere", Unknown, Exists,
        "a file lies in a store that was not named, which is not contacted",
        "name that store with --also, or where the file is now with --rebase FROM=TO";
    PATH_INVALID: "path-invalid", Damaged, Exists,
        "a path in the metadata is none that Flink writes", OLDER;
    PLACE_UNLISTED: "place-unlisted", Unknown, Exists,
        "a directory could not be listed", AGAIN;
    FILE_SHORT: "file-short", Damaged, Size, "a file is shorter than its handle says", OLDER;
    FILE_LONG: "file-long", Damaged, Size, "a file is longer than its handle says", OLDER;
    SEGMENT_OUT_OF_FILE: "segment-out-of-file", Damaged, Size,
        "a merged file ends before a segment of it does", OLDER;
    SIZES_DISAGREE: "sizes-disagree", Damaged, Size,
        "two handles give different sizes to one file", OLDER;
    FILE_UNREADABLE: "file-unreadable", Unknown, Footer, "a file could not be read", AGAIN;
    READS_DIFFER: "reads-differ", Unknown, Footer,
        "a file was damaged when it was read, and sound when it was read again",
        "check the network, the disk and the memory of this machine, and run it again";
    TOO_LARGE: "too-large", Unknown, Footer,
        "something needs more memory than is allowed", "allow more with --memory";
    SST_FOOTER: "sst-footer", Damaged, Footer, "the footer of an SST is damaged", OLDER;
    SST_METAINDEX: "sst-metaindex", Damaged, Footer,
        "the metaindex of an SST is damaged", OLDER;
    SST_PROPERTIES: "sst-properties", Damaged, Footer,
        "the properties of an SST are damaged", OLDER;
    SST_NO_CHECKSUM: "sst-no-checksum", Damaged, Footer,
        "an SST says that it has no checksums, which Flink never configures: its footer is \
         damaged, and the blocks cannot be checked", OLDER;
    SST_UNSUPPORTED: "sst-unsupported", Unknown, Footer,
        "an SST has a format that chkctl does not know", "look for a newer chkctl";
    SST_MISPLACED: "sst-misplaced", Damaged, Footer,
        "an SST is not the one that the MANIFEST means by its name", OLDER;
    SST_KEY_RANGE: "sst-key-range", Damaged, Footer,
        "an SST has keys outside of the key groups of its subtask, and nothing deletes them",
        OLDER;
    LOCAL_NAME: "local-name", Damaged, Footer,
        "a file of a database has a local name that RocksDB does not use", OLDER;
    MANIFEST_RECORD: "manifest-record", Damaged, Footer, "a MANIFEST is damaged", OLDER;
    MANIFEST_FILES: "manifest-files", Damaged, Footer,
        "the live files of a MANIFEST are not the files of the handle", OLDER;
    DATABASE_INCOMPLETE: "database-incomplete", Damaged, Footer,
        "a database has no MANIFEST or no CURRENT", OLDER;
    CURRENT: "current", Damaged, Footer, "CURRENT does not name the MANIFEST", OLDER;
    OPTIONS: "options", Note, Footer,
        "an OPTIONS file cannot be parsed; Flink does not read it when it restores",
        "nothing, if the rest is sound";
    SST_INDEX: "sst-index", Damaged, Blocks, "an index block of an SST is damaged", OLDER;
    SST_DATA: "sst-data", Damaged, Blocks, "a data block of an SST is damaged", OLDER;
    SST_FILTER: "sst-filter", Damaged, Blocks, "a filter block of an SST is damaged", OLDER;
    SST_DICTIONARY: "sst-dictionary", Damaged, Blocks,
        "the compression dictionary of an SST is damaged", OLDER;
    SST_RANGE_DELETIONS: "sst-range-deletions", Damaged, Blocks,
        "the range deletions of an SST are damaged", OLDER;
    SST_META: "sst-meta", Damaged, Blocks, "a meta block of an SST is damaged", OLDER;
    SST_LAYOUT: "sst-layout", Damaged, Blocks,
        "bytes of an SST belong to no block, or to two", OLDER;
    BACKEND_META: "backend-meta", Damaged, Blocks,
        "the meta of keyed state is damaged", OLDER;
    OPERATOR_STATE: "operator-state", Damaged, Blocks, "operator state is damaged", OLDER;
    KEY_GROUP_STREAM: "key-group-stream", Damaged, Blocks,
        "a full snapshot of keyed state is damaged", OLDER;
    HEAP_STREAM: "heap-stream", Damaged, Blocks,
        "keyed state of the heap backend is damaged", OLDER;
    CHANNEL_STATE: "channel-state", Damaged, Blocks, "in-flight data is damaged", OLDER;
    CHANGELOG_SEGMENT: "changelog-segment", Damaged, Blocks,
        "a segment of the changelog is damaged", OLDER;
    OPEN_FAILED: "open-failed", Damaged, Open,
        "RocksDB does not open the database, or not read it to its end", REPORT;
    OPEN_UNTRIED: "open-untried", Unknown, Open,
        "the database was not opened, as it could not be put together",
        "look at what is found about its files first; if the disk is in the way, name a \
         directory that has room for a whole database with --scratch";
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What it is about: a path as in the rest of the report.
    pub subject: String,
    /// The rule.
    pub rule: &'static Rule,
    /// The byte in the subject where it was noticed.
    pub offset: Option<u64>,
    /// What was seen.
    pub evidence: String,
    /// The checkpoints that it is about, by their numbers.
    pub checkpoints: BTreeSet<usize>,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::ALL;
    use super::Severity;

    #[test]
    fn codes_are_unique_and_each_has_a_remedy() {
        let codes: HashSet<&str> = ALL.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), ALL.len());
        assert!(ALL.iter().all(|rule| !rule.remedy.is_empty() && !rule.what.ends_with('.')));
        assert!(ALL.is_sorted_by_key(|rule| rule.level));
        assert!(ALL.iter().any(|rule| rule.severity == Severity::Unknown));
    }
}
