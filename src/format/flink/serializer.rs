//! Serializer snapshots: what a state's values are encoded with (sections 4.4 and 4.5).
//!
//! | to change | open |
//! |---|---|
//! | which class has which layout | `serializer/table.rs` |
//! | what a layout consists of | `serializer/body.rs`, `serializer/framed.rs` |
//! | how a SQL type reads | `serializer/sql.rs` |
//! | what happens at a class that is not in the table | `serializer/snapshot.rs`, `resync.rs` |

mod body;
mod framed;
mod snapshot;
mod sql;
mod table;
#[cfg(test)]
pub(super) mod tests;

pub(super) use snapshot::{
    Context, Foreign, is_class_name, is_plausible_version, known, read_bare_snapshot, read_record,
};

use super::utf::Utf;

/// A serializer snapshot, and those nested in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serializer<'a> {
    /// Binary name of the Java class of the snapshot.
    pub snapshot_class: Utf<'a>,
    /// Version the snapshot was written with.
    pub snapshot_version: i32,
    /// The nested snapshots, in the order of the class: element of a list, key and value of a
    /// map, fields of a tuple, row or POJO.
    pub nested: Vec<Serializer<'a>>,
    /// What else the snapshot says.
    pub detail: Detail<'a>,
    /// The part of the body that could not be read, because the class is not one of Flink's
    /// or its layout has changed. `nested` and `detail` are then what could be read in spite
    /// of that.
    pub opaque: Option<Opaque>,
}

/// Bytes that were skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opaque {
    /// Where they begin.
    pub offset: u64,
    /// How many there are; `None` where nothing tells, at the end of a stream's head.
    pub bytes: Option<u64>,
}

/// What a snapshot says about the type it is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Detail<'a> {
    /// No more than its class.
    #[default]
    None,
    /// What is one flag: whether rows have kinds, linked lists a mask of nulls, sinks null
    /// transactions, whether time to live is on.
    Flag(bool),
    /// A Java class: of a tuple, of an array's component, of a value type, a generic type
    /// (Kryo), or a Scala case class.
    Class(Utf<'a>),
    /// An enum class and its constants; the position is the encoded value.
    Enum {
        /// Enum class.
        class: Utf<'a>,
        /// Names in the order of their codes.
        constants: Vec<Utf<'a>>,
    },
    /// A POJO: its class, fields and subclasses. Tags of subclasses are positions in
    /// `registered`.
    Pojo {
        /// POJO class.
        class: Utf<'a>,
        /// Fields in serialization order.
        fields: Vec<PojoEntry<'a>>,
        /// Registered subclasses.
        registered: Vec<PojoEntry<'a>>,
        /// Subclasses seen without having been registered.
        unregistered: Vec<PojoEntry<'a>>,
    },
    /// SQL types, as Flink prints them: `BIGINT NOT NULL`, `DECIMAL(10, 2)`.
    LogicalTypes(Vec<String>),
    /// Number of fields of a binary row.
    FieldCount(i32),
    /// A decimal.
    Decimal {
        /// Digits.
        precision: i32,
        /// Digits behind the point.
        scale: i32,
    },
    /// Fractional digits of a timestamp.
    Precision(i32),
    /// Length of the padding of a null value.
    NullPadding(i32),
    /// An Avro schema, as JSON, and the Java class (empty in the oldest snapshots).
    Avro {
        /// Java class.
        class: String,
        /// Schema.
        schema: String,
    },
}

/// A field or a subclass of a POJO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PojoEntry<'a> {
    /// Field or class name.
    pub name: Utf<'a>,
    /// Index of its snapshot in [`Serializer::nested`], unless it has none.
    pub nested: Option<usize>,
}

impl<'a> Serializer<'a> {
    /// Simple name of the snapshot class, without package and outer class, and without the
    /// word `Snapshot` at its end: `LongSerializer`.
    pub fn short_name(&self) -> String {
        let name = self.snapshot_class.to_str();
        let simple = name.rsplit(['.', '$']).next().unwrap_or_default();
        let short = simple.strip_suffix("Snapshot").unwrap_or(simple);
        if short.is_empty() { name.into_owned() } else { short.to_owned() }
    }

    /// Calls `visit` with this snapshot and all in it, outer before inner.
    pub fn visit(&self, visit: &mut impl FnMut(&Serializer<'a>)) {
        visit(self);
        for nested in &self.nested {
            nested.visit(visit);
        }
    }
}
