//! What is wrong with the checkpoints of a tree, once all of them are read.

use std::collections::BTreeMap;

use super::Facts;
use super::Problem;
use super::Row;
use crate::model::references::registry;
use crate::model::references::registry::Conflict;
use crate::ops::inspect::warnings::Finding;

/// Says of each checkpoint what is wrong with it.
pub(super) fn problems(facts: &mut Facts) {
    let base = facts.subject.base.clone();
    let paths = facts.references.paths(&base);
    let mut findings = Vec::new();
    for row in &mut facts.rows {
        let (missing, unseen, short, of) = (row.missing, row.unseen, row.short, row.files);
        // Of others only those files were looked for that one here refers to as well.
        let here = row.metadata.is_below(&facts.subject.tree);
        if here && row.problem.is_none() && missing + unseen + short > 0 {
            row.problem = Some(Problem::Files { missing, unseen, short, of });
        }
        let subject = row.metadata.display_short().into_owned();
        match &row.problem {
            Some(problem @ Problem::Files { .. }) => {
                let known = missing + short > 0;
                let so = if known { "; it cannot be restored from here" } else { "" };
                let message = format!("{}{so}", problem.what());
                findings.push(Finding { code: problem.code(), subject, message });
            }
            Some(Problem::Removed) => findings.push(Finding {
                code: "checkpoint-removed",
                subject,
                message: "was removed while this was read, as Flink does with what newer ones \
                          replace; files that only it referred to may count as unreferenced"
                    .into(),
            }),
            _ => {}
        }
        let savepoint = row.overview.and_then(|overview| overview.snapshot);
        let savepoint = savepoint.is_none_or(|kind| kind.is_savepoint());
        let relative = row.number.and_then(|number| facts.references.relative_shared(number));
        if let Some(node) = relative.filter(|_| !savepoint) {
            findings.push(Finding::relative_shared(paths.of(node)));
        }
    }
    if let Some(file) = facts.references.files().find(|file| file.is_suspicious()) {
        findings.push(Finding::suspicious_path(paths.of(file.node())));
    }
    for (node, usual, checkpoint, size) in facts.references.disagreements() {
        let row = facts.row(checkpoint).map(|row| row.metadata.display_short().into_owned());
        findings.push(Finding {
            code: "sizes-disagree",
            subject: paths.of(node),
            message: format!(
                "{} says that it has {size} bytes, another handle says {usual}: one is damaged",
                row.unwrap_or_default()
            ),
        });
    }
    findings.extend(registry_conflicts(facts));
    facts.totals.complete &= facts.rows.iter().all(|row| row.number.is_some() && row.unseen == 0);
    facts.findings.extend(findings);
    // Checkpoints are read in no order, and a link can be met on two ways.
    let key = |one: &Finding| (one.subject.clone(), one.code, one.message.clone());
    facts.findings.sort_by_cached_key(key);
    facts.findings.dedup();
}

/// Where a release up to 1.15 takes two files for one.
fn registry_conflicts(facts: &Facts) -> Vec<Finding> {
    // Later ones key by places, and a file of theirs may be a second upload under an old name.
    let keys_by_local_name =
        |row: &Row| row.registering_releases().is_some_and(|releases| !releases.key_by_place());
    if !facts.rows.iter().any(keys_by_local_name) {
        return Vec::new();
    }
    let conflicts = registry::conflicts(&facts.references, |checkpoint| {
        facts.row(checkpoint).filter(|row| keys_by_local_name(row)).map(|row| row.unit)
    });
    let mut of_jobs: BTreeMap<u32, (u64, Conflict)> = BTreeMap::new();
    for conflict in conflicts {
        of_jobs.entry(conflict.job).or_insert((0, conflict)).0 += 1;
    }
    let paths = facts.references.paths(&facts.subject.base);
    let finding = |(job, (count, example)): (u32, (u64, Conflict))| {
        let [one, other] = example.files.map(|node| paths.of(node));
        let more =
            if count > 1 { format!(" ({} more such pairs)", count - 1) } else { String::new() };
        Finding {
            code: "registry-key-conflict",
            subject: facts.unit(job).map_or(String::new(), |unit| unit.at.display_short().into()),
            message: format!(
                "{one} and {other} are one file by backend and local name, which is how Flink up \
                 to 1.15 counts them: it may delete one although a checkpoint needs it{more}"
            ),
        }
    };
    of_jobs.into_iter().map(finding).collect()
}
