//! Whether the files of a handle are the database that its MANIFEST describes. Pure.

use std::collections::BTreeMap;
use std::collections::HashSet;

use sha2::Digest;
use sha2::Sha256;

use super::fact::Fact;
use super::fact::SstFact;
use super::plan::Database;
use super::plan::FileKind;
use super::plan::Member;
use super::plan::Piece;
use super::plan::Source;
use super::rules;
use super::rules::Rule;
use crate::format::rocks::manifest::ColumnFamily;
use crate::format::rocks::manifest::LiveFile;
use crate::format::rocks::manifest::Manifest;

/// Something wrong with a database.
#[derive(Debug)]
pub struct Complaint {
    /// What.
    pub rule: &'static Rule,
    /// The piece it is about; `None` if it is about the handle as a whole.
    pub piece: Option<usize>,
    /// What was seen.
    pub evidence: String,
}

/// Judges a database by what was seen in its files.
///
/// `fact` tells what was seen of a piece; `None` if nothing could be, which is found elsewhere.
pub fn judge<'f>(database: &Database, fact: impl Fn(usize) -> Option<&'f Fact>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut ssts: BTreeMap<u64, usize> = BTreeMap::new();
    let mut manifests = Vec::new();
    let mut current = None;
    for member in &database.members {
        match FileKind::of(&member.local_name) {
            FileKind::Sst(number) => {
                if ssts.insert(number, member.piece).is_some() {
                    complaints.push(Complaint {
                        rule: rules::MANIFEST_FILES,
                        piece: Some(member.piece),
                        evidence: format!("a second file is called {}", member.local_name),
                    });
                }
            }
            FileKind::Manifest => manifests.push(member),
            FileKind::Current => current = Some(member.piece),
            FileKind::Options => {}
            FileKind::Other if is_wrong(&member.local_name) => complaints.push(Complaint {
                rule: rules::LOCAL_NAME,
                piece: Some(member.piece),
                evidence: format!("it is called {:?}", member.local_name),
            }),
            FileKind::Blob | FileKind::Other => {}
        }
    }
    // Whatever else is wrong with its names follows from that.
    if complaints.iter().any(|complaint| complaint.rule == rules::LOCAL_NAME) {
        return complaints;
    }
    let named = current.map(&fact);
    let lacks = match (manifests.as_slice(), current) {
        ([], _) => Some("MANIFEST"),
        (_, None) => Some("CURRENT"),
        _ => None,
    };
    if let Some(lacks) = lacks {
        let evidence = format!("the handle of {} lists no {lacks}", database.owner);
        complaints.push(Complaint { rule: rules::DATABASE_INCOMPLETE, piece: None, evidence });
        return complaints;
    }
    let meant = match named {
        Some(Some(Fact::Current(name))) => {
            let found = manifests.iter().find(|member| member.local_name == *name);
            if found.is_none() {
                let names: Vec<&str> =
                    manifests.iter().map(|member| member.local_name.as_str()).collect();
                let evidence = format!("it names {name}, and there is {}", names.join(", "));
                complaints.push(Complaint { rule: rules::CURRENT, piece: current, evidence });
            }
            found
        }
        // What CURRENT would have named.
        _ => manifests.first().filter(|_| manifests.len() == 1),
    };
    let Some(meant) = meant else { return complaints };
    let Some(Fact::Manifest(manifest)) = fact(meant.piece) else { return complaints };
    let judge = Judge { database, manifest, manifest_piece: meant.piece, ssts: &ssts, fact: &fact };
    judge.names(&mut complaints);
    let misplaced = judge.files(&mut complaints);
    judge.keys(&misplaced, &mut complaints);
    judge.states(&mut complaints);
    complaints
}

/// What tells a database from any other: a digest of the names and places of its files, and of
/// the bytes inside the metadata.
pub fn digest(database: &Database, pieces: &[Piece<'_>]) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    for member in &database.members {
        add(member.local_name.as_bytes());
        match pieces.get(member.piece).map(|piece| &piece.source) {
            Some(Source::Inline(bytes)) => add(bytes),
            Some(Source::File { places, start, bytes, .. }) => {
                places.iter().for_each(|place| add(place.to_string().as_bytes()));
                add(format!("{start} {bytes:?}").as_bytes());
            }
            None => {}
        }
    }
    digest.finalize().into()
}

