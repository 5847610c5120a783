//! Are the rows of full snapshots those that Flink reads, and is damage among them found?

use std::convert::Infallible;

use chkctl::format::flink::backend_meta::KeyedBackendMeta;
use chkctl::format::flink::content::ContentError;
use chkctl::format::flink::content::KeyGroups;
use chkctl::format::flink::content::Parsed;
use chkctl::format::flink::content::RowError;
use chkctl::format::flink::content::Rows;
use chkctl::format::flink::content::full_rows;

use super::compressed::compress;
use super::compressed::framed;
use super::streams::Kind;
use super::streams::Stream;
use super::streams_of;

/// All rows.
#[derive(Debug, Default, PartialEq, Eq)]
struct All {
    names: Vec<String>,
    complete: bool,
    rows: Vec<(usize, Vec<u8>, Vec<u8>)>,
}

impl Rows for All {
    type Error = Infallible;

    fn begin(&mut self, meta: &KeyedBackendMeta<'_>) -> Result<(), Infallible> {
        self.names = meta.states.iter().map(|state| state.name.to_string()).collect();
        self.complete = meta.extent.complete;
        Ok(())
    }

    fn row(&mut self, state: usize, key: &[u8], value: &[u8]) -> Result<(), Infallible> {
        self.rows.push((state, key.to_vec(), value.to_vec()));
        Ok(())
    }
}

fn handle(stream: &Stream) -> &KeyGroups {
    let Kind::KeyGroups(handle, _) = &stream.kind else { panic!("not of key groups") };
    handle
}

fn read(stream: &Stream, bytes: &[u8]) -> (Result<Parsed, RowError<Infallible>>, All) {
    let mut all = All::default();
    let length = stream.bytes.len() as u64;
    (full_rows(&mut &*bytes, length, handle(stream), &mut all), all)
}

/// Streams with rows, plain and compressed.
fn streams() -> Vec<Stream> {
    let plain = streams_of("B-savepoints-2.3.0", "full snapshot").into_iter();
    let plain: Vec<Stream> = plain.filter(|stream| stream.parse().unwrap().entries > 0).collect();
    let packed: Vec<Stream> = plain.iter().map(|stream| compress(stream).0).collect();
    plain.into_iter().chain(packed).collect()
}

#[test]
fn rows_lie_in_the_key_groups_that_the_handle_names() {
    let streams = streams();
    let (plain, packed) = streams.split_at(streams.len() / 2);
    let mut rows = 0;
    for (plain, packed) in plain.iter().zip(packed) {
        let (parsed, all) = read(plain, &plain.bytes);
        assert_eq!(parsed.unwrap(), plain.parse().unwrap());
        assert_eq!(read(packed, &packed.bytes).1, all);
        let groups: Vec<i32> = all.rows.iter().map(|(_, key, _)| key[0].into()).collect();
        let range = handle(plain).first..handle(plain).first + handle(plain).offsets.len() as i32;
        assert!(groups.is_sorted() && groups.iter().all(|group| range.contains(group)));
        rows += groups.len();
    }
    assert_eq!(rows, 8273);
}

#[test]
fn every_cut_and_every_byte_too_many_is_found_among_rows() {
    for stream in streams() {
        let bytes = &stream.bytes;
        let found = |bytes: &[u8]| match read(&stream, bytes).0 {
            Err(RowError::Content(ContentError::Damage(error))) => {
                assert!(error.offset <= stream.bytes.len() as u64, "{error}");
                true
            }
            Err(other) => panic!("{other}"),
            Ok(_) => false,
        };
        for cut in (0..bytes.len()).step_by(bytes.len() / 100) {
            assert!(found(&bytes[..cut]), "{} cut at {cut}", stream.owner);
        }
        assert!(found(&[bytes, &[0][..]].concat()));
    }
}

#[test]
fn the_key_group_of_every_key_is_checked() {
    let stream = streams().remove(0);
    let first = handle(&stream).offsets.iter().find(|at| **at != 0).unwrap();
    // State id and length of the key come first.
    let at = usize::try_from(*first).unwrap() + 6;
    let mut bytes = stream.bytes.clone();
    bytes[at] ^= 1;
    let error = read(&stream, &bytes).0.unwrap_err().to_string();
    assert!(error.contains("key group of a key: is not the one it lies in"), "{error}");
}

/// Serializers of classes that nobody here knows cost no row and, as the head shows where it goes on, no name.
#[test]
fn rows_need_no_serializers() {
    let mut tried = 0;
    for stream in streams() {
        let (_, known) = read(&stream, &stream.bytes);
        let first = *handle(&stream).offsets.iter().find(|at| **at != 0).unwrap();
        let head = &stream.bytes[..usize::try_from(first).unwrap()];
        let name = b"org.apache.flink";
        let classes = head.windows(name.len()).enumerate().filter(|(_, bytes)| bytes == name);
        let classes: Vec<usize> = classes.map(|(at, _)| at).collect();
        // Each alone, and all together.
        for unknown in classes.chunks(1).chain([&*classes]) {
            let mut bytes = stream.bytes.clone();
            unknown.iter().for_each(|at| bytes[*at] = b'X');
            let (read, all) = read(&stream, &bytes);
            read.unwrap_or_else(|error| panic!("{} at {unknown:?}: {error}", stream.owner));
            assert_eq!(all.rows, known.rows);
            assert!(all.complete);
            assert_eq!(all.names, known.names);
            tried += 1;
        }
    }
    assert_eq!(tried, 264);
}

/// Frames can hold any number of bytes, so nothing tells beforehand that a length is wrong.
#[test]
fn a_length_is_not_believed_before_its_bytes_are_there() {
    let stream = streams().pop().unwrap();
    let first = handle(&stream).offsets.iter().position(|at| *at != 0).unwrap();
    let start = usize::try_from(handle(&stream).offsets[first]).unwrap();
    let group = u8::try_from(handle(&stream).first).unwrap() + u8::try_from(first).unwrap();
    let key = [&[0, 0][..], &i32::MAX.to_be_bytes(), &[group], &[7; 100_000]].concat();
    let value =
        [&[0, 0, 0, 0, 0, 2, group, 1][..], &i32::MAX.to_be_bytes(), &[7; 100_000]].concat();
    for block in [key, value] {
        let bytes = [&stream.bytes[..start], &framed(&block)].concat();
        let mut handle = handle(&stream).clone();
        handle.offsets = vec![0; handle.offsets.len()];
        handle.offsets[first] = start as i64;
        let mut all = All::default();
        let read = full_rows(&mut &*bytes, bytes.len() as u64, &handle, &mut all);
        let error = read.unwrap_err().to_string();
        assert!(error.contains("2147"), "{error}");
        assert_eq!(all.rows, []);
    }
}
