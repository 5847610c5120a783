//! Options and variables that no request can be made of: an error with exit code 1, never a panic.

use std::process::Command;

const SECRET: &str = "topsecret";

/// Runs `inspect` of a bucket with these options and variables; nothing listens there.
fn inspect(location: &str, options: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chkctl"));
    command.args(["inspect", location, "--store-option", "retry_timeout=1s"]);
    options.iter().for_each(|option| {
        command.args(["--store-option", option]);
    });
    command.env_clear().env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", SECRET);
    command.env("AWS_REGION", "eu-central-1").envs(environment.iter().copied());
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), stderr)
}

#[test]
fn what_cannot_be_sent_is_an_error() {
    let nobody = "endpoint=http://127.0.0.1:1";
    for endpoint in [
        "localhost:9000",
        "not a url",
        "",
        "http://",
        "http://h:99999",
        "http://[::1",
        "http://h/a b",
    ] {
        check(inspect("s3://b/x", &[&format!("endpoint={endpoint}")], &[]));
        check(inspect("s3://b/x", &[], &[("AWS_ENDPOINT_URL", endpoint)]));
    }
    check(inspect("s3://b/x", &[], &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1\n")]));
    // As a file in a mounted Kubernetes secret ends.
    for variable in ["AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_REGION"] {
        check(inspect("s3://b/x", &[nobody], &[(variable, "topsecret\n")]));
    }
    check(inspect("s3://b ucket/x", &[nobody], &[]));
    let proxy = "proxy_url=http://127.0.0.1:1";
    check(inspect("gs://b/x", &[proxy, "bearer_token=topsecret\n"], &[]));
    let container = "abfs://c@a.dfs.core.windows.net/x";
    check(inspect(container, &[proxy, "bearer_token=topsecret\n"], &[]));
}

#[test]
fn a_secret_key_with_a_slash_in_a_uri_is_not_repeated() {
    let (_, stderr) = inspect("s3://AKIA:top/secret@b/x", &["endpoint=http://127.0.0.1:1"], &[]);
    assert!(!stderr.contains("secret@"), "{stderr}");
    let (_, stderr) = inspect("file://user:topsecret@host/x", &[], &[]);
    assert!(!stderr.contains(SECRET), "{stderr}");
}

#[test]
fn credentials_in_a_uri_are_not_repeated() {
    for location in [
        "s3://AKIA:topsecret@b/x",
        "s3a://topsecret@b/x",
        "ftp://user:topsecret@host/x",
        "https://user:topsecret@host/x",
        "https://b.s3.amazonaws.com/x?X-Amz-Signature=topsecret",
        "https://a.blob.core.windows.net/c/x?sig=topsecret",
        "abfs://c:topsecret@a.dfs.core.windows.net/x",
        "hdfs://user:topsecret@namenode/x",
    ] {
        let (code, stderr) = inspect(location, &[], &[]);
        assert_eq!(code, 2, "{stderr}");
        assert!(!stderr.contains(SECRET), "{stderr}");
        assert!(stderr.contains("\nhint: "), "{stderr}");
    }
}

fn check((code, stderr): (i32, String)) {
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.starts_with("error: ") && stderr.contains("\nhint: "), "{stderr}");
    assert!(!stderr.contains(SECRET), "{stderr}");
}
