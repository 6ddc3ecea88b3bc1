//! Paragraphs to lines: directions by the Unicode Bidirectional Algorithm, breaks at spaces, within
//! addresses and between characters of scripts without spaces, and an ellipsis where there is no room
//! for more.
//!
//! What it refuses to do: let a line be wider than it may, whatever stands in it.

use std::ops::Range;
use std::rc::Rc;

use unicode_bidi::{BidiInfo, Level};
use unicode_width::UnicodeWidthChar;

use crate::draw::Colour;
use crate::shape::{Typesetter, Word};

/// How text looks. Sizes are in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Size of the letters.
    pub size: f32,
    /// Whether they are bold.
    pub bold: bool,
    /// Their colour.
    pub colour: Colour,
}

/// A piece of text in one style.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The text; control characters are taken for spaces.
    pub text: String,
    /// How it looks.
    pub style: Style,
    /// Where it leads, if anywhere: an address that was checked.
    pub link: Option<String>,
}

impl Span {
    /// Text that leads nowhere.
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style, link: None }
    }

    /// The same, leading to `link`.
    #[must_use]
    pub fn leading_to(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }
}

/// Where lines stand in their column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Where reading begins: left, or right where the text is written from the right.
    #[default]
    Start,
    /// At the right, for numbers.
    End,
}

/// Text that is set as lines below each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Paragraph {
    /// Its text.
    pub spans: Vec<Span>,
    /// Where its lines stand.
    pub align: Align,
    /// Most lines; more are cut with an ellipsis. 0 is no bound.
    pub lines_max: usize,
}

impl Paragraph {
    /// A paragraph of one style without a bound.
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Self { spans: vec![Span::new(text, style)], ..Self::default() }
    }

    /// The same, cut after so many lines.
    #[must_use]
    pub fn cut_after(mut self, lines_max: usize) -> Self {
        self.lines_max = lines_max;
        self
    }

    /// The same at the right.
    #[must_use]
    pub fn at_end(mut self) -> Self {
        self.align = Align::End;
        self
    }
}

/// From one baseline to the next, in sizes.
pub(crate) const LEADING: f32 = 1.35;
/// From the top of a line to its baseline, in sizes.
pub(crate) const ASCENT: f32 = 1.02;
pub(crate) const ELLIPSIS: &str = "\u{2026}";

/// A piece that no line break divides.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) text: Range<usize>,
    pub(crate) span: usize,
    pub(crate) level: Level,
    pub(crate) word: Rc<Word>,
    /// In points.
    pub(crate) width: f32,
    is_space: bool,
    /// Whether a line may end behind it.
    may_end: bool,
}

/// A line: its pieces in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) width: f32,
}

/// A paragraph that was cut into lines for a width.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) text: Rc<str>,
    pub(crate) styles: Vec<(Style, Option<Rc<str>>)>,
    pub(crate) lines: Vec<Line>,
    pub(crate) align_right: bool,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// Marks that may stand on one character; more would be drawn over the lines above and below.
const MARKS_MAX: usize = 3;

/// Text as it can be set: no controls, nothing that is no character, no towers of marks.
fn clean(text: &str) -> String {
    let mut marks = 0;
    let keep = |c: char| {
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        match c {
            '\u{0}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' => Some(' '),
            '\u{FEFF}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => None,
            // The last two of each plane are no characters.
            c if (c as u32) & 0xFFFE == 0xFFFE || marks > MARKS_MAX => None,
            c => Some(c),
        }
    };
    text.chars().filter_map(keep).collect()
}

fn is_rtl(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}' | '\u{200F}')
}

/// Scripts whose words stand next to each other without spaces: a line may end behind each character.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Words longer than this are addresses or the like.
const LONG_WORD_BYTES: usize = 20;

/// Characters behind which a long address may be broken.
fn joins(c: char) -> bool {
    matches!(c, '/' | '?' | '&' | '=' | '-' | '_' | ',' | ';' | '+' | '|' | '%' | ':')
}

