//! Seeds from what Flink wrote: the handles of the fixtures with little in them, trailers,
//! heads of state streams, whole streams, and what databases say of themselves. `fuzz/seed`
//! writes them; here they must be as written.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chkctl::format::flink::backend_meta::Hints;
use chkctl::format::flink::backend_meta::KeyedBackendMeta;
use chkctl::format::flink::backend_meta::OperatorBackendMeta;
use chkctl::format::flink::keyed::KeyedHandle;
use chkctl::format::flink::list::List;
use chkctl::format::flink::list::Record;
use chkctl::format::flink::metadata::Metadata;
use chkctl::format::flink::operator::OperatorHandle;
use chkctl::format::flink::operator::OperatorState;
use chkctl::format::flink::operator::Subtask;
use chkctl::format::flink::operator::SubtaskState;
use chkctl::format::flink::stream::StreamHandle;

use super::corpus;
use crate::content::compressed::compress;
use crate::content::streams::Collector;
use crate::content::streams::Kind;
use crate::content::streams::Stream;
use crate::support::archives;
use crate::support::handles;
use crate::support::parallel;

/// Longest head of a stream that becomes a seed.
const LONGEST: usize = 16 << 10;

/// Seeds by target and name.
type Seeds = BTreeMap<(&'static str, String), Vec<u8>>;

#[test]
fn seeds_are_as_the_fixtures_make_them() {
    let write = std::env::var_os("CHKCTL_WRITE_SEEDS").is_some();
    for ((target, name), bytes) in seeds() {
        let file = corpus().join(target).join(name);
        if write {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &bytes).unwrap();
        }
        let found = fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        assert!(found == bytes, "{} is out of date: run fuzz/seed", file.display());
    }
}

fn seeds() -> Seeds {
    let names = archives::names();
    let of_each = parallel::map(&names, |name| seeds_of(&archives::unpack(name)));
    let mut seeds = Seeds::new();
    let mut known = BTreeSet::new();
    for ((target, name), bytes, sort) in of_each.into_iter().flatten() {
        if known.insert((target, sort)) {
            seeds.insert((target, name), bytes);
        }
    }
    seeds
}

