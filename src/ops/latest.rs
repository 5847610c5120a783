//! Which job snapshots are of, where several may lie side by side. Pure.

use std::collections::BTreeMap;

use crate::model::Location;
use crate::model::layout;

/// The jobs that snapshots are of, and how many each has: a job directory each, or a savepoint
/// whose name begins with the id of none of them.
pub fn jobs(snapshots: &[Location]) -> BTreeMap<String, usize> {
    let mut jobs: BTreeMap<String, usize> = BTreeMap::new();
    let mut savepoints = Vec::new();
    for metadata in snapshots {
        let Some(directory) = metadata.parent() else { continue };
        let name = directory.file_name().unwrap_or_default();
        if layout::checkpoint_number(name).is_some() {
            let job = directory.parent().unwrap_or(directory);
            *jobs.entry(job.to_string()).or_default() += 1;
        } else {
            savepoints.push(directory);
        }
    }
    for directory in savepoints {
        let name = directory.file_name().unwrap_or_default();
        // savepoint-<first six digits of the job id>-<random>
        let digits = name.strip_prefix("savepoint-").and_then(|rest| rest.get(..6));
        let digits = digits.filter(|_| layout::is_savepoint_name(name));
        let of_job = |job: &&String| {
            let id = job.rsplit('/').next().unwrap_or_default();
            digits.is_some_and(|digits| id.starts_with(digits))
        };
        let job = jobs.keys().find(of_job).cloned();
        let alone = || match digits {
            Some(digits) => format!("savepoints of job {digits}..."),
            None => directory.to_string(),
        };
        *jobs.entry(job.unwrap_or_else(alone)).or_default() += 1;
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::jobs;
    use crate::model::Location;

    fn count(paths: &[&str]) -> usize {
        let at = |path: &&str| Location::parse_flink(&format!("/cp/{path}/_metadata")).unwrap();
        jobs(&paths.iter().map(at).collect::<Vec<_>>()).len()
    }

    #[test]
    fn savepoints_belong_to_the_job_whose_id_they_begin_with() {
        const JOB: &str = "29fd738c29badb5a3c185b2ab2bbb63a";
        let chk = format!("{JOB}/chk-3");
        assert_eq!(count(&[&chk, &format!("{JOB}/chk-4"), "savepoint-29fd73-90a0476d001f"]), 1);
        assert_eq!(count(&[&chk, "savepoint-aaaaaa-90a0476d001f"]), 2);
        assert_eq!(count(&[&chk, "0a0d738c29badb5a3c185b2ab2bbb63a/chk-1"]), 2);
        assert_eq!(count(&["savepoint-29fd73-90a0476d001f", "savepoint-29fd73-000000000000"]), 1);
        assert_eq!(count(&["chk-3", "chk-4"]), 1);
        // Without job ids nobody can tell whose it is.
        assert_eq!(count(&["chk-3", "chk-4", "savepoint-29fd73-90a0476d001f"]), 2);
        assert_eq!(count(&["monday", "tuesday"]), 2);
    }
}
