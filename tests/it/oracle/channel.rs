//! Channel state handles, single and merged.

use serde_json::Value;
use serde_json::json;

use super::pair::Pair;
use super::pair::list;
use super::place::Place;
use super::stream;

/// How one side of a channel is called, by Flink and by us.
struct Names {
    class: &'static str,
    flink: [&'static str; 2],
    ours: [&'static str; 2],
}

const INPUT: Names = Names {
    class: "InputChannelInfo",
    flink: ["gateIdx", "inputChannelIdx"],
    ours: ["gate", "channel"],
};

const OUTPUT: Names = Names {
    class: "ResultSubpartitionInfo",
    flink: ["partitionIdx", "subPartitionIdx"],
    ours: ["partition", "subpartition"],
};

/// Compares a handle of input channels.
pub(crate) fn compare_input(pair: Pair<'_>, place: &Place<'_>) {
    compare(pair, place, &INPUT);
}

/// Compares a handle of result subpartitions.
pub(crate) fn compare_output(pair: Pair<'_>, place: &Place<'_>) {
    compare(pair, place, &OUTPUT);
}

fn compare(mut pair: Pair<'_>, place: &Place<'_>, names: &Names) {
    pair.same("class", "class");
    pair.same("subtaskIndex", "subtask");
    let bytes = pair.take("stateSize");
    pair.expect("state_bytes", bytes.clone());
    stream::compare(pair.child("delegate", "handle"), place);

    let channels = match pair.take_if_any("serializedChannelOffsets") {
        Some(blob) => merged(blob.as_str().unwrap_or_default()).unwrap_or_else(|| {
            pair.complain(format!("Flink's merged offsets cannot be decoded: {blob}"));
            Vec::new()
        }),
        None => Vec::from([Channel {
            indexes: indexes(pair.ours("infos"), names),
            bytes: bytes.as_i64().unwrap_or_default(),
            offsets: numbers(pair.take("offsets")),
        }]),
    };
    let texts: Vec<Value> = channels.iter().map(|channel| channel.text(names).into()).collect();
    let flink = match pair.take_if_any("info") {
        Some(one) => json!([one]),
        None => pair.take("infos").clone(),
    };
    if flink != Value::from(texts) {
        pair.complain(format!("infos: Flink {flink}"));
    }
    let infos: Vec<Value> = channels.iter().map(|channel| channel.json(names)).collect();
    pair.expect("infos", infos);
}

struct Channel {
    indexes: [i64; 2],
    bytes: i64,
    offsets: Vec<i64>,
}

impl Channel {
    /// As the Java class prints itself.
    fn text(&self, names: &Names) -> String {
        let ([first, second], [a, b]) = (names.flink, self.indexes);
        format!("{}{{{first}={a}, {second}={b}}}", names.class)
    }

    fn json(&self, names: &Names) -> Value {
        let ([first, second], [a, b]) = (names.ours, self.indexes);
        json!({first: a, second: b, "bytes": self.bytes, "offsets": self.offsets})
    }
}

/// Our indexes of a single channel; Flink's are inside a text, with which they are compared.
fn indexes(infos: &Value, names: &Names) -> [i64; 2] {
    names.ours.map(|name| infos[0][name].as_i64().unwrap_or(-1))
}

/// Decodes the blob of a merged handle: a count, then for each channel two indexes, its size, a
/// count and that many offsets.
fn merged(hex: &str) -> Option<Vec<Channel>> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    let bytes: Option<Vec<u8>> = digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect();
    let bytes = bytes?;
    let mut rest = bytes.as_slice();
    let mut channels = Vec::new();
    for _ in 0..int(&mut rest)? {
        let indexes = [int(&mut rest)?, int(&mut rest)?];
        let bytes = long(&mut rest)?;
        let count = int(&mut rest)?;
        let offsets = (0..count).map(|_| long(&mut rest)).collect::<Option<_>>()?;
        channels.push(Channel { indexes, bytes, offsets });
    }
    rest.is_empty().then_some(channels)
}

fn int(rest: &mut &[u8]) -> Option<i64> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(i32::from_be_bytes(*bytes).into())
}

fn long(rest: &mut &[u8]) -> Option<i64> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(i64::from_be_bytes(*bytes))
}

fn numbers(value: &Value) -> Vec<i64> {
    list(value).into_iter().filter_map(Value::as_i64).collect()
}
