//! How one page gets its score: every contribution beside the most it could be, and what decided.
//!
//! It computes; what it refuses to do is read stored scores, which may be another profile's.

use jarvix_core::RunId;
use jarvix_query::{Query, QueryError, Table, Value};

use crate::error::ScoreError;
use crate::profile::{GATE_COLUMN, Profile};
use crate::sql::quoted;
use crate::stage::Scorer;

/// What one signal adds to the score of a page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Contribution {
    /// The signal's name.
    pub name: String,
    /// What it measures.
    pub about: String,
    /// What it adds, in thousandths of a point.
    pub points: i64,
    /// Most that it could add or take away, in thousandths of a point.
    pub weight: i64,
}

/// How a page gets its score.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PageExplained {
    /// The page.
    pub url: String,
    /// The score, in thousandths of a point.
    pub score: i64,
    /// What to do.
    pub action: String,
    /// Why, in words.
    pub reason: String,
    /// How sure the action is, in thousandths.
    pub confidence: i64,
    /// The signals, in the profile's order.
    pub contributions: Vec<Contribution>,
    /// What a gate takes away, in thousandths of a point, zero or below.
    pub gate: i64,
}

/// How `profile` scores the page `url` of `run`; `None` if the run has no document of that URL.
pub async fn explain_page(
    query: &Query,
    run: &RunId,
    profile: &Profile,
    url: &str,
) -> Result<Option<PageExplained>, ScoreError> {
    let scorer = Scorer::prepare(query, run, profile).await?;
    let found = one(query, run, &scorer, url).await;
    let table = found.map_err(|source| ScoreError::WhatIf {
        run: run.clone(),
        profile: profile.name().to_owned(),
        source,
    })?;
    Ok((!table.rows.is_empty()).then(|| explained(profile, &table)))
}

async fn one(
    query: &Query,
    run: &RunId,
    scorer: &Scorer<'_>,
    url: &str,
) -> Result<Table, QueryError> {
    let session = query.session_for_run(run)?;
    scorer.define(&session, "explained")?;
    session.rows(&format!("SELECT * FROM explained WHERE url = {}", quoted(url))).await
}

fn explained(profile: &Profile, table: &Table) -> PageExplained {
    let points = |name: &str| table.value(0, name).and_then(Value::as_thousandths).unwrap_or(0);
    let text = |name: &str| table.value(0, name).map(Value::to_string).unwrap_or_default();
    let contribution = |signal: &crate::ProfileSignal| Contribution {
        name: signal.name.clone(),
        about: signal.about.clone(),
        points: points(&signal.column()),
        weight: signal.weight,
    };
    PageExplained {
        url: text("url"),
        score: points("score"),
        action: text("action"),
        reason: text("reason"),
        confidence: points("confidence"),
        contributions: profile.rules().iter().map(contribution).collect(),
        gate: points(GATE_COLUMN),
    }
}
