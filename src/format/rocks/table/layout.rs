//! Which part of a table every byte of the file belongs to.

use std::cmp::Reverse;
use std::ops::Range;

use super::block::Block;
use super::checksum::check_block;
use super::compression::Decoder;
use super::error::Part;
use super::error::Problem;
use super::error::TableError;
use super::footer::Handle;
use super::footer::TRAILER;
use super::head::Head;
use super::index::IndexEntries;
use super::index::IndexForm;
use super::pieces::Need;
use super::pieces::Outcome;
use super::pieces::Pieces;
use super::pieces::outcome;

/// The most bytes the compressed index blocks of a table may have together when they are
/// decompressed: enough for 2 million data blocks.
pub const MOST_INDEX: u64 = 64 << 20;

/// A part of a table and the bytes it takes, a block's trailer among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// What is there.
    pub part: Part,
    /// Its first byte in the file.
    pub start: u64,
    /// The byte behind its last.
    pub end: u64,
}

impl Region {
    /// A block with its trailer, which must end before `limit`.
    pub(super) fn block(part: Part, handle: Handle, limit: u64) -> Result<Self, TableError> {
        let Range { start, end } = handle.range(part, limit)?;
        Ok(Region { part, start, end })
    }

    /// Its bytes in the file.
    pub fn range(&self) -> Range<u64> {
        self.start..self.end
    }

    /// How many bytes it takes.
    pub fn length(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Bytes of a block without its trailer.
    pub(super) fn content_length(&self) -> u64 {
        self.length().saturating_sub(TRAILER)
    }

    /// Something is wrong with this region.
    pub(super) fn error(&self, problem: Problem) -> TableError {
        TableError { part: self.part, offset: self.start, problem }
    }

    /// Whether that many bytes are all of it.
    pub(super) fn check_length(&self, available: u64) -> Result<(), TableError> {
        let needed = self.length();
        let wrong = self.error(Problem::Truncated { needed, available });
        (needed == available).then_some(()).ok_or(wrong)
    }

    /// Whether it is short enough to be read.
    pub(super) fn check_limit(&self, limit: u64) -> Result<(), TableError> {
        let size = self.length();
        let wrong = self.error(Problem::TooLarge { size, limit });
        (size <= limit).then_some(()).ok_or(wrong)
    }
}

/// All regions of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// In the order of the file, side by side: they hold each of its bytes exactly once.
    pub regions: Vec<Region>,
}

impl Layout {
    /// Reads the index of a table and the places of all its blocks, or says which bytes are
    /// needed: the index, its partitions, the index of filter partitions.
    ///
    /// What is read is checked, and that the regions tile the file: data blocks in the order
    /// of their keys, nothing twice, nothing left out but zeros between data blocks, whose
    /// value [`check`](super::checksum::check) looks at. Counts and sizes in the properties must be those of the blocks.
    pub fn read(pieces: &Pieces<'_>, head: &Head) -> Result<Outcome<Layout>, TableError> {
        outcome(Survey::new(pieces, head).run())
    }

    /// The regions of one part.
    pub fn of(&self, part: Part) -> impl Iterator<Item = &Region> {
        self.regions.iter().filter(move |region| region.part == part)
    }

    /// The region of a part that is there once, if it is there.
    pub fn the(&self, part: Part) -> Option<&Region> {
        self.of(part).next()
    }
}

struct Survey<'a> {
    pieces: &'a Pieces<'a>,
    head: &'a Head,
    decoder: Decoder,
    /// Bytes of index blocks that may still be decompressed.
    budget: u64,
    regions: Vec<Region>,
    /// Bytes of all index blocks, decompressed.
    index_size: u64,
}

impl<'a> Survey<'a> {
    fn new(pieces: &'a Pieces<'a>, head: &'a Head) -> Self {
        let decoder = Decoder::new(&head.footer).with_limit(MOST_INDEX);
        let budget = MOST_INDEX;
        Survey { pieces, head, decoder, budget, regions: Vec::new(), index_size: 0 }
    }

