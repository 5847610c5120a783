//! What of a restore needs RocksDB: databases are opened, and built from rows.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::Ordering;

use super::BuildError;
use super::apply::Builder;
use super::copy::CopyError;
use super::copy::copy;
use crate::format::flink::backend_meta::KeyedBackendMeta;
use crate::format::flink::content::ContentError;
use crate::format::flink::content::KeyGroups;
use crate::format::flink::content::RowError;
use crate::format::flink::content::Rows as TakesRows;
use crate::format::flink::content::full_rows;
use crate::format::rocks::current;
use crate::format::rocks::manifest::Manifest;
use crate::format::rocks::options;
use crate::ops::restore::conflict::Conflict;
use crate::ops::restore::conflict::HEAP;
use crate::ops::restore::error::RestoreError;
use crate::ops::restore::finish;
use crate::ops::restore::finish::Finish;
use crate::ops::restore::made::Family;
use crate::ops::restore::made::MadeDatabase;
use crate::ops::restore::made::MadeFile;
use crate::ops::restore::open;
use crate::ops::restore::open::OpenError;
use crate::ops::restore::plan::Input;
use crate::ops::restore::plan::Rows;
use crate::ops::restore::stage::How;
use crate::ops::verify::databases::key_group;
use crate::ops::verify::fact::Looked;
use crate::ops::verify::plan::FileKind;
use crate::ops::verify::plan::Source;
use crate::ops::verify::rules;
use crate::ops::verify::source::Stream;
use crate::ops::verify::source::Unread;
use crate::store::disk::Found;

/// The longest MANIFEST of a database that was built here.
const LONGEST_MANIFEST: u64 = 64 << 20;
/// Bytes of rows between two reports.
const STRIDE: u64 = 1 << 20;

impl Finish<'_, '_> {
    /// Opens a database read-only, and counts what is in it if that was asked for.
    pub(in crate::ops::restore) fn open(
        &self,
        directory: &Path,
        manifest: &Manifest,
        families: Vec<Family>,
    ) -> Result<Vec<Family>, RestoreError> {
        let counts = self.look(directory, manifest, self.options.counts)?;
        let Some(counts) = counts else { return Ok(families) };
        let counted =
            |(family, count): (Family, u64)| Family { entries: Some(count), exact: true, ..family };
        Ok(families.into_iter().zip(counts).map(counted).collect())
    }

    /// Opens a database, and reads all of it if it is to be counted: entries by column family.
    fn look(
        &self,
        directory: &Path,
        manifest: &Manifest,
        counts: bool,
    ) -> Result<Option<Vec<u64>>, RestoreError> {
        let cache = usize::try_from(self.memory / 4).unwrap_or(usize::MAX);
        let opened = open::read_only(directory, manifest, cache, Some(&self.site.log()));
        let db = opened.map_err(|error| self.refused(error))?;
        if !counts {
            return Ok(None);
        }
        let counts = open::read_through(&db, directory, manifest, &|| self.go_on());
        match counts.map_err(|error| self.refused(error))? {
            Some(counts) => Ok(Some(counts)),
            None => Err(RestoreError::Stopped),
        }
    }

