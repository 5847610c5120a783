//! What `inspect` of a job says when checkpoints are completed or removed while it looks, and when
//! requests fail.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use chkctl::catalog::checkpoint::RebaseOptions;
use chkctl::catalog::survey;
use chkctl::catalog::survey::Scope;
use chkctl::ops::inspect::tree::Facts;
use chkctl::ops::inspect::tree::Problem;
use chkctl::ops::inspect::tree::Row;
use chkctl::ops::inspect::tree::Subject;
use chkctl::ops::inspect::tree::Tree;
use chkctl::store::Location;
use chkctl::store::Store;
use chkctl::store::StoreOptions;
use chkctl::store::Stores;
use object_store::Error;
use object_store::memory::InMemory;

use crate::support::archives;
use crate::support::hooked_store::Call;
use crate::support::hooked_store::HookedStore;
use crate::support::hooked_store::delete_all;
use crate::support::hooked_store::get;
use crate::support::hooked_store::put;

const JOB: &str = "a8302c4319f7f0df0b0770b92f527a3c";

fn store() -> HookedStore {
    HookedStore::of(&archives::unpack("A-retained8-1.20.5").root())
}

/// What is concluded about the job in a store, which must be possible.
fn inspect(store: HookedStore) -> Facts {
    survey_of(store).unwrap()
}

fn survey_of(store: HookedStore) -> Result<Facts, String> {
    let place = Location::parse_flink(&format!("s3://bucket/{JOB}")).unwrap();
    survey_at(store, Subject::job(place))
}

fn survey_at(store: HookedStore, subject: Subject) -> Result<Facts, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stores = Stores::new(StoreOptions::default());
    stores.insert(&subject.tree, Store::object(Arc::new(store)));
    let rebase = RebaseOptions::default();
    let scope = Scope {
        only: None,
        tree: subject.tree.clone(),
        also: Vec::new(),
        around: subject.around(),
        rebase: &rebase,
    };
    let mut tree = Tree::new(subject);
    let done = runtime.block_on(survey::run(&stores, &scope, &mut tree, &|_| ()));
    done.map_err(|error| error.to_string())?;
    Ok(tree.conclude(jiff::Timestamp::UNIX_EPOCH, None))
}

fn row(facts: &Facts, id: i64) -> Option<&Row> {
    facts.rows.iter().find(|row| row.id == Some(id))
}

fn metadata(id: i64) -> String {
    format!("{JOB}/chk-{id}/_metadata")
}

#[test]
fn nothing_happens() {
    let facts = inspect(store());
    let ids: Vec<_> = facts.rows.iter().map(|row| row.id.unwrap()).collect();
    assert_eq!(ids, [3, 4, 5, 6, 7, 8, 9, 10]);
    assert!(facts.totals.complete && facts.failures().next().is_none());
    assert_eq!((facts.totals.sums.unreferenced.files, facts.totals.missing), (0, 0));
}

/// Flink subsumes chk-3 after it was listed and before it is read.
#[test]
fn a_checkpoint_that_is_removed_before_it_is_read_is_not_broken() {
    let facts = inspect(store().before(|call, memory| {
        if *call == Call::Get(metadata(3)) {
            delete_all(memory, &format!("{JOB}/chk-3/"));
        }
        None
    }));
    assert_eq!(row(&facts, 3).unwrap().problem, Some(Problem::Removed));
    assert_eq!(facts.failures().count(), 0, "no failure");
    assert!(!facts.totals.complete, "but not everything is known");
    assert_eq!(facts.rows.iter().filter(|row| row.problem.is_some()).count(), 1);
    let codes: Vec<&str> = facts.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["checkpoint-removed"]);
}

/// Its files go first, as the parallel cleaner may do it, and its metadata goes last: after
/// files of it were already asked for.
#[test]
fn a_checkpoint_that_is_removed_while_it_is_read_has_no_missing_files() {
    let mut begun = false;
    let facts = inspect(store().before(move |call, memory| {
        match call {
            Call::ListAll(_) if !begun => {
                delete_files_of(memory, 3);
                begun = true;
            }
            Call::Head(path) if is_file_of(path, 3) => delete_all(memory, &metadata(3)),
            _ => {}
        }
        None
    }));
    assert_eq!(row(&facts, 3).unwrap().problem, Some(Problem::Removed));
    assert_eq!(facts.failures().count(), 0);
}

