//! One fault at a time.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use super::copy_of;
use super::findings;
use super::flip;
use super::job_of;
use super::shared_ssts;
use super::verdicts;
use super::verify;

/// The SST that most checkpoints share.
fn most_shared(root: &Path) -> (std::path::PathBuf, usize) {
    shared_ssts(root).into_iter().max_by_key(|(path, count)| (*count, path.clone())).unwrap()
}

fn path_below(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap().to_str().unwrap().to_owned()
}

#[test]
fn a_damaged_file_that_several_share_is_found_once_and_blamed_on_all() {
    let (_dir, root) = copy_of("A-retained8-1.20.5");
    let (sst, count) = most_shared(&root);
    assert!(count > 2, "{count}");
    let whole = verify(&root, &["--level", "blocks"]).1;
    flip(&sst, 10, 3);
    let (code, document) = verify(&root, &["--level", "blocks"]);
    assert_eq!(code, 3);
    assert_eq!(findings(&document), [("sst-data".to_owned(), path_below(&root, &sst))]);
    let finding = &document["findings"][0];
    assert_eq!(finding["offset"], 0, "the block begins there");
    assert_eq!(finding["checkpoints"].as_array().unwrap().len(), count);
    let damaged = verdicts(&document).into_iter().filter(|(_, verdict)| verdict == "damaged");
    assert_eq!(damaged.count(), count);
    // Read once for all, and once more to be sure.
    let bytes = |document: &Value| document["totals"]["bytes_read"].as_u64().unwrap();
    let size = fs::metadata(&sst).unwrap().len();
    assert!(bytes(&document) <= bytes(&whole) + size, "{} of {}", bytes(&document), bytes(&whole));
    // Nobody who does not look sees it.
    for level in ["exists", "size", "footer"] {
        assert_eq!(verify(&root, &["--level", level]).0, 0, "{level}");
    }
}

#[test]
fn the_newest_restorable_is_the_newest_that_is_whole() {
    let (_dir, root) = copy_of("A-2.0.2");
    let job = job_of(&root);
    let newest = |document: &Value| document["newest_restorable"].as_str().map(str::to_owned);
    let (_, document) = verify(&job, &["--level", "exists"]);
    let ids: Vec<i64> = verdicts(&document).into_iter().map(|(id, _)| id).collect();
    let [newest_id, second, _] = ids.as_slice() else { panic!("{ids:?}") };
    assert!(newest(&document).unwrap().ends_with(&format!("/chk-{newest_id}")));
    let metadata = job.join(format!("chk-{newest_id}/_metadata"));
    let bytes = fs::read(&metadata).unwrap();
    fs::write(&metadata, &bytes[..bytes.len() / 2]).unwrap();
    let (code, document) = verify(&job, &["--level", "exists"]);
    assert_eq!(code, 3);
    assert!(newest(&document).unwrap().ends_with(&format!("/chk-{second}")));
    fs::write(&metadata, []).unwrap();
    let (_, document) = verify(&job, &["--level", "exists"]);
    assert_eq!(findings(&document)[0].0, "metadata-empty");
}

#[test]
fn every_truncation_of_metadata_is_damage() {
    let (_dir, root) = copy_of("I-sql-2.3.0");
    let job = job_of(&root);
    let checkpoint = fs::read_dir(&job).unwrap().map(|entry| entry.unwrap().path());
    let checkpoint = checkpoint.filter(|path| path.join("_metadata").exists()).max().unwrap();
    let whole = fs::read(checkpoint.join("_metadata")).unwrap();
    // Through the body in steps, and through the trailer byte by byte in a few places.
    let ends = (0..whole.len()).step_by(whole.len() / 40);
    let trailer = (1..600).step_by(37).map(|back| whole.len() - back);
    for end in ends.chain(trailer) {
        fs::write(checkpoint.join("_metadata"), &whole[..end]).unwrap();
        let (code, document) = verify(&checkpoint, &["--level", "exists"]);
        let codes: Vec<String> = findings(&document).into_iter().map(|(code, _)| code).collect();
        let expected = if end == 0 { "metadata-empty" } else { "metadata-damaged" };
        assert_eq!((code, codes.as_slice()), (3, [expected.to_owned()].as_slice()), "{end} bytes");
    }
}

