//! Changelog segments (section 2.5): files of change sets, and changes inside of metadata.
//!
//! A file is `u8` 1 for Snappy frames or 0, then change sets: `i32` number of groups, per group
//! `i32` number of changes, `i32` key group (-1 for metadata), per change `i32` length and the
//! change. It holds sets of many subtasks and operators, of which a handle names its own.

use std::collections::BTreeSet;
use std::io::Read;

use super::super::changelog::Change;
use super::super::error::FormatError;
use super::super::error::Problem;
use super::Parsed;
use super::Result;
use super::at;
use super::change::Backend;
use super::frames::framed;
use super::input::Input;

/// A change set that a handle names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its offset, in bytes that were decompressed, behind the flag.
    pub offset: i64,
    /// Which of the backends it is of.
    pub backend: usize,
}

/// Parses a changelog file, `length` bytes. Sets that `named` gives to a backend are decoded by
/// what that backend knows, and teach it the states whose metadata they hold; of all others
/// the structure is checked. Files should come in the order of [`changelog_order`].
pub fn changelog_file(
    source: &mut dyn Read,
    length: u64,
    named: &[Named],
    backends: &mut [Backend],
) -> Result<Parsed> {
    let mut input = Input::new(source, length);
    let mut named = named.to_vec();
    named.sort_unstable();
    let mut sets = Sets { named: &named, backends, entries: 0, opaque: BTreeSet::new() };
    match input.bool("compression flag")? {
        false => sets.read(&mut input, 1)?,
        true => framed(&mut input, true, |input| sets.read(input, 0))?,
    }
    if let Some(set) = sets.named.first() {
        let problem = match u64::try_from(set.offset) {
            Ok(value) => Problem::TooLarge { value, limit: length },
            Err(_) => Problem::Negative(set.offset),
        };
        return Err(FormatError { offset: length, field: "offset of a change set", problem }.into());
    }
    input.finish("changelog file")?;
    let opaque = sets.opaque.into_iter().collect();
    Ok(Parsed { bytes: length, entries: sets.entries, states: Vec::new(), opaque })
}

/// Parses the changes of an in-memory segment (tag 9). Offsets of errors count from the start
/// of the change that is damaged.
pub fn changelog_memory<'a>(
    changes: impl Iterator<Item = Change<'a>>,
    backend: &mut Backend,
) -> Result<Parsed> {
    let mut parsed = Parsed::default();
    let mut opaque = BTreeSet::new();
    for change in changes {
        let mut data = change.data;
        let n = data.len() as u64;
        let mut input = Input::new(&mut data, n);
        let unknown = backend.change(change.key_group, n, &mut input)?;
        opaque.extend(unknown);
        parsed.bytes = parsed.bytes.saturating_add(n);
        parsed.entries = parsed.entries.saturating_add(1);
    }
    parsed.opaque.extend(opaque);
    Ok(parsed)
}

/// An order for `files` changelog files in which every one of these lists of files, those of a
/// handle each, is in order; so that metadata come before the changes that need them. Where
/// lists contradict each other, the file with the lowest number goes first.
pub fn changelog_order(files: usize, lists: &[Vec<usize>]) -> Vec<usize> {
    let mut before = vec![0_usize; files];
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); files];
    for (first, next) in lists.iter().flat_map(|list| list.iter().zip(list.iter().skip(1))) {
        if let (true, Some(behind), Some(n)) =
            (first != next, behind.get_mut(*first), before.get_mut(*next))
        {
            behind.push(*next);
            *n = n.saturating_add(1);
        }
    }
    let mut waiting: BTreeSet<(usize, usize)> =
        before.iter().enumerate().map(|(file, n)| (*n, file)).collect();
    let mut order = Vec::new();
    while let Some((_, file)) = waiting.pop_first() {
        order.push(file);
        for next in behind.get_mut(file).map(std::mem::take).unwrap_or_default() {
            let Some(n) = before.get_mut(next) else { continue };
            if waiting.remove(&(*n, next)) {
                *n = n.saturating_sub(1);
                waiting.insert((*n, next));
            }
        }
    }
    order
}

struct Sets<'n, 'b> {
    /// Those that are still to come.
    named: &'n [Named],
    backends: &'b mut [Backend],
    entries: u64,
    opaque: BTreeSet<String>,
}

impl Sets<'_, '_> {
    /// Takes change sets up to the end; `base` is the offset of the first.
    fn read(&mut self, input: &mut Input<'_>, base: u64) -> Result<()> {
        while !input.at_end()? {
            let start = input.offset();
            let offset = start.saturating_sub(base);
            let mut backend = None;
            while let Some((set, rest)) = self.named.split_first() {
                match u64::try_from(set.offset) {
                    Ok(named) if named == offset => backend = Some(set.backend),
                    Ok(named) if named > offset => break,
                    _ => {
                        let what = "is not where a change set begins";
                        return Err(at(start, "offset of a change set", what).into());
                    }
                }
                self.named = rest;
            }
            self.set(input, backend)?;
        }
        Ok(())
    }

    fn set(&mut self, input: &mut Input<'_>, backend: Option<usize>) -> Result<()> {
        let mut stranger = Backend::default();
        for _ in 0..input.count(8, "number of groups in a change set")? {
            let changes = input.count(4, "number of changes")?;
            let before = input.offset();
            let group = input.i32("key group of changes")?;
            if group < -1 {
                let problem = Problem::Negative(group.into());
                let field = "key group of changes";
                return Err(FormatError { offset: before, field, problem }.into());
            }
            for _ in 0..changes {
                let n = input.count(1, "length of a change")?;
                let owner = backend.and_then(|i| self.backends.get_mut(i));
                let unknown = match owner {
                    Some(backend) => backend.change(group, n, input)?,
                    None => {
                        stranger.change(group, n, input)?;
                        None
                    }
                };
                self.opaque.extend(unknown);
                self.entries = self.entries.saturating_add(1);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::changelog_order;

    #[test]
    fn files_come_in_the_order_of_every_handle() {
        assert_eq!(changelog_order(3, &[]), [0, 1, 2]);
        assert_eq!(changelog_order(4, &[vec![3, 1], vec![1, 0, 0, 2]]), [3, 1, 0, 2]);
        assert_eq!(changelog_order(3, &[vec![2, 0, 1], vec![2, 1]]), [2, 0, 1]);
        assert_eq!(changelog_order(3, &[vec![0, 1], vec![1, 0]]), [2, 0, 1]);
        assert_eq!(changelog_order(1, &[vec![0, 7], vec![7, 0]]), [0]);
    }
}