/// A seed, and what of it is worth having only once.
type Seed = ((&'static str, String), Vec<u8>, String);

fn seeds_of(archive: &archives::Archive) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (i, checkpoint) in archive.checkpoints().iter().enumerate() {
        let dir = archive.root().join(checkpoint);
        let bytes = fs::read(dir.join("_metadata")).unwrap();
        let file = Metadata::parse(&bytes).unwrap();
        let name = format!("{}-{i}", archive.name);
        let small = smaller(&file);
        let hooks = file.master_states.len();
        let sort = format!("{:?} {hooks} {:?}", file.layout, kinds(&small));
        let small = small.encode(small.own_target().unwrap()).unwrap();
        seeds.push((("metadata", name.clone()), small, sort));
        if let Some(trailer) = file.trailer {
            let sort = format!("{:?}", trailer.bytes);
            seeds.push((("properties", name.clone()), trailer.bytes.to_vec(), sort));
        }
        let root = archive.root();
        for (n, stream) in Collector::collect(&root, checkpoint).streams.iter().enumerate() {
            let parsed = stream.parse().unwrap();
            let names: Vec<_> = parsed.states.iter().map(|(name, _)| name).collect();
            let packable = ["full snapshot", "heap", "changelog"].contains(&stream.sort());
            let is_packed = archive.name.contains("snappy");
            let packable = packable && parsed.entries > 0 && !is_packed;
            let packed = packable.then(|| compress(stream).0);
            for (form, stream) in [("", Some(stream)), ("-snappy", packed.as_ref())] {
                let seed = stream.and_then(content_seed).filter(|seed| seed.len() <= LONGEST);
                let Some((stream, seed)) = stream.zip(seed) else { continue };
                let sort = format!("{}{form} {names:?}", stream.sort());
                seeds.push((("content", format!("{name}-{n}{form}")), seed, sort));
            }
        }
        for (n, (head, sort)) in heads(&file, &dir).into_iter().enumerate() {
            seeds.push((("backend_meta", format!("{name}-{n}")), head, sort));
        }
    }
    seeds.extend(database_seeds(archive));
    seeds
}

/// The smallest MANIFEST of an archive, its CURRENT, and the head of its OPTIONS; one for each
/// generation of RocksDB.
fn database_seeds(archive: &archives::Archive) -> Vec<Seed> {
    let databases = handles::of(archive).into_iter();
    let smallest = databases.min_by_key(|database| database.file("MANIFEST-").bytes.len());
    let Some(database) = smallest else { return Vec::new() };
    let options = &database.file("OPTIONS-").bytes;
    let lines: Vec<&[u8]> = options.split_inclusive(|byte| *byte == b'\n').collect();
    let release = lines.iter().find(|line| line.starts_with(b"  rocksdb_version")).unwrap();
    let release = String::from_utf8_lossy(release).into_owned();
    let table = lines.iter().position(|line| line.starts_with(b"[TableOptions")).unwrap();
    let head = lines.iter().take(table + 30).copied().collect::<Vec<_>>().concat();
    let seed = |file: &str, bytes: Vec<u8>| {
        let name = format!("{}-{file}", archive.name);
        (("manifest", name), bytes, format!("{file} {release}"))
    };
    vec![
        seed("manifest", database.file("MANIFEST-").bytes.clone()),
        seed("current", database.file("CURRENT").bytes.clone()),
        seed("options", head),
    ]
}

/// A stream behind its handle, as the target `content` takes it; not of streams whose content
/// is of no known format or whose handle would not fit.
fn content_seed(stream: &Stream) -> Option<Vec<u8>> {
    let (kind, bits, offsets, name) = match &stream.kind {
        Kind::Meta => (0, 0, Vec::new(), ""),
        Kind::KeyGroups(handle, _) | Kind::Raw(handle) => {
            let full = if stream.sort() == "full snapshot" { 2 } else { 4 };
            let kind = if stream.sort() == "raw keyed" { 2 } else { 1 };
            let wide = u8::from(handle.max_parallelism > 128);
            (kind, full | wide, handle.offsets.clone(), "")
        }
        Kind::Operator(parts) => match parts.as_slice() {
            [] => (3, 0, Vec::new(), ""),
            [part] => (3, u8::from(part.broadcast) * 8, part.offsets.clone(), part.name.as_str()),
            _ => return None,
        },
        Kind::Channel(channels) => {
            let offsets = channels.iter().flat_map(|channel| channel.offsets.iter().copied());
            (4, 0, offsets.collect(), "")
        }
        Kind::Changelog(named, _) => {
            (5, 0, named.iter().map(|set| set.offset).collect::<Vec<_>>(), "")
        }
        Kind::Author(_) => return None,
    };
    let mut seed = vec![kind, bits, u8::try_from(offsets.len()).ok()?];
    let mut before = 0;
    for offset in offsets {
        seed.extend(i32::try_from(offset - before).ok()?.to_be_bytes());
        before = offset;
    }
    seed.push(u8::try_from(name.len()).ok()?);
    seed.extend(name.as_bytes());
    seed.extend(&stream.bytes);
    Some(seed)
}

/// The kinds of handles in a file whose lists were built, and what is set in them.
fn kinds(file: &Metadata<'_>) -> BTreeSet<String> {
    let shown = format!("{:?}", file.operators);
    let words = shown.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(char::is_uppercase)).map(str::to_owned).collect()
}

/// The file with the first two subtasks of each operator, and little in their handles.
fn smaller<'a>(file: &Metadata<'a>) -> Metadata<'a> {
    let operators = file.operators.iter().map(|operator| OperatorState {
        coordinator: operator.coordinator.clone().map(cut),
        subtasks: operator.subtasks.clone().map(|subtasks| {
            let few = subtasks.iter().take(2).map(|subtask| match subtask {
                Subtask::Running(state) => Subtask::Running(Box::new(smaller_state(*state))),
                finished @ Subtask::Finished { .. } => finished,
            });
            few.collect::<Vec<_>>().into()
        }),
        ..operator
    });
    Metadata { operators: operators.collect::<Vec<_>>().into(), ..file.clone() }
}

