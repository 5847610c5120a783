//! Seeds for the fuzzer: tables of many forms, most without checksums so that it gets past them.
//! `fuzz/seed` writes them; here they must still be what they were made as.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use chkctl::format::rocks::table::error::Part;
use rocksdb::SstFileWriter;

use super::options::COMPRESSIONS;
use super::options::Form;
use super::read::Table;
use super::read::bytes;

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

/// What the seeds are called, and how they were written.
fn forms() -> Vec<(String, Form)> {
    let mut forms = Vec::new();
    let mut add = |name: &str, form: Form| {
        let checksum = "kNoChecksum";
        forms.push((name.to_owned(), Form { checksum, block_size: 200, ..form }));
    };
    for version in [2, 3, 4, 5] {
        add(&format!("version-{version}"), Form::plain(version));
    }
    for compression in COMPRESSIONS {
        let compression_options = "max_dict_bytes=1000;zstd_max_train_bytes=0;";
        add(compression, Form { compression, ..Form::plain(5) });
        let name = format!("{compression}-dictionary");
        add(&name, Form { compression, compression_options, ..Form::plain(5) });
    }
    let partitions = "index_type=kTwoLevelIndexSearch;metadata_block_size=64;";
    let both = "index_type=kTwoLevelIndexSearch;metadata_block_size=64;partition_filters=true;";
    let bloom = "filter_policy=bloomfilter:10:false;";
    let first_key = "index_type=kBinarySearchWithFirstKey;";
    for version in [2, 5] {
        let plain = || Form::plain(version);
        add(&format!("partitions-{version}"), Form { index: partitions, ..plain() });
        let form = Form { index: both, filter: bloom, ..plain() };
        add(&format!("partitioned-filter-{version}"), form);
        add(&format!("first-key-{version}"), Form { index: first_key, ..plain() });
        add(&format!("hash-{version}"), Form { index: "index_type=kHashSearch;", ..plain() });
    }
    let hash = "data_block_index_type=kDataBlockBinaryAndHash;";
    let separated = "separate_key_value_in_data_block=true;";
    add("hash-in-blocks", Form { data: hash, restart_interval: 3, ..Form::plain(5) });
    add("separated", Form { data: separated, restart_interval: 3, ..Form::plain(5) });
    for (version, checksum) in [(5, "kCRC32c"), (6, "kXXH3"), (7, "kxxHash64"), (6, "kNoChecksum")]
    {
        let name = format!("{checksum}-{version}");
        forms.push((name, Form { checksum, ..Form::plain(version) }));
    }
    forms
}

fn write(form: &Form) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table.sst");
    let options = form.options();
    let mut writer = SstFileWriter::create(&options);
    writer.open(&path).unwrap();
    writer.delete_range("key-03", "key-05").unwrap();
    for n in 0..30 {
        let key = format!("key-{n:02}");
        match n % 7 {
            5 => writer.delete(key).unwrap(),
            6 => writer.merge(key, "more").unwrap(),
            _ => writer.put(key, format!("value {n} {n} {n} {n} {n}")).unwrap(),
        }
    }
    writer.finish().unwrap();
    fs::read(path).unwrap()
}

#[test]
fn seeds_are_tables_of_their_forms() {
    let write_anew = std::env::var_os("CHKCTL_WRITE_SEEDS").is_some();
    for (name, form) in forms() {
        let file = corpus("sst").join(&name);
        if write_anew {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, write(&form)).unwrap();
        }
        let table = fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let read = Table::read(&table).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(read.head.footer.format_version, form.version, "{name}");
        assert_eq!(read.head.footer.checksum.name(), form.checksum, "{name}");
        assert_eq!((read.entries.len(), read.range_deletions.len()), (30, 1), "{name}");

        let mut block = vec![form.version as u8];
        match read.layout.the(Part::Dictionary) {
            None => block.push(0),
            Some(region) => {
                // No more of it fits before a block.
                let dictionary = &bytes(&table, region)[..region.length() as usize - 5];
                let dictionary = &dictionary[..dictionary.len().min(255)];
                block.push(dictionary.len() as u8);
                block.extend(dictionary);
            }
        }
        block.extend(bytes(&table, read.layout.the(Part::Data).unwrap()));
        let file = corpus("block").join(&name);
        if write_anew {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &block).unwrap();
        }
        assert!(fs::read(&file).unwrap() == block, "{name} is out of date: run fuzz/seed");
    }
}
