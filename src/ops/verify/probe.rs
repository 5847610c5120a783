//! Reads what was planned, with several threads: the effect between plan and judgement.

use std::collections::HashMap;
use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Instant;

use tokio::runtime::Handle;

use super::content;
use super::fact::Fact;
use super::fact::Looked;
use super::fact::Probed;
use super::plan::Changes;
use super::plan::Content;
use super::plan::Piece;
use super::plan::Plan;
use super::plan::Source;
use super::rules;
use super::rules::Level;
use super::rules::Severity;
use super::source::Bytes;
use super::source::Limits;
use super::source::Ranges;
use super::source::Unread;
use super::table;
use crate::format::flink::backend_meta::Hints;
use crate::format::flink::backend_meta::KeyedBackendMeta;
use crate::format::flink::content::Backend;
use crate::format::flink::content::Parsed;
use crate::format::flink::content::changelog_file;
use crate::format::flink::content::changelog_memory;
use crate::format::flink::operator::OperatorId;
use crate::model::Location;
use crate::store::Reader;
use crate::store::StoreError;
use crate::store::Stores;

/// Bytes of a local file that are read at a time: they stay near the processor until they are
/// checked.
const LOCAL_CHUNK: u64 = 256 << 10;
/// Bytes of an object that are asked for at a time, if memory allows.
const REMOTE_CHUNK: u64 = 8 << 20;

/// Opens files for threads that read.
#[derive(Clone, Copy)]
pub struct Files<'p> {
    /// Where from.
    pub stores: &'p Stores,
    /// The runtime that does requests; its own threads must drive it.
    pub runtime: &'p Handle,
    /// How much is read at a time and held, of local files and of objects.
    pub limits: [Limits; 2],
    /// Ranges of an object that are asked for beforehand.
    pub depth: usize,
    /// When it ends, ready or not.
    pub until: Option<Instant>,
}

/// Whose a backend is: the number of the job, the operator, the index of the subtask.
pub type BackendOf = (u32, (OperatorId, i32));

/// Reads pieces.
pub struct Prober<'p> {
    /// What opens them.
    pub files: Files<'p>,
    /// How deep.
    pub level: Level,
    /// Pieces that are read at a time.
    pub threads: usize,
    /// How much is read at a time and held of what needs more than a share of the memory.
    pub whole: [Limits; 2],
    /// Held by the one that does.
    pub alone: Mutex<()>,
    /// What changelogs taught of their backends, by job, operator and subtask.
    pub backends: Mutex<HashMap<BackendOf, Backend>>,
}

/// What is read by one thread, one after the other.
enum Job {
    Piece(usize),
    /// All changelogs.
    Changes,
}