    /// Nothing goes on once something has ended everything.
    fn go_on(&self) -> ControlFlow<()> {
        match self.options.stager.stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Whether a database that an earlier run has built can be read to its end.
    pub(in crate::ops::restore) fn is_sound(&self) -> bool {
        let at = self.site.database(self.number);
        self.manifest(&at).and_then(|manifest| self.look(&at, &manifest, true)).is_ok()
    }

    /// Builds a database from rows; one that an earlier run has built is counted.
    pub(in crate::ops::restore) fn build(
        &self,
        inputs: &[Input<'_>],
    ) -> Result<MadeDatabase, RestoreError> {
        let disk = self.options.stager.disk;
        let target = self.site.database(self.number);
        let mut made = MadeDatabase::default();
        if !finish::is_built(self.number, self.site, disk)? {
            let building = self.site.building(self.number);
            let failed = || RestoreError::disk(&building);
            disk.remove_all(&building).map_err(failed())?;
            disk.make_directory(&building).map_err(failed())?;
            made.families = self.rows(&building, inputs, &mut made)?;
            let manifest = self.manifest(&building)?;
            self.rewrite_options(&building, &manifest)?;
            disk.sync_directory(&building).map_err(failed())?;
            let parent = target.parent().unwrap_or(&target);
            disk.make_directory(parent).map_err(RestoreError::disk(parent))?;
            disk.rename(&building, &target).map_err(RestoreError::disk(&target))?;
            disk.sync_directory(parent).map_err(RestoreError::disk(parent))?;
            // What it was made of is needed no more.
            for unit in self.units {
                let at = &unit.directory;
                disk.remove_all(at).map_err(RestoreError::disk(at))?;
            }
        }
        let manifest = self.manifest(&target)?;
        let known = std::mem::take(&mut made.families);
        made.families = self.counted(&target, &manifest, known)?;
        let found = disk.list(&target).map_err(RestoreError::disk(&target))?;
        let file =
            |found: Found| MadeFile { local_name: found.name, bytes: found.bytes, how: How::Made };
        made.files = found.unwrap_or_default().into_iter().map(file).collect();
        Ok(made)
    }

    /// The column families of a database that was built, opened once more.
    fn counted(
        &self,
        directory: &Path,
        manifest: &Manifest,
        known: Vec<Family>,
    ) -> Result<Vec<Family>, RestoreError> {
        let counts = self.look(directory, manifest, known.is_empty())?;
        let names = manifest.column_families.iter();
        let names = names.map(|family| String::from_utf8_lossy(&family.name).into_owned());
        let Some(counts) = counts else {
            let entries = |name: &String| {
                let known = known.iter().find(|family| family.name == *name);
                known.map_or(Some(0), |family| family.entries)
            };
            let family = |name: String| Family { entries: entries(&name), exact: true, name };
            return Ok(names.map(family).collect());
        };
        let family = |(name, count)| Family { name, entries: Some(count), exact: true };
        Ok(names.zip(counts).map(family).collect())
    }

    /// Writes the rows of all inputs.
    fn rows(
        &self,
        building: &Path,
        inputs: &[Input<'_>],
        made: &mut MadeDatabase,
    ) -> Result<Vec<Family>, RestoreError> {
        let built = |error| self.unbuilt(error);
        let mut builder = Builder::create(building, &[], self.memory / 2).map_err(built)?;
        for (at, input) in inputs.iter().enumerate() {
            match &input.rows {
                Rows::Database(_) => {
                    let unit = self.units.iter().find(|unit| unit.of == (self.number, at));
                    let Some(unit) = unit else { return Err(RestoreError::Stopped) };
                    let (manifest, notes) = finish::judge(unit, self.options)?;
                    made.notes.extend(notes);
                    self.copy(input, &unit.directory, &manifest, &mut builder)?;
                }
                Rows::Stream { source, path, groups } => {
                    let rows = RefCell::new(Taking {
                        builder: &mut builder,
                        finish: self,
                        families: Vec::new(),
                        keep: input.keep,
                        bytes: 0,
                    });
                    let object = path.as_deref().unwrap_or("inside the metadata");
                    let object = format!("{object} ({})", input.owner);
                    made.looked.add(self.stream(source, groups, &object, &rows)?);
                }
            }
        }
        let names: Vec<String> = builder.names().map(str::to_owned).collect();
        let entries = builder.finish().map_err(built)?;
        let family = |(name, count)| Family { name, entries: Some(count), exact: true };
        Ok(names.into_iter().zip(entries).map(family).collect())
    }

    /// Takes over the rows of a database.
    fn copy(
        &self,
        input: &Input<'_>,
        directory: &Path,
        manifest: &Manifest,
        builder: &mut Builder,
    ) -> Result<(), RestoreError> {
        let group = |group: i32| u16::try_from(group).unwrap_or(u16::MAX);
        let (first, last) = input.keep;
        let mut progress = |bytes| {
            (self.options.stager.progress)(bytes);
            self.go_on()
        };
        let prefix = self.database.prefix;
        let groups = group(first)..=group(last);
        match copy(directory, manifest, prefix, groups, builder, &mut progress) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(RestoreError::Stopped),
            Err(CopyError::Read(error)) => Err(self.refused(error)),
            Err(CopyError::Build(error)) => Err(self.unbuilt(error)),
        }
    }

    /// Takes over the rows of a stream.
    fn stream(
        &self,
        source: &Source<'_>,
        groups: &KeyGroups,
        object: &str,
        rows: &RefCell<Taking<'_, '_, '_>>,
    ) -> Result<Looked, RestoreError> {
        let mut looked = Looked::default();
        let read = self.options.stager.files.look(source, &mut looked, |bytes, limits, _| {
            let length = bytes.length();
            let mut stream = Stream::new(bytes, limits.chunk);
            let read = full_rows(&mut stream, length, groups, &mut *rows.borrow_mut());
            match (read, stream.failed.take()) {
                (Err(RowError::Content(ContentError::Source(_))), Some(why)) => Err(why),
                (read, _) => Ok(read),
            }
        });
        let damaged = |what, rule: &rules::Rule| {
            Err(RestoreError::Damaged { object: object.to_owned(), what, code: rule.code })
        };
        match read {
            Ok(Ok(_)) => Ok(looked),
            Ok(Err(RowError::Taken(error))) => Err(error),
            Ok(Err(RowError::Heap)) => {
                let (what, why) = (object.to_owned(), HEAP);
                Err(Conflict::NoRocksDb { what, why }.into())
            }
            Ok(Err(RowError::Content(error))) => {
                damaged(error.to_string(), rules::KEY_GROUP_STREAM)
            }
            Err(Unread::Gone) => damaged(rules::FILE_MISSING.what.to_owned(), rules::FILE_MISSING),
            Err(Unread::OutOfTime) => Err(RestoreError::Stopped),
            Err(Unread::Failed(why)) => {
                Err(RestoreError::Unread { object: object.to_owned(), why })
            }
        }
    }

    /// The MANIFEST of a database that was built here.
    fn manifest(&self, directory: &Path) -> Result<Manifest, RestoreError> {
        let disk = self.options.stager.disk;
        let odd = |why: String| RestoreError::RocksDb { database: self.database.label(), why };
        let at = directory.join("CURRENT");
        let bytes = disk.read(&at, LONGEST_MANIFEST).map_err(RestoreError::disk(&at))?;
        let name = current::parse(&bytes).map_err(|error| odd(error.to_string()))?.manifest;
        if FileKind::of(name) != FileKind::Manifest {
            return Err(odd(format!("CURRENT names {name:?}")));
        }
        let at = directory.join(name);
        let bytes = disk.read(&at, LONGEST_MANIFEST).map_err(RestoreError::disk(&at))?;
        Manifest::parse(&bytes).map_err(|error| odd(error.to_string()))
    }

    /// Writes the OPTIONS of a database that was built as those of all others are written.
    fn rewrite_options(&self, directory: &Path, manifest: &Manifest) -> Result<(), RestoreError> {
        let disk = self.options.stager.disk;
        let found = disk.list(directory).map_err(RestoreError::disk(directory))?;
        let is_options = |name: &str| FileKind::of(name) == FileKind::Options;
        for found in found.into_iter().flatten().filter(|found| is_options(&found.name)) {
            let at = directory.join(&found.name);
            let text = disk.read(&at, LONGEST_MANIFEST).map_err(RestoreError::disk(&at))?;
            let parsed = options::parse(&text).ok();
            let rendered = options::render(manifest, parsed.as_ref());
            disk.put(&at, &rendered).map_err(RestoreError::disk(&at))?;
        }
        Ok(())
    }

    fn refused(&self, error: OpenError) -> RestoreError {
        let database = self.database.label();
        match error {
            OpenError::Refused(why) => RestoreError::Refused { database, why },
            OpenError::Hindered(why) => RestoreError::RocksDb { database, why },
        }
    }

    fn unbuilt(&self, error: BuildError) -> RestoreError {
        match error {
            BuildError::File { path, error } => RestoreError::Disk { path, error },
            BuildError::Name { name, why } => {
                RestoreError::State { database: self.database.label(), name, why }
            }
            error => {
                let database = self.database.label();
                RestoreError::RocksDb { database, why: error.to_string() }
            }
        }
    }
}

/// Takes the rows of a stream.
struct Taking<'t, 'f, 'a> {
    builder: &'t mut Builder,
    finish: &'t Finish<'f, 'a>,
    /// Positions of column families, by those of their states.
    families: Vec<usize>,
    keep: (i32, i32),
    /// Bytes since the last report.
    bytes: u64,
}

impl TakesRows for Taking<'_, '_, '_> {
    type Error = RestoreError;

