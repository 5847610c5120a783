//! The keys of `--store-option`, to help with those that are not.

/// One cloud, as far as its keys go.
pub(super) struct Cloud {
    /// How the scheme is called in messages.
    pub(super) scheme: &'static str,
    /// The prefix of its environment variables; in lower case that of its option keys.
    pub(super) variables: &'static str,
    /// Keys worth suggesting, without the prefix.
    keys: &'static [&'static str],
}

pub(super) const S3: Cloud = Cloud {
    scheme: "s3",
    variables: "AWS_",
    keys: &[
        "access_key_id",
        "secret_access_key",
        "session_token",
        "region",
        "default_region",
        "endpoint",
        "endpoint_url",
        "virtual_hosted_style_request",
        "s3_express",
        "imdsv1_fallback",
        "metadata_endpoint",
        "unsigned_payload",
        "checksum_algorithm",
        "container_credentials_relative_uri",
        "container_credentials_full_uri",
        "container_authorization_token_file",
        "web_identity_token_file",
        "role_arn",
        "role_session_name",
        "endpoint_url_sts",
        "skip_signature",
        "copy_if_not_exists",
        "conditional_put",
        "disable_tagging",
        "disable_bulk_delete",
        "request_payer",
        "server_side_encryption",
        "sse_kms_key_id",
        "sse_bucket_key_enabled",
        "sse_customer_key_base64",
    ],
};

pub(super) const GS: Cloud = Cloud {
    scheme: "gs",
    variables: "GOOGLE_",
    keys: &[
        "service_account",
        "service_account_path",
        "service_account_key",
        "application_credentials",
        "bearer_token",
        "base_url",
        "skip_signature",
    ],
};

pub(super) const AZURE: Cloud = Cloud {
    scheme: "abfs",
    variables: "AZURE_",
    keys: &[
        "account_name",
        "account_key",
        "access_key",
        "client_id",
        "client_secret",
        "tenant_id",
        "authority_host",
        "sas_key",
        "sas_token",
        "bearer_token",
        "use_emulator",
        "endpoint",
        "msi_endpoint",
        "object_id",
        "msi_resource_id",
        "federated_token_file",
        "use_fabric_endpoint",
        "use_azure_cli",
        "credential_type",
        "encryption_key",
        "skip_signature",
        "disable_tagging",
    ],
};

/// Keys of every client, and our two for retries.
const EVERYWHERE: [&str; 14] = [
    "allow_http",
    "allow_invalid_certificates",
    "connect_timeout",
    "http1_only",
    "http2_only",
    "max_retries",
    "pool_idle_timeout",
    "pool_max_idle_per_host",
    "proxy_ca_certificate",
    "proxy_excludes",
    "proxy_url",
    "read_timeout",
    "retry_timeout",
    "timeout",
];

const CLOUDS: [&Cloud; 3] = [&S3, &GS, &AZURE];

impl Cloud {
    fn prefix(&self) -> String {
        self.variables.to_ascii_lowercase()
    }

    /// Takes the prefix of this cloud off a key in lower case.
    pub(super) fn plain<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(&self.prefix()).unwrap_or(name)
    }

    /// Says whether a key names another cloud by its prefix: it is for another store of the run.
    pub(super) fn belongs_to_another(&self, name: &str) -> bool {
        CLOUDS.iter().any(|cloud| cloud.scheme != self.scheme && name.starts_with(&cloud.prefix()))
    }

    /// Says what to do about a key that does not exist here.
    pub(super) fn unknown(&self, name: &str) -> String {
        let problem = format!("--store-option {name}: is not an option of {}:", self.scheme);
        let owner = CLOUDS.iter().find(|cloud| cloud.keys.contains(&name));
        if let Some(owner) = owner {
            let full = format!("{}{name}", owner.prefix());
            return format!("{problem} stores, only of {}:; write {full}", owner.scheme);
        }
        let plain = self.plain(name);
        let mut near: Vec<(usize, &str)> = self
            .keys
            .iter()
            .chain(&EVERYWHERE)
            .map(|key| (distance(plain, key), *key))
            .filter(|(distance, key)| *distance <= 1 + key.len() / 4 || key.contains(plain))
            .collect();
        near.sort_unstable();
        let near: Vec<&str> = near.into_iter().take(3).map(|(_, key)| key).collect();
        if near.is_empty() {
            let all: Vec<&str> = self.keys.iter().chain(&EVERYWHERE).copied().collect();
            format!("{problem} stores; known are {}", all.join(", "))
        } else {
            format!("{problem} stores; did you mean {}?", near.join(", "))
        }
    }
}

/// Counts the edits between two texts (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.chars().enumerate() {
            let edited = 1 + diagonal.min(row[j]).min(row[j + 1]);
            let kept = if x == y { diagonal } else { edited };
            diagonal = std::mem::replace(&mut row[j + 1], kept);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::ClientConfigKey;
    use object_store::aws::AmazonS3ConfigKey;
    use object_store::azure::AzureConfigKey;
    use object_store::gcp::GoogleConfigKey;

    #[test]
    fn every_suggested_key_exists() {
        let prefixed = |cloud: &Cloud, key: &str| format!("{}{key}", cloud.prefix());
        for key in S3.keys {
            assert!(key.parse::<AmazonS3ConfigKey>().is_ok(), "{key}");
            assert!(prefixed(&S3, key).parse::<AmazonS3ConfigKey>().is_ok(), "{key}");
        }
        for key in GS.keys {
            assert!(key.parse::<GoogleConfigKey>().is_ok(), "{key}");
        }
        for key in AZURE.keys {
            assert!(key.parse::<AzureConfigKey>().is_ok(), "{key}");
        }
        for key in EVERYWHERE.iter().filter(|key| !key.contains("retr")) {
            assert!(key.parse::<ClientConfigKey>().is_ok(), "{key}");
        }
    }

    #[test]
    fn a_wrong_key_gets_advice() {
        assert!(S3.unknown("regoin").ends_with("did you mean region?"));
        assert!(S3.unknown("aws_endpont").contains("did you mean endpoint"));
        assert!(GS.unknown("region").ends_with("only of s3:; write aws_region"));
        assert!(S3.unknown("zzzzzzzzzz").contains("known are access_key_id"));
        assert!(S3.belongs_to_another("google_bearer_token"));
        assert_eq!((distance("", "abc"), distance("kitten", "sitting")), (3, 3));
    }
}
