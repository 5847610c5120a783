//! Level `open` of `verify`: RocksDB opens every database, and nothing of that stays on disk.
//!
//! | module | asks |
//! |---|---|
//! | `fixtures` | does RocksDB open what Flink wrote, and only what is whole? |
//! | `scratch` | is the scratch directory gone, whatever ended the run? |

#[cfg(feature = "rocksdb")]
mod fixtures;
#[cfg(all(feature = "rocksdb", unix))]
mod scratch;

#[cfg(not(feature = "rocksdb"))]
#[test]
fn a_build_without_rocksdb_says_what_is_needed() {
    for command in ["verify", "latest"] {
        let output =
            crate::support::chkctl::run(&[command, "fixtures/profile-job", "--level", "open"]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("--level open: this chkctl was built without RocksDB"), "{stderr}");
        assert!(stderr.contains("or use --level blocks, which needs none"), "{stderr}");
    }
}
