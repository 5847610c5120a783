//! `--store-option KEY=VALUE`, as given.

use std::fmt;

/// Options for the stores of a run, the strongest source of configuration.
///
/// Keys are those of `object_store` in any case, with or without the prefix of the cloud
/// (`aws_endpoint`, `endpoint`), and `max_retries` and `retry_timeout`. They are checked when a
/// store is opened, for each cloud its own. Local files take none.
#[derive(Clone, Default)]
pub struct StoreOptions {
    /// Keys and values in the order they were given; a later one wins.
    pub options: Vec<(String, String)>,
}

/// Keys only: a value may be a secret.
impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.options.iter().map(|(key, _)| key)).finish()
    }
}