/// The same files missing from a checkpoint that stays.
#[test]
fn a_checkpoint_that_stays_has_missing_files() {
    let facts = inspect(store().before(|call, memory| {
        if matches!(call, Call::ListAll(_)) {
            delete_files_of(memory, 3);
        }
        None
    }));
    let Some(Problem::Files { missing, .. }) = &row(&facts, 3).unwrap().problem else {
        panic!("{:?}", row(&facts, 3).unwrap().problem)
    };
    assert!(*missing > 0);
    assert_eq!(facts.totals.missing, *missing);
    assert_eq!(facts.failures().count(), 0, "a finding, and nothing that could not be read");
}

fn is_file_of(path: &str, id: i64) -> bool {
    path.contains(&format!("/chk-{id}/")) && !path.ends_with("_metadata")
}

fn delete_files_of(memory: &InMemory, id: i64) {
    let prefix = format!("{JOB}/chk-{id}/");
    let bytes = get(memory, &metadata(id));
    delete_all(memory, &prefix);
    put(memory, &metadata(id), bytes);
}

/// What a listing does not show is asked for by its name: files of a checkpoint that was
/// completed while it went on are there, and count like all others.
#[test]
fn files_that_a_listing_does_not_show_are_not_missing() {
    let whole = inspect(store());
    let hidden = |path: &str| path.ends_with('b') || path.contains("/chk-10/");
    let facts = inspect(store().omit(hidden));
    assert_eq!(facts.totals.sums, whole.totals.sums);
    assert_eq!(facts.totals.missing, 0);
    assert!(facts.totals.complete && facts.findings.is_empty(), "{:?}", facts.findings);
    for (row, expected) in facts.rows.iter().zip(&whole.rows) {
        assert_eq!((row.id, row.missing, row.unseen), (expected.id, 0, 0));
        assert_eq!(row.exclusive_bytes, expected.exclusive_bytes, "{:?}", row.id);
    }
}

/// Not shown, and then nobody may ask: neither there nor missing.
#[test]
fn files_that_cannot_be_asked_for_are_neither_there_nor_missing() {
    let facts = inspect(store().omit(|path| is_file_of(path, 10)).before(|call, _| {
        let source = "access denied".into();
        let asked = matches!(call, Call::Head(path) if is_file_of(path, 10));
        asked.then_some(Error::Generic { store: "test", source })
    }));
    let newest = row(&facts, 10).unwrap();
    assert_eq!(newest.missing, 0);
    assert!(newest.unseen > 0);
    assert_eq!(newest.problem.as_ref().map(Problem::code), Some("files-unseen"));
    assert_eq!(facts.totals.missing, 0);
    let codes: Vec<&str> = facts.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["files-unseen", "files-unseen"], "the directory, and the checkpoint");
}

/// A checkpoint is completed after everything was listed: its files were there already, and must
/// not be called unreferenced.
#[test]
fn a_checkpoint_that_is_completed_meanwhile_is_found() {
    let completed_meanwhile = || {
        let mut bytes = Vec::new();
        store().before(move |call, memory: &InMemory| {
            match call {
                // Not there yet when the listing begins ...
                Call::ListAll(_) => {
                    bytes = get(memory, &metadata(10));
                    delete_all(memory, &metadata(10));
                }
                // ... and there when the others are read.
                Call::Get(_) if !bytes.is_empty() => put(memory, &metadata(10), bytes.clone()),
                _ => {}
            }
            None
        })
    };
    let root = Location::parse_flink("s3://bucket/").unwrap();
    let job = Location::parse_flink(&format!("s3://bucket/{JOB}")).unwrap();
    for subject in [Subject::root(root), Subject::job(job)] {
        let facts = survey_at(completed_meanwhile(), subject).unwrap();
        let newest = row(&facts, 10).expect("the job is listed again");
        assert_eq!((newest.problem.as_ref(), newest.missing), (None, 0));
        assert_eq!(facts.totals.sums.unreferenced.files, 0);
        assert!(facts.incomplete.is_empty());
    }
}

