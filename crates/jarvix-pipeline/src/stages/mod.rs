//! The stages as the line sees them: a part's name goes in, a commit comes out.

pub mod curate;
pub mod dedupe;
pub mod score;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use jarvix_core::{Event, Generation, PartName, RunId, StageRunner, WorkItem, WorkQueue};
use jarvix_store::Store;

use crate::LineError;

/// How long a stage waits for a hint before it asks the catalogue.
const HINT_WAIT: Duration = Duration::from_millis(200);

/// Where facts are told; never blocks.
pub type Publish<'a> = &'a (dyn Fn(Event) + Sync);

/// What is to be worked off.
pub struct Work<'a, R> {
    /// Where parts are committed.
    pub store: &'a Store,
    /// The run.
    pub run: &'a RunId,
    /// The generation of the runner's stage.
    pub generation: Generation,
    /// What does it.
    pub runner: &'a R,
    /// Hints of where to begin.
    pub queue: &'a dyn WorkQueue,
    /// Where facts are told.
    pub publish: Publish<'a>,
    /// How many parts are worked on at a time.
    pub workers: usize,
}

/// What [`Work`] asks meanwhile.
#[derive(Clone, Copy)]
pub struct Conditions<'a> {
    /// Whether the stage above may still commit parts.
    pub more_may_come: &'a (dyn Fn() -> bool + Sync),
    /// Whether to stop between two parts.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Rows that were there before.
    pub rows_before: u64,
    /// Rows ahead in all, as far as it is known.
    pub total: &'a (dyn Fn() -> Option<u64> + Sync),
}

/// What the workers have in common.
#[derive(Default)]
struct Crew {
    rows: AtomicU64,
    gave_up: AtomicBool,
}

impl<R: StageRunner> Work<'_, R>
where
    LineError: From<R::Error>,
{
    /// Works off everything that the runner has to do and returns the rows it wrote.
    ///
    /// Hints of the queue come first; when there are none the catalogue is asked. It ends when
    /// nothing is left and `more_may_come` says that nothing will be added, when `stop` says so
    /// between two parts, or with the first failure.
    pub fn off(&self, conditions: Conditions<'_>) -> Result<u64, LineError> {
        let crew = Crew::default();
        let work = || {
            let done = self.by_one(conditions, &crew);
            crew.gave_up.fetch_or(done.is_err(), Ordering::SeqCst);
            done
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.workers).map(|_| scope.spawn(work)).collect();
            let first = work();
            let panicked = |_| LineError::Threads { reason: "one of them panicked".to_owned() };
            let join = |other: ScopedJoinHandle<'_, _>| other.join().map_err(panicked)?;
            others.into_iter().map(join).fold(first, Result::and)
        })?;
        Ok(crew.rows.into_inner())
    }

    fn by_one(&self, conditions: Conditions<'_>, crew: &Crew) -> Result<(), LineError> {
        let mut wait = Duration::ZERO;
        while !((conditions.stop)() || crew.gave_up.load(Ordering::SeqCst)) {
            if let Some(item) = self.queue.take(std::mem::take(&mut wait)) {
                let done = self.runner.run(&item);
                self.queue.finish(&item);
                let done = done?;
                let rows = crew.rows.fetch_add(done, Ordering::SeqCst) + done;
                let (run, stage) = (self.run.clone(), self.runner.stage());
                let rows = conditions.rows_before + rows;
                let total = (conditions.total)();
                (self.publish)(Event::StageAdvanced { run, stage, rows, total });
                continue;
            }
            // Asked before the catalogue: what is committed after this answer is seen next time
            // round.
            let more_may_come = (conditions.more_may_come)();
            let catalogue = self.store.catalogue();
            let left = catalogue.work(self.run, self.runner.stage(), self.generation)?;
            let idle = left.is_empty() || !self.offer(left);
            // What is left is in the hands of the others.
            if idle && !more_may_come && self.queue.len() < self.workers.max(1) {
                break;
            }
            // With nothing to do the next hint is waited for.
            wait = if idle { HINT_WAIT } else { Duration::ZERO };
        }
        Ok(())
    }

    /// Offers the parts as hints, as far as they fit, and says whether any was new; what does not
    /// fit is found in the catalogue later.
    fn offer(&self, parts: Vec<PartName>) -> bool {
        let (stage, generation) = (self.runner.stage(), self.generation);
        let mut any = false;
        for part in parts {
            let item = WorkItem { run: self.run.clone(), stage, part, generation };
            any |= self.queue.offer(item);
        }
        any
    }
}
