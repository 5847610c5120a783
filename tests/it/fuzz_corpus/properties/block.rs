//! Blocks alone: a version, a dictionary with its length before it, and a block with trailer.

use chkctl::format::rocks::table::block::Block;
use chkctl::format::rocks::table::checksum::ChecksumKind;
use chkctl::format::rocks::table::compression::Decoder;
use chkctl::format::rocks::table::error::Part;
use chkctl::format::rocks::table::error::TableError;
use chkctl::format::rocks::table::footer::Footer;
use chkctl::format::rocks::table::footer::Handle;
use chkctl::format::rocks::table::layout::Region;

use super::sst::check_error;

/// Bytes a block may have when it is decompressed.
const MOST: u64 = 8 << 20;

pub(crate) fn block(bytes: &[u8]) {
    let [version, length, rest @ ..] = bytes else { return };
    let Some((dictionary, block)) = rest.split_at_checked(usize::from(*length)) else { return };
    let length = block.len() as u64;
    let footer = Footer {
        offset: length,
        format_version: u32::from(version % 8),
        checksum: ChecksumKind::Crc32c,
        metaindex: Handle::default(),
        index: None,
        base_context_checksum: 0,
    };
    let region = Region { part: Part::Data, start: 0, end: length };
    let mut decoder = Decoder::new(&footer).with_limit(MOST);
    if !dictionary.is_empty() {
        decoder = decoder.with_dictionary(dictionary);
    }
    let content = match decoder.content(&region, block) {
        Ok(content) => content,
        Err(error) => return check_error(&error, block.len()),
    };
    assert!(content.len() as u64 <= MOST);
    if let Err(error) = entries(&region, content) {
        check_error(&error, block.len());
    }
}

fn entries(region: &Region, content: &[u8]) -> Result<(), TableError> {
    let block = Block::parse(region, content)?;
    let mut last: Option<(Vec<u8>, Vec<u8>)> = None;
    let mut entries = block.entries();
    let mut bytes = 0;
    while let Some((key, value)) = entries.next()? {
        bytes += value.len();
        last = Some((key.to_vec(), value.to_vec()));
    }
    assert!(bytes <= content.len());
    // The way to the last entry that does not pass the others.
    let mut entries = block.last_entries()?;
    let mut found = None;
    while let Some((key, value)) = entries.next()? {
        found = Some((key.to_vec(), value.to_vec()));
    }
    assert_eq!(found, last);
    Ok(())
}
