//! A line over runs as geometry, like the histogram: percent of the width, pixels of height, integers
//! only. What is expected next stands at the right, as an area.

use super::{Frame, Segment, Tick, score_ticks};
use crate::{Milli, RunMean, TrendFacts};

/// Height of the strip above the plot: half a label.
const HEAD: u64 = 12;
/// Height of the plot.
const PLOT: u64 = 160;
/// Height of the strip below the plot that the numbers of the runs stand in.
const FOOT: u64 = 26;
/// Left edge of the plot, in thousandths of a percent.
const LEFT: i64 = 9_000;
/// Right edge of the plot.
const RIGHT: i64 = 98_000;
/// Most labels on the x axis: four letters' width apart on a phone.
const LABELS_MAX: usize = 12;

/// Mean scores over runs, drawn.
pub(crate) struct LineChart {
    pub(crate) frame: Frame,
    pub(crate) points: Vec<Point>,
    pub(crate) lines: Vec<Segment>,
    pub(crate) band: Option<Band>,
}

/// The mean of one run.
pub(crate) struct Point {
    pub(crate) x: Milli,
    pub(crate) y: u64,
    pub(crate) label: String,
}

/// What is expected next: an area that opens from the last mean to where the next one is expected in
/// four of five cases.
pub(crate) struct Band {
    pub(crate) x: Milli,
    pub(crate) width: Milli,
    pub(crate) high: u64,
    pub(crate) low: u64,
    /// From the last mean to the one that is most likely next.
    pub(crate) to: Segment,
}

impl LineChart {
    /// The chart of the means in `facts`; `None` where fewer than two runs have one.
    pub(crate) fn of(facts: &TrendFacts) -> Option<Self> {
        let slots = facts.runs.len() + usize::from(facts.outlook.is_some());
        let of = |(at, run): (usize, &RunMean)| {
            run.mean.map(|mean| Point {
                x: place(at, slots),
                y: height(mean),
                label: format!("{}: {mean:.1}", run.run),
            })
        };
        let points: Vec<Point> = facts.runs.iter().enumerate().filter_map(of).collect();
        let last = points.last().filter(|_| points.len() > 1)?;
        let band = facts.outlook.map(|outlook| {
            let x = place(slots - 1, slots);
            let (high, low) = (height(outlook.high), height(outlook.low));
            let to = Segment { x1: last.x, y1: last.y, x2: x, y2: height(outlook.point) };
            Band { x: last.x, width: Milli(x.0 - last.x.0), high, low: low.max(high + 1), to }
        });
        let lines = points.windows(2).map(|two| Segment {
            x1: two[0].x,
            y1: two[0].y,
            x2: two[1].x,
            y2: two[1].y,
        });
        let base = HEAD + PLOT;
        Some(Self {
            frame: Frame {
                height: base + FOOT,
                left: Milli(LEFT),
                right: Milli(RIGHT),
                base,
                x_ticks: x_ticks(facts.runs.len(), slots, base),
                y_ticks: score_ticks(LEFT, HEAD, PLOT),
            },
            lines: lines.collect(),
            points,
            band,
        })
    }
}

/// The runs by their numbers, as in the table; not all of them where they are many.
fn x_ticks(runs: usize, slots: usize, base: u64) -> Vec<Tick> {
    let every = slots.div_ceil(LABELS_MAX).max(1);
    let tick = |at, label| Tick { x: place(at, slots), y: base + 18, label };
    let mut ticks: Vec<Tick> =
        (0..runs).step_by(every).map(|at| tick(at, (at + 1).to_string())).collect();
    if slots > runs {
        // The word is longer than a number.
        ticks.retain(|tick| tick.x.0 + 8_000 < place(runs, slots).0);
        ticks.push(tick(runs, "next".to_owned()));
    }
    ticks
}

/// Where the run of that number stands, in percent of the chart's width.
fn place(at: usize, slots: usize) -> Milli {
    let (at, slots) = (at as i64, slots.max(1) as i64);
    Milli(LEFT + (RIGHT - LEFT) * (2 * at + 1) / (2 * slots))
}

/// Where a score stands, in pixels from the top.
fn height(score: Milli) -> u64 {
    super::height(score, HEAD, PLOT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outlook;
    use jarvix_core::RunId;
    use proptest::prelude::*;

    fn facts(means: &[Option<i64>], outlook: Option<(i64, i64, i64)>) -> TrendFacts {
        let runs = means.iter().enumerate().map(|(at, mean)| RunMean {
            run: RunId::new(&format!("r-{at}")).expect("an id"),
            begun: String::new(),
            pages: 1,
            mean: mean.map(Milli),
        });
        let outlook = outlook.map(|(low, point, high)| Outlook {
            point: Milli(point),
            low: Milli(low),
            high: Milli(high),
        });
        TrendFacts { runs: runs.collect(), outlook, ..TrendFacts::default() }
    }

    #[test]
    fn one_mean_is_no_line() {
        assert!(LineChart::of(&facts(&[], None)).is_none());
        assert!(LineChart::of(&facts(&[Some(1), None], None)).is_none());
        let chart = LineChart::of(&facts(&[Some(0), None, Some(100_000)], None)).expect("a line");
        assert_eq!((chart.points.len(), chart.lines.len()), (2, 1));
        assert_eq!((chart.points[0].y, chart.points[1].y), (HEAD + PLOT, HEAD));
    }

    proptest! {
        #[test]
        fn everything_stays_inside_and_labels_do_not_collide(
            means in proptest::collection::vec(proptest::option::of(0i64..=100_000), 2..40),
            next in proptest::option::of((0i64..=100_000, 0i64..=100_000, 0i64..=100_000)),
        ) {
            let outlook = next.map(|(a, b, c)| {
                let mut three = [a, b, c];
                three.sort_unstable();
                (three[0], three[1], three[2])
            });
            let Some(chart) = LineChart::of(&facts(&means, outlook)) else {
                prop_assert!(means.iter().flatten().count() < 2);
                return Ok(());
            };
            for point in &chart.points {
                prop_assert!(point.x.0 > LEFT && point.x.0 < RIGHT);
                prop_assert!(point.y >= HEAD && point.y <= chart.frame.base);
            }
            if let Some(band) = &chart.band {
                prop_assert!(band.x.0 >= LEFT && band.width.0 > 0);
                prop_assert!(band.x.0 + band.width.0 <= RIGHT);
                prop_assert!(band.high >= HEAD && band.high < band.low && band.low <= chart.frame.base + 1);
            }
            prop_assert!(chart.frame.x_ticks.windows(2).all(|t| t[0].x.0 + 5_000 < t[1].x.0), "collide");
        }
    }
}
