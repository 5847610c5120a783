//! Looks into the files of checkpoints, one checkpoint after the other, the newest first.
//!
//! Metadata is read again for it, so that only that of one checkpoint is ever held. What
//! several checkpoints share is read once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Instant;

use tokio::runtime::Handle;

use super::audit::Audit;
use super::audit::Checkpoint;
use super::databases;
use super::databases::Complaint;
use super::databases::Ready;
use super::fact::Fact;
use super::fact::Probed;
use super::open::Opener;
use super::open::Scratch;
use super::plan::Content;
use super::plan::Piece;
use super::plan::Plan;
use super::plan::Source;
use super::probe::Files;
use super::probe::Prober;
use super::rules;
use super::rules::Finding;
use super::rules::Level;
use super::source::Limits;
use crate::catalog::CatalogError;
use crate::catalog::checkpoint;
use crate::catalog::checkpoint::MetadataFile;
use crate::catalog::checkpoint::RebaseOptions;
use crate::format::flink::metadata::Metadata;
use crate::model::Location;
use crate::model::places::Places;
use crate::ops::inspect::tree::Facts;
use crate::store::Stores;

/// How it is done.
pub struct Options<'o> {
    /// Where from.
    pub stores: &'o Stores,
    /// The runtime that does requests.
    pub runtime: &'o Handle,
    /// How paths inside metadata are mapped.
    pub rebase: &'o RebaseOptions,
    /// Which part of the files is looked into; all without it.
    pub sample: Option<f64>,
    /// When it ends, ready or not.
    pub until: Option<Instant>,
    /// Files that are read at a time; by default what suits the store.
    pub concurrency: Option<usize>,
    /// Bytes that may be held.
    pub memory: u64,
    /// Where databases are put together; without it none are.
    pub scratch: Option<&'o Scratch>,
    /// Told of streams and databases that are done, and how many there are as far as is known.
    pub progress: &'o dyn Fn(u64, u64),
}

/// Streams in object stores that are read at a time: waiting is most of it.
const CONCURRENCY: usize = 8;
/// Bytes of a local file that are read at a time: they stay near the processor until they are
/// checked.
const LOCAL_CHUNK: u64 = 256 << 10;
/// Bytes of an object that are asked for at a time, if memory allows.
const REMOTE_CHUNK: u64 = 8 << 20;

/// Looks into checkpoints, as deep as the audit says.
pub fn look_into(audit: &mut Audit, facts: &Facts, options: &Options<'_>) {
    let remote = !facts.subject.tree.is_local();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let usual = if remote { processors.max(CONCURRENCY) } else { processors };
    let threads = options.concurrency.unwrap_or(usual);
    // Each thread holds what it checks and what it asked for beforehand.
    let memory = (options.memory / threads as u64).max(1 << 20);
    let limits = |chunk: u64| Limits { chunk: chunk.min(memory / 4), memory };
    let mut looking = Looking {
        facts,
        options,
        prober: Prober {
            files: Files {
                stores: options.stores,
                runtime: options.runtime,
                limits: [limits(LOCAL_CHUNK), limits(REMOTE_CHUNK)],
                until: options.until,
            },
            level: audit.level,
            threads,
            backends: Mutex::default(),
        },
        known: HashMap::new(),
        opened: HashMap::new(),
        directories: HashMap::new(),
        planned: 0,
        done: 0,
    };
    audit.complete &= options.sample.is_none_or(|part| part >= 1.0);
    let mut order: Vec<usize> = (0..audit.checkpoints.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(audit.checkpoints.get(*at).map(Checkpoint::age)));
    for number in order {
        looking.checkpoint(audit, number);
    }
}

/// Reads the first bytes of files that cannot be judged without.
pub fn decide(audit: &mut Audit, stores: &Stores, runtime: &Handle) {
    for file in std::mem::take(&mut audit.undecided) {
        let read = async { stores.open(&file.at)?.read_range(&file.at, 0..1).await };
        match runtime.block_on(read) {
            Ok(first) => audit.decide(file, first.first().copied()),
            Err(error) => {
                let (subject, evidence) = (file.subject, error.to_string());
                audit.find(rules::FILE_UNREADABLE, subject, evidence, file.checkpoints);
            }
        }
    }
}

