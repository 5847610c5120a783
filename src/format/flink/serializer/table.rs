//! Which snapshot class has which body: the one home of sections 4.5.1 to 4.5.4.

/// The body of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Nothing; before 1.8 (version 2) a class name.
    Simple,
    /// `CompositeTypeSerializerSnapshot`: magic, outer version, the parts, nested snapshots.
    Composite(&'static [Part]),
    /// Just the parts, for the versions named.
    Body(&'static [i32], &'static [Part]),
}

/// A piece of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// `utf`: the class this serializer is for.
    Class,
    /// `bool`, in outer versions from this on.
    FlagSince(i32),
    /// `i32`: number of fields.
    FieldCount,
    /// `i32`: precision.
    Precision,
    /// `i32` precision, `i32` scale.
    Decimal,
    /// `i32`: length of the padding.
    NullPadding,
    /// `utf` that is of no interest.
    Text,
    /// A Java object that is of no interest.
    Object,
    /// A Java object: a SQL type.
    LogicalType,
    /// `i32` n, n SQL types.
    LogicalTypes,
    /// `i32` length and bytes that are of no interest.
    Blob,
    /// One snapshot.
    Snapshot,
    /// Magic, version 1, `i32` n, n snapshots.
    Nested,
    /// `utf` class, `i32` n, n names.
    Enum,
    /// `utf` class, `i32` n, n times name and `i32` code.
    ScalaEnum,
    /// `utf` class, three optional maps.
    Pojo,
    /// `utf` class, three optional maps.
    Kryo,
    /// `str` class, `str` schema; `utf` in older versions.
    Avro,
}

/// How the names of a group are to be read.
#[derive(Clone, Copy)]
enum Naming {
    /// As they stand.
    Plain,
    /// `X` stands for `X$YSnapshot`, Y being the simple name of X.
    Twice,
}
use Naming::{Plain, Twice};

struct Group {
    package: &'static str,
    naming: Naming,
    layout: Layout,
    names: &'static [&'static str],
}

const fn group(
    package: &'static str,
    naming: Naming,
    layout: Layout,
    names: &'static [&'static str],
) -> Group {
    Group { package, naming, layout, names }
}

const T: &str = "org.apache.flink.api.common.typeutils.";
const BASE: &str = "org.apache.flink.api.common.typeutils.base.";
const R: &str = "org.apache.flink.api.java.typeutils.runtime.";
const STATE: &str = "org.apache.flink.runtime.state.";
const STREAMING: &str = "org.apache.flink.streaming.";
const TABLE: &str = "org.apache.flink.table.runtime.";
const TYPES: &str = "org.apache.flink.table.runtime.typeutils.";
const VIEW: &str = "org.apache.flink.table.dataview.";
const LINKED: &str = "org.apache.flink.table.runtime.sequencedmultisetstate.linked.";
const CEP: &str = "org.apache.flink.cep.nfa.";
const SCALA: &str = "org.apache.flink.api.scala.typeutils.";
const KAFKA: &str = "org.apache.flink.streaming.connectors.kafka.";

const SIMPLE: Layout = Layout::Simple;
const PLAIN_COMPOSITE: Layout = Layout::Composite(&[]);
const CLASS_COMPOSITE: Layout = Layout::Composite(&[Part::Class]);

