//! Keyed state handles.

use super::Encoder;
use super::Release;
use super::Result;
use crate::format::flink::changelog::ChangelogHandle;
use crate::format::flink::changelog::FileSegments;
use crate::format::flink::changelog::MemorySegment;
use crate::format::flink::keyed::IncrementalHandle;
use crate::format::flink::keyed::KeyGroupRange;
use crate::format::flink::keyed::KeyGroupsForm;
use crate::format::flink::keyed::KeyGroupsHandle;
use crate::format::flink::keyed::KeyedHandle;

const SECOND_FORMS: Release = Release(1, 15);
const CHANGELOG: Release = Release(1, 16);

impl Encoder {
    pub(super) fn keyed(&mut self, handle: Option<&KeyedHandle<'_>>) -> Result<()> {
        match handle {
            None => {
                self.out.u8(0);
                Ok(())
            }
            Some(KeyedHandle::KeyGroups(handle)) => self.key_groups(handle),
            Some(KeyedHandle::Incremental(handle)) => self.incremental(handle),
            Some(KeyedHandle::Changelog(handle)) => self.changelog(handle),
            Some(KeyedHandle::ChangelogMemory(handle)) => self.memory_segment(handle),
            Some(KeyedHandle::ChangelogFile(handle)) => self.file_segments(handle),
        }
    }

    fn key_groups(&mut self, handle: &KeyGroupsHandle<'_>) -> Result<()> {
        let second = self.target.knows(SECOND_FORMS);
        match handle.form {
            KeyGroupsForm::Savepoint => {
                self.require("a canonical savepoint's key-groups handle", Release(1, 13))?;
                self.out.u8(7);
                self.key_groups_body(handle)
            }
            KeyGroupsForm::Second if second => {
                self.out.u8(12);
                self.key_groups_body(handle)?;
                self.optional_utf(handle.state_handle_id)
            }
            KeyGroupsForm::First | KeyGroupsForm::Second => {
                self.out.u8(3);
                self.key_groups_body(handle)
            }
        }
    }

    pub(super) fn key_groups_body(&mut self, handle: &KeyGroupsHandle<'_>) -> Result<()> {
        self.out.i32(handle.start_key_group);
        self.offsets(&handle.offsets)?;
        self.stream(handle.delegate.as_ref())
    }

    fn range(&mut self, range: KeyGroupRange) {
        self.out.i32(range.start);
        self.out.i32(range.count);
    }

    fn incremental(&mut self, handle: &IncrementalHandle<'_>) -> Result<()> {
        let second = handle.second.filter(|_| self.target.knows(SECOND_FORMS));
        self.out.u8(if second.is_some() { 11 } else { 5 });
        self.out.i64(handle.checkpoint_id);
        self.out.utf(handle.backend_id)?;
        self.range(handle.key_groups);
        if let Some(second) = second {
            self.out.i64(second.checkpointed_size);
        }
        self.stream(handle.meta.as_ref())?;
        self.files(&handle.shared)?;
        self.files(&handle.private)?;
        match second {
            Some(second) => self.out.utf(second.state_handle_id),
            None => Ok(()),
        }
    }

    fn changelog(&mut self, handle: &ChangelogHandle<'_>) -> Result<()> {
        let form = self.changelog_form(handle.checkpoint_id.is_some())?;
        self.out.u8(if form == Form::Of1_16 { 14 } else { 8 });
        self.range(handle.key_groups);
        if form != Form::Of1_14 {
            self.out.i64(handle.checkpointed_size.unwrap_or(-1));
        }
        for part in [&handle.materialized, &handle.non_materialized] {
            self.all(part.iter(), part.len(), |encoder, part| encoder.keyed(part.as_ref()))?;
        }
        if form == Form::Of1_14 {
            return Ok(());
        }
        let materialization = handle.materialization_id.unwrap_or_default();
        self.out.i64(materialization);
        if form == Form::Of1_16 {
            // Flink itself takes the materialization id where there is no checkpoint id.
            self.out.i64(handle.checkpoint_id.unwrap_or(materialization));
        }
        self.optional_utf(handle.state_handle_id)
    }

    fn memory_segment(&mut self, handle: &MemorySegment<'_>) -> Result<()> {
        let form = self.changelog_form(false)?;
        self.out.u8(9);
        self.range(handle.key_groups);
        self.out.i64(handle.from);
        self.out.i64(handle.to);
        self.all(handle.changes.iter(), handle.changes.len(), |encoder, change| {
            encoder.out.i32(change.key_group);
            encoder.out.sized_bytes(change.data)
        })?;
        if form == Form::Of1_14 {
            return Ok(());
        }
        self.optional_utf(handle.state_handle_id)
    }

    fn file_segments(&mut self, handle: &FileSegments<'_>) -> Result<()> {
        let form = self.changelog_form(handle.storage.is_some())?;
        self.out.u8(if form == Form::Of1_16 { 13 } else { 10 });
        self.range(handle.key_groups);
        self.all(handle.handles.iter(), handle.handles.len(), |encoder, entry| {
            encoder.out.i64(entry.offset);
            encoder.stream(entry.handle.as_ref())
        })?;
        self.out.i64(handle.state_size);
        if form == Form::Of1_14 {
            return Ok(());
        }
        self.out.i64(handle.incremental_size.unwrap_or(-1));
        self.optional_utf(handle.state_handle_id)?;
        match (form, handle.storage) {
            (Form::Of1_16, Some(storage)) => self.out.utf(storage),
            (Form::Of1_16, None) => self.out.utf("filesystem".into()),
            _ => Ok(()),
        }
    }

    /// The form in which the target reads changelog handles. Each of the first three releases
    /// that had them reads only its own.
    fn changelog_form(&self, of_1_16: bool) -> Result<Form> {
        if self.target.knows(CHANGELOG) {
            return Ok(Form::Of1_16);
        }
        let since = if of_1_16 { CHANGELOG } else { Release(1, 14) };
        self.require("a changelog handle", since)?;
        Ok(if self.target.knows(SECOND_FORMS) { Form::Of1_15 } else { Form::Of1_14 })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Of1_14,
    Of1_15,
    Of1_16,
}
