//! The head of a state stream, read as keyed and as operator state, with all sorts of hints.

use std::fmt::Debug;

use chkctl::format::flink::backend_meta::Extent;
use chkctl::format::flink::backend_meta::Hints;
use chkctl::format::flink::backend_meta::KeyedBackendMeta;
use chkctl::format::flink::backend_meta::OperatorBackendMeta;
use chkctl::format::flink::backend_meta::StateMeta;
use chkctl::format::flink::backend_meta::wants_more;
use chkctl::format::flink::error::FormatError;
use chkctl::format::flink::serializer::Serializer;

use super::check_error;

pub(crate) fn backend_meta(bytes: &[u8]) {
    check::<KeyedBackendMeta<'_>>(bytes);
    check::<OperatorBackendMeta<'_>>(bytes);
}

/// What keyed and operator metas have in common.
trait Meta<'a>: Debug + PartialEq + Sized {
    fn parse(bytes: &'a [u8], hints: &Hints<'_>) -> Result<Self, FormatError>;
    fn extent(&self) -> &Extent;
    fn states<'s>(&'s self) -> Vec<&'s StateMeta<'a>>
    where
        'a: 's;
    fn key<'s>(&'s self) -> Option<&'s Serializer<'a>>
    where
        'a: 's;
}

impl<'a> Meta<'a> for KeyedBackendMeta<'a> {
    fn parse(bytes: &'a [u8], hints: &Hints<'_>) -> Result<Self, FormatError> {
        KeyedBackendMeta::parse(bytes, hints)
    }

    fn extent(&self) -> &Extent {
        &self.extent
    }

    fn states<'s>(&'s self) -> Vec<&'s StateMeta<'a>>
    where
        'a: 's,
    {
        self.states.iter().collect()
    }

    fn key<'s>(&'s self) -> Option<&'s Serializer<'a>>
    where
        'a: 's,
    {
        Some(&self.key_serializer)
    }
}

impl<'a> Meta<'a> for OperatorBackendMeta<'a> {
    fn parse(bytes: &'a [u8], hints: &Hints<'_>) -> Result<Self, FormatError> {
        OperatorBackendMeta::parse(bytes, hints)
    }

    fn extent(&self) -> &Extent {
        &self.extent
    }

    fn states<'s>(&'s self) -> Vec<&'s StateMeta<'a>>
    where
        'a: 's,
    {
        self.operator_states.iter().chain(&self.broadcast_states).collect()
    }

    fn key<'s>(&'s self) -> Option<&'s Serializer<'a>>
    where
        'a: 's,
    {
        None
    }
}

fn check<'a, M: Meta<'a>>(bytes: &'a [u8]) {
    let plain = read::<M>(bytes, &Hints::default());
    let names: Vec<String> = plain.iter().flat_map(|meta| names_of(meta)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let length = bytes.len() as u64;
    let hinted = [
        Hints { more: true, ..Hints::default() },
        Hints::meta_handle(bytes),
        Hints { names: &names, end: Some(length), more: false },
        Hints { end: Some(length / 2), more: true, names: &[] },
        Hints { end: Some(length.saturating_mul(2)), names: &["x"], more: true },
    ]
    .map(|hints| (hints, read::<M>(bytes, &hints)));

    let Some(meta) = plain.filter(|meta| meta.extent().complete && !has_opaque(meta)) else {
        return;
    };
    // Hints only help where something is foreign.
    for (hints, other) in hinted {
        assert_eq!(other.as_ref(), Some(&meta), "{hints:?}");
    }
    // It ends where it says: what follows is not looked at, and nothing less will do.
    let end = meta.extent().bytes_read.expect("the end of what was read completely");
    let end = usize::try_from(end).expect("not behind the bytes");
    assert_eq!(read::<M>(&bytes[..end], &Hints::default()).as_ref(), Some(&meta));
    for cut in [end - 1, end / 2] {
        let error = M::parse(&bytes[..cut], &Hints { more: true, ..Hints::default() });
        assert!(error.is_err_and(|error| wants_more(&error)), "cut at {cut} of {end}");
    }
}

/// Reads, and checks what must hold however much could be read.
fn read<'a, M: Meta<'a>>(bytes: &'a [u8], hints: &Hints<'_>) -> Option<M> {
    let length = bytes.len() as u64;
    let meta = match M::parse(bytes, hints) {
        Ok(meta) => meta,
        Err(error) => {
            check_error(&error, bytes.len());
            let _ = wants_more(&error);
            return None;
        }
    };
    assert!(!format!("{meta:?}").is_empty());
    let extent = meta.extent();
    assert!(extent.bytes_read.is_none_or(|n| n <= length && extent.complete));
    assert!(extent.complete || !extent.notes.is_empty(), "why it is not complete");
    assert!(extent.notes.iter().all(|note| note.offset <= length && !note.text.is_empty()));
    for state in meta.states() {
        let mut opaque = false;
        for (role, serializer) in &state.serializers {
            // A name that is not valid text cannot be asked for.
            if role.as_bytes() == role.to_str().as_bytes() {
                assert_eq!(state.serializer(&role.to_str()), Some(serializer));
            }
            opaque |= visit(serializer, length);
        }
        for (key, _) in state.options.iter().filter(|(key, _)| key.as_bytes().is_ascii()) {
            assert!(state.option(&key.to_str()).is_some());
        }
        assert_eq!(state.note.is_some(), opaque, "{state:?}");
        assert!(!state.kind.name().is_empty());
    }
    meta.key().into_iter().for_each(|key| {
        visit(key, length);
    });
    Some(meta)
}

/// Looks at all snapshots; says whether any is opaque.
fn visit(serializer: &Serializer<'_>, length: u64) -> bool {
    let mut found = false;
    serializer.visit(&mut |snapshot| {
        // Only what has a frame to itself may lack a name.
        assert_eq!(snapshot.short_name().is_empty(), snapshot.snapshot_class.is_empty());
        if let Some(opaque) = snapshot.opaque {
            found = true;
            let end = opaque.offset.checked_add(opaque.bytes.unwrap_or_default());
            assert!(end.is_some_and(|end| end <= length), "{opaque:?}");
        }
    });
    found
}

fn has_opaque<'a>(meta: &impl Meta<'a>) -> bool {
    let serializers =
        meta.states().into_iter().flat_map(|state| &state.serializers).map(|(_, s)| s);
    serializers.chain(meta.key()).any(|serializer| visit(serializer, u64::MAX))
}

fn names_of<'a>(meta: &impl Meta<'a>) -> Vec<String> {
    meta.states().into_iter().map(|state| state.name.to_str().into_owned()).collect()
}
