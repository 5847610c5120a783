//! What RocksDB no longer writes, and what it never would.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use flate2::Compress;
use flate2::Compression as Level;
use flate2::FlushCompress;

use super::super::checksum::ChecksumKind;
use super::super::error::Part;
use super::super::footer::Handle;
use super::*;
use crate::format::rocks::coding::put_varint64;

const MIB: usize = 1 << 20;

fn decode(version: u32, number: u8, content: &[u8], limit: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = content.to_vec();
    bytes.extend([number, 0, 0, 0, 0]);
    let end = bytes.len() as u64;
    let footer = Footer {
        offset: end,
        format_version: version,
        checksum: ChecksumKind::Crc32c,
        metaindex: Handle::default(),
        index: None,
        base_context_checksum: 0,
    };
    let region = Region { part: Part::Data, start: 0, end };
    let mut decoder = Decoder::new(&footer).with_limit(limit);
    let content = decoder.content(&region, &bytes).map_err(|error| error.problem)?;
    Ok(content.to_vec())
}

fn sized(size: usize, compressed: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    put_varint64(&mut content, size as u64);
    content.extend(compressed);
    content
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 100);
    let mut compress = Compress::new_with_window_bits(Level::best(), false, 14);
    compress.compress_vec(bytes, &mut out, FlushCompress::Finish).unwrap();
    out
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 1000);
    let mut compress = bzip2::Compress::new(bzip2::Compression::best(), 0);
    compress.compress_vec(bytes, &mut out, bzip2::Action::Finish).unwrap();
    out
}

fn sample() -> Vec<u8> {
    (0..20_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect()
}

#[test]
fn before_version_2_sizes_were_written_otherwise() {
    let sample = sample();
    let lz4 = lz4_flex::block::compress(&sample);
    let mut with_size = (sample.len() as u64).to_le_bytes().to_vec();
    with_size.extend(&lz4);
    let snappy = snap::raw::Encoder::new().compress_vec(&sample).unwrap();
    for version in [0, 1] {
        for (number, content) in [
            (0, &sample),
            (1, &snappy),
            (2, &deflate(&sample)),
            (3, &bzip2(&sample)),
            (4, &with_size),
            (5, &with_size),
        ] {
            let decoded = decode(version, number, content, u64::MAX);
            assert!(decoded.as_ref() == Ok(&sample), "{version} {number}");
        }
    }
    for (number, compressed) in [(2, deflate(&sample)), (3, bzip2(&sample)), (4, lz4)] {
        assert!(
            decode(2, number, &sized(sample.len(), &compressed), u64::MAX) == Ok(sample.clone())
        );
    }
}

#[test]
fn zstd_before_its_format_was_final() {
    let sample = sample();
    let zstd = sized(sample.len(), &zstd::bulk::compress(&sample, 3).unwrap());
    for number in [7, 0x40] {
        assert!(decode(5, number, &zstd, u64::MAX) == Ok(sample.clone()));
    }
    assert_eq!(decode(5, 6, &zstd, u64::MAX), Err(Problem::Compression(6)));
}

#[test]
fn a_wrong_size_is_an_error() {
    let sample = sample();
    let ways = [
        (2, deflate(&sample)),
        (3, bzip2(&sample)),
        (4, lz4_flex::block::compress(&sample)),
        (7, zstd::bulk::compress(&sample, 3).unwrap()),
    ];
    for (number, compressed) in ways {
        for wrong in [sample.len() - 1, sample.len() + 1, 0] {
            let decoded = decode(5, number, &sized(wrong, &compressed), u64::MAX);
            assert!(matches!(decoded, Err(Problem::Decompression { .. })), "{number} {wrong}");
        }
        for cut in [0, 1, compressed.len() / 2, compressed.len() - 1] {
            let decoded = decode(5, number, &sized(sample.len(), &compressed[..cut]), u64::MAX);
            assert!(matches!(decoded, Err(Problem::Decompression { .. })), "{number} cut {cut}");
        }
    }
}

#[test]
fn little_that_stands_for_much_is_refused() {
    let zeros = vec![0; 8 * MIB];
    let limit = MIB as u64;
    let stated = [
        (3, bzip2(&zeros)),
        (7, zstd::bulk::compress(&zeros, 19).unwrap()),
        (2, deflate(&zeros)),
        (4, lz4_flex::block::compress(&zeros)),
    ];
    for (number, compressed) in stated {
        assert!(compressed.len() < zeros.len() / 200);
        let content = sized(zeros.len(), &compressed);
        let refused = Problem::TooLarge { size: zeros.len() as u64, limit };
        assert_eq!(decode(5, number, &content, limit), Err(refused), "{number}");
        // A lie about the size does not help.
        let content = sized(MIB, &compressed);
        let decoded = decode(5, number, &content, limit);
        assert!(matches!(decoded, Err(Problem::Decompression { .. })), "{number}");
    }
    for (number, compressed) in [(2, deflate(&zeros)), (3, bzip2(&zeros))] {
        let decoded = decode(1, number, &compressed, limit);
        assert!(matches!(decoded, Err(Problem::Decompression { .. })), "{number}");
    }
    // What these bytes cannot stand for is not even allocated.
    for number in [1, 2, 4] {
        let decoded = decode(5, number, &sized(200 * MIB, &[0; 100]), u64::MAX);
        assert!(matches!(decoded, Err(Problem::Decompression { .. })), "{number}");
    }
}