#[test]
fn a_part_is_never_called_the_whole() {
    let (_dir, root) = copy_of("A-retained8-1.20.5");
    for (args, expected) in [(["--sample", "5%"], 0), (["--max-duration", "0s"], 1)] {
        let (code, document) = verify(&root, &[["--level", "blocks"], args].concat());
        assert_eq!(code, expected, "{args:?}");
        assert_eq!(document["complete"], false, "{args:?}");
        assert_eq!(document["newest_restorable"], Value::Null);
        let verdicts: BTreeSet<String> = verdicts(&document).into_iter().map(|(_, v)| v).collect();
        assert_eq!(verdicts, BTreeSet::from(["unknown".to_owned()]), "{args:?}");
    }
    // A sample sees some damage, if there is much, and all that listings show.
    let ssts = shared_ssts(&root);
    ssts.iter().for_each(|(sst, _)| flip(sst, 0, 0));
    let (code, document) = verify(&root, &["--level", "blocks", "--sample", "20%"]);
    let seen = findings(&document).len();
    assert_eq!(code, 3);
    assert!(seen > 0 && seen < ssts.len() / 2, "{seen} of {}", ssts.len());
    fs::remove_file(&ssts[0].0).unwrap();
    let (_, document) = verify(&root, &["--level", "footer", "--sample", "0.001%"]);
    let subject = path_below(&root, &ssts[0].0);
    assert_eq!(findings(&document), [("file-missing".to_owned(), subject)]);
}

#[test]
fn everything_sampled_is_everything() {
    let (_dir, root) = copy_of("A-2.0.2");
    let (_, document) = verify(&root, &["--level", "footer", "--sample", "100%"]);
    assert_eq!(document["complete"], true);
    let (_, document) = verify(&root, &["--level", "blocks", "--max-duration", "1h"]);
    assert_eq!(
        (&document["complete"], document["totals"]["unknown"].as_u64()),
        (&true.into(), Some(0))
    );
}

#[test]
fn sound_files_at_wrong_places_are_found_by_what_the_manifest_says() {
    let (_dir, root) = copy_of("A-2.0.2");
    let mut ssts: Vec<(u64, std::path::PathBuf)> = shared_ssts(&root)
        .into_iter()
        .map(|(path, _)| (fs::metadata(&path).unwrap().len(), path))
        .collect();
    ssts.sort();
    let pair = ssts.windows(2).find(|pair| {
        pair[0].0 == pair[1].0 && fs::read(&pair[0].1).unwrap() != fs::read(&pair[1].1).unwrap()
    });
    let [(_, a), (_, b)] = pair.expect("two SSTs of one size") else { unreachable!() };
    let bytes = fs::read(a).unwrap();
    fs::copy(b, a).unwrap();
    fs::write(b, bytes).unwrap();
    let (code, document) = verify(&root, &["--level", "blocks"]);
    assert_eq!(code, 3);
    let expected: BTreeSet<(String, String)> =
        [a, b].map(|path| ("sst-misplaced".to_owned(), path_below(&root, path))).into();
    assert_eq!(BTreeSet::from_iter(findings(&document)), expected, "{document:#}");
}

#[test]
fn what_is_no_file_could_not_be_looked_at() {
    let (_dir, root) = copy_of("A-2.0.2");
    let (sst, _) = most_shared(&root);
    fs::remove_file(&sst).unwrap();
    // A link that leads nowhere is as good as nothing.
    symlink("/nonexistent", &sst).unwrap();
    assert_eq!(findings(&verify(&root, &["--level", "exists"]).1)[0].0, "file-missing");
    fs::remove_file(&sst).unwrap();
    fs::create_dir(&sst).unwrap();
    assert_eq!(findings(&verify(&root, &["--level", "exists"]).1)[0].0, "file-missing");
}

#[test]
fn bytes_that_are_anything_at_all_never_end_it_early() {
    let (_dir, root) = copy_of("D-merge-within-2.0.2");
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mut open = vec![root.clone()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else if entry.file_name() != "_metadata" {
                let mut bytes = fs::read(entry.path()).unwrap();
                for _ in 0..3 {
                    let at = random() as usize % bytes.len();
                    bytes[at] = random() as u8;
                }
                fs::write(entry.path(), bytes).unwrap();
            }
        }
    }
    let (code, document) = verify(&root, &["--level", "blocks"]);
    assert_eq!(code, 3);
    assert_eq!(document["totals"]["damaged"], document["totals"]["checkpoints"]);
    let (code, _) = verify(&root, &["--level", "footer"]);
    assert!([0, 3].contains(&code));
}

