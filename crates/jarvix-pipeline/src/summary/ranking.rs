//! The ranking: by score, the best first; ties go by URL, never by part.

use jarvix_query::{Session, Table};
use jarvix_report::{Contribution, Milli, ProfileFacts, RankedRow, TopPage};

use super::Rows;
use crate::LineError;

/// The ranking of the rows of `scores`, which are all of them or the best; `s.*` brings the
/// contributions, whatever the profile called them. Joined by number: addresses would have to be held.
fn ranking_sql(scores: &str) -> String {
    format!(
        "SELECT s.*, d.title AS title, host(s.url) AS host, d.language AS language, \
                d.page_type AS page_type, d.word_count AS word_count, d.published AS published, \
                p.input_meta AS input_meta \
         FROM {scores} s \
         JOIN (SELECT ordinal, title, language, page_type, word_count, published FROM documents) d \
           ON s.ordinal = d.ordinal \
         JOIN (SELECT ordinal, input_meta FROM pages) p ON s.ordinal = p.ordinal \
         ORDER BY s.score DESC, s.url"
    )
}

/// The best `rows` pages with what explains their place.
pub async fn top(
    session: &Session,
    profile: &ProfileFacts,
    rows: usize,
) -> Result<Vec<TopPage>, LineError> {
    // The best are found before anything is joined, so that no run is too large.
    let best = format!("(SELECT * FROM scores ORDER BY score DESC, url LIMIT {rows})");
    let rows = Rows::of(session, &ranking_sql(&best)).await?;
    Ok((0..rows.len())
        .map(|i| TopPage {
            rank: i as u64 + 1,
            url: rows.text(i, "url"),
            title: rows.optional(i, "title"),
            host: rows.text(i, "host"),
            score: Milli(rows.thousandths(i, "score").unwrap_or(0)),
            action: rows.text(i, "action"),
            reason: rows.text(i, "reason"),
            contributions: contributions(&rows, i, profile),
            language: rows.optional(i, "language"),
            page_type: rows.optional(i, "page_type"),
            word_count: rows.optional_number(i, "word_count"),
            published: rows.optional(i, "published"),
            duplicate_of: rows.optional(i, "duplicate_of"),
        })
        .collect())
}

fn contributions(rows: &Rows, row: usize, profile: &ProfileFacts) -> Vec<Contribution> {
    let points = |name: &str| rows.thousandths(row, &format!("signal_{name}"));
    let of = |name: &str| {
        points(name).map(|p| Contribution { signal: name.to_owned(), points: Milli(p) })
    };
    profile.signals.iter().filter_map(|signal| of(&signal.name)).collect()
}

/// Streams the whole ranking, row by row, to `each`; `signals` are the contributions to give.
pub async fn ranking(
    session: &Session,
    signals: &[String],
    mut each: impl FnMut(RankedRow) -> Result<(), LineError>,
) -> Result<(), LineError> {
    let mut stream = session.stream(&ranking_sql("scores")).await?;
    let columns = stream.columns().to_vec();
    let mut rank = 0;
    while let Some(rows) = stream.next_rows().await? {
        let table = Table { columns: columns.clone(), rows };
        let rows = Rows { table };
        for i in 0..rows.len() {
            rank += 1;
            each(ranked_row(&rows, i, rank, signals))?;
        }
    }
    Ok(())
}

fn ranked_row(rows: &Rows, i: usize, rank: u64, signals: &[String]) -> RankedRow {
    let points = |name: &String| rows.thousandths(i, &format!("signal_{name}")).map(Milli);
    RankedRow {
        rank,
        url: rows.text(i, "url"),
        score: Milli(rows.thousandths(i, "score").unwrap_or(0)),
        action: rows.text(i, "action"),
        title: rows.optional(i, "title"),
        host: rows.text(i, "host"),
        language: rows.optional(i, "language"),
        page_type: rows.optional(i, "page_type"),
        word_count: rows.optional_number(i, "word_count"),
        published: rows.optional(i, "published"),
        reason: rows.text(i, "reason"),
        duplicate_of: rows.optional(i, "duplicate_of"),
        signals: signals.iter().map(points).collect(),
        input_meta: rows.optional(i, "input_meta"),
    }
}
