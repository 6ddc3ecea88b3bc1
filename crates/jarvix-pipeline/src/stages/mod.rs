//! The stages as the line sees them: a part's name goes in, a commit comes out.

pub mod curate;
pub mod dedupe;
pub mod score;

use std::time::Duration;

use jarvix_core::{Event, Generation, RunId, Stage, StageRunner, WorkItem, WorkQueue};
use jarvix_store::Store;

use crate::LineError;

/// How long a stage waits for a hint before it asks the catalogue.
const HINT_WAIT: Duration = Duration::from_millis(200);

/// Where facts are told; never blocks.
pub type Publish<'a> = &'a dyn Fn(Event);

/// Works off everything that `runner` has to do and returns the rows it wrote.
///
/// Hints of `queue` come first; when there are none the catalogue is asked. It ends when nothing
/// is left and `more_may_come` says that nothing will be added, or when `stop` says so between two
/// parts.
pub fn work_off<R: StageRunner>(
    store: &Store,
    run: &RunId,
    generation: Generation,
    runner: &R,
    queue: &dyn WorkQueue,
    publish: Publish<'_>,
    conditions: Conditions<'_>,
) -> Result<u64, LineError>
where
    LineError: From<R::Error>,
{
    let mut rows = 0;
    let mut wait = Duration::ZERO;
    while !(conditions.stop)() {
        if let Some(item) = queue.take(wait) {
            let done = runner.run(&item);
            queue.finish(&item);
            rows += done?;
            let (run, stage) = (run.clone(), runner.stage());
            let rows = conditions.rows_before + rows;
            publish(Event::StageAdvanced { run, stage, rows, total: (conditions.total)() });
            continue;
        }
        // Asked before the catalogue: what is committed after this answer is seen next time round.
        let more_may_come = (conditions.more_may_come)();
        let work = store.catalogue().work(run, runner.stage(), generation)?;
        if work.is_empty() && !more_may_come {
            break;
        }
        // With nothing to do but more to come the next hint is waited for.
        wait = if work.is_empty() { HINT_WAIT } else { Duration::ZERO };
        offer_all(queue, run, runner.stage(), generation, work);
    }
    Ok(rows)
}

/// What [`work_off`] asks while it works.
#[derive(Clone, Copy)]
pub struct Conditions<'a> {
    /// Whether the stage above may still commit parts.
    pub more_may_come: &'a dyn Fn() -> bool,
    /// Whether to stop between two parts.
    pub stop: &'a dyn Fn() -> bool,
    /// Rows that were there before.
    pub rows_before: u64,
    /// Rows ahead in all, as far as it is known.
    pub total: &'a dyn Fn() -> Option<u64>,
}

/// Offers every part as a hint; what does not fit is found in the catalogue later.
fn offer_all(
    queue: &dyn WorkQueue,
    run: &RunId,
    stage: Stage,
    generation: Generation,
    parts: Vec<jarvix_core::PartName>,
) {
    for part in parts {
        if !queue.offer(WorkItem { run: run.clone(), stage, part, generation }) {
            break;
        }
    }
}
