//! What the report says of pages: outcomes, failures, hosts, rejects.

use jarvix_core::{Outcome, limits};
use jarvix_query::Session;
use jarvix_report::{
    FAILING_HOST_ROWS, FAILURE_EXAMPLES, FAILURE_ROWS, FailingHost, FailureCause, FetchSpan,
    HOST_ROWS, HostRow, Milli, OutcomeCount, REJECT_ROWS, RejectRow,
};

use super::{Rows, count, outcome_list, outcome_of};
use crate::LineError;

/// Pages by outcome, in the order of the closed list.
pub async fn outcomes(session: &Session) -> Result<Vec<OutcomeCount>, LineError> {
    let rows =
        Rows::of(session, "SELECT outcome, count(*) AS n FROM pages GROUP BY outcome").await?;
    let mut counts: Vec<OutcomeCount> = (0..rows.len())
        .map(|i| OutcomeCount::new(outcome_of(&rows.text(i, "outcome")), rows.number(i, "n")))
        .collect();
    counts.sort_by_key(|c| Outcome::ALL.iter().position(|o| *o == c.outcome));
    Ok(counts)
}

/// A moment as the engine writes it, as people read it: `2026-03-09 08:15:02 UTC`.
pub(crate) fn readable(moment: &str) -> String {
    format!("{} UTC", moment.trim_end_matches('Z').replace('T', " "))
}

/// First and last `fetched_at`, to the second.
pub async fn span(session: &Session) -> Result<Option<FetchSpan>, LineError> {
    let sql = "SELECT CAST(date_trunc('second', min(fetched_at)) AS VARCHAR) AS first, \
               CAST(date_trunc('second', max(fetched_at)) AS VARCHAR) AS last \
               FROM pages WHERE attempts > 0 OR protocol = 'file'";
    let rows = Rows::of(session, sql).await?;
    let first = (rows.len() > 0).then(|| rows.optional(0, "first")).flatten();
    let last = (rows.len() > 0).then(|| rows.optional(0, "last")).flatten();
    Ok(first.zip(last).map(|(f, l)| FetchSpan { first: readable(&f), last: readable(&l) }))
}

/// Why pages gave no document: causes by count, each with a few addresses.
pub async fn failures(session: &Session) -> Result<Vec<FailureCause>, LineError> {
    let gives = outcome_list(Outcome::gives_document);
    let causes = format!(
        "SELECT outcome, coalesce(reason, '') AS reason, count(*) AS n FROM pages \
         WHERE outcome NOT IN ({gives}) GROUP BY outcome, coalesce(reason, '') \
         ORDER BY n DESC, outcome, reason LIMIT {FAILURE_ROWS}"
    );
    let rows = Rows::of(session, &causes).await?;
    let mut failures: Vec<FailureCause> = (0..rows.len())
        .map(|i| FailureCause {
            outcome: outcome_of(&rows.text(i, "outcome")),
            reason: rows.text(i, "reason"),
            count: rows.number(i, "n"),
            examples: Vec::new(),
        })
        .collect();
    let examples = format!(
        "WITH failed AS (SELECT outcome, coalesce(reason, '') AS reason, url, ordinal FROM pages \
                         WHERE outcome NOT IN ({gives})), \
              causes AS ({causes}) \
         SELECT outcome, reason, url FROM (\
           SELECT f.outcome, f.reason, f.url, f.ordinal, \
                  row_number() OVER (PARTITION BY f.outcome, f.reason ORDER BY f.ordinal) AS place \
           FROM failed f JOIN causes c ON f.outcome = c.outcome AND f.reason = c.reason) \
         WHERE place <= {FAILURE_EXAMPLES} ORDER BY ordinal"
    );
    let rows = Rows::of(session, &examples).await?;
    for i in 0..rows.len() {
        let (outcome, reason) = (outcome_of(&rows.text(i, "outcome")), rows.text(i, "reason"));
        if let Some(cause) =
            failures.iter_mut().find(|f| f.outcome == outcome && f.reason == reason)
        {
            cause.examples.push(rows.text(i, "url"));
        }
    }
    Ok(failures)
}

