//! Tables: columns that are measured before anything is placed, rows that stay together, a head that is
//! repeated on every page.

use crate::document::Document;
use crate::draw::{Mark, Op, Rect};
use crate::figure::Figure;
use crate::lines::{Align, Lines, Paragraph, Style};
use crate::tags::{NodeId, Role};

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Width {
    /// As wide as its content, at most so many points.
    Fit(f32),
    /// A share of what the others leave.
    Share(f32),
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What stands above it.
    pub head: String,
    /// How wide it is.
    pub width: Width,
    /// Where its texts stand.
    pub align: Align,
}

/// What stands in a row's column: paragraphs below each other, or a figure.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// The paragraphs.
    pub paragraphs: Vec<Paragraph>,
    /// A figure below them.
    pub figure: Option<Figure>,
}

impl Cell {
    /// A cell of one text.
    pub fn text(text: impl Into<String>, style: Style) -> Self {
        Self { paragraphs: vec![Paragraph::new(text, style)], figure: None }
    }

    /// A cell of these paragraphs.
    pub fn of(paragraphs: Vec<Paragraph>) -> Self {
        Self { paragraphs, figure: None }
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// What it says, in a sentence for those who do not see it.
    pub summary: String,
    /// How the heads look; without one there is no head.
    pub head: Option<Style>,
}

/// Between a row's lines and its text.
const PAD: f32 = 3.0;
/// Between two columns.
const GAP: f32 = 10.0;
/// More than this share of the width does not go to columns that fit their content.
const FIT_SHARE_MAX: f32 = 0.7;

/// A row, measured.
struct Measured {
    cells: Vec<(Vec<Lines>, Option<Figure>)>,
    height: f32,
}

impl Document<'_> {
    /// Places a table. Rows stay together; the head stands on every page.
    pub fn table(&mut self, table: &Table) {
        if table.columns.is_empty() {
            return;
        }
        let widths = self.widths(table);
        let node = self.tree.node(Role::Table(table.summary.clone()), self.section);
        let head = table.head.map(|style| self.head_row(table, style, &widths));
        let room = self.body_height() - head.as_ref().map_or(0.0, |head| head.height);
        let body = self.tree.node(Role::Body, Some(node));
        let mut is_first = true;
        let mut sheet = usize::MAX;
        for row in &table.rows {
            let measured = self.measured(row, table, &widths, room);
            let needed = measured.height
                + head.as_ref().filter(|_| is_first).map_or(0.0, |head| head.height);
            self.ensure(needed);
            if sheet != self.sheet_index() {
                sheet = self.sheet_index();
                if let Some(head) = &head {
                    let part = is_first.then(|| self.tree.node(Role::Head, Some(node)));
                    self.place_row(head, &widths, part, Role::HeadCell);
                }
            }
            is_first = false;
            self.place_row(&measured, &widths, Some(body), Role::Cell);
        }
        self.gap(PAD);
    }

    fn head_row(&mut self, table: &Table, style: Style, widths: &[f32]) -> Measured {
        let cell = |column: &Column| {
            let mut text = Paragraph::new(column.head.clone(), style).cut_after(2);
            text.align = column.align;
            Cell::of(vec![text])
        };
        let cells: Vec<Cell> = table.columns.iter().map(cell).collect();
        self.measured(&cells, table, widths, f32::INFINITY)
    }

    /// How wide each column is, in points.
    fn widths(&mut self, table: &Table) -> Vec<f32> {
        let all = self.width() - GAP * (table.columns.len() - 1) as f32;
        let mut widths = Vec::with_capacity(table.columns.len());
        for (at, column) in table.columns.iter().enumerate() {
            widths.push(match column.width {
                Width::Fit(most) => self.natural(table, at, most),
                Width::Share(_) => 0.0,
            });
        }
        let share = |column: &Column| match column.width {
            Width::Share(share) => share,
            Width::Fit(_) => 0.0,
        };
        let shares: f32 = table.columns.iter().map(share).sum();
        let fitted: f32 = widths.iter().sum();
        let most = if shares > 0.0 { all * FIT_SHARE_MAX } else { all };
        if fitted > most {
            widths.iter_mut().for_each(|width| *width *= most / fitted);
        }
        let left = all - widths.iter().sum::<f32>();
        for (width, column) in widths.iter_mut().zip(&table.columns) {
            if let Width::Share(share) = column.width {
                *width = left * share / shares;
            }
        }
        widths
    }

