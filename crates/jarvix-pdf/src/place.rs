//! Lines to a page: pieces from left to right, glyphs of one look together, links with the areas that
//! they cover.

use std::ops::Range;
use std::rc::Rc;

use unicode_bidi::Level;

use crate::draw::{LinkArea, Mark, Op, Rect, Sheet, TextRun, rounded};
use crate::lines::{ASCENT, ELLIPSIS, LEADING, Line, Lines, Piece, Style};
use crate::shape::{Glyph, Run};
use crate::tags::{NodeId, Role, Tree};

impl Lines {
    /// Draws the lines `range` with their top left at `(x, y)`; links become nodes below the mark's.
    pub(crate) fn draw(
        &self,
        range: Range<usize>,
        (x, y): (f32, f32),
        mark: Mark,
        tree: &mut Tree,
        sheet: &mut Sheet,
    ) {
        let mut top = y;
        for at in range {
            let line = &self.lines[at];
            let baseline = top + self.size(at) * ASCENT;
            let left = if self.align_right { x + (self.width - line.width).max(0.0) } else { x };
            self.draw_line(line, (left, baseline), mark, tree, sheet);
            top += self.line_height(at);
        }
    }

    fn draw_line(
        &self,
        line: &Line,
        (left, baseline): (f32, f32),
        mark: Mark,
        tree: &mut Tree,
        sheet: &mut Sheet,
    ) {
        let (Some(first), Some(last)) = (line.pieces.first(), line.pieces.last()) else { return };
        let is_cut = last.text.is_empty();
        let end = line.pieces.iter().map(|piece| piece.text.end).max().unwrap_or(0);
        let start = first.text.start;
        let mut text = self.text[start..end].to_owned();
        if is_cut {
            text.push_str(ELLIPSIS);
        }
        let text: Rc<str> = text.into();
        let mut x = left;
        let mut links: Vec<(usize, NodeId)> = Vec::new();
        for piece in visual(&line.pieces) {
            let (style, link) = &self.styles[piece.span];
            let mark = match (link, mark) {
                (Some(url), Mark::Node(parent)) => {
                    let known = links.iter().find(|(span, _)| *span == piece.span);
                    let node =
                        known.map_or_else(|| tree.node(Role::Link, Some(parent)), |(_, n)| *n);
                    if known.is_none() {
                        links.push((piece.span, node));
                    }
                    let area = Rect {
                        x,
                        y: baseline - style.size * ASCENT,
                        width: piece.width,
                        height: style.size * LEADING,
                    };
                    link_area(sheet, area, url, node);
                    Mark::Node(node)
                }
                _ => mark,
            };
            let offset = if piece.text.is_empty() {
                // The ellipsis stands for itself, at the end of the line's text.
                end - start
            } else {
                piece.text.start - start
            };
            let mut at = x;
            for run in &piece.word.runs {
                let width = run.glyphs.iter().map(|glyph| glyph.advance).sum::<f32>() * style.size;
                place(sheet, mark, *style, run, (at, baseline), width, offset, &text);
                at += width;
            }
            x += piece.width;
        }
    }
}

/// One area for neighbours that lead to the same place.
fn link_area(sheet: &mut Sheet, area: Rect, url: &Rc<str>, node: NodeId) {
    match sheet.links.last_mut() {
        Some(last) if last.node == node && (last.area.x + last.area.width - area.x).abs() < 0.5 => {
            last.area.width += area.width;
        }
        _ => sheet.links.push(LinkArea { area, url: Rc::clone(url), node }),
    }
}

/// Draws a run, as part of the one before where that goes on.
#[allow(clippy::too_many_arguments)]
fn place(
    sheet: &mut Sheet,
    mark: Mark,
    style: Style,
    run: &Run,
    (x, y): (f32, f32),
    width: f32,
    offset: usize,
    text: &Rc<str>,
) {
    let offset = u32::try_from(offset).unwrap_or(0);
    let glyphs = run.glyphs.iter().map(|glyph| Glyph {
        start: offset + glyph.start,
        end: offset + glyph.end,
        ..*glyph
    });
    if let Some((last_mark, Op::Text(last))) = sheet.ops.last_mut()
        && *last_mark == mark
        && Rc::ptr_eq(&last.text, text)
        && (last.face, last.size, last.colour) == (run.face, style.size, style.colour)
        && last.y == rounded(y)
    {
        last.glyphs.extend(glyphs);
        last.width += width;
        return;
    }
    let (size, colour, face) = (style.size, style.colour, run.face);
    let (x, y) = (rounded(x), rounded(y));
    let glyphs = glyphs.collect();
    let run = TextRun { x, y, width, size, colour, face, glyphs, text: Rc::clone(text) };
    sheet.ops.push((mark, Op::Text(run)));
}

/// The pieces from left to right (rule L2).
fn visual(pieces: &[Piece]) -> Vec<&Piece> {
    let mut order: Vec<&Piece> = pieces.iter().collect();
    let highest = pieces.iter().map(|piece| piece.level).max().unwrap_or(Level::ltr());
    for level in (1..=highest.number()).rev() {
        let mut at = 0;
        while at < order.len() {
            let length = order[at..].iter().take_while(|p| p.level.number() >= level).count();
            order[at..at + length].reverse();
            at += length.max(1);
        }
    }
    order
}
