//! Rows as an aligned table for a terminal: by display width, numbers to the right, cut to the columns
//! that there are. What comes from a page passes [`plain`] first, so nothing acts on the terminal.
//!
//! What it refuses to do: know what the rows are about; colour anything but the header.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::plain;

/// Between two columns.
const GAP: &str = "  ";
/// The narrowest that a column is cut to, if it is wider by itself.
const COLUMN_MIN: usize = 8;

/// A table.
#[derive(Debug, Default)]
pub struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Whether a column holds numbers.
    right: Vec<bool>,
}

impl Grid {
    /// A table with these columns.
    pub fn new<'a>(header: impl IntoIterator<Item = &'a str>) -> Self {
        let header: Vec<String> = header.into_iter().map(one_line).collect();
        let right = vec![false; header.len()];
        Self { header, rows: Vec::new(), right }
    }

    /// The same with the numbers of column `at` to the right.
    pub fn numbers(mut self, at: impl IntoIterator<Item = usize>) -> Self {
        for at in at {
            self.right[at] = true;
        }
        self
    }

    /// Adds a row; what is missing is empty.
    pub fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = cells.into_iter().map(|cell| one_line(&cell)).collect();
        row.resize(self.header.len(), String::new());
        self.rows.push(row);
    }

    /// Whether it can be cut to `columns` of a terminal.
    pub fn fits(&self, columns: usize) -> bool {
        let gaps = GAP.len() * self.header.len().saturating_sub(1);
        let least = (0..self.header.len()).map(|at| self.width(at).min(COLUMN_MIN));
        least.sum::<usize>() + gaps <= columns
    }

    /// The table; cut to `columns` of a terminal, or as wide as it is.
    pub fn render(&self, columns: Option<usize>, color: bool) -> String {
        let mut widths: Vec<usize> = (0..self.header.len()).map(|at| self.width(at)).collect();
        if let Some(columns) = columns {
            let gaps = GAP.len() * widths.len().saturating_sub(1);
            shrink(&mut widths, columns.saturating_sub(gaps));
        }
        let header = self.line(&self.header, &widths);
        let header = header.trim_end();
        let mut text = match color {
            true => format!("\u{1b}[1m{header}\u{1b}[0m\n"),
            false => format!("{header}\n"),
        };
        let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        text.push_str(&rules.join(GAP));
        text.push('\n');
        for row in &self.rows {
            text.push_str(self.line(row, &widths).trim_end());
            text.push('\n');
        }
        text
    }

    fn width(&self, at: usize) -> usize {
        let cells = self.rows.iter().map(|row| row[at].width());
        cells.chain([self.header[at].width()]).max().unwrap_or(0).max(1)
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let cells = cells.iter().zip(widths).zip(&self.right);
        let cells = cells.map(|((cell, width), right)| {
            let cell = cut(cell, *width);
            let space = " ".repeat(width.saturating_sub(cell.width()));
            if *right { space + &cell } else { cell + &space }
        });
        cells.collect::<Vec<_>>().join(GAP)
    }
}

/// A text on one line, with nothing that acts.
fn one_line(text: &str) -> String {
    plain(text).replace('\n', " ")
}

/// Takes from the widest columns until all fit.
fn shrink(widths: &mut [usize], columns: usize) {
    while widths.iter().sum::<usize>() > columns {
        let most = widths.iter().copied().max().unwrap_or(0);
        if most <= COLUMN_MIN {
            return;
        }
        // The widest go down to the next widest together: one step a round is enough.
        let next = widths.iter().copied().filter(|w| *w < most).max().unwrap_or(0);
        let over = widths.iter().sum::<usize>() - columns;
        let widest = widths.iter().filter(|w| **w == most).count();
        let to = next.max(COLUMN_MIN).max(most.saturating_sub(over.div_ceil(widest)));
        let to = to.min(most - 1);
        widths.iter_mut().filter(|w| **w == most).for_each(|w| *w = to);
    }
}

/// At most `width` columns of `text`; what was cut says so.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::new(), 1);
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > width {
            break;
        }
        used += wide;
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let mut grid = Grid::new(["url", "title", "score"]).numbers([2]);
        grid.push(["https://example.org/a".into(), "数据 and more".into(), "7.5".into()]);
        grid.push(["x".into(), "two\nlines \u{1b}[31mred\u{202e}".into(), "100.000".into()]);
        grid.push(["y".into()]);
        grid
    }

    #[test]
    fn cells_stand_under_each_other_and_nothing_acts() {
        let text = grid().render(None, false);
        let widths: Vec<usize> = text.lines().map(|line| line.width()).collect();
        assert!(widths.iter().all(|width| *width <= widths[1]), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
        assert_eq!(text.lines().count(), 5);
        let score = text.lines().nth(2).expect("a row");
        assert!(score.ends_with("    7.5"), "{score:?}");
    }

    #[test]
    fn a_narrow_terminal_cuts_the_widest() {
        for columns in [30, 34, 40, 80] {
            let text = grid().render(Some(columns), false);
            assert!(text.lines().all(|line| line.width() <= columns), "{columns}\n{text}");
        }
        let text = grid().render(Some(5), false);
        assert!(text.contains('…'), "{text}");
        assert!(grid().fits(30) && !grid().fits(24));
    }

    #[test]
    fn a_cut_text_is_never_wider() {
        for width in 1..12 {
            assert!(cut("数据 and more", width).width() <= width, "{width}");
        }
        assert_eq!(cut("short", 5), "short");
    }
}
