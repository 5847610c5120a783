//! Lists that stay encoded, and lists that were built.

use crate::format::flink::list::Layout;
use crate::format::flink::list::List;
use crate::format::flink::read::Reader;

#[test]
fn encoded_and_built_lists_are_equal_if_their_records_are() {
    let bytes = [&[0, 0, 0, 2][..], &7_i64.to_be_bytes(), &9_i64.to_be_bytes(), b"rest"].concat();
    let mut r = Reader::new(&bytes);
    let encoded: List<'_, i64> = List::read(&mut r, Layout::new(6), "offsets").unwrap();
    assert_eq!((r.rest(), encoded.len(), encoded.is_empty()), (&b"rest"[..], 2, false));
    assert_eq!(encoded, vec![7, 9].into());
    assert_eq!(List::from(vec![7, 9]), encoded);
    for other in [vec![], vec![7], vec![9, 7], vec![7, 8], vec![7, 9, 9]] {
        assert_ne!(encoded, other.clone().into());
        assert_ne!(List::from(other), encoded);
    }
}

#[test]
fn records_come_in_order_and_are_counted() {
    let bytes = [3_i64, 1, 2].map(i64::to_be_bytes).concat();
    let mut r = Reader::new(&bytes);
    let encoded: List<'_, i64> = List::read_counted(&mut r, Layout::new(6), 3).unwrap();
    for list in [encoded, vec![3, 1, 2].into()] {
        let mut records = list.iter();
        assert_eq!(records.size_hint(), (3, Some(3)));
        assert_eq!((records.next(), records.size_hint()), (Some(3), (2, Some(2))));
        assert_eq!((records.next(), records.next(), records.next()), (Some(1), Some(2), None));
        let records = list.into_records();
        assert_eq!(records.size_hint(), (3, Some(3)));
        assert_eq!(records.collect::<Vec<_>>(), [3, 1, 2]);
    }
    assert!(List::<'_, i64>::default().is_empty());
}
