//! Is damage found?

use std::collections::BTreeMap;
use std::io;

use chkctl::format::flink::content::ContentError;

use super::compressed::compress;
use super::compressed::decompress;
use super::streams::Stream;
use super::streams_of;
use crate::support::parallel;

/// Kinds of streams, and the archive with many of them.
const KINDS: [(&str, &str); 7] = [
    ("I-sql-2.3.0", "backend meta"),
    ("B-savepoints-2.3.0", "full snapshot"),
    ("H-hashmap-2.3.0", "heap"),
    ("A-heaptimers-1.20.5", "raw keyed"),
    ("H-hashmap-2.3.0", "operator"),
    ("E-unaligned-1.20.5", "channel"),
    ("C-changelog-1.20.5", "changelog"),
];

/// Numbers without an end, the same in every run.
pub(super) struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// A few streams of a kind: those with entries, of different operators.
fn few(name: &str, sort: &str) -> Vec<Stream> {
    let mut by_owner = BTreeMap::new();
    for stream in streams_of(name, sort) {
        if sort == "backend meta" || stream.parse().unwrap().entries > 0 {
            by_owner.entry(stream.owner.clone()).or_insert(stream);
        }
    }
    by_owner.into_values().take(4).collect()
}

/// Whether damage is found where the handle says that there are so many bytes.
fn found(stream: &Stream, bytes: &[u8], length: usize) -> bool {
    match stream.parse_as(bytes, length as u64) {
        Err(ContentError::Damage(error)) => {
            assert!(error.offset <= length as u64, "{error}");
            true
        }
        Err(other) => panic!("{other}"),
        Ok(_) => false,
    }
}

#[test]
fn every_cut_and_every_byte_too_many_is_found() {
    parallel::map(&KINDS, |(name, sort)| {
        for stream in few(name, sort) {
            let bytes = &stream.bytes;
            let step = (bytes.len() / 150).max(1);
            for cut in (0..bytes.len()).step_by(step) {
                assert!(found(&stream, &bytes[..cut], bytes.len()), "{sort} cut at {cut}");
                // Where no handle knows the length: what follows in a changelog may belong to
                // others, whose change sets nobody names.
                if *sort != "changelog" {
                    assert!(found(&stream, &bytes[..cut], cut), "{sort} short of {cut}");
                }
            }
            for more in [0, 1, 0xFF] {
                let longer = [bytes.as_slice(), &[more]].concat();
                assert!(found(&stream, &longer, bytes.len()), "{sort} with a byte more");
                assert!(found(&stream, &longer, longer.len()), "{sort} with a byte more, known");
            }
        }
    });
}

/// The share of single bits, in percent, that cannot be other than they are.
const FOUND: [(&str, usize); 7] = [
    ("backend meta", 23),
    ("full snapshot", 33),
    ("heap", 47),
    ("raw keyed", 25),
    ("operator", 31),
    ("channel", 13),
    ("changelog", 23),
];

#[test]
fn so_many_changed_bits_are_found() {
    let shares = parallel::map(&KINDS, |(name, sort)| {
        let mut random = Random(1);
        let (mut hits, mut tries) = (0, 0);
        for mut stream in few(name, sort) {
            for _ in 0..120 {
                let at = random.below(stream.bytes.len());
                let bit = 1 << random.below(8);
                stream.bytes[at] ^= bit;
                tries += 1;
                hits += usize::from(found(&stream, &stream.bytes, stream.bytes.len()));
                stream.bytes[at] ^= bit;
            }
        }
        (*sort, hits * 100 / tries)
    });
    assert_eq!(shares, FOUND);
}

#[test]
fn every_changed_bit_that_changes_what_is_compressed_is_found() {
    let kinds: Vec<_> = KINDS
        .into_iter()
        .filter(|(_, sort)| ["full snapshot", "heap", "operator", "changelog"].contains(sort))
        .collect();
    parallel::map(&kinds, |(name, sort)| {
        let mut random = Random(2);
        for stream in few(name, sort) {
            let (mut stream, first) = compress(&stream);
            let content = decompress(&stream, first);
            let mut same = 0;
            for _ in 0..120 {
                let at = first + random.below(stream.bytes.len() - first);
                let bit = 1 << random.below(8);
                stream.bytes[at] ^= bit;
                if !found(&stream, &stream.bytes, stream.bytes.len()) {
                    // Repetitions can be written in many ways.
                    assert!(decompress(&stream, first) == content, "{sort} at {at}");
                    same += 1;
                }
                stream.bytes[at] ^= bit;
            }
            assert!(same < 5, "{sort}: {same} of 120 without consequence");
        }
    });
}

/// A source that fails after so many bytes.
struct Failing<'b>(&'b [u8]);

impl io::Read for Failing<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::Error::other("the network is gone"));
        }
        let n = target.len().min(7);
        io::Read::read(&mut self.0, &mut target[..n])
    }
}

#[test]
fn what_cannot_be_read_is_no_damage() {
    for (name, sort) in KINDS {
        let stream = few(name, sort).remove(0);
        let length = stream.bytes.len();
        let whole = stream.parse_from(&mut Failing(&stream.bytes[..length / 2]), length as u64);
        let error = whole.expect_err(sort);
        assert!(matches!(error, ContentError::Source(_)), "{sort}: {error}");
    }
}
