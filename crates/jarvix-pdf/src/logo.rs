//! A picture of whoever a document is from: PNG, or SVG of plain shapes.
//!
//! What it refuses to do: load anything that a picture points to, or draw half of one: an SVG with
//! text, gradients, pictures, masks or filters is refused with a reason.

use krilla::geom::PathBuilder;
use krilla::image::Image;
use usvg::tiny_skia_path::PathSegment;

use crate::draw::Colour;

/// Largest file, in bytes.
pub const LOGO_BYTES_MAX: usize = 512 * 1024;
/// Most pixels of a side.
const SIDE_MAX: u32 = 4_096;
/// Most shapes of an SVG.
const SHAPES_MAX: usize = 2_000;

/// Why a file cannot be a logo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {help}")]
pub struct LogoError {
    /// What is wrong with it.
    pub problem: String,
    /// What to do.
    pub help: &'static str,
}

/// A picture that can be drawn.
#[derive(Debug, Clone)]
pub struct Logo {
    content: Content,
    width: f32,
    height: f32,
    source: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Content {
    Png(Image),
    Shapes(Vec<LogoShape>),
}

/// A shape of an SVG, in its own units.
#[derive(Debug, Clone)]
pub(crate) struct LogoShape {
    segments: Vec<PathSegment>,
    pub(crate) fill: Option<(Colour, f32, bool)>,
    pub(crate) stroke: Option<(Colour, f32, f32)>,
}

impl PartialEq for Logo {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

fn refused(problem: impl Into<String>, help: &'static str) -> LogoError {
    LogoError { problem: problem.into(), help }
}

impl Logo {
    /// Reads a PNG or an SVG.
    pub fn read(bytes: &[u8]) -> Result<Self, LogoError> {
        if bytes.len() > LOGO_BYTES_MAX {
            let problem = format!("it has {} bytes", bytes.len());
            return Err(refused(problem, "a logo has at most 512 KiB: make it smaller"));
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Self::png(bytes);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("<svg") => Self::svg(text),
            _ => Err(refused("it is neither PNG nor SVG", "give a PNG or an SVG")),
        }
    }

    fn png(bytes: &[u8]) -> Result<Self, LogoError> {
        let help = "give a PNG of at most 4,096 by 4,096 pixels";
        // Checked before anything is unpacked: the header says the size.
        let side = |at: usize| {
            let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_be_bytes(bytes))
        };
        let (Some(width), Some(height)) = (side(16), side(20)) else {
            return Err(refused("its header is cut off", help));
        };
        if width == 0 || height == 0 || width > SIDE_MAX || height > SIDE_MAX {
            return Err(refused(format!("it has {width} by {height} pixels"), help));
        }
        let image = Image::from_png(bytes.to_vec().into(), false)
            .map_err(|reason| refused(format!("it cannot be read as PNG: {reason}"), help))?;
        let (width, height) = (width as f32, height as f32);
        Ok(Self { content: Content::Png(image), width, height, source: bytes.to_vec() })
    }

    fn svg(text: &str) -> Result<Self, LogoError> {
        let help = "give an SVG of plain shapes, or a PNG";
        let tree = usvg::Tree::from_str(text, &usvg::Options::default())
            .map_err(|reason| refused(format!("it cannot be read as SVG: {reason}"), help))?;
        // The reader drops texts that it has no fonts for, so they are looked for here.
        for element in ["<text", "<image", "<foreignObject", "<script"] {
            if text.contains(element) {
                return Err(refused(format!("it has a {}> in it", element), help));
            }
        }
        // Nothing of it acts in an image, and nothing that might is passed on.
        let acts = |name: &str| name.to_ascii_lowercase().starts_with("on");
        let document = usvg::roxmltree::Document::parse(text)
            .map_err(|reason| refused(format!("it cannot be read as SVG: {reason}"), help))?;
        let mut attributes = document.descendants().flat_map(|node| node.attributes());
        if let Some(found) = attributes.find(|one| acts(one.name())) {
            return Err(refused(format!("it has the handler {} in it", found.name()), help));
        }
        let mut shapes = Vec::new();
        group(tree.root(), 1.0, &mut shapes)?;
        if shapes.is_empty() {
            return Err(refused("there is no shape in it", help));
        }
        let (width, height) = (tree.size().width(), tree.size().height());
        let source = text.as_bytes().to_vec();
        Ok(Self { content: Content::Shapes(shapes), width, height, source })
    }

