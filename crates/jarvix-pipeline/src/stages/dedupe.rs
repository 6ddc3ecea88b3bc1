//! Dedupe: the run-level step after the last documents part. Documents with the same normalised
//! text form a cluster; the lowest ordinal stands for it, the others become rows of `duplicates`.
//!
//! The query engine sorts, within its memory limit and with spill, so that no map of all texts is
//! ever held.

use jarvix_core::{Dataset, Generation, Ordinals, PartName, RunId, Stage};
use jarvix_query::{PartScope, Query};
use jarvix_store::{Commit, Store};

use crate::LineError;

/// Rows of one duplicates part.
const ROWS_MAX: u64 = 1_000_000;

/// Exact duplicates: same text hash. Ordered by URL, so parts do not depend on the plan.
const EXACT_SQL: &str = "\
SELECT url, ordinal, \"cluster\", duplicate_of, 'exact' AS kind, \
       CAST(1 AS DOUBLE) AS similarity, CAST(1 AS DOUBLE) AS shared_share \
FROM (SELECT url, ordinal, \
             first_value(ordinal) OVER same_text AS \"cluster\", \
             first_value(url) OVER same_text AS duplicate_of \
      FROM documents WHERE text_hash IS NOT NULL \
      WINDOW same_text AS (PARTITION BY text_hash ORDER BY ordinal \
             ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) \
WHERE ordinal <> \"cluster\" ORDER BY url";

/// Finds the duplicates of `run` and commits them as `generation`; rows written.
pub async fn dedupe(
    store: &Store,
    query: &Query,
    run: &RunId,
    generation: Generation,
) -> Result<u64, LineError> {
    let session = query.session_for_run(run, PartScope::All)?;
    let schema = jarvix_store::schema(Dataset::Duplicates);
    let parts = session
        .write_parts(EXACT_SQL, schema, store, run, PartName(1), generation, ROWS_MAX)
        .await?;
    let rows = parts.iter().map(|staged| staged.part().rows).sum();
    store.commit(Commit {
        run: run.clone(),
        stage: Stage::Dedupe,
        generation,
        input: None,
        parts,
        covers: Ordinals::new(),
        notes: Vec::new(),
    })?;
    Ok(rows)
}
