//! Made-up seeds of the fuzz corpus, as in `flink/tests/seeds.rs`.

use super::super::super::serializer::tests::{
    MAP_TYPE, R, ROW_TYPE, TYPES, frames, hex, minimal_of_all,
};
use super::super::super::tests::seeds::seed;
use super::*;

fn save(name: &str, bytes: &[u8]) {
    seed("backend_meta", name, bytes);
}

#[test]
fn every_class_of_the_table() {
    for (i, classes) in minimal_of_all().chunks(12).enumerate() {
        let states: Vec<_> = classes
            .iter()
            .enumerate()
            .map(|(i, class)| value_state(&format!("s{i}"), class.clone()))
            .collect();
        let bytes = keyed(classes[0].clone(), &states);
        assert!(parse(&bytes).states.iter().all(|state| state.note.is_none()));
        save(&format!("made-classes-{i:02}"), &bytes);
    }
}

#[test]
fn foreign_classes() {
    let odd = |body: &[u8]| snapshot(ODD, 3, body);
    for (i, body) in bodies().iter().enumerate() {
        let list = composite(LIST, 1, &[], &[odd(body)]);
        let own = composite("com.acme.PairSnapshot", 1, b"outer", &[long(), odd(body)]);
        let states = [value_state("a", list), value_state("b", own), timers("c", odd(body))];
        save(&format!("made-foreign-{i:02}"), &keyed(long(), &states));
    }
    let of = [("KEY_SERIALIZER", long()), ("VALUE_SERIALIZER", odd(b"body"))];
    let broadcast = [state("b", 2, Some(("OPERATOR_STATE_DISTRIBUTION_MODE", "BROADCAST")), &of)];
    let union = [state("u", 1, None, &[("VALUE_SERIALIZER", odd(b"x"))])];
    let bytes = operator(&union, &broadcast);
    save("made-operator-6", &bytes);
    save("made-operator-5", &[int(5), bytes[5..].to_vec()].concat());
    save("made-keyed-cut", &keyed(long(), &[value_state("a", odd(b"x"))])[..200]);
}

#[test]
fn what_has_frames_or_java_objects_in_it() {
    let pojo = |value: &[u8]| {
        let fields = frames(&[("a", Some(b"key"), Some(value)), ("b", None, None)]);
        let subclasses = frames(&[("Sub", Some(b""), Some(&long()))]);
        let body = [utf("com.acme.Pojo"), fields, subclasses, frames(&[])].concat();
        snapshot(&format!("{R}PojoSerializerSnapshot"), 2, &body)
    };
    let map = frames(&[("a", Some(b"1"), Some(b"2")), ("b", None, None)]);
    let body = [utf("com.acme.Generic"), map.clone(), map, frames(&[])].concat();
    let kryo = snapshot(&format!("{R}kryo.KryoSerializerSnapshot"), 2, &body);
    let row = [int(2), hex(MAP_TYPE), hex(ROW_TYPE), nested(&[long(), long()])].concat();
    let row = snapshot(&format!("{TYPES}RowDataSerializer$RowDataSerializerSnapshot"), 3, &row);
    let avro = "org.apache.flink.formats.avro.typeutils.AvroSerializerSnapshot";
    let avro = snapshot(avro, 3, &[2, b'C', 0x03, 0xE9, 0x01, b'"']);
    let values = [pojo(&long()), pojo(&pojo(b"\0")), kryo, row, avro];
    let states = ["a", "b", "c", "d", "e"].into_iter().zip(values);
    let states: Vec<_> = states.map(|(name, value)| value_state(name, value)).collect();
    save("made-frames", &keyed(long(), &states));
}
