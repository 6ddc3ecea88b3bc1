//! The kind of a page, from its features: one forest for each kind, the likeliest wins.
//!
//! What it refuses to do: guess where nothing is known; a page without words is of kind "other".

use crate::weights::Forest;

/// The kinds that are told apart, in the order of the forests.
pub const KINDS: &[&str] =
    &["article", "collection", "documentation", "forum", "listing", "product", "service"];

/// The probability of each of [`KINDS`]; they add up to 1.
pub(crate) fn probabilities(forests: &[Forest], page: &[f32]) -> Vec<f32> {
    let odds: Vec<f32> = forests.iter().map(|forest| forest.probability(page)).collect();
    let sum: f32 = odds.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    odds.into_iter().map(|p| p / sum).collect()
}

/// The likeliest kind.
pub(crate) fn likeliest(probabilities: &[f32]) -> &'static str {
    let best =
        probabilities.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
    best.and_then(|(at, _)| KINDS.get(at)).copied().unwrap_or(crate::metadata::PAGE_TYPE_OTHER)
}