fn smaller_state(state: SubtaskState<'_>) -> SubtaskState<'_> {
    SubtaskState {
        managed_operator: state.managed_operator.map(smaller_operator),
        raw_operator: state.raw_operator.map(smaller_operator),
        managed_keyed: state.managed_keyed.map(smaller_keyed),
        raw_keyed: state.raw_keyed.map(smaller_keyed),
        input_channels: few(&state.input_channels),
        result_subpartitions: few(&state.result_subpartitions),
        ..state
    }
}

fn smaller_operator(mut handle: OperatorHandle<'_>) -> OperatorHandle<'_> {
    let states = handle.states.iter().take(3).map(|mut state| {
        state.offsets = few(&state.offsets);
        state
    });
    handle.states = states.collect::<Vec<_>>().into();
    handle.delegate = handle.delegate.map(cut);
    handle
}

fn smaller_keyed(mut handle: KeyedHandle<'_>) -> KeyedHandle<'_> {
    match &mut handle {
        KeyedHandle::KeyGroups(handle) => {
            handle.offsets = few(&handle.offsets);
            handle.delegate = handle.delegate.take().map(cut);
        }
        KeyedHandle::Incremental(handle) => {
            handle.meta = handle.meta.take().map(cut);
            for list in [&mut handle.shared, &mut handle.private] {
                let files = list.iter().take(2).map(|mut file| {
                    file.handle = file.handle.map(cut);
                    file
                });
                *list = files.collect::<Vec<_>>().into();
            }
        }
        KeyedHandle::Changelog(handle) => {
            for list in [&mut handle.materialized, &mut handle.non_materialized] {
                let parts = list.iter().take(2).map(|part| part.map(smaller_keyed));
                *list = parts.collect::<Vec<_>>().into();
            }
        }
        KeyedHandle::ChangelogMemory(handle) => {
            let changes = handle.changes.iter().take(2).map(|mut change| {
                change.data = change.data.get(..64).unwrap_or(change.data);
                change
            });
            handle.changes = changes.collect::<Vec<_>>().into();
        }
        KeyedHandle::ChangelogFile(handle) => handle.handles = few(&handle.handles),
    }
    handle
}

fn few<'a, T: Record<'a>>(list: &List<'a, T>) -> List<'a, T> {
    list.iter().take(2).collect::<Vec<_>>().into()
}

/// Inline state with its first bytes only.
fn cut(handle: StreamHandle<'_>) -> StreamHandle<'_> {
    match handle {
        StreamHandle::Inline { name, data } => {
            StreamHandle::Inline { name, data: data.get(..64).unwrap_or(data) }
        }
        other => other,
    }
}

/// The heads of all state streams that are at hand, and what sort each is of.
fn heads(file: &Metadata<'_>, dir: &Path) -> Vec<(Vec<u8>, String)> {
    let mut heads = Vec::new();
    for subtask in
        file.operators.iter().filter_map(|operator| operator.subtasks).flat_map(List::into_records)
    {
        let Subtask::Running(state) = subtask else { continue };
        let keyed = state.managed_keyed.iter().filter_map(|handle| match handle {
            KeyedHandle::Incremental(handle) => content(handle.meta.as_ref()?, dir),
            KeyedHandle::KeyGroups(handle) => content(handle.delegate.as_ref()?, dir),
            _ => None,
        });
        for bytes in keyed {
            let Ok(meta) = KeyedBackendMeta::parse(&bytes, &Hints::default()) else { continue };
            let sort = sort(file.layout.version, &format!("{meta:?}"));
            heads.extend(head(&bytes, meta.extent.bytes_read).map(|head| (head, sort)));
        }
        let operator =
            state.managed_operator.iter().filter_map(|h| content(h.delegate.as_ref()?, dir));
        for bytes in operator {
            let Ok(meta) = OperatorBackendMeta::parse(&bytes, &Hints::default()) else { continue };
            let sort = sort(file.layout.version, &format!("{meta:?}"));
            heads.extend(head(&bytes, meta.extent.bytes_read).map(|head| (head, sort)));
        }
    }
    heads
}

/// The head itself and a few bytes of what follows.
fn head(bytes: &[u8], bytes_read: Option<u64>) -> Option<Vec<u8>> {
    let end = usize::try_from(bytes_read?).unwrap();
    let end = end.saturating_add(8).min(bytes.len());
    Some(bytes[..end].to_vec()).filter(|head| head.len() <= LONGEST)
}

/// The metadata version, which meta it is, and the snapshot classes in it.
fn sort(version: i32, shown: &str) -> String {
    let (meta, _) = shown.split_once(' ').unwrap();
    let words = shown.split('"').filter(|word| word.contains("Snapshot"));
    format!("{version} {meta} {:?}", words.collect::<BTreeSet<_>>())
}

/// The bytes of a stream that lies in or beside the checkpoint, where the fixture was moved to.
fn content(handle: &StreamHandle<'_>, dir: &Path) -> Option<Vec<u8>> {
    match handle {
        StreamHandle::Inline { data, .. } => Some(data.to_vec()),
        StreamHandle::Relative { path, .. } => fs::read(dir.join(&*path.to_str())).ok(),
        StreamHandle::File { path, .. } => {
            let path = path.to_str();
            let name = path.rsplit('/').next().unwrap_or_default();
            let shared = dir.parent()?.join("shared");
            fs::read(dir.join(name)).or_else(|_| fs::read(shared.join(name))).ok()
        }
        _ => None,
    }
}
