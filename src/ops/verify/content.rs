//! Looks into everything that is no SST.

use std::io;

use super::fact::Fact;
use super::plan::Content;
use super::rules;
use super::rules::Rule;
use super::source::Bytes;
use super::source::Limits;
use super::source::Stream;
use super::source::Unread;
use crate::format::flink::content;
use crate::format::flink::content::ContentError;
use crate::format::flink::content::KeyGroups;
use crate::format::flink::content::Parsed;
use crate::format::flink::content::Sort;
use crate::format::rocks::current;
use crate::format::rocks::manifest::Manifest;
use crate::format::rocks::options;

/// The longest CURRENT and the longest OPTIONS file that are read.
const SHORT: u64 = 16 << 20;

/// Looks into a piece that is no SST and no changelog.
pub fn look(bytes: &mut Bytes<'_>, what: &Content, limits: Limits) -> Result<Fact, Unread> {
    match what {
        Content::Manifest => manifest(bytes, limits),
        Content::Current => current(bytes),
        Content::Options => options(bytes),
        Content::Sst | Content::Changelog(_) => Ok(Fact::Skipped),
        _ => stream(bytes, limits, rule_of(what), |source, length| match what {
            Content::BackendMeta => content::backend_meta(source, length),
            Content::KeyGroups(groups) => content::key_groups(source, length, groups),
            Content::RawKeyGroups(groups) => content::raw_key_groups(source, length, groups),
            Content::Operator(parts) => content::operator_state(source, length, parts),
            Content::Channels(channels) => content::channel_state(source, length, channels),
            Content::UserDefined(what) => content::user_defined(source, length, what),
            _ => Ok(Parsed::default()),
        }),
    }
}

fn rule_of(what: &Content) -> &'static Rule {
    match what {
        Content::BackendMeta => rules::BACKEND_META,
        Content::KeyGroups(KeyGroups { sort: Some(Sort::Full), .. }) => rules::KEY_GROUP_STREAM,
        Content::KeyGroups(groups) if groups.offsets.contains(&0) => rules::KEY_GROUP_STREAM,
        Content::KeyGroups(_) | Content::RawKeyGroups(_) => rules::HEAP_STREAM,
        Content::Channels(_) => rules::CHANNEL_STATE,
        Content::Changelog(_) => rules::CHANGELOG_SEGMENT,
        _ => rules::OPERATOR_STATE,
    }
}

/// Parses a stream to its end.
pub fn stream(
    bytes: &mut Bytes<'_>,
    limits: Limits,
    rule: &'static Rule,
    parse: impl FnOnce(&mut dyn io::Read, u64) -> Result<Parsed, ContentError>,
) -> Result<Fact, Unread> {
    let length = bytes.length();
    let mut source = Stream::new(bytes, limits.chunk);
    match parse(&mut source, length) {
        Ok(parsed) => Ok(Fact::Sound(parsed)),
        Err(ContentError::Damage(error)) => {
            Ok(Fact::Bad { rule, offset: Some(error.offset), evidence: error.to_string() })
        }
        Err(ContentError::Source(error)) => {
            Err(source.failed.take().unwrap_or_else(|| Unread::Failed(error.to_string())))
        }
    }
}

/// Reads something that is held as a whole: what `read` makes of its bytes, or the rule they
/// break, where, and how.
fn held(
    bytes: &mut Bytes<'_>,
    limit: u64,
    rule: &'static Rule,
    read: impl FnOnce(&[u8]) -> Result<Fact, (u64, String)>,
) -> Result<Fact, Unread> {
    let length = bytes.length();
    if length > limit {
        let evidence = format!("all of its {length} bytes have to be held");
        return Ok(Fact::Bad { rule: rules::TOO_LARGE, offset: None, evidence });
    }
    let mut all = Vec::new();
    bytes.read(0..length, &mut all)?;
    Ok(read(&all).unwrap_or_else(|(offset, evidence)| Fact::Bad {
        rule,
        offset: Some(offset),
        evidence,
    }))
}

fn manifest(bytes: &mut Bytes<'_>, limits: Limits) -> Result<Fact, Unread> {
    // What is made of it takes some ten times its size, and more of a hostile one.
    held(bytes, limits.memory / 16, rules::MANIFEST_RECORD, |all| {
        let manifest = Manifest::parse(all).map_err(|error| (error.offset, error.to_string()))?;
        Ok(Fact::Manifest(Box::new(manifest)))
    })
}

fn current(bytes: &mut Bytes<'_>) -> Result<Fact, Unread> {
    held(bytes, SHORT, rules::CURRENT, |all| {
        let current = current::parse(all).map_err(|error| (error.offset, error.to_string()))?;
        Ok(Fact::Current(current.manifest.to_owned()))
    })
}

fn options(bytes: &mut Bytes<'_>) -> Result<Fact, Unread> {
    held(bytes, SHORT, rules::OPTIONS, |all| {
        options::parse(all).map_err(|error| (error.offset, error.to_string()))?;
        Ok(Fact::Sound(Parsed::default()))
    })
}
