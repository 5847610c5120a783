//! Does the order in which rows come make no difference?

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::Families;
use super::build;
use super::files;
use super::rows_of;
use crate::support::rows;

const NAMES: [&str; 3] = ["count", "history", "_timer_state/event_user-timers"];

/// What is there in the end: of rows with the same key the last one.
fn expected(rows: &[(usize, Vec<u8>, Vec<u8>)]) -> Families {
    let mut families = vec![BTreeMap::new(); NAMES.len()];
    for (family, key, value) in rows {
        families[*family].insert(key.clone(), value.clone());
    }
    let families = families.into_iter().map(|rows| rows.into_iter().collect());
    NAMES.iter().map(|name| (*name).to_owned()).zip(families).collect()
}

fn check(rows: &[(usize, Vec<u8>, Vec<u8>)], memory: u64) -> usize {
    let home = tempfile::tempdir().unwrap();
    let given = rows.iter().map(|(family, key, value)| (*family, &**key, &**value));
    let entries = build(home.path(), &NAMES, memory, given);
    let expected = expected(rows);
    let counts = NAMES.map(|name| expected[name].len() as u64);
    assert_eq!(entries, counts);
    assert_eq!(rows_of(home.path()), expected);
    files(home.path()).iter().filter(|name| name.ends_with(".sst")).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Few bytes make keys that occur twice, and prefixes of others.
    #[test]
    fn any_rows_are_there_in_the_end(
        rows in prop::collection::vec(
            (0..NAMES.len(), prop::collection::vec(0..4_u8, 0..5), prop::collection::vec(any::<u8>(), 0..40)),
            0..300,
        ),
        memory in 0..8000_u64,
    ) {
        check(&rows, memory);
    }
}

/// So many rows, by a number that is in the key and the value.
fn numbered(numbers: impl Iterator<Item = u32>) -> Vec<(usize, Vec<u8>, Vec<u8>)> {
    numbers
        .map(|n| (n as usize % NAMES.len(), n.to_be_bytes().to_vec(), format!("{n:>40}").into()))
        .collect()
}

/// Every number below `n`, in an order without order.
fn shuffled(n: u32) -> impl Iterator<Item = u32> {
    (0..n).map(move |i| (u64::from(i) * 7_919 % u64::from(n)) as u32)
}

#[test]
fn sorted_reverse_and_random_rows_make_the_same_database() {
    const ROWS: u32 = 20_000;
    for memory in [16 << 10, 64 << 20] {
        assert_eq!(check(&numbered(0..ROWS), memory), NAMES.len());
        // What comes before all others is no overlap.
        assert!(check(&numbered((0..ROWS).rev()), memory) >= NAMES.len());
        assert_eq!(check(&numbered(shuffled(ROWS)), memory), NAMES.len());
    }
}

#[test]
fn the_last_of_many_rows_with_a_key_stays() {
    let mut rows = numbered(shuffled(10_000).chain(0..10_000).chain(shuffled(10_000)));
    for (n, (_, _, value)) in rows.iter_mut().enumerate() {
        value.extend(n.to_be_bytes());
    }
    check(&rows, 100 << 10);
    check(&rows, 64 << 20);
}

/// Tables go on across many writes, and end when they are large.
#[test]
fn rows_in_order_make_few_large_tables() {
    let mut seed = 1_u64;
    let mut value = || {
        let words = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 24).to_be_bytes()
        });
        words.take(2 << 10).flatten().collect::<Vec<u8>>()
    };
    let rows: Vec<(usize, Vec<u8>, Vec<u8>)> =
        (0..7_000_u32).map(|n| (0, n.to_be_bytes().to_vec(), value())).collect();
    let bytes: usize = rows.iter().map(|(_, _, value)| value.len()).sum();
    assert!(bytes > 100 << 20);
    assert_eq!(check(&rows, 8 << 20), 2);
}

/// Builds so many column families, each with one row in every key group, all of them in the order
/// of a stream: by key groups. Returns the number of tables.
fn many(families: usize, memory: u64) -> usize {
    let home = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..families).map(|n| format!("state-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let keys = (0..128_u8).flat_map(|group| (0..families).map(move |family| (family, [group, 7])));
    let keys: Vec<(usize, [u8; 2])> = keys.collect();
    let rows = keys.iter().map(|(family, key)| (*family, &key[..], &b"some value"[..]));
    assert_eq!(build(home.path(), &names, memory, rows), vec![128; families]);
    let rows = rows::of(home.path());
    assert_eq!(rows.len(), families + 1);
    assert!(rows.iter().all(|(name, rows)| rows.len() == if name == "default" { 0 } else { 128 }));
    files(home.path()).iter().filter(|name| name.ends_with(".sst")).count()
}

#[test]
fn hundreds_of_column_families_share_the_memory() {
    let tables = many(300, 256 << 10);
    assert!((300..=300 * 8).contains(&tables), "{tables}");
}

#[test]
fn many_small_tables_become_one() {
    // More than are written at a time, and memory for five rows of each.
    assert_eq!(many(40, 8 << 10), 40);
}
