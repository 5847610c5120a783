//! Good checkpoints with one recorded fault: applies the recipes of `fixtures/damaged`.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::path::PathBuf;

use chkctl::format::flink::keyed::KeyedHandle;
use chkctl::format::flink::list::List;
use chkctl::format::flink::metadata::Metadata;
use chkctl::format::flink::operator::OperatorState;
use chkctl::format::flink::operator::Subtask;
use chkctl::format::flink::stream::NamedHandle;
use chkctl::format::flink::stream::StreamHandle;
use chkctl::format::flink::utf::Utf;
use chkctl::format::flink::utf::encode;
use chkctl::model::walk;
use serde::Deserialize;

use super::archives;
use super::archives::Archive;
use super::handles;

/// What is broken, in which checkpoint, and who must notice.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipe {
    /// The archive that holds the checkpoint.
    pub(crate) archive: String,
    /// Its directory, relative to the root of the archive.
    pub(crate) checkpoint: String,
    /// The fault in words.
    pub(crate) what: String,
    /// The fault.
    pub(crate) fault: Fault,
    /// The finding.
    pub(crate) expected: Expected,
}

/// The finding a fault must lead to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// Its code.
    pub(crate) code: String,
    /// The first level at which it is found.
    pub(crate) level: String,
    /// The file it is about, relative to the root of the archive.
    pub(crate) subject: String,
}

/// One fault. Files are relative to the root of the archive.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// The file is removed.
    Delete { file: String },
    /// The file keeps its first bytes.
    Truncate { file: String, length: u64 },
    /// Bytes, in hex, are put at its end.
    Append { file: String, hex: String },
    /// One bit changes; bit 0 is the lowest.
    Flip { file: String, offset: usize, bit: u8 },
    /// One byte changes.
    Set { file: String, offset: usize, byte: u8 },
    /// Two files change places.
    Swap { a: String, b: String },
    /// The metadata: a file of a database gets another local name.
    Rename { operator: String, subtask: i32, from: String, to: String },
    /// The metadata: an absolute path becomes a relative one with the same file name.
    Relative { operator: String, subtask: i32, local_name: String },
    /// The metadata: a handle names the file of another one, with a size of its own.
    Alias { operator: String, subtask: i32, local_name: String, of: FileOf, size: i64 },
}

/// A file of a database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileOf {
    /// Id of the operator.
    pub(crate) operator: String,
    /// Index of the subtask.
    pub(crate) subtask: i32,
    /// Its local name.
    pub(crate) local_name: String,
}

/// A checkpoint on disk, with the files it refers to and no others.
pub(crate) struct Prepared {
    /// What stands for the root of the archive.
    pub(crate) root: PathBuf,
    /// The directory of the checkpoint.
    pub(crate) checkpoint: PathBuf,
}

/// Every recipe with its name, sorted.
pub(crate) fn recipes() -> Vec<(String, Recipe)> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/damaged");
    let dirs = archives::directories_with(&home, "recipe.json");
    let read = |dir: &PathBuf| {
        let text = fs::read_to_string(home.join(dir).join("recipe.json")).unwrap();
        let recipe = serde_json::from_str(&text);
        let recipe = recipe.unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
        (dir.to_str().unwrap().to_owned(), recipe)
    };
    dirs.iter().map(read).collect()
}

/// The checkpoint of a recipe with its fault, below `dir`.
pub(crate) fn prepare(recipe: &Recipe, dir: &Path) -> Prepared {
    let prepared = prepare_whole(recipe, dir);
    apply(&recipe.fault, &prepared);
    prepared
}

