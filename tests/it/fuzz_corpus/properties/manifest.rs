//! MANIFEST, CURRENT and OPTIONS, which are told apart by what they hold.

use chkctl::format::rocks::current;
use chkctl::format::rocks::manifest::Manifest;
use chkctl::format::rocks::options;

/// What one file of a MANIFEST, with tag, numbers and keys, takes at least.
const SMALLEST_FILE: usize = 22;

/// No bytes make a parser panic; what is read is no more than the bytes can hold.
pub(crate) fn manifest(bytes: &[u8]) {
    check_manifest(bytes);
    // A fuzzer does not find checksums.
    check_manifest(&with_checksums(bytes));
    match current::parse(bytes) {
        Ok(current) => assert_eq!(format!("{}\n", current.manifest).as_bytes(), bytes),
        Err(error) => assert!(error.offset <= bytes.len() as u64, "{error}"),
    }
    match options::parse(bytes) {
        Ok(options) => {
            let names = options.column_families.iter().map(|family| family.name.len());
            assert!(names.sum::<usize>() < bytes.len());
        }
        Err(error) => assert!(error.offset <= bytes.len() as u64, "{error}"),
    }
}

fn check_manifest(bytes: &[u8]) {
    match Manifest::parse(bytes) {
        Ok(manifest) => {
            let files = manifest.column_families.iter().map(|family| family.files.len());
            assert!(files.sum::<usize>() * SMALLEST_FILE <= bytes.len());
            assert!(manifest.column_families.is_sorted_by(|a, b| a.id < b.id));
            assert!(manifest.records <= bytes.len() as u64 / 7);
        }
        Err(error) => {
            assert!(error.offset <= bytes.len() as u64, "{error}");
            assert!(error.to_string().starts_with("MANIFEST record at byte "), "{error}");
        }
    }
}

/// The bytes as a log whose checksums are right, as far as they are fragments of one.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut log = bytes.to_vec();
    let mut at = 0;
    while let Some([_, _, _, _, low, high, kind]) = bytes.get(at..at + 7) {
        let header = if (5..=8).contains(kind) { 11 } else { 7 };
        let end = at + header + usize::from(u16::from_le_bytes([*low, *high]));
        let Some(summed) = bytes.get(at + 6..end) else { break };
        let masked = crc32c(summed).rotate_right(15).wrapping_add(0xA282_EAD8);
        log[at..at + 4].copy_from_slice(&masked.to_le_bytes());
        at = end;
    }
    log
}

/// CRC-32C, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 }
        })
    })
}
