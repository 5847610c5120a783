//! Looks into the files of checkpoints, one checkpoint after the other, the newest first.
//!
//! Metadata is read again for it, so that only that of one checkpoint is ever held. What
//! several checkpoints share is read once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Instant;

use futures::StreamExt;
use futures::stream;
use sha2::Digest;
use sha2::Sha256;
use tokio::runtime::Handle;

use super::audit::Audit;
use super::audit::Checkpoint;
use super::audit::Undecided;
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
use super::probe;
use super::probe::Files;
use super::probe::Prober;
use super::rules;
use super::rules::Finding;
use super::rules::Level;
use crate::catalog::CatalogError;
use crate::catalog::checkpoint;
use crate::catalog::checkpoint::MetadataFile;
use crate::catalog::checkpoint::RebaseOptions;
use crate::catalog::survey;
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
/// Looks into checkpoints, as deep as the audit says.
pub fn look_into(audit: &mut Audit, facts: &Facts, options: &Options<'_>) {
    let remote = !facts.subject.tree.is_local();
    let threads = options.concurrency.unwrap_or_else(|| probe::threads(remote, CONCURRENCY));
    // Half is shared out: each thread holds what it checks and what it asked for beforehand. The
    // other half is for what needs more, one after the other.
    let half = options.memory / 2;
    let share = (half / threads as u64).max(1 << 20);
    let mut looking = Looking {
        facts,
        options,
        prober: Prober {
            files: Files {
                stores: options.stores,
                runtime: options.runtime,
                limits: probe::limits(share),
                depth: 1,
                until: options.until,
            },
            level: audit.level,
            whole: probe::limits(half),
            alone: Mutex::default(),
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
pub async fn decide(audit: &mut Audit, stores: &Stores) {
    let read = |file: Undecided| async move {
        let read = async { stores.open(&file.at)?.read_range(&file.at, 0..1).await }.await;
        (file, read)
    };
    let undecided = std::mem::take(&mut audit.undecided);
    let mut all = stream::iter(undecided).map(read).buffer_unordered(CONCURRENCY);
    while let Some((file, read)) = all.next().await {
        match read {
            Ok(first) => audit.decide(file, first.first().copied()),
            Err(error) => {
                let (subject, evidence) = (file.subject, error.to_string());
                audit.find(rules::FILE_UNREADABLE, subject, evidence, file.checkpoints);
            }
        }
    }
}

/// Asks for the metadata of checkpoints with missing files once more, at the end: Flink may
/// delete files of a checkpoint before its metadata.
pub async fn recheck(audit: &mut Audit, facts: &Facts, stores: &Stores) {
    let missing = [rules::FILE_MISSING, rules::RELATIVE_FILE_MISSING];
    let findings = audit.findings();
    let blamed = findings.iter().filter(|finding| missing.contains(&finding.rule));
    let blamed: BTreeSet<usize> = blamed.flat_map(|one| one.checkpoints.iter().copied()).collect();
    let places = blamed
        .into_iter()
        .filter_map(|number| Some((number, audit.checkpoints.get(number)?.metadata.clone())));
    let asked = places.map(|(number, at)| async move {
        survey::is_gone(stores, &at).await.then_some((number, at))
    });
    let asked: Vec<_> = asked.collect();
    let mut all = stream::iter(asked).buffer_unordered(CONCURRENCY);
    while let Some(gone) = all.next().await {
        if let Some((number, at)) = gone {
            audit.remove(number, facts.subject.path_of(&at));
        }
    }
}

/// Which stream something was seen in: a directory, a name in it, an offset, a length, and a
/// digest of what it is taken for.
type Key = (u32, Box<str>, u64, Option<u64>, [u8; 16]);

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
            audit.stop();
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
        let mut looked = self.plan(audit, number, &file, &metadata, &places);
        if audit.level >= Level::Open {
            match self.options.scratch {
                Some(scratch) => self.open(audit, &mut looked, scratch),
                None => audit.complete = false,
            }
        }
        let mut facts = looked.facts.iter().flatten().chain(looked.openings.values());
        if facts.any(|fact| matches!(**fact, Fact::Gone))
            && self.options.runtime.block_on(survey::is_gone(self.options.stores, &at))
        {
            return audit.remove(number, subject);
        }
        looked.tell(audit, number, &subject, self.facts);
    }

    fn read(&self, at: &Location) -> Result<MetadataFile, CatalogError> {
        let read = checkpoint::read(self.options.stores, at.clone());
        self.options.runtime.block_on(read)
    }

    /// Looks into everything of a checkpoint that is not known yet.
    fn plan<'a>(
        &mut self,
        audit: &mut Audit,
        checkpoint: usize,
        file: &'a MetadataFile,
        metadata: &Metadata<'a>,
        places: &Places<'a>,
    ) -> Looked<'a> {
        let mut plan = Plan::of(metadata, places, audit.level);
        plan.unit = audit.checkpoints.get(checkpoint).map_or(u32::MAX, |one| one.unit);
        // Hostile metadata must not choose whom we talk to.
        plan.retain_places(|place| self.facts.subject.seeks(place));
        let keys: Vec<Option<Key>> = plan.pieces.iter().map(|piece| self.key(piece)).collect();
        let mut facts: Vec<Option<Rc<Fact>>> = Vec::new();
        let mut wanted = HashSet::new();
        // Streams that several handles name, by the first piece of each.
        let mut first_of: HashMap<&Key, usize> = HashMap::new();
        for (piece, key) in plan.pieces.iter().zip(&keys) {
            let number = facts.len();
            let skipped = self.skips(audit, checkpoint, piece).then(|| Rc::new(Fact::Skipped));
            let known = || key.as_ref().and_then(|key| self.known.get(key)).cloned();
            let fact = skipped.or_else(known);
            let first = key.as_ref().map_or(number, |key| *first_of.entry(key).or_insert(number));
            if fact.is_none() && first == number {
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
        for (number, key) in keys.iter().enumerate() {
            let first = key.as_ref().and_then(|key| first_of.get(key)).copied();
            if let Some(first) = first.filter(|first| *first != number)
                && facts.get(number).is_some_and(Option::is_none)
                && let Some(fact) = facts.get(first).cloned()
                && let Some(slot) = facts.get_mut(number)
            {
                *slot = fact;
            }
        }
        for ((piece, key), fact) in plan.pieces.iter().zip(keys).zip(&facts) {
            if let (Some(key), Some(fact)) = (key, fact)
                && piece.is_shared
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
            let digest = databases::digest(database, &looked.plan.pieces);
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
        let Prober { files, threads, .. } = self.prober;
        let opener = Opener { files, threads, scratch };
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
        let Source::File { places, start, bytes, .. } = &piece.source else { return None };
        let place = places.first()?;
        let directory = place.parent()?;
        let next = u32::try_from(self.directories.len()).ok()?;
        let directory = *self.directories.entry(directory).or_insert(next);
        // The same file can be taken for more by one checkpoint than by another.
        let taken_for = match &piece.content {
            // Backends have other numbers in each checkpoint.
            Content::Changelog(named) => {
                let mut offsets: Vec<i64> = named.iter().map(|named| named.offset).collect();
                offsets.sort_unstable();
                format!("{offsets:?}")
            }
            content => format!("{content:?}"),
        };
        let digest: [u8; 32] = Sha256::digest(taken_for.as_bytes()).into();
        let digest = digest.first_chunk().copied().unwrap_or_default();
        Some((directory, place.file_name()?.into(), *start, *bytes, digest))
    }

    /// Whether a piece is not looked into: what is known of its file says enough, its store
    /// was not named, or it is not in the sample.
    fn skips(&self, audit: &Audit, number: usize, piece: &Piece<'_>) -> bool {
        let Source::File { places, .. } = &piece.source else { return false };
        let bad = places.iter().any(|place| audit.bad.contains(&(place.clone(), number)));
        places.is_empty() || bad || places.first().is_some_and(|place| !self.is_sampled(place))
    }

    fn is_sampled(&self, place: &Location) -> bool {
        let Some(part) = self.options.sample else { return true };
        let name = place.file_name().unwrap_or_default();
        // Chosen by the name, so that a second run looks into the same ones.
        let hash = murmur3::murmur3_32(&mut name.as_bytes(), 0);
        hash.is_ok_and(|hash| f64::from(hash) <= part * f64::from(u32::MAX))
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
                Some(Fact::Sound(parsed)) => {
                    for why in &parsed.opaque {
                        *audit.unparsed.entry(why.clone()).or_default() += 1;
                    }
                }
                Some(Fact::OutOfTime) | None => audit.stop(),
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
            let manifest =
                databases::manifest(database).and_then(|piece| self.plan.pieces.get(piece));
            let subject = manifest
                .map_or_else(|| metadata.to_owned(), |one| self.subject(one, metadata, facts).0);
            let (rule, evidence) = match &**fact {
                Fact::Bad { rule, evidence, .. } => (*rule, &**evidence),
                Fact::Gone => (rules::OPEN_UNTRIED, "a file of it went away meanwhile"),
                Fact::OutOfTime => {
                    audit.stop();
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