/// Metadata of a file system that shows files while they are written.
#[test]
fn metadata_that_is_being_written_is_read_again() {
    let facts = inspect(store().before({
        let mut whole: Option<Vec<u8>> = None;
        move |call, memory| {
            match (&whole, call) {
                (None, Call::Get(path)) if *path == metadata(10) => {
                    let bytes = get(memory, path);
                    put(memory, path, bytes[..bytes.len() / 2].to_vec());
                    whole = Some(bytes);
                }
                (Some(bytes), Call::Head(path)) if *path == metadata(10) => {
                    put(memory, path, bytes.clone());
                }
                _ => {}
            }
            None
        }
    }));
    assert_eq!(row(&facts, 10).unwrap().problem, None);
}

#[test]
fn a_broken_checkpoint_is_one_row_and_not_the_end() {
    let facts = inspect(store().before(|call, memory| {
        if *call == Call::ListAll(JOB.to_owned()) {
            let bytes = get(memory, &metadata(5));
            put(memory, &metadata(5), bytes[..bytes.len() / 2].to_vec());
            put(memory, &metadata(6), Vec::new());
        }
        None
    }));
    let problem = |id| row(&facts, id).unwrap().problem.as_ref().map(Problem::code);
    assert_eq!((problem(5), problem(6), problem(7)), (Some("damaged"), Some("empty"), None));
    assert_eq!(facts.failures().count(), 2);
    assert!(!facts.totals.complete);
    let Some(Problem::Damaged(message)) = &row(&facts, 5).unwrap().problem else { panic!() };
    assert!(message.starts_with("byte "), "{message}");
}

/// Every request fails once, one run after the other: what could not be seen is always said, and
/// nothing that was seen is wrong.
#[test]
fn whichever_request_fails_the_report_says_so() {
    let whole = inspect(store());
    let mut calls = 0;
    for k in 0.. {
        let count = Arc::new(Mutex::new(0));
        let failing = store().before({
            let count = Arc::clone(&count);
            move |_, _| {
                let mut count = count.lock().unwrap();
                *count += 1;
                let source = "connection reset".into();
                (*count == k + 1).then_some(Error::Generic { store: "test", source })
            }
        });
        let facts = survey_of(failing);
        if *count.lock().unwrap() <= k {
            break;
        }
        calls += 1;
        let Ok(facts) = facts else { continue };
        let unread = facts.failures().count() as u64 + facts.unlisted;
        let same = facts.rows.len() == whole.rows.len() && facts.totals.sums == whole.totals.sums;
        assert!(unread > 0 || same, "call {k}: nothing is said");
        assert!(unread == 0 || !facts.totals.complete, "call {k}: not complete");
        for row in facts.rows.iter().filter(|row| row.overview.is_some()) {
            let expected = whole.rows.iter().find(|one| one.id == row.id).unwrap();
            assert_eq!(row.files, expected.files, "call {k}");
            assert!(row.problem.is_none(), "call {k}: {:?}", row.problem);
        }
    }
    assert!(calls >= 10, "{calls} calls were tried");
}

/// A root with one job that no one may list: the rest is still shown.
#[test]
#[cfg(unix)]
fn a_directory_that_may_not_be_listed_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let closed = dir.path().join("0123456789abcdef0123456789abcdef");
    std::fs::create_dir_all(closed.join("shared")).unwrap();
    std::fs::create_dir_all(dir.path().join(JOB).join("chk-1")).unwrap();
    let set = |mode| std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode));
    set(0o000).unwrap();
    let readable = std::fs::read_dir(&closed).is_ok();
    let output = crate::support::chkctl::run(&[Path::new("inspect"), dir.path()]);
    set(0o755).unwrap();
    if readable {
        // Nothing is denied to root.
        return;
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("access denied") && stderr.contains("1 place could not be listed"));
}
