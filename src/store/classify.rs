//! What an error of `object_store` means, and the one line of it that is worth showing.
//!
//! The library keeps its HTTP errors private, so the status and the body are read from their
//! texts; the tests against a loopback server hold that together.

use super::error::StoreError;
use super::location::Location;
use super::remote::NotAListing;
use super::scheme::Scheme;
use super::secrets::Secrets;
use object_store::client::HttpError;
use object_store::client::HttpErrorKind;
use std::error::Error;

/// What was asked, as far as it changes what "404" means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// One object: it may be absent.
    Object,
    /// A listing: an absent prefix lists as empty, so it is the bucket that is absent.
    Listing,
}

/// What could be learned from a chain of errors.
#[derive(Debug, Default)]
struct Facts {
    status: Option<u16>,
    /// `403 Forbidden`, for when there is no reason.
    phrase: String,
    reason: Option<Reason>,
    http: Option<HttpErrorKind>,
    redirect: bool,
    /// Something answered that is no store.
    no_store: bool,
    /// The request that failed was one for credentials.
    credentials: bool,
    /// The innermost text.
    last: String,
}

/// What a store answered, in its own words.
#[derive(Debug, PartialEq, Eq)]
struct Reason {
    code: String,
    message: String,
}

/// Turns an error of the library into ours.
pub(super) fn classify(
    at: &Location,
    asked: Asked,
    error: &object_store::Error,
    secrets: &Secrets,
) -> StoreError {
    let facts = facts(at, error);
    let detail = secrets.scrub(&detail(error, &facts));
    let at = Box::new(at.clone());
    if facts.credentials {
        return StoreError::Unauthenticated { at, detail };
    }
    match facts.reason.as_ref().and_then(|reason| meaning(&reason.code)) {
        Some(Meaning::NoSuchBucket) => return StoreError::NoSuchBucket { at, detail },
        Some(Meaning::NotFound) if asked == Asked::Object => {
            return StoreError::NotFound { at, detail };
        }
        Some(Meaning::Denied) => return StoreError::Denied { at, detail },
        Some(Meaning::Unauthenticated) => return StoreError::Unauthenticated { at, detail },
        Some(Meaning::Configuration) => return StoreError::Configuration { at, detail },
        Some(Meaning::Unavailable) => return StoreError::Unavailable { at, detail },
        Some(Meaning::NotFound) | None => {}
    }
    match facts.status {
        Some(401) => return StoreError::Unauthenticated { at, detail },
        Some(403) => return StoreError::Denied { at, detail },
        Some(404) if asked == Asked::Listing => return StoreError::NoSuchBucket { at, detail },
        Some(404) => return StoreError::NotFound { at, detail },
        Some(412) => return StoreError::Changed { at, detail },
        Some(408 | 429 | 500..=599) => return StoreError::Unavailable { at, detail },
        Some(300..=399) => return StoreError::Configuration { at, detail },
        // An answer to HEAD has no body, so S3 cannot say which of the two it is.
        Some(400) if facts.reason.is_none() => {
            return StoreError::Unauthenticated { at, detail };
        }
        Some(_) => return StoreError::Io { at, detail },
        None => {}
    }
    if facts.redirect || facts.no_store {
        return StoreError::Configuration { at, detail };
    }
    match facts.http {
        Some(HttpErrorKind::Unknown | HttpErrorKind::Decode) | None => {}
        Some(_) => return StoreError::Unavailable { at, detail },
    }
    match error {
        object_store::Error::NotFound { .. } => StoreError::NotFound { at, detail },
        object_store::Error::PermissionDenied { .. } => StoreError::Denied { at, detail },
        object_store::Error::Unauthenticated { .. } => StoreError::Unauthenticated { at, detail },
        object_store::Error::Precondition { .. } => StoreError::Changed { at, detail },
        object_store::Error::NotSupported { .. } | object_store::Error::NotImplemented { .. } => {
            StoreError::Unsupported { at, detail }
        }
        object_store::Error::UnknownConfigurationKey { .. } => {
            StoreError::Configuration { at, detail }
        }
        _ => StoreError::Io { at, detail },
    }
}

/// The codes of S3, Google (XML) and Azure, as far as they say more than the status.
enum Meaning {
    NoSuchBucket,
    NotFound,
    Denied,
    Unauthenticated,
    Configuration,
    Unavailable,
}

fn meaning(code: &str) -> Option<Meaning> {
    Some(match code {
        "NoSuchBucket" | "ContainerNotFound" | "ContainerBeingDeleted" | "FilesystemNotFound" => {
            Meaning::NoSuchBucket
        }
        "NoSuchKey" | "BlobNotFound" | "PathNotFound" => Meaning::NotFound,
        // The last one is S3's word for an archived object.
        "AccessDenied"
        | "AllAccessDisabled"
        | "AuthorizationFailure"
        | "AuthorizationPermissionMismatch"
        | "InsufficientAccountPermissions"
        | "InvalidObjectState" => Meaning::Denied,
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "InvalidToken"
        | "TokenRefreshRequired"
        | "RequestTimeTooSkewed"
        | "RequestExpired"
        | "InvalidSecurity"
        | "InvalidClientTokenId"
        | "AuthenticationRequired"
        | "AuthenticationFailed"
        | "InvalidAuthenticationInfo"
        | "NoAuthenticationInformation"
        | "invalid_grant"
        | "invalid_client" => Meaning::Unauthenticated,
        "AuthorizationHeaderMalformed"
        | "PermanentRedirect"
        | "TemporaryRedirect"
        | "IllegalLocationConstraintException"
        | "InvalidBucketName"
        | "UserProjectMissing"
        | "AccountIsDisabled"
        | "InvalidResourceName" => Meaning::Configuration,
        "SlowDown" | "ServiceUnavailable" | "InternalError" | "RequestTimeout" | "ServerBusy"
        | "OperationTimedOut" => Meaning::Unavailable,
        _ => return None,
    })
}

