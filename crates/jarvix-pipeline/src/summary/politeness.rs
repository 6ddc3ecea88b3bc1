//! What the report says of manners: how much each host was asked, as the collector recorded it.

use jarvix_query::Session;
use jarvix_report::{POLITE_ROWS, PoliteHost, PolitenessFacts};

use super::Rows;
use crate::LineError;

/// What each host was asked in all.
pub(crate) const HOSTS_SQL: &str = "\
SELECT host, sum(requests) AS requests, max(concurrency_max) AS concurrency, \
       min(gap_min_us) AS gap, max(crawl_delay_ms) AS delay, sum(pauses) AS pauses, \
       sum(put_aside) AS aside, sum(CASE WHEN suspended THEN 1 ELSE 0 END) AS suspended \
FROM hosts GROUP BY host";

/// A row of [`HOSTS_SQL`].
pub(crate) fn polite_host(rows: &Rows, i: usize) -> PoliteHost {
    PoliteHost {
        host: rows.text(i, "host"),
        requests: rows.number(i, "requests"),
        concurrency_max: rows.number(i, "concurrency"),
        gap_min_us: rows.optional_number(i, "gap"),
        crawl_delay_ms: rows.optional_number(i, "delay"),
        pauses: rows.number(i, "pauses"),
        put_aside: rows.number(i, "aside"),
        suspended: rows.number(i, "suspended") > 0,
    }
}

/// The sums over all hosts, and the hosts that were asked most at a time and closest together.
pub async fn politeness(session: &Session) -> Result<PolitenessFacts, LineError> {
    let hosts = HOSTS_SQL;
    let sums = format!(
        "SELECT count(*) AS hosts, coalesce(sum(requests), 0) AS requests, \
                coalesce(max(concurrency), 0) AS concurrency, min(gap) AS gap, \
                coalesce(sum(pauses), 0) AS pauses, coalesce(sum(aside), 0) AS aside, \
                coalesce(sum(CASE WHEN suspended > 0 THEN 1 ELSE 0 END), 0) AS suspended \
         FROM ({hosts}) h"
    );
    let rows = Rows::of(session, &sums).await?;
    let mut facts = PolitenessFacts {
        hosts: rows.number(0, "hosts"),
        requests: rows.number(0, "requests"),
        concurrency_max: rows.number(0, "concurrency"),
        gap_min_us: rows.optional_number(0, "gap"),
        pauses: rows.number(0, "pauses"),
        put_aside: rows.number(0, "aside"),
        suspended: rows.number(0, "suspended"),
        worst: Vec::new(),
    };
    if facts.hosts == 0 {
        return Ok(facts);
    }
    let worst = format!(
        "{hosts} ORDER BY concurrency DESC, gap ASC NULLS LAST, requests DESC, host \
         LIMIT {POLITE_ROWS}"
    );
    let rows = Rows::of(session, &worst).await?;
    facts.worst = (0..rows.len()).map(|i| polite_host(&rows, i)).collect();
    Ok(facts)
}
