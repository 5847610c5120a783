//! What was restored, as a page.

use std::collections::HashMap;
use std::io;
use std::io::Write;

use super::fact;
use super::grid::Column;
use super::grid::Grid;
use crate::report::restore::ColumnFamilyJson;
use crate::report::restore::DatabaseJson;
use crate::report::restore::NotRestoredJson;
use crate::report::restore::RestoreDocument;
use crate::report::text::display_safe;
use crate::report::units;

const DATABASES: [Column; 8] = [
    Column::text("OPERATOR"),
    Column::number("SUBTASK"),
    Column::text("KEY GROUPS"),
    Column::text("MADE OF").spare(),
    Column::number("FILES"),
    Column::number("SIZE"),
    Column::number("ENTRIES"),
    Column::text("DIRECTORY"),
];

const FAMILIES: [Column; 3] =
    [Column::text("COLUMN FAMILY"), Column::number("DATABASES"), Column::number("ENTRIES")];

/// Writes the page of `restore`.
///
/// # Errors
/// What `out` says.
pub fn restore(
    document: &RestoreDocument,
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    let RestoreDocument { head, checkpoint, totals, .. } = document;
    let databases = units::count(totals.databases, "database");
    let kind = checkpoint.kind.unwrap_or("checkpoint");
    writeln!(out, "Restored {databases} from {kind} {}", checkpoint.id)?;
    fact(out, "location", &head.location)?;
    fact(out, "target", &document.target)?;
    let files = format!("{}, {}", units::count(totals.files, "file"), units::bytes(totals.bytes));
    fact(out, "holds", &files)?;
    let ways = [
        ("copied", totals.copied_bytes),
        ("linked", totals.linked_bytes),
        ("kept from a run before", totals.kept_bytes),
        ("written here", totals.made_bytes),
    ];
    let ways = ways.iter().filter(|(_, bytes)| *bytes > 0);
    let ways: Vec<String> =
        ways.map(|(how, bytes)| format!("{} {how}", units::bytes(*bytes))).collect();
    if !ways.is_empty() {
        fact(out, "of these", &ways.join(", "))?;
    }
    let checked = match totals.blocks {
        0 => "lengths".to_owned(),
        blocks => format!(
            "lengths, {} of {}",
            units::count(blocks, "block checksum"),
            units::count(totals.ssts, "SST")
        ),
    };
    fact(out, "checked", &checked)?;
    fact(
        out,
        "opened",
        if document.opened {
            "by RocksDB, read-only"
        } else {
            "no: this chkctl was built without RocksDB"
        },
    )?;
    writeln!(out)?;
    let mut grid = Grid::new(&DATABASES);
    document.databases.iter().for_each(|database| grid.row(row(database)));
    grid.print(width, out)?;
    writeln!(out)?;
    families(document, width, out)?;
    for database in &document.databases {
        let Some(changelog) = &database.changelog else { continue };
        writeln!(out)?;
        writeln!(
            out,
            "{} is what was materialized: {} with {} of later changes are not in it",
            display_safe(&whose(database)),
            units::count(changelog.segments, "changelog segment"),
            units::bytes(changelog.bytes),
        )?;
    }
    for database in document.databases.iter().filter(|one| one.raw_keyed_bytes > 0) {
        writeln!(out)?;
        writeln!(
            out,
            "{} has {} of raw keyed state, such as timers on the heap, which are not in it",
            display_safe(&whose(database)),
            units::bytes(database.raw_keyed_bytes),
        )?;
    }
    not_restored(&document.not_restored, out)
}

fn operator(uid: Option<&str>, name: Option<&str>, id: &str) -> String {
    uid.or(name).unwrap_or(id).to_owned()
}

fn whose(database: &DatabaseJson) -> String {
    let DatabaseJson { uid, name, operator_id, subtask, .. } = database;
    let operator = operator(uid.as_deref(), name.as_deref(), operator_id);
    match subtask {
        Some(subtask) => format!("{operator} subtask {subtask}"),
        None => operator,
    }
}

