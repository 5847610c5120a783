//! Where the files of a moved checkpoint are now.
//!
//! The paths inside metadata are those of the writer. A rule maps a directory of the writer
//! to where it is now. Rules are stated by the user, or learned from the metadata itself: a
//! path with this checkpoint's own `chk-N` directory or job id in it tells where the writer's
//! root was. A rule only ever adds a place to look; it changes no metadata.

use super::layout::Home;
use super::layout::SHARED;
use super::layout::TASK_OWNED;
use super::layout::checkpoint_number;
use super::layout::is_job_id;
use crate::store::Location;

/// One mapping of a writer's directory to the one it became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The writer's directory. With the entropy marker in it, every random spelling.
    pub from: Location,
    /// Where it is now.
    pub to: Location,
    /// Whether the user stated it.
    pub stated: bool,
}

/// The rules for one checkpoint, the first that fits wins.
#[derive(Debug, Clone, Default)]
pub struct Rebasing {
    rules: Vec<Rule>,
    entropy_marker: String,
}

/// How many places of evidence are looked at before a conclusion.
const SAMPLES: usize = 32;

impl Rebasing {
    /// Takes the user's rules and adds what the paths inside the metadata tell.
    ///
    /// `paths` are file paths and names of inline handles, which are the paths the data would
    /// have had; only as many are taken as are needed.
    pub fn new(
        stated: &[(Location, Location)],
        entropy_marker: &str,
        home: &Home,
        paths: impl Iterator<Item = Location>,
    ) -> Self {
        let rule = |(from, to): &(Location, Location)| Rule {
            from: from.clone(),
            to: to.clone(),
            stated: true,
        };
        let mut rebasing = Rebasing {
            rules: stated.iter().map(rule).collect(),
            entropy_marker: entropy_marker.to_owned(),
        };
        // A stated rule speaks for the paths it maps, so they are no evidence of another move.
        let unmapped = paths.filter(|path| rebasing.apply(path).is_none());
        let learned = learn(home, unmapped);
        rebasing.rules.extend(learned);
        rebasing
    }

    /// All rules: the stated ones first.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The new place of a path, if a rule maps it.
    pub fn apply(&self, path: &Location) -> Option<Location> {
        self.rules.iter().find_map(|rule| {
            if let Some(below) = path.relative_to(&rule.from) {
                return Some(rule.to.join(below));
            }
            let below = below_random(path, &rule.from, &self.entropy_marker)?;
            Some(rule.to.join(below))
        })
    }
}

/// What lies below `from` in `path`, where the marker in `from` stands for random characters.
fn below_random<'p>(path: &'p Location, from: &Location, marker: &str) -> Option<&'p str> {
    if marker.is_empty() || !path.same_store(from) {
        return None;
    }
    let (before, after) = from.path().split_once(marker)?;
    let random = path.path().strip_prefix(before)?;
    let end = random.find('/')?;
    let segment_end =
        if after.starts_with('/') || after.is_empty() { end } else { random.find(after)? };
    if segment_end == 0 || segment_end > end {
        return None;
    }
    let rest = random.get(segment_end..)?.strip_prefix(after)?;
    rest.strip_prefix('/')
}

/// A writer's root that a path gives away, the better evidence first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Evidence {
    OwnCheckpoint,
    OwnJob,
    OwnSavepoint,
    AnyShared,
}

fn learn(home: &Home, paths: impl Iterator<Item = Location>) -> Option<Rule> {
    let mut found: Vec<(Evidence, Rule)> = Vec::new();
    let mut best = None;
    for path in paths {
        let Some((evidence, rule)) = evidence(home, &path) else { continue };
        if rule.from == rule.to {
            // The writer's place is this place: nothing has moved.
            return None;
        }
        if found.iter().all(|(_, known)| *known != rule) {
            found.push((evidence, rule));
        }
        best = best.max(Some(std::cmp::Reverse(evidence)));
        if found.len() >= SAMPLES {
            break;
        }
        if evidence <= Evidence::OwnJob && found.len() == 1 && !home.base_may_have_entropy() {
            break;
        }
    }
    found.sort_by_key(|(evidence, _)| *evidence);
    let entropy = found.len() > 1 && found.iter().all(|(_, rule)| inserted(&rule.from, &rule.to));
    if entropy {
        return None;
    }
    found.into_iter().next().map(|(_, rule)| rule)
}

impl Home {
    /// Only object stores have entropy injection; there one path proves no move.
    fn base_may_have_entropy(&self) -> bool {
        !self.base.is_local()
    }
}

fn evidence(home: &Home, path: &Location) -> Option<(Evidence, Rule)> {
    let segments: Vec<&str> = path.segments().collect();
    let up_to = |n: usize| path.with_path(&segments.get(..n).unwrap_or_default().join("/"));
    let rule = |from: Location, to: &Location| {
        // Widen over the job id, so that files of sibling jobs are found as well.
        let same_job = from.file_name() == to.file_name() && to.file_name().is_some_and(is_job_id);
        match (same_job, from.parent(), to.parent()) {
            (true, Some(from), Some(to)) => Rule { from, to, stated: false },
            _ => Rule { from, to: to.clone(), stated: false },
        }
    };
    let Some(job) = &home.job else {
        let own = home.exclusive.file_name()?;
        let at = segments.iter().rposition(|segment| *segment == own)?;
        let beside = at + 2 == segments.len();
        return beside.then(|| (Evidence::OwnSavepoint, rule(up_to(at + 1), &home.exclusive)));
    };
    let own = home.exclusive.file_name()?;
    let in_job = |at: usize| {
        segments.get(at).is_some_and(|next| {
            [SHARED, TASK_OWNED].contains(next) || checkpoint_number(next).is_some()
        })
    };
    if let Some(id) = home.job_id() {
        let at = segments.iter().rposition(|segment| *segment == id)?;
        let evidence = match segments.get(at + 1) {
            Some(next) if *next == own => Evidence::OwnCheckpoint,
            _ if in_job(at + 1) => Evidence::OwnJob,
            _ => return None,
        };
        return Some((evidence, rule(up_to(at + 1), job)));
    }
    let at = (0..segments.len()).rev().find(|at| in_job(*at))?;
    let evidence = match segments.get(at) {
        Some(segment) if *segment == own => Evidence::OwnCheckpoint,
        Some(segment) if *segment == SHARED => Evidence::AnyShared,
        _ => return None,
    };
    Some((evidence, rule(up_to(at), job)))
}

/// Whether `from` is `to` with characters inserted at one point of the path: what entropy
/// injection does to a base, differently for each file.
fn inserted(from: &Location, to: &Location) -> bool {
    if !from.same_store(to) {
        return false;
    }
    let (long, short) = (from.path().as_bytes(), to.path().as_bytes());
    let common = long.iter().zip(short).take_while(|(a, b)| a == b).count();
    let (long, short) = (&long[common..], &short[common..]);
    // A marker that was a whole segment leaves its slash behind, which collapses.
    long.ends_with(short) && !long.is_empty()
}

#[cfg(test)]
mod tests;