static GROUPS: &[Group] = &[
    group(
        BASE,
        Twice,
        SIMPLE,
        &[
            "BigDecSerializer",
            "BigIntSerializer",
            "BitmapSerializer",
            "BooleanSerializer",
            "BooleanValueSerializer",
            "ByteSerializer",
            "ByteValueSerializer",
            "CharSerializer",
            "CharValueSerializer",
            "DateSerializer",
            "DoubleSerializer",
            "DoubleValueSerializer",
            "FloatSerializer",
            "FloatValueSerializer",
            "InstantSerializer",
            "IntSerializer",
            "IntValueSerializer",
            "LocalDateSerializer",
            "LocalDateTimeSerializer",
            "LocalTimeSerializer",
            "LongSerializer",
            "LongValueSerializer",
            "NullValueSerializer",
            "ShortSerializer",
            "ShortValueSerializer",
            "SqlDateSerializer",
            "SqlTimeSerializer",
            "SqlTimestampSerializer",
            "StringSerializer",
            "StringValueSerializer",
            "VariantSerializer",
            "VoidSerializer",
            "array.BooleanPrimitiveArraySerializer",
            "array.BytePrimitiveArraySerializer",
            "array.CharPrimitiveArraySerializer",
            "array.DoublePrimitiveArraySerializer",
            "array.FloatPrimitiveArraySerializer",
            "array.IntPrimitiveArraySerializer",
            "array.LongPrimitiveArraySerializer",
            "array.ShortPrimitiveArraySerializer",
            "array.StringArraySerializer",
        ],
    ),
    group(
        BASE,
        Plain,
        PLAIN_COMPOSITE,
        &["ListSerializerSnapshot", "SetSerializerSnapshot", "MapSerializerSnapshot"],
    ),
    group(BASE, Plain, CLASS_COMPOSITE, &["GenericArraySerializerSnapshot"]),
    group(BASE, Twice, Layout::Body(&[3], &[Part::Enum]), &["EnumSerializer"]),
    group(T, Twice, PLAIN_COMPOSITE, &["SingleThreadAccessCheckingTypeSerializer"]),
    group(R, Plain, SIMPLE, &["Tuple0SerializerSnapshot"]),
    group(R, Plain, CLASS_COMPOSITE, &["TupleSerializerSnapshot"]),
    group(R, Twice, Layout::Composite(&[Part::FlagSince(4)]), &["RowSerializer"]),
    group(R, Plain, PLAIN_COMPOSITE, &["JavaEitherSerializerSnapshot"]),
    group(R, Plain, Layout::Body(&[2], &[Part::Nested]), &["EitherSerializerSnapshot"]),
    group(R, Twice, Layout::Composite(&[Part::NullPadding]), &["NullableSerializer"]),
    group(
        R,
        Twice,
        Layout::Body(&[1, 2], &[Part::Class]),
        &["ValueSerializer", "CopyableValueSerializer"],
    ),
    group(R, Plain, Layout::Body(&[2], &[Part::Pojo]), &["PojoSerializerSnapshot"]),
    group(R, Plain, Layout::Body(&[2], &[Part::Kryo]), &["kryo.KryoSerializerSnapshot"]),
    group(STATE, Twice, SIMPLE, &["VoidNamespaceSerializer", "JavaSerializer"]),
    group(
        STATE,
        Plain,
        PLAIN_COMPOSITE,
        &[
            "ArrayListSerializerSnapshot",
            "ttl.TtlStateFactory$TtlSerializerSnapshot",
            "v2.ttl.TtlStateFactory$TtlSerializerSnapshot",
        ],
    ),
    group(
        STATE,
        Plain,
        Layout::Body(&[1], &[Part::FlagSince(0), Part::Snapshot]),
        &["ttl.TtlAwareSerializerSnapshot"],
    ),
    group("org.apache.flink.queryablestate.client.", Twice, SIMPLE, &["VoidNamespaceSerializer"]),
    group(
        STREAMING,
        Plain,
        SIMPLE,
        &[
            "api.windowing.windows.TimeWindow$Serializer$TimeWindowSerializerSnapshot",
            "api.windowing.windows.GlobalWindow$Serializer$GlobalWindowSerializerSnapshot",
        ],
    ),
    group(STREAMING, Twice, SIMPLE, &["api.utils.ByteArrayWrapperSerializer"]),
    group(
        STREAMING,
        Plain,
        PLAIN_COMPOSITE,
        &[
            "api.operators.TimerSerializerSnapshot",
            "api.datastream.CoGroupedStreams$UnionSerializerSnapshot",
            "api.operators.co.IntervalJoinOperator$BufferEntrySerializerSnapshot",
        ],
    ),
    group(STREAMING, Twice, PLAIN_COMPOSITE, &["runtime.streamrecord.StreamElementSerializer"]),
    group(
        STREAMING,
        Plain,
        Layout::Composite(&[Part::FlagSince(4)]),
        &[
            "api.functions.sink.TwoPhaseCommitSinkFunction$StateSerializerSnapshot",
            "api.functions.sink.legacy.TwoPhaseCommitSinkFunction$StateSerializerSnapshot",
        ],
    ),
    group(
        KAFKA,
        Twice,
        SIMPLE,
        &[
            "FlinkKafkaProducer$ContextStateSerializer",
            "FlinkKafkaProducer$NextTransactionalIdHintSerializer",
            "FlinkKafkaProducer$TransactionStateSerializer",
            "FlinkKafkaProducer011$ContextStateSerializer",
            "FlinkKafkaProducer011$NextTransactionalIdHintSerializer",
            "FlinkKafkaProducer011$TransactionStateSerializer",
        ],
    ),
    group(
        TABLE,
        Plain,
        SIMPLE,
        &[
            "operators.window.TimeWindow$Serializer$TimeWindowSerializerSnapshot",
            "operators.window.CountWindow$Serializer$CountWindowSerializerSnapshot",
            "operators.window.GlobalWindow$Serializer$GlobalWindowSerializerSnapshot",
        ],
    ),
    group(TABLE, Twice, SIMPLE, &["operators.sink.SortedLongSerializer"]),
    group(
        TYPES,
        Twice,
        SIMPLE,
        &[
            "StringDataSerializer",
            "serializers.python.BigDecSerializer",
            "serializers.python.DateSerializer",
            "serializers.python.StringSerializer",
            "serializers.python.TimeSerializer",
        ],
    ),
    group(TYPES, Twice, Layout::Composite(&[Part::FlagSince(3)]), &["LinkedListSerializer"]),
    group(TYPES, Twice, PLAIN_COMPOSITE, &["RawValueDataSerializer", "WindowKeySerializer"]),
    group(
        TYPES,
        Twice,
        Layout::Composite(&[Part::LogicalType, Part::FlagSince(0)]),
        &["ExternalSerializer"],
    ),
    group(
        TYPES,
        Twice,
        Layout::Body(&[3], &[Part::LogicalTypes, Part::Nested]),
        &["RowDataSerializer", "serializers.python.RowDataSerializer"],
    ),
    group(TYPES, Twice, Layout::Body(&[3], &[Part::FieldCount]), &["BinaryRowDataSerializer"]),
    group(
        TYPES,
        Twice,
        Layout::Body(&[1, 3], &[Part::LogicalType, Part::Object]),
        &["ArrayDataSerializer", "serializers.python.ArrayDataSerializer"],
    ),
    group(TYPES, Twice, MAP_DATA, &["MapDataSerializer"]),
    group(
        TYPES,
        Plain,
        MAP_DATA,
        &["serializers.python.MapDataSerializer$BaseMapSerializerSnapshot"],
    ),
    group(
        TYPES,
        Plain,
        Layout::Body(&[1, 3], &[Part::Decimal]),
        &[
            "DecimalDataSerializer$DecimalSerializerSnapshot",
            "serializers.python.DecimalDataSerializer$DecimalSerializerSnapshot",
        ],
    ),
    group(
        TYPES,
        Twice,
        Layout::Body(&[1], &[Part::Precision]),
        &["TimestampDataSerializer", "serializers.python.TimestampSerializer"],
    ),
    group(
        TYPES,
        Plain,
        Layout::Body(&[3], &[Part::Object, Part::Nested]),
        &["SortedMapSerializerSnapshot"],
    ),
    group(
        LINKED,
        Twice,
        PLAIN_COMPOSITE,
        &["MetaSqnInfoSerializer", "NodeSerializer", "RowSqnInfoSerializer"],
    ),
    group(
        LINKED,
        Plain,
        Layout::Body(&[0], &[Part::Blob, Part::Blob, Part::Snapshot]),
        &["RowDataKeySerializerSnapshot"],
    ),
    group(
        VIEW,
        Plain,
        PLAIN_COMPOSITE,
        &[
            "ListViewSerializerSnapshot",
            "MapViewSerializerSnapshot",
            "NullAwareMapSerializerSnapshot",
        ],
    ),
    group(VIEW, Twice, SIMPLE, &["NullSerializer"]),
    group(
        CEP,
        Twice,
        SIMPLE,
        &["DeweyNumber$DeweyNumberSerializer", "sharedbuffer.EventId$EventIdSerializer"],
    ),
    group(CEP, Plain, Layout::Composite(&[Part::FlagSince(2)]), &["NFAStateSerializerSnapshot"]),
    group(
        CEP,
        Plain,
        PLAIN_COMPOSITE,
        &[
            "NFA$MigratedNFASerializerSnapshot",
            "SharedBuffer$SharedBufferSerializerSnapshot",
            "sharedbuffer.LockableTypeSerializerSnapshot",
            "sharedbuffer.SharedBufferNodeSerializerSnapshotV2",
        ],
    ),
    group(
        CEP,
        Twice,
        PLAIN_COMPOSITE,
        &[
            "sharedbuffer.NodeId$NodeIdSerializer",
            "sharedbuffer.SharedBufferEdge$SharedBufferEdgeSerializer",
            "sharedbuffer.SharedBufferNode$SharedBufferNodeSerializer",
        ],
    ),
    group(SCALA, Plain, SIMPLE, &["NothingSerializerSnapshot"]),
    group(SCALA, Twice, SIMPLE, &["UnitSerializer"]),
    group(
        SCALA,
        Plain,
        CLASS_COMPOSITE,
        &["ScalaCaseClassSerializerSnapshot", "Tuple2CaseClassSerializerSnapshot"],
    ),
    group(SCALA, Plain, Layout::Composite(&[Part::Text]), &["TraversableSerializerSnapshot"]),
    group(
        SCALA,
        Plain,
        PLAIN_COMPOSITE,
        &[
            "ScalaOptionSerializerSnapshot",
            "ScalaTrySerializerSnapshot",
            "ScalaEitherSerializerSnapshot",
        ],
    ),
    group(SCALA, Plain, Layout::Body(&[2], &[Part::ScalaEnum]), &["ScalaEnumSerializerSnapshot"]),
    group(
        "org.apache.flink.formats.avro.typeutils.",
        Plain,
        Layout::Body(&[1, 2, 3], &[Part::Avro]),
        &["AvroSerializerSnapshot", "AvroSerializer$AvroSchemaSerializerConfigSnapshot"],
    ),
];

