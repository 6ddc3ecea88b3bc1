//! Which units of a page are its main content: the probabilities of two forests, the second of which
//! also sees what the first says of the surroundings, and the choice that they make likely best.
//!
//! What it refuses to do: look at words again; everything it knows stands in the rows.

use xxhash_rust::xxh3::xxh3_64;

use crate::context::Context;
use crate::features::{Scene, UnitWords};
use crate::page_type;
use crate::quick::Ready;
use crate::survey::Survey;
use crate::tree::Tree;
use crate::units::{Unit, Units};
use crate::vocabulary::ByHash;
use crate::weights::WordScores;

/// Page features that each unit's row repeats.
const PAGE_FEATURES: usize = 34;
/// Share of the words in a place that must be chosen for the rest to be chosen too.
const COMPLETE_SHARE: f64 = 0.6;
/// Shortest text that is not said twice, in words.
const COPY_WORDS_MIN: u32 = 8;
/// Ancestors whose mean probability is a feature.
const LEVELS: usize = 6;

/// A page read as far as the forests go.
pub(crate) struct Reading {
    /// The units.
    pub(crate) units: Units,
    /// What surrounds them.
    pub(crate) context: Context,
    /// Their words.
    words: UnitWords,
    /// Features of the page.
    pub(crate) page: Vec<f32>,
}

impl Reading {
    /// Cuts the page and looks around in it.
    pub(crate) fn of(tree: &Tree<'_>, survey: &Survey, url: &str, words: &WordScores) -> Self {
        let units = Units::of(tree);
        let context = Context::of(tree, &units, words);
        let unit_words = UnitWords::of(&units);
        let scene = Scene {
            tree,
            units: &units,
            context: &context,
            survey,
            scores: words,
            url,
            words: &unit_words,
        };
        let page = scene.page_row();
        Self { units, context, words: unit_words, page }
    }

    /// A row of features for each unit, `kinds` being the probabilities of the kinds of page.
    pub(crate) fn unit_rows(
        &self,
        tree: &Tree<'_>,
        survey: &Survey,
        url: &str,
        words: &WordScores,
        kinds: &[f32],
    ) -> Vec<Vec<f32>> {
        let (units, context) = (&self.units, &self.context);
        let scene = Scene { tree, units, context, survey, scores: words, url, words: &self.words };
        let mut page = kinds.to_vec();
        page.extend(self.page.iter().take(PAGE_FEATURES));
        scene.unit_rows(&page)
    }

    /// The rows of the second forest: those of the first and what it says around each unit.
    pub(crate) fn add_surroundings(&self, tree: &Tree<'_>, rows: &mut [Vec<f32>], first: &[f32]) {
        let units = &self.units.units;
        let words = |at: usize| units[at].counts.words as f32;
        let subtree = self.means(tree, first);
        let paths = self.by_signature(first);
        let total: f32 = (0..units.len()).map(words).sum();
        let expected: f32 = (0..units.len()).map(|at| words(at) * first[at]).sum();
        let better = better_words(units.len(), first, words);
        let likely = |p: &f32| *p > 0.7;
        let from = first.iter().position(likely).unwrap_or(units.len());
        let to = first.iter().rposition(likely).unwrap_or(0);
        // Sums before each unit, so that the mean of any stretch is two look-ups.
        let mut sums = vec![(0.0f32, 0.0f32)];
        for at in 0..units.len() {
            let (weight, sum) = sums[at];
            sums.push((weight + words(at), sum + words(at) * first[at]));
        }
        let mean = |from: usize, to: usize| {
            let weight = sums[to].0 - sums[from].0;
            if weight > 0.0 { (sums[to].1 - sums[from].1) / weight } else { 0.0 }
        };
        let mut heading = 0;
        for (at, row) in rows.iter_mut().enumerate() {
            let unit = &units[at];
            if tree.nodes[unit.block as usize].name.heading_level() > 0 {
                heading = at;
            }
            row.push(first[at]);
            for step in [-2isize, -1, 1, 2] {
                let near = at.checked_add_signed(step).and_then(|n| first.get(n));
                row.push(near.copied().unwrap_or(-1.0));
            }
            for reach in [3usize, 8, 25] {
                row.push(mean(at.saturating_sub(reach), (at + reach + 1).min(units.len())));
            }
            row.extend([mean(0, at), mean(at, units.len())]);
            let blocks = tree.path(unit.block).filter(|n| !tree.nodes[*n as usize].inline);
            let mut last = subtree[0];
            let mut levels = blocks.take(LEVELS).map(|n| subtree[n as usize]);
            for _ in 0..LEVELS {
                last = levels.next().unwrap_or(last);
                row.push(last);
            }
            let signature = self.context.around[unit.block as usize].signature;
            let (sum, count) = paths.get(&signature).copied().unwrap_or((first[at], 1.0));
            row.extend([sum / count, count]);
            row.extend([
                expected / total.max(1.0),
                expected.ln_1p(),
                better[at] / expected.max(1.0),
            ]);
            row.extend([mean(heading, at + 1), first[heading]]);
            row.push(if at < from {
                -1.0
            } else if at > to {
                1.0
            } else {
                0.0
            });
            row.push(at as f32 - from as f32);
            row.push(at as f32 - to as f32);
        }
    }

