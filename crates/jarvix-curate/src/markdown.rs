//! Markdown of the main content: headings, paragraphs, lists, quotes, code, tables, emphasis.
//!
//! Written from names of tags and pieces of text, in linear time and with bounded indentation; cells of tables
//! are not padded, because one long cell would make every row as long. Links and images are left
//! out: they have a dataset of their own.

use jarvix_html::elements;

/// Lists and quotes are indented no deeper than this.
const LEVELS_MAX: usize = 8;

/// The Markdown of a text with one paragraph a line.
pub(crate) fn of_text(text: &str) -> String {
    let mut writer = Writer::default();
    for line in text.lines() {
        writer.text(line);
        writer.end_block();
    }
    writer.finish()
}

/// Writes block by block; the text of the current block waits in `line`.
#[derive(Default)]
pub(crate) struct Writer {
    out: String,
    line: String,
    /// White space stands before the next word.
    space: bool,
    /// Marks of emphasis that are open, the inner ones last; whether each is written yet.
    marks: Vec<(&'static str, bool)>,
    /// `#` times the level of the heading that is open.
    heading: usize,
    /// The next number of each open list; `None` for bullets.
    lists: Vec<Option<u32>>,
    /// Whether the next block begins a list item, and whether the last one stood in a list.
    item: bool,
    in_list: bool,
    quotes: usize,
    pre: bool,
    /// Open tables, the cells of the current row, and how many rows were written.
    tables: usize,
    cells: Vec<String>,
    rows: usize,
}

impl Writer {
    /// Takes a start tag by its name in lower case.
    pub(crate) fn start(&mut self, name: &str) {
        match name {
            "strong" | "b" => self.marks.push(("**", false)),
            "em" | "i" => self.marks.push(("*", false)),
            "code" if !self.pre => self.marks.push(("`", false)),
            "br" if self.tables > 0 => self.space = true,
            "br" => self.line.push('\n'),
            "hr" => {
                self.end_block();
                self.block("---");
            }
            "table" => self.start_table(),
            "tr" => self.end_row(),
            "td" | "th" => self.end_cell(),
            _ if self.tables > 0 || elements::is_inline(elements::id(name)) => {
                self.space |= self.tables > 0;
            }
            _ => {
                self.end_block();
                match name {
                    "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                        self.heading = usize::from(name.as_bytes()[1] - b'0');
                    }
                    "ul" => self.lists.push(None),
                    "ol" => self.lists.push(Some(1)),
                    "li" => self.item = true,
                    "blockquote" => self.quotes += 1,
                    "pre" => self.pre = true,
                    _ => {}
                }
            }
        }
    }

