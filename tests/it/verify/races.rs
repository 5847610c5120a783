//! Checkpoints that go while they are looked at, and requests that fail.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use chkctl::catalog::checkpoint::RebaseOptions;
use chkctl::catalog::survey;
use chkctl::catalog::survey::Scope;
use chkctl::ops::inspect::tree::Subject;
use chkctl::ops::inspect::tree::Tree;
use chkctl::ops::verify::Audit;
use chkctl::ops::verify::Level;
use chkctl::ops::verify::Verdict;
use chkctl::ops::verify::apply;
use chkctl::ops::verify::apply::Options;
use chkctl::store::Location;
use chkctl::store::Store;
use chkctl::store::StoreOptions;
use chkctl::store::Stores;
use object_store::Error;

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

fn verify(store: HookedStore) -> Audit {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let place = Location::parse_flink(&format!("s3://bucket/{JOB}")).unwrap();
    let subject = Subject { everywhere: vec![place.clone()], ..Subject::job(place) };
    let stores = Stores::new(StoreOptions::default());
    stores.insert(&subject.tree, Store::object(Arc::new(store)));
    let rebase = RebaseOptions::default();
    let scope = Scope {
        tree: subject.tree.clone(),
        only: None,
        also: Vec::new(),
        around: None,
        rebase: &rebase,
    };
    let mut tree = Tree::new(subject);
    runtime.block_on(survey::run(&stores, &scope, &mut tree, &|_| ())).unwrap();
    let facts = tree.conclude(jiff::Timestamp::UNIX_EPOCH, None);
    let mut audit = Audit::of(&facts, Level::Blocks);
    let options = Options {
        stores: &stores,
        runtime: runtime.handle(),
        rebase: &rebase,
        sample: None,
        until: None,
        concurrency: Some(2),
        memory: 256 << 20,
        scratch: None,
        progress: &|_, _| (),
    };
    apply::look_into(&mut audit, &facts, &options);
    audit
}

/// Verdicts by ids.
fn verdicts(audit: &Audit) -> BTreeMap<i64, Verdict> {
    let ids = audit.checkpoints.iter().map(|checkpoint| checkpoint.id.unwrap());
    ids.zip(audit.verdicts()).collect()
}

fn codes(audit: &Audit) -> Vec<&'static str> {
    audit.findings().iter().map(|finding| finding.rule.code).collect()
}

#[test]
fn nothing_happens() {
    let audit = verify(store());
    assert_eq!(codes(&audit), [""; 0]);
    assert!(verdicts(&audit).values().all(|verdict| *verdict == Verdict::Restorable));
    assert!(audit.complete);
}

/// Flink subsumes chk-3 after its files were listed, before they are looked into.
#[test]
fn a_checkpoint_that_is_removed_is_not_damaged() {
    let metadata = format!("{JOB}/chk-3/_metadata");
    let mut reads = 0;
    let audit = verify(store().before(move |call, memory| {
        if *call == Call::Get(metadata.clone()) {
            reads += 1;
            if reads == 2 {
                delete_all(memory, &format!("{JOB}/chk-3/"));
            }
        }
        None
    }));
    assert_eq!(codes(&audit), ["checkpoint-removed"]);
    assert_eq!(verdicts(&audit)[&3], Verdict::Unknown);
    assert!(!audit.is_damaged() && !audit.is_unknown(), "nobody's loss");
    let others = verdicts(&audit).into_iter().filter(|(id, _)| *id != 3);
    assert!(others.into_iter().all(|(_, verdict)| verdict == Verdict::Restorable));
}

/// Its files go first and its metadata last, after files of it were already asked for.
#[test]
fn files_that_go_with_their_checkpoint_are_not_missing() {
    let prefix = format!("{JOB}/chk-3/");
    let mut reads = 0;
    let audit = verify(store().before(move |call, memory| {
        match call {
            Call::Get(path) if *path == format!("{prefix}_metadata") => {
                reads += 1;
                if reads == 2 {
                    let bytes = get(memory, path);
                    delete_all(memory, &prefix);
                    put(memory, path, bytes);
                }
            }
            Call::Head(path) if path.starts_with(&prefix) => delete_all(memory, &prefix),
            _ => {}
        }
        None
    }));
    assert_eq!(codes(&audit), ["checkpoint-removed"]);
}

/// The same without the metadata going: they are missing.
#[test]
fn files_that_go_alone_are_missing() {
    let prefix = format!("{JOB}/chk-3/");
    let mut reads = 0;
    let audit = verify(store().before(move |call, memory| {
        if *call == Call::Get(format!("{prefix}_metadata")) {
            reads += 1;
            if reads == 2 {
                let bytes = get(memory, &format!("{prefix}_metadata"));
                delete_all(memory, &prefix);
                put(memory, &format!("{prefix}_metadata"), bytes);
            }
        }
        None
    }));
    assert!(codes(&audit).iter().all(|code| *code == "file-missing"), "{:?}", codes(&audit));
    assert_eq!(verdicts(&audit)[&3], Verdict::Damaged);
    let others = verdicts(&audit).into_iter().filter(|(id, _)| *id != 3);
    assert!(others.into_iter().all(|(_, verdict)| verdict == Verdict::Restorable));
}

#[test]
fn what_is_sound_when_it_is_read_again_is_not_damaged() {
    let sst = Mutex::new(None::<(String, Vec<u8>)>);
    let audit = verify(store().before(move |call, memory| {
        let Call::Get(path) = call else { return None };
        let mut sst = sst.lock().unwrap();
        match &*sst {
            None if path.contains("/shared/") => {
                let mut bytes = get(memory, path);
                // A bit of a data block, on the first read alone.
                if bytes.len() > 4096 {
                    *sst = Some((path.clone(), bytes.clone()));
                    bytes[100] ^= 1;
                    put(memory, path, bytes);
                }
            }
            Some((damaged, bytes)) if path == damaged => put(memory, path, bytes.clone()),
            _ => {}
        }
        None
    }));
    assert_eq!(codes(&audit), ["reads-differ"]);
    assert!(audit.is_unknown() && !audit.is_damaged());
}

/// Whatever request fails, nothing is called damaged, and nothing restorable that was not seen.
#[test]
fn a_request_that_fails_is_no_damage() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    verify(store().before(move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        None
    }));
    let requests = count.load(Ordering::Relaxed);
    assert!(requests > 500, "{requests} requests");
    for failing in (0..requests).step_by(requests / 40) {
        let mut number = 0;
        let audit = verify(store().before(move |_, _| {
            number += 1;
            let source = "connection reset".into();
            (number - 1 == failing).then_some(Error::Generic { store: "hooked", source })
        }));
        assert!(!audit.is_damaged(), "request {failing}: {:?}", codes(&audit));
        let known = verdicts(&audit).values().all(|verdict| *verdict == Verdict::Restorable);
        assert!(!known || audit.is_unknown() || codes(&audit).is_empty(), "request {failing}");
    }
}
