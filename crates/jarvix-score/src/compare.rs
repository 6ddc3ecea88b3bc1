//! What if: the scores that another profile would give, beside those that there are, before anything
//! is written. What moved, how far, and which contributions moved it.

use jarvix_core::RunId;
use jarvix_query::{Query, QueryError, Session, Table, Value};

use crate::error::ScoreError;
use crate::profile::Profile;
use crate::sql::quoted_name;
use crate::stage::Scorer;

/// What the new scores are compared with.
#[derive(Debug, Clone)]
pub enum Against {
    /// The scores that the run has.
    Stored,
    /// What this profile would give.
    Profile(Box<Profile>),
}

/// The difference between two ways of scoring a run.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Comparison {
    /// Documents of the run.
    pub documents: u64,
    /// Of those, how many have no old score to compare with.
    pub unscored: u64,
    /// How many would score higher, lower, and the same.
    pub up: u64,
    /// Lower.
    pub down: u64,
    /// The same.
    pub same: u64,
    /// Mean change in thousandths of a point, over all that have both scores.
    pub mean_change: i64,
    /// How many go from one action to another (or stay), most first.
    pub transitions: Vec<Transition>,
    /// The pages that move most, farthest first.
    pub movers: Vec<Mover>,
}

/// Pages with these two actions.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Transition {
    /// The action that they have.
    pub from: String,
    /// The action that they would have.
    pub to: String,
    /// How many.
    pub pages: u64,
}

/// A page whose score moves. Points are in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mover {
    /// The page.
    pub url: String,
    /// The score that it has.
    pub old_score: i64,
    /// The score that it would have.
    pub new_score: i64,
    /// The action that it has.
    pub old_action: String,
    /// The action that it would have.
    pub new_action: String,
    /// Why it would have that score, in words.
    pub reason: String,
    /// The contributions that change, the largest change first; gates are among them.
    pub changes: Vec<Change>,
}

/// A contribution that changes. Points are in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// The signal's name; `gate` for what a gate takes away.
    pub signal: String,
    /// What it adds; none where the old way has no such signal.
    pub old: Option<i64>,
    /// What it would add; none where the new way has no such signal.
    pub new: Option<i64>,
}

/// Compares what `profile` would give the documents of `run` with `against`; the `movers_max` pages
/// that move most are named. Nothing is written.
pub async fn compare(
    query: &Query,
    run: &RunId,
    profile: &Profile,
    against: &Against,
    movers_max: usize,
) -> Result<Comparison, ScoreError> {
    let failed = |source| ScoreError::WhatIf {
        run: run.clone(),
        profile: profile.name().to_owned(),
        source,
    };
    let session = query.session_for_run(run).map_err(failed)?;
    let old = match against {
        Against::Stored => "scores",
        Against::Profile(_) => "old_scores",
    };
    let old_scorer = match against {
        Against::Stored => None,
        Against::Profile(profile) => Some(Scorer::prepare(query, run, profile).await?),
    };
    let scorer = Scorer::prepare(query, run, profile).await?;
    let prepared = async {
        if let Some(old_scorer) = &old_scorer {
            old_scorer.define(&session, old)?;
        }
        scorer.define(&session, "new_scores")?;
        Ok((signals(&session, old).await?, signals(&session, "new_scores").await?))
    };
    let (old_signals, new_signals) = prepared.await.map_err(failed)?;
    let difference = Difference { session: &session, old, old_signals, new_signals };
    let mut comparison = difference.totals().await.map_err(failed)?;
    if comparison.documents > 0 && comparison.unscored == comparison.documents {
        return Err(ScoreError::NoScores { run: run.clone() });
    }
    comparison.movers = difference.movers(movers_max).await.map_err(failed)?;
    Ok(comparison)
}

/// The columns of `table` that are contributions.
async fn signals(session: &Session, table: &str) -> Result<Vec<String>, QueryError> {
    let empty = session.rows(&format!("SELECT * FROM {table} LIMIT 0")).await?;
    Ok(empty.columns.into_iter().filter(|name| name.starts_with("signal_")).collect())
}

struct Difference<'a> {
    session: &'a Session,
    old: &'a str,
    old_signals: Vec<String>,
    new_signals: Vec<String>,
}

