//! What listings tell: files that are missing or have another size.

use std::collections::BTreeMap;

use super::audit::Audit;
use super::audit::Checkpoint;
use super::audit::Undecided;
use super::rules;
use super::rules::Level;
use super::rules::Rule;
use crate::model::references::File;
use crate::model::references::FileUse;
use crate::model::references::Paths;
use crate::model::walk::Role;
use crate::ops::inspect::tree::Facts;

/// A size that is not the one it should be.
pub(super) fn wrong_size(found: u64, expected: u64) -> (&'static Rule, String) {
    if found < expected {
        let few = expected - found;
        return (rules::FILE_SHORT, format!("it has {found} bytes, {few} fewer than {expected}"));
    }
    let many = found - expected;
    (rules::FILE_LONG, format!("it has {found} bytes, {many} more than {expected}"))
}

/// Judges every file that a checkpoint refers to. `numbers` are those of checkpoints in the
/// audit, by those in the references.
pub(super) fn judge(audit: &mut Audit, facts: &Facts, numbers: BTreeMap<u32, usize>) {
    let paths = facts.references.paths(&facts.subject.base);
    Files { facts, paths, numbers, audit }.judge();
}

/// A pass over all files.
struct Files<'f> {
    facts: &'f Facts,
    paths: Paths<'f>,
    /// Numbers of checkpoints in the audit, by those in the references.
    numbers: BTreeMap<u32, usize>,
    audit: &'f mut Audit,
}

impl Files<'_> {
    fn judge(&mut self) {
        for file in self.facts.references.files() {
            let of_file = file.checkpoints();
            let blamed: Vec<(u32, usize)> =
                of_file.iter().filter_map(|n| Some((*n, *self.numbers.get(n)?))).collect();
            if blamed.is_empty() {
                continue;
            }
            self.audit.files.files += 1;
            let bytes = file.bytes().unwrap_or_default();
            self.audit.files.bytes = self.audit.files.bytes.saturating_add(bytes);
            match file.found_bytes() {
                None => self.not_found(&file, &blamed),
                Some(found) if self.audit.level >= Level::Size => {
                    self.judge_size(&file, found, &blamed);
                }
                Some(_) => {}
            }
        }
    }

    fn not_found(&mut self, file: &File<'_>, blamed: &[(u32, usize)]) {
        let usage = file.uses().next().map(|usage| self.usage(&usage)).unwrap_or_default();
        let evidence = |what: &str| format!("{what}; {usage}");
        let (rule, evidence) = if file.is_suspicious() {
            (rules::PATH_INVALID, evidence("it is not followed"))
        } else if file.is_absent() {
            let at = file.written_place().filter(|at| self.facts.subject.seeks(at));
            let at = at.map_or_else(String::new, |at| format!(", nor at {}", at.display_short()));
            let relative = self.relative(file, blamed);
            let rule = if relative { rules::RELATIVE_FILE_MISSING } else { rules::FILE_MISSING };
            let now = file.directory().and_then(|dir| dir.now().cloned());
            let moved = file.written_place().map(|at| at.parent()) != Some(now);
            let at = if moved { at } else { String::new() };
            (rule, evidence(&format!("it is not there{at}")))
        } else if file.is_unseen() {
            (rules::FILE_UNSEEN, evidence(&self.why_unseen(file)))
        } else {
            (rules::FILE_ELSEWHERE, evidence("its store was not asked"))
        };
        let subject = self.paths.of(file.node());
        self.blame(file, rule, subject, evidence, blamed);
    }

    /// Whether only relative names in shared lists of checkpoints lead to it.
    fn relative(&self, file: &File<'_>, blamed: &[(u32, usize)]) -> bool {
        let shared = file.uses().any(|usage| usage.role == Role::Shared);
        let savepoint = |number: &usize| {
            self.audit.checkpoints.get(*number).is_some_and(Checkpoint::is_savepoint)
        };
        let is_relative = file.class() == Some("RelativeFileStateHandle");
        shared && is_relative && !blamed.iter().any(|(_, number)| savepoint(number))
    }

    fn why_unseen(&self, file: &File<'_>) -> String {
        let at = file.directory().and_then(|dir| dir.now().cloned());
        let at = at.map(|at| at.display_short().into_owned()).unwrap_or_default();
        let found =
            self.facts.findings.iter().find(|one| one.code == "files-unseen" && one.subject == at);
        let text = found.and_then(|one| one.message.splitn(3, ": ").nth(2));
        // What it says of the file that was asked for first holds for the directory.
        text.map_or_else(|| "its directory could not be asked".into(), str::to_owned)
    }

    fn judge_size(&mut self, file: &File<'_>, found: u64, blamed: &[(u32, usize)]) {
        let subject = self.paths.of(file.node());
        if file.uses().all(|usage| usage.role == Role::Changelog) {
            return self.judge_changelog(file, found, subject, blamed);
        }
        for one in blamed {
            let sizes = file.sizes_in(one.0);
            let (rule, evidence) = match sizes.as_slice() {
                [whole] if found != *whole => wrong_size(found, *whole),
                [first, .., last] => (
                    rules::SIZES_DISAGREE,
                    format!("handles say {first} and {last} bytes, and it has {found}"),
                ),
                _ if file.end_in(one.0) > found => (
                    rules::SEGMENT_OUT_OF_FILE,
                    format!("it has {found} bytes, and a segment ends at {}", file.end_in(one.0)),
                ),
                _ => continue,
            };
            self.blame(file, rule, subject.clone(), evidence, std::slice::from_ref(one));
        }
    }

    fn judge_changelog(
        &mut self,
        file: &File<'_>,
        found: u64,
        subject: String,
        blamed: &[(u32, usize)],
    ) {
        let place = file.directory().and_then(|dir| dir.now()).map(|dir| dir.join(&file.name()));
        let (Some(stated), Some(at)) = (file.bytes(), place) else { return };
        if found != stated.saturating_add(1) {
            let checkpoints = blamed.iter().map(|(_, number)| *number).collect();
            let undecided = Undecided { at, subject, found, stated, checkpoints };
            self.audit.undecided.push(undecided);
        }
    }

    fn blame(
        &mut self,
        file: &File<'_>,
        rule: &'static Rule,
        subject: String,
        evidence: String,
        blamed: &[(u32, usize)],
    ) {
        if let Some(dir) = file.directory().and_then(|dir| dir.now()) {
            let place = dir.join(&file.name());
            let of_each = blamed.iter().map(|(_, number)| (place.clone(), *number));
            self.audit.bad.extend(of_each);
        }
        let removed = |number: &usize| {
            self.audit.checkpoints.get(*number).is_some_and(|checkpoint| checkpoint.removed)
        };
        let blamed: Vec<usize> =
            blamed.iter().map(|(_, number)| *number).filter(|number| !removed(number)).collect();
        if !blamed.is_empty() {
            self.audit.find(rule, subject, evidence, blamed);
        }
    }

    /// Who needs a file, in words.
    fn usage(&self, usage: &FileUse<'_>) -> String {
        let operator = self.facts.label(&usage.operator.to_string());
        let subtask =
            usage.subtask.map_or_else(String::new, |subtask| format!(" subtask {subtask}"));
        let name = match &usage.local_name {
            Some(name) => format!(" as {name}"),
            None => format!(" as {}", usage.role.name()),
        };
        format!("{operator}{subtask} needs it{name}")
    }
}
