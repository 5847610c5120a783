//! The schemes a place can have: one table for parsing, `chkctl stores` and error hints.

use std::fmt;

/// A kind of store, whichever of its spellings was used.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Local disk, or a network disk that is mounted: `file:` and plain paths.
    File,
    /// Amazon S3 and what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Gs,
    /// Azure Blob Storage and Data Lake Gen2.
    Abfs,
    /// HDFS.
    Hdfs,
    /// Alibaba Cloud OSS.
    Oss,
    /// Anything else a `_metadata` file may name, in lower case (`viewfs`, `maprfs`, ...).
    Other(String),
}

/// What is known about one kind of store.
#[derive(Debug)]
pub struct SchemeInfo {
    /// The kind.
    pub scheme: Scheme,
    /// Every spelling that means this kind, the canonical one first.
    pub spellings: &'static [&'static str],
    /// What it is, in a few words.
    pub what: &'static str,
    /// How a LOCATION of this kind is written.
    pub example: &'static str,
    /// Where its configuration comes from, the strongest source first.
    pub configuration: &'static [&'static str],
    /// Whether this build can read it.
    pub supported: bool,
}

static SCHEMES: [SchemeInfo; 6] = [
    SchemeInfo {
        scheme: Scheme::File,
        spellings: &["file"],
        what: "local or mounted disk",
        example: "/data/checkpoints, file:///data/checkpoints",
        configuration: &[],
        supported: true,
    },
    SchemeInfo {
        scheme: Scheme::S3,
        spellings: &["s3", "s3a", "s3n", "s3p"],
        what: "Amazon S3 and compatible stores",
        example: "s3://BUCKET/KEY",
        configuration: &[
            "--store-option (region, endpoint, access_key_id, secret_access_key, skip_signature, ...)",
            "environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL",
            "AWS_PROFILE in ~/.aws/credentials and ~/.aws/config (static keys, region, endpoint_url)",
            "web identity, container and instance roles",
        ],
        supported: true,
    },
    SchemeInfo {
        scheme: Scheme::Gs,
        spellings: &["gs"],
        what: "Google Cloud Storage",
        example: "gs://BUCKET/KEY",
        configuration: &[
            "--store-option (service_account, service_account_key, bearer_token, skip_signature, ...)",
            "environment: GOOGLE_SERVICE_ACCOUNT, GOOGLE_SERVICE_ACCOUNT_KEY, GOOGLE_APPLICATION_CREDENTIALS",
            "application default credentials of gcloud",
            "instance metadata",
        ],
        supported: true,
    },
    SchemeInfo {
        scheme: Scheme::Abfs,
        spellings: &["abfs", "abfss", "wasb", "wasbs"],
        what: "Azure Blob Storage and Data Lake Gen2",
        example: "abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH",
        configuration: &[
            "--store-option (account_key, sas_token, tenant_id, client_id, client_secret, use_azure_cli, ...)",
            "environment: AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_TENANT_ID",
            "workload identity, managed identity",
        ],
        supported: true,
    },
    SchemeInfo {
        scheme: Scheme::Hdfs,
        spellings: &["hdfs"],
        what: "Hadoop file system",
        example: "hdfs://NAMENODE:PORT/PATH",
        configuration: &["HADOOP_CONF_DIR"],
        supported: false,
    },
    SchemeInfo {
        scheme: Scheme::Oss,
        spellings: &["oss"],
        what: "Alibaba Cloud OSS",
        example: "oss://BUCKET/KEY",
        configuration: &["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        supported: false,
    },
];

/// Lists every kind of store that is known, supported or not.
pub fn schemes() -> &'static [SchemeInfo] {
    &SCHEMES
}

impl Scheme {
    /// Finds the kind that a scheme text means, in any case; never fails (see [`Scheme::Other`]).
    pub fn of(text: &str) -> Scheme {
        let text = text.to_ascii_lowercase();
        SCHEMES
            .iter()
            .find(|info| info.spellings.contains(&text.as_str()))
            .map_or_else(|| Scheme::Other(text), |info| info.scheme.clone())
    }

    /// Gives the canonical spelling, without the colon.
    pub fn as_str(&self) -> &str {
        match self {
            Scheme::File => "file",
            Scheme::S3 => "s3",
            Scheme::Gs => "gs",
            Scheme::Abfs => "abfs",
            Scheme::Hdfs => "hdfs",
            Scheme::Oss => "oss",
            Scheme::Other(text) => text,
        }
    }

    /// Gives what is known about this kind, or `None` for [`Scheme::Other`].
    pub fn info(&self) -> Option<&'static SchemeInfo> {
        SCHEMES.iter().find(|info| info.scheme == *self)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names every known spelling in one line, for messages.
pub(crate) fn known_spellings() -> String {
    let all: Vec<&str> = SCHEMES.iter().flat_map(|info| info.spellings).copied().collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_the_enum_agree() {
        for info in schemes() {
            assert_eq!(info.spellings[0], info.scheme.as_str());
            for spelling in info.spellings {
                assert_eq!(Scheme::of(&spelling.to_uppercase()), info.scheme);
            }
            assert_eq!(info.scheme.info().unwrap().what, info.what);
        }
        assert_eq!(Scheme::of("ViewFS"), Scheme::Other("viewfs".into()));
    }
}