/// The number of the piece that is the MANIFEST of a database.
pub fn manifest(database: &Database) -> Option<usize> {
    let is_manifest = |name: &str| FileKind::of(name) == FileKind::Manifest;
    database.members.iter().find(|one| is_manifest(&one.local_name)).map(|one| one.piece)
}

/// A database whose files are all known to be sound.
#[derive(Debug)]
pub struct Ready<'d> {
    /// Its MANIFEST.
    pub manifest: &'d Manifest,
    /// The files that RocksDB needs.
    pub members: Vec<&'d Member>,
}

/// Whether RocksDB can be asked to open a database, given what is wrong with it.
///
/// # Errors
/// What is in the way, in words; `None` if time was up before all was looked at.
pub fn ready<'d>(
    database: &'d Database,
    complaints: &[Complaint],
    fact: impl Fn(usize) -> Option<&'d Fact>,
) -> Result<Ready<'d>, Option<String>> {
    let mut members = Vec::new();
    let mut names = HashSet::new();
    let mut manifest = None;
    for member in &database.members {
        let kind = FileKind::of(&member.local_name);
        // Never read, neither by Flink nor here, and what they say is not to be trusted.
        if matches!(kind, FileKind::Options | FileKind::Blob | FileKind::Other) {
            continue;
        }
        let is = |what: &str| Err(Some(format!("{} {what}", member.local_name)));
        match fact(member.piece) {
            Some(Fact::Manifest(read)) => manifest = Some(&**read),
            Some(Fact::Sst(_) | Fact::Current(_) | Fact::Sound(_)) => {}
            Some(Fact::Bad { rule, .. }) => return is(&format!("has a finding: {}", rule.code)),
            Some(Fact::Gone) => return is("is gone"),
            Some(Fact::Skipped) => return is("was not looked into"),
            Some(Fact::OutOfTime) | None => return Err(None),
        }
        if !names.insert(&member.local_name) {
            return is("is in the handle twice");
        }
        members.push(member);
    }
    if let Some(complaint) = complaints.first() {
        let Complaint { rule, evidence, .. } = complaint;
        return Err(Some(format!("it has a finding: {}: {evidence}", rule.code)));
    }
    let Some(manifest) = manifest else { return Err(Some("it has no MANIFEST".to_owned())) };
    if manifest.column_families.iter().any(|family| !family.blob_files.is_empty()) {
        return Err(Some("it has blob files, which Flink does not configure".to_owned()));
    }
    Ok(Ready { manifest, members })
}

/// Whether no file of a database can have a name: it could lead out of the directory, or is a
/// name that RocksDB spells in another way.
fn is_wrong(local_name: &str) -> bool {
    local_name.is_empty()
        || local_name.contains(['/', '\\', '\0'])
        || matches!(local_name, "." | "..")
        || local_name.ends_with(".sst")
        || local_name.starts_with("MANIFEST-")
}

struct Judge<'j, F> {
    database: &'j Database,
    manifest: &'j Manifest,
    manifest_piece: usize,
    /// Pieces of SSTs by their numbers.
    ssts: &'j BTreeMap<u64, usize>,
    fact: &'j F,
}

