//! Score: a documents part becomes a scores part of the same name. The arithmetic is the query
//! engine's and the profile's; this is only the stage around it.

use jarvix_core::{Ordinals, Stage, StageRunner, WorkItem};
use jarvix_query::Query;
use jarvix_score::Scorer;
use jarvix_store::{Commit, Store};
use tokio::runtime::Handle;

use crate::LineError;

/// Runs score with one profile.
pub struct ScoreRunner<'a> {
    /// Where parts are read from and committed to.
    pub store: &'a Store,
    /// The engine.
    pub query: &'a Query,
    /// What counts how much, with what it must know of the whole run.
    pub scorer: &'a Scorer<'a>,
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
        if !self.store.catalogue().work(run, Stage::Score, generation)?.contains(&part) {
            return Ok(0);
        }
        let staged = self.runtime.block_on(jarvix_score::score_part(
            self.store,
            self.query,
            run,
            part,
            self.scorer,
            generation,
        ))?;
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