/// The hosts with most failed pages, and how most of those ended.
pub async fn failing_hosts(session: &Session) -> Result<Vec<FailingHost>, LineError> {
    let failed = outcome_list(Outcome::is_failure);
    let sql = format!(
        "WITH hosts AS (SELECT host(url) AS host, outcome, count(*) AS n FROM pages \
                        GROUP BY host(url), outcome), \
              failing AS (SELECT host, sum(n) AS pages, \
                                 sum(CASE WHEN outcome IN ({failed}) THEN n ELSE 0 END) AS failed \
                          FROM hosts GROUP BY host), \
              worst AS (SELECT * FROM failing WHERE failed > 0 \
                        ORDER BY failed DESC, host LIMIT {FAILING_HOST_ROWS}), \
              ranked AS (SELECT h.host, h.outcome, h.n, row_number() OVER \
                                (PARTITION BY h.host ORDER BY h.n DESC, h.outcome) AS place \
                         FROM hosts h JOIN worst w ON h.host IS NOT DISTINCT FROM w.host \
                         WHERE h.outcome IN ({failed})) \
         SELECT w.host AS host, w.pages AS pages, w.failed AS failed, r.outcome AS outcome, r.n AS n \
         FROM worst w JOIN ranked r ON w.host IS NOT DISTINCT FROM r.host \
         WHERE r.place = 1 ORDER BY w.failed DESC, w.host"
    );
    let rows = Rows::of(session, &sql).await?;
    Ok((0..rows.len())
        .map(|i| FailingHost {
            host: rows.text(i, "host"),
            pages: rows.number(i, "pages"),
            failed: rows.number(i, "failed"),
            outcome: outcome_of(&rows.text(i, "outcome")),
            of_outcome: rows.number(i, "n"),
        })
        .collect())
}

/// The hosts with most pages, and how many hosts are left out.
pub async fn hosts(session: &Session) -> Result<(Vec<HostRow>, u64), LineError> {
    let failed = outcome_list(Outcome::is_failure);
    let sql = format!(
        "SELECT p.host AS host, p.pages AS pages, p.failed AS failed, d.documents AS documents, \
                s.total AS total, s.scored AS scored \
         FROM (SELECT host(url) AS host, count(*) AS pages, \
                      sum(CASE WHEN outcome IN ({failed}) THEN 1 ELSE 0 END) AS failed \
               FROM pages GROUP BY host(url) ORDER BY pages DESC, host LIMIT {HOST_ROWS}) p \
         LEFT JOIN (SELECT host(url) AS host, count(*) AS documents \
                    FROM documents GROUP BY host(url)) d ON d.host IS NOT DISTINCT FROM p.host \
         LEFT JOIN (SELECT host(url) AS host, sum(score) AS total, count(score) AS scored \
                    FROM scores GROUP BY host(url)) s ON s.host IS NOT DISTINCT FROM p.host \
         ORDER BY p.pages DESC, p.host"
    );
    let rows = Rows::of(session, &sql).await?;
    let hosts: Vec<HostRow> = (0..rows.len())
        .map(|i| HostRow {
            host: rows.text(i, "host"),
            pages: rows.number(i, "pages"),
            failed: rows.number(i, "failed"),
            documents: rows.number(i, "documents"),
            mean_score: rows
                .thousandths(i, "total")
                .and_then(|total| Milli::mean(i128::from(total), rows.number(i, "scored"))),
        })
        .collect();
    let all = count(session, "SELECT count(DISTINCT coalesce(host(url), '')) FROM pages").await?;
    let left_out = all.saturating_sub(hosts.len() as u64);
    Ok((hosts, left_out))
}

/// The first unusable lines.
pub async fn rejects(session: &Session) -> Result<Vec<RejectRow>, LineError> {
    let sql = format!(
        "SELECT source, line_no, text, reason FROM rejects ORDER BY source, line_no LIMIT {REJECT_ROWS}"
    );
    let rows = Rows::of(session, &sql).await?;
    let cut = |text: String| text.chars().take(limits::REJECT_TEXT_CHARS_MAX).collect();
    Ok((0..rows.len())
        .map(|i| RejectRow {
            source: rows.text(i, "source"),
            line_no: rows.number(i, "line_no"),
            text: cut(rows.text(i, "text")),
            reason: rows.text(i, "reason"),
        })
        .collect())
}