fn row(database: &DatabaseJson) -> Vec<String> {
    let DatabaseJson { uid, name, operator_id, .. } = database;
    let groups = &database.key_groups;
    let entries = sum(&database.column_families);
    let exact = database.column_families.iter().all(|family| family.entries_exact);
    vec![
        operator(uid.as_deref(), name.as_deref(), operator_id),
        database.subtask.map_or_else(|| "all".to_owned(), |subtask| subtask.to_string()),
        groups
            .as_ref()
            .map_or_else(|| "-".to_owned(), |range| format!("{}-{}", range.start, range.end)),
        database.made_of.to_owned(),
        units::grouped(database.files.len() as u64),
        units::bytes(database.bytes),
        count(entries, exact),
        database.directory.clone(),
    ]
}

/// Entries of all column families, as far as they are known. Tables can say anything of theirs.
fn sum(families: &[ColumnFamilyJson]) -> Option<u64> {
    families.iter().try_fold(0, |sum: u64, family| Some(sum.saturating_add(family.entries?)))
}

/// Entries; those that were not counted are marked.
fn count(entries: Option<u64>, exact: bool) -> String {
    match (entries, exact) {
        (None, _) => "?".to_owned(),
        (Some(entries), true) => units::grouped(entries),
        (Some(entries), false) => format!("<={}", units::grouped(entries)),
    }
}

/// Column families, summed over the databases of each operator.
fn families(
    document: &RestoreDocument,
    width: Option<usize>,
    out: &mut impl Write,
) -> io::Result<()> {
    let first = document.databases.first().map(|database| &database.operator_id);
    let several = document.databases.iter().any(|one| Some(&one.operator_id) != first);
    let mut positions: HashMap<(&str, &str), usize> = HashMap::new();
    let mut sums: Vec<(String, u64, Option<u64>, bool)> = Vec::new();
    for database in &document.databases {
        let DatabaseJson { uid, name, operator_id, .. } = database;
        for family in &database.column_families {
            let position = *positions.entry((operator_id, &family.name)).or_insert(sums.len());
            let Some((_, databases, entries, exact)) = sums.get_mut(position) else {
                let of = operator(uid.as_deref(), name.as_deref(), operator_id);
                let shown = match several {
                    true => format!("{of} / {}", family.name),
                    false => family.name.clone(),
                };
                sums.push((shown, 1, family.entries, family.entries_exact));
                continue;
            };
            *databases += 1;
            *entries = entries.zip(family.entries).map(|(a, b)| a + b);
            *exact &= family.entries_exact;
        }
    }
    let mut grid = Grid::new(&FAMILIES);
    let estimated = sums.iter().any(|sum| !sum.3);
    for (name, databases, entries, exact) in sums {
        grid.row(vec![name, units::grouped(databases), count(entries, exact)]);
    }
    grid.print(width, out)?;
    if estimated {
        writeln!(out)?;
        writeln!(
            out,
            "<= as the properties of the tables say, where a key counts each time it was written; --count counts"
        )?;
    }
    Ok(())
}

fn not_restored(all: &[NotRestoredJson], out: &mut impl Write) -> io::Result<()> {
    let mut positions: HashMap<(&str, &str), usize> = HashMap::new();
    let mut told: Vec<(String, &str, u64)> = Vec::new();
    for one in all {
        let position = *positions.entry((&one.operator_id, one.why)).or_insert(told.len());
        match told.get_mut(position) {
            Some((_, _, count)) => *count += 1,
            None => {
                let operator = operator(one.uid.as_deref(), one.name.as_deref(), &one.operator_id);
                told.push((operator, one.why, u64::from(one.subtask.is_some())));
            }
        }
    }
    if !told.is_empty() {
        writeln!(out)?;
        writeln!(out, "Not restored:")?;
    }
    told.iter().try_for_each(|(operator, why, subtasks)| {
        let subtasks = match subtasks {
            0 => "all of it".to_owned(),
            subtasks => units::count(*subtasks, "subtask"),
        };
        writeln!(out, "  {} ({subtasks}): {why}", display_safe(operator))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_say_anything_are_summed() {
        let family =
            |entries| ColumnFamilyJson { name: "state".to_owned(), entries, entries_exact: false };
        assert_eq!(sum(&[family(Some(2)), family(Some(3))]), Some(5));
        assert_eq!(sum(&[family(Some(u64::MAX)), family(Some(3))]), Some(u64::MAX));
        assert_eq!(sum(&[family(Some(2)), family(None)]), None);
    }
}
