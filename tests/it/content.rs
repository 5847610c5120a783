//! Is what Flink wrote parsed to its last byte, and what is damaged found?

mod streams;

use std::collections::BTreeMap;

use crate::support::archives;
use crate::support::parallel;
use streams::Collector;

#[test]
fn every_stream_of_every_fixture_is_parsed_to_its_end() {
    let names = archives::names();
    let found = parallel::map(&names, |name| {
        let archive = archives::unpack(name);
        let mut lines = Vec::new();
        let mut counts = BTreeMap::new();
        let mut opaque = BTreeMap::new();
        for checkpoint in archive.checkpoints() {
            let root = archive.root();
            let all = Collector::collect(&root, &checkpoint);
            for stream in &all.streams {
                let count: &mut (u64, u64) = counts.entry(stream.sort()).or_default();
                count.0 += 1;
                if stream.sort() == "raw keyed" {
                    if let streams::Kind::Raw(k) = &stream.kind {
                        println!(
                            "RAW {:?} {:02x?}",
                            &k,
                            &stream.bytes[..300.min(stream.bytes.len())]
                        );
                    }
                }
                match stream.parse() {
                    Ok(parsed) => {
                        count.1 += parsed.entries;
                        for said in parsed.opaque {
                            *opaque.entry((stream.sort(), said)).or_insert(0) += 1;
                        }
                    }
                    Err(error) => {
                        if let streams::Kind::Channel(c) = &stream.kind {
                            println!("{c:?} {:02x?}", stream.bytes);
                        }
                        lines.push(format!(
                            "{name}/{} {} {} ({} bytes): {error}",
                            checkpoint.display(),
                            stream.owner,
                            stream.sort(),
                            stream.bytes.len()
                        ))
                    }
                }
            }
        }
        (lines, counts, opaque)
    });
    for (lines, counts, opaque) in &found {
        println!("{counts:?} {opaque:#?}");
        for l in lines.iter().take(5) {
            println!("{l}");
        }
    }
    assert!(found.iter().all(|f| f.0.is_empty()));
}