/// Which stream something was seen in: a directory, a name in it, an offset, and what it is
/// taken for.
type Key = (u32, Box<str>, u64, u64);

struct Looking<'l> {
    facts: &'l Facts,
    options: &'l Options<'l>,
    prober: Prober<'l>,
    /// What was seen in streams that other checkpoints may share.
    known: HashMap<Key, Rc<Fact>>,
    /// What RocksDB said of databases, by the digest of what they are made of.
    opened: HashMap<[u8; 32], Rc<Fact>>,
    directories: HashMap<Location, u32>,
    planned: u64,
    done: u64,
}

impl Looking<'_> {
    fn checkpoint(&mut self, audit: &mut Audit, number: usize) {
        let Some(checkpoint) = audit.checkpoints.get(number) else { return };
        if !checkpoint.readable || checkpoint.removed {
            return;
        }
        let at = checkpoint.metadata.clone();
        let subject = self.facts.subject.path_of(&at);
        if self.prober.is_late() {
            audit.complete = false;
            return;
        }
        let file = match self.read(&at) {
            Ok(file) => file,
            Err(error) if error.is_absent() => return audit.remove(number, subject),
            Err(error) => {
                return audit.find(
                    rules::METADATA_UNREADABLE,
                    subject,
                    error.to_string(),
                    [number],
                );
            }
        };
        // It could be parsed before; one that was overwritten meanwhile is told as such.
        let metadata = match file.parse() {
            Ok(metadata) => metadata,
            Err(error) => {
                return audit.find(rules::METADATA_DAMAGED, subject, error.to_string(), [number]);
            }
        };
        let places = checkpoint::places(self.options.stores, &metadata, &at, self.options.rebase);
        let places = self.options.runtime.block_on(places);
        let mut looked = self.plan(audit, &file, &metadata, &places);
        if audit.level >= Level::Open {
            match self.options.scratch {
                Some(scratch) => self.open(audit, &mut looked, scratch),
                None => audit.complete = false,
            }
        }
        let mut facts = looked.facts.iter().flatten().chain(looked.openings.values());
        if facts.any(|fact| matches!(**fact, Fact::Gone)) && self.is_gone(&at) {
            return audit.remove(number, subject);
        }
        looked.tell(audit, number, &subject, self.facts);
    }

    fn read(&self, at: &Location) -> Result<MetadataFile, CatalogError> {
        let read = checkpoint::read(self.options.stores, at.clone());
        self.options.runtime.block_on(read)
    }

    fn is_gone(&self, at: &Location) -> bool {
        let Ok(store) = self.options.stores.open(at) else { return false };
        let stat = self.options.runtime.block_on(store.stat(at));
        stat.is_err_and(|error| error.is_absent())
    }

    /// Looks into everything of a checkpoint that is not known yet.
    fn plan<'a>(
        &mut self,
        audit: &mut Audit,
        file: &'a MetadataFile,
        metadata: &Metadata<'a>,
        places: &Places<'a>,
    ) -> Looked<'a> {
        let plan = Plan::of(metadata, places, audit.level);
        let keys: Vec<Option<Key>> = plan.pieces.iter().map(|piece| self.key(piece)).collect();
        let mut facts: Vec<Option<Rc<Fact>>> = Vec::new();
        let mut wanted = HashSet::new();
        for (number, (piece, key)) in plan.pieces.iter().zip(&keys).enumerate() {
            let known = key.as_ref().and_then(|key| self.known.get(key)).cloned();
            let skipped = || self.skips(audit, piece).then(|| Rc::new(Fact::Skipped));
            let fact = known.or_else(skipped);
            if fact.is_none() {
                wanted.insert(number);
            }
            facts.push(fact);
        }
        self.planned += wanted.len() as u64;
        let (facts_seen, looked) = (RefCell::new(&mut facts), RefCell::new(&mut audit.looked));
        let (mut done, planned, progress) = (self.done, self.planned, self.options.progress);
        self.prober.run(
            &plan,
            |number| wanted.contains(&number),
            |number, Probed { fact, looked: more }| {
                looked.borrow_mut().add(more);
                if let Some(slot) = facts_seen.borrow_mut().get_mut(number) {
                    *slot = Some(Rc::new(fact));
                }
                done += 1;
                progress(done, planned);
            },
        );
        self.done = done;
        for (key, fact) in keys.into_iter().zip(&facts) {
            if let (Some(key), Some(fact)) = (key, fact)
                && !matches!(**fact, Fact::Skipped | Fact::OutOfTime | Fact::Gone)
            {
                self.known.insert(key, fact.clone());
            }
        }
        let judge = |database| databases::judge(database, |piece| facts.get(piece)?.as_deref());
        let complaints = plan.databases.iter().map(judge).collect();
        Looked { bytes: &file.bytes, plan, facts, complaints, openings: BTreeMap::new() }
    }

    /// Has RocksDB open the databases of a checkpoint that it has not opened yet.
    fn open(&mut self, audit: &mut Audit, looked: &mut Looked<'_>, scratch: &Scratch) {
        let mut wanted: Vec<(usize, Ready<'_>)> = Vec::new();
        let mut openings: BTreeMap<usize, Rc<Fact>> = BTreeMap::new();
        let mut digests: Vec<[u8; 32]> = Vec::new();
        let mut chosen = HashSet::new();
        for (number, database) in looked.plan.databases.iter().enumerate() {
            let complaints = looked.complaints.get(number).map_or(&[][..], Vec::as_slice);
            let fact = |piece: usize| looked.facts.get(piece)?.as_deref();
            let digest = looked.plan.digest(database);
            digests.push(digest);
            match databases::ready(database, complaints, fact) {
                _ if self.opened.contains_key(&digest) => {}
                Ok(ready) => {
                    if chosen.insert(digest) {
                        wanted.push((number, ready));
                    }
                }
                Err(Some(evidence)) => {
                    let rule = rules::OPEN_UNTRIED;
                    openings.insert(number, Rc::new(Fact::Bad { rule, offset: None, evidence }));
                }
                Err(None) => {
                    openings.insert(number, Rc::new(Fact::OutOfTime));
                }
            }
        }
        self.planned += wanted.len() as u64;
        let opener = Opener { prober: &self.prober, scratch };
        opener.run(&looked.plan, &wanted, |number, Probed { fact, looked: more }| {
            audit.looked.add(more);
            let fact = Rc::new(fact);
            if let Some(digest) = digests.get(number)
                && !matches!(*fact, Fact::OutOfTime | Fact::Gone)
            {
                self.opened.insert(*digest, fact.clone());
            }
            openings.insert(number, fact);
            self.done += 1;
            (self.options.progress)(self.done, self.planned);
        });
        for (number, digest) in digests.iter().enumerate() {
            if let Some(fact) = self.opened.get(digest) {
                openings.entry(number).or_insert_with(|| fact.clone());
            }
        }
        looked.openings = openings;
    }

    /// What tells a stream that other checkpoints may refer to as well.
    fn key(&mut self, piece: &Piece<'_>) -> Option<Key> {
        let Source::File { places, start, .. } = &piece.source else { return None };
        let place = places.first()?;
        let directory = place.parent()?;
        let next = u32::try_from(self.directories.len()).ok()?;
        let directory = *self.directories.entry(directory).or_insert(next);
        let mut hasher = DefaultHasher::new();
        std::mem::discriminant(&piece.content).hash(&mut hasher);
        // The same file can be taken for more by one checkpoint than by another.
        match &piece.content {
            Content::Changelog(named) => {
                named.iter().for_each(|named| named.offset.hash(&mut hasher));
            }
            Content::Channels(channels) => {
                channels.iter().for_each(|channel| channel.offsets.hash(&mut hasher));
            }
            Content::KeyGroups(groups) | Content::RawKeyGroups(groups) => {
                groups.offsets.hash(&mut hasher);
            }
            Content::Operator(parts) => {
                parts.iter().for_each(|part| part.offsets.hash(&mut hasher))
            }
            _ => {}
        }
        Some((directory, place.file_name()?.into(), *start, hasher.finish()))
    }

    /// Whether a piece is not looked into: what is known of its file says enough, its store
    /// was not named, or it is not in the sample.
    fn skips(&self, audit: &Audit, piece: &Piece<'_>) -> bool {
        let Source::File { places, .. } = &piece.source else { return false };
        let subject = &self.facts.subject;
        let reachable = places.iter().any(|place| subject.seeks(place));
        let bad = places.iter().any(|place| audit.bad.contains(place));
        !reachable || bad || places.first().is_some_and(|place| !self.is_sampled(place))
    }

    fn is_sampled(&self, place: &Location) -> bool {
        let Some(part) = self.options.sample else { return true };
        let mut hasher = DefaultHasher::new();
        place.hash(&mut hasher);
        // Chosen by the name, so that a second run looks into the same ones.
        (hasher.finish() as f64) < part * u64::MAX as f64
    }
}

