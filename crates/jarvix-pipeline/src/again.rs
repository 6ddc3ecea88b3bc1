//! The failures of an earlier run as the input of a new one (`--from RUN --outcome ...`).

use std::path::{Path, PathBuf};

use jarvix_collect::input::PagesSpool;
use jarvix_core::{Outcome, RunId};
use jarvix_query::{Query, Value};
use jarvix_store::Store;

use crate::LineError;
use crate::line::runtime;

/// How many pages of `from` ended in one of `outcomes`.
pub fn count(
    store: &Store,
    query: &Query,
    from: &RunId,
    outcomes: &[Outcome],
) -> Result<u64, LineError> {
    if store.catalogue().run(from)?.is_none() {
        return Err(LineError::UnknownRun { run: from.clone() });
    }
    let sql = format!("SELECT count(*) FROM pages WHERE outcome IN ({})", listed(outcomes));
    let session = query.session_for_run(from)?;
    let table = runtime(1)?.block_on(async { session.rows(&sql).await })?;
    Ok(table.single().and_then(Value::as_u64).unwrap_or(0))
}

/// Copies the pages of `from` that ended in one of `outcomes` into `run_dir`, by ordinal, unless an
/// earlier session has; where the copy is.
pub fn spool(
    store: &Store,
    query: &Query,
    from: &RunId,
    outcomes: &[Outcome],
    run_dir: &Path,
) -> Result<PathBuf, LineError> {
    if let Some(path) = PagesSpool::made(store.env(), run_dir) {
        return Ok(path);
    }
    if store.catalogue().run(from)?.is_none() {
        return Err(LineError::UnknownRun { run: from.clone() });
    }
    let sql = format!(
        "SELECT url, input_meta FROM pages WHERE outcome IN ({}) ORDER BY ordinal",
        listed(outcomes)
    );
    let session = query.session_for_run(from)?;
    let admit = |error| LineError::Admit(jarvix_collect::admit::AdmitError::Input(error));
    let mut spool = PagesSpool::begin(store.env(), run_dir).map_err(admit)?;
    runtime(1)?.block_on(async {
        let mut rows = session.stream(&sql).await?;
        while let Some(some) = rows.next_rows().await? {
            for row in some {
                let text = |at: usize| row.get(at).and_then(Value::as_text);
                spool.push(text(0).unwrap_or_default(), text(1)).map_err(admit)?;
            }
        }
        Ok::<(), LineError>(())
    })?;
    spool.finish().map_err(admit)
}

fn listed(outcomes: &[Outcome]) -> String {
    outcomes.iter().map(|outcome| format!("'{outcome}'")).collect::<Vec<_>>().join(", ")
}