    /// Takes an end tag.
    pub(crate) fn end(&mut self, name: &str) {
        match name {
            "strong" | "b" => self.close_mark("**"),
            "em" | "i" => self.close_mark("*"),
            "code" => self.close_mark("`"),
            "table" => self.end_table(),
            "tr" => self.end_row(),
            "td" | "th" => self.space = true,
            _ if self.tables > 0 || elements::is_inline(elements::id(name)) => {
                self.space |= self.tables > 0;
            }
            _ => {
                self.end_block();
                match name {
                    "ul" | "ol" => {
                        self.lists.pop();
                        self.item = false;
                    }
                    "li" => self.item = false,
                    "blockquote" => self.quotes = self.quotes.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }

    /// Takes text, character references decoded.
    pub(crate) fn text(&mut self, text: &str) {
        if self.pre {
            self.line.push_str(text);
            return;
        }
        self.space |= text.starts_with(char::is_whitespace);
        for word in text.split_whitespace() {
            if self.space && !self.line.is_empty() && !self.line.ends_with('\n') {
                self.line.push(' ');
            }
            for (mark, written) in &mut self.marks {
                if !*written {
                    self.line.push_str(mark);
                    *written = true;
                }
            }
            let in_code = self.marks.iter().any(|(mark, _)| *mark == "`");
            self.word(word, in_code);
            self.space = true;
        }
        if !text.is_empty() && !text.ends_with(char::is_whitespace) {
            self.space = false;
        }
    }

    /// Writes a word with what would be Markdown in it escaped.
    fn word(&mut self, word: &str, in_code: bool) {
        let begins = self.line.is_empty() || self.line.ends_with('\n');
        if begins && !in_code && self.tables == 0 && begins_block(word) {
            self.line.push('\\');
        }
        if !word.bytes().any(|b| matches!(b, b'|' | b'`' | b'_' | b'\\' | b'*' | b'<')) {
            self.line.push_str(word);
            return;
        }
        let last = word.chars().count().saturating_sub(1);
        for (at, c) in word.chars().enumerate() {
            let escaped = match c {
                '|' => self.tables > 0,
                '`' => true,
                _ if in_code => false,
                '_' => at == 0 || at == last,
                '\\' | '*' | '<' => true,
                _ => false,
            };
            if escaped {
                self.line.push('\\');
            }
            self.line.push(c);
        }
    }

    /// What was written.
    pub(crate) fn finish(mut self) -> String {
        self.end_row();
        self.end_block();
        self.out
    }

    fn close_mark(&mut self, mark: &'static str) {
        let Some(at) = self.marks.iter().rposition(|(open, _)| *open == mark) else { return };
        if self.marks.remove(at).1 {
            self.line.push_str(mark);
        }
    }

    /// Closes what is open and writes the block that waits.
    fn end_block(&mut self) {
        while let Some((mark, written)) = self.marks.pop() {
            if written {
                self.line.push_str(mark);
            }
        }
        self.space = false;
        let line = std::mem::take(&mut self.line);
        let heading = std::mem::take(&mut self.heading);
        if std::mem::take(&mut self.pre) {
            let fence = "`".repeat(longest_run_of_backticks(&line).max(2) + 1);
            let code = line.trim_matches('\n');
            if !code.trim().is_empty() {
                self.block(&format!("{fence}\n{code}\n{fence}"));
            }
        } else if !line.trim().is_empty() {
            let marks =
                if heading > 0 { format!("{} ", "#".repeat(heading)) } else { String::new() };
            self.block(&format!("{marks}{}", line.trim()));
        }
    }

    /// Writes a block with its indentation, behind an empty line save within a list.
    fn block(&mut self, text: &str) {
        let quotes = "> ".repeat(self.quotes.min(LEVELS_MAX));
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(LEVELS_MAX));
        let item = std::mem::take(&mut self.item) && !self.lists.is_empty();
        let marker = match self.lists.last_mut() {
            Some(Some(number)) if item => {
                *number = number.saturating_add(1);
                format!("{}. ", number.saturating_sub(1))
            }
            Some(None) if item => "- ".to_owned(),
            Some(_) => "  ".to_owned(),
            None => String::new(),
        };
        if !self.out.is_empty() {
            self.out.push_str(if item && self.in_list { "\n" } else { "\n\n" });
        }
        self.in_list = !self.lists.is_empty();
        for (at, line) in text.lines().enumerate() {
            if at > 0 {
                self.out.push('\n');
            }
            let marker = if at == 0 { marker.clone() } else { " ".repeat(marker.len()) };
            self.out.push_str(&format!("{quotes}{indent}{marker}{line}"));
        }
    }

    /// A table within a table is text of its cell.
    fn start_table(&mut self) {
        if self.tables == 0 {
            self.end_block();
            self.rows = 0;
        }
        self.tables += 1;
    }

    fn end_table(&mut self) {
        if self.tables == 1 {
            self.end_row();
        }
        self.tables = self.tables.saturating_sub(1);
    }

    /// What was written since the last cell began is that cell's.
    fn end_cell(&mut self) {
        if self.tables == 1 {
            while let Some((mark, written)) = self.marks.pop() {
                if written {
                    self.line.push_str(mark);
                }
            }
            let cell = std::mem::take(&mut self.line);
            self.cells.push(cell.trim().to_owned());
        }
        self.space = self.tables > 1;
    }

    fn end_row(&mut self) {
        if self.tables != 1 {
            return;
        }
        self.end_cell();
        // What stands before the first cell of a row is seldom more than white space.
        let cells: Vec<String> = std::mem::take(&mut self.cells);
        let cells = if cells.first().is_some_and(String::is_empty) { &cells[1..] } else { &cells };
        if cells.iter().all(String::is_empty) {
            return;
        }
        let row = format!("| {} |", cells.join(" | "));
        if self.rows == 0 {
            self.block(&format!("{row}\n|{}", " --- |".repeat(cells.len())));
        } else {
            self.out.push('\n');
            self.out.push_str(&row);
        }
        self.rows += 1;
    }
}

/// Whether a word at the start of a block would be read as a heading, quote, list or rule.
fn begins_block(word: &str) -> bool {
    let number = word.trim_end_matches(['.', ')']);
    let is_number = number.len() < word.len() && number.bytes().all(|b| b.is_ascii_digit());
    word.starts_with(['#', '>', '|']) || matches!(word, "-" | "+" | "---" | "===") || is_number
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jarvix_html::text::Visibility;
    use jarvix_html::{TokenKind, tokens, unescape};

    use super::*;

    /// The Markdown of a piece of HTML.
    fn of_html(html: &str) -> String {
        let mut writer = Writer::default();
        let mut visibility = Visibility::default();
        for token in tokens(html) {
            let visible = visibility.sees(&token);
            match token.kind {
                TokenKind::Text(raw) if visible => writer.text(&unescape(raw)),
                TokenKind::StartTag(tag) => writer.start(elements::id(tag.name).as_str()),
                TokenKind::EndTag { name } => writer.end(elements::id(name).as_str()),
                _ => {}
            }
        }
        writer.finish()
    }

    #[test]
    fn html_becomes_markdown() {
        let cases = [
            ("", ""),
            (
                "<h2>Head <i>line</i></h2><p>One <b>bold</b>\n word.</p>",
                "## Head *line*\n\nOne **bold** word.",
            ),
            ("<ul><li>a<li>b<ol><li>c</li></ol></ul><p>d", "- a\n- b\n  1. c\n\nd"),
            ("<ol><li>a</li><li><p>b</p><p>c</p></li></ol>", "1. a\n2. b\n\n  c"),
            ("<p>a</p><ul><li>b<li>c</ul>", "a\n\n- b\n- c"),
            ("<blockquote><p>a</p><p>b</p></blockquote>c", "> a\n\n> b\n\nc"),
            ("<pre><code>x  =\n  1</code></pre>", "```\nx  =\n  1\n```"),
            ("<pre>```</pre>", "````\n```\n````"),
            (
                "Use <code>a*b</code> or a*b, snake_case, _x_",
                "Use `a*b` or a\\*b, snake_case, \\_x\\_",
            ),
            (
                "<p># no heading</p><p>1. no list</p><p>a<br>b",
                "\\# no heading\n\n\\1. no list\n\na\nb",
            ),
            (
                "<table><tr><th>A</th><th>B</th></tr><tr><td>1|2</td><td><p>x</p><p>y</p></td></tr></table>z",
                "| A | B |\n| --- | --- |\n| 1\\|2 | x y |\n\nz",
            ),
            (
                "<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>",
                "| a b |\n| --- |",
            ),
            ("<b></b><p><b>open</p><p>next", "**open**\n\nnext"),
            ("a<script>x</script><img src=y> b", "a b"),
        ];
        for (html, expected) in cases {
            assert_eq!(of_html(html), expected, "{html}");
        }
        assert_eq!(of_text("One\n- two\n> three"), "One\n\n\\- two\n\n\\> three");
    }

    #[test]
    fn one_long_cell_does_not_lengthen_the_others() {
        let html = format!(
            "<table><tr><td>{}</td></tr>{}</table>",
            "x".repeat(10_000),
            "<tr><td>y</td></tr>".repeat(1_000)
        );
        assert!(of_html(&html).len() < 20_000);
        assert!(of_html(&format!("{}x", "<ul><li>".repeat(5_000))).len() < 200);
    }
}
