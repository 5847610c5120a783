//! Logs that a writer of the tests makes, whole and broken.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic)]

use super::BLOCK;
use super::HEADER;
use super::LogError;
use super::LogProblem;
use super::LogReader;
use super::RECYCLABLE_HEADER;
use super::crc32c;

/// Writes logs as RocksDB does.
#[derive(Default)]
pub(in crate::format::rocks) struct Writer {
    /// What was written.
    pub(in crate::format::rocks) bytes: Vec<u8>,
    recyclable: bool,
}

impl Writer {
    /// A record, in fragments if need be.
    pub(in crate::format::rocks) fn record(&mut self, data: &[u8]) {
        let header = if self.recyclable { RECYCLABLE_HEADER } else { HEADER };
        let mut rest = data;
        let mut begin = true;
        loop {
            let left = BLOCK - self.bytes.len() % BLOCK;
            if left < header {
                self.bytes.resize(self.bytes.len() + left, 0);
                continue;
            }
            let (part, behind) = rest.split_at(rest.len().min(left - header));
            rest = behind;
            let kind = match (begin, rest.is_empty()) {
                (true, true) => 1,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            self.fragment(if self.recyclable { kind + 4 } else { kind }, part);
            begin = false;
            if rest.is_empty() {
                return;
            }
        }
    }

    fn fragment(&mut self, kind: u8, data: &[u8]) {
        let log: &[u8] = if matches!(kind, 5..=8) { &[0; 4] } else { &[] };
        let summed = [&[kind], log, data].concat();
        let masked = crc32c(&summed).rotate_right(15).wrapping_add(0xA282_EAD8);
        self.bytes.extend(masked.to_le_bytes());
        self.bytes.extend(u16::try_from(data.len()).unwrap().to_le_bytes());
        self.bytes.extend(summed);
    }
}

fn records(bytes: &[u8]) -> Result<Vec<(u64, Vec<u8>)>, LogError> {
    LogReader::new(bytes)
        .map(|record| record.map(|record| (record.offset, record.data.into_owned())))
        .collect()
}

fn problem(bytes: &[u8]) -> (u64, LogProblem) {
    let error = records(bytes).unwrap_err();
    (error.offset, error.problem)
}

#[test]
fn records_of_all_lengths_around_the_end_of_a_block() {
    for recyclable in [false, true] {
        for first in BLOCK - 40..BLOCK + 40 {
            let mut writer = Writer { recyclable, ..Writer::default() };
            let data: Vec<Vec<u8>> =
                [first, 0, 1, 3 * BLOCK, 5].map(|length| vec![length as u8; length]).into();
            data.iter().for_each(|data| writer.record(data));
            let read = records(&writer.bytes).unwrap_or_else(|error| panic!("{first}: {error:?}"));
            assert_eq!(read[0].0, 0);
            assert_eq!(read.into_iter().map(|(_, data)| data).collect::<Vec<_>>(), data);
        }
    }
}

#[test]
fn the_known_checksum_of_the_format() {
    // A CRC-32C of the specification, RFC 3720, and RocksDB's mask of it and back.
    assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
    assert_eq!(
        super::unmask(0x8A91_36AA_u32.rotate_right(15).wrapping_add(0xA282_EAD8)),
        0x8A91_36AA
    );
}

#[test]
fn the_order_of_fragments() {
    let log = |kinds: &[u8]| {
        let mut writer = Writer::default();
        kinds.iter().for_each(|kind| writer.fragment(*kind, b"ab"));
        writer.bytes
    };
    let read = records(&log(&[2, 3, 4, 1])).unwrap();
    assert_eq!(read, [(0, b"ababab".to_vec()), (27, b"ab".to_vec())]);
    assert_eq!(problem(&log(&[3])), (0, LogProblem::NoBeginning));
    assert_eq!(problem(&log(&[1, 4])), (9, LogProblem::NoBeginning));
    assert_eq!(problem(&log(&[2, 1])), (9, LogProblem::NoEnd(0)));
    assert_eq!(problem(&log(&[2, 3, 2])), (18, LogProblem::NoEnd(0)));
    assert_eq!(problem(&log(&[1, 2, 3])), (9, LogProblem::Unfinished));
    assert_eq!(problem(&log(&[0])), (0, LogProblem::Type(0)));
    assert_eq!(problem(&log(&[1, 9])), (9, LogProblem::Type(9)));
    assert_eq!(problem(&log(&[2, 130, 4])), (9, LogProblem::NoEnd(0)));
    assert_eq!(records(&log(&[1, 130, 1])).unwrap().len(), 2);
    let mut old = Writer::default();
    old.fragment(2, b"");
    old.record(b"ab");
    assert_eq!(records(&old.bytes).unwrap(), [(7, b"ab".to_vec())]);
}

#[test]
fn ends_that_are_none() {
    let mut writer = Writer::default();
    writer.record(&[7; 100]);
    for length in 1..writer.bytes.len() {
        let (offset, problem) = problem(&writer.bytes[..length]);
        assert_eq!(offset, 0);
        match length {
            ..HEADER => assert_eq!(problem, LogProblem::HeaderCut { needed: 7, available: length }),
            _ => assert_eq!(problem, LogProblem::DataCut { length: 100, available: length - 7 }),
        }
    }
    let mut padded = Writer::default();
    padded.record(&vec![7; BLOCK - HEADER - 5]);
    assert_eq!(padded.bytes.len(), BLOCK - 5);
    assert!(records(&padded.bytes).is_ok());
    for zeros in 1..=5 {
        padded.bytes.push(0);
        assert_eq!(problem(&padded.bytes), (BLOCK as u64 - 5, LogProblem::Padding(zeros)));
    }
    padded.record(b"x");
    assert_eq!(records(&padded.bytes).unwrap().len(), 2);
    padded.bytes[BLOCK - 1] = 1;
    assert_eq!(problem(&padded.bytes), (BLOCK as u64 - 5, LogProblem::Padding(5)));
}

#[test]
fn a_fragment_stays_in_its_block_and_its_log() {
    let mut writer = Writer::default();
    writer.fragment(1, &vec![0; BLOCK]);
    let length = BLOCK;
    let expected = LogProblem::DataCut { length, available: BLOCK - HEADER };
    assert_eq!(problem(&writer.bytes), (0, expected));
    let mut other = Writer { recyclable: true, ..Writer::default() };
    other.record(b"ab");
    other.bytes[7] = 5;
    let crc = crc32c(&other.bytes[6..]).rotate_right(15).wrapping_add(0xA282_EAD8);
    other.bytes[..4].copy_from_slice(&crc.to_le_bytes());
    assert_eq!(problem(&other.bytes), (0, LogProblem::OtherLog(5)));
}

#[test]
fn reading_ends_behind_an_error() {
    let mut reader = LogReader::new(&[0; 100]);
    assert!(matches!(reader.next(), Some(Err(_))));
    assert!(reader.next().is_none());
}
