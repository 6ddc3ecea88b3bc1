//! The charts of the chart model as shapes: percent of the width become points, pixels of the screen
//! three quarters of a point.

use jarvix_pdf::{Anchor, Figure, Pattern, Shape};

use super::look::Look;
use crate::Milli;
use crate::chart::{Frame, Histogram, LineChart, Scatter, Segment, Sparkline, Tick};
use crate::view::account::Action;

/// Points of a pixel.
const PIXEL: f32 = 0.75;

/// A chart's frame on paper.
#[derive(Clone, Copy)]
struct Scale {
    width: f32,
    look: Look,
}

impl Scale {
    fn x(self, percent: Milli) -> f32 {
        self.width * percent.0 as f32 / 100_000.0
    }

    fn text(self, x: f32, y: f32, text: &str, anchor: Anchor) -> Shape {
        let style = self.look.small();
        Shape::Text { x, y, text: text.to_owned(), style, anchor, width_max: self.width / 4.0 }
    }

    /// Labels beside the y axis with the lines they stand for.
    fn y_axis(self, frame: &Frame) -> Vec<Shape> {
        let line = |tick: &Tick| {
            let y = y(tick.y);
            let (from, to) = ((self.x(frame.left), y), (self.x(frame.right), y));
            let grid = Shape::Line { from, to, colour: self.look.rule, width: 0.4 };
            [grid, self.text(self.x(tick.x), y + 2.6, &tick.label, Anchor::End)]
        };
        frame.y_ticks.iter().flat_map(line).collect()
    }

    fn x_axis(self, frame: &Frame) -> Vec<Shape> {
        let (from, to) =
            ((self.x(frame.left), y(frame.base)), (self.x(frame.right), y(frame.base)));
        let axis = Shape::Line { from, to, colour: self.look.ink, width: 0.6 };
        let label = |tick: &Tick| self.text(self.x(tick.x), y(tick.y), &tick.label, Anchor::Middle);
        std::iter::once(axis).chain(frame.x_ticks.iter().map(label)).collect()
    }
}

fn anchor(name: &str) -> Anchor {
    match name {
        "start" => Anchor::Start,
        "end" => Anchor::End,
        _ => Anchor::Middle,
    }
}

fn y(pixels: u64) -> f32 {
    pixels as f32 * PIXEL
}

/// How the scores are spread.
pub(super) fn histogram(chart: &Histogram, about: &str, width: f32, look: Look) -> Figure {
    let scale = Scale { width, look };
    let mut shapes = scale.y_axis(&chart.frame);
    for bar in chart.bars.iter().filter(|bar| bar.height > 0) {
        let (x, top) = (scale.x(bar.x), y(bar.y));
        let (width, height) = (scale.x(bar.width), y(bar.height));
        let (colour, pattern) = (look.accent, Pattern::Solid);
        shapes.push(Shape::Rect { x, y: top, width, height, colour, pattern });
    }
    shapes.extend(scale.x_axis(&chart.frame));
    if let Some(median) = &chart.median {
        let x = scale.x(median.x);
        let (from, to) = ((x, y(median.top)), (x, y(chart.frame.base)));
        shapes.push(Shape::Line { from, to, colour: look.loss, width: 1.0 });
        let anchor = anchor(median.anchor);
        shapes.push(scale.text(x, y(median.top) - 3.0, &median.label, anchor));
    }
    let counts = chart.bars.iter().map(|bar| format!("{}: {}", bar.range, bar.count));
    let counts: Vec<String> = counts.collect();
    let alt = format!("Documents by score. {about} {}.", counts.join("; "));
    Figure { width, height: y(chart.frame.height) + 2.0, shapes, alt }
}

/// What shares the actions have, as one bar.
pub(super) fn shares(actions: &[Action], width: f32, look: Look) -> Figure {
    let bar = |action: &Action| {
        let (colour, pattern) = look.tone(action.tone);
        let x = width * action.x.0 as f32 / 100_000.0;
        let share = width * action.share.0 as f32 / 100_000.0;
        Shape::Rect { x, y: 0.5, width: share, height: 20.0, colour, pattern }
    };
    let shapes = actions.iter().filter(|action| action.share > Milli::ZERO).map(bar).collect();
    let each: Vec<String> = actions.iter().map(|a| format!("{} {:.1}%", a.name, a.share)).collect();
    let alt = format!("Shares of the actions: {}.", each.join(", "));
    Figure { width, height: 27.0, shapes, alt }
}

/// Mean scores over runs, and what is expected next.
pub(super) fn line(chart: &LineChart, about: &str, width: f32, look: Look) -> Figure {
    let scale = Scale { width, look };
    let mut shapes = scale.y_axis(&chart.frame);
    if let Some(band) = &chart.band {
        let next = scale.x(band.to.x2);
        let (high, low) = ((next, y(band.high)), (next, y(band.low)));
        let last = (scale.x(band.to.x1), y(band.to.y1));
        shapes.push(Shape::Area { points: vec![last, high, low], colour: look.tint });
        shapes.push(Shape::Line { from: high, to: low, colour: look.accent, width: 1.3 });
        shapes.push(segment(&band.to, scale, look.muted));
    }
    shapes.extend(chart.lines.iter().map(|line| segment(line, scale, look.accent)));
    for point in &chart.points {
        let at = (scale.x(point.x), y(point.y));
        shapes.push(Shape::Dot { at, radius: 2.4, colour: look.accent });
    }
    shapes.extend(scale.x_axis(&chart.frame));
    let means: Vec<&str> = chart.points.iter().map(|point| point.label.as_str()).collect();
    let alt = format!("{about} {}.", means.join("; "));
    Figure { width, height: y(chart.frame.height) + 2.0, shapes, alt }
}

/// Hosts by pages and mean score.
pub(super) fn scatter(chart: &Scatter, width: f32, look: Look) -> Figure {
    let scale = Scale { width, look };
    let mut shapes = scale.y_axis(&chart.frame);
    shapes.extend(scale.x_axis(&chart.frame));
    for dot in &chart.dots {
        let at = (scale.x(dot.x), y(dot.y));
        shapes.push(Shape::Dot { at, radius: 2.6, colour: look.accent });
        if let Some(name) = &dot.name {
            let place = (scale.x(name.x), y(name.y) + 2.6);
            shapes.push(scale.text(place.0, place.1, &name.text, anchor(name.anchor)));
        }
    }
    let hosts: Vec<&str> = chart.dots.iter().map(|dot| dot.about.as_str()).collect();
    let alt = format!("Hosts by pages and mean score. {}.", hosts.join("; "));
    Figure { width, height: y(chart.frame.height) + 2.0, shapes, alt }
}

/// One page's scores over the runs, as high as a line of text.
pub(super) fn sparkline(chart: &Sparkline, width: f32, look: Look) -> Figure {
    let scale = Scale { width, look };
    let mut shapes: Vec<Shape> =
        chart.lines.iter().map(|line| segment(line, scale, look.accent)).collect();
    shapes.extend(chart.dots.iter().map(|(x, at)| Shape::Dot {
        at: (scale.x(*x), y(*at)),
        radius: 1.8,
        colour: look.accent,
    }));
    Figure { width, height: y(chart.height), shapes, alt: chart.about.clone() }
}

fn segment(line: &Segment, scale: Scale, colour: jarvix_pdf::Colour) -> Shape {
    let from = (scale.x(line.x1), y(line.y1));
    let to = (scale.x(line.x2), y(line.y2));
    Shape::Line { from, to, colour, width: 1.3 }
}
