//! `tests/cmd/**/*.trycmd`: commands, what they print (stdout and stderr together, as a terminal
//! shows them) and their exit codes, written as a session at a shell.
//!
//! They run in a laboratory made anew for each run (`lab`): real checkpoints, and damaged ones
//! made of them, so that nothing opaque is committed. `[LAB]` stands for its directory, `[SERVER]`
//! for the address of a small web server that answers as S3 does (`support::s3`).
//!
//! `TRYCMD=overwrite cargo test --test it transcripts` writes what is printed now into the files;
//! then read the difference.

mod lab;
mod session;

use std::process::Output;

use serde_json::Value;

use crate::contract::Contract;
use lab::Lab;
use session::Step;

/// The only text that may not occur anywhere.
const SECRET: &str = "wJalrXUtnFEMI0K7MDENG0bPxRfiCYEXAMPLEKEY";

#[test]
fn transcripts() {
    let lab = Lab::make();
    let cases = trycmd::TestCases::new();
    cases.register_bin("chkctl", lab::launcher());
    for (key, value) in lab.environment() {
        cases.env(key, value);
    }
    cases.insert_var("[LAB]", lab.path().to_str().unwrap().to_owned()).unwrap();
    cases.insert_var("[SERVER]", lab.s3().to_owned()).unwrap();
    cases.insert_var("[VERSION]", env!("CARGO_PKG_VERSION")).unwrap();
    cases.case("tests/cmd/*/*.trycmd").run();
}

/// Every failing command of every transcript again, with `--output json`.
#[test]
fn every_failure_is_one_json_object_with_a_next_step() {
    let lab = Lab::make();
    let contract = Contract::of("error");
    let plain = |step: &Step| !step.args.iter().any(|arg| arg.starts_with("--output"));
    let failing = session::all().into_iter().filter(|step| matches!(step.status, 1 | 2));
    let failing: Vec<Step> = failing.filter(plain).collect();
    assert!(failing.len() > 60, "{} failing commands", failing.len());
    for step in &failing {
        let mut args: Vec<&str> = step.args.iter().map(String::as_str).collect();
        args.extend(["--output", "json"]);
        let output = lab.run(&args);
        let place = format!("{}: chkctl {}", step.place, args.join(" "));
        let failure = one_failure(&output, &place);
        assert_eq!(output.status.code(), Some(step.status), "{place}");
        assert_eq!(failure["exit_code"], step.status, "{place}");
        assert_eq!(failure["schema"], "chkctl.error/1", "{place}");
        assert_eq!(contract.complaint(&failure), None, "{place}");
        assert!(failure["hint"].is_string(), "{place}: no next step in {failure}");
    }
}

/// The JSON object on stderr. Nothing is on stdout, or the whole report of all that could be read,
/// and then the warnings come before the failure.
fn one_failure(output: &Output, place: &str) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    let mut lines = stderr.lines().rev();
    let last = lines.next().unwrap_or_default();
    if stdout.is_empty() {
        assert_eq!(lines.next(), None, "{place}: {stderr}");
    } else {
        let report: Value = serde_json::from_str(&stdout).unwrap();
        let told = |list: &str| report[list].as_array().is_some_and(|list| !list.is_empty());
        let nothing = report["checkpoints"].as_array().is_some_and(Vec::is_empty);
        assert!(told("warnings") || told("findings") || nothing, "{place}: {stdout}");
        assert!(lines.all(|line| line.starts_with("warning: ") || line.starts_with("note: ")));
    }
    assert!(!stderr.contains(SECRET), "{place}: a secret in {stderr}");
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{place}: {error}: {stderr}"))
}

/// What went over the wire was signed with the secret, and no output of any verbosity shows it.
#[test]
fn the_secret_is_used_and_never_shown() {
    let lab = Lab::make();
    for bucket in ["flink", "denied", "no-such-bucket", "bad-key", "broken"] {
        for option in [&[][..], &["--store-option", &format!("secret_access_key={SECRET}")]] {
            let location = format!("s3://{bucket}/profile-job/ae794d9774cbbac779e858834152defc");
            let location = format!("{location}@latest");
            let args = [&["inspect", "-vvv", location.as_str()], option].concat();
            let output = lab.run(&args);
            let [stdout, stderr] =
                [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
            assert!(!stdout.contains(SECRET), "{stdout}");
            assert!(!stderr.contains(SECRET), "{stderr}");
            assert!(!stderr.contains("Signature="), "{stderr}");
        }
    }
    let signed = |head: &String| head.to_ascii_lowercase().contains("authorization: aws4-hmac");
    assert!(lab.requests().iter().all(signed), "requests are signed");
}
