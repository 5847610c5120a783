use super::*;

const JOB: &str = "29fd738c29badb5a3c185b2ab2bbb63a";
const OTHER: &str = "1422a711d4d5c091b86f95df9ff406d3";

fn at(text: &str) -> Location {
    Location::parse_flink(&text.replace("JOB", JOB).replace("OTHER", OTHER)).unwrap()
}

/// Where `path` is now, for a metadata file at `metadata` which names `evidence`.
fn rebased(metadata: &str, evidence: &[&str], path: &str) -> Option<String> {
    let home = Home::of(at(metadata));
    let paths = evidence.iter().map(|text| at(text));
    let rebasing = Rebasing::new(&[], "_entropy_", &home, paths);
    rebasing
        .apply(&at(path))
        .map(|place| place.to_string().replace(JOB, "JOB").replace(OTHER, "OTHER"))
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
fn without_a_job_id_the_checkpoint_directory_is_the_evidence() {
    let paths = ["file:/cp/shared/a", "file:/cp/chk-7/inline"];
    let place = rebased("/copy/chk-7/_metadata", &paths, "file:/cp/shared/a");
    assert_eq!(place.as_deref(), Some("file:///copy/shared/a"));
    // A job directory that was renamed.
    let place =
        rebased("/copy/orders/chk-7/_metadata", &["file:/cp/JOB/chk-7/i"], "file:/cp/JOB/shared/a");
    assert_eq!(place.as_deref(), Some("file:///copy/orders/shared/a"));
}

#[test]
fn a_moved_savepoint_with_absolute_paths() {
    let metadata = "/new/savepoint-29fd73-90a0476d001f/_metadata";
    let path = "hdfs://nn:8020/old/savepoint-29fd73-90a0476d001f/u";
    let place = rebased(metadata, &[path], path);
    assert_eq!(place.as_deref(), Some("file:///new/savepoint-29fd73-90a0476d001f/u"));
}

#[test]
fn entropy_is_no_move() {
    let paths = ["s3://b/x9k2/cp/JOB/shared/a", "s3://b/pp01/cp/JOB/shared/b"];
    assert_eq!(rebased("s3://b/cp/JOB/chk-7/_metadata", &paths, paths[0]), None);
    let inside = ["s3://b/cpx9k2/JOB/shared/a", "s3://b/cppp01/JOB/chk-7/b"];
    assert_eq!(rebased("s3://b/cp/JOB/chk-7/_metadata", &inside, inside[0]), None);
}

#[test]
fn a_stated_rule_wins_and_may_hold_the_entropy_marker() {
    let home = Home::of(at("/d/cp/JOB/chk-7/_metadata"));
    let stated = [(at("s3://b/_entropy_/cp"), at("/d/cp"))];
    let paths = ["s3://b/x9k2/cp/JOB/shared/a", "s3://b/pp01/cp/JOB/shared/b"];
    let rebasing = Rebasing::new(&stated, "_entropy_", &home, paths.iter().map(|text| at(text)));
    assert_eq!(rebasing.apply(&at(paths[1])), Some(at("/d/cp/JOB/shared/b")));
    assert_eq!(rebasing.rules().len(), 1);
    assert_eq!(rebasing.apply(&at("s3://b/cp/JOB/shared/b")), None);
    let inside = [(at("s3://b/p_entropy_q/cp"), at("/d/cp"))];
    let rebasing = Rebasing::new(&inside, "_entropy_", &home, std::iter::empty());
    assert_eq!(rebasing.apply(&at("s3://b/pXYZq/cp/JOB/shared/b")), Some(at("/d/cp/JOB/shared/b")));
    assert_eq!(rebasing.apply(&at("s3://b/pXY/Zq/cp/JOB/shared/b")), None);
}
