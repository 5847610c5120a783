//! Does a database hold the rows of all subtasks, of the wanted key groups alone?

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::ops::RangeInclusive;
use std::path::Path;

use chkctl::format::rocks::manifest::Manifest;
use chkctl::ops::restore::build::apply::Builder;
use chkctl::ops::restore::build::apply::MEMORY;
use chkctl::ops::restore::build::copy::copy;

use super::Families;
use super::rows_of;
use crate::support::archives;
use crate::support::databases;
use crate::support::databases::Database;

/// Databases of one operator, in directories.
struct Placed {
    home: tempfile::TempDir,
    /// Name of the directory, MANIFEST and key groups.
    parts: Vec<(String, Manifest, RangeInclusive<u16>)>,
    prefix: usize,
}

/// The operators of a checkpoint.
fn operators(directory: &Path) -> BTreeMap<String, Placed> {
    let mut operators = BTreeMap::new();
    for Database { tag, groups, prefix, files } in databases::of(directory) {
        let operator = tag.split('-').next().unwrap().to_owned();
        let placed = operators.entry(operator).or_insert_with(|| {
            let home = tempfile::tempdir().unwrap();
            Placed { home, parts: Vec::new(), prefix }
        });
        let home = placed.home.path().join(&tag);
        fs::create_dir(&home).unwrap();
        let mut manifest = None;
        for (name, bytes) in files {
            let bytes = bytes.unwrap();
            if name.starts_with("MANIFEST-") {
                manifest = Some(Manifest::parse(&bytes).unwrap());
            }
            fs::write(home.join(name), bytes).unwrap();
        }
        placed.parts.push((tag, manifest.unwrap(), groups));
    }
    operators
}

impl Placed {
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .parts
            .iter()
            .flat_map(|(_, manifest, _)| &manifest.column_families)
            .map(|family| String::from_utf8(family.name.to_vec()).unwrap())
            .filter(|name| name != "default")
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// One database of those key groups of all parts that are wanted.
    fn merged(&self, wanted: &RangeInclusive<u16>, directory: &Path) -> Families {
        let names = self.names();
        let mut builder = Builder::create(directory, &names, MEMORY).unwrap();
        let (mut rows, mut bytes) = (0, 0);
        for (part, manifest, groups) in &self.parts {
            let groups = *groups.start().max(wanted.start())..=*groups.end().min(wanted.end());
            if groups.is_empty() {
                continue;
            }
            let from = self.home.path().join(part);
            let mut progress = |more| {
                bytes += more;
                ControlFlow::Continue(())
            };
            let copied = copy(&from, manifest, self.prefix, groups, &mut builder, &mut progress);
            rows += copied.unwrap().unwrap();
        }
        assert_eq!(builder.finish().unwrap().iter().sum::<u64>(), rows);
        let built = rows_of(directory);
        let all = built.values().flatten();
        assert_eq!(bytes, all.map(|(key, value)| (key.len() + value.len()) as u64).sum::<u64>());
        built
    }

    /// The same from the rows of the databases; and how many are none of their handle's.
    fn expected(&self, wanted: &RangeInclusive<u16>) -> (Families, usize) {
        let mut families: Families = self.names().into_iter().map(|name| (name, vec![])).collect();
        let mut foreign = 0;
        for (part, _, groups) in &self.parts {
            for (family, rows) in rows_of(&self.home.path().join(part)) {
                for row in rows {
                    let group = match self.prefix {
                        1 => u16::from(row.0[0]),
                        _ => u16::from_be_bytes([row.0[0], row.0[1]]),
                    };
                    match groups.contains(&group) {
                        true if wanted.contains(&group) => {
                            families.get_mut(&family).unwrap().push(row);
                        }
                        true => {}
                        false => foreign += 1,
                    }
                }
            }
        }
        families.values_mut().for_each(|rows| rows.sort());
        (families, foreign)
    }
}

#[test]
fn merged_databases_hold_what_their_parts_do() {
    let (mut families, mut rows, mut foreign, mut parts) = (0, 0, 0, 0);
    for name in
        ["A-1.13.6", "A-maxpar4096-2.3.0", "F-claim-rescale-1.20.5", "F-claim-rescale-2.3.0"]
    {
        let archive = archives::unpack(name);
        for directory in archive.checkpoints().into_iter().rev().step_by(2) {
            // Files that Flink did not find either.
            let directory = archive.root().join(directory);
            let missing = |one: &Database| one.files.iter().any(|(_, bytes)| bytes.is_none());
            if databases::of(&directory).iter().any(missing) {
                continue;
            }
            for (operator, placed) in operators(&directory) {
                let last = if placed.prefix == 2 { 4095 } else { 127 };
                for wanted in [0..=last, 40..=90] {
                    let home = tempfile::tempdir().unwrap();
                    let built = placed.merged(&wanted, home.path());
                    let (expected, others) = placed.expected(&wanted);
                    assert!(built == expected, "{} {operator} {wanted:?}", directory.display());
                    families += built.len();
                    rows += built.values().map(Vec::len).sum::<usize>();
                    foreign += others;
                }
                parts += placed.parts.len();
            }
        }
    }
    // Range deletions hide what is none of a handle's: nothing foreign is read.
    assert_eq!((families, rows, foreign, parts), (272, 99_876, 0, 60));
}

#[test]
fn a_copy_ends_when_it_is_told_to() {
    let archive = archives::unpack("A-1.13.6");
    let directory = archive.root().join(archive.checkpoints().remove(0));
    let (_, placed) = operators(&directory).pop_last().unwrap();
    let home = tempfile::tempdir().unwrap();
    let names = placed.names();
    let mut builder = Builder::create(home.path(), &names, MEMORY).unwrap();
    let (part, manifest, groups) = &placed.parts[0];
    let from = placed.home.path().join(part);
    let mut stop = |_| ControlFlow::Break(());
    let copied = copy(&from, manifest, 1, groups.clone(), &mut builder, &mut stop).unwrap();
    assert_eq!(copied, None);
}
