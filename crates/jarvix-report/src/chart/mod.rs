//! Charts as geometry: what stands where, in percent of the width and in pixels of height, so that
//! letters keep their size on any screen. Integers only. Whoever draws them, as SVG or as paths of a
//! PDF, draws what it is told here and decides nothing.
//!
//! Labels are placed for the narrowest screen, 320 pixels: what does not collide there collides
//! nowhere.

mod histogram;
mod line;
mod points;

pub(crate) use histogram::Histogram;
pub(crate) use line::{LineChart, Segment};
pub(crate) use points::PointScale;

use crate::Milli;

/// A label of an axis: `x` in percent or `y` in pixels, whichever the axis runs along.
pub(crate) struct Tick {
    pub(crate) x: Milli,
    pub(crate) y: u64,
    pub(crate) label: String,
}