    fn begin(&mut self, meta: &KeyedBackendMeta<'_>) -> Result<(), RestoreError> {
        for state in &meta.states {
            let family = self.builder.family(&state.name.to_str());
            self.families.push(family.map_err(|error| self.finish.unbuilt(error))?);
        }
        Ok(())
    }

    fn row(&mut self, state: usize, key: &[u8], value: &[u8]) -> Result<(), RestoreError> {
        self.bytes += (key.len() + value.len()) as u64;
        if self.bytes >= STRIDE {
            (self.finish.options.stager.progress)(std::mem::take(&mut self.bytes));
            if self.finish.go_on().is_break() {
                return Err(RestoreError::Stopped);
            }
        }
        let group = key_group(key, self.finish.database.prefix).unwrap_or_default();
        if group < self.keep.0 || self.keep.1 < group {
            return Ok(());
        }
        // Of a meta with a serializer that is not known the last states may have no names.
        while self.families.len() <= state {
            let name = format!("state-{}", self.families.len());
            let family = self.builder.family(&name);
            self.families.push(family.map_err(|error| self.finish.unbuilt(error))?);
        }
        let Some(family) = self.families.get(state) else { return Ok(()) };
        self.builder.add(*family, key, value).map_err(|error| self.finish.unbuilt(error))
    }
}
