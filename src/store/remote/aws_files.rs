//! The files of the AWS command line, which `object_store` does not read.
//!
//! `AWS_PROFILE` (or `default`) is looked up in `AWS_SHARED_CREDENTIALS_FILE` and
//! `AWS_CONFIG_FILE` (or `~/.aws/credentials` and `~/.aws/config`). Read are static keys, the
//! session token, `region` and `endpoint_url`; not single sign-on, roles and processes, for
//! which the error names the way out.

use super::Environment;
use crate::store::local::read_configuration;
use object_store::aws::AmazonS3ConfigKey as Key;
use std::path::PathBuf;

/// What one profile says.
#[derive(Default)]
pub(super) struct Profile {
    /// Whether `AWS_PROFILE` names it.
    pub(super) chosen: bool,
    /// What can be used of it.
    pub(super) settings: Vec<(Key, String)>,
    /// It has no static keys but something else, and this is what to tell about it.
    pub(super) beyond_us: Option<String>,
}

/// Reads the profile that is in effect. Errors are one line, without values.
pub(super) fn profile(environment: &Environment) -> Result<Profile, String> {
    let chosen = environment.get("AWS_PROFILE");
    let name = chosen.unwrap_or("default");
    let home = std::env::home_dir();
    let path = |variable: &str, file: &str| match environment.get(variable) {
        Some(path) => Some(PathBuf::from(path)),
        None => home.as_ref().map(|home| home.join(".aws").join(file)),
    };
    let mut found = false;
    let mut lines: Vec<(String, String)> = Vec::new();
    let sources = [
        (path("AWS_CONFIG_FILE", "config"), true),
        (path("AWS_SHARED_CREDENTIALS_FILE", "credentials"), false),
    ];
    for (path, is_config) in sources {
        let Some(path) = path else { continue };
        let text = read_configuration(&path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        if let Some(section) = text.and_then(|text| section(&text, name, is_config)) {
            found = true;
            lines.extend(section);
        }
    }
    if let (Some(name), false) = (chosen, found) {
        return Err(format!("AWS_PROFILE={name}: there is no such profile"));
    }
    Ok(understand(name, chosen.is_some(), lines))
}

fn understand(name: &str, chosen: bool, lines: Vec<(String, String)>) -> Profile {
    let mut profile = Profile { chosen, ..Profile::default() };
    let mut other = None;
    let mut has_key = false;
    for (key, value) in lines {
        let key = match key.as_str() {
            "aws_access_key_id" => Key::AccessKeyId,
            "aws_secret_access_key" => Key::SecretAccessKey,
            "aws_session_token" => Key::Token,
            "region" => Key::Region,
            "endpoint_url" => Key::Endpoint,
            "sso_session" | "sso_start_url" | "role_arn" | "credential_process"
            | "login_session" => {
                other = Some(key);
                continue;
            }
            _ => continue,
        };
        has_key |= key == Key::AccessKeyId;
        profile.settings.push((key, value));
    }
    profile.beyond_us = other.filter(|_| !has_key).map(|other| {
        format!(
            "the AWS profile {name} uses {other}, which is not read; run: \
             eval \"$(aws configure export-credentials --profile {name} --format env)\""
        )
    });
    profile
}

/// Finds the lines of one section. The configuration file calls it `[profile NAME]`.
fn section(text: &str, name: &str, is_config: bool) -> Option<Vec<(String, String)>> {
    let mut inside = false;
    let mut found = None;
    for line in text.lines() {
        if let Some(title) = line.trim().strip_prefix('[').and_then(|line| line.split_once(']')) {
            let title = title.0.trim();
            let profile =
                title.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t']));
            inside = match profile {
                Some(profile) if is_config => profile.trim().trim_matches('"') == name,
                _ => title == name && (!is_config || name == "default"),
            };
            if inside {
                found.get_or_insert_with(Vec::new);
            }
        } else if inside
            // Indented lines belong to nested settings, as `s3 =` has.
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = line.split_once('=')
            && let Some(lines) = &mut found
            && !value.trim().is_empty()
        {
            lines.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_found_in_both_kinds_of_file() {
        let text = "# x\n[default]\nregion = a\ns3 =\n  region = nested\n[profile two]\nregion=b\n\
                    [profile  \"th ree\"]\r\nEndpoint_URL = http://h:1/\r\n[two]\nregion = c\n";
        let one = |key: &str, value: &str| Some(vec![(key.to_owned(), value.to_owned())]);
        assert_eq!(section(text, "default", true), one("region", "a"));
        assert_eq!(section(text, "two", true), one("region", "b"));
        assert_eq!(section(text, "two", false), one("region", "c"));
        assert_eq!(section(text, "th ree", true), one("endpoint_url", "http://h:1/"));
        assert_eq!(section(text, "four", true), None);
    }

    #[test]
    fn what_is_beyond_us_is_said_unless_there_are_keys() {
        let lines = |keys: &[&str]| keys.iter().map(|key| ((*key).into(), "v".into())).collect();
        let sso = understand("p", true, lines(&["sso_session", "region"]));
        assert!(sso.beyond_us.unwrap().contains("uses sso_session"));
        let both = understand("p", true, lines(&["role_arn", "aws_access_key_id"]));
        assert!(both.beyond_us.is_none());
    }
}
