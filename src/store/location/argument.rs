//! What a user types after a command, turned into a place.

use super::Location;
use super::LocationError;
use super::Scheme;
use crate::store::local::resolve_parents;
use std::path::Component;
use url::Url;

pub(super) fn parse(text: &str) -> Result<Location, LocationError> {
    if text.is_empty() {
        return Err(LocationError::Empty);
    }
    let Some((scheme, rest)) = split_scheme(text) else {
        return local(text);
    };
    match Scheme::of(scheme) {
        Scheme::File => file_uri(rest),
        Scheme::Other(other) => Err(match other.as_str() {
            "http" | "https" => web_address(text),
            "arn" => arn(text),
            _ => LocationError::UnknownScheme { scheme: scheme.to_owned() },
        }),
        known => cloud(known, scheme, rest),
    }
}

/// Splits off a scheme in the grammar of RFC 3986. One letter is a drive or a file name.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let proper = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(allowed);
    proper.then_some((scheme, rest))
}

fn local(text: &str) -> Result<Location, LocationError> {
    let unusable =
        |error: std::io::Error| LocationError::CurrentDirectory { detail: error.to_string() };
    let mut path = std::path::absolute(text).map_err(unusable)?;
    if path.components().any(|component| component == Component::ParentDir) {
        path = resolve_parents(&path);
    }
    Location::local(&path)
}

fn file_uri(rest: &str) -> Result<Location, LocationError> {
    match rest.strip_prefix("//") {
        None if rest.is_empty() => Err(LocationError::Empty),
        None => local(rest),
        Some(rest) => {
            let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
            if host.is_empty() || host.eq_ignore_ascii_case("localhost") {
                local(path)
            } else {
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                Err(LocationError::RemoteFile { host: host.to_owned() })
            }
        }
    }
}

fn cloud(scheme: Scheme, spelled: &str, rest: &str) -> Result<Location, LocationError> {
    let what = match scheme {
        Scheme::Abfs => "container",
        Scheme::Hdfs => "name node",
        _ => "bucket",
    };
    let missing = |instead: String| LocationError::NoAuthority { what, instead };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or((rest, "/"), |at| rest.split_at(at)),
        // Hadoop's way to say "the default name node".
        None if scheme == Scheme::Hdfs && rest.starts_with('/') => ("", rest),
        // A forgotten slash. `@` may follow a password, which is not to be repeated.
        None if !rest.contains('@') && !rest.trim_matches('/').is_empty() => {
            return Err(missing(format!("{spelled}://{}", rest.trim_start_matches('/'))));
        }
        None => ("", ""),
    };
    let buckets = matches!(scheme, Scheme::S3 | Scheme::Gs | Scheme::Oss);
    if authority.is_empty() && scheme != Scheme::Hdfs {
        let example = scheme.info().map_or("", |info| info.example);
        return Err(missing(example.to_owned()));
    }
    if authority.starts_with("arn:") {
        return Err(arn(&rest["//".len()..]));
    }
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    // A colon belongs to no bucket; a secret key with a slash in it ends the authority early.
    if user.is_some_and(|user| buckets || user.contains(':')) || buckets && authority.contains(':')
    {
        return Err(LocationError::Credentials { scheme: spelled.to_owned() });
    }
    let location = Location::new(scheme, Some(spelled), authority, path);
    if location.has_dot_segments() { Err(LocationError::DotSegments) } else { Ok(location) }
}

fn arn(text: &str) -> LocationError {
    let resource = text.split(':').nth(5).filter(|_| text.starts_with("arn:aws:s3:::"));
    let (what, instead) = match resource {
        Some(resource) if !resource.is_empty() => ("an ARN", format!("s3://{resource}")),
        _ => ("an ARN", "s3://BUCKET/KEY, with its alias as BUCKET for an access point".into()),
    };
    LocationError::Foreign { what, instead }
}

/// Recognises the web addresses of the three clouds. The query, where signatures are, is dropped.
fn web_address(text: &str) -> LocationError {
    let known = Url::parse(text).ok().and_then(|url| {
        let (host, path) = (url.host_str()?.to_owned(), url.path().to_owned());
        let path = path.as_str();
        if let Some((bucket, rest)) = host.split_once(".s3")
            && rest.ends_with(".amazonaws.com")
        {
            Some(format!("s3://{bucket}{path}"))
        } else if host.starts_with("s3") && host.ends_with(".amazonaws.com") {
            Some(format!("s3:/{path}"))
        } else if host == "storage.googleapis.com" || host == "storage.cloud.google.com" {
            Some(format!("gs:/{path}"))
        } else if host.contains(".blob.") || host.contains(".dfs.") {
            let (container, rest) = path.trim_start_matches('/').split_once('/')?;
            Some(format!("abfss://{container}@{}/{rest}", host.replacen(".blob.", ".dfs.", 1)))
        } else {
            None
        }
    });
    let instead = known.unwrap_or_else(|| {
        "s3://BUCKET/KEY, and name another server with --store-option endpoint=URL".into()
    });
    LocationError::Foreign { what: "a web address", instead }
}
