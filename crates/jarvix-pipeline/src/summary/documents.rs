//! What the report says of documents: gates, languages, kinds, duplicates.

use jarvix_core::Gate;
use jarvix_query::Session;
use jarvix_report::{
    CLUSTER_ROWS, CLUSTER_URLS, ClusterRow, DuplicateFacts, GROUP_ROWS, GateCount, GroupCount,
};

use super::{Rows, count};
use crate::LineError;

/// Gated documents by gate, in the order of the closed list.
pub async fn gates(session: &Session) -> Result<Vec<GateCount>, LineError> {
    let sql = "SELECT gate, count(*) AS n FROM documents WHERE gate IS NOT NULL GROUP BY gate";
    let rows = Rows::of(session, sql).await?;
    let count_of = |gate: &Gate| {
        let row = (0..rows.len()).find(|i| rows.text(*i, "gate") == gate.as_str())?;
        Some(GateCount::new(*gate, rows.number(row, "n")))
    };
    Ok(Gate::ALL.iter().filter_map(count_of).collect())
}

/// Documents by the value of `column`, a name from the schema.
pub async fn groups(session: &Session, column: &str) -> Result<Vec<GroupCount>, LineError> {
    let sql = format!(
        "SELECT coalesce({column}, '') AS name, count(*) AS n FROM documents \
         GROUP BY coalesce({column}, '') ORDER BY n DESC, name LIMIT {GROUP_ROWS}"
    );
    let rows = Rows::of(session, &sql).await?;
    Ok((0..rows.len())
        .map(|i| GroupCount { name: rows.text(i, "name"), count: rows.number(i, "n") })
        .collect())
}

/// Clusters of duplicates, the largest with a few addresses. A cluster is named by an ordinal and
/// the earlier run that it is of, if it is of one.
pub async fn duplicates(session: &Session) -> Result<DuplicateFacts, LineError> {
    let repeated = count(session, "SELECT count(*) FROM duplicates").await?;
    if repeated == 0 {
        return Ok(DuplicateFacts::default());
    }
    let clusters =
        "SELECT count(*) FROM (SELECT DISTINCT \"cluster\", duplicate_run FROM duplicates)";
    let clusters = count(session, clusters).await?;
    let mut facts = DuplicateFacts { clusters, repeated, largest: Vec::new() };
    let largest = format!(
        "SELECT \"cluster\", duplicate_run, duplicate_of, count(*) AS n FROM duplicates \
         GROUP BY \"cluster\", duplicate_run, duplicate_of \
         ORDER BY n DESC, duplicate_of, duplicate_run LIMIT {CLUSTER_ROWS}"
    );
    let rows = Rows::of(session, &largest).await?;
    for i in 0..rows.len() {
        let of = rows.optional(i, "duplicate_run");
        facts.largest.push(ClusterRow {
            representative: rows.text(i, "duplicate_of"),
            repeated: rows.number(i, "n"),
            examples: examples(session, rows.number(i, "cluster"), of).await?,
        });
    }
    Ok(facts)
}

async fn examples(
    session: &Session,
    cluster: u64,
    run: Option<String>,
) -> Result<Vec<String>, LineError> {
    // The ids of runs have no character that means anything in SQL.
    let run = run.map_or("IS NULL".to_owned(), |run| format!("= '{run}'"));
    let sql = format!(
        "SELECT url FROM duplicates WHERE \"cluster\" = {cluster} AND duplicate_run {run} \
         ORDER BY ordinal LIMIT {CLUSTER_URLS}"
    );
    let rows = Rows::of(session, &sql).await?;
    Ok((0..rows.len()).map(|i| rows.text(i, "url")).collect())
}
