//! Pages to bytes: everything that was placed goes to the PDF writer, piece by piece with its tag.

use std::ops::Range;

use krilla::action::LinkAction;
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect as KrillaRect, Size, Transform};
use krilla::metadata::Metadata as KrillaMetadata;
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::{Location, Surface};
use krilla::tagging::{Artifact, ArtifactType, ContentTag, SpanTag};
use krilla::text::GlyphId;
use krilla::{Document, SerializeSettings};

use crate::PdfError;
use crate::document::{Entry, Setup};
use crate::draw::{Colour, Mark, Op, Rect, Sheet, TextRun, rounded};
use crate::face::Fonts;
use crate::logo::Logo;
use crate::shape::Glyph;
use crate::tags::Tree;

/// Writes the pages.
pub(crate) fn pdf(
    fonts: &Fonts,
    setup: &Setup,
    sheets: &[Sheet],
    mut tree: Tree,
    outline: &[Entry],
) -> Result<Vec<u8>, PdfError> {
    let settings = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1);
    let configuration = settings.finish().map_err(refused)?;
    // Packing compresses what is to be compressed.
    let compress_content_streams = false;
    let settings = SerializeSettings {
        configuration,
        compress_content_streams,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    document.set_metadata(metadata(setup));
    let (width, height) = setup.paper.size();
    let size = Size::from_wh(width, height).ok_or_else(|| refused("a page without size"))?;
    for sheet in sheets {
        let mut page = document.start_page_with(PageSettings::new(size));
        let mut surface = page.surface();
        ops(fonts, &mut surface, sheet, &mut tree);
        surface.finish();
        for link in &sheet.links {
            let Some(area) = rect(link.area) else { continue };
            let target = Target::Action(LinkAction::new(link.url.to_string()).into());
            let annotation = LinkAnnotation::new(area, target);
            let annotation = Annotation::new_link(annotation, Some(link.url.to_string()));
            let identifier = page.add_tagged_annotation(annotation);
            tree.content(link.node, identifier);
        }
        page.finish();
    }
    document.set_outline(entries(outline));
    document.set_tag_tree(tree.into_tags(&setup.metadata.language));
    document.finish().map(crate::pack::packed).map_err(refused)
}

fn refused(reason: impl std::fmt::Debug) -> PdfError {
    PdfError::Write { reason: format!("{reason:?}") }
}

fn metadata(setup: &Setup) -> KrillaMetadata {
    let facts = &setup.metadata;
    let mut metadata = KrillaMetadata::new()
        .title(facts.title.clone())
        .creator(facts.creator.clone())
        .producer(facts.creator.clone())
        .language(facts.language.clone());
    if !facts.subject.is_empty() {
        metadata = metadata.description(facts.subject.clone());
    }
    match facts.moment() {
        Some(moment) => metadata.creation_date(moment),
        None => metadata,
    }
}

/// Draws what stands on a page; neighbours of one mark are one piece of content, and neighbours of one
/// look one path.
fn ops(fonts: &Fonts, surface: &mut Surface<'_>, sheet: &Sheet, tree: &mut Tree) {
    let mut open: Option<Mark> = None;
    let mut at = 0;
    while let Some((mark, op)) = sheet.ops.get(at) {
        if open != Some(*mark) {
            if open.is_some() {
                surface.end_tagged();
            }
            begin(surface, *mark, op, tree);
            open = Some(*mark);
        }
        at += match op {
            Op::Fill { colour, .. } => {
                let alike = sheet.ops[at..].iter().map_while(|(other, op)| match op {
                    Op::Fill { points, colour: c } if other == mark && c == colour => Some(points),
                    _ => None,
                });
                let polygons: Vec<_> = alike.collect();
                filled(surface, &polygons, *colour);
                polygons.len()
            }
            _ => {
                draw(fonts, surface, op);
                1
            }
        };
    }
    if open.is_some() {
        surface.end_tagged();
    }
}