#[test]
fn the_file_of_a_copy_is_not_that_of_the_checkpoint() {
    let (dir, root) = copy_of("A-2.0.2");
    let copy = dir.path().join("copy");
    super::copy(&root, &copy);
    fs::remove_dir_all(job_of(&copy).join("shared")).unwrap();
    for level in ["exists", "blocks"] {
        let (code, document) = verify(dir.path(), &["--level", level]);
        assert_eq!(code, 3, "{level}");
        assert_eq!(document["totals"]["damaged"], 3, "{level}");
        assert_eq!(document["totals"]["restorable"], 3, "{level}");
        assert!(findings(&document).iter().all(|(code, _)| code == "file-missing"), "{level}");
    }
}

#[test]
fn one_handle_with_a_wrong_size_is_the_matter_of_its_checkpoint_alone() {
    let (_dir, root) = copy_of("A-retained8-1.20.5");
    let (sst, _) = most_shared(&root);
    let name = sst.file_name().unwrap().to_str().unwrap().to_owned();
    let find = |bytes: &[u8], text: &str| {
        bytes.windows(text.len()).position(|window| window == text.as_bytes())
    };
    // The newest one that refers to it.
    let all = verdicts(&verify(&root, &["--level", "size"]).1);
    let path_of = |id: i64| job_of(&root).join(format!("chk-{id}/_metadata"));
    let mut refers =
        all.iter().filter(|(id, _)| find(&fs::read(path_of(*id)).unwrap(), &name).is_some());
    let newest = refers.next().unwrap().0;
    let metadata = path_of(newest);
    let mut bytes = fs::read(&metadata).unwrap();
    let at = find(&bytes, &name).unwrap();
    let begin = bytes[..at].windows(5).rposition(|window| window == b"file:").unwrap();
    // The size stands before the length of the path.
    bytes[begin - 3] ^= 1;
    fs::write(&metadata, bytes).unwrap();
    for level in ["size", "blocks"] {
        let (code, document) = verify(&root, &["--level", level]);
        assert_eq!(code, 3, "{name}");
        let damaged = verdicts(&document).into_iter().filter(|(_, verdict)| verdict == "damaged");
        assert_eq!(damaged.map(|(id, _)| id).collect::<Vec<_>>(), [newest], "{level}");
    }
}

#[test]
fn the_meta_of_other_states_does_not_fit_the_database() {
    let (_dir, root) = copy_of("G-halt-1.20.5");
    let mut changed = 0;
    for entry in fs::read_dir(job_of(&root).join("chk-4")).unwrap().map(Result::unwrap) {
        let mut bytes = fs::read(entry.path()).unwrap();
        let found = bytes.windows(9).position(|window| window == b"\0\x07matched");
        if let Some(at) = found.filter(|_| entry.file_name() != "_metadata") {
            bytes[at + 8] = b'b';
            fs::write(entry.path(), bytes).unwrap();
            changed += 1;
        }
    }
    assert!(changed > 0);
    let (code, document) = verify(&root, &["--level", "blocks"]);
    let codes: Vec<String> = findings(&document).into_iter().map(|(code, _)| code).collect();
    assert_eq!((code, codes), (3, vec!["backend-meta".to_owned(); changed]));
}

#[test]
fn metadata_of_another_checkpoint_is_noted() {
    let (_dir, root) = copy_of("A-1.20.5");
    let job = job_of(&root);
    let ids: Vec<i64> =
        verdicts(&verify(&root, &["--level", "exists"]).1).into_iter().map(|(id, _)| id).collect();
    let path = |id: i64| job.join(format!("chk-{id}/_metadata"));
    fs::copy(path(ids[1]), path(ids[0])).unwrap();
    let (_, document) = verify(&root, &["--level", "exists"]);
    assert!(findings(&document).iter().any(|(code, _)| code == "checkpoint-id"), "{document}");
}
