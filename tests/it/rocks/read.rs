//! Reads a whole table as a verification would: in few ranges, with every check there is.

use std::ops::Range;

use chkctl::format::rocks::table::checksum::Check;
use chkctl::format::rocks::table::checksum::check;
use chkctl::format::rocks::table::error::Part;
use chkctl::format::rocks::table::error::TableError;
use chkctl::format::rocks::table::head::Head;
use chkctl::format::rocks::table::key::InternalKey;
use chkctl::format::rocks::table::key::Kind;
use chkctl::format::rocks::table::layout::Layout;
use chkctl::format::rocks::table::layout::Region;
use chkctl::format::rocks::table::pieces::Outcome;
use chkctl::format::rocks::table::pieces::Pieces;
use chkctl::format::rocks::table::scan::Bounds;
use chkctl::format::rocks::table::scan::Counts;
use chkctl::format::rocks::table::scan::RangeDeletion;
use chkctl::format::rocks::table::scan::Scan;
use chkctl::format::rocks::table::scan::bounds;

/// An entry of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) user_key: Vec<u8>,
    pub(crate) sequence: u64,
    pub(crate) kind: Kind,
    pub(crate) value: Vec<u8>,
}

/// All that can be read of a table.
pub(crate) struct Table {
    pub(crate) head: Head,
    pub(crate) layout: Layout,
    pub(crate) entries: Vec<Entry>,
    pub(crate) range_deletions: Vec<RangeDeletion>,
    pub(crate) counts: Counts,
    pub(crate) bounds: Option<Bounds>,
    /// What the head asked for, and then the layout.
    pub(crate) reads: [Vec<Range<u64>>; 2],
}

impl Table {
    /// Reads and checks everything, checksums in several ways.
    pub(crate) fn read(file: &[u8]) -> Result<Table, TableError> {
        Self::read_with(file, check_both_ways)
    }

    /// Reads and checks everything.
    pub(crate) fn read_once(file: &[u8]) -> Result<Table, TableError> {
        Self::read_with(file, check)
    }

    fn read_with(
        file: &[u8],
        check: impl Fn(&Head, &Region, &[u8]) -> Result<(), TableError>,
    ) -> Result<Table, TableError> {
        let mut pieces = Pieces::new(file.len() as u64);
        let (head, of_head) = ask(file, &mut pieces, Head::read)?;
        let (layout, of_layout) = ask(file, &mut pieces, |pieces| Layout::read(pieces, &head))?;
        let end = layout.regions.iter().fold(0, |end, region| {
            assert_eq!(region.start, end, "regions lie side by side");
            region.end
        });
        assert_eq!(end, file.len() as u64, "and take all of the file");
        for region in &layout.regions {
            check(&head, region, bytes(file, region))?;
        }
        let mut scan = Scan::new(&head)?;
        let mut dictionary = Vec::new();
        if let Some(region) = layout.the(Part::Dictionary) {
            let with_trailer = bytes(file, region);
            dictionary.extend(&with_trailer[..with_trailer.len() - 5]);
            scan = scan.with_dictionary(region, with_trailer)?;
        }
        let mut range_deletions = Vec::new();
        if let Some(region) = layout.the(Part::RangeDeletions) {
            range_deletions = scan.range_deletions(region, bytes(file, region))?;
        }
        let mut entries = Vec::new();
        for region in layout.of(Part::Data) {
            scan.data(region, bytes(file, region), |key, value| {
                let InternalKey { user_key, sequence, kind } = key;
                let (user_key, value) = (user_key.to_vec(), value.to_vec());
                entries.push(Entry { user_key, sequence, kind, value });
            })?;
        }
        let counts = scan.finish()?;
        let ends = layout.the(Part::Data).zip(layout.of(Part::Data).last());
        let ends =
            ends.map(|(first, last)| [(first, bytes(file, first)), (last, bytes(file, last))]);
        let bounds = bounds(&head, &dictionary, ends, &range_deletions)?;
        let reads = [of_head, of_layout];
        Ok(Table { head, layout, entries, range_deletions, counts, bounds, reads })
    }
}

/// Reads what is asked for until there is an answer.
fn ask<T>(
    file: &[u8],
    pieces: &mut Pieces<'_>,
    read: impl Fn(&Pieces<'_>) -> Result<Outcome<T>, TableError>,
) -> Result<(T, Vec<Range<u64>>), TableError> {
    let mut reads = Vec::new();
    loop {
        match read(pieces)? {
            Outcome::Done(value) => return Ok((value, reads)),
            Outcome::Read(range) => {
                assert!(!reads.contains(&range), "{range:?} is asked for again");
                let bytes = &file[range.start as usize..range.end as usize];
                pieces.add(range.start, bytes.to_vec());
                reads.push(range);
            }
        }
    }
}

/// The bytes of a region.
pub(crate) fn bytes<'a>(file: &'a [u8], region: &Region) -> &'a [u8] {
    &file[region.start as usize..region.end as usize]
}

/// In one piece and in several, with the same result.
fn check_both_ways(head: &Head, region: &Region, bytes: &[u8]) -> Result<(), TableError> {
    let result = check(head, region, bytes);
    for size in [1, 7, bytes.len().saturating_sub(3).max(1)] {
        if bytes.len() / size > 5000 {
            continue;
        }
        let mut parts = Check::new(head, *region);
        bytes.chunks(size).for_each(|part| parts.update(part));
        assert_eq!(parts.finish(), result, "{region:?} in parts of {size} bytes");
    }
    result
}
