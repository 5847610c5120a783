//! Lists of a document that are made while they are written.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use schemars::Schema;
use schemars::SchemaGenerator;
use serde::Serialize;
use serde::Serializer;

/// A list whose entries are made one at a time, each time it is walked.
pub struct Seq<'r, T>(Box<dyn Fn() -> Box<dyn Iterator<Item = T> + 'r> + 'r>);

impl<'r, T: 'r> Seq<'r, T> {
    /// A list of what `make` yields.
    pub fn new<I: Iterator<Item = T> + 'r>(make: impl Fn() -> I + 'r) -> Self {
        Seq(Box::new(move || Box::new(make())))
    }

    /// A list of one entry or none.
    pub fn optional(make: impl Fn() -> Option<T> + 'r) -> Self {
        Seq::new(move || make().into_iter())
    }

    /// Walks the list.
    pub fn iter(&self) -> impl Iterator<Item = T> + 'r {
        (self.0)()
    }
}

impl<T: Serialize> Serialize for Seq<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

impl<T> fmt::Debug for Seq<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seq(..)")
    }
}

impl<T: JsonSchema> JsonSchema for Seq<'_, T> {
    fn schema_name() -> Cow<'static, str> {
        <Vec<T>>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <Vec<T>>::json_schema(generator)
    }

    fn inline_schema() -> bool {
        true
    }
}
