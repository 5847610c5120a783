//! How a serializer reads to a person: `Map<String, Long>` instead of six class names.

use crate::format::flink::serializer::Detail;
use crate::format::flink::serializer::PojoEntry;
use crate::format::flink::serializer::Serializer;
use crate::format::flink::utf::Utf;

/// The short readable form of what a serializer is for.
pub fn type_text(of: &Serializer<'_>) -> String {
    let short = of.short_name();
    let name = short.strip_suffix("Serializer").unwrap_or(&short);
    let text = match &of.detail {
        Detail::Class(class) => match simple(*class) {
            // Tuple2 of a TupleSerializer says it all.
            class if class.starts_with(name) => class,
            class => format!("{name} {class}"),
        },
        Detail::Enum { class, constants } => {
            format!("enum {} of {} constants", simple(*class), constants.len())
        }
        Detail::Pojo { class, fields, .. } => {
            let field = |field: &PojoEntry<'_>| match field.nested.and_then(|at| of.nested.get(at))
            {
                Some(nested) => format!("{}: {}", field.name, type_text(nested)),
                None => field.name.to_string(),
            };
            let fields: Vec<String> = fields.iter().map(field).collect();
            return format!("{} {{{}}}", simple(*class), fields.join(", "));
        }
        Detail::LogicalTypes(types) => return format!("{name}({})", types.join(", ")),
        Detail::FieldCount(n) => format!("{name} of {n} fields"),
        Detail::Decimal { precision, scale } => format!("{name}({precision}, {scale})"),
        Detail::Precision(precision) => format!("{name}({precision})"),
        Detail::Avro { class, .. } => format!("{name} {class}"),
        Detail::None | Detail::Flag(_) | Detail::NullPadding(_) => name.to_owned(),
    };
    if of.nested.is_empty() {
        return text;
    }
    let nested: Vec<String> = of.nested.iter().map(type_text).collect();
    format!("{text}<{}>", nested.join(", "))
}

/// A class name without package and outer class.
fn simple(class: Utf<'_>) -> String {
    let name = class.to_str();
    name.rsplit(['.', '$']).next().filter(|name| !name.is_empty()).unwrap_or(&name).to_owned()
}