impl Difference<'_> {
    async fn totals(&self) -> Result<Comparison, QueryError> {
        let sql = format!(
            "SELECT o.action AS old_action, n.action AS new_action, count(*) AS pages, \
             count(o.score) AS scored, \
             sum(CASE WHEN n.score > o.score THEN 1 ELSE 0 END) AS up, \
             sum(CASE WHEN n.score < o.score THEN 1 ELSE 0 END) AS down, \
             sum(n.score - o.score) AS change \
             FROM new_scores n LEFT JOIN {} o ON o.ordinal = n.ordinal \
             GROUP BY o.action, n.action ORDER BY pages DESC, old_action, new_action",
            self.old
        );
        let table = self.session.rows(&sql).await?;
        let mut found = Comparison {
            documents: 0,
            unscored: 0,
            up: 0,
            down: 0,
            same: 0,
            mean_change: 0,
            transitions: Vec::new(),
            movers: Vec::new(),
        };
        let mut change = 0_i64;
        for row in 0..table.rows.len() {
            let count = |name: &str| table.value(row, name).and_then(Value::as_u64).unwrap_or(0);
            let (pages, scored) = (count("pages"), count("scored"));
            found.documents += pages;
            found.unscored += pages - scored;
            found.up += count("up");
            found.down += count("down");
            change += points(&table, row, "change").unwrap_or(0);
            if scored > 0 {
                let (from, to) = (text(&table, row, "old_action"), text(&table, row, "new_action"));
                found.transitions.push(Transition { from, to, pages });
            }
        }
        let scored = found.documents - found.unscored;
        found.same = scored - found.up - found.down;
        found.mean_change = change / i64::try_from(scored.max(1)).unwrap_or(i64::MAX);
        Ok(found)
    }

    async fn movers(&self, most: usize) -> Result<Vec<Mover>, QueryError> {
        let columns = |from: &str, of: &[String]| {
            let named = |name: &String| {
                let (column, out) = (quoted_name(name), quoted_name(&format!("{from}:{name}")));
                format!(", {from}.{column} AS {out}")
            };
            of.iter().map(named).collect::<String>()
        };
        let sql = format!(
            "SELECT n.url, o.score AS old_score, n.score AS new_score, o.action AS old_action, \
             n.action AS new_action, n.reason AS reason{}{} \
             FROM new_scores n JOIN {} o ON o.ordinal = n.ordinal \
             WHERE n.score <> o.score OR n.action <> o.action \
             ORDER BY abs(n.score - o.score) DESC, n.url LIMIT {most}",
            columns("o", &self.old_signals),
            columns("n", &self.new_signals),
            self.old
        );
        let table = self.session.rows(&sql).await?;
        Ok((0..table.rows.len()).map(|row| self.mover(&table, row)).collect())
    }

    fn mover(&self, table: &Table, row: usize) -> Mover {
        let all = self.new_signals.iter();
        let gone = self.old_signals.iter().filter(|name| !self.new_signals.contains(name));
        let change = |name: &String| {
            let old = points(table, row, &format!("o:{name}"));
            let new = points(table, row, &format!("n:{name}"));
            let signal = name.trim_start_matches("signal_").to_owned();
            Change { signal, old, new }
        };
        let mut changes: Vec<Change> = all.chain(gone).map(change).collect();
        changes.retain(|change| change.size() != 0);
        changes.sort_by_key(|change| std::cmp::Reverse(change.size().abs()));
        Mover {
            url: text(table, row, "url"),
            old_score: points(table, row, "old_score").unwrap_or(0),
            new_score: points(table, row, "new_score").unwrap_or(0),
            old_action: text(table, row, "old_action"),
            new_action: text(table, row, "new_action"),
            reason: text(table, row, "reason"),
            changes,
        }
    }
}

impl Change {
    /// By how many thousandths of a point it changes.
    pub fn size(&self) -> i64 {
        self.new.unwrap_or(0) - self.old.unwrap_or(0)
    }
}

fn points(table: &Table, row: usize, name: &str) -> Option<i64> {
    table.value(row, name).and_then(Value::as_thousandths)
}

fn text(table: &Table, row: usize, name: &str) -> String {
    table.value(row, name).map(Value::to_string).unwrap_or_default()
}
