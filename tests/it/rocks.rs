//! Does the SST reader find in tables what Flink and RocksDB put there, and any damage?

#[cfg(feature = "rocksdb")]
mod damage;
mod fixtures;
mod merge;
#[cfg(feature = "rocksdb")]
mod options;
mod read;
#[cfg(feature = "rocksdb")]
mod seeds;
#[cfg(feature = "rocksdb")]
mod special;
#[cfg(feature = "rocksdb")]
mod written;
