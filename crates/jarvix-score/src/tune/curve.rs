//! How well scores tell good pages from others: precision and recall at every threshold, and the area
//! under the ROC curve (the chance that a good page is above another, Hanley and McNeil 1982).

use crate::profile::{ProfileAction, SCORE_MAX};

/// Distance of the thresholds that are looked at, in thousandths of a point.
const STEP: i64 = 5_000;

/// What comes of one threshold.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ThresholdPoint {
    /// The least score, in thousandths of a point.
    pub threshold: i64,
    /// Pages that reach it.
    pub reached: usize,
    /// How many of those are good; none where no page reaches it.
    pub precision: Option<f64>,
    /// How many of the good reach it.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
}

/// How good a profile is.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Quality {
    /// The chance that a good page has a higher score than another; ties count half.
    pub auc: f64,
    /// At the threshold of the action.
    pub at_threshold: ThresholdPoint,
    /// From 0 to 100.
    pub curve: Vec<ThresholdPoint>,
}

impl Quality {
    /// Of scores and labels.
    pub(super) fn of(pairs: Vec<(i64, bool)>, threshold: i64) -> Self {
        let steps = (0..=SCORE_MAX / STEP).map(|step| step * STEP);
        Self {
            auc: auc(&pairs),
            at_threshold: point(&pairs, threshold),
            curve: steps.map(|threshold| point(&pairs, threshold)).collect(),
        }
    }
}

fn point(pairs: &[(i64, bool)], threshold: i64) -> ThresholdPoint {
    let good = pairs.iter().filter(|(_, good)| *good).count();
    let reached = pairs.iter().filter(|(score, _)| *score >= threshold).count();
    let hits = pairs.iter().filter(|(score, good)| *score >= threshold && *good).count();
    let share = |of: usize| if of == 0 { 0.0 } else { hits as f64 / of as f64 };
    let both = (good + reached) as f64;
    ThresholdPoint {
        threshold,
        reached,
        precision: (reached > 0).then(|| share(reached)),
        recall: share(good),
        f1: if both > 0.0 { 2.0 * hits as f64 / both } else { 0.0 },
    }
}

fn auc(pairs: &[(i64, bool)]) -> f64 {
    let mut sorted = pairs.to_vec();
    sorted.sort_unstable();
    let (mut below, mut above, mut at) = (0.0, 0.0, 0);
    while at < sorted.len() {
        let score = sorted[at].0;
        let tied = &sorted[at..at + sorted[at..].partition_point(|(s, _)| *s == score)];
        let good = tied.iter().filter(|(_, good)| *good).count() as f64;
        let other = tied.len() as f64 - good;
        above += good * (below + other / 2.0);
        below += other;
        at += tied.len();
    }
    let good = pairs.iter().filter(|(_, good)| *good).count() as f64;
    if good * below == 0.0 { 0.5 } else { above / (good * below) }
}

/// Where a threshold may lie: between those of the actions beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    above: i64,
    below: i64,
}

impl Room {
    /// Of the `at`-th action; they stand from the highest threshold down.
    pub(super) fn between(actions: &[ProfileAction], at: usize) -> Self {
        let below = actions.get(at + 1).map_or(0, |action| action.at_least);
        let above = at.checked_sub(1).and_then(|at| actions.get(at));
        Self { above: above.map_or(SCORE_MAX + 1, |action| action.at_least), below }
    }
}

/// The threshold in whole points with the best F1; of equals the middle one, which is the least by
/// chance.
pub(super) fn best_threshold(pairs: Vec<(i64, bool)>, room: Room) -> Option<i64> {
    let possible = (1..=SCORE_MAX / 1000).map(|points| points * 1000);
    let points: Vec<ThresholdPoint> = possible
        .filter(|threshold| (room.below + 1..room.above).contains(threshold))
        .map(|threshold| point(&pairs, threshold))
        .collect();
    let best = points.iter().map(|point| point.f1).max_by(f64::total_cmp)?;
    let equals: Vec<&ThresholdPoint> = points.iter().filter(|point| point.f1 >= best).collect();
    equals.get(equals.len() / 2).map(|point| point.threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let points = |n: i64| n * 1000;
        let perfect = [(points(10), false), (points(20), false), (points(30), true)];
        assert_eq!(auc(&perfect), 1.0);
        assert_eq!(auc(&perfect.map(|(s, g)| (-s, g))), 0.0);
        assert_eq!(auc(&[(1, true), (1, false)]), 0.5);
        assert_eq!(auc(&[(3, true), (2, false), (1, true), (0, false)]), 0.75);
        assert_eq!(auc(&[(1, true)]), 0.5);
    }

    #[test]
    fn a_threshold_has_precision_and_recall() {
        let pairs = [(90_000, true), (80_000, false), (70_000, true), (10_000, false)];
        let found = point(&pairs, 70_000);
        assert_eq!((found.reached, found.precision, found.recall), (3, Some(2.0 / 3.0), 1.0));
        assert_eq!(point(&pairs, 95_000).precision, None);
        let room = Room { above: SCORE_MAX + 1, below: 0 };
        assert_eq!(best_threshold(pairs.to_vec(), room), Some(41_000));
        let narrow = Room { above: 50_000, below: 45_000 };
        assert_eq!(best_threshold(pairs.to_vec(), narrow), Some(48_000));
        assert_eq!(best_threshold(pairs.to_vec(), Room { above: 1000, below: 0 }), None);
    }
}
