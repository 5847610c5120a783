//! Google Cloud Storage.

use super::Checked;
use super::Environment;
use super::Settings;
use super::client_defaults;
use super::finish;
use super::keys;
use super::values;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::location::Location;
use crate::store::options::StoreOptions;
use object_store::ClientConfigKey;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::gcp::GoogleConfigKey as Key;

pub(super) fn open(
    at: &Location,
    options: &StoreOptions,
    environment: &Environment,
) -> Result<Store, StoreError> {
    let settings = Settings::<Key>::collect(at, &keys::GS, options, environment)?;
    let account = |key: &Key| matches!(key, Key::ServiceAccount | Key::ServiceAccountKey);
    let has_account = settings.options.iter().any(|(key, _)| account(key));
    let mut pairs: Vec<(Key, String)> = Vec::new();
    if let (Some(path), false) = (environment.get("SERVICE_ACCOUNT"), has_account) {
        pairs.push((Key::ServiceAccount, path.to_owned()));
    }
    // The library takes a service account from one source and refuses two.
    pairs.extend(
        settings.environment.iter().filter(|(key, _)| !(has_account && account(key))).cloned(),
    );
    pairs.extend(settings.options.iter().cloned());
    let allow_http = Key::Client(ClientConfigKey::AllowHttp);
    let base = pairs.iter().rfind(|(key, _)| *key == Key::BaseUrl);
    if base.is_some_and(|(_, url)| url.starts_with("http://"))
        && !pairs.iter().any(|(key, _)| *key == allow_http)
    {
        pairs.push((allow_http, "true".into()));
    }
    values::check(at, &pairs)?;
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_client_options(client_defaults())
        .with_http_connector(Checked::default())
        .with_retry(settings.retry.clone());
    for (key, value) in &pairs {
        builder = builder.with_config(*key, value);
    }
    let alone = |key: &Key, value: &str| {
        let builder = GoogleCloudStorageBuilder::new().with_bucket_name("b");
        builder.with_config(*key, value).build().err()
    };
    let built = builder.with_bucket_name(at.authority()).build();
    finish(at, built, &pairs, settings.secrets, alone)
}
