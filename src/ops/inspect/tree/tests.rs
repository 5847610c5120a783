//! Trees made of small jobs, without a store.

use jiff::Timestamp;

use super::Facts;
use super::Subject;
use super::Tree;
use crate::catalog::checkpoint::MetadataFile;
use crate::catalog::survey::Read;
use crate::catalog::survey::Sink;
use crate::model::Location;
use crate::model::layout::METADATA;
use crate::model::references::tests::JOB;
use crate::model::references::tests::worlds::World;

/// What is concluded about the job that a world is.
pub(crate) fn facts_of(world: &World) -> Facts {
    let job = Location::parse_flink(&format!("/cp/{JOB}")).unwrap();
    let mut tree = Tree::new(Subject::job(job.clone()));
    world.each(|metadata, places| {
        let id = metadata.checkpoint_id;
        let location = job.join(&format!("chk-{id}/{METADATA}"));
        let file = MetadataFile { location, bytes: Vec::new(), modified: None };
        tree.metadata(Ok(Read { file: &file, metadata, places }));
    });
    tree.conclude(Timestamp::UNIX_EPOCH, None)
}
