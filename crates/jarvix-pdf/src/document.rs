//! A document on its way from top to bottom: pages, what stands on them, and the outline.

use krilla::metadata::DateTime;

use crate::PdfError;
use crate::draw::{Colour, Mark, Sheet};
use crate::figure::Figure;
use crate::lines::{Lines, Paragraph, Style};
use crate::shape::Typesetter;
use crate::tags::{NodeId, Role, Tree};

/// The size of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    /// 210 by 297 millimetres.
    #[default]
    A4,
    /// 8.5 by 11 inches.
    Letter,
}

impl Paper {
    /// Width and height in points.
    pub const fn size(self) -> (f32, f32) {
        match self {
            Self::A4 => (595.28, 841.89),
            Self::Letter => (612.0, 792.0),
        }
    }
}

/// What a document says of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metadata {
    /// Its title; every document has one.
    pub title: String,
    /// A sentence on what it is.
    pub subject: String,
    /// The programme behind it.
    pub creator: String,
    /// Its language, such as `en`.
    pub language: String,
    /// Year, month, day, hour, minute and second of what it reports, in UTC. No clock is asked.
    pub date: Option<(u16, u8, u8, u8, u8, u8)>,
}

/// How a document looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// The size of its pages.
    pub paper: Paper,
    /// What it says of itself.
    pub metadata: Metadata,
    /// What stands at the foot of each page beside its number.
    pub footer: String,
    /// The foot's style.
    pub small: Style,
    /// The colour of headings' lines and table heads.
    pub strong: Colour,
    /// The colour of lines between rows.
    pub faint: Colour,
}

/// From the edges of the page to its content.
const MARGIN_SIDE: f32 = 50.0;
const MARGIN_TOP: f32 = 50.0;
const MARGIN_BOTTOM: f32 = 58.0;
/// What a heading needs below itself on its page.
const AFTER_HEADING: f32 = 84.0;

/// An entry of the outline.
pub(crate) struct Entry {
    pub(crate) level: u16,
    pub(crate) title: String,
    pub(crate) sheet: usize,
    pub(crate) y: f32,
}

/// The pages; there is always one.
pub(crate) struct Sheets {
    done: Vec<Sheet>,
    last: Sheet,
}

impl Sheets {
    pub(crate) fn last_mut(&mut self) -> &mut Sheet {
        &mut self.last
    }

    fn turn(&mut self) {
        self.done.push(std::mem::take(&mut self.last));
    }

    pub(crate) fn all(mut self) -> Vec<Sheet> {
        self.turn();
        self.done
    }
}

/// A document.
pub struct Document<'t> {
    pub(crate) setter: &'t mut Typesetter,
    pub(crate) setup: Setup,
    pub(crate) sheets: Sheets,
    pub(crate) tree: Tree,
    pub(crate) section: Option<NodeId>,
    pub(crate) outline: Vec<Entry>,
    y: f32,
}

impl<'t> Document<'t> {
    /// An empty document.
    pub fn new(setter: &'t mut Typesetter, setup: Setup) -> Self {
        let sheets = Sheets { done: Vec::new(), last: Sheet::default() };
        let (tree, section, outline) = (Tree::default(), None, Vec::new());
        Self { setter, setup, sheets, tree, section, outline, y: MARGIN_TOP }
    }

    /// The width of its text, in points.
    pub fn width(&self) -> f32 {
        self.setup.paper.size().0 - 2.0 * MARGIN_SIDE
    }

    pub(crate) fn left(&self) -> f32 {
        MARGIN_SIDE
    }

    pub(crate) fn top(&self) -> f32 {
        self.y
    }

    pub(crate) fn body_height(&self) -> f32 {
        self.setup.paper.size().1 - MARGIN_TOP - MARGIN_BOTTOM
    }

    pub(crate) fn sheet_index(&self) -> usize {
        self.sheets.done.len()
    }

    /// What is left of the page, in points.
    pub fn room(&self) -> f32 {
        MARGIN_TOP + self.body_height() - self.y
    }

    /// Begins a page unless so many points are left on this one.
    pub fn ensure(&mut self, height: f32) {
        if self.room() < height && self.y > MARGIN_TOP {
            self.turn();
        }
    }

    /// Begins a page.
    pub fn turn(&mut self) {
        self.sheets.turn();
        self.y = MARGIN_TOP;
    }

    pub(crate) fn advance(&mut self, height: f32) {
        self.y += height;
    }

    /// Leaves room; none at the top of a page.
    pub fn gap(&mut self, height: f32) {
        if self.y > MARGIN_TOP {
            self.y += height.min(self.room().max(0.0));
        }
    }

    /// Leaves room at the top of a page, too.
    pub fn drop(&mut self, height: f32) {
        self.y += height;
    }

