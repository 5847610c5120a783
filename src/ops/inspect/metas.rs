//! What the heads of state streams say, each distinct one read once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::Survey;
use crate::catalog::heads::Head;
use crate::catalog::heads::head_end;
use crate::catalog::heads::operator_offsets;
use crate::format::flink::backend_meta::Hints;
use crate::format::flink::backend_meta::KeyedBackendMeta;
use crate::format::flink::backend_meta::OperatorBackendMeta;
use crate::format::flink::keyed::KeyedHandle;
use crate::format::flink::operator::OperatorHandle;

/// The meta of a stream, or why there is none.
pub type Meta<T> = Result<Rc<T>, String>;

/// Parsed heads by their bytes: subtasks of one operator mostly have the same.
#[derive(Debug, Default)]
pub struct Metas<'s> {
    keyed: RefCell<HashMap<&'s [u8], Meta<KeyedBackendMeta<'s>>>>,
    operator: RefCell<HashMap<&'s [u8], Meta<OperatorBackendMeta<'s>>>>,
}

impl<'s> Metas<'s> {
    /// The meta of managed keyed state; `None` if the handle has none or it was not asked for.
    pub fn keyed<'a: 's>(
        &self,
        survey: Survey<'s, 'a>,
        handle: &KeyedHandle<'a>,
    ) -> Option<Meta<KeyedBackendMeta<'s>>> {
        let (stream, end) = match handle {
            KeyedHandle::Incremental(handle) => (handle.meta.as_ref()?, None),
            KeyedHandle::KeyGroups(handle) => {
                (handle.delegate.as_ref()?, head_end(handle.offsets.iter()))
            }
            _ => return None,
        };
        let head = survey.heads.at(survey.places, stream, 0)?;
        Some(cached(&self.keyed, head, |bytes| {
            let hints = match handle {
                KeyedHandle::Incremental(_) => Hints::meta_handle(bytes),
                _ => Hints { end, more: is_cut(bytes, stream.state_size()), ..Hints::default() },
            };
            KeyedBackendMeta::parse(bytes, &hints).map_err(|error| error.to_string())
        }))
    }

    /// The meta of managed operator state; `None` if the handle has none or it was not asked for.
    pub fn operator<'a: 's>(
        &self,
        survey: Survey<'s, 'a>,
        handle: &OperatorHandle<'a>,
    ) -> Option<Meta<OperatorBackendMeta<'s>>> {
        let stream = handle.delegate.as_ref()?;
        if stream.state_size() == Some(0) {
            return None;
        }
        let head = survey.heads.at(survey.places, stream, 0)?;
        Some(cached(&self.operator, head, |bytes| {
            let more = is_cut(bytes, stream.state_size());
            // The parser knows that offsets of compressed state are no end of the head.
            let end = head_end(operator_offsets(handle));
            let hints = Hints { more, end, ..Hints::default() };
            OperatorBackendMeta::parse(bytes, &hints).map_err(|error| error.to_string())
        }))
    }
}

/// Whether these are only the first bytes of their stream.
fn is_cut(bytes: &[u8], size: Option<u64>) -> bool {
    size.is_none_or(|size| size > bytes.len() as u64)
}

fn cached<'s, T>(
    cache: &RefCell<HashMap<&'s [u8], Meta<T>>>,
    head: Head<'s>,
    parse: impl FnOnce(&'s [u8]) -> Result<T, String>,
) -> Meta<T> {
    let bytes = head.map_err(str::to_owned)?;
    cache.borrow_mut().entry(bytes).or_insert_with(|| parse(bytes).map(Rc::new)).clone()
}
