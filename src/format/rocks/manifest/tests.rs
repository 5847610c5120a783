//! What no RocksDB at hand writes: old forms, and MANIFESTs that contradict themselves.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic)]

use super::Manifest;
use super::ManifestProblem;
use crate::format::rocks::log::LogProblem;
use crate::format::rocks::log::tests::Writer;

/// Log number 3, next file 9, last sequence 5: what every MANIFEST tells.
const NUMBERS: [u8; 6] = [2, 3, 3, 9, 4, 5];
/// An internal key, behind its length.
const KEY: [u8; 10] = [9, b'k', 1, 0, 0, 0, 0, 0, 0, 0];

fn parse(edits: &[Vec<u8>]) -> Result<Manifest, ManifestProblem> {
    let mut writer = Writer::default();
    edits.iter().for_each(|edit| writer.record(edit));
    Manifest::parse(&writer.bytes).map_err(|error| error.problem)
}

/// After the numbers, these edits.
fn after(edits: &[&[&[u8]]]) -> Result<Manifest, ManifestProblem> {
    let edits = edits.iter().map(|edit| edit.concat());
    parse(&[NUMBERS.to_vec()].into_iter().chain(edits).collect::<Vec<_>>())
}

/// `kNewFile2`: level, number, size 7, keys, sequence numbers 1 and 2.
fn file(level: u8, number: u8) -> Vec<u8> {
    [&[100, level, number, 7][..], &KEY, &KEY, &[1, 2]].concat()
}

/// `kNewFile4` with these fields, the terminating tag included.
fn file_with(fields: &[u8]) -> Vec<u8> {
    [&[103, 0, 8, 7][..], &KEY, &KEY, &[1, 2], fields].concat()
}

fn numbers(manifest: &Manifest) -> Vec<(u32, u64)> {
    let files = manifest.column_families.iter().flat_map(|family| &family.files);
    files.map(|file| (file.level, file.number)).collect()
}

#[test]
fn all_forms_of_a_new_file() {
    let first = [&[7, 1, 4, 7][..], &KEY, &KEY].concat();
    let third = [&[102, 0, 6, 2, 7][..], &KEY, &KEY, &[1, 2]].concat();
    let manifest = after(&[&[&first, &file(0, 5), &third, &file_with(&[1])]]).unwrap();
    assert_eq!(numbers(&manifest), [(0, 5), (0, 6), (0, 8), (1, 4)]);
    let files = &manifest.column_families[0].files;
    assert_eq!(files.iter().map(|file| file.path_id).collect::<Vec<_>>(), [0, 2, 0, 0]);
    assert!(files.iter().all(|file| file.size == 7 && file.smallest.len() == 9));
    assert_eq!((files[0].smallest_seqno, files[0].largest_seqno), (1, 2));
    assert_eq!((manifest.log_number, manifest.next_file_number), (3, 9));
    assert_eq!((manifest.last_sequence, manifest.records), (5, 2));
}

