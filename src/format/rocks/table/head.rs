//! The head of a table, which lies at its end: footer, metaindex and properties.

use super::block::Block;
use super::checksum::check_block;
use super::compression::Decoder;
use super::error::Part;
use super::error::Problem;
use super::error::TableError;
use super::footer::Footer;
use super::footer::Handle;
use super::footer::MAX_FOOTER;
use super::layout::Region;
use super::pieces::Need;
use super::pieces::Outcome;
use super::pieces::Pieces;
use super::pieces::outcome;
use super::properties::Properties;
use super::properties::without_global_sequence;

/// The end of a file that is read first. It holds the whole head of nearly every table: a
/// properties block has one to two KiB.
const TAIL: u64 = 8 << 10;
/// What is read before a metaindex that begins earlier: most of the properties.
const BEFORE_METAINDEX: u64 = 4 << 10;
/// The longest metaindex that is read; it has 50 bytes for each meta block.
const MAX_METAINDEX: u64 = 16 << 10;
/// The longest properties block that is read. With the above, at most 64 KiB are asked for.
const MAX_PROPERTIES: u64 = 32 << 10;

/// What is known of a table before its index is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Bytes of the file.
    pub size: u64,
    /// Its footer.
    pub footer: Footer,
    /// Its meta blocks.
    pub meta_blocks: Vec<MetaBlock>,
    /// Its properties.
    pub properties: Properties,
    /// Whether the properties have the checksum they had before RocksDB ingested the file and
    /// wrote [`Properties::global_sequence`]: any other value of it would do as well.
    pub ingested: bool,
}

/// An entry of the metaindex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaBlock {
    /// Its name, for example `rocksdb.properties`.
    pub name: Vec<u8>,
    /// Where it lies.
    pub handle: Handle,
}

impl MetaBlock {
    /// The part of the table that it is.
    pub fn part(&self) -> Part {
        match self.name.as_slice() {
            b"rocksdb.properties" | b"rocksdb.stats" => Part::Properties,
            b"rocksdb.index" => Part::Index,
            b"rocksdb.compression_dict" => Part::Dictionary,
            b"rocksdb.range_del" => Part::RangeDeletions,
            name if name.starts_with(b"fullfilter.") => Part::Filter,
            name if name.starts_with(b"filter.") => Part::Filter,
            name if self.is_partitioned_filter(name) => Part::Filter,
            _ => Part::OtherMeta,
        }
    }

    fn is_partitioned_filter(&self, name: &[u8]) -> bool {
        name.starts_with(b"partitionedfilter.")
    }

    /// Whether it is an index of filter partitions.
    pub(super) fn has_partitions(&self) -> bool {
        self.is_partitioned_filter(&self.name)
    }
}

impl Head {
    /// Reads the head of a table, or says which bytes are needed: first the last 8 KiB, then
    /// rarely another range, at most 64 KiB together. All of it is checked.
    ///
    /// A table whose metaindex or properties are longer than 16 or 32 KiB is refused with
    /// [`Problem::TooLarge`].
    pub fn read(pieces: &Pieces<'_>) -> Result<Outcome<Head>, TableError> {
        outcome(Self::try_read(pieces))
    }

    fn try_read(pieces: &Pieces<'_>) -> Result<Self, Need> {
        let size = pieces.size();
        let footer = size.saturating_sub(MAX_FOOTER)..size;
        let tail = size.saturating_sub(TAIL)..size;
        let footer = Footer::parse(pieces.get(&footer).ok_or(Need::Read(tail))?, size)?;

        let region = Region::block(Part::Metaindex, footer.metaindex, footer.offset)?;
        region.check_limit(MAX_METAINDEX)?;
        let with_properties = region.start.saturating_sub(BEFORE_METAINDEX)..region.end;
        let bytes = pieces.get(&region.range()).ok_or(Need::Read(with_properties))?;
        check_block(&footer, &region, bytes)?;
        let meta_blocks = meta_blocks(&region, Decoder::new(&footer).content(&region, bytes)?)?;

        let block = meta_blocks.iter().find(|block| block.part() == Part::Properties);
        let block = block.ok_or(region.error(Problem::Invalid("names no properties")))?;
        let region = Region::block(Part::Properties, block.handle, footer.offset)?;
        region.check_limit(MAX_PROPERTIES)?;
        let bytes = pieces.need(region.range())?;
        let ingested = check_properties(&footer, &region, bytes)?;
        let content = Decoder::new(&footer).content(&region, bytes)?.to_vec();
        let properties = Properties::parse(&region, &content)?;
        check_version(&footer, &properties).map_err(|problem| region.error(problem))?;
        Ok(Head { size, footer, meta_blocks, properties, ingested })
    }
}

fn meta_blocks(region: &Region, content: &[u8]) -> Result<Vec<MetaBlock>, TableError> {
    let invalid = |what| region.error(Problem::Invalid(what));
    let mut blocks: Vec<MetaBlock> = Vec::new();
    let mut entries = Block::parse(region, content)?.entries();
    while let Some((name, mut value)) = entries.next()? {
        if blocks.last().is_some_and(|last| last.name.as_slice() >= name) {
            return Err(invalid("holds names that are not sorted"));
        }
        let handle = Handle::read(&mut value).filter(|_| value.is_empty());
        let handle = handle.ok_or(invalid("holds something other than a block handle"))?;
        blocks.push(MetaBlock { name: name.to_vec(), handle });
    }
    Ok(blocks)
}

/// Checks the properties block as any other, or as it was before a global sequence number was
/// written into it, and says which.
fn check_properties(footer: &Footer, region: &Region, bytes: &[u8]) -> Result<bool, TableError> {
    let Err(error) = check_block(footer, region, bytes) else { return Ok(false) };
    let Some((content, trailer)) = bytes.split_last_chunk::<5>() else { return Err(error) };
    let Some(mut before) = without_global_sequence(region, content) else { return Err(error) };
    before.extend(trailer);
    check_block(footer, region, &before).map_err(|_| error)?;
    Ok(true)
}

/// Whether what the properties say can be said in this format version. Before version 6
/// nothing else protects the version.
fn check_version(footer: &Footer, properties: &Properties) -> Result<(), Problem> {
    let version = u64::from(footer.format_version);
    let stated = properties.format_version.filter(|stated| *stated != 0 && *stated != version);
    if let Some(stated) = stated {
        let about = "format version in the footer";
        return Err(Problem::Contradiction { about, stated, found: version });
    }
    if version < 3 && properties.index_key_is_user_key == Some(1) {
        return Err(Problem::Invalid("tells of user keys in the index, unknown to this version"));
    }
    if version < 4 && properties.index_value_is_delta_encoded == Some(1) {
        return Err(Problem::Invalid("tells of differences in the index, unknown to this version"));
    }
    Ok(())
}
