//! Does the SST reader find in tables what Flink and RocksDB put there, and any damage?

mod fixtures;
mod read;
