//! The ranking and the outcome as text for a terminal: aligned by display width, cut to the
//! columns there are, and without a single control character from a page (HOSTILE 44). The caller
//! says how wide the terminal is and whether colours are wanted; nothing is asked of it here.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{Summary, TopPage, escape, words};

/// How the text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; less than [`COLUMNS_MIN`] counts as that.
    pub columns: usize,
    /// Most pages of the ranking.
    pub rows: usize,
    /// Whether colours are used.
    pub color: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { columns: 100, rows: 10, color: false }
    }
}

/// Below this width a table is no table.
pub const COLUMNS_MIN: usize = 48;
/// Above this width the eye loses the line.
const COLUMNS_MAX: usize = 140;
/// The least width at which title and address stand side by side.
const ADDRESS_COLUMNS: usize = 92;
/// Most lines of a reason.
const REASON_LINES_MAX: usize = 2;
/// The widest that an action is shown.
const ACTION_COLUMNS_MAX: usize = 12;

/// The best pages as a table: rank, score, action, title and address, and below each the reason.
/// Ends with a line break; says so where there is no ranking.
pub fn ranking(summary: &Summary, style: Style) -> String {
    let rows = &summary.top[..summary.top.len().min(style.rows)];
    if summary.top.is_empty() {
        return "No document was scored, so there is no ranking.\n".to_owned();
    }
    let layout = Layout::of(rows, style);
    let mut out = if rows.is_empty() { String::new() } else { layout.header() };
    for page in rows {
        out.push_str(&layout.page(page, summary));
    }
    let more = summary.scores.count.saturating_sub(rows.len() as u64);
    if more > 0 {
        let line = format!("and {} more", words::number(more));
        out.push_str(&layout.line(&[(&line, layout.title, Paint::Dim)], layout.indent()));
    }
    out
}

/// What became of the input, in one line without a line break: the sum over lines, then the sum
/// over pages.
pub fn outcome_line(summary: &Summary) -> String {
    let input = &summary.input;
    let left = match input.left {
        0 => String::new(),
        left => format!(" + {} not fetched yet", words::number(left)),
    };
    let mut line = format!(
        "{} = {}{left} + {} + {}",
        words::counted(input.lines, "line", "lines"),
        words::counted(input.pages, "page", "pages"),
        words::counted(input.rejects, "reject", "rejects"),
        words::counted(input.duplicates, "repeated line", "repeated lines"),
    );
    if input.pages_from_links > 0 {
        let found = words::counted(input.pages_from_links, "page", "pages");
        line.push_str(&format!("; {found} found on the way"));
    }
    let outcomes: Vec<String> = summary
        .outcomes
        .iter()
        .map(|o| format!("{} {}", words::number(o.count), words::spaced(o.outcome.as_str())))
        .collect();
    if !outcomes.is_empty() {
        line.push_str(&format!("; {}", outcomes.join(", ")));
    }
    line
}

#[derive(Clone, Copy)]
enum Paint {
    Plain,
    Dim,
    Bold,
    /// An action by its place in the profile.
    Action(usize),
}

impl Paint {
    /// The terminal's own sixteen colours: they fit its theme.
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "2",
            Self::Bold => "1",
            Self::Action(0) => "1;32",
            Self::Action(1) => "33",
            Self::Action(_) => "2",
        }
    }
}

/// Widths of the columns, in cells of the terminal.
struct Layout {
    rank: usize,
    action: usize,
    title: usize,
    /// 0 where the address has a line of its own.
    address: usize,
    color: bool,
}

/// Width of a score: `100.0`.
const SCORE: usize = 5;
/// Width of the space between columns.
const GAP: usize = 2;

impl Layout {
    fn of(rows: &[TopPage], style: Style) -> Self {
        let columns = style.columns.clamp(COLUMNS_MIN, COLUMNS_MAX);
        let rank = rows.iter().map(|p| p.rank.to_string().len()).max().unwrap_or(1).max(2);
        let action = rows.iter().map(|p| escape::visible(&p.action).width()).max().unwrap_or(0);
        let action = action.clamp("ACTION".len(), ACTION_COLUMNS_MAX);
        let left = columns - (rank + GAP + SCORE + GAP + action + GAP);
        let address = if columns >= ADDRESS_COLUMNS { (left - GAP) * 2 / 5 } else { 0 };
        let title = if address == 0 { left } else { left - GAP - address };
        Self { rank, action, title, address, color: style.color }
    }

    /// Where the title begins.
    fn indent(&self) -> usize {
        self.rank + GAP + SCORE + GAP + self.action + GAP
    }

    fn header(&self) -> String {
        let rank = format!("{:>width$}", "#", width = self.rank);
        let mut cells = vec![
            (rank.as_str(), self.rank, Paint::Dim),
            ("SCORE", SCORE, Paint::Dim),
            ("ACTION", self.action, Paint::Dim),
            ("PAGE", self.title, Paint::Dim),
        ];
        if self.address > 0 {
            cells.push(("ADDRESS", self.address, Paint::Dim));
        }
        self.line(&cells, 0)
    }

