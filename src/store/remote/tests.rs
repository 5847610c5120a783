//! How clients are configured.

use super::*;
use crate::store::tests::responder::Reply;
use crate::store::tests::responder::Responder;
use crate::store::tests::responder::refused_url;
use crate::store::tests::run;

fn at(text: &str) -> Location {
    Location::parse_flink(text).unwrap()
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    let none = [("AWS_CONFIG_FILE", "/nowhere"), ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")];
    // The first one found counts.
    Environment(pairs.iter().chain(&none).map(|(k, v)| ((*k).into(), (*v).into())).collect())
}

fn try_open(place: &str, options: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
    let options = options.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    match open_with(&at(place), &StoreOptions { options }, &environment(variables)) {
        Ok(_) => "ok".into(),
        Err(error) => {
            let detail = error.to_string();
            assert!(matches!(error, StoreError::Configuration { .. }), "{error:?}");
            assert!(!detail.contains("5ec2e7"), "{detail}");
            detail
        }
    }
}

#[test]
fn options_are_checked_by_name_and_value() {
    let s3 = |key: &str, value: &str| try_open("s3://b/k", &[(key, value)], &[]);
    assert_eq!(s3("AWS_Region", "x"), "ok");
    assert_eq!(s3("skip_signature", "true"), "ok");
    assert_eq!(s3("retry_timeout", "1m"), "ok");
    assert_eq!(s3("google_bearer_token", "x"), "ok");
    assert!(
        s3("regoin", "5ec2e7").contains("regoin: is not an option of s3: stores; did you mean")
    );
    assert!(s3("account_key", "5ec2e7").contains("write azure_account_key"));
    for (key, value) in [("allow_http", "maybe"), ("read_timeout", "soon"), ("s3_express", "?")] {
        let said = s3(key, value);
        assert!(said.contains(key) && said.contains("failed to parse"), "{said}");
    }
    assert!(s3("max_retries", "x").contains("max_retries: needs a number"));
    assert!(s3("aws_retry_timeout", "-5s").contains("needs a duration such as 20s"));
    assert!(s3("access_key_id", "5ec2e7").contains("Missing SecretAccessKey"));
}

#[test]
fn each_cloud_opens_from_its_own_variables() {
    let key = "a2V5IG9mIGFuIGFjY291bnQ=";
    let azure = |place: &str, variables: &[(&str, &str)]| try_open(place, &[], variables);
    let account = [("AZURE_STORAGE_ACCOUNT_KEY", key)];
    assert_eq!(azure("abfss://c@acc.dfs.core.windows.net/p", &account), "ok");
    assert_eq!(azure("wasbs://c@acc.blob.core.chinacloudapi.cn/p", &account), "ok");
    assert!(azure("abfss://c@strange/p", &account).contains("no storage account"));
    assert!(azure("abfss://c/p", &account).contains("Account must be specified"));
    let named = [account[0], ("AZURE_STORAGE_ACCOUNT_NAME", "acc")];
    assert_eq!(azure("abfss://c/p", &named), "ok");
    assert!(
        azure("abfss://c@a.dfs.core.windows.net/p", &[("AZURE_STORAGE_ACCOUNT_KEY", "5ec2e7!")])
            .contains("wrong configuration")
    );
    assert_eq!(try_open("gs://b/p", &[("skip_signature", "true")], &[]), "ok");
    let missing = [("GOOGLE_SERVICE_ACCOUNT", "/nowhere/account.json")];
    assert!(try_open("gs://b/p", &[], &missing).contains("/nowhere/account.json"));
    let json = [("service_account_key", "{\"private_key\": \"5ec2e7\"}")];
    assert!(try_open("gs://b/p", &json, &missing).contains("wrong configuration"));
}

#[test]
fn aws_files_are_read_and_sources_are_not_mixed() {
    let dir = tempfile::tempdir().unwrap();
    let (config, credentials) = (dir.path().join("config"), dir.path().join("credentials"));
    std::fs::write(&config, "[profile p]\nregion = eu-1\n[profile sso]\nsso_session = x\n")
        .unwrap();
    std::fs::write(&credentials, "[p]\naws_access_key_id = A\n").unwrap();
    let (config, credentials) = (config.to_str().unwrap(), credentials.to_str().unwrap());
    let files = [("AWS_CONFIG_FILE", config), ("AWS_SHARED_CREDENTIALS_FILE", credentials)];
    let with = |more: &[(&str, &str)]| {
        try_open("s3://b/k", &[], &[more, &files as &[(&str, &str)]].concat())
    };
    // The key without a secret shows that it was read, and from where.
    assert!(with(&[("AWS_PROFILE", "p")]).contains("Missing SecretAccessKey"));
    let own = [("AWS_ACCESS_KEY_ID", "B"), ("AWS_SECRET_ACCESS_KEY", "C"), ("AWS_PROFILE", "p")];
    assert_eq!(with(&own), "ok");
    assert_eq!(with(&[]), "ok");
    assert!(with(&[("AWS_PROFILE", "sso")]).contains("aws configure export-credentials"));
    assert!(with(&[("AWS_PROFILE", "q")]).contains("AWS_PROFILE=q: there is no such profile"));
}

#[test]
fn credentials_that_cannot_be_had_are_missing_not_a_network_problem() {
    let store = Responder::start(|_| Reply::ok("never asked"));
    let no_role = Responder::start(|_| Reply::Status(404, "no".into(), String::new()));
    for metadata in [no_role.url.clone(), refused_url()] {
        let variables = [("AWS_ENDPOINT_URL", &*store.url), ("AWS_METADATA_ENDPOINT", &metadata)];
        let options = StoreOptions { options: vec![("max_retries".into(), "1".into())] };
        let opened = open_with(&at("s3://b/k"), &options, &environment(&variables)).unwrap();
        let error = run(opened.list(&at("s3://b/k"))).unwrap_err();
        assert!(matches!(error, StoreError::Unauthenticated { .. }), "{error:?}");
        assert!(error.to_string().contains("no credentials could be obtained"), "{error}");
        assert!(error.hint().unwrap().contains("AWS_ACCESS_KEY_ID"));
    }
    assert!(store.requests().is_empty());
}