fn facts(at: &Location, error: &object_store::Error) -> Facts {
    // Every request for credentials goes to one of these, in its URL or in the message.
    const CREDENTIALS: [&str; 7] = [
        "//169.254.",
        "/latest/api/token",
        "/computeMetadata/",
        "//sts.",
        "/oauth2/",
        "oauth2.googleapis.com",
        "/metadata/identity",
    ];
    let mut facts = Facts::default();
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(http) = error.downcast_ref::<HttpError>() {
            facts.http = Some(http.kind());
        }
        facts.no_store |= error.is::<NotAListing>();
        let text = error.to_string();
        let request = text.split_once("Error performing ").map_or("", |(_, rest)| rest);
        let request = request.split_once(" in ").map_or("", |(request, _)| request);
        facts.credentials |= CREDENTIALS.iter().any(|mark| request.contains(mark));
        // The library hides the URL of requests for tokens (and on Azure of signed ones).
        facts.credentials |= *at.scheme() != Scheme::Abfs && request.ends_with("REDACTED");
        facts.credentials |= text.starts_with("Failed to read token file");
        facts.redirect |= text.starts_with("Received redirect without LOCATION");
        if let Some(rest) = text.strip_prefix("Server returned non-2xx status code: ") {
            let (phrase, body) = rest.split_once(": ").unwrap_or((rest, ""));
            facts.phrase = phrase.to_owned();
            facts.status = phrase.get(..3).and_then(|digits| digits.parse().ok());
            facts.reason = reason(body);
        } else if let Some(body) = text.strip_prefix("Server returned error response: ") {
            facts.reason = reason(body);
        }
        facts.last = text;
        next = error.source();
    }
    facts
}

fn detail(error: &object_store::Error, facts: &Facts) -> String {
    let said = if let Some(Reason { code, message }) = &facts.reason {
        if message.is_empty() { code.clone() } else { format!("{code}: {message}") }
    } else if facts.status == Some(400) {
        format!("{}; often an expired session token or a wrong region", facts.phrase)
    } else if facts.status.is_some() {
        facts.phrase.clone()
    } else if facts.redirect {
        "the bucket is in another region; set AWS_REGION".into()
    } else {
        match facts.http {
            Some(HttpErrorKind::Timeout) => format!("no answer in time ({})", facts.last),
            Some(HttpErrorKind::Connect) => format!("cannot connect ({})", facts.last),
            Some(HttpErrorKind::Request | HttpErrorKind::Interrupted) => {
                format!("the connection broke ({})", facts.last)
            }
            Some(_) => facts.last.clone(),
            None => match error {
                object_store::Error::NotFound { .. } => String::new(),
                object_store::Error::InvalidPath { .. } => {
                    format!("the listing holds a key that cannot be spelled ({})", facts.last)
                }
                _ => facts.last.clone(),
            },
        }
    };
    if facts.credentials { format!("no credentials could be obtained: {said}") } else { said }
}

/// Takes code and message out of an XML or JSON body; anything else is not shown.
fn reason(body: &str) -> Option<Reason> {
    if let Some(code) = element(body, "Code") {
        let message = element(body, "Message").unwrap_or_default();
        // Azure goes on with request id and time on further lines.
        let message = message.lines().next().unwrap_or_default().trim().to_owned();
        return Some(Reason { code, message });
    }
    let json: serde_json::Value = serde_json::from_str(body).ok()?;
    let text = |at: &str| json.pointer(at).and_then(|value| value.as_str()).map(str::to_owned);
    if let Some(code) = text("/error") {
        return Some(Reason { code, message: text("/error_description").unwrap_or_default() });
    }
    let code = text("/error/status").or_else(|| text("/error/code")).or_else(|| text("/code"));
    let message = text("/error/message").or_else(|| text("/message")).unwrap_or_default();
    code.map(|code| Reason { code, message })
}

fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    Some(text.replace("&apos;", "'").replace("&amp;", "&"))
}

/// Turns an error of building a client into ours.
pub(super) fn classify_build(
    at: &Location,
    error: &object_store::Error,
    secrets: &Secrets,
) -> StoreError {
    let text = match error {
        object_store::Error::Generic { source, .. } => source.to_string(),
        other => other.to_string(),
    };
    let mut detail = secrets.scrub(&text);
    if *at.scheme() == Scheme::Abfs && detail.starts_with("Account must be specified") {
        detail.push_str("; write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH");
    }
    StoreError::Configuration { at: Box::new(at.clone()), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_found_in_xml_and_json() {
        let reason = |body| reason(body).map(|r| (r.code, r.message));
        let pair = |code: &str, message: &str| Some((code.to_owned(), message.to_owned()));
        assert_eq!(
            reason("<Error><Code>A</Code><Message>b &lt;c&gt;\nd</Message></Error>"),
            pair("A", "b <c>")
        );
        assert_eq!(reason("<Error><Code>A</Code></Error>"), pair("A", ""));
        assert_eq!(
            reason(r#"{"error":"invalid_grant","error_description":"no"}"#),
            pair("invalid_grant", "no")
        );
        assert_eq!(
            reason(r#"{"error":{"code":403,"status":"DENIED","message":"no"}}"#),
            pair("DENIED", "no")
        );
        assert_eq!(reason("<html>secret</html>"), None);
        assert_eq!(reason(""), None);
    }
}
