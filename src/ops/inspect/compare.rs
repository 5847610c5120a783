//! How two descriptions of one state differ.

use super::types::type_text;
use crate::format::flink::backend_meta::StateMeta;
use crate::format::flink::serializer::Serializer;

/// A serializer that is not the same in two descriptions of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which of its serializers.
    pub role: String,
    /// Its type in the first description.
    pub first: String,
    /// Its type in the other.
    pub other: String,
}

/// A state as one description has it, with the serializer of its keys.
pub type Described<'d, 's> = (&'d StateMeta<'s>, Option<&'d Serializer<'s>>);

/// The serializers that differ, each once.
pub fn differences<'d>(
    first: Described<'d, '_>,
    other: Described<'d, '_>,
) -> impl Iterator<Item = Difference> + 'd {
    let (a, b) = (first.0, other.0);
    let key = difference("KEY_SERIALIZER", first.1, other.1);
    let new_in_b = b.serializers.iter().filter(|(role, _)| a.serializer(&role.to_str()).is_none());
    let roles = a.serializers.iter().chain(new_in_b);
    let of_roles = roles.map(|(role, _)| role.to_str());
    // Broadcast state has serializers of its own for keys.
    key.into_iter().chain(
        of_roles
            .filter_map(move |role| difference(&role, a.serializer(&role), b.serializer(&role))),
    )
}

fn difference(
    role: &str,
    first: Option<&Serializer<'_>>,
    other: Option<&Serializer<'_>>,
) -> Option<Difference> {
    match (first, other) {
        (Some(first), Some(other)) if is_same(first, other) => return None,
        (None, None) => return None,
        _ => {}
    }
    let texts = [text, exact, whole].map(|text| (text(first), text(other)));
    let [_, _, last] = &texts;
    let (first, other) = texts.iter().find(|(a, b)| a != b).unwrap_or(last).clone();
    Some(Difference { role: role.to_owned(), first, other })
}

/// Whether two snapshots say the same; where their unread parts lie says nothing.
fn is_same(a: &Serializer<'_>, b: &Serializer<'_>) -> bool {
    let opaque = |one: &Serializer<'_>| one.opaque.map(|opaque| opaque.bytes);
    a.snapshot_class == b.snapshot_class
        && a.snapshot_version == b.snapshot_version
        && a.detail == b.detail
        && opaque(a) == opaque(b)
        && a.nested.len() == b.nested.len()
        && a.nested.iter().zip(&b.nested).all(|(a, b)| is_same(a, b))
}

fn text(serializer: Option<&Serializer<'_>>) -> String {
    serializer.map_or_else(|| "none".into(), type_text)
}

/// A type whose short form says too little.
fn exact(serializer: Option<&Serializer<'_>>) -> String {
    let exact = |one: &Serializer<'_>| {
        format!("{} ({}, version {})", type_text(one), one.snapshot_class, one.snapshot_version)
    };
    serializer.map_or_else(|| "none".into(), exact)
}

/// Everything there is to say, where the difference lies deep: the constants of an enum, a
/// class name further down.
fn whole(serializer: Option<&Serializer<'_>>) -> String {
    let Some(one) = serializer else { return "none".into() };
    let nested: Vec<String> = one.nested.iter().map(|one| whole(Some(one))).collect();
    format!("{} {:?} [{}]", exact(Some(one)), one.detail, nested.join(", "))
}