/// What was seen of a checkpoint.
struct Looked<'a> {
    bytes: &'a [u8],
    plan: Plan<'a>,
    facts: Vec<Option<Rc<Fact>>>,
    /// What is wrong with each database.
    complaints: Vec<Vec<Complaint>>,
    /// What RocksDB said of databases, by their numbers.
    openings: BTreeMap<usize, Rc<Fact>>,
}

impl Looked<'_> {
    fn tell(&self, audit: &mut Audit, number: usize, metadata: &str, facts: &Facts) {
        for (piece, fact) in self.plan.pieces.iter().zip(&self.facts) {
            let (subject, start) = self.subject(piece, metadata, facts);
            match fact.as_deref() {
                Some(Fact::Bad { rule, offset, evidence }) => {
                    let evidence = match piece.source {
                        Source::Inline(_) => format!("{evidence}; inline state of {}", piece.owner),
                        Source::File { .. } => evidence.clone(),
                    };
                    audit.add(Finding {
                        subject,
                        rule,
                        offset: offset.map(|offset| offset.saturating_add(start)),
                        evidence,
                        checkpoints: [number].into(),
                    });
                }
                Some(Fact::Gone) => {
                    let evidence = format!("it was listed, and is gone; {} needs it", piece.owner);
                    audit.find(rules::FILE_MISSING, subject, evidence, [number]);
                }
                Some(Fact::Sound(opaque)) => {
                    for why in opaque {
                        *audit.unparsed.entry(why.clone()).or_default() += 1;
                    }
                }
                Some(Fact::OutOfTime) | None => audit.complete = false,
                _ => {}
            }
        }
        for complaint in self.complaints.iter().flatten() {
            let piece = complaint.piece.and_then(|piece| self.plan.pieces.get(piece));
            let subject = piece
                .map_or_else(|| metadata.to_owned(), |one| self.subject(one, metadata, facts).0);
            audit.find(complaint.rule, subject, complaint.evidence.clone(), [number]);
        }
        for (database, fact) in &self.openings {
            let Some(database) = self.plan.databases.get(*database) else { continue };
            let manifest = database.manifest().and_then(|piece| self.plan.pieces.get(piece));
            let subject = manifest
                .map_or_else(|| metadata.to_owned(), |one| self.subject(one, metadata, facts).0);
            let (rule, evidence) = match &**fact {
                Fact::Bad { rule, evidence, .. } => (*rule, &**evidence),
                Fact::Gone => (rules::OPEN_UNTRIED, "a file of it went away meanwhile"),
                Fact::OutOfTime => {
                    audit.complete = false;
                    continue;
                }
                _ => continue,
            };
            let evidence = format!("{evidence}; database of {}", database.owner);
            audit.find(rule, subject, evidence, [number]);
        }
    }

    /// What a report calls a piece, and where in that it begins.
    fn subject(&self, piece: &Piece<'_>, metadata: &str, facts: &Facts) -> (String, u64) {
        match &piece.source {
            Source::Inline(bytes) => {
                let place = (bytes.as_ptr() as usize).checked_sub(self.bytes.as_ptr() as usize);
                (metadata.to_owned(), place.unwrap_or_default() as u64)
            }
            Source::File { places, start, .. } => {
                let path = places.first().map(|place| facts.subject.path_of(place));
                (path.unwrap_or_default(), *start)
            }
        }
    }
}

/// Whether a level needs files to be looked into.
pub fn is_needed(level: Level) -> bool {
    level >= Level::Footer
}
