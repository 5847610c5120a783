//! Which files of a checkpoint are read, each once. Pure.

use std::collections::HashMap;

use crate::format::flink::metadata::Metadata;
use crate::format::flink::operator::OperatorId;
use crate::model::places::Places;
use crate::ops::verify::plan::Content;
use crate::ops::verify::plan::Database;
use crate::ops::verify::plan::Piece;
use crate::ops::verify::plan::Plan as Pieces;
use crate::ops::verify::plan::Source;
use crate::ops::verify::rules::Level;

/// The databases of a checkpoint, and what of them is read.
#[derive(Debug)]
pub struct Plan<'a> {
    pub(super) databases: Vec<Database>,
    /// What databases name by its number.
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) reads: Vec<Read<'a>>,
    /// The number of the read that reads a piece, if one does.
    pub(super) read_of: Vec<Option<usize>>,
}

/// A file that is read.
#[derive(Debug)]
pub(super) struct Read<'a> {
    /// Where, in the store of the checkpoint.
    pub(super) source: Source<'a>,
    pub(super) what: What,
    /// Why it is not read after all.
    pub(super) refused: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The head of a table.
    Sst,
    /// All of a MANIFEST, of a database with so many bytes of the key group in front of keys.
    Manifest { prefix: usize },
}

impl<'a> Plan<'a> {
    /// What is read of a checkpoint, or of one operator in it.
    pub fn of(metadata: &Metadata<'a>, places: &Places<'a>, only: Option<OperatorId>) -> Self {
        let Pieces { pieces, mut databases, .. } = Pieces::of(metadata, places, Level::Footer);
        databases.retain(|database| only.is_none_or(|only| only == database.operator));
        let mut reads = Vec::new();
        let mut read_of = vec![None; pieces.len()];
        let mut ssts: HashMap<&Source<'_>, usize> = HashMap::new();
        for database in &databases {
            for member in &database.members {
                let Some(piece) = pieces.get(member.piece) else { continue };
                let what = match piece.content {
                    Content::Sst => What::Sst,
                    Content::Manifest => What::Manifest { prefix: database.prefix },
                    _ => continue,
                };
                let mut add = || {
                    reads.push(Read::of(&piece.source, what, places));
                    reads.len() - 1
                };
                let read = match what {
                    What::Sst => *ssts.entry(&piece.source).or_insert_with(add),
                    What::Manifest { .. } => add(),
                };
                if let Some(slot) = read_of.get_mut(member.piece) {
                    *slot = Some(read);
                }
            }
        }
        Plan { databases, pieces, reads, read_of }
    }

    /// How many files are read.
    pub fn reads(&self) -> usize {
        self.reads.len()
    }
}

impl<'a> Read<'a> {
    fn of(source: &Source<'a>, what: What, places: &Places<'a>) -> Self {
        let (mut source, mut refused) = (source.clone(), None);
        if let Source::File { places: files, .. } = &mut source {
            if files.is_empty() {
                refused = Some("is no path that Flink writes");
            }
            // Metadata must not make anyone talk to a store its user did not name.
            files.retain(|file| file.same_store(&places.home().base));
            if files.is_empty() {
                refused = refused.or(Some("lies in another store and is not read"));
            }
        }
        Read { source, what, refused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Location;
    use crate::model::layout::Home;

    #[test]
    fn only_the_store_of_the_checkpoint_is_asked() {
        let at = |text: &str| Location::parse_flink(text).unwrap();
        let home = Home::of(at("s3://bucket/cp/job/chk-1/_metadata"), false);
        let places = Places::new(home, Default::default());
        let read = |files: &[&str]| {
            let places_of = files.iter().map(|file| at(file)).collect();
            let source = Source::File { places: places_of, start: 0, bytes: None, whole: true };
            let Read { source, refused, .. } = Read::of(&source, What::Sst, &places);
            let Source::File { places, .. } = source else { panic!("a file") };
            (places, refused)
        };
        let (own, foreign) = ("s3://bucket/cp/job/shared/a", "s3://other/a");
        assert_eq!(read(&[own]), (vec![at(own)], None));
        assert_eq!(read(&[foreign, own]), (vec![at(own)], None));
        for elsewhere in [foreign, "file:///cp/a"] {
            let why = "lies in another store and is not read";
            assert_eq!(read(&[elsewhere]), (vec![], Some(why)));
        }
        assert_eq!(read(&[]), (vec![], Some("is no path that Flink writes")));
    }
}