    /// Chooses what is prose and stands in the same place as what was chosen, where most of what
    /// stands there was: the other posts of a thread.
    fn complete(&self, chosen: &mut [bool]) {
        let place = |unit: &Unit| self.context.around[unit.block as usize].signature;
        let mut places: ByHash<u32, (u32, u32)> = ByHash::default();
        for (unit, chosen) in self.units.units.iter().zip(chosen.iter()) {
            let (taken, whole) = places.entry(place(unit)).or_default();
            *whole += unit.counts.words;
            *taken += if *chosen { unit.counts.words } else { 0 };
        }
        for (unit, chosen) in self.units.units.iter().zip(chosen) {
            let (taken, whole) = places.get(&place(unit)).copied().unwrap_or_default();
            *chosen |=
                unit.counts.prose_words > 0 && f64::from(taken) > COMPLETE_SHARE * f64::from(whole);
        }
    }

    /// Leaves out what was chosen before: pages hold the same text once for each width of screen.
    fn drop_copies(&self, chosen: &mut [bool]) {
        let mut seen: ByHash<u64, ()> = ByHash::default();
        for (unit, chosen) in self.units.units.iter().zip(chosen) {
            if *chosen && unit.counts.words >= COPY_WORDS_MIN {
                let text = xxh3_64(self.units.text(unit).as_bytes());
                *chosen = seen.insert(text, ()).is_none();
            }
        }
    }

    /// The mean probability of the words in each subtree.
    fn means(&self, tree: &Tree<'_>, first: &[f32]) -> Vec<f32> {
        let mut sums = vec![(0.0f32, 0.0f32); tree.nodes.len()];
        for (unit, p) in self.units.units.iter().zip(first) {
            let (weight, sum) = &mut sums[unit.block as usize];
            *weight += unit.counts.words as f32;
            *sum += unit.counts.words as f32 * p;
        }
        for at in (1..tree.nodes.len()).rev() {
            let (weight, sum) = sums[at];
            let parent = &mut sums[tree.nodes[at].parent as usize];
            parent.0 += weight;
            parent.1 += sum;
        }
        sums.into_iter()
            .map(|(weight, sum)| if weight > 0.0 { sum / weight } else { 0.0 })
            .collect()
    }

    /// Sum of probabilities and number of the units on the same path.
    fn by_signature(&self, first: &[f32]) -> ByHash<u32, (f32, f32)> {
        let mut paths: ByHash<u32, (f32, f32)> = ByHash::default();
        for (unit, p) in self.units.units.iter().zip(first) {
            let signature = self.context.around[unit.block as usize].signature;
            let (sum, count) = paths.entry(signature).or_default();
            *sum += p;
            *count += 1.0;
        }
        paths
    }
}

/// For each unit the words of the units that are likelier content.
fn better_words(units: usize, first: &[f32], words: impl Fn(usize) -> f32) -> Vec<f32> {
    let mut better = vec![0.0; units];
    let mut sum = 0.0;
    for at in by_probability(first) {
        better[at] = sum;
        sum += words(at);
    }
    better
}

fn by_probability(probabilities: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]).then(a.cmp(b)));
    order
}

/// What was found of a page.
pub(crate) struct Found {
    /// The units.
    pub(crate) units: Units,
    /// Whether each of them is content.
    pub(crate) chosen: Vec<bool>,
    /// The kind of the page, and how likely it is; none where it has no words.
    pub(crate) kind: Option<(&'static str, f32)>,
}

/// Finds the content of a page; `None` if it has more than `units_max` units.
pub(crate) fn find(
    tree: &Tree<'_>,
    survey: &Survey,
    url: &str,
    ready: &Ready<'_>,
    units_max: usize,
) -> Option<Found> {
    let weights = ready.weights;
    let reading = Reading::of(tree, survey, url, &weights.words);
    let units = &reading.units.units;
    if units.len() > units_max {
        return None;
    }
    let kinds = page_type::probabilities(&weights.kinds, &reading.page);
    let mut rows = reading.unit_rows(tree, survey, url, &weights.words, &kinds);
    let first = ready.first.probabilities(&rows);
    reading.add_surroundings(tree, &mut rows, &first);
    let second = ready.second.probabilities(&rows);
    let words: Vec<f32> = units.iter().map(|unit| unit.counts.words as f32).collect();
    let mut chosen = choose(&words, &second);
    reading.complete(&mut chosen);
    let kind = (!units.is_empty()).then(|| page_type::likeliest(&kinds));
    // References say the same of many things, and mean it each time.
    if kind.is_none_or(|(kind, _)| kind != "documentation") {
        reading.drop_copies(&mut chosen);
    }
    Some(Found { units: reading.units, chosen, kind })
}

/// The units whose choice has the best F1 to be expected: likeliest first, as many as pay. For
/// independent units the best choice is such a prefix (Lewis 1995, "Evaluating and optimizing
/// autonomous text classification systems").
pub(crate) fn choose(words: &[f32], probabilities: &[f32]) -> Vec<bool> {
    let mut chosen = vec![false; words.len()];
    let expected: f32 = words.iter().zip(probabilities).map(|(w, p)| w * p).sum();
    let order = by_probability(probabilities);
    let (mut hit, mut taken, mut best, mut count) = (0.0f32, 0.0f32, 0.0f32, 0);
    for (n, at) in order.iter().enumerate() {
        hit += words[*at] * probabilities[*at];
        taken += words[*at];
        let f1 = 2.0 * hit / (taken + expected);
        if f1 >= best {
            (best, count) = (f1, n + 1);
        }
    }
    for at in &order[..count] {
        chosen[*at] = true;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_units_are_chosen_as_pay() {
        assert_eq!(choose(&[10.0, 10.0, 10.0], &[0.9, 0.1, 0.8]), [true, false, true]);
        assert_eq!(choose(&[10.0, 10.0], &[0.3, 0.25]), [true, true]);
        assert_eq!(choose(&[], &[]), [false; 0]);
    }
}
