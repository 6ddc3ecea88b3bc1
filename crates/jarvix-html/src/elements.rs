//! What is known about elements by name: one table, asked by the tokenizer, the text and whoever
//! builds a tree. No content model beyond what reading needs.

use std::fmt;

/// The name of an element in lower case, at most 16 bytes; longer names are all "other".
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ElementId([u8; 16]);

impl fmt::Debug for ElementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The id of an element from its name as it stands.
pub fn id(name: &str) -> ElementId {
    let mut bytes = [0; 16];
    if name.len() <= bytes.len() {
        for (to, from) in bytes.iter_mut().zip(name.bytes()) {
            *to = from.to_ascii_lowercase();
        }
    }
    ElementId(bytes)
}

impl ElementId {
    /// The name; empty for one that is too long to matter.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        std::str::from_utf8(&self.0[..end]).unwrap_or("")
    }
}

/// Elements whose content is text up to their end tag, whatever stands in it.
pub fn is_raw_text(id: ElementId) -> bool {
    matches!(
        id.as_str(),
        "script"
            | "style"
            | "title"
            | "textarea"
            | "xmp"
            | "iframe"
            | "noembed"
            | "noframes"
            | "plaintext"
    )
}

/// Elements without content or end tag.
pub fn is_void(id: ElementId) -> bool {
    matches!(
        id.as_str(),
        "area"
            | "base"
            | "basefont"
            | "bgsound"
            | "br"
            | "col"
            | "embed"
            | "frame"
            | "hr"
            | "img"
            | "image"
            | "input"
            | "keygen"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Elements whose content a reader does not see.
pub fn is_hidden(id: ElementId) -> bool {
    matches!(
        id.as_str(),
        "noscript"
            | "template"
            | "svg"
            | "math"
            | "object"
            | "select"
            | "datalist"
            | "audio"
            | "video"
            | "canvas"
    )
}

/// Elements that run within a line of text; all others break it.
pub fn is_inline(id: ElementId) -> bool {
    matches!(
        id.as_str(),
        "a" | "abbr"
            | "acronym"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "data"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "img"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "nobr"
            | "q"
            | "rp"
            | "rt"
            | "ruby"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
            | "script"
            | "style"
            | "link"
            | "meta"
    )
}

/// Elements that an end tag does not look past when it searches for its start tag.
pub fn is_scope_boundary(id: ElementId) -> bool {
    matches!(
        id.as_str(),
        "applet"
            | "caption"
            | "html"
            | "table"
            | "td"
            | "th"
            | "marquee"
            | "object"
            | "template"
            | "svg"
            | "math"
            | "foreignobject"
            | "desc"
            | "button"
            | "select"
    )
}

/// Elements whose start tag closes an open paragraph.
pub fn closes_paragraph(id: ElementId) -> bool {
    CLOSES_PARAGRAPH.binary_search(&id.as_str()).is_ok()
}

#[rustfmt::skip]
const CLOSES_PARAGRAPH: &[&str] = &[
    "address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5",
    "h6", "header", "hgroup", "hr", "li", "listing", "main", "menu", "nav", "ol", "p", "plaintext",
    "pre", "search", "section", "summary", "ul", "xmp",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_names_ignore_case() {
        assert!(CLOSES_PARAGRAPH.is_sorted());
        assert!(is_void(id("BR")) && closes_paragraph(id("Div")) && !closes_paragraph(id("span")));
        assert_eq!(id("a-very-long-custom-element-name").as_str(), "");
    }
}
