//! What stands on a page before it is written: a list of things to draw, in the order of reading,
//! each with the node of the structure that it belongs to.

use std::rc::Rc;

use crate::face::FaceId;
use crate::logo::Logo;
use crate::shape::Glyph;
use crate::tags::NodeId;

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Black.
    pub const BLACK: Self = Self(0, 0, 0);
    /// White.
    pub const WHITE: Self = Self(255, 255, 255);
}

/// To a twentieth of a point: nobody sees more, and digits take room.
pub(crate) fn rounded(points: f32) -> f32 {
    (points * 20.0).round() / 20.0
}

/// A rectangle; lengths are in points, from the top left of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// Glyphs of one face, size and colour on one line.
#[derive(Debug, Clone)]
pub(crate) struct TextRun {
    /// The left end of the baseline.
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) size: f32,
    pub(crate) colour: Colour,
    pub(crate) face: FaceId,
    /// Their bytes are those of the line.
    pub(crate) glyphs: Vec<Glyph>,
    /// The line's text.
    pub(crate) text: Rc<str>,
}

/// Something to draw.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Text(TextRun),
    /// A polygon that is filled.
    Fill {
        points: Vec<(f32, f32)>,
        colour: Colour,
    },
    /// A picture.
    Logo {
        logo: Logo,
        area: Rect,
    },
    /// Lines that are drawn.
    Stroke {
        lines: Vec<[(f32, f32); 2]>,
        colour: Colour,
        width: f32,
    },
}

/// What something on a page is to a reader who does not see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Decoration.
    Layout,
    /// The line at the foot of each page.
    Footer,
    /// A part of the document.
    Node(NodeId),
}

/// An area that leads somewhere.
#[derive(Debug, Clone)]
pub(crate) struct LinkArea {
    pub(crate) area: Rect,
    pub(crate) url: Rc<str>,
    pub(crate) node: NodeId,
}

/// A page.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) ops: Vec<(Mark, Op)>,
    pub(crate) links: Vec<LinkArea>,
}

impl Op {
    /// A filled rectangle.
    pub(crate) fn rect(area: Rect, colour: Colour) -> Self {
        let (left, top) = (area.x, area.y);
        let (right, bottom) = (left + area.width, top + area.height);
        Self::Fill {
            points: vec![(left, top), (right, top), (right, bottom), (left, bottom)],
            colour,
        }
    }

    /// A line.
    pub(crate) fn line(from: (f32, f32), to: (f32, f32), colour: Colour, width: f32) -> Self {
        Self::Stroke { lines: vec![[from, to]], colour, width }
    }
}