    /// Begins a section with a heading of `level`, from 1; it stands in the outline, and on one page
    /// with at least `after` points of what follows.
    pub fn heading(&mut self, level: u16, text: &str, style: Style, after: f32) {
        let lines = Lines::of(self.setter, &Paragraph::new(text, style).cut_after(3), self.width());
        self.gap(style.size * if level == 1 { 1.6 } else { 1.1 });
        self.ensure(lines.height + after.max(AFTER_HEADING));
        let section = self.tree.node(Role::Section, None);
        self.section = Some(section);
        let node = self.tree.node(Role::Heading(level, text.to_owned()), Some(section));
        let sheet = self.sheet_index();
        self.outline.push(Entry { level, title: text.to_owned(), sheet, y: self.y });
        self.place(&lines, Mark::Node(node));
        self.gap(style.size * 0.35);
    }

    /// Places a paragraph; its lines go on on the next page where they must.
    pub fn paragraph(&mut self, paragraph: &Paragraph) {
        let lines = Lines::of(self.setter, paragraph, self.width());
        let node = self.tree.node(Role::Paragraph, self.section);
        self.place(&lines, Mark::Node(node));
    }

    fn place(&mut self, lines: &Lines, mark: Mark) {
        for at in 0..lines.count() {
            let height = lines.line_height(at);
            self.ensure(height);
            let place = (self.left(), self.y);
            lines.draw(at..at + 1, place, mark, &mut self.tree, self.sheets.last_mut());
            self.y += height;
        }
    }

    /// Places texts beside each other, `columns` in a row: figures with what they mean.
    pub fn grid(&mut self, cells: &[Vec<Paragraph>], columns: usize) {
        let columns = columns.max(1);
        let gap = 12.0;
        let width = (self.width() - gap * (columns - 1) as f32) / columns as f32;
        for row in cells.chunks(columns) {
            let measured: Vec<Vec<Lines>> = row
                .iter()
                .map(|cell| cell.iter().map(|text| Lines::of(self.setter, text, width)).collect())
                .collect();
            let tall = |cell: &Vec<Lines>| cell.iter().map(|lines| lines.height).sum::<f32>();
            let height = measured.iter().map(tall).fold(0.0, f32::max);
            self.ensure(height + gap);
            for (at, cell) in measured.iter().enumerate() {
                let x = self.left() + (width + gap) * at as f32;
                let mut y = self.y;
                for lines in cell {
                    let mark = Mark::Node(self.tree.node(Role::Paragraph, self.section));
                    let sheet = self.sheets.last_mut();
                    lines.draw(0..lines.count(), (x, y), mark, &mut self.tree, sheet);
                    y += lines.height;
                }
            }
            self.y += height + gap;
        }
    }

    /// Places a figure.
    pub fn figure(&mut self, figure: &Figure) {
        self.ensure(figure.height);
        let mark = self.figure_mark(figure, self.section);
        let place = (self.left(), self.y);
        figure.draw(self.setter, place, mark, &mut self.tree, self.sheets.last_mut());
        self.y += figure.height;
    }

    pub(crate) fn figure_mark(&mut self, figure: &Figure, parent: Option<NodeId>) -> Mark {
        match figure.alt.is_empty() {
            true => Mark::Layout,
            false => Mark::Node(self.tree.node(Role::Figure(figure.alt.clone()), parent)),
        }
    }

    /// Something that nobody sees, so that a cell without content is a cell.
    pub(crate) fn blank(&mut self, mark: Mark, place: (f32, f32)) {
        let style = self.setup.small;
        let lines = Lines::of(self.setter, &Paragraph::new("\u{a0}", style), f32::INFINITY);
        lines.draw(0..lines.count(), place, mark, &mut self.tree, self.sheets.last_mut());
    }

    /// The document as PDF.
    pub fn finish(self) -> Result<Vec<u8>, PdfError> {
        let Self { setter, setup, sheets, mut tree, outline, .. } = self;
        let mut sheets = sheets.all();
        let pages = sheets.len();
        let (width, height) = setup.paper.size();
        let y = height - MARGIN_BOTTOM / 2.0 - setup.small.size;
        let room = width - 2.0 * MARGIN_SIDE;
        for (at, sheet) in sheets.iter_mut().enumerate() {
            let number =
                Paragraph::new(format!("page {} of {pages}", at + 1), setup.small).at_end();
            let number = Lines::of(setter, &number, room);
            let left = Paragraph::new(setup.footer.clone(), setup.small).cut_after(1);
            let left = Lines::of(setter, &left, room - number.widest() - 16.0);
            for lines in [left, number] {
                lines.draw(0..lines.count(), (MARGIN_SIDE, y), Mark::Footer, &mut tree, sheet);
            }
        }
        crate::write::pdf(setter.fonts(), &setup, &sheets, tree, &outline)
    }
}

impl Metadata {
    pub(crate) fn moment(&self) -> Option<DateTime> {
        let (year, month, day, hour, minute, second) = self.date?;
        let moment = DateTime::new(year).month(month).day(day).hour(hour).minute(minute);
        Some(moment.second(second).utc_offset_hour(0).utc_offset_minute(0))
    }
}