impl Lines {
    /// Cuts `paragraph` into lines of at most `width` points.
    pub(crate) fn of(setter: &mut Typesetter, paragraph: &Paragraph, width: f32) -> Self {
        let mut text = String::new();
        let mut spans: Vec<Range<usize>> = Vec::new();
        for span in &paragraph.spans {
            let start = text.len();
            text.push_str(&clean(&span.text));
            spans.push(start..text.len());
        }
        let styles: Vec<_> = paragraph
            .spans
            .iter()
            .map(|span| (span.style, span.link.as_deref().map(Rc::from)))
            .collect();
        let (levels, base) = levels(&text);
        let mut cut = Cutter {
            setter,
            text: &text,
            styles: &styles,
            base,
            width: width.max(1.0),
            lines: Vec::new(),
        };
        let pieces = cut.pieces(&spans, &levels);
        cut.fill(pieces);
        let lines = cut.bounded(paragraph.lines_max);
        let align_right = base.is_rtl() != (paragraph.align == Align::End);
        let mut all = Self { text: Rc::from(text), styles, lines, align_right, width, height: 0.0 };
        all.height = (0..all.lines.len()).map(|at| all.line_height(at)).sum();
        all
    }

    /// The width of its widest line.
    pub(crate) fn widest(&self) -> f32 {
        self.lines.iter().map(|line| line.width).fold(0.0, f32::max)
    }

    /// How many lines there are.
    pub(crate) fn count(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn size(&self, at: usize) -> f32 {
        let first = self.styles.first().map_or(0.0, |(style, _)| style.size);
        let sizes = self.lines[at].pieces.iter().map(|piece| self.styles[piece.span].0.size);
        sizes.fold(0.0, f32::max).max(if self.lines[at].pieces.is_empty() { first } else { 0.0 })
    }

    pub(crate) fn line_height(&self, at: usize) -> f32 {
        self.size(at) * LEADING
    }
}

/// The level of each byte, and that of the whole.
fn levels(text: &str) -> (Vec<Level>, Level) {
    if !text.chars().any(is_rtl) {
        return (Vec::new(), Level::ltr());
    }
    let info = BidiInfo::new(text, None);
    let base = info.paragraphs.first().map_or(Level::ltr(), |paragraph| paragraph.level);
    (info.levels, base)
}

struct Cutter<'a> {
    setter: &'a mut Typesetter,
    text: &'a str,
    styles: &'a [(Style, Option<Rc<str>>)],
    base: Level,
    width: f32,
    lines: Vec<Line>,
}