const MAP_DATA: Layout =
    Layout::Body(&[1, 3], &[Part::LogicalType, Part::LogicalType, Part::Object, Part::Object]);

/// Layout of a snapshot class, by its binary name.
pub(super) fn layout_of(class: &str) -> Option<Layout> {
    let single = |group: &&Group| {
        let Some(rest) = class.strip_prefix(group.package) else { return false };
        let name = match group.naming {
            Plain => Some(rest),
            Twice => once(rest),
        };
        name.is_some_and(|name| group.names.contains(&name))
    };
    GROUPS.iter().find(single).map(|group| group.layout)
}

/// `X` of `X$YSnapshot`, if Y is the simple name of X.
fn once(name: &str) -> Option<&str> {
    let (outer, inner) = name.rsplit_once('$')?;
    let simple = outer.rsplit(['.', '$']).next()?;
    (inner.strip_suffix("Snapshot")? == simple).then_some(outer)
}

/// Full names of all classes of the table.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (String, Layout)> {
    GROUPS.iter().flat_map(|group| {
        group.names.iter().map(|name| {
            let suffix = match group.naming {
                Plain => String::new(),
                Twice => {
                    format!("${}Snapshot", name.rsplit(['.', '$']).next().unwrap_or_default())
                }
            };
            (format!("{}{name}{suffix}", group.package), group.layout)
        })
    })
}
