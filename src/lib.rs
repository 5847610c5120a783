//! chkctl
pub mod format;
