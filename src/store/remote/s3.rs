//! S3 and compatible stores.

use super::Checked;
use super::Environment;
use super::Settings;
use super::aws_files;
use super::aws_files::Profile;
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
use object_store::aws::AmazonS3Builder;
use object_store::aws::AmazonS3ConfigKey as Key;

pub(super) fn open(
    at: &Location,
    options: &StoreOptions,
    environment: &Environment,
) -> Result<Store, StoreError> {
    let mut settings = Settings::<Key>::collect(at, &keys::S3, options, environment)?;
    let profile = aws_files::profile(environment).map_err(|detail| configuration(at, detail))?;
    let pairs = merge(at, &settings, &profile, environment)?;
    for (key, value) in &pairs {
        settings.secrets.add(key.as_ref(), value);
    }
    values::check(at, &pairs)?;
    let mut builder = AmazonS3Builder::new()
        .with_client_options(client_defaults())
        .with_http_connector(Checked::default())
        .with_retry(settings.retry.clone());
    for (key, value) in &pairs {
        builder = builder.with_config(*key, value);
    }
    let alone = |key: &Key, value: &str| {
        let builder = AmazonS3Builder::new().with_bucket_name("b");
        builder.with_config(*key, value).build().err()
    };
    // Last, so that neither AWS_BUCKET nor an option can lead elsewhere.
    let built = builder.with_bucket_name(at.authority()).build();
    finish(at, built, &pairs, settings.secrets, alone)
}

/// Lays the sources over each other. Keys, secret and session token come from one source only.
fn merge(
    at: &Location,
    settings: &Settings<Key>,
    profile: &Profile,
    environment: &Environment,
) -> Result<Vec<(Key, String)>, StoreError> {
    let identity = |key: &Key| matches!(key, Key::AccessKeyId | Key::SecretAccessKey | Key::Token);
    let names = |pairs: &[(Key, String)], wanted: Key| pairs.iter().any(|(key, _)| *key == wanted);
    let from_options = settings.options.iter().any(|(key, _)| identity(key));
    let from_environment = names(&settings.environment, Key::AccessKeyId);
    let role = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
        .iter()
        .chain(&["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
        .any(|name| environment.get(name).is_some());
    let unsigned = names(&settings.options, Key::SkipSignature)
        || names(&settings.environment, Key::SkipSignature);
    // A role given to the container is stronger than a default profile, not than a chosen one.
    let from_profile = !from_options && !from_environment && (profile.chosen || !role);
    if from_profile && let (Some(what), false) = (&profile.beyond_us, unsigned) {
        return Err(configuration(at, what.clone()));
    }
    let mut pairs: Vec<(Key, String)> = Vec::new();
    let sources = [
        (&profile.settings, from_profile),
        (&settings.environment, !from_options),
        (&settings.options, true),
    ];
    for (source, identifies) in sources {
        // AWS_DEFAULT_REGION yields to AWS_REGION, but both are stronger than a file.
        let has_region = names(source, Key::Region);
        for (key, value) in source.iter().filter(|(key, _)| identifies || !identity(key)) {
            let key = match key {
                Key::DefaultRegion if has_region => continue,
                Key::DefaultRegion => Key::Region,
                key => *key,
            };
            pairs.push((key, value.clone()));
        }
    }
    // Whoever writes http:// has decided.
    let allow_http = Key::Client(ClientConfigKey::AllowHttp);
    let endpoint = |wanted: Key| pairs.iter().rfind(move |(key, _)| *key == wanted);
    let endpoint = endpoint(Key::S3Endpoint).or_else(|| endpoint(Key::Endpoint));
    if endpoint.is_some_and(|(_, url)| url.starts_with("http://")) && !names(&pairs, allow_http) {
        pairs.push((allow_http, "true".into()));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(Key, &str)]) -> Vec<(Key, String)> {
        pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect()
    }

    #[test]
    fn an_identity_comes_from_one_source_and_the_rest_from_the_strongest() {
        let profile = Profile {
            settings: pairs(&[
                (Key::AccessKeyId, "file"),
                (Key::SecretAccessKey, "file"),
                (Key::Token, "file"),
                (Key::Region, "file"),
            ]),
            ..Profile::default()
        };
        let at = Location::parse_flink("s3://b/k").unwrap();
        let nowhere = Environment(Vec::new());
        let merged = |environment: &[(Key, &str)], options: &[(Key, &str)]| {
            let options_given = StoreOptions::default();
            let mut settings =
                Settings::<Key>::collect(&at, &keys::S3, &options_given, &nowhere).unwrap();
            settings.environment = pairs(environment);
            settings.options = pairs(options);
            let merged = merge(&at, &settings, &profile, &nowhere).unwrap();
            move |wanted: Key| {
                let last = merged.iter().rfind(|(key, _)| *key == wanted);
                last.map_or("none", |(_, value)| value.as_str()).to_owned()
            }
        };
        let file = merged(&[(Key::DefaultRegion, "env")], &[]);
        assert_eq!((file(Key::Token), file(Key::Region)), ("file".into(), "env".into()));
        let own = [(Key::AccessKeyId, "env"), (Key::SecretAccessKey, "env"), (Key::Token, "env")];
        let env = merged(&own[..2], &[]);
        assert_eq!((env(Key::AccessKeyId), env(Key::Token)), ("env".into(), "none".into()));
        let option = merged(&own, &[(Key::AccessKeyId, "o"), (Key::SecretAccessKey, "o")]);
        assert_eq!((option(Key::SecretAccessKey), option(Key::Token)), ("o".into(), "none".into()));
        let http = Key::Client(ClientConfigKey::AllowHttp);
        let endpoint = merged(&[(Key::Endpoint, "http://h")], &[]);
        assert_eq!(endpoint(http), "true");
        let forbidden = merged(&[(Key::Endpoint, "http://h")], &[(http, "false")]);
        assert_eq!(forbidden(http), "false");
        assert_eq!(merged(&[(Key::Endpoint, "https://h")], &[])(http), "none");
    }
}