impl<'f, F: Fn(usize) -> Option<&'f Fact>> Judge<'_, F> {
    fn live(&self) -> impl Iterator<Item = (&ColumnFamily, &LiveFile)> {
        let families = self.manifest.column_families.iter();
        families.flat_map(|family| family.files.iter().map(move |file| (family, file)))
    }

    fn sst(&self, piece: usize) -> Option<&'f SstFact> {
        match (self.fact)(piece) {
            Some(Fact::Sst(sst)) => Some(sst),
            _ => None,
        }
    }

    /// The live files are those of the handle.
    fn names(&self, complaints: &mut Vec<Complaint>) {
        let mut extra = self.ssts.clone();
        let mut lacking = Vec::new();
        for (_, file) in self.live() {
            if extra.remove(&file.number).is_none() {
                lacking.push(format!("{:06}.sst", file.number));
            }
        }
        let lacks = match lacking.len() {
            0 => String::new(),
            _ => format!("the MANIFEST needs {}, which the handle does not list", few(&lacking)),
        };
        if extra.is_empty() {
            if !lacks.is_empty() {
                let piece = Some(self.manifest_piece);
                complaints.push(Complaint { rule: rules::MANIFEST_FILES, piece, evidence: lacks });
            }
            return;
        }
        for (number, piece) in extra {
            let and = if lacks.is_empty() { String::new() } else { format!("; {lacks}") };
            let evidence = format!("the MANIFEST has no live file {number:06}.sst{and}");
            complaints.push(Complaint {
                rule: rules::MANIFEST_FILES,
                piece: Some(piece),
                evidence,
            });
        }
    }

    /// Each file is the one that the MANIFEST means; returns those that are not.
    fn files(&self, complaints: &mut Vec<Complaint>) -> Vec<usize> {
        let mut misplaced = Vec::new();
        let (mut seen, mut differing) = (0, Vec::new());
        for (family, file) in self.live() {
            let Some(piece) = self.ssts.get(&file.number) else { continue };
            let Some(sst) = self.sst(*piece) else { continue };
            seen += 1;
            if let Some(differs) = difference(family, file, sst) {
                let evidence = format!("{differs}; it is called {:06}.sst", file.number);
                misplaced.push(*piece);
                let piece = Some(*piece);
                differing.push(Complaint { rule: rules::SST_MISPLACED, piece, evidence });
            }
        }
        // It is likelier that one file is another one than that most are.
        if differing.len() > 2 && differing.len() * 2 > seen {
            let first = differing.first().map_or("", |one| &one.evidence);
            let evidence = format!(
                "{} of {seen} tables are not those that it means; for one, {first}",
                differing.len()
            );
            let piece = Some(self.manifest_piece);
            differing = vec![Complaint { rule: rules::MANIFEST_FILES, piece, evidence }];
        }
        complaints.extend(differing);
        misplaced
    }

    /// The meta of the states knows every column family.
    fn states(&self, complaints: &mut Vec<Complaint>) {
        let meta = self.database.meta.and_then(|piece| Some((piece, (self.fact)(piece)?)));
        let Some((piece, Fact::Sound(parsed))) = meta else { return };
        // What could not be parsed may be another state.
        if !parsed.opaque.is_empty() {
            return;
        }
        for family in self.manifest.column_families.iter().filter(|family| family.id != 0) {
            let name = String::from_utf8_lossy(&family.name);
            if !parsed.states.iter().any(|(state, _)| *state == name) {
                let evidence = format!("it has no state {name}, of which there is a column family");
                let piece = Some(piece);
                complaints.push(Complaint { rule: rules::BACKEND_META, piece, evidence });
            }
        }
    }

    /// Keys are those of the subtask, unless something deletes them: after a rescale a database
    /// holds keys of others until it is compacted.
    fn keys(&self, misplaced: &[usize], complaints: &mut Vec<Complaint>) {
        let Some((first, last)) = self.database.key_groups.bounds() else { return };
        let inside = |key: &[u8]| {
            let group = key_group(key, self.database.prefix)?;
            Some((first..=last).contains(&group))
        };
        for family in &self.manifest.column_families {
            let seen: Option<Vec<&SstFact>> =
                family.files.iter().map(|file| self.sst(*self.ssts.get(&file.number)?)).collect();
            // Where one could not be looked into, it may be the one that deletes.
            if seen.is_none_or(|seen| seen.iter().any(|sst| sst.deletes)) {
                continue;
            }
            for file in &family.files {
                let Some(piece) = self.ssts.get(&file.number) else { continue };
                if misplaced.contains(piece) {
                    continue;
                }
                let ends = [user_key(&file.smallest), user_key(&file.largest)];
                let outside = ends.into_iter().find(|key| inside(key) == Some(false));
                let Some(group) = outside.and_then(|key| key_group(key, self.database.prefix))
                else {
                    continue;
                };
                let evidence = format!(
                    "a key of {} is in key group {group}, and {} has {first} to {last}",
                    String::from_utf8_lossy(&family.name),
                    self.database.owner
                );
                let piece = Some(*piece);
                complaints.push(Complaint { rule: rules::SST_KEY_RANGE, piece, evidence });
            }
        }
    }
}