    fn run(mut self) -> Result<Layout, Need> {
        let head = self.head;
        let Head { footer, properties, size, .. } = head;
        let end = footer.offset;
        let footer_region = Region { part: Part::Footer, start: end, end: *size };
        if properties.embedded_blobs.is_some() {
            let what = Problem::Unsupported("a table with embedded blobs".to_owned());
            return Err(footer_region.error(what).into());
        }
        let metaindex = Region::block(Part::Metaindex, footer.metaindex, end)?;
        self.regions.extend([footer_region, metaindex]);
        for block in &head.meta_blocks {
            let region = Region::block(block.part(), block.handle, end)?;
            self.regions.push(region);
            if block.has_partitions() && region.content_length() > 0 {
                let form = IndexForm::of_partitions(properties);
                self.index_block(region, Part::FilterPartition, form, None)?;
            }
        }
        if let Some(handle) = footer.index {
            self.regions.push(Region::block(Part::Index, handle, end)?);
        }
        let mut indexes = self.regions.iter().filter(|region| region.part == Part::Index);
        let (Some(index), None) = (indexes.next().copied(), indexes.next()) else {
            return Err(metaindex.error(Problem::Invalid("does not name one index")).into());
        };
        self.index_size = 0;
        self.index(index)?;
        Ok(self.tile()?)
    }

    /// Reads the index of data blocks.
    fn index(&mut self, index: Region) -> Result<(), Need> {
        let properties = &self.head.properties;
        let partitions = IndexForm::of_partitions(properties);
        let plain = IndexForm { first_key: properties.index_type == Some(3), ..partitions };
        match properties.index_type.unwrap_or_default() {
            0 | 1 | 3 => {
                self.index_block(index, Part::Data, plain, None)?;
            }
            2 => {
                let known = self.regions.len();
                let keys = self.index_block(index, Part::IndexPartition, partitions, None)?;
                let parts = self.regions.get(known..).unwrap_or_default().to_vec();
                let side_by_side = parts.is_sorted_by(|a, b| a.end == b.start);
                if !side_by_side {
                    let what = "names partitions that do not lie side by side";
                    return Err(index.error(Problem::Invalid(what)).into());
                }
                if let (Some(first), Some(last)) = (parts.first(), parts.last()) {
                    self.pieces.need(first.start..last.end)?;
                }
                for (part, key) in parts.iter().zip(keys.iter()) {
                    self.index_block(*part, Part::Data, partitions, Some(key))?;
                }
            }
            other => {
                let what = Problem::Unsupported(format!("an index of type {other}"));
                return Err(index.error(what).into());
            }
        }
        Ok(())
    }

    /// Adds the blocks that an index block names; returns their keys if they are partitions.
    /// Blocks and keys must be in order, and no key may be above `limit`.
    fn index_block(
        &mut self,
        region: Region,
        part: Part,
        form: IndexForm,
        limit: Option<&[u8]>,
    ) -> Result<Vec<Box<[u8]>>, Need> {
        let bytes = self.pieces.need(region.range())?;
        check_block(&self.head.footer, &region, bytes)?;
        let compressed = bytes.split_last_chunk::<5>().is_some_and(|(_, [kind, ..])| *kind != 0);
        let content = self.decoder.content(&region, bytes)?;
        self.index_size = self.index_size.saturating_add(content.len() as u64);
        let spent = if compressed { content.len() as u64 } else { 0 };
        let left = self.budget.checked_sub(spent).ok_or(region.error(Problem::TooLarge {
            size: MOST_INDEX.saturating_sub(self.budget).saturating_add(spent),
            limit: MOST_INDEX,
        }))?;

        let invalid = |what| Need::Error(region.error(Problem::Invalid(what)));
        let ordered = self.head.properties.is_bytewise();
        let (mut end, mut keys) = (0, Vec::new());
        let mut last_key: Option<Vec<u8>> = None;
        let mut entries = IndexEntries::new(&Block::parse(&region, content)?, form);
        while let Some((key, handle)) = entries.next()? {
            let block = Region::block(part, handle, self.head.footer.offset)?;
            if end > block.start {
                return Err(invalid("names blocks that are not in order"));
            }
            end = block.end;
            self.regions.push(block);
            let below = |a: &[u8], b: &[u8]| is_below(a, b, form.user_keys);
            if ordered && last_key.as_ref().is_some_and(|last| below(key, last)) {
                return Err(invalid("holds keys that are not in order"));
            }
            if ordered && limit.is_some_and(|limit| below(limit, key)) {
                return Err(invalid("holds a key that is above its own in the index"));
            }
            let last_key = last_key.get_or_insert_default();
            last_key.clear();
            last_key.extend_from_slice(key);
            if part == Part::IndexPartition {
                keys.push(key.into());
            }
        }
        self.budget = left;
        Ok(keys)
    }

