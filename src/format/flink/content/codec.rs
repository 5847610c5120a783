//! What a serializer writes: its snapshot, turned into the shape of its values.
//!
//! Shapes are what section 7 of the format says, for the classes whose code leaves no doubt
//! about them. Every other class is [`Codec::Unknown`]: wrong alarm is worse than none.

use std::collections::BTreeMap;

use super::super::serializer::Detail;
use super::super::serializer::PojoEntry;
use super::super::serializer::Serializer;
use super::row::Slot;
use super::row::slot_of;

/// The shape of the values of a serializer. Owns all it says, so that it outlives the head it
/// was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codec {
    /// So many bytes of any content.
    Fixed(u64),
    /// The void namespace: one byte 0, though its serializer declares no byte.
    VoidNamespace,
    /// One byte, 0 or 1.
    Bool,
    /// One byte 0.
    Zero,
    /// Flink's string: varints of the length and of every UTF-16 unit. With `nullable` the
    /// length is one more than it is, and 0 is null.
    Text {
        /// Whether it can be null.
        nullable: bool,
    },
    /// `BigInteger`: `i32` length and four, or 0 to 3 for null, 0, 1 and 10.
    BigInteger,
    /// `BigDecimal`: a `BigInteger` and, unless that is null, `i32` scale.
    BigDecimal,
    /// `i32` year, month, day.
    LocalDate,
    /// Hour, minute, second, `i32` nanosecond.
    LocalTime,
    /// `LocalDate`, `LocalTime`.
    LocalDateTime,
    /// `i32` code below the number of constants.
    Enum(u32),
    /// `i32` n and n bytes.
    Sized,
    /// `i32` n and n values.
    List(Box<Codec>),
    /// `i32` n and n times a flag and, if it is 1, the value.
    Options(Box<Codec>),
    /// `i32` n and n times key, flag and, unless it is 1, the value.
    Map(Box<Codec>, Box<Codec>),
    /// `i32` n, a bit for every element that is null if there is a mask, the others.
    LinkedList {
        /// Whether there is a mask.
        mask: bool,
        /// The elements.
        element: Box<Codec>,
    },
    /// One value after the other.
    Sequence {
        /// The values.
        parts: Vec<Codec>,
        /// Fewest bytes of all of them.
        least: u64,
    },
    /// A flag; if it is 1 padding, else the value.
    Nullable {
        /// Zeros in the place of a null value.
        padding: u64,
        /// The value.
        value: Box<Codec>,
    },
    /// A flag and, if it is 1, the value.
    Option(Box<Codec>),
    /// A flag: 1 for the first, 0 for the second.
    Either(Box<Codec>, Box<Codec>),
    /// A byte: 1 for the first, 2 for the second.
    Union(Box<Codec>, Box<Codec>),
    /// A byte of flags and what it announces.
    Pojo(Box<Pojo>),
    /// A mask (two bits of row kind if there are, a bit for every null field), the others.
    Row {
        /// Whether rows have kinds.
        kinds: bool,
        /// The fields.
        fields: Vec<Codec>,
    },
    /// `i32` length and a binary row of these fields.
    BinaryRow(Vec<Slot>),
    /// A tag and a record with or without time, or a watermark.
    StreamElement(Box<Codec>),
    /// Nobody here knows; the class of the snapshot.
    Unknown(String),
}

/// The classes of a POJO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pojo {
    /// The fields in order.
    pub(super) fields: Vec<Codec>,
    /// Registered subclasses by tag.
    pub(super) registered: Vec<Codec>,
    /// Other subclasses by name.
    pub(super) unregistered: BTreeMap<String, Codec>,
}

impl Codec {
    /// The shape of the values of this serializer.
    pub fn of(serializer: &Serializer<'_>) -> Codec {
        let class = serializer.snapshot_class.to_str();
        let known = class.starts_with("org.apache.flink.") && !class.contains(".python.");
        let shape = if known && serializer.opaque.is_none() { shape(serializer) } else { None };
        shape.unwrap_or_else(|| Codec::Unknown(class.into_owned()))
    }

    /// The shape in this role, if the state has a serializer in it.
    pub(super) fn of_role(serializer: Option<&Serializer<'_>>, role: &str) -> Codec {
        serializer.map_or_else(|| Codec::Unknown(format!("no {role}")), Codec::of)
    }

    /// One value after the other.
    pub(super) fn sequence(parts: Vec<Codec>) -> Codec {
        let least = parts.iter().map(Codec::least).fold(0, u64::saturating_add);
        Codec::Sequence { parts, least }
    }

