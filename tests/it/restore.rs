//! `restore`: the databases it makes are those that Flink had, and can be worked with.
//!
//! | module | asks |
//! |---|---|
//! | `content` | does every database of every fixture hold what Flink's own RocksDB read in it? |
//! | `faults` | whatever fails: is nothing published in part, and does the next run end well? |
//! | `ldb` | does the `ldb` of a distribution open one of each kind, and read the same? |
//! | `merged` | is what is merged or cut the union or the part of what it was made from? |
//! | `parts` | does a part that is asked for hold what it holds among all? |
//! | `refused` | is state that no RocksDB ever held refused, and why? |
//! | `running` | nothing: runs `restore` and finds what it made, for the other modules |
//! | `writable` | does RocksDB write to, compact and reopen what was made? |

mod content;
mod faults;
mod ldb;
mod merged;
mod parts;
mod refused;
mod running;
mod writable;
