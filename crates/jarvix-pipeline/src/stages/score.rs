//! Score: a documents part becomes a scores part of the same name. The arithmetic is the query
//! engine's and the profile's; this is only the stage around it.

use jarvix_core::{Ordinals, Stage, StageRunner, WorkItem};
use jarvix_score::PartScorer;
use jarvix_store::{Commit, Store};
use tokio::runtime::Handle;

use crate::LineError;

/// Runs score with one profile.
pub struct ScoreRunner<'a> {
    /// Where parts are committed to.
    pub store: &'a Store,
    /// What scores a part.
    pub scorer: &'a PartScorer<'a>,
    /// The engine's own threads.
    pub runtime: Handle,
}

impl StageRunner for ScoreRunner<'_> {
    type Error = LineError;

    fn stage(&self) -> Stage {
        Stage::Score
    }

    fn run(&self, item: &WorkItem) -> Result<u64, LineError> {
        let (run, part, generation) = (&item.run, item.part, item.generation);
        if !self.store.catalogue().is_work(run, Stage::Score, generation, part)? {
            return Ok(0);
        }
        let staged = self.runtime.block_on(self.scorer.score(part, generation))?;
        let rows = staged.part().rows;
        self.store.commit(Commit {
            run: run.clone(),
            stage: Stage::Score,
            generation,
            input: Some(part),
            parts: vec![staged],
            covers: Ordinals::new(),
            notes: Vec::new(),
        })?;
        Ok(rows)
    }
}