    /// Fewest bytes of a value; 0 only if no value ever has any.
    pub(super) fn least(&self) -> u64 {
        match self {
            Codec::Fixed(n) => *n,
            Codec::Sequence { least, .. } => *least,
            Codec::Row { kinds, fields } => {
                let bits = (fields.len() as u64).saturating_add(if *kinds { 2 } else { 0 });
                bits.div_ceil(8)
            }
            Codec::BigInteger
            | Codec::BigDecimal
            | Codec::Enum(_)
            | Codec::Sized
            | Codec::List(_)
            | Codec::Options(_)
            | Codec::Map(..)
            | Codec::LinkedList { .. }
            | Codec::BinaryRow(_) => 4,
            Codec::LocalDate => 6,
            Codec::LocalTime => 7,
            Codec::LocalDateTime => 13,
            _ => 1,
        }
    }

    /// The length the serializer declares for all its values, if it does.
    pub(super) fn declared(&self) -> Option<u64> {
        match self {
            Codec::Fixed(n) => Some(*n),
            Codec::VoidNamespace => Some(0),
            Codec::Bool | Codec::Zero => Some(1),
            Codec::Enum(_) => Some(4),
            Codec::LocalDate => Some(6),
            Codec::LocalTime => Some(7),
            Codec::LocalDateTime => Some(13),
            // The sum of the fields if all of them have a length above 0.
            Codec::Sequence { parts, .. } => {
                let lengths = parts.iter().map(|part| part.declared().filter(|n| *n > 0));
                lengths.sum()
            }
            Codec::Nullable { padding, .. } if *padding > 0 => padding.checked_add(1),
            _ => None,
        }
    }
}

