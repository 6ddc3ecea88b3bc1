//! What the report says of scores as a whole.

use jarvix_query::Session;
use jarvix_report::{ActionCount, Milli, ScoreTally};

use super::Rows;
use crate::LineError;

/// Documents by action, in the profile's order; actions of an older profile come last.
pub async fn actions(
    session: &Session,
    known: &[(String, String)],
) -> Result<Vec<ActionCount>, LineError> {
    let sql = "SELECT action, count(*) AS n FROM scores GROUP BY action ORDER BY action";
    let rows = Rows::of(session, sql).await?;
    let mut counts: Vec<(String, String, u64)> =
        known.iter().map(|(action, about)| (action.clone(), about.clone(), 0)).collect();
    for i in 0..rows.len() {
        let (action, n) = (rows.text(i, "action"), rows.number(i, "n"));
        match counts.iter_mut().find(|(known, _, _)| *known == action) {
            Some((_, _, count)) => *count = n,
            None => counts.push((action, String::new(), n)),
        }
    }
    Ok(ActionCount::table(counts))
}

/// How the scores are spread.
pub async fn tally(session: &Session) -> Result<ScoreTally, LineError> {
    let rows = Rows::of(session, "SELECT score, count(*) AS n FROM scores GROUP BY score").await?;
    let mut tally = ScoreTally::new();
    for i in 0..rows.len() {
        if let Some(score) = rows.thousandths(i, "score") {
            tally.add(Milli(score), rows.number(i, "n"));
        }
    }
    Ok(tally)
}