    /// Puts the regions side by side.
    fn tile(mut self) -> Result<Layout, TableError> {
        let in_order = |regions: &mut Vec<Region>| regions.sort_by_key(|one| (one.start, one.end));
        in_order(&mut self.regions);
        let mut paddings = Vec::new();
        let first = Region { part: Part::Footer, start: 0, end: 0 };
        let mut before = &first;
        for region in &self.regions {
            if let Some(bytes) = before.end.checked_sub(region.start).filter(|bytes| *bytes > 0) {
                return Err(region.error(Problem::Overlap(bytes)));
            }
            if let Some(bytes) = region.start.checked_sub(before.end).filter(|bytes| *bytes > 0) {
                if before.part != Part::Data {
                    return Err(region.error(Problem::Gap(bytes)));
                }
                let (start, end) = (before.end, region.start);
                paddings.push(Region { part: Part::Padding, start, end });
            }
            before = region;
        }
        if !paddings.is_empty() {
            self.regions.append(&mut paddings);
            in_order(&mut self.regions);
        }
        let layout = Layout { regions: std::mem::take(&mut self.regions) };
        self.check_counts(&layout)?;
        Ok(layout)
    }

    /// Whether the properties say the same.
    fn check_counts(&self, layout: &Layout) -> Result<(), TableError> {
        let properties = &self.head.properties;
        let contents = |part: Part| layout.of(part).map(Region::content_length).sum::<u64>();
        let data = layout.of(Part::Data).count() as u64;
        let after_data = layout
            .regions
            .iter()
            .rev()
            .skip_while(|region| !matches!(region.part, Part::Data | Part::Padding));
        let data_end = after_data.map(|region| region.end).next().unwrap_or_default();
        let filters = contents(Part::Filter).saturating_add(contents(Part::FilterPartition));
        // RocksDB 11 does not count blocks that wait for a dictionary to be made of them.
        let options = properties.compression_options.as_deref().unwrap_or_default();
        let waiting = String::from_utf8_lossy(options).contains("max_dict_bytes=")
            && !String::from_utf8_lossy(options).contains("max_dict_bytes=0;");
        let mut counts = vec![
            ("number of data blocks", properties.num_data_blocks.filter(|_| !waiting), data),
            ("size of data blocks", properties.data_size, data_end),
            ("size of filters", properties.filter_size, filters),
            ("start of the tail", properties.tail_start_offset, data_end),
        ];
        match properties.index_type {
            Some(2) => {
                let partitions = layout.of(Part::IndexPartition).count() as u64;
                let stated = properties.index_partitions;
                counts.push(("number of index partitions", stated, partitions));
            }
            // Prefixes of a hash index count too, and may be compressed.
            Some(1) => {}
            _ => {
                let size = self.index_size.saturating_add(TRAILER);
                counts.push(("size of the index", properties.index_size, size));
            }
        }
        let wrong = counts.into_iter().find_map(|(about, stated, found)| {
            let stated = stated.filter(|stated| *stated != found)?;
            Some(Problem::Contradiction { about, stated, found })
        });
        let region = layout.the(Part::Properties);
        match (wrong, region) {
            (Some(problem), Some(region)) => Err(region.error(problem)),
            _ => Ok(()),
        }
    }
}

/// Whether one key of an index comes before another. Filter partitions may share a key.
fn is_below(a: &[u8], b: &[u8], user_keys: bool) -> bool {
    // An internal key made for an index only may be of a kind that no entry has.
    let parts = |key| match <[u8]>::split_last_chunk(key) {
        Some((user_key, packed)) => (user_key, Reverse(u64::from_le_bytes(*packed))),
        None => (key, Reverse(0)),
    };
    if user_keys { a < b } else { parts(a) < parts(b) }
}
