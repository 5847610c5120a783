//! The directories Flink makes (section 2 of the format) and what their names say.

use crate::store::Location;

/// Name of the metadata file in every checkpoint and savepoint directory.
pub const METADATA: &str = "_metadata";
/// Directory of files that several checkpoints of a job may share.
pub const SHARED: &str = "shared";
/// Directory of files that belong to tasks.
pub const TASK_OWNED: &str = "taskowned";

/// Directory of changelog files, below a directory named by the job id.
const CHANGELOG: &str = "dstl";

/// Whether a directory name is a job id: 32 hex digits.
pub fn is_job_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The id in the name of a checkpoint's directory: `chk-7` is 7.
pub fn checkpoint_number(name: &str) -> Option<i64> {
    let digits = name.strip_prefix("chk-")?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    let padded = digits.len() > 1 && digits.starts_with('0');
    (plain && !padded).then(|| digits.parse().ok()).flatten()
}

/// Whether a directory name is Flink's for a savepoint: `savepoint-<6 hex>-<12 hex>`.
pub fn is_savepoint_name(name: &str) -> bool {
    let hex = |text: &str, n| text.len() == n && text.bytes().all(|b| b.is_ascii_hexdigit());
    let parts = name.strip_prefix("savepoint-").and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(job, random)| hex(job, 6) && hex(random, 12))
}

/// Whether Flink gives a directory such a name to put a checkpoint or a savepoint into it.
pub fn is_snapshot_name(name: &str) -> bool {
    checkpoint_number(name).is_some() || is_savepoint_name(name)
}

/// Whether only a job directory has such a directory: `shared`, `taskowned` or `chk-N`.
pub fn is_of_a_job(name: &str) -> bool {
    [SHARED, TASK_OWNED].contains(&name) || checkpoint_number(name).is_some()
}

/// Whether a directory of a job holds files of state and no checkpoints.
pub fn holds_state(name: &str) -> bool {
    [SHARED, TASK_OWNED, CHANGELOG].contains(&name)
}

/// A directory below a root that stands for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// Of one job, or of all jobs of a root without job ids.
    Job,
    /// One savepoint, or one checkpoint that was copied out of its job directory.
    Savepoint,
    /// Changelog files of one job, outside of its job directory.
    Changelog,
}

/// The unit that a file belongs to, by the directories on its way: what it is, and how many of
/// them lead to it. `None` if no name tells.
pub fn unit_of(dirs: &[&str]) -> Option<(UnitKind, usize)> {
    let next_is = |at: usize, wanted: fn(&str) -> bool| dirs.get(at + 1).is_some_and(|n| wanted(n));
    let job_ids = || (0..dirs.len()).filter(|at| dirs.get(*at).is_some_and(|n| is_job_id(n)));
    if let Some(at) = job_ids().find(|at| next_is(*at, is_of_a_job)) {
        return Some((UnitKind::Job, at + 1));
    }
    if let Some(at) = job_ids().find(|at| next_is(*at, |name| name == CHANGELOG)) {
        return Some((UnitKind::Changelog, at + 1));
    }
    if let Some(at) = dirs.iter().position(|name| is_savepoint_name(name)) {
        return Some((UnitKind::Savepoint, at + 1));
    }
    // Without the job-id level; the last, as a directory above the root may be called so too.
    let of_a_job = dirs.iter().rposition(|name| is_of_a_job(name));
    of_a_job.or_else(|| job_ids().next().map(|at| at + 1)).map(|at| (UnitKind::Job, at))
}

/// Where a metadata file lies, and what that says about the places of its files.
#[derive(Debug, Clone)]
pub struct Home {
    /// The metadata file.
    pub metadata: Location,
    /// The directory that holds it; relative handles resolve against it.
    pub exclusive: Location,
    /// The job directory, of a checkpoint in a directory named `chk-N`.
    pub job: Option<Location>,
    /// Where relative paths of a report begin: the checkpoint root of a checkpoint inside a
    /// job directory, the exclusive directory itself for everything else.
    pub base: Location,
}

