//! How the scores are spread: exact statistics, counted in memory that does not grow with the run.

use serde::{Deserialize, Serialize};

use crate::Milli;

/// Bins of the histogram; each is [`BIN_WIDTH`] points wide.
pub const BINS: usize = 20;
/// Width of a bin in points; a score of 100 falls in the last bin.
pub const BIN_WIDTH: u64 = 5;

/// How the scores are spread.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreStats {
    /// Scored documents.
    pub count: u64,
    /// The lowest score.
    pub min: Option<Milli>,
    /// Half of the documents score at least this: the mean of the two in the middle.
    pub median: Option<Milli>,
    /// The arithmetic mean.
    pub mean: Option<Milli>,
    /// The highest score.
    pub max: Option<Milli>,
    /// Documents per bin of 5 points: 0 to below 5, ... 95 to 100.
    pub histogram: [u64; BINS],
}

/// Counts scores one by one, in any order, in memory that does not grow with their number, and
/// gives exact statistics: there are only 100,001 different scores.
#[derive(Debug, Clone)]
pub struct ScoreTally {
    counts: Vec<u64>,
}

impl Default for ScoreTally {
    fn default() -> Self {
        Self { counts: vec![0; SCORE_MAX + 1] }
    }
}

/// The highest score, in thousandths.
const SCORE_MAX: usize = 100_000;

impl ScoreTally {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts `documents` documents of this score; a score outside 0 to 100 counts as the nearest.
    pub fn add(&mut self, score: Milli, documents: u64) {
        let index = usize::try_from(score.0.max(0)).unwrap_or(SCORE_MAX).min(SCORE_MAX);
        self.counts[index] += documents;
    }

    /// The statistics of what was counted.
    pub fn stats(&self) -> ScoreStats {
        let mut stats = ScoreStats::default();
        let mut sum = 0i128;
        for (index, documents) in self.counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            stats.count += documents;
            sum += index as i128 * i128::from(*documents);
            stats.histogram[(index / (BIN_WIDTH as usize * 1_000)).min(BINS - 1)] += documents;
        }
        if stats.count > 0 {
            stats.min = self.nth(0);
            stats.max = self.nth(stats.count - 1);
            stats.mean = Milli::mean(sum, stats.count);
            stats.median = self
                .nth((stats.count - 1) / 2)
                .zip(self.nth(stats.count / 2))
                .and_then(|(low, high)| Milli::mean(i128::from(low.0) + i128::from(high.0), 2));
        }
        stats
    }

    /// The score at position `n`, from 0, of all that were counted in ascending order.
    fn nth(&self, n: u64) -> Option<Milli> {
        let mut seen = 0;
        let index = self.counts.iter().position(|documents| {
            seen += documents;
            seen > n
        })?;
        i64::try_from(index).ok().map(Milli)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_counted_has_no_statistics() {
        assert_eq!(ScoreTally::new().stats(), ScoreStats::default());
    }

    proptest! {
        #[test]
        fn the_tally_is_exact(mut scores in proptest::collection::vec(0i64..=100_000, 1..60)) {
            let mut tally = ScoreTally::new();
            scores.iter().for_each(|s| tally.add(Milli(*s), 1));
            let stats = tally.stats();
            scores.sort_unstable();
            let n = scores.len();
            let middle = i128::from(scores[(n - 1) / 2]) + i128::from(scores[n / 2]);
            prop_assert_eq!(stats.median, Milli::mean(middle, 2));
            prop_assert_eq!(stats.mean, Milli::mean(scores.iter().map(|s| i128::from(*s)).sum(), n as u64));
            prop_assert_eq!(stats.histogram.iter().sum::<u64>(), n as u64);
            prop_assert_eq!((stats.min, stats.max), (Some(Milli(scores[0])), Some(Milli(scores[n - 1]))));
        }
    }
}
