//! Looks into an SST: its head at level `footer`, every byte from level `blocks` on.

use std::ops::Range;

use super::fact::Fact;
use super::fact::Looked;
use super::fact::SstFact;
use super::rules;
use super::rules::Level;
use super::rules::Rule;
use super::source::AHEAD;
use super::source::Bytes;
use super::source::Limits;
use super::source::Unread;
use crate::format::rocks::table::checksum::Check;
use crate::format::rocks::table::checksum::ChecksumKind;
use crate::format::rocks::table::checksum::check;
use crate::format::rocks::table::compression::Decoder;
use crate::format::rocks::table::error::Part;
use crate::format::rocks::table::error::Problem;
use crate::format::rocks::table::error::TableError;
use crate::format::rocks::table::footer::Footer;
use crate::format::rocks::table::footer::MAX_FOOTER;
use crate::format::rocks::table::head::Head;
use crate::format::rocks::table::layout::Layout;
use crate::format::rocks::table::layout::Region;
use crate::format::rocks::table::pieces::Outcome;
use crate::format::rocks::table::pieces::Pieces;
use crate::format::rocks::table::scan::Scan;
use crate::format::rocks::table::scan::bounds;

/// What ends a look into a table early.
#[derive(Debug)]
pub enum End {
    /// Something is wrong with it.
    Damage(TableError),
    /// It could not be read.
    Unread(Unread),
    /// So many bytes would have to be held.
    TooLarge(u64),
}

impl From<TableError> for End {
    fn from(error: TableError) -> Self {
        End::Damage(error)
    }
}

impl From<Unread> for End {
    fn from(why: Unread) -> Self {
        End::Unread(why)
    }
}

/// Looks into a table.
pub fn look(
    bytes: &mut Bytes<'_>,
    level: Level,
    limits: Limits,
    looked: &mut Looked,
) -> Result<Fact, Unread> {
    looked.ssts += 1;
    let mut table = Table { bytes, limits, looked };
    match table.look(level) {
        Ok(fact) => Ok(fact),
        Err(End::Unread(why)) => Err(why),
        Err(End::TooLarge(size)) => Ok(Fact::Bad {
            rule: rules::TOO_LARGE,
            offset: None,
            evidence: format!("{size} bytes of it have to be held at a time"),
        }),
        Err(End::Damage(error)) => Ok(Fact::Bad {
            rule: rule_of(&error),
            offset: Some(error.offset),
            evidence: error.to_string(),
        }),
    }
}

/// The head of a table, which is at most 64 KiB of it.
///
/// # Errors
/// It could not be read, or is damaged.
pub fn head(bytes: &mut Bytes<'_>, limits: Limits) -> Result<Head, End> {
    let mut pieces = Pieces::new(bytes.length());
    fetch(bytes, limits, &mut pieces, Head::read)
}

/// Reads ranges until something is known.
fn fetch<T>(
    bytes: &mut Bytes<'_>,
    limits: Limits,
    pieces: &mut Pieces<'_>,
    read: impl Fn(&Pieces<'_>) -> Result<Outcome<T>, TableError>,
) -> Result<T, End> {
    let mut held = 0_u64;
    loop {
        match read(pieces)? {
            Outcome::Done(value) => return Ok(value),
            Outcome::Read(range) => {
                held = held.saturating_add(range.end.saturating_sub(range.start));
                if held > limits.memory {
                    return Err(End::TooLarge(held));
                }
                let mut into = Vec::new();
                bytes.read(range.clone(), &mut into)?;
                pieces.add(range.start, into);
            }
        }
    }
}

/// Which rule a damaged table breaks.
fn rule_of(error: &TableError) -> &'static Rule {
    match (&error.problem, error.part) {
        (Problem::Unsupported(_), _) => rules::SST_UNSUPPORTED,
        // Newer than what is known; other numbers have never been in use.
        (Problem::Version(8 | 9), _) => rules::SST_UNSUPPORTED,
        (Problem::TooLarge { .. }, _) => rules::TOO_LARGE,
        (Problem::Gap(_) | Problem::Overlap(_), _) => rules::SST_LAYOUT,
        (_, Part::Footer) => rules::SST_FOOTER,
        (_, Part::Metaindex) => rules::SST_METAINDEX,
        (_, Part::Properties) => rules::SST_PROPERTIES,
        (_, Part::Index | Part::IndexPartition) => rules::SST_INDEX,
        (_, Part::Filter | Part::FilterPartition) => rules::SST_FILTER,
        (_, Part::Dictionary) => rules::SST_DICTIONARY,
        (_, Part::RangeDeletions) => rules::SST_RANGE_DELETIONS,
        (_, Part::Data) => rules::SST_DATA,
        (_, Part::OtherMeta) => rules::SST_META,
        (_, Part::Padding) => rules::SST_LAYOUT,
    }
}

