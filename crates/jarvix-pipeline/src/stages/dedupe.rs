//! Dedupe: the run-level step after the last documents part, a barrier. What repeats what is found by
//! `jarvix_dedupe`; this is only the stage around it, and which earlier runs it is given.

use jarvix_core::{Dataset, Generation, PartRef, RunId};
use jarvix_dedupe::{DedupeJob, DedupeLimits, Found};
use jarvix_store::Store;

use crate::{Line, LineError};

/// The note of a run under which the earlier runs stand that it is compared with, as JSON.
const AGAINST_NOTE: &str = "dedupe_against";

/// Finds the duplicates of the run and commits them as `generation`; `None` if it was stopped.
pub fn dedupe(line: &Line<'_>, generation: Generation) -> Result<Option<Found>, LineError> {
    Ok(jarvix_dedupe::dedupe(&DedupeJob {
        store: line.store,
        run: line.run,
        against: &line.settings.dedupe_against,
        generation,
        threads: line.settings.threads,
        limits: DedupeLimits::default(),
        stop: &|| line.stop.load(std::sync::atomic::Ordering::SeqCst),
    })?)
}

/// The documents of earlier runs, run by run. A run that is not there, or that is `run` itself, is
/// the user's mistake.
pub fn documents_of(
    store: &Store,
    run: &RunId,
    against: &[RunId],
) -> Result<Vec<(RunId, Vec<PartRef>)>, LineError> {
    let documents = |earlier: &RunId| {
        if earlier == run {
            return Err(LineError::AgainstItself { run: run.clone() });
        }
        if store.catalogue().run(earlier)?.is_none() {
            return Err(LineError::UnknownRun { run: earlier.clone() });
        }
        Ok((earlier.clone(), store.catalogue().parts(earlier, Dataset::Documents)?))
    };
    against.iter().map(documents).collect()
}

/// Remembers the earlier runs for sessions that are not told.
pub fn record_against(store: &Store, run: &RunId, against: &[RunId]) -> Result<(), LineError> {
    let text = serde_json::to_string(against).map_err(|e| damaged(run, &e))?;
    Ok(store.catalogue().record_note(run, AGAINST_NOTE, &text)?)
}

/// The earlier runs that `run` was compared with last.
pub fn recorded_against(store: &Store, run: &RunId) -> Result<Vec<RunId>, LineError> {
    match store.catalogue().note(run, AGAINST_NOTE)? {
        Some(text) => serde_json::from_str(&text).map_err(|e| damaged(run, &e)),
        None => Ok(Vec::new()),
    }
}

fn damaged(run: &RunId, error: &serde_json::Error) -> LineError {
    LineError::Record { run: run.clone(), what: AGAINST_NOTE, reason: error.to_string() }
}
