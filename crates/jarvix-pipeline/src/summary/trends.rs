//! What became of the pages since earlier runs of the same input.

use jarvix_core::{Dataset, RunId};
use jarvix_query::Query;
use jarvix_report::{MOVER_ROWS, Milli, MovedPage, Outlook, RunMean, TREND_RUNS_MAX, TrendFacts};
use jarvix_score::{Forecast, NoForecast, PageTrend, Standing, TrendScope, Trends};
use jarvix_store::Store;

use super::scored_by;
use crate::LineError;

/// Headings that are named of one page.
const SECTIONS_NAMED: usize = 3;

/// Follows the pages of `run` over the earlier runs of the same input whose scores follow the same
/// profile: another one moves pages that have not changed.
pub(super) async fn facts(
    store: &Store,
    query: &Query,
    run: &RunId,
) -> Result<TrendFacts, LineError> {
    let (runs, other_profile) = earlier(store, run)?;
    if runs.len() < 2 {
        return Ok(TrendFacts { other_profile, ..TrendFacts::default() });
    }
    let scope = TrendScope::default();
    let found = jarvix_score::trends(query, &runs, &scope, MOVER_ROWS, |_| Ok(())).await?;
    let mut facts = TrendFacts { other_profile, ..told(found) };
    for mean in &mut facts.runs {
        let record = store.catalogue().run(&mean.run)?;
        mean.begun = record.and_then(|record| begun(record.created_at_us)).unwrap_or_default();
    }
    Ok(facts)
}

/// `2026-03-09 08:15 UTC`, from microseconds.
fn begun(us: i64) -> Option<String> {
    let begun = jiff::Timestamp::from_microsecond(us).ok()?;
    Some(begun.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// The runs to follow, oldest first, `run` at the end; and how many others follow another profile.
pub(crate) fn earlier(store: &Store, run: &RunId) -> Result<(Vec<RunId>, u64), LineError> {
    let catalogue = store.catalogue();
    let Some(this) = catalogue.run(run)? else { return Ok((Vec::new(), 0)) };
    // Without scores of its own there is nothing to compare.
    if catalogue.parts(run, Dataset::Scores)?.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let mut before: Vec<(i64, RunId)> = catalogue
        .runs()?
        .into_iter()
        .filter(|other| other.id != this.id && other.created_at_us <= this.created_at_us)
        .filter(|other| other.input_fingerprint == this.input_fingerprint)
        .map(|other| (other.created_at_us, other.id))
        .collect();
    before.sort();
    let profile = scored_by(store, run)?.profile.hash;
    let (mut runs, mut other_profile) = (Vec::new(), 0);
    for (_, id) in before {
        if catalogue.parts(&id, Dataset::Scores)?.is_empty() {
            continue;
        }
        match scored_by(store, &id)?.profile.hash == profile {
            true => runs.push(id),
            false => other_profile += 1,
        }
    }
    runs.push(this.id);
    Ok((runs.split_off(runs.len().saturating_sub(TREND_RUNS_MAX)), other_profile))
}

fn told(found: Trends) -> TrendFacts {
    let runs = found.runs.into_iter();
    let outlook = found.forecast.map(|Forecast { point, low, high, .. }| Outlook {
        point: points(point),
        low: points(low),
        high: points(high),
    });
    let no_outlook = match found.no_forecast {
        None => "",
        Some(NoForecast::NotEnoughData) => "There are not enough runs for a forecast.",
        Some(NoForecast::NoBetterThanNaive) => {
            "No forecast of the next mean score was nearer to what came than “as the last time”."
        }
    };
    let moved = |page: &PageTrend| page.standing != Standing::Stable;
    TrendFacts {
        runs: runs
            .map(|run| RunMean {
                run: run.run,
                begun: String::new(),
                pages: run.pages,
                mean: run.mean.map(Milli),
            })
            .collect(),
        new: found.standings.new,
        improved: found.standings.improved,
        declined: found.standings.declined,
        stable: found.standings.stable,
        gone: found.standings.gone,
        movers: found.movers.into_iter().filter(moved).map(mover).collect(),
        outlook,
        no_outlook: no_outlook.to_owned(),
        ..TrendFacts::default()
    }
}

fn mover(page: PageTrend) -> MovedPage {
    let named = page.sections.iter().map(|section| match section.heading.as_str() {
        "" => "before the first heading".to_owned(),
        heading => heading.to_owned(),
    });
    MovedPage {
        standing: page.standing.as_str().to_owned(),
        before: page.before().map(Milli),
        now: page.now().map(Milli),
        scores: page.scores.iter().map(|score| score.map(Milli)).collect(),
        sections: named.take(SECTIONS_NAMED).collect(),
        text_changed: page.text_changed,
        url: page.url,
    }
}

/// Points as thousandths, the nearest.
fn points(value: f64) -> Milli {
    Milli((value.clamp(0.0, 100.0) * 1000.0).round() as i64)
}
