//! What is sent to a store must fit into a URL or a header: the library below takes that for
//! granted and panics where it does not.

use super::configuration;
use crate::store::error::StoreError;
use crate::store::location::Location;
use url::Url;

/// Refuses a place or a setting no request can be made of.
///
/// # Errors
/// [`StoreError::Configuration`], which names the setting and never its value if that may be
/// a secret.
pub(super) fn check<K: AsRef<str>>(at: &Location, pairs: &[(K, String)]) -> Result<(), StoreError> {
    let proper = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    if !at.authority().chars().all(proper) {
        let detail = format!("{:?} is no name of a bucket or container", at.authority());
        return Err(configuration(at, detail));
    }
    for (key, value) in pairs {
        let key = key.as_ref();
        let problem = match () {
            () if is_url(key) => url_problem(value),
            () if is_sent(key) => text_problem(value),
            () => None,
        };
        if let Some(problem) = problem {
            return Err(configuration(at, format!("{key}: {problem}")));
        }
    }
    Ok(())
}

fn is_url(key: &str) -> bool {
    [
        "endpoint",
        "endpoint_url",
        "base_url",
        "authority_host",
        "endpoint_url_s3",
        "endpoint_url_sts",
    ]
    .iter()
    .any(|name| key.ends_with(name))
}

/// Whether a value becomes part of a URL or a header. Paths of files, and the JSON of a
/// service account, do not.
fn is_sent(key: &str) -> bool {
    let local = ["_path", "_file", "service_account", "service_account_key", "credentials"];
    let sent = ["key", "token", "region", "secret", "client_id", "account", "tenant", "user_agent"];
    !local.iter().any(|name| key.ends_with(name)) && sent.iter().any(|name| key.contains(name))
}

fn url_problem(value: &str) -> Option<String> {
    if let Some(problem) = text_problem(value) {
        return Some(problem);
    }
    let url = Url::parse(value).ok();
    let good = url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    // Without a scheme it is a host, most likely; a user in a URL may come with a password.
    let shown = if value.contains('@') { "it" } else { value };
    (!good).then(|| format!("{shown:?} is no URL; write http://HOST:PORT or https://HOST"))
}

fn text_problem(value: &str) -> Option<String> {
    if value.ends_with(['\n', '\r']) {
        return Some("ends in a line break; remove it".into());
    }
    let sendable = value.bytes().all(|b| b.is_ascii_graphic());
    (!sendable).then(|| "holds a space or another character that cannot be sent".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(place: &str, pairs: &[(&str, &str)]) -> Option<String> {
        let at = Location::parse_flink(place).unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        check(&at, &pairs).err().map(|error| error.to_string())
    }

    #[test]
    fn what_no_request_can_be_made_of_is_named() {
        assert_eq!(problem("s3://b/x", &[("aws_endpoint", "http://127.0.0.1:9000")]), None);
        assert_eq!(problem("s3://b/x", &[("aws_region", "eu-central-1")]), None);
        assert_eq!(problem("gs://b/x", &[("google_service_account_key", "{\n}")]), None);
        for endpoint in
            ["", "localhost:9000", "http://", "http://h:99999", "http://[::1", "ftp://h"]
        {
            let told = problem("s3://b/x", &[("aws_endpoint", endpoint)]).unwrap();
            assert!(told.contains("is no URL"), "{told}");
        }
        let told = problem("s3://b/x", &[("aws_secret_access_key", "topsecret\n")]).unwrap();
        assert!(told.contains("aws_secret_access_key: ends in a line break"), "{told}");
        assert!(!told.contains("topsecret"));
        assert!(problem("s3://b ucket/x", &[]).unwrap().contains("no name of a bucket"));
        assert_eq!(problem("abfs://c@a.dfs.core.windows.net/x", &[]), None);
    }
}
