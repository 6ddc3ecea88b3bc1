//! Figures: shapes and short texts at places that whoever draws a chart has computed, in points.
//!
//! What it refuses to do: decide what a chart looks like, or draw beyond the figure's own area.

use crate::draw::{Colour, Mark, Op, Rect, Sheet};
use crate::lines::{Lines, Paragraph, Style};
use crate::logo::Logo;
use crate::shape::Typesetter;
use crate::tags::Tree;

/// How an area is filled, so that areas differ without colour, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// All of it.
    Solid,
    /// Slanted lines.
    Hatched,
    /// Dots.
    Dotted,
    /// An outline alone.
    Outline,
}

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// Something in a figure. Places count from its top left.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A filled rectangle.
    Rect {
        /// Left edge.
        x: f32,
        /// Top edge.
        y: f32,
        /// Width.
        width: f32,
        /// Height.
        height: f32,
        /// Its colour.
        colour: Colour,
        /// How it is filled.
        pattern: Pattern,
    },
    /// A line.
    Line {
        /// One end.
        from: (f32, f32),
        /// The other end.
        to: (f32, f32),
        /// Its colour.
        colour: Colour,
        /// How thick it is.
        width: f32,
    },
    /// A filled polygon.
    Area {
        /// Its corners.
        points: Vec<(f32, f32)>,
        /// Its colour.
        colour: Colour,
    },
    /// A dot.
    Dot {
        /// Its middle.
        at: (f32, f32),
        /// From its middle to its edge.
        radius: f32,
        /// Its colour.
        colour: Colour,
    },
    /// A picture.
    Logo {
        /// Left edge.
        x: f32,
        /// Top edge.
        y: f32,
        /// Width; the height follows.
        width: f32,
        /// The picture.
        logo: Logo,
    },
    /// A text on one line.
    Text {
        /// Where its end stands that `anchor` names.
        x: f32,
        /// Its baseline.
        y: f32,
        /// The text.
        text: String,
        /// How it looks.
        style: Style,
        /// Which end stands at `x`.
        anchor: Anchor,
        /// It is cut with an ellipsis where it is wider.
        width_max: f32,
    },
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figure {
    /// Its width.
    pub width: f32,
    /// Its height.
    pub height: f32,
    /// What is drawn, from back to front.
    pub shapes: Vec<Shape>,
    /// What it shows, for those who do not see it; empty for decoration.
    pub alt: String,
}

/// Between the lines of a hatched area.
const HATCH: f32 = 3.2;
/// Between the dots of a dotted area.
const DOTS: f32 = 3.6;

impl Figure {
    pub(crate) fn draw(
        &self,
        setter: &mut Typesetter,
        (left, top): (f32, f32),
        mark: Mark,
        tree: &mut Tree,
        sheet: &mut Sheet,
    ) {
        for shape in &self.shapes {
            match shape {
                Shape::Rect { x, y, width, height, colour, pattern } => {
                    let area = Rect { x: left + x, y: top + y, width: *width, height: *height };
                    sheet
                        .ops
                        .extend(filled(area, *colour, *pattern).into_iter().map(|op| (mark, op)));
                }
                Shape::Line { from, to, colour, width } => {
                    let moved = |(x, y): (f32, f32)| (left + x, top + y);
                    sheet.ops.push((mark, Op::line(moved(*from), moved(*to), *colour, *width)));
                }
                Shape::Area { points, colour } => {
                    let points = points.iter().map(|(x, y)| (left + x, top + y)).collect();
                    sheet.ops.push((mark, Op::Fill { points, colour: *colour }));
                }
                Shape::Dot { at, radius, colour } => {
                    let points = (0..12).map(|step| {
                        let (sin, cos) = (std::f32::consts::TAU * step as f32 / 12.0).sin_cos();
                        (left + at.0 + radius * cos, top + at.1 + radius * sin)
                    });
                    sheet.ops.push((mark, Op::Fill { points: points.collect(), colour: *colour }));
                }
                Shape::Logo { x, y, width, logo } => {
                    let (width, height) = logo.fitted(*width, f32::INFINITY);
                    let area = Rect { x: left + x, y: top + y, width, height };
                    sheet.ops.push((mark, Op::Logo { logo: logo.clone(), area }));
                }
                Shape::Text { x, y, text, style, anchor, width_max } => {
                    let paragraph = Paragraph::new(text.clone(), *style).cut_after(1);
                    let lines = Lines::of(setter, &paragraph, *width_max);
                    let width = lines.widest();
                    let x = left + x
                        - match anchor {
                            Anchor::Start => 0.0,
                            Anchor::Middle => width / 2.0,
                            Anchor::End => width,
                        };
                    let x = if lines.align_right { x - (lines.width - width).max(0.0) } else { x };
                    let at = (x, top + y - style.size * crate::lines::ASCENT);
                    lines.draw(0..lines.count(), at, mark, tree, sheet);
                }
            }
        }
    }
}

/// What is drawn for an area.
pub(crate) fn filled(area: Rect, colour: Colour, pattern: Pattern) -> Vec<Op> {
    if area.width <= 0.0 || area.height <= 0.0 {
        return Vec::new();
    }
    let (right, bottom) = (area.x + area.width, area.y + area.height);
    let lines = match pattern {
        Pattern::Solid => return vec![Op::rect(area, colour)],
        Pattern::Outline => Vec::new(),
        Pattern::Hatched => {
            // Lines from the lower left to the upper right, cut at the edges.
            let steps = ((area.width + area.height) / HATCH) as usize;
            let line = |step: usize| {
                let along = step as f32 * HATCH;
                let from = if along <= area.height {
                    (area.x, area.y + along)
                } else {
                    (area.x + along - area.height, bottom)
                };
                let to = if along <= area.width {
                    (area.x + along, area.y)
                } else {
                    (right, area.y + along - area.width)
                };
                [from, to]
            };
            (1..=steps).map(line).collect()
        }
        Pattern::Dotted => {
            let across = (area.width / DOTS) as usize;
            let down = (area.height / DOTS) as usize;
            let dots = (0..down).flat_map(|row| (0..across).map(move |column| (row, column)));
            let dot = |(row, column): (usize, usize)| {
                let x = area.x + DOTS * (column as f32 + 0.35);
                let y = area.y + DOTS * (row as f32 + 0.5);
                [(x, y), (x + DOTS * 0.35, y)]
            };
            dots.map(dot).collect()
        }
    };
    let corners = [(area.x, area.y), (right, area.y), (right, bottom), (area.x, bottom)];
    let edges = (0..4).map(|at| [corners[at], corners[(at + 1) % 4]]).collect();
    let width = if pattern == Pattern::Dotted { DOTS * 0.35 } else { 0.8 };
    let mut ops = vec![Op::Stroke { lines: edges, colour, width: 0.8 }];
    if !lines.is_empty() {
        ops.push(Op::Stroke { lines, colour, width });
    }
    ops
}