impl Home {
    /// The home of a metadata file. A savepoint has no job directory, whatever the directory
    /// it lies in is called.
    pub fn of(metadata: Location, is_savepoint: bool) -> Self {
        let exclusive = metadata.parent().unwrap_or_else(|| metadata.clone());
        let numbered = exclusive.file_name().is_some_and(|name| checkpoint_number(name).is_some());
        let in_job = numbered && !is_savepoint;
        let job = if in_job { exclusive.parent() } else { None };
        let root = job.as_ref().and_then(|job| {
            let named = job.file_name().is_some_and(is_job_id);
            // Without the job-id level (create-subdir: false) the job directory is the root.
            if named { job.parent() } else { Some(job.clone()) }
        });
        let base = root.unwrap_or_else(|| exclusive.clone());
        Home { metadata, exclusive, job, base }
    }

    /// The job id, where the directory names one.
    pub fn job_id(&self) -> Option<&str> {
        self.job.as_ref()?.file_name().filter(|name| is_job_id(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(checkpoint_number("chk-17"), Some(17));
        assert_eq!(checkpoint_number("chk-0"), Some(0));
        for other in ["chk-", "chk-07", "chk--1", "chk-1a", "chk-99999999999999999999", "shared"] {
            assert_eq!(checkpoint_number(other), None, "{other}");
        }
        assert!(is_savepoint_name("savepoint-29fd73-90a0476d001f"));
        assert!(!is_savepoint_name("savepoint-29fd73"));
        assert!(is_job_id("29fd738c29badb5a3c185b2ab2bbb63a"));
        assert!(!is_job_id("29fd738c29badb5a3c185b2ab2bbb63"));
    }

    #[test]
    fn a_file_belongs_to_a_job_a_savepoint_or_a_changelog() {
        const JOB: &str = "29fd738c29badb5a3c185b2ab2bbb63a";
        let unit = |path: &str| {
            let path = path.replace("JOB", JOB);
            let dirs: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
            let (kind, at) = unit_of(&dirs)?;
            Some((kind, dirs[..at].join("/").replace(JOB, "JOB")))
        };
        let job = |path: &str| Some((UnitKind::Job, path.to_owned()));
        assert_eq!(unit("JOB/shared"), job("JOB"));
        assert_eq!(unit("shared/app/JOB/taskowned/job_1_tm_2"), job("shared/app/JOB"));
        assert_eq!(unit("app/JOB/chk-3"), job("app/JOB"));
        assert_eq!(unit("JOB"), job("JOB"));
        assert_eq!(unit("shared/op_x_attempt_0/db"), job(""));
        assert_eq!(unit("orders/chk-3"), job("orders"));
        assert_eq!(unit("dstl/JOB/dstl"), Some((UnitKind::Changelog, "dstl/JOB".into())));
        let savepoint = "sp/savepoint-29fd73-90a0476d001f";
        assert_eq!(unit(savepoint), Some((UnitKind::Savepoint, savepoint.into())));
        assert_eq!(unit("logs/2026"), None);
    }

    #[test]
    fn the_base_follows_the_directories() {
        let base = |path: &str| {
            let home = Home::of(Location::parse_flink(path).unwrap(), false);
            (home.base.path().to_owned(), home.job_id().map(str::to_owned))
        };
        let job = "29fd738c29badb5a3c185b2ab2bbb63a";
        let in_job = base(&format!("/cp/{job}/chk-7/_metadata"));
        assert_eq!(in_job, ("/cp".into(), Some(job.into())));
        assert_eq!(base("/cp/chk-7/_metadata"), ("/cp".into(), None));
        assert_eq!(base("/sp/savepoint-1/_metadata"), ("/sp/savepoint-1".into(), None));
        assert_eq!(base("/chk-1/_metadata"), ("/".into(), None));
        let savepoint = Location::parse_flink("/copies/chk-1/_metadata").unwrap();
        assert_eq!(Home::of(savepoint, true).base.path(), "/copies/chk-1");
    }
}
