//! Fits a profile to labelled pages: which weights, or which threshold, tell the good ones from the
//! others best. What it says of the result comes from pages that it was not fitted to.
//!
//! Expressions stay as they are: a person can still read the profile and change it. What it refuses to
//! do: change the sign of a weight, or keep quiet about how few labels there are.

mod curve;
mod fit;

use std::collections::HashMap;

use jarvix_core::RunId;
use jarvix_query::{Query, QueryError, Session};

pub use curve::{Quality, ThresholdPoint};

use crate::edit;
use crate::error::ScoreError;
use crate::profile::Profile;
use crate::sql::{quoted, quoted_name};
use crate::stage::Scorer;

/// URLs that are asked for in one query.
const URLS_AT_ONCE: usize = 500;
/// Fewer labels of a kind than this to fit, or to test, deserve a warning.
const LABELS_FEW: usize = 30;
/// One page in so many is held out.
const HELD_OUT_OF: u8 = 3;

/// What somebody says of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The page, canonical.
    pub url: String,
    /// Whether it is one of those that are looked for.
    pub good: bool,
}

/// What may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The weights of the signals.
    Weights,
    /// The threshold of one action.
    Threshold,
    /// First the weights, then the threshold.
    Both,
}

/// Labels of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Those that are looked for.
    pub good: usize,
    /// The others.
    pub other: usize,
}

/// A weight before and after, in thousandths of a point.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WeightChange {
    /// The signal.
    pub signal: String,
    /// Before.
    pub old: i64,
    /// After.
    pub new: i64,
}

/// A profile that was fitted, and how good it is.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Tuned {
    /// The fitted profile as TOML.
    pub source: String,
    /// The action whose threshold is meant.
    pub action: String,
    /// Its threshold before, in thousandths of a point.
    pub old_threshold: i64,
    /// Its threshold after.
    pub new_threshold: i64,
    /// The weights, in the profile's order.
    pub weights: Vec<WeightChange>,
    /// Labels without a document in the run.
    pub missing: usize,
    /// Labels that it was fitted to.
    pub fitted: Counts,
    /// Labels that were held out.
    pub held_out: Counts,
    /// Whether there are so few labels that the figures mean little.
    pub few: bool,
    /// How good the profile was, on what was held out.
    pub old: Quality,
    /// How good it is now, on the same.
    pub new: Quality,
}

/// A labelled page with what is known of it.
struct Page {
    good: bool,
    held_out: bool,
    /// The part of each signal's weight that it gets, 0 to 1.
    shares: Vec<f64>,
    /// In thousandths of a point.
    score: i64,
}

/// Fits `profile` to `labels` over the stored pages of `run`; `action` is the one that good pages should
/// get, the highest unless it is named. Nothing is written.
pub async fn tune(
    query: &Query,
    run: &RunId,
    profile: &Profile,
    labels: &[Label],
    fit: Fit,
    action: Option<&str>,
) -> Result<Tuned, ScoreError> {
    let failed = |source| ScoreError::WhatIf {
        run: run.clone(),
        profile: profile.name().to_owned(),
        source,
    };
    let wrong = |problem: &str| ScoreError::Labels { problem: problem.to_owned() };
    let at = match action {
        None => 0,
        Some(name) => profile
            .actions()
            .iter()
            .position(|known| known.name == name)
            .ok_or_else(|| wrong(&format!("the profile has no action {name}")))?,
    };
    let aimed = profile.actions().get(at).filter(|a| a.at_least > 0 || fit == Fit::Weights);
    let aimed =
        aimed.ok_or_else(|| wrong("the action that begins at 0 has no threshold to fit"))?;
    let session = query.session_for_run(run).map_err(failed)?;
    let scorer = Scorer::prepare(query, run, profile).await?;
    let before = read(&session, "old_scores", &scorer, labels).await.map_err(failed)?;
    let (fitted, held_out) = (counts(&before, false), counts(&before, true));
    if [fitted, held_out].iter().any(|counts| counts.good == 0 || counts.other == 0) {
        return Err(wrong(
            "both kinds are needed, in what is fitted and in what is held out; label more pages",
        ));
    }
    let mut changed = profile.clone();
    if fit != Fit::Threshold {
        set_weights(&mut changed, &before);
    }
    let source = edit::with_numbers(profile, &changed, None)?;
    let weighted = Profile::parse(profile.name(), &source)?;
    let scorer = Scorer::prepare(query, run, &weighted).await?;
    let after = read(&session, "new_scores", &scorer, labels).await.map_err(failed)?;
    let new_threshold = match fit {
        Fit::Weights => aimed.at_least,
        Fit::Threshold | Fit::Both => {
            let room = curve::Room::between(profile.actions(), at);
            curve::best_threshold(pairs(&after, false), room).unwrap_or(aimed.at_least)
        }
    };
    let source = edit::with_numbers(profile, &changed, Some((&aimed.name, new_threshold)))?;
    Profile::parse(profile.name(), &source)?;
    let small = |counts: &Counts| counts.good.min(counts.other) < LABELS_FEW;
    Ok(Tuned {
        source,
        action: aimed.name.clone(),
        old_threshold: aimed.at_least,
        new_threshold,
        weights: weight_changes(profile, &changed),
        missing: labels.len().saturating_sub(before.len()),
        fitted,
        held_out,
        few: small(&fitted) || small(&held_out),
        old: Quality::of(pairs(&before, true), aimed.at_least),
        new: Quality::of(pairs(&after, true), new_threshold),
    })
}

