//! Block-based tables: the SST files in which RocksDB keeps keys and values.
//!
//! ```text
//! data block*                      keys and values, sorted
//! filter block*                    (partitions, then their index)
//! index block*                     (partitions, then their index)
//! compression dictionary?
//! range deletions?
//! properties
//! metaindex                        names and places of the meta blocks
//! footer                           48 bytes (version 0) or 53
//! ```
//!
//! Every block is followed by five bytes: its compression, and a checksum of both.
//!
//! Nothing here does IO. Who has a file asks [`Head::read`](head::Head::read), then
//! [`Layout::read`](layout::Layout::read); each answers with a range that must be read first,
//! or with its result. A layout names every byte of the file, so checking all its regions
//! with [`check`](checksum::check) checks the file; [`Scan`](scan::Scan) reads the entries.
//!
//! | to change | open |
//! |---|---|
//! | what is said of a damaged table | `error.rs` |
//! | which bytes are asked for | `pieces.rs`, `head.rs` |
//! | footers, format versions | `footer.rs` |
//! | checksums | `checksum.rs` |
//! | compression, limits on it | `compression.rs` |
//! | entries of a block, restart points | `block.rs` |
//! | internal keys | `key.rs` |
//! | table properties | `properties.rs` |
//! | index blocks and their partitions | `index.rs`, `layout.rs` |
//! | reading keys and values, range deletions | `scan.rs` |
//!
//! Facts are from RocksDB 11.8.1, `table/format.cc` and `table/block_based/`.

pub mod block;
pub mod checksum;
pub mod compression;
pub mod error;
pub mod footer;
pub mod head;
pub mod index;
pub mod key;
pub mod layout;
pub mod pieces;
pub mod properties;
pub mod scan;
