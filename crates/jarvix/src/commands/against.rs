//! `--dedupe-against`: the earlier runs that a run's documents are compared with. What is set counts
//! and is remembered; where nothing is set, what was remembered counts.

use jarvix_core::RunId;
use jarvix_pipeline::identity;
use jarvix_pipeline::stages::dedupe;
use jarvix_store::Store;

use super::context::{Context, line_error};
use crate::error::CliError;

const KEY: &str = "dedupe.against";

/// The earlier runs that are set, each once; `None` where nothing is set. All of them are there.
pub fn given(context: &Context, store: &Store) -> Result<Option<Vec<RunId>>, CliError> {
    if !context.settings.is_given(KEY) {
        return Ok(None);
    }
    let mut runs: Vec<RunId> = Vec::new();
    for text in context.settings.list(KEY) {
        let run = RunId::new(&text).map_err(|e| CliError::usage(e.to_string()))?;
        if store.catalogue().run(&run)?.is_none() {
            return Err(unknown(&run));
        }
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    Ok(Some(runs))
}

/// The earlier runs for `run`, which is open: those that are `given`, remembered from now on, or
/// those that were before.
pub fn settle(
    context: &Context,
    store: &Store,
    run: &RunId,
    given: Option<Vec<RunId>>,
) -> Result<Vec<RunId>, CliError> {
    let Some(runs) = given else {
        let runs = dedupe::recorded_against(store, run).map_err(line_error)?;
        if let Some(gone) = missing(store, &runs)? {
            return Err(unknown(gone));
        }
        if !runs.is_empty() {
            let names: Vec<&str> = runs.iter().map(RunId::as_str).collect();
            let names = names.join(",");
            context.output.note(&format!("as the last time: --dedupe-against {names}"));
        }
        return Ok(runs);
    };
    if runs.contains(run) {
        return Err(CliError::usage(format!("run {run} cannot be compared with itself"))
            .help("repeats within a run are found without --dedupe-against"));
    }
    identity::write_against(store, run, &runs).map_err(line_error)?;
    Ok(runs)
}

fn missing<'a>(store: &Store, runs: &'a [RunId]) -> Result<Option<&'a RunId>, CliError> {
    for run in runs {
        if store.catalogue().run(run)?.is_none() {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

fn unknown(run: &RunId) -> CliError {
    CliError::usage(format!("there is no run {run} to compare with")).help(
        "jarvix runs list shows what there is; --dedupe-against '' compares with no earlier run",
    )
}
