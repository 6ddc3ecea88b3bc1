//! What the report says of addresses that were found on the way: how pages came into the run, which
//! led to most others, and what was left out.

use jarvix_collect::admit::Crawled;
use jarvix_core::{LeftOut, Role};
use jarvix_query::Session;
use jarvix_report::{CrawlFacts, FOUND_ON_ROWS, FoundCount, FoundOnRow, LeftOutRow};

use super::Rows;
use crate::LineError;

/// The facts; empty for a run that found nothing.
pub async fn facts(session: &Session, crawled: &Crawled) -> Result<CrawlFacts, LineError> {
    if crawled.found == 0 && crawled.left_out.0.is_empty() {
        return Ok(CrawlFacts::default());
    }
    let left_out = LeftOut::ALL.iter().filter_map(|cause| {
        let of_cause = crawled.left_out.0.get(cause)?;
        Some(LeftOutRow::new(*cause, of_cause.count, of_cause.examples.clone()))
    });
    Ok(CrawlFacts {
        pages: pages(session).await?,
        repeats: crawled.repeats,
        left_out: left_out.collect(),
        found_on: found_on(session).await?,
    })
}

/// Pages by how they came into the run.
pub async fn pages(session: &Session) -> Result<Vec<FoundCount>, LineError> {
    let sql = "SELECT is_input, role, level, count(*) AS n FROM (\
                 SELECT CASE WHEN found_on IS NULL THEN 1 ELSE 0 END AS is_input, \
                        CASE WHEN found_on IS NULL OR role = 'page' THEN 'page' ELSE 'list' END \
                          AS role, \
                        CASE WHEN role <> 'page' THEN 0 ELSE coalesce(level, 0) END AS level \
                 FROM pages) \
               GROUP BY is_input, role, level ORDER BY is_input DESC, role, level";
    let rows = Rows::of(session, sql).await?;
    let way = |row: usize| {
        let level = u32::try_from(rows.number(row, "level")).unwrap_or(u32::MAX);
        let is_page = rows.text(row, "role") == Role::Page.as_str();
        let name = match (rows.number(row, "is_input") == 1, is_page, level) {
            (true, ..) => "in the input".to_owned(),
            (false, false, _) => "as robots.txt or sitemap".to_owned(),
            (false, true, 0) => "listed in a sitemap".to_owned(),
            (false, true, 1) => "1 link away".to_owned(),
            (false, true, links) => format!("{links} links away"),
        };
        FoundCount { name, level, count: rows.number(row, "n") }
    };
    Ok((0..rows.len()).map(way).collect())
}

async fn found_on(session: &Session) -> Result<Vec<FoundOnRow>, LineError> {
    let sql = format!(
        "SELECT found_on, count(*) AS n FROM pages WHERE found_on IS NOT NULL \
         GROUP BY found_on ORDER BY n DESC, found_on LIMIT {FOUND_ON_ROWS}"
    );
    let rows = Rows::of(session, &sql).await?;
    let row = |i| FoundOnRow { url: rows.text(i, "found_on"), pages: rows.number(i, "n") };
    Ok((0..rows.len()).map(row).collect())
}
