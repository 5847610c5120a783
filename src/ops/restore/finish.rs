//! Turns what was brought for a database into that database, and opens it.

use std::collections::BTreeMap;

use super::apply::Options;
use super::error::RestoreError;
use super::made::MadeDatabase;
use super::made::MadeFile;
use super::made::Note;
use super::plan::Database;
use super::plan::Make;
use super::plan::Rows;
use super::site::Site;
use super::stage::How;
use super::unit::Unit;
use crate::format::rocks::manifest::Manifest;
use crate::format::rocks::options;
use crate::ops::verify::fact::Fact;
use crate::ops::verify::plan::FileKind;
use crate::ops::verify::rules;
use crate::store::disk::Disk;

/// The longest OPTIONS file that is looked into.
const LONGEST_OPTIONS: u64 = 16 << 20;

/// One database on its way.
pub struct Finish<'f, 'a> {
    /// Its number in the plan.
    pub number: usize,
    /// The database.
    pub database: &'f Database<'a>,
    /// What was brought for it.
    pub units: &'f [Unit<'f, 'a>],
    /// Where it lies.
    pub site: &'f Site<'f>,
    /// How it is done.
    pub options: &'f Options<'f>,
    /// Bytes that it may hold.
    pub memory: u64,
}

/// Bytes of rows that have to be read and written for a database.
pub fn bytes(database: &Database<'_>, units: &[Unit<'_, '_>]) -> u64 {
    let Make::Build(inputs) = &database.make else { return 0 };
    let files = units.iter().map(|unit| unit.set.bytes());
    let streams = inputs.iter().map(|input| match &input.rows {
        Rows::Database(_) => 0,
        Rows::Stream { source, .. } => source.bytes().unwrap_or_default(),
    });
    files.chain(streams).fold(0, u64::saturating_add)
}

/// Whether a database was built by an earlier run: it has its place only when it is whole.
pub fn is_built(number: usize, site: &Site<'_>, disk: &Disk) -> Result<bool, RestoreError> {
    let at = site.database(number);
    Ok(disk.look(&at).map_err(RestoreError::disk(&at))?.is_some())
}

/// Judges files that were brought; see [`Unit::judge`].
///
/// # Errors
/// They are not the database of their MANIFEST, or cannot be read.
pub fn judge(
    unit: &Unit<'_, '_>,
    options: &Options<'_>,
) -> Result<(Manifest, Vec<Note>), RestoreError> {
    let mut small = BTreeMap::new();
    for (at, file) in unit.set.files.iter().enumerate() {
        if matches!(file.kind, FileKind::Manifest | FileKind::Current) {
            let seen = options.stager.again(&unit.directory, file)?;
            small.extend(seen.map(|fact| (at, fact)));
        }
    }
    let notes = unit.judge(&small)?;
    // The one that CURRENT names: otherwise judging would have failed.
    let named = small.values().find_map(|fact| match fact {
        Fact::Current(name) => Some(name.clone()),
        _ => None,
    });
    let is_named = |at: &usize| {
        let file = unit.set.files.get(*at);
        file.is_some_and(|file| Some(&file.local_name) == named.as_ref())
    };
    let manifest = small.into_iter().find(|(at, _)| is_named(at)).map(|(_, fact)| fact);
    match manifest {
        Some(Fact::Manifest(manifest)) => Ok((*manifest, notes)),
        Some(Fact::Bad { rule, evidence, .. }) => Err(RestoreError::Unread {
            object: unit.set.owner.clone(),
            why: format!("{}: {evidence}", rule.what),
        }),
        _ => Err(RestoreError::Damaged {
            object: unit.set.owner.clone(),
            what: rules::CURRENT.what.to_owned(),
            code: rules::CURRENT.code,
        }),
    }
}

impl Finish<'_, '_> {
    /// Does it.
    ///
    /// # Errors
    /// See [`RestoreError`].
    pub fn run(&self) -> Result<MadeDatabase, RestoreError> {
        match (&self.database.make, self.units) {
            (Make::Place(_), [unit]) => self.place(unit),
            (Make::Place(_), _) => Err(RestoreError::Stopped),
            (Make::Build(inputs), _) => self.build(inputs),
        }
    }

    fn disk(&self) -> &Disk {
        self.options.stager.disk
    }

    /// The files are the database.
    fn place(&self, unit: &Unit<'_, '_>) -> Result<MadeDatabase, RestoreError> {
        let (manifest, mut notes) = judge(unit, self.options)?;
        let mut files = Vec::new();
        for (file, staged) in unit.set.files.iter().zip(&unit.staged) {
            let local_name = file.local_name.clone();
            if file.kind == FileKind::Options {
                let (bytes, note) = self.write_options(unit, &local_name, &manifest)?;
                notes.extend(note);
                files.push(MadeFile { local_name, bytes, how: How::Made });
            } else if let Some(staged) = staged {
                files.push(MadeFile { local_name, bytes: staged.bytes, how: staged.how });
            }
        }
        files.sort_by(|a, b| a.local_name.cmp(&b.local_name));
        let directory = &unit.directory;
        self.disk().sync_directory(directory).map_err(RestoreError::disk(directory))?;
        let families = self.open(directory, &manifest, unit.families(&manifest))?;
        Ok(MadeDatabase { files, families, notes, ..MadeDatabase::default() })
    }

    /// Writes the OPTIONS file anew: what is stored could send RocksDB's tools elsewhere.
    fn write_options(
        &self,
        unit: &Unit<'_, '_>,
        local_name: &str,
        manifest: &Manifest,
    ) -> Result<(u64, Option<Note>), RestoreError> {
        let stored = unit.directory.join(stored(local_name));
        let target = unit.directory.join(local_name);
        let text = self.disk().read(&stored, LONGEST_OPTIONS);
        let parsed = text.as_ref().map(|text| options::parse(text));
        let note = match &parsed {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        let rendered = options::render(manifest, parsed.ok().and_then(Result::ok).as_ref());
        self.disk().put(&target, &rendered).map_err(RestoreError::disk(&target))?;
        self.disk().remove_file(&stored).map_err(RestoreError::disk(&stored))?;
        let note = note.map(|why| Note {
            code: rules::OPTIONS.code,
            message: format!("{}: {local_name}: {why}", self.database.label()),
        });
        Ok((rendered.len() as u64, note))
    }
}

/// The name that an OPTIONS file has until it is written anew; RocksDB sees no OPTIONS in it.
pub fn stored(local_name: &str) -> String {
    format!("stored.{local_name}")
}
