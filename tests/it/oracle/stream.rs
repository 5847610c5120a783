//! Stream handles: class, size, place, content.

use std::ops::Range;

use serde_json::Value;
use serde_json::json;

use super::pair::Pair;
use super::place::Place;

/// Compares a stream handle, and the bytes behind it with the hash Flink computed.
pub(crate) fn compare(pair: Pair<'_>, place: &Place<'_>) {
    compare_with_extra(pair, place, 0);
}

/// As [`compare`], for a file of changes: it begins with a flag, a byte that Flink does not
/// count in the size of the handle.
pub(crate) fn compare_changes(pair: Pair<'_>, place: &Place<'_>) {
    compare_with_extra(pair, place, 1);
}

/// The file is `extra` bytes longer than the state in it.
fn compare_with_extra(mut pair: Pair<'_>, place: &Place<'_>, extra: u64) {
    let class = pair.take("class").clone();
    pair.expect("class", class.clone());
    pair.same("stateSize", "state_bytes");
    match class.as_str().unwrap_or_default() {
        "ByteStreamStateHandle" => inline(pair, place),
        "EmptySegmentFileStateHandle" => empty_segment(pair),
        "FileStateHandle" => {
            if pair.ours.get("relative_path").is_some_and(|path| !path.is_null()) {
                pair.complain("relative_path of a handle that is not relative".to_owned());
            }
            whole_file(pair, place, extra);
        }
        "RelativeFileStateHandle" => {
            pair.same("relativePath", "relative_path");
            whole_file(pair, place, extra);
        }
        "SegmentFileStateHandle" => {
            let start = pair.take("startPos").clone();
            pair.expect("offset", start.clone());
            pair.same("scope", "scope");
            pair.same("logicalFileId", "logical_file_id");
            let start = start.as_u64().unwrap_or_default();
            let length = pair.ours("state_bytes").as_u64().unwrap_or_default();
            file(pair, place, start..start + length);
        }
        other => pair.complain(format!("{other} is not known to this test")),
    }
}

/// Compares a directory of file merging, which ours gives as a path.
pub(crate) fn compare_directory(flink: &Value, pair: &Pair<'_>, our_key: &str, place: &Place<'_>) {
    // A directory has no bytes; its class is always the same.
    let known = json!({"class": "DirectoryStreamStateHandle", "stateSize": 0});
    let Some(directory) = flink["directory"].as_str() else {
        return pair.complain(format!("{our_key}: Flink's directory has no path"));
    };
    let mut rest = flink.clone();
    rest.as_object_mut().unwrap().remove("directory");
    if rest != known {
        pair.complain(format!("{our_key}: Flink's directory is not plain: {rest}"));
    }
    pair.expect(our_key, place.expected_path(directory));
}

fn inline(mut pair: Pair<'_>, place: &Place<'_>) {
    pair.same("inlineBytes", "inline_bytes");
    pair.same("sha256", "sha256");
    let name = pair.take("handleName").as_str().unwrap_or_default();
    let ours = pair.ours("name").as_str().unwrap_or_default();
    if !place.is_name(ours, name) {
        pair.complain(format!("name: Flink {name:?}, ours {ours:?}"));
    }
}

/// A handle that stands for nothing: Flink's constants, of which the path is no path.
fn empty_segment(mut pair: Pair<'_>) {
    pair.same("path", "path");
    pair.same("startPos", "offset");
    pair.same("scope", "scope");
    pair.same("logicalFileId", "logical_file_id");
}

fn whole_file(pair: Pair<'_>, place: &Place<'_>, extra: u64) {
    let bytes = pair.ours("state_bytes").as_u64().unwrap_or_default();
    let length = bytes + extra;
    if let Some(found) = place.length(pair.flink("path").as_str().unwrap_or_default())
        && found != length
    {
        pair.complain(format!("the file has {found} bytes, expected are {length}"));
    }
    file(pair, place, 0..length);
}

fn file(mut pair: Pair<'_>, place: &Place<'_>, range: Range<u64>) {
    let path = pair.take("path").as_str().unwrap_or_default();
    pair.expect("path", place.expected_path(path));
    match (pair.take_if_any("sha256"), pair.take_if_any("readError")) {
        (Some(expected), None) => {
            let found = place.hash(path, &range);
            if found.as_deref() != Ok(expected.as_str().unwrap_or_default()) {
                pair.complain(format!("content: Flink {expected}, found {found:?}"));
            }
        }
        // Flink could not read it either: it is one of the files that are really missing.
        (None, Some(_)) if place.length(path).is_none() => {}
        (None, None) if range.is_empty() => {}
        (hash, error) => pair.complain(format!("hash {hash:?} beside error {error:?}")),
    }
}
