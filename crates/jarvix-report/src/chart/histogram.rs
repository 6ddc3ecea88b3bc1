//! How the scores are spread, as bars with the median above them.

use super::{Frame, Tick};
use crate::{BIN_WIDTH, Milli, ScoreStats, words};

/// Height of the strip above the plot that the median's label stands in.
const HEAD: u64 = 26;
/// Height of the plot.
const PLOT: u64 = 190;
/// Height of the strip below the plot that the labels of the x axis stand in.
const FOOT: u64 = 26;
/// Left edge of the plot, in thousandths of a percent: room for five letters on a phone.
const LEFT: i64 = 9_000;
/// Width of one point of score, in thousandths of a percent; leaves room for half of the label
/// `100` at the right.
const POINT: i64 = 880;
/// Space between bars, in thousandths of a percent.
const GAP: i64 = 400;
/// Most steps on the y axis.
const Y_STEPS_MAX: u64 = 4;
/// Points between labels on the x axis: eleven letters' width apart on a phone.
const X_LABEL_POINTS: i64 = 20;

/// How scores are spread, drawn.
pub(crate) struct Histogram {
    pub(crate) frame: Frame,
    pub(crate) bars: Vec<Bar>,
    pub(crate) median: Option<Marker>,
}

/// One bar, and the bin that it stands for.
pub(crate) struct Bar {
    pub(crate) x: Milli,
    pub(crate) width: Milli,
    pub(crate) y: u64,
    pub(crate) height: u64,
    pub(crate) range: String,
    pub(crate) count: String,
}

/// A vertical line with a label above the plot.
pub(crate) struct Marker {
    pub(crate) x: Milli,
    pub(crate) top: u64,
    pub(crate) label: String,
    /// `start`, `middle` or `end`: keeps the label inside the chart.
    pub(crate) anchor: &'static str,
}

impl Histogram {
    /// The chart of `scores`; `None` where there are none.
    pub(crate) fn of(scores: &ScoreStats) -> Option<Self> {
        let highest = scores.histogram.iter().copied().max().filter(|n| *n > 0)?;
        let step = nice_step(highest);
        let top = highest.div_ceil(step) * step;
        let base = HEAD + PLOT;
        Some(Self {
            frame: Frame {
                height: base + FOOT,
                left: Milli(LEFT),
                right: position(Milli::whole(100)),
                base,
                x_ticks: (0..=100 / X_LABEL_POINTS)
                    .map(|i| i * X_LABEL_POINTS)
                    .map(|score| Tick {
                        x: position(Milli::whole(score)),
                        y: base + 18,
                        label: score.to_string(),
                    })
                    .collect(),
                y_ticks: (0..=top / step)
                    .map(|i| Tick {
                        x: Milli(LEFT - 1_200),
                        y: base - scaled(i * step, top),
                        label: words::compact(i * step),
                    })
                    .collect(),
            },
            bars: bars(scores, top, base),
            median: scores.median.map(|median| Marker {
                x: position(median),
                top: HEAD - 8,
                label: format!("median {median:.1}"),
                anchor: match median.0 {
                    ..20_000 => "start",
                    80_001.. => "end",
                    _ => "middle",
                },
            }),
        })
    }
}

fn bars(scores: &ScoreStats, top: u64, base: u64) -> Vec<Bar> {
    let mut bars = Vec::with_capacity(scores.histogram.len());
    for (from, count) in (0..).step_by(BIN_WIDTH as usize).zip(scores.histogram) {
        // Something is never drawn as nothing.
        let height = scaled(count, top).max(u64::from(count > 0));
        bars.push(Bar {
            x: Milli(position(Milli::whole(from)).0 + GAP / 2),
            width: Milli(POINT * BIN_WIDTH as i64 - GAP),
            y: base - height,
            height,
            range: format!("{from} to {}", from + BIN_WIDTH as i64),
            count: words::number(count),
        });
    }
    bars
}

/// Where a score stands, in percent of the chart's width.
fn position(score: Milli) -> Milli {
    Milli(LEFT + score.0 * POINT / 1_000)
}

/// Pixels of `count` on an axis that ends at `top`.
fn scaled(count: u64, top: u64) -> u64 {
    let pixels =
        (u128::from(count) * u128::from(PLOT) * 2 + u128::from(top)) / (2 * u128::from(top));
    u64::try_from(pixels).unwrap_or(PLOT)
}

/// The smallest of 1, 2, 5, 10, 20, 50, ... that needs at most [`Y_STEPS_MAX`] steps to `highest`.
fn nice_step(highest: u64) -> u64 {
    let mut power = 1u64;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if highest.div_ceil(step) <= Y_STEPS_MAX {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steps_are_round_and_few() {
        let steps = [1, 4, 5, 9, 40, 41, 999, 12_345, u64::MAX].map(nice_step);
        assert_eq!(&steps[..8], [1, 1, 2, 5, 10, 20, 500, 5_000]);
    }

    proptest! {
        #[test]
        fn everything_stays_inside(
            histogram in proptest::array::uniform20(0u64..u64::MAX / 32),
            median in 0i64..=100_000,
        ) {
            let count = histogram.iter().sum();
            let scores = ScoreStats { count, median: Some(Milli(median)), histogram, ..ScoreStats::default() };
            let Some(chart) = Histogram::of(&scores) else {
                prop_assert!(count == 0);
                return Ok(());
            };
            for (bar, count) in chart.bars.iter().zip(histogram) {
                prop_assert!(bar.y >= HEAD && bar.y + bar.height == chart.frame.base);
                prop_assert_eq!(bar.height == 0, count == 0);
                prop_assert!(bar.x.0 >= LEFT && bar.x.0 + bar.width.0 <= chart.frame.right.0);
            }
            prop_assert!(chart.frame.y_ticks.len() as u64 <= Y_STEPS_MAX + 1);
            prop_assert!(chart.frame.y_ticks.iter().all(|t| t.y >= HEAD && t.y <= chart.frame.base));
            prop_assert!(chart.frame.y_ticks.windows(2).all(|t| t[0].y >= t[1].y + 20), "labels collide");
        }
    }
}