fn pairs(pages: &[Page], held_out: bool) -> Vec<(i64, bool)> {
    pages.iter().filter(|p| p.held_out == held_out).map(|p| (p.score, p.good)).collect()
}

fn counts(pages: &[Page], held_out: bool) -> Counts {
    let of = |good| pages.iter().filter(|p| p.held_out == held_out && p.good == good).count();
    Counts { good: of(true), other: of(false) }
}

fn weight_changes(old: &Profile, new: &Profile) -> Vec<WeightChange> {
    let both = old.rules().iter().zip(new.rules());
    both.map(|(old, new)| WeightChange {
        signal: old.name.clone(),
        old: old.weight,
        new: new.weight,
    })
    .collect()
}

fn set_weights(profile: &mut Profile, pages: &[Page]) {
    let fitted: Vec<&Page> = pages.iter().filter(|page| !page.held_out).collect();
    let rows: Vec<&[f64]> = fitted.iter().map(|page| page.shares.as_slice()).collect();
    let good: Vec<bool> = fitted.iter().map(|page| page.good).collect();
    let old: Vec<i64> = profile.signals.iter().map(|signal| signal.weight).collect();
    let new = fit::weights(&rows, &good, &old, profile.maximum);
    for (signal, weight) in profile.signals.iter_mut().zip(new) {
        signal.weight = weight;
    }
}

/// The labelled pages that the run has, in the order of the labels.
async fn read(
    session: &Session,
    view: &str,
    scorer: &Scorer<'_>,
    labels: &[Label],
) -> Result<Vec<Page>, QueryError> {
    let profile = scorer.profile();
    scorer.define(session, view)?;
    let columns: String =
        profile.rules().iter().map(|s| format!(", {}", quoted_name(&s.column()))).collect();
    let mut found: HashMap<String, (i64, Vec<f64>)> = HashMap::new();
    for labels in labels.chunks(URLS_AT_ONCE) {
        let urls: Vec<String> = labels.iter().map(|label| quoted(&label.url)).collect();
        let urls = urls.join(", ");
        let sql = format!("SELECT url, score{columns} FROM {view} WHERE url IN ({urls})");
        for row in session.rows(&sql).await?.rows {
            let [url, score, signals @ ..] = row.as_slice() else { continue };
            let shares = signals.iter().zip(profile.rules()).map(|(points, signal)| {
                points.as_thousandths().unwrap_or(0) as f64 / signal.weight as f64
            });
            let score = score.as_thousandths().unwrap_or(0);
            found.insert(url.to_string(), (score, shares.collect()));
        }
    }
    let page = |label: &Label| {
        let (score, shares) = found.get(&label.url)?.clone();
        Some(Page { good: label.good, held_out: is_held_out(&label.url), shares, score })
    };
    Ok(labels.iter().filter_map(page).collect())
}

/// By the URL alone, so that more labels do not move a page from one side to the other.
fn is_held_out(url: &str) -> bool {
    blake3::hash(url.as_bytes()).as_bytes()[0].is_multiple_of(HELD_OUT_OF)
}