    /// The width that a column's content would take, at most `most`.
    fn natural(&mut self, table: &Table, at: usize, most: f32) -> f32 {
        let mut widest = 0.0_f32;
        if let Some(style) = table.head {
            let head = Paragraph::new(table.columns[at].head.clone(), style);
            widest = Lines::of(self.setter, &head, most).widest();
        }
        for cell in table.rows.iter().filter_map(|row| row.get(at)) {
            for paragraph in &cell.paragraphs {
                widest = widest.max(Lines::of(self.setter, paragraph, most).widest());
            }
            widest = widest.max(cell.figure.as_ref().map_or(0.0, |figure| figure.width));
        }
        // A rounding error must not break a line.
        (widest + 0.1).min(most)
    }

    /// The row, at most `room` high.
    fn measured(&mut self, row: &[Cell], table: &Table, widths: &[f32], room: f32) -> Measured {
        let room = room - 2.0 * PAD;
        let mut height = 0.0_f32;
        let mut cells = Vec::with_capacity(widths.len());
        for (at, width) in widths.iter().enumerate() {
            let cell = row.get(at).cloned().unwrap_or_default();
            let mut lines = self.cell_lines(&cell, table.columns[at].align, *width, 0);
            let figure = cell.figure.as_ref().map_or(0.0, |figure| figure.height);
            let tall = |lines: &[Lines]| lines.iter().map(|l| l.height).sum::<f32>() + figure;
            if tall(&lines) > room {
                let count: usize = lines.iter().map(Lines::count).sum();
                let share = (room - figure) / (tall(&lines) - figure).max(1.0);
                let most = (count as f32 * share / lines.len().max(1) as f32) as usize;
                lines = self.cell_lines(&cell, table.columns[at].align, *width, most.max(1));
            }
            height = height.max(tall(&lines));
            cells.push((lines, cell.figure));
        }
        Measured { cells, height: height + 2.0 * PAD }
    }

    fn cell_lines(&mut self, cell: &Cell, align: Align, width: f32, most: usize) -> Vec<Lines> {
        let one = |paragraph: &Paragraph| {
            let mut paragraph = paragraph.clone();
            if align == Align::End {
                paragraph.align = align;
            }
            if most > 0 {
                paragraph.lines_max = most.min(paragraph.lines_max.max(1));
            }
            Lines::of(self.setter, &paragraph, width)
        };
        cell.paragraphs.iter().map(one).collect()
    }

    /// Places a row; without a `part` of the table it is a head that was there before.
    fn place_row(&mut self, row: &Measured, widths: &[f32], part: Option<NodeId>, role: Role) {
        let line = part.map(|part| self.tree.node(Role::Row, Some(part)));
        let (mut x, top) = (self.left(), self.top());
        for ((lines, figure), width) in row.cells.iter().zip(widths) {
            let cell = line.map(|line| self.tree.node(role.clone(), Some(line)));
            let mark = cell.map_or(Mark::Layout, Mark::Node);
            let mut y = top + PAD;
            let mut is_empty = true;
            for lines in lines {
                let count = lines.count();
                lines.draw(0..count, (x, y), mark, &mut self.tree, self.sheets.last_mut());
                is_empty &= count == 0;
                y += lines.height;
            }
            if let Some(figure) = figure {
                let mark = cell.map_or(Mark::Layout, |cell| self.figure_mark(figure, Some(cell)));
                figure.draw(self.setter, (x, y), mark, &mut self.tree, self.sheets.last_mut());
                is_empty &= figure.alt.is_empty();
            }
            if is_empty {
                self.blank(mark, (x, top + PAD));
            }
            x += width + GAP;
        }
        let bottom = top + row.height;
        let is_head = role == Role::HeadCell;
        let colour = if is_head { self.setup.strong } else { self.setup.faint };
        let thick = if is_head { 0.9 } else { 0.4 };
        let area = Rect { x: self.left(), y: bottom - thick, width: self.width(), height: thick };
        self.sheets.last_mut().ops.push((Mark::Layout, Op::rect(area, colour)));
        self.advance(row.height);
    }
}