    fn page(&self, page: &TopPage, summary: &Summary) -> String {
        let rank = format!("{:>width$}", page.rank, width = self.rank);
        let score = format!("{:>SCORE$.1}", page.score);
        let action = escape::visible(&page.action);
        let tone = summary.actions.iter().position(|a| a.action == page.action);
        let title = page.title.as_deref().map(escape::visible).unwrap_or_default();
        let title = if title.is_empty() { "(no title)".to_owned() } else { title };
        let url = escape::visible(&page.url);
        let address = url.strip_prefix("https://").or(url.strip_prefix("http://")).unwrap_or(&url);
        let mut cells = vec![
            (rank.as_str(), self.rank, Paint::Dim),
            (score.as_str(), SCORE, Paint::Bold),
            (action.as_str(), self.action, Paint::Action(tone.unwrap_or(usize::MAX))),
            (title.as_str(), self.title, Paint::Plain),
        ];
        if self.address > 0 {
            cells.push((address, self.address, Paint::Dim));
        }
        let mut out = self.line(&cells, 0);
        if self.address == 0 {
            out.push_str(&self.line(&[(address, self.title, Paint::Dim)], self.indent()));
        }
        let reason = escape::visible(&page.reason);
        let width = self.title + if self.address > 0 { GAP + self.address } else { 0 };
        for line in wrapped(&reason, width, REASON_LINES_MAX) {
            out.push_str(&self.line(&[(line, width, Paint::Dim)], self.indent()));
        }
        out
    }

    /// Cells side by side, each cut and padded to its width; nothing trails.
    fn line(&self, cells: &[(&str, usize, Paint)], indent: usize) -> String {
        let mut out = " ".repeat(indent);
        for (i, (text, width, paint)) in cells.iter().enumerate() {
            let text = cut(text, *width);
            let padding = if i + 1 == cells.len() { 0 } else { width - text.width() + GAP };
            if self.color && !paint.code().is_empty() {
                out.push_str(&format!("\u{1b}[{}m{text}\u{1b}[0m", paint.code()));
            } else {
                out.push_str(&text);
            }
            out.push_str(&" ".repeat(padding));
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }
}

/// `text` broken at spaces into lines of `width` cells; the last of `lines_max` lines has the rest.
fn wrapped(text: &str, width: usize, lines_max: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let fits = |end: &usize| rest[..*end].width() <= width;
        let ends = rest.match_indices(' ').map(|(space, _)| space);
        let end = match ends.take_while(fits).last() {
            Some(end) if rest.width() > width && lines.len() + 1 < lines_max => end,
            _ => rest.len(),
        };
        lines.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    lines
}

/// `text` in at most `width` cells, with an ellipsis where something is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width.saturating_sub(1) {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    // Sequences (emoji with joiners) can measure more together than apart.
    while out.width() > width.saturating_sub(1) {
        out.pop();
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Milli;
    use jarvix_core::RunId;
    use proptest::prelude::*;

    fn summary_of(title: &str, url: &str, reason: &str) -> Summary {
        let mut summary = Summary::empty(RunId::new("t-1").expect("an id"), "T");
        summary.scores.count = 1;
        summary.top.push(TopPage {
            rank: 1,
            url: url.to_owned(),
            title: Some(title.to_owned()),
            host: String::new(),
            score: Milli(99_950),
            action: "BUY".to_owned(),
            reason: reason.to_owned(),
            contributions: Vec::new(),
            language: None,
            page_type: None,
            word_count: None,
            published: None,
            duplicate_of: None,
        });
        summary
    }

    #[test]
    fn wide_letters_are_cut_by_width() {
        assert_eq!(cut("日本語のページ", 7), "日本語…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("ab cd", 4), "ab…");
    }

    #[test]
    fn reasons_break_at_spaces() {
        assert_eq!(wrapped("one two three four", 8, 2), ["one two", "three four"]);
        assert_eq!(wrapped("one two three four", 8, 3), ["one two", "three", "four"]);
        assert_eq!(wrapped("unbreakable text", 5, 2), ["unbreakable text"]);
        assert_eq!(wrapped("", 5, 2), Vec::<&str>::new());
    }

    #[test]
    fn an_empty_run_has_its_sentence() {
        let summary = Summary::empty(RunId::new("t-1").expect("an id"), "T");
        assert!(ranking(&summary, Style::default()).starts_with("No document was scored"));
        assert_eq!(outcome_line(&summary), "0 lines = 0 pages + 0 rejects + 0 repeated lines");
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_or_acts(
            title in "(?s).{0,200}", url in "https?://\\PC{0,200}", reason in "(?s).{0,200}",
            columns in 0usize..200,
        ) {
            let text = ranking(&summary_of(&title, &url, &reason), Style { columns, ..Style::default() });
            for line in text.lines() {
                prop_assert!(line.width() <= columns.max(COLUMNS_MIN), "{line:?}");
                prop_assert!(!line.chars().any(char::is_control));
            }
        }
    }
}