/// The same without the fault.
pub(crate) fn prepare_whole(recipe: &Recipe, dir: &Path) -> Prepared {
    let archive = archives::unpack(&recipe.archive);
    let root = dir.join(&archive.name);
    for file in files(&archive, &recipe.checkpoint) {
        let to = root.join(file.strip_prefix(archive.root()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, to).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    Prepared { checkpoint: root.join(&recipe.checkpoint), root }
}

/// The metadata and all it refers to.
fn files(archive: &Archive, checkpoint: &str) -> BTreeSet<PathBuf> {
    let dir = archive.root().join(checkpoint);
    let bytes = fs::read(dir.join("_metadata")).unwrap();
    let metadata = Metadata::parse(&bytes).unwrap();
    let mut files = BTreeSet::from([dir.join("_metadata")]);
    let _ = walk::streams(&metadata, |_, _, used| {
        files.extend(handles::file(archive, &dir, &used.handle));
        ControlFlow::Continue(())
    });
    files
}

fn apply(fault: &Fault, prepared: &Prepared) {
    let edit = |file: &String, edit: &dyn Fn(&mut Vec<u8>)| {
        let path = prepared.root.join(file);
        let mut bytes = fs::read(&path).unwrap();
        edit(&mut bytes);
        fs::write(path, bytes).unwrap();
    };
    match fault {
        Fault::Delete { file } => fs::remove_file(prepared.root.join(file)).unwrap(),
        Fault::Truncate { file, length } => {
            edit(file, &|bytes| bytes.truncate(usize::try_from(*length).unwrap()));
        }
        Fault::Append { file, hex } => edit(file, &|bytes| bytes.extend(from_hex(hex))),
        Fault::Flip { file, offset, bit } => edit(file, &|bytes| bytes[*offset] ^= 1 << bit),
        Fault::Set { file, offset, byte } => edit(file, &|bytes| bytes[*offset] = *byte),
        Fault::Swap { a, b } => {
            let of_a = fs::read(prepared.root.join(a)).unwrap();
            fs::rename(prepared.root.join(b), prepared.root.join(a)).unwrap();
            fs::write(prepared.root.join(b), of_a).unwrap();
        }
        Fault::Rename { .. } | Fault::Relative { .. } | Fault::Alias { .. } => {
            let path = prepared.checkpoint.join("_metadata");
            let bytes = fs::read(&path).unwrap();
            fs::write(path, rewritten(&bytes, fault)).unwrap();
        }
    }
}

/// The metadata with one file of one database changed.
fn rewritten(bytes: &[u8], fault: &Fault) -> Vec<u8> {
    let metadata = Metadata::parse(bytes).unwrap();
    // Text that the new metadata borrows.
    let (name, path) = match fault {
        Fault::Rename { to, .. } => (encode(to), Vec::new()),
        Fault::Relative { operator, subtask, local_name } => {
            let of = path_of(&metadata, operator, *subtask, local_name);
            (Vec::new(), encode(of.rsplit('/').next().unwrap()))
        }
        Fault::Alias { of, .. } => {
            let path = path_of(&metadata, &of.operator, of.subtask, &of.local_name);
            (Vec::new(), encode(&path))
        }
        _ => unreachable!("a fault of the metadata"),
    };
    let (name, path) = (Utf::from_encoded(&name), Utf::from_encoded(&path));
    let (operator, subtask, local_name) = match fault {
        Fault::Rename { operator, subtask, from, .. } => (operator, subtask, from),
        Fault::Relative { operator, subtask, local_name }
        | Fault::Alias { operator, subtask, local_name, .. } => (operator, subtask, local_name),
        _ => unreachable!("a fault of the metadata"),
    };
    let changed = with_file(&metadata, operator, *subtask, local_name, |file| match fault {
        Fault::Rename { .. } => NamedHandle { local_name: name, ..file },
        Fault::Relative { .. } => {
            let size = i64::try_from(file.handle.unwrap().state_size().unwrap()).unwrap();
            NamedHandle { handle: Some(StreamHandle::Relative { path, size }), ..file }
        }
        Fault::Alias { size, .. } => {
            NamedHandle { handle: Some(StreamHandle::File { size: *size, path }), ..file }
        }
        _ => unreachable!("a fault of the metadata"),
    });
    changed.encode(metadata.own_target().unwrap()).unwrap()
}

/// The metadata with one file passed through `change`.
fn with_file<'a>(
    metadata: &Metadata<'a>,
    operator: &str,
    subtask: i32,
    local_name: &str,
    change: impl Fn(NamedHandle<'a>) -> NamedHandle<'a>,
) -> Metadata<'a> {
    let in_list = |list: &List<'a, NamedHandle<'a>>| -> List<'a, NamedHandle<'a>> {
        let named = |file: &NamedHandle<'_>| file.local_name.to_str() == local_name;
        let files = list.iter().map(|file| if named(&file) { change(file) } else { file });
        files.collect::<Vec<_>>().into()
    };
    let in_subtask = |one: Subtask<'a>| match one {
        Subtask::Running(mut state) if state.index == subtask => {
            if let Some(KeyedHandle::Incremental(handle)) = &mut state.managed_keyed {
                handle.shared = in_list(&handle.shared);
                handle.private = in_list(&handle.private);
            }
            Subtask::Running(state)
        }
        other => other,
    };
    let operators = metadata.operators.iter().map(|mut state: OperatorState<'a>| {
        if state.id.to_string() == operator {
            let subtasks = state.subtasks.take();
            state.subtasks =
                subtasks.map(|list| list.iter().map(in_subtask).collect::<Vec<_>>().into());
        }
        state
    });
    Metadata { operators: operators.collect::<Vec<_>>().into(), ..metadata.clone() }
}

/// The path of a file of a database.
fn path_of(metadata: &Metadata<'_>, operator: &str, subtask: i32, local_name: &str) -> String {
    let mut found = None;
    let _ = walk::streams(metadata, |state, index, used| {
        let named = used.local_name.is_some_and(|name| name.to_str() == local_name);
        if named && index == Some(subtask) && state.id.to_string() == operator {
            let StreamHandle::File { path, .. } = used.handle else { panic!("no file") };
            found = Some(path.to_str().into_owned());
        }
        ControlFlow::Continue(())
    });
    found.unwrap_or_else(|| panic!("{operator} {subtask} {local_name}"))
}

fn from_hex(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().map(|c| c.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}
