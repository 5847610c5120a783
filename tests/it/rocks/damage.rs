//! Any bit of a table that is flipped is noticed.

use std::fs;

use chkctl::format::rocks::table::checksum::ChecksumKind;
use chkctl::format::rocks::table::error::Part;
use chkctl::format::rocks::table::error::Problem;
use crc_fast::CrcAlgorithm;
use rocksdb::SstFileWriter;

use super::options::Form;
use super::read::Table;
use crate::support::parallel;

/// A small table with blocks of every part that matters.
fn table(form: &Form) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table.sst");
    let options = form.options();
    let mut writer = SstFileWriter::create(&options);
    writer.open(&path).unwrap();
    writer.delete_range("key-3", "key-5").unwrap();
    for n in 0..6 {
        writer.put(format!("key-{n}"), [n; 20]).unwrap();
    }
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

/// Makes a table of version 0 of one of version 2 without compression: RocksDB no longer
/// writes them.
fn version_0(mut file: Vec<u8>) -> Vec<u8> {
    let table = Table::read(&file).unwrap();
    let properties = table.layout.the(Part::Properties).unwrap();
    let block = properties.start as usize..properties.end as usize - 5;
    // The name shares its first letters with the one before.
    let name = b"ormat.version";
    let at = file[block.clone()].windows(name.len()).position(|bytes| bytes == name).unwrap();
    let value = &mut file[block.start + at + name.len()];
    assert_eq!(*value, 2);
    *value = 0;
    let crc = crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, &file[block.start..=block.end]) as u32;
    let masked = crc.rotate_right(15).wrapping_add(0xa282_ead8);
    file[block.end + 1..block.end + 5].copy_from_slice(&masked.to_le_bytes());
    let footer = file.split_off(file.len() - 53);
    file.extend(&footer[1..41]);
    file.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
    file
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut files = vec![version_0(table(&Form::plain(2)))];
    for version in [2, 5, 6, 7] {
        for checksum in ["kCRC32c", "kxxHash", "kxxHash64", "kXXH3"] {
            let form = Form { checksum, block_size: 60, ..Form::plain(version) };
            files.push(table(&form));
        }
    }
    let missed = parallel::map(&files, |file| flips(file));
    for (file, missed) in files.iter().zip(missed) {
        let footer = Table::read(file).unwrap().head.footer;
        assert_eq!(missed, [], "of {} bytes, {footer:?}", file.len());
    }
}

/// The bytes and bits whose flip was not noticed.
fn flips(file: &[u8]) -> Vec<(usize, u32)> {
    let sound = Table::read(file).unwrap();
    assert!(!sound.head.ingested);
    let mut file = file.to_vec();
    let mut missed = Vec::new();
    for at in 0..file.len() {
        for bit in 0..8 {
            file[at] ^= 1 << bit;
            let noticed = match Table::read_once(&file) {
                Err(_) => true,
                // Facts that are told of a table beside its errors.
                Ok(table) => {
                    table.head.ingested || table.head.footer.checksum == ChecksumKind::None
                }
            };
            if !noticed {
                missed.push((at, bit));
            }
            file[at] ^= 1 << bit;
        }
    }
    missed
}

#[test]
fn a_table_without_checksums_says_so() {
    for version in [2, 5, 6, 7] {
        let form = Form { checksum: "kNoChecksum", ..Form::plain(version) };
        let table = Table::read(&table(&form)).unwrap();
        assert_eq!(table.head.footer.checksum, ChecksumKind::None);
    }
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let file = table(&Form { block_size: 60, ..Form::plain(5) });
    let second = *Table::read(&file).unwrap().layout.of(Part::Data).nth(1).unwrap();
    let mut flipped = file.clone();
    flipped[second.start as usize] ^= 1;
    let error = Table::read(&flipped).err().unwrap();
    assert_eq!((error.part, error.offset), (Part::Data, second.start));
    let Problem::Checksum { stored, computed } = error.problem else { panic!("{error}") };
    let expected = format!(
        "data block at byte {}: checksum is {stored:#010x}, its bytes give {computed:#010x}",
        second.start
    );
    assert_eq!(error.to_string(), expected);

    let text = |bytes: &[u8]| Table::read(bytes).err().unwrap().to_string();
    assert_eq!(text(b""), "footer at byte 0: needs 48 bytes, but there are 0");
    assert_eq!(
        text(&file[..file.len() - 1]),
        format!("footer at byte {}: no SST ends with {}", file.len() - 9, "0xe241b785f4cff700"),
    );
}

#[test]
fn a_table_cut_short_at_either_end_is_noticed() {
    let file = table(&Form::plain(5));
    for cut in 0..file.len() {
        assert!(Table::read_once(&file[..cut]).is_err(), "the first {cut} bytes");
        if cut > 0 {
            assert!(Table::read_once(&file[cut..]).is_err(), "without the first {cut} bytes");
        }
    }
}
