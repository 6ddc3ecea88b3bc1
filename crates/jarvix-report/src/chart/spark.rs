//! A line as small as a word: one page's scores over the runs, without axes. All of them have
//! the same scale, 0 to 100, so that rows can be compared.

use super::{Segment, height};
use crate::Milli;

/// Height of the whole, in pixels.
const HEIGHT: u64 = 36;
/// Above and below the line: half of a dot.
const PAD: u64 = 4;
/// From the edges to the first and the last run, in thousandths of a percent.
const INSET: i64 = 6_000;

/// Scores over runs, drawn.
pub(crate) struct Sparkline {
    pub(crate) height: u64,
    pub(crate) lines: Vec<Segment>,
    /// Scores without a neighbour, which no line shows, and the last one.
    pub(crate) dots: Vec<(Milli, u64)>,
    /// All scores, in words.
    pub(crate) about: String,
}

impl Sparkline {
    /// The line of `scores`, one for each run; `None` where there are not two runs.
    pub(crate) fn of(scores: &[Option<Milli>]) -> Option<Self> {
        if scores.len() < 2 {
            return None;
        }
        let steps = scores.len() as i64 - 1;
        let x = |at: usize| Milli(INSET + (100_000 - 2 * INSET) * at as i64 / steps);
        let y = |score| height(score, PAD, HEIGHT - 2 * PAD);
        let line = |at: usize| {
            let (from, to) = (scores[at - 1]?, scores[at]?);
            Some(Segment { x1: x(at - 1), y1: y(from), x2: x(at), y2: y(to) })
        };
        let is_joined = |at: usize| {
            let other = |at: Option<usize>| {
                at.and_then(|at| scores.get(at)).is_some_and(|score| score.is_some())
            };
            other(at.checked_sub(1)) || other(Some(at + 1))
        };
        let dot = |(at, score): (usize, &Option<Milli>)| {
            let is_drawn = at + 1 == scores.len() || !is_joined(at);
            score.filter(|_| is_drawn).map(|score| (x(at), y(score)))
        };
        let word = |score: &Option<Milli>| score.map_or("–".to_owned(), |s| format!("{s:.1}"));
        let all: Vec<String> = scores.iter().map(word).collect();
        Some(Self {
            height: HEIGHT,
            lines: (1..scores.len()).filter_map(line).collect(),
            dots: scores.iter().enumerate().filter_map(dot).collect(),
            about: format!("Scores by run: {}", all.join(", ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn gaps_are_gaps() {
        let scores = [Some(0), None, Some(50_000), Some(100_000), None];
        let scores = scores.map(|score| score.map(Milli));
        let spark = Sparkline::of(&scores).expect("a line");
        assert_eq!(spark.lines.len(), 1);
        assert_eq!(spark.dots, [(Milli(INSET), HEIGHT - PAD)]);
        assert_eq!(spark.about, "Scores by run: 0.0, –, 50.0, 100.0, –");
        assert!(Sparkline::of(&scores[..1]).is_none());
    }

    proptest! {
        #[test]
        fn every_score_is_seen(scores in proptest::collection::vec(proptest::option::of(0i64..=100_000), 2..30)) {
            let scores: Vec<_> = scores.into_iter().map(|score| score.map(Milli)).collect();
            let spark = Sparkline::of(&scores).expect("a line");
            let lines = spark.lines.iter().flat_map(|l| [(l.x1, l.y1), (l.x2, l.y2)]);
            let mut seen: Vec<_> = lines.chain(spark.dots.iter().copied()).collect();
            prop_assert!(seen.iter().all(|(x, y)| (0..=100_000).contains(&x.0) && *y <= HEIGHT));
            seen.sort();
            seen.dedup();
            prop_assert_eq!(seen.len(), scores.iter().flatten().count());
        }
    }
}
