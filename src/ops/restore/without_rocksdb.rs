//! What is left of a restore in a build without RocksDB: files are put together and not opened.

use std::path::Path;

use super::error::RestoreError;
use super::finish::Finish;
use super::made::Family;
use super::made::MadeDatabase;
use super::plan::Input;
use crate::format::rocks::manifest::Manifest;

impl Finish<'_, '_> {
    /// Nothing opens it.
    pub(super) fn open(
        &self,
        _: &Path,
        _: &Manifest,
        families: Vec<Family>,
    ) -> Result<Vec<Family>, RestoreError> {
        Ok(families)
    }

    /// Nothing has built it.
    pub(super) fn is_sound(&self) -> bool {
        false
    }

    /// Nothing builds it, which is said before anything is fetched.
    pub(super) fn build(&self, _: &[Input<'_>]) -> Result<MadeDatabase, RestoreError> {
        let why = "this chkctl was built without RocksDB".to_owned();
        Err(RestoreError::RocksDb { database: self.database.label(), why })
    }
}
