//! What the commands do. What decides here is pure: no store, no clock, nothing printed.

pub mod diff;
pub mod inspect;
pub mod latest;
pub mod restore;
pub mod sst;
pub mod verify;