struct Table<'t, 'a> {
    bytes: &'t mut Bytes<'a>,
    limits: Limits,
    looked: &'t mut Looked,
}

impl Table<'_, '_> {
    fn look(&mut self, level: Level) -> Result<Fact, End> {
        let length = self.bytes.length();
        // What is read whole anyway is read at once where it is short.
        let mut whole = Vec::new();
        let mut pieces = Pieces::new(length);
        if level >= Level::Blocks && length <= self.limits.chunk {
            self.bytes.read(0..length, &mut whole)?;
            pieces.add(0, whole.as_slice());
        }
        let head = fetch(self.bytes, self.limits, &mut pieces, Head::read);
        // Without checksums everything else that is found follows from that.
        if let Some(offset) = without_checksums(&pieces) {
            return Ok(Fact::Bad {
                rule: rules::SST_NO_CHECKSUM,
                offset: Some(offset),
                evidence: "its checksum kind is 0".to_owned(),
            });
        }
        let head = head?;
        let properties = &head.properties;
        let some = |count: Option<u64>| count.is_some_and(|count| count > 0);
        let name = properties.column_family_name.clone().filter(|name| !name.is_empty());
        let mut fact = SstFact {
            bytes: head.size,
            column_family: name.map(Vec::into_boxed_slice),
            entries: properties.num_entries.unwrap_or_default(),
            deletions: properties.num_deletions.unwrap_or_default(),
            deletes: some(properties.num_deletions) || some(properties.num_range_deletions),
            deletes_ranges: some(properties.num_range_deletions),
            // Its sequence numbers stand in the MANIFEST alone.
            external: properties.external_version.is_some(),
            // Nothing but the MANIFEST protects it where it was written afterwards.
            global_sequence: properties.global_sequence.filter(|_| head.ingested),
            keys: None,
        };
        if level >= Level::Blocks {
            let layout = |pieces: &Pieces<'_>| Layout::read(pieces, &head);
            let layout = fetch(self.bytes, self.limits, &mut pieces, layout)?;
            drop(pieces);
            let mut kept = Kept::of(&layout, self.limits.memory)?;
            if whole.is_empty() {
                self.check(&head, &layout, &mut kept)?;
            } else {
                self.check_run(&head, &layout.regions, &whole, &mut kept)?;
            }
            fact.keys = kept.keys(&head, &layout)?;
        }
        Ok(Fact::Sst(fact))
    }

    /// Checks every byte, in the order of the file.
    fn check(&mut self, head: &Head, layout: &Layout, kept: &mut Kept) -> Result<(), End> {
        let mut buffer = Vec::new();
        let mut runs = runs(&layout.regions, self.limits.chunk);
        while let Some(run) = runs.next() {
            let range = range_of(run);
            if range.end - range.start > self.limits.chunk {
                run.iter().try_for_each(|region| self.check_long(head, region, kept))?;
                continue;
            }
            self.bytes.read(range, &mut buffer)?;
            let next = runs.clone().take(AHEAD).map(range_of);
            let read_whole = |next: &Range<u64>| next.end - next.start <= self.limits.chunk;
            next.filter(read_whole).for_each(|next| self.bytes.ahead(next));
            self.check_run(head, run, &buffer, kept)?;
        }
        Ok(())
    }

    /// Checks regions that lie side by side, and whose bytes these are.
    fn check_run(
        &mut self,
        head: &Head,
        run: &[Region],
        bytes: &[u8],
        kept: &mut Kept,
    ) -> Result<(), End> {
        let start = range_of(run).start;
        for region in run {
            let at = |place: u64| usize::try_from(place - start).unwrap_or(usize::MAX);
            let part = bytes.get(at(region.start)..at(region.end)).unwrap_or_default();
            check(head, region, part)?;
            kept.keep(region, part);
        }
        self.looked.blocks += run.iter().filter(|region| is_block(region)).count() as u64;
        Ok(())
    }

