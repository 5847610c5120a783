//! State on the heap is in a form of its own that was never in a RocksDB.

use super::running;
use crate::support::archives;

#[test]
fn heap_state_is_refused_and_nothing_is_made() {
    let mut refused = Vec::new();
    for name in archives::names() {
        let archive = archives::unpack(&name);
        let known = running::checkpoints(&archive).len();
        let all = archive.checkpoints();
        // Flink itself reads no rows in it: there is no oracle of its content.
        if known == all.len() {
            continue;
        }
        for checkpoint in all {
            for choice in [&["--all"][..], &["--merge", "--all"]] {
                let (home, output) = running::run(&archive.root().join(&checkpoint), choice);
                let stderr = String::from_utf8_lossy(&output.stderr);
                let at = format!("{name} {}: {stderr}", checkpoint.display());
                assert_eq!(output.status.code(), Some(4), "{at}");
                assert!(stderr.contains("heap"), "{at}");
                let published = archives::directories_with(home.path(), "CURRENT");
                assert_eq!(published.len(), 0, "{at}");
            }
            refused.push(name.clone());
        }
    }
    assert_eq!(refused, [["H-hashmap-1.20.5"; 3], ["H-hashmap-2.3.0"; 3]].concat());
}
