//! `similarity(a, b)`: how much two texts have in common, as the share of their runs of five words
//! that stand in both (Jaccard 1901, on the shingles of Broder 1997). It is exact: no fingerprint is
//! involved, so the same texts give the same number everywhere.

use std::collections::HashSet;

/// Words of a run; fewer where one of the texts has fewer.
const RUN_WORDS: usize = 5;

/// The share of runs of words in common, 0 to 1; letters' case and what is no word do not count. Two
/// texts without words are the same.
pub(crate) fn similarity(a: &str, b: &str) -> f64 {
    let (a, b) = (words(a), words(b));
    let length = RUN_WORDS.min(a.len()).min(b.len());
    if length == 0 {
        return if a.len() == b.len() { 1.0 } else { 0.0 };
    }
    let runs = |words: &[String]| words.windows(length).map(<[String]>::to_vec).collect();
    let (a, b): (HashSet<Vec<String>>, HashSet<Vec<String>>) = (runs(&a), runs(&b));
    let both = a.intersection(&b).count();
    both as f64 / (a.len() + b.len() - both) as f64
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_counts_once_and_order_matters() {
        let text = "one two three four five six seven eight nine ten";
        assert_eq!(similarity(text, &text.to_uppercase()), 1.0);
        assert_eq!(similarity(text, "nothing of that stands here at all"), 0.0);
        // Six runs; the last word changed leaves five of seven.
        assert_eq!(similarity(text, "one two three four five six seven eight nine, TEN!"), 1.0);
        let other = "one two three four five six seven eight nine eleven";
        assert_eq!(similarity(text, other), 5.0 / 7.0);
        assert_eq!(similarity("a b c", "c b a"), 0.0);
        assert_eq!(similarity("a b", "a b c d e f"), 1.0 / 5.0);
        assert_eq!((similarity("", "..."), similarity("", "a")), (1.0, 0.0));
    }
}
