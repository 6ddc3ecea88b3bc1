//! The same pages over several runs: which are new, better, worse, as they were, or gone; what changed
//! in their text; and where the scores are going.
//!
//! Runs stand in the order in which they are given. The last one is what is asked about; a page is
//! compared with the newest earlier run that has it. Rows stream by URL, so that a million pages take
//! no more memory than a few.

mod forecast;
mod pages;
mod sections;

use jarvix_core::RunId;
use jarvix_query::{Query, QueryError, Session, Value};

pub use forecast::{Forecast, NoForecast, forecast};
pub use pages::{PageTrend, Standing};
pub use sections::{SectionChange, SectionFate};

use crate::error::ScoreError;
use crate::sql::quoted;

/// Which pages are asked about.
#[derive(Debug, Clone, Default)]
pub struct TrendScope {
    /// Only pages of this host.
    pub host: Option<String>,
    /// Only this page.
    pub url: Option<String>,
}

/// How many pages of each standing there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Standings {
    /// Only in the last run.
    pub new: u64,
    /// More than a tenth better.
    pub improved: u64,
    /// More than a tenth worse.
    pub declined: u64,
    /// Neither.
    pub stable: u64,
    /// Not in the last run.
    pub gone: u64,
}

/// The scores of one run, in thousandths of a point.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RunScores {
    /// The run.
    pub run: RunId,
    /// Pages with a score.
    pub pages: u64,
    /// Their mean; none without pages.
    pub mean: Option<i64>,
    /// Hash of the profile that scored them; none without pages. Scores of different profiles cannot
    /// be compared.
    pub profile_hash: Option<String>,
}

/// What became of the pages of several runs.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Trends {
    /// The runs, in the order that was asked for.
    pub runs: Vec<RunScores>,
    /// How many pages stand how.
    pub standings: Standings,
    /// The pages that moved most, farthest first; those with a changed text name its sections.
    pub movers: Vec<PageTrend>,
    /// Where the mean score goes, where that can be said.
    pub forecast: Option<Forecast>,
    /// Why it cannot be said, where it cannot.
    pub no_forecast: Option<NoForecast>,
}

/// Follows the pages in `scope` over `runs`, which are at least two; names the `movers_max` that moved
/// most and hands every page to `each`, in the order of their URLs.
pub async fn trends(
    query: &Query,
    runs: &[RunId],
    scope: &TrendScope,
    movers_max: usize,
    each: impl FnMut(&PageTrend) -> std::io::Result<()>,
) -> Result<Trends, ScoreError> {
    let session = query.session_for_runs(runs).map_err(engine)?;
    let found = pages::follow(&session, runs, scope, movers_max, each).await?;
    let (standings, mut movers) = found;
    let runs_scores = means(&session, runs, scope).await.map_err(engine)?;
    for page in &mut movers {
        sections::compare(&session, runs, page).await.map_err(engine)?;
    }
    let series: Vec<f64> =
        runs_scores.iter().filter_map(|run| run.mean).map(|mean| mean as f64 / 1000.0).collect();
    let (forecast, no_forecast) = match forecast(&series) {
        Ok(forecast) => (Some(forecast), None),
        Err(reason) => (None, Some(reason)),
    };
    Ok(Trends { runs: runs_scores, standings, movers, forecast, no_forecast })
}

fn engine(source: QueryError) -> ScoreError {
    ScoreError::Trends { source }
}

/// The condition of `scope` over the alias `s` of scores.
fn condition(scope: &TrendScope) -> String {
    let host = scope.host.iter().map(|host| format!("host(s.url) = {}", quoted(host)));
    let url = scope.url.iter().map(|url| format!("s.url = {}", quoted(url)));
    let all: Vec<String> = host.chain(url).collect();
    if all.is_empty() { "TRUE".to_owned() } else { all.join(" AND ") }
}

async fn means(
    session: &Session,
    runs: &[RunId],
    scope: &TrendScope,
) -> Result<Vec<RunScores>, QueryError> {
    // The sum is exact; the one division is made here.
    let sql = format!(
        "SELECT s.run, count(*) AS pages, sum(s.score) AS total, max(s.profile_hash) AS profile_hash \
         FROM scores s WHERE {} GROUP BY s.run",
        condition(scope)
    );
    let table = session.rows(&sql).await?;
    let of = |run: &RunId| {
        let row = (0..table.rows.len())
            .find(|row| table.value(*row, "run").is_some_and(|v| v.to_string() == run.as_str()));
        let pages = row.and_then(|r| table.value(r, "pages")).and_then(|v| v.as_u64()).unwrap_or(0);
        let total = row.and_then(|r| table.value(r, "total")).and_then(|v| v.as_thousandths());
        let count = i64::try_from(pages).unwrap_or(i64::MAX);
        RunScores {
            run: run.clone(),
            pages,
            mean: total.filter(|_| count > 0).map(|t| t / count),
            profile_hash: row.and_then(|r| table.value(r, "profile_hash")).map(Value::to_string),
        }
    };
    Ok(runs.iter().map(of).collect())
}
