//! Where the files of a moved checkpoint are now.
//!
//! The paths inside metadata are those of the writer. A rule maps a directory of the writer
//! to where it is now. Rules are stated by the user, or learned from the metadata itself: a
//! path with this checkpoint's own `chk-N` directory or job id in it tells where the writer's
//! root was. A rule only ever adds a place to look; it changes no metadata.

use std::ops::ControlFlow;

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

/// A path of the writer: of a file, or the name of an inline handle, which is the path the
/// state would have had.
#[derive(Debug, Clone)]
pub struct Written {
    /// The path.
    pub path: Location,
    /// Whether there is such a file.
    pub is_file: bool,
}

/// A rule that the metadata suggests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The rule.
    pub rule: Rule,
    /// What must exist for the rule to hold; `None` if the evidence is enough. Entropy
    /// injection and files of another job can look like a move.
    pub proof: Option<Location>,
}

impl Rebasing {
    /// The user's rules.
    pub fn stated(rules: &[(Location, Location)], entropy_marker: &str) -> Self {
        let rule = |(from, to): &(Location, Location)| Rule {
            from: from.clone(),
            to: to.clone(),
            stated: true,
        };
        Rebasing {
            rules: rules.iter().map(rule).collect(),
            entropy_marker: entropy_marker.to_owned(),
        }
    }

    /// Finds out from paths inside the metadata where the writer's root is now.
    pub fn learner<'r>(&'r self, home: &'r Home) -> Learner<'r> {
        Learner { rebasing: self, home, best: None, proof: None, in_place: false }
    }

    /// Adds a rule behind those there are.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// All rules: the stated ones first.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The new place of a path and the number of the rule that maps it, if one does.
    pub fn apply(&self, path: &Location) -> Option<(usize, Location)> {
        self.rules.iter().enumerate().find_map(|(number, rule)| {
            let below = match path.relative_to(&rule.from) {
                Some(below) => below,
                None => below_random(path, &rule.from, &self.entropy_marker)?,
            };
            Some((number, rule.to.join(below)))
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Evidence {
    OwnCheckpoint,
    OwnJob,
    OwnSavepoint,
    AnyShared,
}

/// Learns where the writer's root is now, path by path.
#[derive(Debug)]
pub struct Learner<'r> {
    rebasing: &'r Rebasing,
    home: &'r Home,
    best: Option<(Evidence, Rule)>,
    proof: Option<Location>,
    /// The writer's place is this place: nothing has moved.
    in_place: bool,
}

impl Learner<'_> {
    /// Looks at one path. Ends where no other can change anything any more.
    pub fn look(&mut self, written: Written) -> ControlFlow<()> {
        let Written { path, is_file } = written;
        // A path that a rule maps already is no evidence.
        if self.rebasing.apply(&path).is_some() {
            return ControlFlow::Continue(());
        }
        let Some((evidence, rule)) = evidence(self.home, &path) else {
            return ControlFlow::Continue(());
        };
        if rule.from == rule.to {
            self.in_place = true;
            return ControlFlow::Break(());
        }
        let better = self.best.as_ref().is_none_or(|(known, _)| evidence < *known);
        if better {
            self.proof = None;
            self.best = Some((evidence, rule.clone()));
        }
        let same = self.best.as_ref().is_some_and(|(_, known)| *known == rule);
        if same && self.proof.is_none() && is_file {
            self.proof = path.relative_to(&rule.from).map(|below| rule.to.join(below));
        }
        ControlFlow::Continue(())
    }

    /// What the paths say.
    pub fn guess(self) -> Option<Guess> {
        let (evidence, rule) = self.best.filter(|_| !self.in_place)?;
        let certain = evidence != Evidence::AnyShared && !inserted(&rule.from, &rule.to);
        // Without a file there is nothing to be found elsewhere, and nothing to prove it by.
        let proof = if certain { None } else { Some(self.proof?) };
        Some(Guess { rule, proof })
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
    // Only object stores have entropy injection.
    if from.is_local() || !from.same_store(to) {
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