impl Cutter<'_> {
    fn pieces(&mut self, spans: &[Range<usize>], levels: &[Level]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (span, range) in spans.iter().enumerate() {
            let mut start = range.start;
            let mut chars = self.text[range.clone()].char_indices().peekable();
            let mut word_end = range.start;
            let mut is_long = false;
            while let Some((at, c)) = chars.next() {
                let end = range.start + at + c.len_utf8();
                if end > word_end {
                    let rest = &self.text[range.start + at..range.end];
                    let length = rest.find(' ').unwrap_or(rest.len()).max(1);
                    word_end = range.start + at + length;
                    is_long = length > LONG_WORD_BYTES;
                }
                let joins = is_long && joins(c);
                let next = chars.peek().map(|(_, next)| *next);
                let level = |at: usize| levels.get(at).copied().unwrap_or(self.base);
                let goes_on = next.is_some_and(|next| {
                    let same_kind = (c == ' ') == (next == ' ');
                    let is_mark = next.width().unwrap_or(0) == 0;
                    let in_word = !stands_alone(c) && !stands_alone(next) && !joins;
                    is_mark || (same_kind && (in_word || c == ' ') && level(end) == level(start))
                });
                if !goes_on {
                    let may_end =
                        c == ' ' || stands_alone(c) || joins || next.is_some_and(stands_alone);
                    let level = level(start);
                    pieces.push(self.piece(start..end, span, level, may_end));
                    start = end;
                }
            }
        }
        pieces
    }

    fn piece(&mut self, text: Range<usize>, span: usize, level: Level, may_end: bool) -> Piece {
        let style = self.styles[span].0;
        let content = &self.text[text.clone()];
        let is_space = content.starts_with(' ');
        // Any number of spaces is one.
        let shown = if is_space { " " } else { content };
        let word = self.setter.word(shown, style.bold, style.size, level.is_rtl());
        let width = word.width * style.size;
        Piece { text, span, level, word, width, is_space, may_end }
    }

    fn fill(&mut self, pieces: Vec<Piece>) {
        let mut line = Line::default();
        let mut pieces: std::collections::VecDeque<Piece> = pieces.into();
        while let Some(piece) = pieces.pop_front() {
            if piece.is_space && line.pieces.is_empty() {
                continue;
            }
            if line.width + piece.width <= self.width || piece.is_space {
                line.width += piece.width;
                line.pieces.push(piece);
                continue;
            }
            let breaks = line.pieces.iter().rposition(|piece| piece.may_end);
            match breaks {
                Some(at) => {
                    // What stands behind the last place for a break goes to the next line.
                    pieces.push_front(piece);
                    for back in line.pieces.drain(at + 1..).rev().collect::<Vec<_>>() {
                        pieces.push_front(back);
                    }
                    self.end(&mut line);
                }
                None => {
                    let room = self.width - line.width;
                    let must = line.pieces.is_empty();
                    if let Some((head, tail)) = self.divided(&piece, room, must) {
                        line.width += head.width;
                        line.pieces.push(head);
                        if let Some(tail) = tail {
                            pieces.push_front(tail);
                        }
                    } else {
                        pieces.push_front(piece);
                    }
                    self.end(&mut line);
                }
            }
        }
        self.end(&mut line);
    }

    /// Ends a line, without the spaces at its end.
    fn end(&mut self, line: &mut Line) {
        while line.pieces.last().is_some_and(|piece| piece.is_space) {
            line.pieces.pop();
        }
        line.width = line.pieces.iter().map(|piece| piece.width).sum();
        if !line.pieces.is_empty() {
            self.lines.push(std::mem::take(line));
        }
    }

    /// The piece cut so that its head fits into `room`; at least one character, if it `must`.
    fn divided(&mut self, piece: &Piece, room: f32, must: bool) -> Option<(Piece, Option<Piece>)> {
        let content = &self.text[piece.text.clone()];
        let ends: Vec<usize> = content
            .char_indices()
            .map(|(at, c)| at + c.len_utf8())
            .filter(|end| content[*end..].chars().next().is_none_or(|c| c.width().unwrap_or(0) > 0))
            .collect();
        let (mut low, mut high) = (0, ends.len());
        // The most characters that fit, by halving: each try shapes a head.
        while low < high {
            let middle = (low + high).div_ceil(2);
            let text = piece.text.start..piece.text.start + ends[middle - 1];
            if self.piece(text, piece.span, piece.level, true).width <= room {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        if low == 0 && !must {
            return None;
        }
        let cut = piece.text.start + ends.get(low.max(1) - 1).copied()?;
        let head = self.piece(piece.text.start..cut, piece.span, piece.level, true);
        let tail = (cut < piece.text.end)
            .then(|| self.piece(cut..piece.text.end, piece.span, piece.level, piece.may_end));
        Some((head, tail))
    }

    /// The lines, at most so many, the last one with an ellipsis if there were more.
    fn bounded(mut self, lines_max: usize) -> Vec<Line> {
        if lines_max == 0 || self.lines.len() <= lines_max {
            return self.lines;
        }
        self.lines.truncate(lines_max);
        let Some(mut line) = self.lines.pop() else { return self.lines };
        let span = line.pieces.last().map_or(0, |piece| piece.span);
        let style = self.styles[span].0;
        let word = self.setter.word(ELLIPSIS, style.bold, style.size, self.base.is_rtl());
        let width = word.width * style.size;
        while line.width + width > self.width {
            let Some(last) = line.pieces.pop() else { break };
            line.width -= last.width;
            let room = self.width - width - line.width;
            if let Some((head, _)) = self.divided(&last, room, false) {
                line.width += head.width;
                line.pieces.push(head);
                break;
            }
        }
        while line.pieces.last().is_some_and(|piece| piece.is_space) {
            line.pieces.pop();
        }
        let end = line.pieces.last().map_or(0, |piece| piece.text.end);
        let (level, may_end) = (self.base, true);
        line.pieces.push(Piece {
            text: end..end,
            span,
            level,
            word,
            width,
            is_space: false,
            may_end,
        });
        line.width = line.pieces.iter().map(|piece| piece.width).sum();
        self.lines.push(line);
        self.lines
    }
}
