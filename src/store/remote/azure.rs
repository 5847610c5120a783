//! Azure Blob Storage and Data Lake Gen2, over the blob protocol, which both speak.

use super::Checked;
use super::Environment;
use super::Settings;
use super::client_defaults;
use super::configuration;
use super::finish;
use super::keys;
use super::values;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::location::Location;
use crate::store::options::StoreOptions;
use object_store::ClientConfigKey;
use object_store::azure::AzureConfigKey as Key;
use object_store::azure::MicrosoftAzureBuilder;

pub(super) fn open(
    at: &Location,
    options: &StoreOptions,
    environment: &Environment,
) -> Result<Store, StoreError> {
    let settings = Settings::<Key>::collect(at, &keys::AZURE, options, environment)?;
    let (container, host) = match at.authority().split_once('@') {
        Some((container, host)) => (container, Some(host)),
        None => (at.authority(), None),
    };
    let mut pairs = settings.environment.clone();
    pairs.extend(settings.options.iter().cloned());
    let has = |wanted: Key| pairs.iter().any(|(key, _)| *key == wanted);
    let (mut account, mut endpoint) = (None, None);
    if let Some(host) = host {
        account = host.split_once('.').map(|(account, _)| account.to_owned());
        let public = host.ends_with(".dfs.core.windows.net");
        if !public && !has(Key::Endpoint) && !has(Key::UseEmulator) {
            // Sovereign clouds have the same names below another domain.
            let blob = host.split_once(".dfs.").map(|(name, domain)| (name, domain.to_owned()));
            let Some((name, domain)) = blob else {
                let detail =
                    format!("{host} is no storage account; set --store-option endpoint=URL");
                return Err(configuration(at, detail));
            };
            endpoint = Some(format!("https://{name}.blob.{domain}"));
        }
    }
    pairs.extend(endpoint.map(|url| (Key::Endpoint, url)));
    let allow_http = Key::Client(ClientConfigKey::AllowHttp);
    let url = pairs.iter().rfind(|(key, _)| *key == Key::Endpoint);
    if url.is_some_and(|(_, url)| url.starts_with("http://"))
        && !pairs.iter().any(|(key, _)| *key == allow_http)
    {
        pairs.push((allow_http, "true".into()));
    }
    values::check(at, &pairs)?;
    let mut builder = MicrosoftAzureBuilder::new()
        .with_client_options(client_defaults())
        .with_http_connector(Checked::default())
        .with_retry(settings.retry.clone());
    for (key, value) in &pairs {
        builder = builder.with_config(*key, value);
    }
    // The place says which account it is; the variable serves places that do not.
    if let Some(account) = account {
        builder = builder.with_account(account);
    }
    let alone = |key: &Key, value: &str| {
        let builder = MicrosoftAzureBuilder::new().with_container_name("c").with_account("a");
        builder.with_config(*key, value).build().err()
    };
    let built = builder.with_container_name(container).build();
    finish(at, built, &pairs, settings.secrets, alone)
}
