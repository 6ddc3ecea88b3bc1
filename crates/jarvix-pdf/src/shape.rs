//! Words to glyphs. Shaping is most of the work of a page, and reports repeat their words: what was
//! shaped is remembered, within a bound.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use harfrust::{Direction, Feature, ShapeOptions, Tag, UnicodeBuffer};
use skrifa::MetadataProvider;
use unicode_width::UnicodeWidthChar;

use crate::face::{FaceId, Fonts};

/// Words that are remembered; beyond that all are forgotten.
const WORDS_MAX: usize = 32 * 1024;
/// Longer words are not remembered.
const WORD_BYTES_MAX: usize = 64;

/// How far a glyph may stand above or below its place, in em.
const RAISED_MAX: f32 = 0.3;

/// Letters are moved towards each other from this size on, in points. Below it nobody sees the
/// difference, and a fifth of a document would be about it.
const KERNED_FROM: f32 = 11.0;

/// A glyph. Lengths are in em.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glyph {
    pub(crate) id: u32,
    pub(crate) advance: f32,
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// The bytes of its word, or of its line once it is placed, that it stands for.
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Glyphs of one face, from left to right.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) face: FaceId,
    pub(crate) glyphs: Vec<Glyph>,
}

/// A shaped word: runs from left to right.
#[derive(Debug, Default)]
pub(crate) struct Word {
    pub(crate) runs: Vec<Run>,
    /// In em.
    pub(crate) width: f32,
}

/// Sets text in fonts, and remembers words. Each thread has its own; documents that are made one after
/// the other share it.
pub struct Typesetter {
    fonts: Arc<Fonts>,
    words: [HashMap<Box<str>, Rc<Word>>; 8],
    buffer: Option<UnicodeBuffer>,
}

impl Typesetter {
    /// One that knows nothing yet.
    pub fn new(fonts: Arc<Fonts>) -> Self {
        Self { fonts, words: Default::default(), buffer: None }
    }

    pub(crate) fn fonts(&self) -> &Fonts {
        &self.fonts
    }

    /// The glyphs of `word`, which has one direction, for letters of so many points.
    pub(crate) fn word(&mut self, word: &str, bold: bool, size: f32, rtl: bool) -> Rc<Word> {
        let kerned = size >= KERNED_FROM || rtl;
        let place = usize::from(bold) + 2 * usize::from(rtl) + 4 * usize::from(kerned);
        if let Some(known) = self.words[place].get(word) {
            return Rc::clone(known);
        }
        let shaped = Rc::new(self.shape(word, bold, kerned, rtl));
        if word.len() <= WORD_BYTES_MAX {
            if self.words[place].len() >= WORDS_MAX {
                self.words[place].clear();
            }
            self.words[place].insert(word.into(), Rc::clone(&shaped));
        }
        shaped
    }

    fn shape(&mut self, word: &str, bold: bool, kerned: bool, rtl: bool) -> Word {
        let own = if bold { FaceId::Bold } else { FaceId::Regular };
        let mut runs = Vec::new();
        for (range, face) in self.faces(word, own) {
            let text = &word[range.clone()];
            let glyphs = match face {
                Some(face) => self.glyphs(text, range.start, face, kerned, rtl),
                None => self.boxes(text, range.start, own),
            };
            runs.push(Run { face: face.unwrap_or(own), glyphs });
        }
        if rtl {
            runs.reverse();
        }
        let width = runs.iter().flat_map(|run| &run.glyphs).map(|glyph| glyph.advance).sum();
        Word { runs, width }
    }

    /// The word cut by the faces that have its characters; `None` for those that no face has.
    fn faces(&self, word: &str, own: FaceId) -> Vec<(std::ops::Range<usize>, Option<FaceId>)> {
        let mut cuts: Vec<(std::ops::Range<usize>, Option<FaceId>)> = Vec::new();
        for (at, c) in word.char_indices() {
            let end = at + c.len_utf8();
            let face = match cuts.last() {
                // Marks and joiners stay with what they belong to.
                Some((_, last)) if c.width().unwrap_or(0) == 0 => *last,
                _ => self.face_of(c, own),
            };
            match cuts.last_mut() {
                Some((range, last)) if *last == face => range.end = end,
                _ => cuts.push((at..end, face)),
            }
        }
        cuts
    }

    fn face_of(&self, c: char, own: FaceId) -> Option<FaceId> {
        if self.fonts.face(own).has(c) {
            return Some(own);
        }
        self.fonts.of_system(c, own == FaceId::Bold)
    }

    fn glyphs(
        &mut self,
        text: &str,
        offset: usize,
        id: FaceId,
        kerned: bool,
        rtl: bool,
    ) -> Vec<Glyph> {
        let fonts = Arc::clone(&self.fonts);
        let face = fonts.face(id);
        let Some(font) = face.font() else { return Vec::new() };
        let mut buffer = self.buffer.take().unwrap_or_default();
        buffer.push_str(text);
        buffer.set_direction(if rtl { Direction::RightToLeft } else { Direction::LeftToRight });
        buffer.guess_segment_properties();
        let options = ShapeOptions::new();
        let unkerned = [Feature::new(Tag::new(b"kern"), 0, ..)];
        let options = if kerned { options } else { options.features(&unkerned) };
        let shaped = face.shaper.shaper(&font).build().shape(buffer, options);
        let em = |units: i32| units as f32 / face.units_per_em;
        let mut starts: Vec<u32> = shaped.glyph_infos().iter().map(|info| info.cluster).collect();
        starts.sort_unstable();
        starts.dedup();
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let offset = u32::try_from(offset).unwrap_or(0);
        let both = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
        let glyphs = both.map(|(info, position)| {
            let next = starts.partition_point(|start| *start <= info.cluster);
            Glyph {
                // A glyph that the font lacks after all is a box, too.
                id: if info.glyph_id == 0 { face.box_glyph.unwrap_or(0) } else { info.glyph_id },
                advance: em(position.x_advance),
                x: em(position.x_offset),
                // A mark stays within its line.
                y: em(position.y_offset).clamp(-RAISED_MAX, RAISED_MAX),
                start: offset + info.cluster,
                end: offset + starts.get(next).copied().unwrap_or(length),
            }
        });
        let glyphs = glyphs.collect();
        self.buffer = Some(shaped.clear());
        glyphs
    }

    /// A box for each character, but for those that are not seen anyway.
    fn boxes(&self, text: &str, offset: usize, own: FaceId) -> Vec<Glyph> {
        let face = self.fonts.face(own);
        let advance = face.font().and_then(|font| {
            let size = skrifa::instance::Size::unscaled();
            let metrics = font.glyph_metrics(size, skrifa::instance::LocationRef::default());
            metrics.advance_width(skrifa::GlyphId::new(face.box_glyph?))
        });
        let (Some(id), Some(advance)) = (face.box_glyph, advance) else { return Vec::new() };
        let advance = advance / face.units_per_em;
        let mut glyphs: Vec<Glyph> = Vec::new();
        for (at, c) in text.char_indices() {
            let start = u32::try_from(offset + at).unwrap_or(0);
            let end = start + c.len_utf8() as u32;
            match glyphs.last_mut() {
                Some(last) if c.width().unwrap_or(0) == 0 => last.end = end,
                _ => glyphs.push(Glyph { id, advance, x: 0.0, y: 0.0, start, end }),
            }
        }
        glyphs
    }
}
