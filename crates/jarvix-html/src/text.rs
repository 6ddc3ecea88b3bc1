//! The visible text of a page straight from its tokens: the fallback where no tree can be built,
//! and the measure for how much of a page is text. Linear, no recursion.

use crate::elements::{self, ElementId, is_hidden, is_inline};
use crate::entities::unescape;
use crate::tokenizer::{Token, TokenKind, tokens};

/// Keeps account of elements whose content is not shown, token by token.
#[derive(Debug, Default)]
pub struct Visibility {
    /// The outermost hidden element and how many of its kind are open.
    hidden: Option<(ElementId, u32)>,
}

impl Visibility {
    /// Takes the next token; whether what it holds can be seen.
    pub fn sees(&mut self, token: &Token<'_>) -> bool {
        match token.kind {
            TokenKind::StartTag(tag) => {
                let id = elements::id(tag.name);
                match &mut self.hidden {
                    Some((of, open)) if *of == id => *open += 1,
                    None if is_hidden(id) && !tag.self_closing => self.hidden = Some((id, 1)),
                    _ => {}
                }
            }
            TokenKind::EndTag { name } => {
                let id = elements::id(name);
                if let Some((of, open)) = &mut self.hidden
                    && *of == id
                {
                    *open -= 1;
                    if *open == 0 {
                        self.hidden = None;
                    }
                }
            }
            TokenKind::RawText { .. } | TokenKind::Comment(_) | TokenKind::Declaration(_) => {
                return false;
            }
            TokenKind::Text(_) => {}
        }
        self.hidden.is_none()
    }
}

/// The visible text, one block a line, white space collapsed; scripts, styles and hidden elements
/// left out.
pub fn plain_text(html: &str) -> String {
    let mut text = TextLines::default();
    let mut visibility = Visibility::default();
    for token in tokens(html) {
        let visible = visibility.sees(&token);
        match token.kind {
            TokenKind::Text(raw) if visible => text.push(&unescape(raw)),
            TokenKind::StartTag(tag) if !is_inline(elements::id(tag.name)) => text.end_line(),
            TokenKind::EndTag { name } if !is_inline(elements::id(name)) => text.end_line(),
            _ => {}
        }
    }
    text.finish()
}

/// Builds text line by line with white space collapsed.
#[derive(Debug, Default)]
pub struct TextLines {
    out: String,
    /// A space stands between what was pushed and what comes next.
    space: bool,
}

impl TextLines {
    /// Adds to the current line.
    pub fn push(&mut self, text: &str) {
        let starts_spaced = text.starts_with(char::is_whitespace);
        self.space |= starts_spaced;
        for word in text.split_whitespace() {
            if self.space && !self.out.is_empty() && !self.out.ends_with('\n') {
                self.out.push(' ');
            }
            self.out.push_str(word);
            self.space = true;
        }
        if !text.is_empty() && !text.ends_with(char::is_whitespace) {
            self.space = false;
        }
    }

    /// Ends the current line, if it holds anything.
    pub fn end_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.space = false;
    }

    /// The text, without a final line break.
    pub fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_sees_is_kept() {
        let cases = [
            ("", ""),
            (
                "<p>One <b>bold</b> word.</p><p>Two&nbsp;&amp; three</p>",
                "One bold word.\nTwo & three",
            ),
            ("<title>t</title><script>var a='<p>';</script><style>p{}</style>x", "x"),
            ("a<noscript><p>on</p></noscript>b", "a\nb"),
            ("<ul><li>a<li>b</ul>", "a\nb"),
            ("a<span>b</span> <i>c</i>\n d", "ab c d"),
            ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
            ("<td>a</td><td>b</td>", "a\nb"),
            ("cut <a href=\"x", "cut"),
            ("<template><p>no</p></template>yes", "yes"),
        ];
        for (html, expected) in cases {
            assert_eq!(plain_text(html), expected, "{html}");
        }
    }
}
