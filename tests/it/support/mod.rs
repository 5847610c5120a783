//! What several test modules need. Knows fixtures and processes, and asserts nothing about chkctl.

pub(crate) mod archives;
pub(crate) mod chkctl;
pub(crate) mod damage;
pub(crate) mod databases;
pub(crate) mod handles;
pub(crate) mod hooked_store;
pub(crate) mod parallel;
#[cfg(feature = "rocksdb")]
pub(crate) mod rows;
pub(crate) mod s3;
