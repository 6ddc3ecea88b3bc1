//! A table as GitHub reads it. What a page says is text here and nothing else: HTML, pipes and every
//! mark that Markdown knows are escaped, and only an address of the web is a link.

use std::io::{self, Write};

use jarvix_query::{ColumnKind, Value};

use super::OutFile;
use super::cells::{Cell, cut};
use super::lines::Lines;
use super::rows::Sink;

/// The longest that a cell is shown, in characters: more is of no use in a table.
const CELL_CHARS_MAX: usize = 200;

pub(super) struct Markdown {
    lines: Lines,
    cut: u64,
}

impl Markdown {
    pub(super) fn new(
        mut lines: Lines,
        columns: &[String],
        kinds: &[ColumnKind],
    ) -> io::Result<Self> {
        let names: Vec<String> = columns.iter().map(|name| escaped(name)).collect();
        writeln!(lines, "| {} |", names.join(" | "))?;
        let rule = |kind: &ColumnKind| if *kind == ColumnKind::Number { "---:" } else { "---" };
        let rules: Vec<&str> = kinds.iter().map(rule).collect();
        writeln!(lines, "| {} |", rules.join(" | "))?;
        Ok(Self { lines, cut: 0 })
    }

    fn text(&mut self, text: &str) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        match cut(&line, CELL_CHARS_MAX, |_| 1) {
            Some(short) => {
                self.cut += 1;
                escaped(&short)
            }
            None if is_address(&line) => link(&line),
            None => escaped(&line),
        }
    }
}

impl Sink for Markdown {
    fn row(&mut self, row: &[Value]) -> io::Result<()> {
        self.lines.write_all(b"|")?;
        for value in row {
            let cell = match Cell::of(value) {
                Cell::Empty => String::new(),
                Cell::Plain(text) => text,
                Cell::Text(text) => self.text(&text),
            };
            write!(self.lines, " {cell} |")?;
        }
        self.lines.write_all(b"\n")
    }

    fn cut_cells(&self) -> u64 {
        self.cut
    }

    fn finish(self: Box<Self>) -> io::Result<OutFile> {
        self.lines.finish()
    }
}

/// Whether `line` is nothing but an address of the web.
fn is_address(line: &str) -> bool {
    (line.starts_with("https://") || line.starts_with("http://")) && !line.contains(' ')
}

/// An address between angle brackets, where Markdown reads no marks; what would end it or the cell is
/// percent-encoded.
fn link(address: &str) -> String {
    let mut out = String::from("<");
    for c in address.chars() {
        match c {
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '|' => out.push_str("%7C"),
            '\\' => out.push_str("%5C"),
            '`' => out.push_str("%60"),
            c => out.push(c),
        }
    }
    out + ">"
}

/// A text in which neither HTML nor Markdown finds a mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Within a word an underscore is no mark.
            '_' if before.is_alphanumeric()
                && chars.peek().is_some_and(|c| c.is_alphanumeric()) =>
            {
                out.push('_');
            }
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '!' | '#' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // Without its marks an address in a text is not made a link, nor a name a mention.
            ':' if chars.peek() == Some(&'/') => out.push_str("&#58;"),
            '@' => out.push_str("&#64;"),
            '.' if ends_with_www(&out) => out.push_str("&#46;"),
            c => out.push(c),
        }
        before = c;
    }
    out
}

fn ends_with_www(text: &str) -> bool {
    text.len()
        .checked_sub(3)
        .and_then(|at| text.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_mark() {
        let cases = [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("a|b \\| `c`", "a\\|b \\\\\\| \\`c\\`"),
            (
                "**bold** _it_ snake_case ~~no~~",
                "\\*\\*bold\\*\\* \\_it\\_ snake_case \\~\\~no\\~\\~",
            ),
            ("![x](javascript:y)", "\\!\\[x\\](javascript:y)"),
            ("see https://x.example/", "see https&#58;//x.example/"),
            ("www.x.example v1.2", "www&#46;x.example v1.2"),
            ("&lt; @all", "&amp;lt; &#64;all"),
        ];
        for (text, expected) in cases {
            assert_eq!(escaped(text), expected, "{text}");
        }
    }

    #[test]
    fn an_address_is_a_link_and_cannot_leave_its_brackets() {
        assert!(is_address("https://a.example/?q=1|2") && !is_address("https://a.example/ x"));
        assert!(!is_address("javascript:alert(1)"));
        assert_eq!(link("https://a.example/a_b|c>`d\\"), "<https://a.example/a_b%7Cc%3E%60d%5C>");
    }
}
