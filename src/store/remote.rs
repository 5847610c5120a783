//! Clients of the object stores, from what operators already have configured.
//!
//! For each cloud, the strongest source first: `--store-option`, the environment variables
//! that `object_store` knows, the cloud's own files, roles of the machine.

mod aws_files;
mod azure;
mod connector;
mod gcs;
mod keys;
mod s3;
#[cfg(test)]
mod tests;
mod values;

use super::Store;
use super::classify::classify_build;
use super::error::StoreError;
use super::location::Location;
use super::options::StoreOptions;
use super::scheme::Scheme;
use super::secrets::Secrets;
use connector::Checked;
pub(super) use connector::NotAListing;
use keys::Cloud;
use object_store::BackoffConfig;
use object_store::ClientOptions;
use object_store::ObjectStore;
use object_store::RetryConfig;
use std::sync::Arc;
use std::time::Duration;

/// Opens the store of a place that is not on a local disk.
pub(super) fn open(at: &Location, options: &StoreOptions) -> Result<Store, StoreError> {
    open_with(at, options, &Environment::of_process())
}

fn open_with(
    at: &Location,
    options: &StoreOptions,
    environment: &Environment,
) -> Result<Store, StoreError> {
    tracing::debug!(%at, "open store");
    match at.scheme() {
        Scheme::S3 => s3::open(at, options, environment),
        Scheme::Gs => gcs::open(at, options, environment),
        Scheme::Abfs => azure::open(at, options, environment),
        Scheme::Hdfs | Scheme::Oss | Scheme::Other(_) => {
            let what = at.scheme().info().map_or("unknown to chkctl", |info| info.what);
            let detail = format!("this build cannot read {}: ({what})", at.scheme());
            Err(StoreError::Unsupported { at: Box::new(at.clone()), detail })
        }
        Scheme::File => {
            Err(configuration(at, format!("a file: path on {}, another machine", at.authority())))
        }
    }
}

fn configuration(at: &Location, detail: String) -> StoreError {
    StoreError::Configuration { at: Box::new(at.clone()), detail }
}

/// The environment variables, which tests replace.
pub(super) struct Environment(Vec<(String, String)>);

impl Environment {
    /// Those of this process, without empty ones and those that are not text.
    fn of_process() -> Environment {
        let text = |(key, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((key.into_string().ok()?, value.into_string().ok()?))
        };
        Environment(
            std::env::vars_os().filter_map(text).filter(|(_, value)| !value.is_empty()).collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The variables with a prefix, under the lower-case names that `object_store` parses.
    fn with_prefix(&self, prefix: &str) -> impl Iterator<Item = (String, &str)> {
        let matching = self.0.iter().filter(move |(key, _)| key.starts_with(prefix));
        matching.map(|(key, value)| (key.to_ascii_lowercase(), value.as_str()))
    }
}

/// What configures one client: typed keys from the weakest source to the strongest.
struct Settings<K> {
    environment: Vec<(K, String)>,
    options: Vec<(K, String)>,
    retry: RetryConfig,
    secrets: Secrets,
}

impl<K: std::str::FromStr> Settings<K> {
    /// Collects and checks the keys of one cloud. Unknown variables are other tools' business.
    fn collect(
        at: &Location,
        cloud: &Cloud,
        options: &StoreOptions,
        environment: &Environment,
    ) -> Result<Settings<K>, StoreError> {
        let mut settings = Settings {
            environment: Vec::new(),
            options: Vec::new(),
            retry: retry_defaults(),
            secrets: Secrets::default(),
        };
        for (name, value) in environment.with_prefix(cloud.variables) {
            settings.secrets.add(&name, value);
            if let Ok(key) = name.parse() {
                settings.environment.push((key, value.to_owned()));
            }
        }
        for (name, value) in &options.options {
            let name = name.trim().to_ascii_lowercase();
            settings.secrets.add(&name, value);
            if cloud.belongs_to_another(&name) {
                continue;
            }
            if set_retry(&mut settings.retry, cloud.plain(&name), value)
                .map_err(|detail| configuration(at, format!("--store-option {name}: {detail}")))?
            {
                continue;
            }
            match name.parse() {
                Ok(key) => settings.options.push((key, value.clone())),
                Err(_) => return Err(configuration(at, cloud.unknown(&name))),
            }
        }
        Ok(settings)
    }
}

/// Bounds for a person who waits: the library's own would retry for three minutes.
///
/// A refused connection is reported within 20 s. A slow but living transfer is never cut.
fn retry_defaults() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(4),
            base: 2.0,
        },
        max_retries: 8,
        retry_timeout: Duration::from_secs(15),
    }
}

fn client_defaults() -> ClientOptions {
    ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(Duration::from_secs(5))
        .with_read_timeout(Duration::from_secs(30))
}

/// Takes the two keys that are ours; says whether it was one of them.
fn set_retry(retry: &mut RetryConfig, name: &str, value: &str) -> Result<bool, String> {
    match name {
        "max_retries" => {
            retry.max_retries = value.parse().map_err(|_| "needs a number".to_owned())?;
        }
        "retry_timeout" => {
            let duration = value.parse::<jiff::SignedDuration>().ok();
            let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
            retry.retry_timeout = duration.ok_or("needs a duration such as 20s")?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Makes the store of a client that was built, or says which setting kept it from being built.
fn finish<K: AsRef<str>, S: ObjectStore>(
    at: &Location,
    built: object_store::Result<S>,
    pairs: &[(K, String)],
    secrets: Secrets,
    try_alone: impl Fn(&K, &str) -> Option<object_store::Error>,
) -> Result<Store, StoreError> {
    let error = match built {
        Ok(client) => return Ok(Store::with_secrets(Arc::new(client), secrets)),
        Err(error) => error,
    };
    let mut error = classify_build(at, &error, &secrets);
    if let (Some(key), StoreError::Configuration { detail, .. }) =
        (blame(pairs, try_alone), &mut error)
    {
        *detail = format!("{}: {detail}", key.as_ref());
    }
    Err(error)
}

/// Names the option whose value the library does not take, by trying each one alone.
fn blame<K>(
    settings: &[(K, String)],
    try_alone: impl Fn(&K, &str) -> Option<object_store::Error>,
) -> Option<&K> {
    let refused = |error: object_store::Error| error.to_string().contains("failed to parse");
    settings
        .iter()
        .find(|(key, value)| try_alone(key, value).is_some_and(refused))
        .map(|(key, _)| key)
}
