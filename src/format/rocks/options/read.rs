//! Lines to sections, sections to options.

use std::borrow::Cow;
use std::collections::HashMap;
use std::str;
use std::str::FromStr;

use super::ColumnFamilyOptions;
use super::Options;
use super::OptionsError;
use super::OptionsProblem;
use super::Settings;
use super::TableOptions;

/// Longest part of a value or name that an error shows, characters.
const SHOWN: usize = 64;
/// The column family every database has.
const DEFAULT: &str = "default";
/// What stands in front of the table factory in the title of a section.
const TABLE_OPTIONS: &str = "TableOptions/";

type Result<T> = std::result::Result<T, OptionsProblem>;

/// Reads a whole file.
pub(super) fn read(bytes: &[u8]) -> std::result::Result<Options<'_>, OptionsError> {
    let mut file = File::default();
    let (mut line, mut offset) = (0_u64, 0_u64);
    let located = |line, offset| move |problem| OptionsError { line, offset, problem };
    for raw in bytes.split_inclusive(|byte| *byte == b'\n') {
        line = line.saturating_add(1);
        file.line(raw).map_err(located(line, offset))?;
        offset = offset.saturating_add(raw.len() as u64);
    }
    file.end_section().and_then(|()| file.finish()).map_err(located(line, offset))
}

/// The section that is being read.
#[derive(Default)]
enum Section<'a> {
    #[default]
    Before,
    Version,
    Db,
    Family(Cow<'a, str>),
    Table {
        factory: &'a str,
        family: usize,
    },
}

/// What was read so far.
#[derive(Default)]
struct File<'a> {
    section: Section<'a>,
    settings: Settings<'a>,
    version: Option<Settings<'a>>,
    db: Option<Settings<'a>>,
    families: Vec<ColumnFamilyOptions<'a>>,
    places: HashMap<Cow<'a, str>, usize>,
}

impl<'a> File<'a> {
    fn line(&mut self, raw: &'a [u8]) -> Result<()> {
        let line = str::from_utf8(raw).map_err(|_| OptionsProblem::NotUtf8)?;
        let line = line.strip_suffix('\n').ok_or(OptionsProblem::Cut)?;
        let line = trim(without_comment(line));
        if line.is_empty() {
            return Ok(());
        }
        if let Some(title) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            self.end_section()?;
            self.section = self.begin(title)?;
            return Ok(());
        }
        let (name, value) = line.split_once('=').ok_or(OptionsProblem::Statement)?;
        let name = trim(name);
        if name.is_empty() || matches!(self.section, Section::Before) {
            return Err(OptionsProblem::Statement);
        }
        self.settings.0.push((name, trim(value)));
        Ok(())
    }

    fn begin(&self, title: &'a str) -> Result<Section<'a>> {
        let argument = title.split_once('"').and_then(|(title, rest)| {
            let (argument, _) = rest.rsplit_once('"')?;
            Some((title, argument))
        });
        let (title, argument) = argument.unwrap_or((title, ""));
        let title = trim(title);
        let unknown = || Err(OptionsProblem::Section(shown(title)));
        let family = unescape(argument);
        let misplaced = |family: &str| Err(OptionsProblem::Order(shown(family)));
        match title {
            "Version" if self.version.is_none() => Ok(Section::Version),
            "DBOptions" if self.db.is_none() => Ok(Section::Db),
            "CFOptions" => {
                let first = self.families.is_empty();
                if first != (family == DEFAULT) || self.places.contains_key(&family) {
                    return misplaced(&family);
                }
                Ok(Section::Family(family))
            }
            _ => {
                let Some(factory) = title.strip_prefix(TABLE_OPTIONS) else { return unknown() };
                match self.places.get(&family) {
                    Some(family) => Ok(Section::Table { factory, family: *family }),
                    None => misplaced(&family),
                }
            }
        }
    }

    fn end_section(&mut self) -> Result<()> {
        let settings = std::mem::take(&mut self.settings);
        match std::mem::take(&mut self.section) {
            Section::Before => {}
            Section::Version => self.version = Some(settings),
            Section::Db => self.db = Some(settings),
            Section::Family(name) => {
                self.places.insert(name.clone(), self.families.len());
                self.families.push(family(name, settings)?);
            }
            Section::Table { factory, family } => {
                let table = table(factory, settings)?;
                if let Some(family) = self.families.get_mut(family) {
                    family.table = Some(table);
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Options<'a>> {
        let missing = OptionsProblem::Missing;
        let version = self.version.take().ok_or(missing("section Version"))?;
        let db = self.db.take().ok_or(missing("section DBOptions"))?;
        if self.families.is_empty() {
            return Err(missing("section CFOptions \"default\""));
        }
        Ok(Options {
            rocksdb_version: dotted(&version, "rocksdb_version")?,
            options_file_version: dotted(&version, "options_file_version")?,
            db,
            column_families: std::mem::take(&mut self.families),
        })
    }
}

fn family<'a>(name: Cow<'a, str>, settings: Settings<'a>) -> Result<ColumnFamilyOptions<'a>> {
    Ok(ColumnFamilyOptions {
        name,
        comparator: settings.object("comparator"),
        merge_operator: settings.object("merge_operator"),
        compression: settings.get("compression"),
        num_levels: number(&settings, "num_levels")?,
        settings,
        table: None,
    })
}

fn table<'a>(factory: &'a str, settings: Settings<'a>) -> Result<TableOptions<'a>> {
    Ok(TableOptions {
        factory,
        format_version: number(&settings, "format_version")?,
        checksum: settings.get("checksum"),
        block_size: number(&settings, "block_size")?,
        index_type: settings.get("index_type"),
        filter_policy: settings.object("filter_policy"),
        settings,
    })
}

fn number<T: FromStr>(settings: &Settings<'_>, name: &'static str) -> Result<Option<T>> {
    let Some(value) = settings.get(name) else { return Ok(None) };
    let expected = "a number";
    let wrong = |_| OptionsProblem::Value { name, value: shown(value), expected };
    value.parse().map(Some).map_err(wrong)
}

/// Numbers with dots between them, as many as there are.
fn dotted<const N: usize>(settings: &Settings<'_>, name: &'static str) -> Result<[u32; N]> {
    let value = settings.get(name).ok_or(OptionsProblem::Missing(name))?;
    let parts: Option<Vec<u32>> = value.split('.').map(|part| part.parse().ok()).collect();
    parts.and_then(|parts| parts.try_into().ok()).ok_or_else(|| OptionsProblem::Value {
        name,
        value: shown(value),
        expected: "numbers with dots between them",
    })
}

/// What stands in front of the first `#` that is not escaped.
fn without_comment(line: &str) -> &str {
    let escaped = |at: usize| line.get(..at).is_some_and(|before| before.ends_with('\\'));
    let mut marks = line.match_indices('#').filter(|(at, _)| !escaped(*at));
    marks.next().and_then(|(at, _)| line.get(..at)).unwrap_or(line)
}

/// Without what C's `isspace` calls white.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| matches!(c, ' ' | '\t'..='\r'))
}

/// Undoes RocksDB's escapes: `\n`, `\r`, and any other character for itself.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut chars = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        let escaped = (c == '\\').then(|| chars.next());
        plain.extend(match escaped {
            None => Some(c),
            Some(Some('n')) => Some('\n'),
            Some(Some('r')) => Some('\r'),
            Some(other) => other,
        });
    }
    Cow::Owned(plain)
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