    /// The file.
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    /// Its media type.
    pub fn media_type(&self) -> &'static str {
        match self.content {
            Content::Png(_) => "image/png",
            Content::Shapes(_) => "image/svg+xml",
        }
    }

    /// Width and height where it fits into so much room, in points.
    pub fn fitted(&self, width_max: f32, height_max: f32) -> (f32, f32) {
        let scale = (width_max / self.width).min(height_max / self.height);
        (self.width * scale, self.height * scale)
    }

    pub(crate) fn image(&self) -> Option<&Image> {
        match &self.content {
            Content::Png(image) => Some(image),
            Content::Shapes(_) => None,
        }
    }

    pub(crate) fn shapes(&self) -> &[LogoShape] {
        match &self.content {
            Content::Png(_) => &[],
            Content::Shapes(shapes) => shapes,
        }
    }

    /// Points of one unit of the picture, where it is so wide.
    pub(crate) fn scale(&self, width: f32) -> f32 {
        width / self.width
    }
}

fn group(group: &usvg::Group, opacity: f32, shapes: &mut Vec<LogoShape>) -> Result<(), LogoError> {
    let help = "give an SVG of plain shapes, or a PNG";
    let odd = [
        (group.clip_path().is_some(), "a clip path"),
        (group.mask().is_some(), "a mask"),
        (!group.filters().is_empty(), "a filter"),
    ];
    if let Some((_, what)) = odd.iter().find(|(there, _)| *there) {
        return Err(refused(format!("it has {what} in it"), help));
    }
    let opacity = opacity * group.opacity().get();
    for node in group.children() {
        match node {
            usvg::Node::Group(inner) => self::group(inner, opacity, shapes)?,
            usvg::Node::Path(path) if path.is_visible() => shapes.push(shape(path, opacity)?),
            usvg::Node::Path(_) => {}
            _ => return Err(refused("it has text or a picture in it", help)),
        }
        if shapes.len() > SHAPES_MAX {
            return Err(refused("it has more than 2,000 shapes", help));
        }
    }
    Ok(())
}

fn shape(path: &usvg::Path, opacity: f32) -> Result<LogoShape, LogoError> {
    let colour = |paint: &usvg::Paint| match paint {
        usvg::Paint::Color(colour) => Ok(Colour(colour.red, colour.green, colour.blue)),
        _ => Err(refused(
            "it has a gradient or a pattern in it",
            "give an SVG of plain shapes, or a PNG",
        )),
    };
    let transform = path.abs_transform();
    let fill = path.fill().map(|fill| {
        let even_odd = fill.rule() == usvg::FillRule::EvenOdd;
        Ok((colour(fill.paint())?, fill.opacity().get() * opacity, even_odd))
    });
    let stroke = path.stroke().map(|stroke| {
        let width = stroke.width().get() * transform.get_scale().0;
        Ok((colour(stroke.paint())?, stroke.opacity().get() * opacity, width))
    });
    let placed = path.data().clone().transform(transform);
    let placed = placed.ok_or_else(|| refused("it has a shape without size", "give a PNG"))?;
    Ok(LogoShape {
        segments: placed.segments().collect(),
        fill: fill.transpose()?,
        stroke: stroke.transpose()?,
    })
}

impl LogoShape {
    /// The shape at a place of the page.
    pub(crate) fn path(&self, (x, y): (f32, f32), scale: f32) -> Option<krilla::geom::Path> {
        let mut path = PathBuilder::new();
        let at = |point: &usvg::tiny_skia_path::Point| (x + point.x * scale, y + point.y * scale);
        for segment in &self.segments {
            match segment {
                PathSegment::MoveTo(to) => path.move_to(at(to).0, at(to).1),
                PathSegment::LineTo(to) => path.line_to(at(to).0, at(to).1),
                PathSegment::QuadTo(a, to) => path.quad_to(at(a).0, at(a).1, at(to).0, at(to).1),
                PathSegment::CubicTo(a, b, to) => {
                    path.cubic_to(at(a).0, at(a).1, at(b).0, at(b).1, at(to).0, at(to).1);
                }
                PathSegment::Close => path.close(),
            }
        }
        path.finish()
    }
}
