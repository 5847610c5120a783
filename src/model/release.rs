//! Which releases of Flink wrote a file, as far as the file tells.

use crate::format::flink::encode::Release;
use crate::format::flink::list::List;
use crate::format::flink::metadata::Forms;
use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::Subtask;

/// The releases that may have written a file. The version alone does not tell (section 1.1 of
/// the format); what only some of them write narrows it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Releases {
    oldest: Release,
    newest: Release,
}

/// What no release up to now writes.
const DRAFT: Release = Release(u32::MAX, 0);

impl Releases {
    /// The releases that may have written this file.
    pub fn of(metadata: &Metadata<'_>) -> Self {
        let (oldest, newest) = match metadata.layout.version {
            2 => (Release(1, 3), Release(1, 10)),
            3 => return Evidence::of(metadata).releases(),
            4 => (Release(1, 16), Release(1, 20)),
            5 => (Release(2, 0), Release(2, 0)),
            6 => (Release(2, 1), Release(2, 3)),
            _ => (DRAFT, DRAFT),
        };
        Releases { oldest, newest }
    }

    /// The same, of a file with segments of merged files (tags 15 to 17), since 1.20.
    #[must_use]
    pub fn with_merged_files(self) -> Self {
        Releases { oldest: self.oldest.max(Release(1, 20)), newest: self.newest }
    }

    /// Whether the writer surely recorded what a checkpoint uploads, as all have since 1.15.
    pub fn record_new_bytes(self) -> bool {
        (Release(1, 15)..=self.newest).contains(&self.oldest)
    }

    /// Whether one of them keys shared state by local names: 1.16.3 and 1.17.2 changed that.
    pub fn key_by_local_name(self) -> bool {
        self.oldest < Release(1, 18)
    }

    /// Whether one of them keys shared state by the places of files.
    pub fn key_by_place(self) -> bool {
        self.newest > Release(1, 15)
    }

    /// The releases in words.
    pub fn name(self) -> String {
        let Releases { oldest, newest } = self;
        match oldest.cmp(&newest) {
            _ if newest == DRAFT => "no release up to 2.3 (a draft)".into(),
            std::cmp::Ordering::Less => {
                format!("{}.{} to {}.{}", oldest.0, oldest.1, newest.0, newest.1)
            }
            std::cmp::Ordering::Equal => format!("{}.{}", oldest.0, oldest.1),
            std::cmp::Ordering::Greater => "no one release (parts are of different ones)".into(),
        }
    }
}

/// What a file of version 3 has of what not all of 1.11 to 1.15 write.
#[derive(Debug, Default)]
struct Evidence {
    forms: Forms,
    finished: bool,
    channels: bool,
    channels_of_1_11: bool,
    changelog_of_1_14: bool,
}

impl Evidence {
    fn of(metadata: &Metadata<'_>) -> Self {
        let mut evidence = Evidence {
            channels_of_1_11: metadata.layout.channels_of_1_11,
            changelog_of_1_14: metadata.layout.changelog_of_1_14,
            ..Evidence::default()
        };
        for operator in metadata.operators.iter() {
            evidence.finished |= operator.subtasks.is_none();
            let subtasks = operator.subtasks.into_iter().flat_map(List::into_records);
            subtasks.for_each(|subtask| evidence.note(&subtask));
        }
        evidence
    }

    fn note(&mut self, subtask: &Subtask<'_>) {
        let Subtask::Running(state) = subtask else {
            self.finished = true;
            return;
        };
        let channels = state.input_channels.len() + state.result_subpartitions.len();
        self.channels |= channels > 0;
        let keyed = [&state.managed_keyed, &state.raw_keyed].into_iter().flatten();
        keyed.for_each(|handle| self.forms.note(handle));
    }

    fn releases(&self) -> Releases {
        let Forms { first, second, savepoint, changelog } = self.forms;
        let of_1_11 = self.channels && self.channels_of_1_11;
        let since = [
            (self.channels && !of_1_11, Release(1, 12)),
            (savepoint, Release(1, 13)),
            (self.finished || changelog, Release(1, 14)),
            (second || changelog && !self.changelog_of_1_14, Release(1, 15)),
        ];
        let until = [
            (of_1_11, Release(1, 11)),
            (first || changelog && self.changelog_of_1_14, Release(1, 14)),
        ];
        let shown = |(there, release): (bool, Release)| there.then_some(release);
        Releases {
            oldest: since.into_iter().filter_map(shown).max().unwrap_or(Release(1, 11)),
            newest: until.into_iter().filter_map(shown).min().unwrap_or(Release(1, 15)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_narrows_the_releases_of_version_3() {
        let forms = Forms::default();
        let first = Forms { first: true, ..forms };
        let second = Forms { second: true, ..forms };
        let savepoint = Forms { savepoint: true, ..forms };
        let changelog = Forms { changelog: true, ..forms };
        let none = Evidence::default;
        for (evidence, name, records) in [
            (none(), "1.11 to 1.15", false),
            (Evidence { forms: first, ..none() }, "1.11 to 1.14", false),
            (Evidence { forms: second, ..none() }, "1.15", true),
            (Evidence { forms: savepoint, ..none() }, "1.13 to 1.15", false),
            (
                Evidence { forms: Forms { first: true, ..savepoint }, ..none() },
                "1.13 to 1.14",
                false,
            ),
            (Evidence { finished: true, ..none() }, "1.14 to 1.15", false),
            (Evidence { finished: true, forms: first, ..none() }, "1.14", false),
            (Evidence { forms: changelog, ..none() }, "1.15", true),
            (Evidence { forms: changelog, changelog_of_1_14: true, ..none() }, "1.14", false),
            (Evidence { changelog_of_1_14: true, ..none() }, "1.11 to 1.15", false),
            (Evidence { channels: true, ..none() }, "1.12 to 1.15", false),
            (Evidence { channels: true, channels_of_1_11: true, ..none() }, "1.11", false),
            (
                Evidence { channels: true, channels_of_1_11: true, forms: second, ..none() },
                "no one release (parts are of different ones)",
                false,
            ),
        ] {
            let releases = evidence.releases();
            assert_eq!(releases.name(), name, "{evidence:?}");
            assert_eq!(releases.record_new_bytes(), records, "{evidence:?}");
        }
    }

    #[test]
    fn merged_files_are_of_1_20() {
        let of = |oldest, newest| Releases { oldest, newest }.with_merged_files().name();
        assert_eq!(of(Release(1, 16), Release(1, 20)), "1.20");
        assert_eq!(of(Release(2, 1), Release(2, 3)), "2.1 to 2.3");
        assert_eq!(of(DRAFT, DRAFT), "no release up to 2.3 (a draft)");
    }
}