/// How a table differs from what the MANIFEST says of it.
fn difference(family: &ColumnFamily, file: &LiveFile, sst: &SstFact) -> Option<String> {
    if sst.bytes != file.size {
        return Some(format!("it has {} bytes, the MANIFEST says {}", sst.bytes, file.size));
    }
    if let Some(name) = &sst.column_family
        && **name != *family.name
    {
        let [found, expected] = [name, &family.name].map(|name| String::from_utf8_lossy(name));
        return Some(format!("it is of column family {found}, the MANIFEST says {expected}"));
    }
    if let Some(sequence) = sst.global_sequence
        && sequence != file.smallest_seqno
    {
        return Some(format!(
            "its entries have the sequence number {sequence}, the MANIFEST says {}",
            file.smallest_seqno
        ));
    }
    let [first, last] = sst.keys.as_ref()?;
    let [first_key, last_key] = [user_key(first), user_key(last)];
    let (smallest, largest) = (user_key(&file.smallest), user_key(&file.largest));
    // Range deletions widen what the MANIFEST says.
    let fits = if sst.deletes_ranges {
        smallest <= first_key && last_key <= largest
    } else if sst.external {
        smallest == first_key && largest == last_key
    } else {
        file.smallest == *first && file.largest == *last
    };
    let hex = |key: &[u8]| {
        let shown = key.get(..24).unwrap_or(key);
        let more = if shown.len() < key.len() { "..." } else { "" };
        shown.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + more
    };
    (!fits).then(|| {
        format!(
            "its internal keys are {} to {}, the MANIFEST says {} to {}",
            hex(first),
            hex(last),
            hex(&file.smallest),
            hex(&file.largest)
        )
    })
}

/// An internal key without its sequence number and kind.
pub fn user_key(internal: &[u8]) -> &[u8] {
    internal.len().checked_sub(8).and_then(|end| internal.get(..end)).unwrap_or_default()
}

/// The key group of a user key, whose first bytes are its number; `None` of a shorter one.
pub fn key_group(key: &[u8], prefix: usize) -> Option<i32> {
    let prefix = key.get(..prefix)?;
    Some(prefix.iter().fold(0, |group, byte| (group << 8) | i32::from(*byte)))
}

fn few(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::flink::keyed::KeyGroupRange;
    use crate::ops::verify::plan::Member;

    /// A database of one table with keys of these key groups, of a subtask with 10 to 19.
    fn complaints(groups: [u8; 2], deletes: bool) -> Vec<&'static str> {
        let key = |group: u8| [vec![group, 1, 2], vec![0; 8]].concat().into_boxed_slice();
        let [smallest, largest] = groups.map(key);
        let keys = Some([smallest.clone(), largest.clone()]);
        let live = LiveFile { number: 12, size: 99, smallest, largest, ..LiveFile::default() };
        let name: Box<[u8]> = (*b"count").into();
        let family = ColumnFamily { name, files: vec![live], ..ColumnFamily::default() };
        let manifest = Manifest {
            column_families: vec![family],
            log_number: 0,
            prev_log_number: 0,
            next_file_number: 13,
            last_sequence: 0,
            max_column_family: 0,
            min_log_number_to_keep: 0,
            db_id: None,
            records: 1,
        };
        let facts = [
            Fact::Sst(SstFact {
                entries: 0,
                deletions: 0,
                bytes: 99,
                column_family: Some((*b"count").into()),
                deletes,
                deletes_ranges: deletes,
                external: false,
                global_sequence: None,
                keys,
            }),
            Fact::Manifest(Box::new(manifest)),
            Fact::Current("MANIFEST-000005".into()),
        ];
        let names = ["000012.sst", "MANIFEST-000005", "CURRENT"];
        let members = names.iter().enumerate();
        let members = members.map(|(piece, name)| Member { local_name: (*name).to_owned(), piece });
        let database = Database {
            operator: crate::format::flink::operator::OperatorId([0; 16]),
            subtask: 0,
            owner: "op subtask 0".into(),
            key_groups: KeyGroupRange { start: 10, count: 10 },
            prefix: 1,
            meta: None,
            members: members.collect(),
        };
        let found = judge(&database, |piece| facts.get(piece));
        found.into_iter().map(|complaint| complaint.rule.code).collect()
    }

    #[test]
    fn keys_of_others_are_a_fault_unless_something_deletes_them() {
        assert_eq!(complaints([10, 19], false), [""; 0]);
        assert_eq!(complaints([9, 19], false), ["sst-key-range"]);
        assert_eq!(complaints([10, 20], false), ["sst-key-range"]);
        // As after a rescale.
        assert_eq!(complaints([0, 127], true), [""; 0]);
    }
}
