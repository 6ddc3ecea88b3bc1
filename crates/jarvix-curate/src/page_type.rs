//! The kind of a page, from its features: one forest for each kind, the likeliest wins.
//!
//! What it refuses to do: guess where nothing is known; a page without words is of kind "other".

use crate::weights::{Forest, probability};

/// The kinds that are told apart, in the order of the forests.
pub const KINDS: &[&str] =
    &["article", "collection", "documentation", "forum", "listing", "product", "service"];

/// The probability of each of [`KINDS`]; they add up to 1.
pub(crate) fn probabilities(forests: &[Forest], page: &[f32]) -> Vec<f32> {
    let odds: Vec<f32> = forests.iter().map(|forest| probability(forest.log_odds(page))).collect();
    let sum: f32 = odds.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    odds.into_iter().map(|p| p / sum).collect()
}

/// The likeliest kind, and how likely it is, in hundredths.
pub(crate) fn likeliest(probabilities: &[f32]) -> (&'static str, f32) {
    let best =
        probabilities.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
    let known = best.and_then(|(at, p)| Some((*KINDS.get(at)?, (p * 100.0).round() / 100.0)));
    known.unwrap_or((crate::metadata::PAGE_TYPE_OTHER, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{LEAF, Split};

    #[test]
    fn the_likeliest_kind_wins() {
        let forest = |value: f32| Forest {
            base: 0.0,
            trees: vec![vec![Split { feature: LEAF, above: 0, value }]],
        };
        let forests: Vec<Forest> = (0u8..7).map(|n| forest(f32::from(n == 3) * 4.0)).collect();
        let found = probabilities(&forests, &[]);
        assert!((found.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(likeliest(&found), ("forum", 0.25));
        assert_eq!(likeliest(&[]), ("other", 0.0));
    }

    #[test]
    fn every_kind_may_stand_in_a_document() {
        assert!(KINDS.iter().all(|kind| crate::PAGE_TYPES.contains(kind)));
    }
}
