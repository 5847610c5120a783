//! `restore`: the databases it makes are those that Flink had, and can be worked with.
//!
//! | module | asks |
//! |---|---|
//! | `altered` | are files that were altered found, and OPTIONS that mean harm harmless? |
//! | `content` | does every database of every fixture hold what Flink's own RocksDB read in it? |
//! | `damaged` | is what is damaged never published, and told? |
//! | `faults` | whatever fails: is nothing published in part, and does the next run end well? |
//! | `hindered` | what if the disk is full or not to be written, or the source vanishes? |
//! | `hostile` | are names, places and sizes that no Flink writes refused before anything is made? |
//! | `killed` | killed at any moment: does it go on from there, and fetch only what is missing? |
//! | `ldb` | does the `ldb` of a distribution open one of each kind, and read the same? |
//! | `left` | nothing: what a restore left in a directory, for the other modules |
//! | `merged` | is what is merged or cut the union or the part of what it was made from? |
//! | `occupied` | are directories that are not for a restore left as they are? |
//! | `parts` | does a part that is asked for hold what it holds among all? |
//! | `refused` | is state that no RocksDB ever held refused, and why? |
//! | `running` | nothing: runs `restore` and finds what it made, for the other modules |
//! | `served` | nothing: a checkpoint in a store that can be slow or fail, for the other modules |
//! | `unfinished` | what becomes of what an earlier run left, and of runs that meet? |
//! | `uploaded` | is it told which checkpoint uploaded a file? |
//! | `writable` | does RocksDB write to, compact and reopen what was made? |

mod altered;
mod content;
mod damaged;
mod faults;
mod hindered;
mod hostile;
mod killed;
mod ldb;
mod left;
mod merged;
mod occupied;
mod parts;
mod refused;
mod running;
mod served;
mod unfinished;
mod uploaded;
mod writable;