impl Prober<'_> {
    /// Reads those pieces of a plan that are wanted, in no order.
    pub fn run(
        &self,
        plan: &Plan<'_>,
        is_wanted: impl Fn(usize) -> bool,
        mut done: impl FnMut(usize, Probed),
    ) {
        let numbers = (0..plan.pieces.len()).filter(|number| is_wanted(*number));
        let is_changelog = |number: &usize| {
            plan.pieces.get(*number).is_some_and(|one| matches!(one.content, Content::Changelog(_)))
        };
        let (changes, pieces): (Vec<usize>, Vec<usize>) = numbers.partition(is_changelog);
        let changes = HashSet::from_iter(changes);
        let mut jobs: Vec<Job> = Vec::new();
        if !changes.is_empty() {
            jobs.push(Job::Changes);
        }
        jobs.extend(pieces.into_iter().map(Job::Piece));
        in_threads(
            self.threads,
            &jobs,
            |job, tell| {
                let mut tell = |number, probed| tell((number, probed));
                match job {
                    Job::Piece(number) if self.is_late() => {
                        let fact = Fact::OutOfTime;
                        tell(*number, Probed { fact, looked: Looked::default() });
                    }
                    Job::Piece(number) => {
                        let piece = plan.pieces.get(*number);
                        let probed = piece.map(|piece| self.piece(piece));
                        probed.into_iter().for_each(|probed| tell(*number, probed));
                    }
                    Job::Changes => self.changes(plan, &changes, &mut tell),
                }
            },
            |(number, probed)| done(number, probed),
        );
    }

    /// Whether time is up.
    pub fn is_late(&self) -> bool {
        self.files.is_late()
    }

    fn piece(&self, piece: &Piece<'_>) -> Probed {
        let look = |bytes: &mut Bytes<'_>, limits, looked: &mut Looked| match &piece.content {
            Content::Sst => table::look(bytes, self.level, limits, looked),
            content => content::look(bytes, content, limits),
        };
        let first = self.confirmed(&self.files, &piece.source, look);
        if !matches!(first.fact, Fact::Bad { rule, .. } if rule == rules::TOO_LARGE) {
            return first;
        }
        // What is too large for a share of the memory may have all that is set aside.
        let _alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let files = Files { limits: self.whole, ..self.files };
        let mut again = self.confirmed(&files, &piece.source, look);
        again.looked.bytes = again.looked.bytes.saturating_add(first.looked.bytes);
        again.looked.requests = again.looked.requests.saturating_add(first.looked.requests);
        again
    }

    /// Looks again where something seems damaged: memory, wires and disks err.
    fn confirmed(
        &self,
        files: &Files<'_>,
        source: &Source<'_>,
        look: impl Fn(&mut Bytes<'_>, Limits, &mut Looked) -> Result<Fact, Unread>,
    ) -> Probed {
        let mut first = looked(files, source, &look);
        let Fact::Bad { rule, offset, evidence } = &first.fact else { return first };
        if rule.severity != Severity::Damaged || matches!(source, Source::Inline(_)) {
            return first;
        }
        let again = looked(files, source, &look);
        // Damage that shows at another place is damage all the same.
        let same = matches!(&again.fact, Fact::Bad { rule: again, .. }
            if again.severity == Severity::Damaged);
        let evidence = format!("the first time: {evidence}");
        first.looked.add(again.looked);
        if !same {
            let rule = rules::READS_DIFFER;
            first.fact = Fact::Bad { rule, offset: *offset, evidence };
        }
        first
    }

    /// Reads changelogs in the order in which they are applied.
    fn changes(
        &self,
        plan: &Plan<'_>,
        wanted: &HashSet<usize>,
        tell: &mut dyn FnMut(usize, Probed),
    ) {
        let known = || self.backends.lock().unwrap_or_else(PoisonError::into_inner);
        let mut backends: Vec<Backend> = Vec::new();
        for backend in &plan.backends {
            let learned = known().get(&(plan.unit, backend.of)).cloned();
            backends.push(learned.unwrap_or_else(|| self.backend(backend)));
        }
        for changes in &plan.changes {
            match changes {
                Changes::File(number) if wanted.contains(number) => {
                    let Some(piece) = plan.pieces.get(*number) else { continue };
                    let Content::Changelog(named) = &piece.content else { continue };
                    let learned = Mutex::new(backends.clone());
                    let probed = self.confirmed(&self.files, &piece.source, |bytes, limits, _| {
                        let rule = rules::CHANGELOG_SEGMENT;
                        content::stream(bytes, limits, rule, |source: &mut dyn io::Read, length| {
                            // Each look begins with what was known before the file.
                            let mut learning = backends.clone();
                            let parsed = changelog_file(source, length, named, &mut learning);
                            *learned.lock().unwrap_or_else(PoisonError::into_inner) = learning;
                            parsed
                        })
                    });
                    backends = learned.into_inner().unwrap_or_else(PoisonError::into_inner);
                    tell(*number, probed);
                }
                Changes::File(_) => {}
                Changes::Memory { piece, backend, segment } => {
                    let Some(learning) = backends.get_mut(*backend) else { continue };
                    let fact = match changelog_memory(segment.changes.iter(), learning) {
                        Ok(parsed) => Fact::Sound(parsed),
                        Err(error) => Fact::Bad {
                            rule: rules::CHANGELOG_SEGMENT,
                            offset: None,
                            evidence: format!("changes inside the metadata: {error}"),
                        },
                    };
                    tell(*piece, Probed { fact, looked: Looked::default() });
                }
            }
        }
        for (backend, learned) in plan.backends.iter().zip(backends) {
            known().insert((plan.unit, backend.of), learned);
        }
    }

    /// A backend by the meta of its materialized part; what cannot be read of it is told where
    /// that part is looked into.
    fn backend(&self, backend: &super::plan::Backend<'_>) -> Backend {
        let Some((source, end)) = &backend.meta else { return Backend::default() };
        let head = Mutex::new(Vec::new());
        looked(&self.files, source, |bytes, limits, _| {
            let length = end.unwrap_or(bytes.length()).min(bytes.length()).min(limits.memory);
            let mut head = head.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.read(0..length, &mut head)?;
            Ok(Fact::Sound(Parsed::default()))
        });
        let head = head.into_inner().unwrap_or_else(PoisonError::into_inner);
        let meta = KeyedBackendMeta::parse(&head, &Hints::meta_handle(&head));
        meta.map_or_else(|_| Backend::default(), |meta| Backend::new(&meta))
    }
}

