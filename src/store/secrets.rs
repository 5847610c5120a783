//! What must never be shown, and how texts of others are cut down before they are.

use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::percent_decode_str;
use percent_encoding::utf8_percent_encode;
use std::fmt;

/// Characters a detail may have; bodies of others can be any size.
const LONGEST: usize = 300;
/// Shorter values are no secrets, and replacing `true` everywhere would garble messages.
const SHORTEST: usize = 6;

/// The secret values of one store, for taking them out of texts.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Remembers the value of a configuration key, if the key sounds like a secret.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        let key = key.to_ascii_lowercase();
        let sounds = ["secret", "token", "key", "sas", "password", "bearer", "service_account"];
        let is_path = ["_file", "_path", "service_account", "credentials"]
            .iter()
            .any(|end| key.ends_with(end));
        if is_path || !sounds.iter().any(|word| key.contains(word)) {
            return;
        }
        // A shared access signature is a query string with the secret in one of its parts, a
        // service account is JSON with the secret on one of its lines.
        let parts = value.split(['&', '"', '\n']).map(|part| {
            part.split_once('=').filter(|(name, _)| *name == "sig").map_or(part, |(_, sig)| sig)
        });
        for part in std::iter::once(value).chain(parts) {
            self.add_value(part);
            self.add_value(&utf8_percent_encode(part, NON_ALPHANUMERIC).to_string());
            self.add_value(&percent_decode_str(part).decode_utf8_lossy());
        }
        // The longest first, or a part would break up the whole.
        self.0.sort_by_key(|value| std::cmp::Reverse(value.len()));
        self.0.dedup();
    }

    fn add_value(&mut self, value: &str) {
        if value.trim().len() >= SHORTEST {
            self.0.push(value.to_owned());
        }
    }

    /// Makes one short line of a text and takes out what could be secret.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = text.replace(secret, "***");
        }
        let words: Vec<String> = text.split_whitespace().map(scrub_word).collect();
        let line: String =
            words.join(" ").chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        match line.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}...", &line[..at]),
            None => line,
        }
    }
}

/// Takes user names, passwords and queries out of URLs, and signatures out of anything.
fn scrub_word(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    if ["signature=", "sig=", "x-amz-", "accountkey=", "credential="]
        .iter()
        .any(|mark| lower.contains(mark))
        && !lower.contains("://")
    {
        return "***".into();
    }
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let rest = rest.split_once('?').map_or(rest, |(before, _)| before);
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_queries_and_signatures_are_taken_out() {
        let mut secrets = Secrets::default();
        secrets.add("secret_access_key", "wJalrXUt/nFEMI+K7MDENG");
        secrets.add("AZURE_STORAGE_SAS_TOKEN", "sv=2022&sig=abc%2Bdef%3D&se=2030");
        secrets.add("region", "eu-central-1");
        secrets.add("web_identity_token_file", "/var/run/token");
        let text = "GET https://me:pw@h.example/b?sig=1&x=2\n key wJalrXUt/nFEMI+K7MDENG \u{1b}[2J \
                    wJalrXUt%2FnFEMI%2BK7MDENG abc+def= Signature=55 eu-central-1 /var/run/token";
        assert_eq!(
            secrets.scrub(text),
            "GET https://h.example/b key *** ?[2J *** *** *** eu-central-1 /var/run/token"
        );
        assert!(secrets.scrub(&"é".repeat(5000)).len() < 1000);
        assert!(!format!("{secrets:?}").contains("wJalr"));
    }
}
