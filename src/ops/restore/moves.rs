//! The renames by which a restore is published. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::site::CURRENT;
use super::site::Finished;
use super::site::REPORT;

/// Where finished databases lie, each in a directory named by its number.
pub(super) const DATABASES: &str = "databases";
/// Where each `CURRENT` is held back, named by the number of its database.
pub(super) const CURRENTS: &str = "currents";

/// Renames from the staging directory to the target, in their order: databases without their
/// `CURRENT`, the report, and then each `CURRENT`, without which RocksDB opens nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Moves(pub(super) Vec<(String, String)>);

impl Moves {
    /// Those of databases, by their numbers.
    pub(super) fn of(databases: &[Finished]) -> Self {
        let mut moves = Vec::new();
        for (number, database) in databases.iter().enumerate() {
            let from = format!("{DATABASES}/{number}");
            if database.directory.is_empty() {
                let files = database.files.iter().filter(|name| *name != CURRENT);
                moves.extend(files.map(|name| (format!("{from}/{name}"), name.clone())));
            } else {
                moves.push((from, database.directory.clone()));
            }
        }
        moves.push((REPORT.to_owned(), REPORT.to_owned()));
        for (number, database) in databases.iter().enumerate() {
            let to = match database.directory.as_str() {
                "" => CURRENT.to_owned(),
                directory => format!("{directory}/{CURRENT}"),
            };
            moves.push((format!("{CURRENTS}/{number}"), to));
        }
        Moves(moves)
    }

    /// As they are written before the first of them.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let pairs = self.0.iter().map(|(from, to)| Value::from(vec![from.as_str(), to.as_str()]));
        Value::from_iter(pairs).to_string().into_bytes()
    }

    /// As they were written; `None` if nobody here wrote them.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let pairs: Vec<(String, String)> = serde_json::from_slice(bytes).ok()?;
        let all = |path: &str, most: usize| {
            path.split('/').count() <= most && path.split('/').all(is_name)
        };
        let is_from = |from: &str| {
            let below =
                |parent: &str| from.split_once('/').is_some_and(|(first, _)| first == parent);
            from == REPORT || (all(from, 3) && (below(DATABASES) || below(CURRENTS)))
        };
        let is_to = |to: &str| all(to, 3) && !to.starts_with('.');
        pairs.iter().all(|(from, to)| is_from(from) && is_to(to)).then_some(Moves(pairs))
    }

    /// Directories that are made for what is published: those of operators.
    pub(super) fn operators(&self) -> BTreeSet<&str> {
        let directories = self.0.iter().filter(|(from, _)| !from.starts_with(CURRENTS));
        directories.filter_map(|(_, to)| to.rsplit_once('/')).map(|(parent, _)| parent).collect()
    }
}

/// Whether a text is the name of something in a directory.
fn is_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.contains(['/', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(directory: &str) -> Finished {
        let files = ["000001.sst", "CURRENT", "MANIFEST-000002"].map(str::to_owned).into();
        Finished { directory: directory.to_owned(), files }
    }

    #[test]
    fn what_can_be_opened_comes_last() {
        let moves = Moves::of(&[finished("")]);
        let to: Vec<&str> = moves.0.iter().map(|(_, to)| to.as_str()).collect();
        assert_eq!(to, ["000001.sst", "MANIFEST-000002", "restore.json", "CURRENT"]);
        assert!(moves.operators().is_empty());
        let moves = Moves::of(&[finished("a/0"), finished("a/1"), finished("b")]);
        let to: Vec<&str> = moves.0.iter().map(|(_, to)| to.as_str()).collect();
        let currents = ["a/0/CURRENT", "a/1/CURRENT", "b/CURRENT"];
        assert_eq!(to, [["a/0", "a/1", "b"].as_slice(), &["restore.json"], &currents].concat());
        assert_eq!(moves.operators(), ["a"].into());
        assert_eq!(Moves::parse(&moves.bytes()), Some(moves));
    }

    #[test]
    fn what_nobody_here_wrote_is_none() {
        let one = |from: &str, to: &str| Moves::parse(format!("[[{from:?},{to:?}]]").as_bytes());
        assert!(one("databases/0/000001.sst", "000001.sst").is_some());
        assert!(one("currents/0", "a/0/CURRENT").is_some());
        for (from, to) in [
            ("databases/0", "../x"),
            ("databases/0", "/x"),
            ("databases/0", ".chkctl-restore/lock"),
            ("databases/0", "a/b/c/d"),
            ("databases/../../x", "x"),
            ("lock", "x"),
            ("old/x", "x"),
        ] {
            assert_eq!(one(from, to), None, "{from} {to}");
        }
        assert_eq!(Moves::parse(b"{}"), None);
        assert_eq!(Moves::parse(b""), None);
    }
}
