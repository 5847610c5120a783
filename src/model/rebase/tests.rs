//! What paths say about a move, and what only looks like one.

use super::*;

const JOB: &str = "29fd738c29badb5a3c185b2ab2bbb63a";
const OTHER: &str = "1422a711d4d5c091b86f95df9ff406d3";

fn at(text: &str) -> Location {
    Location::parse_flink(&text.replace("JOB", JOB).replace("OTHER", OTHER)).unwrap()
}

fn written<'t>(paths: &'t [&'t str]) -> impl Iterator<Item = Written> + 't {
    paths.iter().map(|text| Written { path: at(text), is_file: !text.ends_with("inline") })
}

fn guess(metadata: &str, evidence: &[&str]) -> Option<Guess> {
    let home = Home::of(at(metadata), false);
    learned(&Rebasing::stated(&[], "_entropy_"), &home, evidence)
}

fn learned(rebasing: &Rebasing, home: &Home, evidence: &[&str]) -> Option<Guess> {
    let mut learner = rebasing.learner(home);
    let _ended = written(evidence).try_for_each(|path| learner.look(path));
    learner.guess()
}

/// Where `path` is now, for a metadata file at `metadata` which names `evidence`, if nothing
/// has to be proved.
fn rebased(metadata: &str, evidence: &[&str], path: &str) -> Option<String> {
    let guess = guess(metadata, evidence)?;
    assert_eq!(guess.proof, None, "the evidence is enough");
    let mut rebasing = Rebasing::default();
    rebasing.add(guess.rule);
    let (_, place) = rebasing.apply(&at(path))?;
    Some(place.to_string().replace(JOB, "JOB").replace(OTHER, "OTHER"))
}

#[test]
fn a_checkpoint_in_its_place_needs_no_rule() {
    let paths = ["file:/cp/JOB/shared/a"];
    assert_eq!(rebased("/cp/JOB/chk-7/_metadata", &paths, "file:/cp/JOB/shared/a"), None);
    let paths = ["s3a://b/cp/JOB/shared/a"];
    assert_eq!(rebased("s3://b/cp/JOB/chk-7/_metadata", &paths, "s3://b/cp/JOB/shared/a"), None);
}

#[test]
fn a_moved_root_is_learned_from_own_paths_and_holds_for_sibling_jobs() {
    let metadata = "/copy/here/JOB/chk-7/_metadata";
    for own in ["file:/cp/JOB/shared/a", "file:/cp/JOB/chk-7/inline", "file:/cp/JOB/taskowned/t"] {
        let paths = ["file:/cp/OTHER/shared/x", own];
        let place = rebased(metadata, &paths, "file:/cp/OTHER/shared/x");
        assert_eq!(place.as_deref(), Some("file:///copy/here/OTHER/shared/x"), "{own}");
    }
}

#[test]
fn another_scheme_is_another_way_to_the_same_files() {
    let place = rebased(
        "/mnt/b/cp/JOB/chk-7/_metadata",
        &["s3://b/cp/JOB/shared/a"],
        "s3a://b/cp/JOB/shared/z",
    );
    assert_eq!(place.as_deref(), Some("file:///mnt/b/cp/JOB/shared/z"));
}

#[test]
fn a_path_of_another_job_alone_proves_nothing() {
    let paths = ["file:/cp/OTHER/shared/x", "file:/cp/OTHER/chk-7/x"];
    assert_eq!(rebased("/copy/JOB/chk-7/_metadata", &paths, "file:/cp/OTHER/shared/x"), None);
}

#[test]
fn one_path_in_its_place_disproves_a_move() {
    // A job id used again below another root, whose old files were claimed.
    let paths = ["file:/old/JOB/shared/a", "file:/new/JOB/shared/b"];
    assert_eq!(guess("/new/JOB/chk-5/_metadata", &paths), None);
}

#[test]
fn without_a_job_id_the_checkpoint_directory_is_the_evidence() {
    let paths = ["file:/cp/shared/a", "file:/cp/chk-7/inline"];
    let place = rebased("/copy/chk-7/_metadata", &paths, "file:/cp/shared/a");
    assert_eq!(place.as_deref(), Some("file:///copy/shared/a"));
    // A job directory that was renamed.
    let paths = ["file:/cp/JOB/chk-7/inline"];
    let place = rebased("/copy/orders/chk-7/_metadata", &paths, "file:/cp/JOB/shared/a");
    assert_eq!(place.as_deref(), Some("file:///copy/orders/shared/a"));
}

#[test]
fn shared_files_alone_may_be_those_of_another_job() {
    let found = guess("/cp/chk-7/_metadata", &["file:/cp/OTHER/shared/a"]).unwrap();
    assert_eq!(found.rule.from, at("/cp/OTHER"));
    assert_eq!(found.proof, Some(at("/cp/shared/a")));
    assert_eq!(guess("/cp/chk-7/_metadata", &["file:/cp/OTHER/shared/inline"]), None);
}

#[test]
fn a_moved_savepoint_with_absolute_paths() {
    let metadata = "/new/savepoint-29fd73-90a0476d001f/_metadata";
    let path = "hdfs://nn:8020/old/savepoint-29fd73-90a0476d001f/u";
    let place = rebased(metadata, &[path], path);
    assert_eq!(place.as_deref(), Some("file:///new/savepoint-29fd73-90a0476d001f/u"));
}

#[test]
fn what_may_be_entropy_must_be_proved() {
    let metadata = "s3://b/cp/JOB/chk-7/_metadata";
    let whole_segment = ["s3://b/x9k2/cp/JOB/shared/a", "s3://b/pp01/cp/JOB/shared/b"];
    let inside = ["s3://b/cpx9k2/JOB/shared/a", "s3://b/cppp01/JOB/chk-7/inline"];
    let one = ["s3://b/ab12/cp/JOB/shared/a"];
    for paths in [&whole_segment[..], &one] {
        let found = guess(metadata, paths).unwrap();
        assert_eq!(found.proof, Some(at("s3://b/cp/JOB/shared/a")));
    }
    assert_eq!(guess(metadata, &inside), None);
    // Local disks have no entropy: this is a move.
    let place = rebased("/cp/JOB/chk-7/_metadata", &["/x/cp/JOB/shared/a"], "/x/cp/JOB/shared/a");
    assert_eq!(place.as_deref(), Some("file:///cp/JOB/shared/a"));
}

#[test]
fn a_stated_rule_wins_and_may_hold_the_entropy_marker() {
    let home = Home::of(at("/d/cp/JOB/chk-7/_metadata"), false);
    let stated = [(at("s3://b/_entropy_/cp"), at("/d/cp"))];
    let paths = ["s3://b/x9k2/cp/JOB/shared/a", "s3://b/pp01/cp/JOB/shared/b"];
    let rebasing = Rebasing::stated(&stated, "_entropy_");
    assert_eq!(learned(&rebasing, &home, &paths), None);
    assert_eq!(rebasing.apply(&at(paths[1])), Some((0, at("/d/cp/JOB/shared/b"))));
    assert_eq!(rebasing.apply(&at("s3://b/cp/JOB/shared/b")), None);
    let inside = [(at("s3://b/p_entropy_q/cp"), at("/d/cp"))];
    let rebasing = Rebasing::stated(&inside, "_entropy_");
    let place = rebasing.apply(&at("s3://b/pXYZq/cp/JOB/shared/b"));
    assert_eq!(place, Some((0, at("/d/cp/JOB/shared/b"))));
    assert_eq!(rebasing.apply(&at("s3://b/pXY/Zq/cp/JOB/shared/b")), None);
}