/// Fills polygons that do not cross each other.
fn filled(surface: &mut Surface<'_>, polygons: &[&Vec<(f32, f32)>], colour: Colour) {
    let mut path = PathBuilder::new();
    for points in polygons {
        let mut points = points.iter();
        if let Some((x, y)) = points.next() {
            path.move_to(rounded(*x), rounded(*y));
        }
        points.for_each(|(x, y)| path.line_to(rounded(*x), rounded(*y)));
        path.close();
    }
    surface.set_stroke(None);
    surface.set_fill(Some(fill(colour)));
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

fn begin(surface: &mut Surface<'_>, mark: Mark, op: &Op, tree: &mut Tree) {
    match mark {
        Mark::Layout | Mark::Footer => {
            let kind = match mark {
                Mark::Footer => ArtifactType::Footer,
                _ => ArtifactType::Layout,
            };
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
        }
        Mark::Node(node) => {
            let tag = match op {
                Op::Text(_) => ContentTag::Span(SpanTag::empty()),
                _ => ContentTag::Other,
            };
            let identifier = surface.start_tagged(tag);
            tree.content(node, identifier);
        }
    }
}

fn draw(fonts: &Fonts, surface: &mut Surface<'_>, op: &Op) {
    match op {
        Op::Text(run) => text(fonts, surface, run),
        Op::Fill { points, colour } => filled(surface, &[points], *colour),
        Op::Logo { logo, area } => picture(surface, logo, *area),
        Op::Stroke { lines, colour, width } => {
            let mut path = PathBuilder::new();
            for [from, to] in lines {
                path.move_to(rounded(from.0), rounded(from.1));
                path.line_to(rounded(to.0), rounded(to.1));
            }
            surface.set_fill(None);
            let paint = rgb::Color::new(colour.0, colour.1, colour.2).into();
            surface.set_stroke(Some(Stroke { paint, width: *width, ..Stroke::default() }));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
            surface.set_stroke(None);
        }
    }
}

fn picture(surface: &mut Surface<'_>, logo: &Logo, area: Rect) {
    if let (Some(image), Some(size)) = (logo.image(), Size::from_wh(area.width, area.height)) {
        surface.push_transform(&Transform::from_translate(area.x, area.y));
        surface.draw_image(image.clone(), size);
        surface.pop();
        return;
    }
    let scale = logo.scale(area.width);
    let part = |share: f32| NormalizedF32::new(share.clamp(0.0, 1.0)).unwrap_or(NormalizedF32::ONE);
    for shape in logo.shapes() {
        let Some(path) = shape.path((area.x, area.y), scale) else { continue };
        surface.set_fill(shape.fill.map(|(colour, opacity, even_odd)| {
            let rule = if even_odd { FillRule::EvenOdd } else { FillRule::NonZero };
            Fill { opacity: part(opacity), rule, ..fill(colour) }
        }));
        surface.set_stroke(shape.stroke.map(|(colour, opacity, width)| {
            let paint = rgb::Color::new(colour.0, colour.1, colour.2).into();
            let width = width * scale;
            Stroke { paint, width, opacity: part(opacity), ..Stroke::default() }
        }));
        if shape.fill.is_some() || shape.stroke.is_some() {
            surface.draw_path(&path);
        }
    }
    surface.set_stroke(None);
}

fn fill(colour: Colour) -> Fill {
    let paint = rgb::Color::new(colour.0, colour.1, colour.2).into();
    Fill { paint, opacity: NormalizedF32::ONE, ..Fill::default() }
}

fn text(fonts: &Fonts, surface: &mut Surface<'_>, run: &TextRun) {
    surface.set_stroke(None);
    surface.set_fill(Some(fill(run.colour)));
    let font = fonts.face(run.face).krilla.clone();
    let start = Point::from_xy(run.x, run.y);
    surface.draw_glyphs(start, &run.glyphs, font, &run.text, run.size, false);
}

impl krilla::text::Glyph for Glyph {
    fn glyph_id(&self) -> GlyphId {
        GlyphId::new(self.id)
    }

    fn text_range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    fn x_advance(&self, size: f32) -> f32 {
        self.advance * size
    }

    fn x_offset(&self, size: f32) -> f32 {
        self.x * size
    }

    fn y_offset(&self, size: f32) -> f32 {
        self.y * size
    }

    fn y_advance(&self, _size: f32) -> f32 {
        0.0
    }

    fn location(&self) -> Option<Location> {
        None
    }
}

fn rect(area: Rect) -> Option<KrillaRect> {
    let (left, top) = (rounded(area.x), rounded(area.y));
    let (right, bottom) = (rounded(area.x + area.width), rounded(area.y + area.height));
    KrillaRect::from_ltrb(left, top, right, bottom)
}

/// The outline as a tree of two levels.
fn entries(outline: &[Entry]) -> Outline {
    let mut all = Outline::new();
    let mut open: Option<OutlineNode> = None;
    for entry in outline {
        let place = XyzDestination::new(entry.sheet, Point::from_xy(0.0, entry.y));
        let node = OutlineNode::new(entry.title.clone(), place);
        match &mut open {
            Some(parent) if entry.level > 1 => parent.push_child(node),
            _ => {
                if let Some(done) = open.replace(node) {
                    all.push_child(done);
                }
            }
        }
    }
    if let Some(done) = open {
        all.push_child(done);
    }
    all
}