    /// Checks a block that is longer than what is read at a time.
    fn check_long(&mut self, head: &Head, region: &Region, kept: &mut Kept) -> Result<(), End> {
        let mut check = Check::new(head, *region);
        let mut buffer = Vec::new();
        let mut start = region.start;
        while start < region.end {
            let end = start.saturating_add(self.limits.chunk).min(region.end);
            self.bytes.read(start..end, &mut buffer)?;
            check.update(&buffer);
            kept.keep(region, &buffer);
            start = end;
        }
        check.finish()?;
        self.looked.blocks += u64::from(is_block(region));
        Ok(())
    }
}

/// Blocks that decide on the keys of a table: the first and the last one of data, and what is
/// needed to read them.
struct Kept(Vec<(Region, Vec<u8>)>);

impl Kept {
    fn of(layout: &Layout, memory: u64) -> Result<Self, End> {
        let data = [layout.the(Part::Data), layout.of(Part::Data).last()];
        let others = [layout.the(Part::Dictionary), layout.the(Part::RangeDeletions)];
        let mut kept: Vec<Region> = data.into_iter().chain(others).flatten().copied().collect();
        kept.dedup();
        let bytes: u64 = kept.iter().map(Region::length).sum();
        if bytes > memory {
            return Err(End::TooLarge(bytes));
        }
        Ok(Kept(kept.into_iter().map(|region| (region, Vec::new())).collect()))
    }

    fn keep(&mut self, region: &Region, bytes: &[u8]) {
        let wanted = self.0.iter_mut().find(|(kept, _)| kept == region);
        wanted.into_iter().for_each(|(_, kept)| kept.extend_from_slice(bytes));
    }

    fn get(&self, region: Option<&Region>) -> Option<(&Region, &[u8])> {
        let (region, bytes) = self.0.iter().find(|(kept, _)| Some(kept) == region)?;
        Some((region, bytes))
    }

    /// The first and the last internal key, and that what decides on them can be read.
    fn keys(&self, head: &Head, layout: &Layout) -> Result<Option<[Box<[u8]>; 2]>, TableError> {
        let dictionary = match self.get(layout.the(Part::Dictionary)) {
            Some((region, bytes)) => Decoder::new(&head.footer).content(region, bytes)?.to_vec(),
            None => Vec::new(),
        };
        if let Some((region, bytes)) = self.get(layout.the(Part::RangeDeletions)) {
            Scan::new(head)?.range_deletions(region, bytes)?;
        }
        let first = self.get(layout.the(Part::Data));
        let ends = first.zip(self.get(layout.of(Part::Data).last()));
        let Some((first, last)) = ends else { return Ok(None) };
        let bounds = bounds(head, &dictionary, Some([first, last]), &[])?;
        Ok(bounds.map(|bounds| [bounds.smallest, bounds.largest].map(Vec::into_boxed_slice)))
    }
}

/// The bytes of regions that lie side by side.
fn range_of(run: &[Region]) -> Range<u64> {
    let ends = run.first().zip(run.last());
    ends.map_or(0..0, |(first, last)| first.start..last.end)
}

/// Where the footer is, if it says that blocks have no checksums.
fn without_checksums(pieces: &Pieces<'_>) -> Option<u64> {
    let size = pieces.size();
    let tail = pieces.get(&(size.saturating_sub(MAX_FOOTER)..size))?;
    let footer = Footer::parse(tail, size).ok()?;
    (footer.checksum == ChecksumKind::None).then_some(footer.offset)
}

fn is_block(region: &Region) -> bool {
    !matches!(region.part, Part::Footer | Part::Padding)
}

/// Regions that are read together: as many as fit into a chunk, or one that does not.
fn runs(regions: &[Region], chunk: u64) -> impl Iterator<Item = &[Region]> + Clone {
    let mut rest = regions;
    std::iter::from_fn(move || {
        let first = rest.first()?;
        let fits = |region: &&Region| region.end.saturating_sub(first.start) <= chunk;
        let count = rest.iter().take_while(fits).count().max(1);
        let (run, more) = rest.split_at(count.min(rest.len()));
        rest = more;
        Some(run)
    })
}
