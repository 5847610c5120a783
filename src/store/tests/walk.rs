//! Walks over everything below a directory.

use super::*;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;

/// Files and directories of a walk, sorted; links that were not followed with where they lead,
/// `?` where that is outside.
fn walked(store: &Store, dir: &Location) -> Vec<String> {
    let found: Vec<Result<Below, StoreError>> = run(store.walk(dir).collect());
    let mut shown: Vec<String> = found
        .into_iter()
        .map(|one| match one {
            Ok(Below::File(file)) => format!("{} {}", file.name, file.size.unwrap_or_default()),
            Ok(Below::Directory(path)) => format!("{path}/"),
            Ok(Below::LinkNotFollowed { name, target }) => {
                let target = target.as_ref().and_then(|target| target.relative_to(dir));
                format!("{name} -> {}", target.unwrap_or("?"))
            }
            Ok(Below::Unspellable(path)) => format!("{path} ?"),
            Err(error) => format!("{error}"),
        })
        .collect();
    shown.sort();
    shown
}

#[test]
fn markers_of_directories_are_no_objects() {
    let memory = InMemory::new();
    let keys = [
        ("cp/job/shared", 0),
        ("cp/job/shared/a", 3),
        ("cp/job/chk-1_$folder$", 0),
        ("cp/job/zero", 0),
        ("cp/jobs", 1),
        ("cp/job/chk-1/_metadata", 2),
    ];
    run(async {
        for (key, size) in keys {
            memory.put(&Path::from(key), vec![7u8; size].into()).await.unwrap();
        }
    });
    let store = Store::object(Arc::new(memory));
    let expected = ["chk-1/_metadata 2", "shared/a 3", "zero 0"];
    assert_eq!(walked(&store, &at("s3://b/cp/job")), expected);
    assert_eq!(walked(&store, &at("s3://b/none")), [""; 0]);
}

#[cfg(unix)]
mod local {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::fs::symlink;

    #[test]
    fn all_is_found_however_deep_and_links_are_followed_once() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        let outside = dir.path().join("outside");
        for path in ["root/a/b/c", "root/empty", "outside/deep"] {
            fs::create_dir_all(dir.path().join(path)).unwrap();
        }
        fs::write(root.join("a/b/c/file"), "xyz").unwrap();
        fs::write(root.join("a/x#1"), "").unwrap();
        fs::write(outside.join("deep/file"), "12").unwrap();
        symlink(&outside, root.join("link")).unwrap();
        symlink(outside.join("deep"), root.join("link-again")).unwrap();
        symlink("..", root.join("a/up")).unwrap();
        symlink("b", root.join("a/sibling")).unwrap();
        symlink(dir.path(), root.join("around")).unwrap();
        let found = walked(&Store::local(), &Location::local(&root).unwrap());
        // One of the two links outwards is followed, whichever comes first.
        let (through, rest): (Vec<String>, Vec<String>) =
            found.into_iter().partition(|line| line.starts_with("link"));
        let expected = [
            "a/",
            "a/b/",
            "a/b/c/",
            "a/b/c/file 3",
            "a/sibling -> a/b",
            "a/up -> ",
            "a/x#1 0",
            "around -> ?",
            "empty/",
        ];
        assert_eq!(rest, expected);
        assert!(through.iter().filter(|line| line.ends_with("file 2")).count() == 1, "{through:?}");
        assert!(through.iter().filter(|line| line.contains("-> link")).count() == 1, "{through:?}");
    }

    #[test]
    fn more_than_a_batch_arrives_and_nobody_has_to_listen_to_the_end() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..5000 {
            fs::write(dir.path().join(n.to_string()), "").unwrap();
        }
        let place = Location::local(dir.path()).unwrap();
        let store = Store::local();
        assert_eq!(walked(&store, &place).len(), 5000);
        let first = run(async { store.walk(&place).next().await });
        assert!(matches!(first, Some(Ok(Below::File(_)))));
    }

    #[test]
    fn what_lies_deeper_than_paths_can_be_is_an_error_and_not_absent() {
        let dir = tempfile::tempdir().unwrap();
        let name = "d".repeat(250);
        // The path of a new directory can be no longer either, so a tree is put on top of it.
        let tree = |top: &str, depth: usize| {
            let mut path = dir.path().join(top);
            (0..depth).for_each(|_| path.push(&name));
            fs::create_dir_all(&path).unwrap();
            path
        };
        let deep = tree("a", 12);
        tree("b", 12);
        fs::rename(dir.path().join("b"), deep.join("b")).unwrap();
        let found = walked(&Store::local(), &Location::local(dir.path()).unwrap());
        let errors = found.iter().filter(|line| line.contains("cannot be read: ")).count();
        assert_eq!(errors, 1, "{found:?}");
    }

    #[test]
    fn what_cannot_be_read_is_an_error_among_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let closed = dir.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::write(dir.path().join("file"), "x").unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        let denied = fs::read_dir(&closed).is_err();
        let found = walked(&Store::local(), &Location::local(dir.path()).unwrap());
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(found.contains(&"file 1".to_owned()));
        // Nothing is denied to root.
        let errors = found.iter().filter(|line| line.contains("access denied")).count();
        assert_eq!(errors, usize::from(denied), "{found:?}");
        let none = walked(&Store::local(), &Location::local(&dir.path().join("none")).unwrap());
        assert!(matches!(&none[..], [error] if error.ends_with("not found")), "{none:?}");
    }
}
