//! Tables that are rare: with a long head, ingested by an older RocksDB, with large blocks.

use std::fs;

use chkctl::format::rocks::table::error::Part;
use chkctl::format::rocks::table::error::Problem;
use chkctl::format::rocks::table::head::Head;
use chkctl::format::rocks::table::key::InternalKey;
use chkctl::format::rocks::table::layout::Layout;
use chkctl::format::rocks::table::pieces::Outcome;
use chkctl::format::rocks::table::pieces::Pieces;
use chkctl::format::rocks::table::scan::Scan;
use rocksdb::Options;
use rocksdb::SstFileWriter;

use super::options::Form;
use super::options::append;
use super::read::Table;
use super::read::bytes;

fn write(options: &Options, values: &[Vec<u8>]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table.sst");
    let mut writer = SstFileWriter::create(options);
    writer.open(&path).unwrap();
    for (n, value) in values.iter().enumerate() {
        writer.put(format!("key-{n:03}"), value).unwrap();
    }
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

#[test]
fn a_long_head_takes_a_second_read_and_no_more() {
    for (length, reads) in [(100, 1), (7000, 2), (20_000, 2), (30_000, 2)] {
        let mut options = Form::plain(5).options();
        options.set_merge_operator_associative(&"m".repeat(length), append);
        let table = Table::read(&write(&options, &vec![vec![7; 1000]; 100])).unwrap();
        assert_eq!(table.reads[0].len(), reads, "{length}");
        let asked: u64 = table.reads[0].iter().map(|range| range.end - range.start).sum();
        assert!(asked <= 64 << 10);
        assert_eq!(table.head.properties.merge_operator, Some(vec![b'm'; length]));
    }
    let mut options = Form::plain(5).options();
    options.set_merge_operator_associative(&"m".repeat(40_000), append);
    let error = Table::read(&write(&options, &[vec![1]])).err().unwrap();
    assert_eq!(error.part, Part::Properties);
    assert!(matches!(error.problem, Problem::TooLarge { limit: 32_768, .. }), "{error}");
}

#[test]
fn the_sequence_number_of_an_ingested_file_is_found_and_told() {
    for version in [2, 5, 6, 7] {
        let mut file = write(&Form::plain(version).options(), &vec![vec![7; 10]; 20]);
        let sound = Table::read(&file).unwrap();
        assert!(!sound.head.ingested);
        assert_eq!(sound.head.properties.global_sequence, Some(0));
        let name = b"external_sst_file.global_seqno";
        let at = file.windows(name.len()).position(|bytes| bytes == name).unwrap() + name.len();
        file[at..at + 8].copy_from_slice(&77_u64.to_le_bytes());
        let table = Table::read(&file).unwrap();
        assert!(table.head.ingested);
        assert!(table.entries.iter().all(|entry| entry.sequence == 77));
        // Anything else in that block is protected as ever.
        file[at - 3] ^= 1;
        let error = Table::read(&file).err().unwrap();
        assert!(matches!(error.problem, Problem::Checksum { .. }), "{error}");
    }
}

#[test]
fn the_sequence_number_may_stand_in_the_manifest_alone() {
    let file = write(&Form::plain(5).options(), &[vec![1], vec![2]]);
    let pieces = Pieces::whole(&file);
    let Ok(Outcome::Done(head)) = Head::read(&pieces) else { panic!() };
    let Ok(Outcome::Done(layout)) = Layout::read(&pieces, &head) else { panic!() };
    let region = layout.the(Part::Data).unwrap();
    let mut scan = Scan::new(&head).unwrap().with_sequence(5);
    let mut sequences = Vec::new();
    let visit = |key: InternalKey<'_>, _: &[u8]| sequences.push(key.sequence);
    scan.data(region, bytes(&file, region), visit).unwrap();
    assert_eq!(sequences, [5, 5]);
}

#[test]
fn large_blocks_are_checked_and_read() {
    let value: Vec<u8> = (0..3_000_000_u32).map(|n| (n ^ (n >> 9)) as u8).collect();
    for checksum in ["kCRC32c", "kxxHash", "kxxHash64", "kXXH3"] {
        for compression in ["kNoCompression", "kZSTD"] {
            let form = Form { checksum, compression, ..Form::plain(6) };
            let mut file = write(&form.options(), &[vec![1], value.clone(), vec![3]]);
            let table = Table::read(&file).unwrap();
            assert_eq!(table.entries[1].value, value);
            let large = table.layout.of(Part::Data).max_by_key(|region| region.length());
            let middle = large.map(|region| (region.start + region.end) / 2).unwrap();
            file[middle as usize] ^= 0x10;
            let error = Table::read(&file).err().unwrap();
            assert!(matches!(error.problem, Problem::Checksum { .. }), "{form:?}: {error}");
        }
    }
}
