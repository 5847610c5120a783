//! The entries of a table: keys and values, and range deletions.

use super::block::Block;
use super::compression::Decoder;
use super::error::Part;
use super::error::Problem;
use super::error::TableError;
use super::head::Head;
use super::key::InternalKey;
use super::key::Kind;
use super::key::MAX_SEQUENCE;
use super::layout::Region;

/// All keys from `start` to `end`, exclusively, that were written before are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeDeletion {
    /// The first user key that is gone.
    pub start: Vec<u8>,
    /// The first user key behind that is not.
    pub end: Vec<u8>,
    /// Its sequence number: entries with lower ones are gone.
    pub sequence: u64,
}

/// Reads the entries of a table from its blocks, in the order of the file.
///
/// Blocks are decompressed and all that holds them together is checked: restart points, the
/// order of keys within blocks and from one to the next, counts of entries. Their checksums
/// are not: that is what [`check`](super::checksum::check) is for.
pub struct Scan<'a> {
    head: &'a Head,
    decoder: Decoder,
    sequence: Option<u64>,
    last_key: Vec<u8>,
    counts: Counts,
}

/// What was read so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries of data blocks.
    pub entries: u64,
    /// Deletions among them.
    pub deletions: u64,
    /// Merge operands among them.
    pub merges: u64,
    /// Range deletions.
    pub range_deletions: u64,
    /// Bytes of internal keys, those of range deletions too.
    pub key_bytes: u64,
    /// Bytes of values, those of range deletions too.
    pub value_bytes: u64,
}

impl<'a> Scan<'a> {
    /// Begins with a table; refuses one whose keys are not ordered by their bytes.
    pub fn new(head: &'a Head) -> Result<Self, TableError> {
        let properties = &head.properties;
        let refuse = |what: String| TableError {
            part: Part::Footer,
            offset: head.footer.offset,
            problem: Problem::Unsupported(what),
        };
        if properties.user_defined_timestamps_persisted == Some(0) {
            return Err(refuse("a table with keys that lost their timestamps".to_owned()));
        }
        if !properties.is_bytewise() {
            let name = properties.comparator.as_deref().unwrap_or_default();
            let name = String::from_utf8_lossy(name);
            return Err(refuse(format!("a table ordered by the comparator {name}")));
        }
        Ok(Scan {
            head,
            decoder: Decoder::new(&head.footer),
            // A zero was never replaced: the number stands in the MANIFEST only.
            sequence: properties.global_sequence.filter(|sequence| *sequence != 0),
            last_key: Vec::new(),
            counts: Counts::default(),
        })
    }

    /// With the dictionary of the table, given the bytes of its region.
    pub fn with_dictionary(self, region: &Region, bytes: &[u8]) -> Result<Self, TableError> {
        let mut plain = Decoder::new(&self.head.footer);
        let content = plain.content(region, bytes)?;
        Ok(Scan { decoder: self.decoder.with_dictionary(content), ..self })
    }

    /// With the sequence number that all entries of an external file got when it was ingested,
    /// as the MANIFEST has it: the file itself may say 0.
    pub fn with_sequence(self, sequence: u64) -> Self {
        Scan { sequence: Some(sequence), ..self }
    }

    /// With a lower limit for decompressed blocks than
    /// [`MOST_DECOMPRESSED`](super::compression::MOST_DECOMPRESSED).
    pub fn with_limit(self, limit: u64) -> Self {
        Scan { decoder: self.decoder.with_limit(limit), ..self }
    }

