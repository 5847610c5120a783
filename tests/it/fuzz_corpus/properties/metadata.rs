//! `_metadata`: what was read can be walked, and written for every release that knows it.

use chkctl::format::flink::encode::EncodeError;
use chkctl::format::flink::encode::Release;
use chkctl::format::flink::encode::Target;
use chkctl::format::flink::list::Layout;
use chkctl::format::flink::metadata::Metadata;

use super::check_error;
use super::walk::Seen;
use super::walk::walk;

pub(crate) fn metadata(bytes: &[u8]) {
    let read = match Metadata::parse(bytes) {
        Ok(read) => read,
        Err(error) => return check_error(&error, bytes.len()),
    };
    let seen = walk(&read);
    assert!(!format!("{read:?}").is_empty());
    let end = read.trailing.map_or(bytes.len() as u64, |trailing| {
        assert_eq!(trailing.offset + trailing.bytes, bytes.len() as u64);
        trailing.offset
    });
    check_own_target(bytes, end, &read, &seen);
    for minor in 11..=20 {
        check_release(&read, &seen, Release(1, minor));
    }
    for minor in 0..=4 {
        check_release(&read, &seen, Release(2, minor));
    }
}

/// What is written for the version it was read from is read as the same value. That value is
/// kept even where the bytes are not: a flag of 2 is written as 1, bytes behind the end are
/// dropped.
fn check_own_target(bytes: &[u8], end: u64, read: &Metadata<'_>, seen: &Seen) {
    let Some(target) = read.own_target() else {
        assert!(matches!(read.layout.version, 2 | 7), "only these are not written");
        return;
    };
    let written = match read.encode(target) {
        Ok(written) => written,
        // Version 3 with handles that came later, or in the form of a later release.
        Err(EncodeError::NotBefore { .. }) if read.layout.version == 3 => return,
        Err(error) => panic!("its own version cannot be written: {error}"),
    };
    let Some(again) = read_again(&written, seen) else { return };
    if again.layout != read.layout {
        // Nothing but a fit tells the forms of version 3 apart, and other bytes can fit better.
        assert_eq!(read.layout.version, 3);
        assert_ne!(written, bytes);
        return;
    }
    assert_eq!(again.trailing, None);
    assert_eq!(again.encode(target).expect("encodable once more"), written, "a fixpoint");
    // Two sorts of handles are written in a newer form than was read: changelog handles of
    // 1.15 in a file of 1.16 or later; and in an older one: those of 1.15 in an older file.
    let newer = seen.changelog_of_1_15 && read.layout.version >= 4;
    let Layout { channels_of_1_11, changelog_of_1_14, .. } = read.layout;
    let older = seen.second_form && (channels_of_1_11 || changelog_of_1_14);
    if !newer && !older {
        assert_eq!(again, Metadata { trailing: None, ..read.clone() });
        // Every flag is written as 0 or 1, so the length cannot differ, but for the null
        // operator handle behind a flag.
        assert!(written.len() as u64 <= end);
    }
}

/// What was written is readable, unless it is of version 3 and so odd that its form cannot be
/// told.
fn read_again<'a>(written: &'a [u8], seen: &Seen) -> Option<Metadata<'a>> {
    let read = Metadata::parse(written);
    let odd = written.get(7) == Some(&3) && seen.odd_parallelism;
    assert!(read.is_ok() || odd, "what was written is not readable: {read:?}");
    read.ok()
}

/// A file for a release holds what that release can read, and is read as what was written.
fn check_release(read: &Metadata<'_>, seen: &Seen, release: Release) {
    let target = Target::release(release).expect("a release since 1.11");
    let written = match read.encode(target) {
        Ok(written) => written,
        Err(EncodeError::NotBefore { since, .. }) => return assert!(since > release),
        Err(EncodeError::Unreadable(_)) => {
            let missing = read.layout.channels_of_1_11 && seen.channel_states > 0;
            return assert!(missing || read.layout.version == 7);
        }
        Err(error) => panic!("{error}"),
    };
    let Some(again) = read_again(&written, seen) else { return };
    let expected = Layout {
        changelog_of_1_14: release == Release(1, 14) && seen.changelog,
        channels_of_1_11: release == Release(1, 11) && seen.channel_states > 0,
        ..Layout::new(again.layout.version)
    };
    // As above: the forms of version 3 have no mark.
    if again.layout != expected {
        return assert_eq!(again.layout.version, 3);
    }
    let held = walk(&again);
    assert!(release >= Release(1, 15) || !held.second_form);
    assert!(release >= Release(1, 14) || !(held.changelog || held.finished));
    assert!(release >= Release(1, 20) || !held.merged_files);
    assert!(release >= Release(2, 1) || !held.merged_channels);
    assert!(release < Release(1, 16) || !held.changelog_of_1_15);
    assert_eq!((held.operators, held.channel_states), (seen.operators, seen.channel_states));
    assert_eq!(again.encode(target).as_ref(), Ok(&written), "a fixpoint");
}
