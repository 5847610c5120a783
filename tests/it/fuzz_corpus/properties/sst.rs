//! SSTs: whoever reads one asks for little, and what was read covers the file exactly.

use std::hint::black_box;
use std::ops::Range;

use chkctl::format::rocks::table::checksum::Check;
use chkctl::format::rocks::table::checksum::check;
use chkctl::format::rocks::table::error::Part;
use chkctl::format::rocks::table::error::Problem;
use chkctl::format::rocks::table::error::TableError;
use chkctl::format::rocks::table::head::Head;
use chkctl::format::rocks::table::layout::Layout;
use chkctl::format::rocks::table::pieces::Outcome;
use chkctl::format::rocks::table::pieces::Pieces;
use chkctl::format::rocks::table::scan::Scan;
use chkctl::format::rocks::table::scan::bounds;

/// Bytes of data blocks that are decompressed, so that an input takes little time.
const MOST: u64 = 8 << 20;

pub(crate) fn sst(file: &[u8]) {
    if let Err(error) = read(file) {
        check_error(&error, file.len());
    }
}

fn read(file: &[u8]) -> Result<(), TableError> {
    let mut pieces = Pieces::new(file.len() as u64);
    let mut asked = 0;
    let head = ask(file, &mut pieces, &mut asked, Head::read)?;
    assert!(asked <= 64 << 10, "{asked} bytes for a head");
    assert_eq!(Head::read(&Pieces::whole(file)), Ok(Outcome::Done(head.clone())));
    let layout = ask(file, &mut pieces, &mut asked, |pieces| Layout::read(pieces, &head))?;
    let end = layout.regions.iter().fold(0, |end, region| {
        assert_eq!(region.start, end);
        assert!(region.end > region.start);
        region.end
    });
    assert_eq!(end, file.len() as u64);

    for region in &layout.regions {
        let bytes = part(file, &region.range());
        let whole = check(&head, region, bytes);
        let mut parts = Check::new(&head, *region);
        bytes.chunks(1000).for_each(|part| parts.update(part));
        assert_eq!(parts.finish(), whole);
        whole?;
    }
    let mut scan = Scan::new(&head)?.with_limit(MOST);
    let mut dictionary: &[u8] = &[];
    if let Some(region) = layout.the(Part::Dictionary) {
        let bytes = part(file, &region.range());
        dictionary = &bytes[..bytes.len() - 5];
        scan = scan.with_dictionary(region, bytes)?;
    }
    let mut deletions = Vec::new();
    if let Some(region) = layout.the(Part::RangeDeletions) {
        deletions = scan.range_deletions(region, part(file, &region.range()))?;
    }
    let (mut first, mut last) = (None, None);
    let mut left = MOST;
    for region in layout.of(Part::Data) {
        let bytes = part(file, &region.range());
        scan.data(region, bytes, |key, value| {
            let size = (key.user_key.len() + value.len()) as u64;
            left = left.saturating_sub(size);
            let key = key.to_bytes();
            first.get_or_insert_with(|| key.clone());
            last = Some(key);
        })?;
        if left == 0 {
            return Ok(());
        }
    }
    black_box(scan.finish()?);
    let ends = layout.the(Part::Data).zip(layout.of(Part::Data).last());
    let ends = ends.map(|(a, b)| [(a, part(file, &a.range())), (b, part(file, &b.range()))]);
    let bounds = bounds(&head, dictionary, ends, &deletions)?;
    if deletions.is_empty() && head.properties.global_sequence.unwrap_or_default() == 0 {
        let bounds = bounds.map(|bounds| (bounds.smallest, bounds.largest));
        assert_eq!(bounds, first.zip(last), "the first and the last key");
    }
    Ok(())
}

fn ask<T>(
    file: &[u8],
    pieces: &mut Pieces<'_>,
    asked: &mut u64,
    read: impl Fn(&Pieces<'_>) -> Result<Outcome<T>, TableError>,
) -> Result<T, TableError> {
    loop {
        match read(pieces)? {
            Outcome::Done(value) => return Ok(value),
            Outcome::Read(range) => {
                assert!(range.start < range.end && range.end <= file.len() as u64, "{range:?}");
                assert_eq!(pieces.get(&range), None, "asked for what is there");
                *asked += range.end - range.start;
                pieces.add(range.start, part(file, &range).to_vec());
            }
        }
    }
}

fn part<'a>(file: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    &file[range.start as usize..range.end as usize]
}

/// An error names a place in the file and is not at odds with itself.
pub(super) fn check_error(error: &TableError, length: usize) {
    assert!(!error.to_string().is_empty());
    let within = error.offset <= length as u64;
    match error.problem {
        // A handle that points behind the end is where it points to.
        Problem::Truncated { needed, available } => assert_ne!(needed, available, "{error}"),
        Problem::TooLarge { size, limit } => assert!(within && size > limit, "{error}"),
        Problem::Contradiction { stated, found, .. } => {
            assert!(within && stated != found, "{error}");
        }
        Problem::Checksum { stored, computed } => assert!(within && stored != computed, "{error}"),
        Problem::Gap(bytes) | Problem::Overlap(bytes) => assert!(within && bytes > 0, "{error}"),
        _ => assert!(within, "{error}: there are {length} bytes"),
    }
}