fn shape(s: &Serializer<'_>) -> Option<Codec> {
    let nested = |i: usize| s.nested.get(i).map(|inner| Box::new(Codec::of(inner)));
    let all = || s.nested.iter().map(Codec::of).collect::<Vec<_>>();
    let flag = s.detail == Detail::Flag(true);
    Some(match s.short_name().as_str() {
        "BooleanSerializer" | "BooleanValueSerializer" => Codec::Bool,
        "ByteSerializer" | "ByteValueSerializer" => Codec::Fixed(1),
        "CharSerializer" | "CharValueSerializer" | "ShortSerializer" | "ShortValueSerializer" => {
            Codec::Fixed(2)
        }
        "IntSerializer" | "IntValueSerializer" | "FloatSerializer" | "FloatValueSerializer" => {
            Codec::Fixed(4)
        }
        "LongSerializer"
        | "LongValueSerializer"
        | "DoubleSerializer"
        | "DoubleValueSerializer"
        | "DateSerializer"
        | "SqlDateSerializer"
        | "SqlTimeSerializer" => Codec::Fixed(8),
        "InstantSerializer" | "SqlTimestampSerializer" => Codec::Fixed(12),
        "LocalDateSerializer" => Codec::LocalDate,
        "LocalTimeSerializer" => Codec::LocalTime,
        "LocalDateTimeSerializer" => Codec::LocalDateTime,
        "BigIntSerializer" => Codec::BigInteger,
        "BigDecSerializer" => Codec::BigDecimal,
        "StringSerializer" => Codec::Text { nullable: true },
        "StringValueSerializer" => Codec::Text { nullable: false },
        "VoidSerializer" => Codec::Zero,
        "VoidNamespaceSerializer" => Codec::VoidNamespace,
        "TimeWindowSerializer" => Codec::Fixed(16),
        "CountWindowSerializer" => Codec::Fixed(8),
        "GlobalWindowSerializer" => Codec::Fixed(1),
        "BooleanPrimitiveArraySerializer" => Codec::List(Box::new(Codec::Bool)),
        "BytePrimitiveArraySerializer" => Codec::Sized,
        "CharPrimitiveArraySerializer" | "ShortPrimitiveArraySerializer" => {
            Codec::List(Box::new(Codec::Fixed(2)))
        }
        "IntPrimitiveArraySerializer" | "FloatPrimitiveArraySerializer" => {
            Codec::List(Box::new(Codec::Fixed(4)))
        }
        "LongPrimitiveArraySerializer" | "DoublePrimitiveArraySerializer" => {
            Codec::List(Box::new(Codec::Fixed(8)))
        }
        "StringArraySerializer" => Codec::List(Box::new(Codec::Text { nullable: true })),
        "GenericArraySerializer" | "TraversableSerializer" => Codec::Options(nested(0)?),
        "EnumSerializer" => match &s.detail {
            Detail::Enum { constants, .. } => {
                Codec::Enum(u32::try_from(constants.len()).unwrap_or(u32::MAX))
            }
            _ => return None,
        },
        "ListSerializer" | "ArrayListSerializer" => Codec::List(nested(0)?),
        // Elements may be null: as a map from nothing to them.
        "SetSerializer" => Codec::Map(Box::new(Codec::Fixed(0)), nested(0)?),
        "MapSerializer" => Codec::Map(nested(0)?, nested(1)?),
        "TupleSerializer" | "ScalaCaseClassSerializer" | "Tuple2CaseClassSerializer" => {
            Codec::sequence(all())
        }
        // A timestamp in front of the value.
        "TtlSerializer" if s.nested.len() == 2 => Codec::sequence(all()),
        "TimerSerializer" if s.nested.len() == 2 => {
            let mut parts = all();
            parts.insert(0, Codec::Fixed(8));
            Codec::sequence(parts)
        }
        "BufferEntrySerializer" => Codec::sequence(vec![Codec::Bool, *nested(0)?]),
        "NullableSerializer" => match s.detail {
            Detail::NullPadding(n) => {
                Codec::Nullable { padding: u64::try_from(n).ok()?, value: nested(0)? }
            }
            _ => return None,
        },
        "EitherSerializer"
        | "JavaEitherSerializer"
        | "ScalaEitherSerializer"
        | "ScalaTrySerializer" => Codec::Either(nested(0)?, nested(1)?),
        "ScalaOptionSerializer" => Codec::Option(nested(0)?),
        "UnionSerializer" => Codec::Union(nested(0)?, nested(1)?),
        "StreamElementSerializer" => Codec::StreamElement(nested(0)?),
        // Where transactions may be null there are flags nobody has shown yet.
        "StateSerializer" if !flag => transactions(*nested(0)?, *nested(1)?),
        "PojoSerializer" => Codec::Pojo(Box::new(pojo(s)?)),
        "RowSerializer" => Codec::Row { kinds: flag, fields: all() },
        "LinkedListSerializer" => Codec::LinkedList { mask: flag, element: nested(0)? },
        // What these write is what the serializer in them writes.
        "SingleThreadAccessCheckingTypeSerializer"
        | "ListViewSerializer"
        | "MapViewSerializer"
        | "ExternalSerializer" => *nested(0)?,
        "RowDataSerializer" => match &s.detail {
            Detail::LogicalTypes(types) => {
                Codec::BinaryRow(types.iter().map(|name| slot_of(name)).collect())
            }
            _ => return None,
        },
        "BinaryRowDataSerializer"
        | "StringDataSerializer"
        | "RawValueDataSerializer"
        | "ArrayDataSerializer"
        | "MapDataSerializer" => Codec::Sized,
        "DecimalSerializer" => match s.detail {
            Detail::Decimal { precision, .. } if precision <= 18 => Codec::Fixed(8),
            Detail::Decimal { .. } => Codec::Sized,
            _ => return None,
        },
        "TimestampDataSerializer" => match s.detail {
            Detail::Precision(precision) if precision <= 3 => Codec::Fixed(8),
            Detail::Precision(_) => Codec::Fixed(12),
            _ => return None,
        },
        "SortedLongSerializer" => Codec::Fixed(8),
        _ => return None,
    })
}

/// State of a two-phase commit sink: the transaction that is open and since when, those to be
/// committed, and perhaps a context.
fn transactions(transaction: Codec, context: Codec) -> Codec {
    let holder = Codec::sequence(vec![transaction, Codec::Fixed(8)]);
    let pending = Codec::List(Box::new(holder.clone()));
    Codec::sequence(vec![holder, pending, Codec::Option(Box::new(context))])
}

fn pojo(s: &Serializer<'_>) -> Option<Pojo> {
    let Detail::Pojo { fields, registered, unregistered, .. } = &s.detail else { return None };
    let codec = |entry: &PojoEntry<'_>| {
        let nested = entry.nested.and_then(|i| s.nested.get(i));
        Codec::of_role(nested, &format!("serializer of {}", entry.name.to_str()))
    };
    Some(Pojo {
        fields: fields.iter().map(codec).collect(),
        registered: registered.iter().map(codec).collect(),
        unregistered: unregistered
            .iter()
            .map(|entry| (entry.name.to_str().into_owned(), codec(entry)))
            .collect(),
    })
}