impl Files<'_> {
    /// Lets something look at bytes, of a file in the first of its places where it is, and
    /// counts what was read.
    ///
    /// # Errors
    /// They could not be read.
    pub fn look<T>(
        &self,
        source: &Source<'_>,
        looked: &mut Looked,
        look: impl Fn(&mut Bytes<'_>, Limits, &mut Looked) -> Result<T, Unread>,
    ) -> Result<T, Unread> {
        let [local, remote] = self.limits;
        let (places, start, bytes) = match source {
            Source::Inline(bytes) => return look(&mut Bytes::Inline(bytes), local, looked),
            Source::File { places, start, bytes, .. } => (places, *start, *bytes),
        };
        for place in places {
            let limits = if place.is_local() { local } else { remote };
            let seen = self.open(place, bytes).and_then(|(mut opened, length)| {
                let mut bytes = Bytes::File { reader: &mut opened, start, length };
                let seen = look(&mut bytes, limits, looked);
                looked.bytes += opened.reader.bytes();
                looked.requests += opened.reader.requests();
                seen
            });
            if !matches!(seen, Err(Unread::Gone)) {
                return seen;
            }
        }
        Err(Unread::Gone)
    }

    /// How many bytes a file has, in the first of its places where it is.
    ///
    /// # Errors
    /// It could not be asked.
    pub fn size(&self, places: &[Location]) -> Result<u64, Unread> {
        for place in places {
            let store = self.stores.open(place).map_err(|error| why(&error))?;
            match self.runtime.block_on(store.stat(place)) {
                Err(error) if error.is_absent() => {}
                stat => return stat.map(|stat| stat.size).map_err(|error| why(&error)),
            }
        }
        Err(Unread::Gone)
    }

    /// Whether time is up.
    pub fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    fn open(&self, place: &Location, bytes: Option<u64>) -> Result<(Opened<'_>, u64), Unread> {
        let store = self.stores.open(place).map_err(|error| why(&error))?;
        let reader = store.reader(place, self.runtime).map_err(|error| why(&error))?;
        let reader = reader.with_depth(self.depth);
        let length = match bytes {
            Some(bytes) => bytes,
            None => self.runtime.block_on(store.stat(place)).map_err(|error| why(&error))?.size,
        };
        Ok((Opened { reader, files: *self }, length))
    }
}

/// How much is read at a time of local files and of objects, by whoever may hold `memory` bytes.
pub fn limits(memory: u64) -> [Limits; 2] {
    [LOCAL_CHUNK, REMOTE_CHUNK].map(|chunk| Limits { chunk: chunk.min(memory / 4), memory })
}

/// How many files are read at a time: one for each processor, and in object stores at least
/// `waiting`.
pub fn threads(remote: bool, waiting: usize) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    if remote { processors.max(waiting) } else { processors }
}

/// Does jobs with several threads. `done` is told of what they say in the calling thread, in no
/// order.
pub fn in_threads<J: Sync, R: Send>(
    threads: usize,
    jobs: &[J],
    work: impl Fn(&J, &mut dyn FnMut(R)) + Sync,
    done: impl FnMut(R),
) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(jobs.len()) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Nobody is left to be told only if everything has ended.
                    work(job, &mut |said| drop(sender.send(said)));
                }
            });
        }
        drop(sender);
        receiver.iter().for_each(done);
    });
}

/// What a look at a source tells.
fn looked(
    files: &Files<'_>,
    source: &Source<'_>,
    look: impl Fn(&mut Bytes<'_>, Limits, &mut Looked) -> Result<Fact, Unread>,
) -> Probed {
    let mut looked = Looked::default();
    let fact = files.look(source, &mut looked, look).unwrap_or_else(unread);
    Probed { fact, looked }
}

fn unread(why: Unread) -> Fact {
    match why {
        Unread::Gone => Fact::Gone,
        Unread::OutOfTime => Fact::OutOfTime,
        Unread::Failed(evidence) => {
            Fact::Bad { rule: rules::FILE_UNREADABLE, offset: None, evidence }
        }
    }
}

fn why(error: &StoreError) -> Unread {
    match error.is_absent() {
        true => Unread::Gone,
        false => Unread::Failed(error.to_string()),
    }
}

/// A file that is read until time is up.
struct Opened<'p> {
    reader: Reader,
    files: Files<'p>,
}

impl Ranges for Opened<'_> {
    fn read(&mut self, range: Range<u64>, into: &mut Vec<u8>) -> Result<(), Unread> {
        if self.files.is_late() {
            return Err(Unread::OutOfTime);
        }
        self.reader.read(range, into).map_err(|error| why(&error))
    }

    fn ahead(&mut self, range: Range<u64>) {
        self.reader.ahead(range);
    }

    fn size(&self) -> Option<u64> {
        self.reader.size()
    }
}
