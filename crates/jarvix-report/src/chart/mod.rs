//! Charts as geometry: what stands where, in percent of the width and in pixels of height, so that
//! letters keep their size on any screen. Integers only. Whoever draws them, as SVG or as paths of a
//! PDF, draws what it is told here and decides nothing.
//!
//! Labels of axes are placed for the narrowest screen, 320 pixels: what does not collide there collides
//! nowhere.

mod histogram;
mod line;
mod points;
mod scatter;
mod spark;

pub(crate) use histogram::Histogram;
pub(crate) use line::LineChart;
pub(crate) use points::PointScale;
pub(crate) use scatter::Scatter;
pub(crate) use spark::Sparkline;

use crate::Milli;

/// What charts with axes have in common: the plot's edges, and the labels of both axes.
pub(crate) struct Frame {
    /// Of the whole chart.
    pub(crate) height: u64,
    pub(crate) left: Milli,
    pub(crate) right: Milli,
    /// Where the x axis stands, from the top.
    pub(crate) base: u64,
    pub(crate) x_ticks: Vec<Tick>,
    pub(crate) y_ticks: Vec<Tick>,
}

/// A label of an axis: `x` in percent or `y` in pixels, whichever the axis runs along.
pub(crate) struct Tick {
    pub(crate) x: Milli,
    pub(crate) y: u64,
    pub(crate) label: String,
}

/// A straight line.
pub(crate) struct Segment {
    pub(crate) x1: Milli,
    pub(crate) y1: u64,
    pub(crate) x2: Milli,
    pub(crate) y2: u64,
}

/// Points between two labels of an axis of scores.
const SCORE_STEP: i64 = 25;

/// Where a score stands in a plot of that height below a strip of `head`, in pixels from the top.
fn height(score: Milli, head: u64, plot: u64) -> u64 {
    let score = u64::try_from(score.0.clamp(0, 100_000)).unwrap_or(0);
    head + plot - (score * plot + 50_000) / 100_000
}

/// The labels of an axis of scores, left of the plot's edge.
fn score_ticks(left: i64, head: u64, plot: u64) -> Vec<Tick> {
    let tick = |score: Milli| Tick {
        x: Milli(left - 1_200),
        y: height(score, head, plot),
        label: format!("{score:.0}"),
    };
    (0..=100 / SCORE_STEP).map(|step| tick(Milli::whole(step * SCORE_STEP))).collect()
}