#[test]
fn fields_of_a_file() {
    let fields = [
        &[2, 1, 1, 3, 8, 6, 0, 0, 0, 0, 0, 0, 0, 4, 1, 44, 5, 1, 45, 6, 1, 46][..],
        &[7, 2, b'a', b'b', 8, 1, b'c', 9, 1, 8, 10, 1, b'd', 11, 1, b'e'],
        &[12, 16, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
        &[13, 1, 47, 14, 1, 48, 15, 1, 49, 16, 1, 0, 17, 3, 0, 0, 0, 65, 1, 3, 63, 2, 0, 0, 1],
    ];
    let manifest = after(&[&[&file_with(&fields.concat())]]).unwrap();
    assert_eq!(manifest.min_log_number_to_keep, 6);
    let file = &manifest.column_families[0].files[0];
    assert!(file.marked_for_compaction && !file.timestamps_persisted);
    let times = [file.oldest_blob_file, file.oldest_ancester_time, file.file_creation_time];
    assert_eq!(times, [44, 45, 46]);
    let checksum = file.checksum.as_ref().unwrap();
    assert_eq!((&*checksum.function, &*checksum.value), (&b"c"[..], &b"ab"[..]));
    assert_eq!((file.temperature, file.path_id, file.unique_id), (8, 3, Some([1, 2])));
    assert_eq!((&*file.min_timestamp, &*file.max_timestamp), (&b"d"[..], &b"e"[..]));
    let sizes = [file.epoch_number, file.compensated_range_deletion_size, file.tail_size];
    assert_eq!(sizes, [47, 48, 49]);
}

#[test]
fn fields_that_cannot_be_read() {
    let fails = |edit: &[u8], expected: &str| {
        let error = after(&[&[edit]]).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    fails(&[8], "tag at byte 0 of its data: is unknown and may not be ignored");
    fails(&[1, 5, 0], "comparator name at byte 2 of its data: needs 5 bytes, but 1 are left");
    fails(&[0x80, 0x40, 9], "ignorable field at byte 3 of its data: needs 9 bytes, but 0 are left");
    let short = "smallest key of a new file at byte 4 of its data: is shorter than the 8 bytes \
                 every internal key ends with";
    fails(&[7, 0, 1, 1, 2, 0, 0], short);
    let unknown = "field of a new file at byte 26 of its data: is unknown and may not be ignored";
    fails(&file_with(&[66, 0, 1]), unknown);
    fails(&file_with(&[65, 1, 4, 1]), "path id at byte 28 of its data: is larger than 3");
    fails(
        &file_with(&[2, 2, 1, 1, 1]),
        "need compaction at byte 28 of its data: is not one byte long",
    );
    fails(
        &file_with(&[2, 1, 1]),
        "field of a new file at byte 29 of its data: is no varint of at most 32 bits",
    );
}

#[test]
fn what_may_be_ignored_is() {
    // Unknown with a length, a compaction cursor, WALs of both forms, subcompactions.
    let cursor = [&[5, 1][..], &KEY].concat();
    let wals = [0x84, 0x40, 7, 2, 9, 1, 0x85, 0x40, 7, 0x87, 0x40, 4, 7, 2, 9, 1, 0x88, 0x40, 1, 7];
    let others = [0xFF, 0x7F, 2, 0, 0, 0x8A, 0x40, 1, 0, 0x8B, 0x40, 1, 9];
    let told = [0x81, 0x40, 2, b'i', b'd', 0x86, 0x40, 1, 9, 0x89, 0x40, 1, 0];
    let manifest = after(&[&[&cursor, &wals, &others, &told]]).unwrap();
    assert_eq!(manifest.db_id.as_deref(), Some(&b"id"[..]));
    let default = &manifest.column_families[0];
    assert_eq!(default.full_history_ts_low.as_deref(), Some(&[9][..]));
    assert!(!default.persist_timestamps);
}

#[test]
fn files_come_and_go_once() {
    // A file that moves to another level is deleted and added by one edit.
    let moved = after(&[&[&file(0, 5), &file(0, 6)], &[&[6, 0, 5], &file(1, 5)]]).unwrap();
    assert_eq!(numbers(&moved), [(0, 6), (1, 5)]);
    let twice = after(&[&[&file(0, 5)], &[&file(2, 5)]]).unwrap_err();
    assert_eq!(twice, ManifestProblem::FileExists { number: 5, level: 2, live: 0 });
    let unknown = after(&[&[&[6, 0, 5]]]).unwrap_err();
    assert_eq!(unknown.to_string(), "deletes file 5 from level 0, where it is not live");
    let elsewhere = after(&[&[&file(0, 5)], &[&[6, 3, 5]]]).unwrap_err().to_string();
    assert_eq!(elsewhere, "deletes file 5 from level 3, where it is not live, but in level 0");
}

#[test]
fn column_families_come_and_go() {
    let add: &[u8] = &[200, 1, 4, 201, 1, 1, b'x'];
    let drop: &[u8] = &[200, 1, 4, 202, 1];
    let in_it: &[u8] = &[200, 1, 4];
    let manifest = after(&[&[add, &[203, 1, 4, 1, 1, b'c']], &[in_it, &file(0, 5)]]).unwrap();
    assert_eq!(manifest.max_column_family, 4);
    let added = &manifest.column_families[1];
    assert_eq!((added.id, &*added.name, added.files.len()), (4, &b"x"[..], 1));
    assert_eq!(added.comparator.as_deref(), Some(&b"c"[..]));
    let names = after(&[&[add], &[in_it, &file(0, 5)], &[drop]]).unwrap().column_families;
    assert_eq!(names.iter().map(|family| &*family.name).collect::<Vec<_>>(), [b"default"]);
    assert_eq!(after(&[&[add], &[add]]), Err(ManifestProblem::FamilyExists(4)));
    assert_eq!(after(&[&[drop]]), Err(ManifestProblem::NoFamily(4)));
    assert_eq!(after(&[&[in_it, &file(0, 5)]]), Err(ManifestProblem::NoFamily(4)));
    assert_eq!(after(&[&[add, &file(0, 5)]]), Err(ManifestProblem::FilesOfNewFamily(4)));
    // The same number in two families is two files for RocksDB's bookkeeping.
    assert!(after(&[&[add], &[in_it, &file(0, 5)], &[&file(0, 5)]]).is_ok());
}

#[test]
fn an_atomic_group_is_whole() {
    let group = |remaining: u8| [172, 2, remaining];
    let whole = after(&[&[&file(0, 5), &group(1)], &[&[6, 0, 5], &group(0)]]).unwrap();
    assert_eq!(numbers(&whole), []);
    let unfinished = after(&[&[&file(0, 5), &group(2)], &[&group(1)]]);
    assert_eq!(unfinished, Err(ManifestProblem::UnfinishedGroup(1)));
    for second in [&[172, 2, 0][..], &[172, 2, 2], &[]] {
        let broken = after(&[&[&file(0, 5), &group(2)], &[second]]);
        assert!(matches!(broken, Err(ManifestProblem::AtomicGroup { expected: 1, .. })));
    }
    let endless = after(&[&[&[172, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]]]);
    assert_eq!(endless, Err(ManifestProblem::UnfinishedGroup(u32::MAX.into())));
}

#[test]
fn blob_files_are_live_while_something_is_in_them() {
    let blob = |number: u8| [144, 3, number, 2, 100, 1, b'm', 1, b'v', 1, 1, 0, 0];
    let garbage = |number: u8, blobs: u8| [145, 3, number, blobs, 50, 0];
    let linked = file_with(&[4, 1, 21, 1]);
    // 20 lies before what a table file is linked to, 22 is all garbage.
    let all: &[&[u8]] = &[&blob(20), &blob(21), &blob(22), &blob(23), &linked];
    let manifest = after(&[all, &[&garbage(22, 2), &garbage(23, 1)]]).unwrap();
    let blobs = &manifest.column_families[0].blob_files;
    assert_eq!(blobs.iter().map(|blob| blob.number).collect::<Vec<_>>(), [21, 23]);
    assert_eq!((blobs[1].blobs, blobs[1].blob_bytes), (2, 100));
    assert_eq!((blobs[1].garbage_blobs, blobs[1].garbage_bytes), (1, 50));
    assert_eq!(&*blobs[0].checksum.function, b"m");
    assert_eq!(after(&[&[&blob(20)], &[&blob(20)]]), Err(ManifestProblem::BlobFileExists(20)));
    assert_eq!(after(&[&[&garbage(20, 1)]]), Err(ManifestProblem::NoBlobFile(20)));
    let much = after(&[&[&blob(20), &garbage(20, 3)]]);
    assert_eq!(much, Err(ManifestProblem::TooMuchGarbage(20)));
}

#[test]
fn what_every_manifest_tells_is_told() {
    assert_eq!(parse(&[]), Err(ManifestProblem::Missing("log number")));
    assert_eq!(parse(&[vec![2, 1]]), Err(ManifestProblem::Missing("next file number")));
    let without = parse(&[vec![2, 1, 3, 1]]);
    assert_eq!(without, Err(ManifestProblem::Missing("last sequence number")));
    let cut = Manifest::parse(&[1, 2, 3]).unwrap_err();
    assert_eq!(
        cut.problem,
        ManifestProblem::Log(LogProblem::HeaderCut { needed: 7, available: 3 })
    );
    let text = "MANIFEST record at byte 0: its header needs 7 bytes, but the file ends after 3";
    assert_eq!(cut.to_string(), text);
}

#[test]
fn memory_is_bounded_by_the_length() {
    // As many files and families as fit: the largest values the fewest bytes can ask for.
    let files: Vec<u8> = (0..127).flat_map(|number| file(0, number)).collect();
    assert!(size_of::<super::LiveFile>() <= 12 * files.len() / 127);
    assert!(size_of::<super::ColumnFamily>() <= 32 * 7);
}