    /// Visits the entries of the next data block.
    pub fn data(
        &mut self,
        region: &Region,
        bytes: &[u8],
        mut visit: impl FnMut(InternalKey<'_>, &[u8]),
    ) -> Result<(), TableError> {
        let content = self.decoder.content(region, bytes)?;
        let mut entries = Block::parse(region, content)?.entries();
        let mut empty = true;
        while let Some((bytes, value)) = entries.next()? {
            let mut key = parse(region, bytes)?;
            let last = InternalKey::parse(&self.last_key);
            if last.is_some_and(|last| last >= key) {
                return Err(region.error(Problem::Invalid("holds keys that are not in order")));
            }
            self.last_key.clear();
            self.last_key.extend_from_slice(bytes);
            self.counts.add(key.kind, bytes, value);
            key.sequence = self.sequence.unwrap_or(key.sequence);
            visit(key, value);
            empty = false;
        }
        if empty {
            return Err(region.error(Problem::Invalid("holds no entry")));
        }
        Ok(())
    }

    /// Reads the block of range deletions, which are in no order.
    pub fn range_deletions(
        &mut self,
        region: &Region,
        bytes: &[u8],
    ) -> Result<Vec<RangeDeletion>, TableError> {
        let mut decoder = Decoder::new(&self.head.footer);
        let mut entries = Block::parse(region, decoder.content(region, bytes)?)?.entries();
        let mut deletions: Vec<RangeDeletion> = Vec::new();
        while let Some((bytes, value)) = entries.next()? {
            let key = parse(region, bytes)?;
            if key.kind != Kind::RangeDeletion {
                return Err(region.error(Problem::Invalid("holds other entries too")));
            }
            self.counts.add(key.kind, bytes, value);
            deletions.push(RangeDeletion {
                start: key.user_key.to_vec(),
                end: value.to_vec(),
                sequence: self.sequence.unwrap_or(key.sequence),
            });
        }
        Ok(deletions)
    }

    /// Ends, and compares what was read with the properties.
    pub fn finish(self) -> Result<Counts, TableError> {
        let properties = &self.head.properties;
        let Counts { entries, deletions, merges, range_deletions, key_bytes, value_bytes } =
            self.counts;
        let all = entries.saturating_add(range_deletions);
        let deletions = deletions.saturating_add(range_deletions);
        let wrong = [
            ("number of entries", properties.num_entries, all),
            ("number of deletions", properties.num_deletions, deletions),
            ("number of merge operands", properties.num_merge_operands, merges),
            ("number of range deletions", properties.num_range_deletions, range_deletions),
            ("bytes of keys", properties.raw_key_size, key_bytes),
            ("bytes of values", properties.raw_value_size, value_bytes),
        ]
        .into_iter()
        .find_map(|(about, stated, found)| {
            let stated = stated.filter(|stated| *stated != found)?;
            Some(Problem::Contradiction { about, stated, found })
        });
        let mut blocks = self.head.meta_blocks.iter();
        let block = blocks.find(|block| block.part() == Part::Properties);
        match (wrong, block) {
            (Some(problem), Some(block)) => {
                Err(TableError { part: Part::Properties, offset: block.handle.offset, problem })
            }
            _ => Ok(self.counts),
        }
    }
}

impl Counts {
    fn add(&mut self, kind: Kind, key: &[u8], value: &[u8]) {
        let of_kind = match kind {
            Kind::RangeDeletion => &mut self.range_deletions,
            _ => &mut self.entries,
        };
        *of_kind = of_kind.saturating_add(1);
        match kind {
            Kind::Deletion | Kind::SingleDeletion | Kind::DeletionWithTimestamp => {
                self.deletions = self.deletions.saturating_add(1);
            }
            Kind::Merge => self.merges = self.merges.saturating_add(1),
            _ => {}
        }
        self.key_bytes = self.key_bytes.saturating_add(key.len() as u64);
        self.value_bytes = self.value_bytes.saturating_add(value.len() as u64);
    }
}

/// The first and the last internal key of a table, as RocksDB records them in a MANIFEST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// The smallest internal key.
    pub smallest: Vec<u8>,
    /// The largest internal key.
    pub largest: Vec<u8>,
}

/// The bounds of a table, from the bytes of its first and its last data block, and its range
/// deletions. `None` if there is neither.
///
/// A range deletion ends before its end, which as a bound is written as the highest sequence
/// number of that key. A compaction which cuts its output into several tables may record
/// narrower bounds than the range deletions in them have.
pub fn bounds(
    head: &Head,
    dictionary: &[u8],
    ends: Option<[(&Region, &[u8]); 2]>,
    range_deletions: &[RangeDeletion],
) -> Result<Option<Bounds>, TableError> {
    let mut keys: Vec<Vec<u8>> = Vec::new();
    if let Some([(first, first_bytes), (last, last_bytes)]) = ends {
        let mut decoder = Decoder::new(&head.footer).with_dictionary(dictionary);
        let mut entries = Block::parse(first, decoder.content(first, first_bytes)?)?.entries();
        if let Some((key, _)) = entries.next()? {
            keys.push(key.to_vec());
        }
        let block = Block::parse(last, decoder.content(last, last_bytes)?)?;
        let mut entries = block.last_entries()?;
        let mut key = Vec::new();
        while let Some((next, _)) = entries.next()? {
            key.clear();
            key.extend_from_slice(next);
        }
        keys.push(key);
        for key in &keys {
            parse(last, key)?;
        }
    }
    for RangeDeletion { start, end, sequence } in range_deletions {
        let key =
            |user_key, sequence| InternalKey { user_key, sequence, kind: Kind::RangeDeletion };
        keys.push(key(start, *sequence).to_bytes());
        keys.push(key(end, MAX_SEQUENCE).to_bytes());
    }
    let mut parsed: Vec<InternalKey<'_>> =
        keys.iter().filter_map(|key| InternalKey::parse(key)).collect();
    parsed.sort_unstable();
    Ok(parsed.first().zip(parsed.last()).map(|(smallest, largest)| Bounds {
        smallest: smallest.to_bytes(),
        largest: largest.to_bytes(),
    }))
}

fn parse<'k>(region: &Region, bytes: &'k [u8]) -> Result<InternalKey<'k>, TableError> {
    let invalid = || region.error(Problem::Invalid("holds something other than an internal key"));
    InternalKey::parse(bytes).ok_or_else(invalid)
}
