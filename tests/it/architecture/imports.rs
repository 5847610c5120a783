//! Which room uses which.

use super::Broken;
use super::lines;
use super::source::ROOMS;
use super::source::Source;

/// Uses of a room that is not below.
pub(super) fn upwards(source: &Source) -> Vec<Broken> {
    let Some(room) = source.room() else { return Vec::new() };
    let mut broken = Vec::new();
    for (line, code) in source.lines() {
        for used in rooms_used(source, code) {
            if used != room && !may_use(room, used) {
                broken.push(Broken { line, what: format!("{room} uses {used}") });
            }
        }
    }
    broken
}

/// `use crate::{...}` and `use crate::x::{...}`.
pub(super) fn grouped(source: &Source) -> Vec<Broken> {
    let is_group = |code: &str| {
        let path = code.split_once("use crate::").map(|(_, path)| path.trim());
        path.is_some_and(|path| path.contains('{'))
    };
    let broken = source.lines().filter(|(_, code)| is_group(code));
    broken.map(|(line, code)| Broken { line, what: code.trim().to_owned() }).collect()
}

fn may_use(room: &str, used: &str) -> bool {
    let at = |name: &str| ROOMS.iter().position(|room| *room == name);
    let neighbours = room == "format" && used == "store";
    at(room) < at(used) && !neighbours
}

/// The rooms that paths in a line begin with, written from the crate or up from the module.
fn rooms_used(source: &Source, code: &str) -> Vec<&'static str> {
    let room = |path: &str| {
        let name: String = path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        ROOMS.into_iter().find(|room| *room == name)
    };
    let mut used: Vec<&str> = code
        .match_indices("crate::")
        .filter_map(|(at, found)| room(&code[at + found.len()..]))
        .collect();
    let depth = source.module().len();
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("super::") {
            continue;
        }
        let rest = code[at..].trim_start_matches("super::");
        let climbed = (code[at..].len() - rest.len()) / "super::".len();
        if climbed >= depth {
            used.extend(room(rest));
        }
    }
    used
}

#[test]
fn a_room_that_looks_up_is_found() {
    let broken = |path, text| lines(upwards, path, text);
    assert_eq!(broken("src/format/x.rs", "use crate::model::y;\nuse crate::format::z;\n"), [1]);
    assert_eq!(broken("src/format/x.rs", "\nlet a = crate::store::Location::new();"), [2]);
    assert_eq!(broken("src/store/mod.rs", "use crate::format::x;"), [1]);
    assert_eq!(broken("src/model/a/b.rs", "pub(crate) use crate::ops::x;"), [1]);
    assert_eq!(broken("src/ops/inspect/mod.rs", "use super::super::report::x;"), [1]);
    assert_eq!(broken("src/catalog/mod.rs", "use super::cli::x;"), [1]);
}

#[test]
fn a_room_that_looks_down_is_fine() {
    for (path, text) in [
        ("src/cli/mod.rs", "use crate::store::Stores;"),
        ("src/model/places.rs", "use crate::store::Location; use crate::format::flink;"),
        ("src/ops/inspect/mod.rs", "use super::store; use crate::catalog::heads;"),
        ("src/format/x.rs", "//! see [`crate::cli`]\nlet a = \"crate::cli\";"),
        ("src/format/flink/x.rs", "use super::super::model_of_it;"),
        ("src/lib.rs", "use crate::cli::run;"),
    ] {
        assert_eq!(lines(upwards, path, text), [0; 0], "{text}");
    }
}

#[test]
fn groups_are_found() {
    let text = "use crate::{a, b};\nuse crate::a::{\n    b,\n};\nuse crate::a::b;\nuse crate::a::*;\n\
                use std::{a, b};\n";
    assert_eq!(lines(grouped, "src/cli/x.rs", text), [1, 2]);
}
