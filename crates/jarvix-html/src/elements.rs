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
    if let Some(to) = bytes.get_mut(..name.len()) {
        to.copy_from_slice(name.as_bytes());
    }
    bytes.make_ascii_lowercase();
    ElementId(bytes)
}

impl ElementId {
    /// The name; empty for one that is too long to matter.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        std::str::from_utf8(&self.0[..end]).unwrap_or("")
    }

    /// The name as a number, for tables.
    pub const fn key(self) -> u128 {
        let key = u128::from_le_bytes(self.0);
        // What stands behind a zero byte is not part of the name.
        let zeros = key.wrapping_sub(LOW_BITS) & !key & (LOW_BITS << 7);
        if zeros == 0 { key } else { key & ((1 << (zeros.trailing_zeros() / 8 * 8)) - 1) }
    }
}

/// The lowest bit of each byte.
const LOW_BITS: u128 = u128::MAX / 255;

/// Elements whose content is text up to their end tag, whatever stands in it.
pub fn is_raw_text(id: ElementId) -> bool {
    traits(id) & RAW_TEXT.1 != 0
}

/// Elements without content or end tag.
pub fn is_void(id: ElementId) -> bool {
    traits(id) & VOID.1 != 0
}

/// Elements whose content a reader does not see.
pub fn is_hidden(id: ElementId) -> bool {
    traits(id) & HIDDEN.1 != 0
}

/// Elements that run within a line of text; all others break it.
pub fn is_inline(id: ElementId) -> bool {
    traits(id) & INLINE.1 != 0
}

/// Elements that an end tag does not look past when it searches for its start tag.
pub fn is_scope_boundary(id: ElementId) -> bool {
    traits(id) & SCOPE_BOUNDARY.1 != 0
}

/// Elements whose start tag closes an open paragraph.
pub fn closes_paragraph(id: ElementId) -> bool {
    traits(id) & CLOSES_PARAGRAPH.1 != 0
}

/// Names that have a trait, and its bit.
type Family = (&'static [&'static str], u8);

#[rustfmt::skip]
const RAW_TEXT: Family = (&[
    "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "plaintext",
], 1);
#[rustfmt::skip]
const VOID: Family = (&[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "image",
    "input", "keygen", "link", "meta", "param", "source", "track", "wbr",
], 2);
#[rustfmt::skip]
const HIDDEN: Family = (&[
    "noscript", "template", "svg", "math", "object", "select", "datalist", "audio", "video",
    "canvas",
], 4);
#[rustfmt::skip]
const INLINE: Family = (&[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "img", "ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp",
    "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "script",
    "style", "link", "meta",
], 8);
#[rustfmt::skip]
const SCOPE_BOUNDARY: Family = (&[
    "applet", "caption", "html", "table", "td", "th", "marquee", "object", "template", "svg",
    "math", "foreignobject", "desc", "button", "select",
], 16);
#[rustfmt::skip]
const CLOSES_PARAGRAPH: Family = (&[
    "address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5",
    "h6", "header", "hgroup", "hr", "li", "listing", "main", "menu", "nav", "ol", "p", "plaintext",
    "pre", "search", "section", "summary", "ul", "xmp",
], 32);

/// Places of the table of names: a power of two, and more than twice as many as there are names.
const PLACES: usize = 512;

/// Every name with its traits, at the place that its key leads to or one of the next: asked for
/// every tag of every page, so made when the program is built.
static TABLE: [(u128, u8); PLACES] = {
    let mut table = [(0, 0); PLACES];
    let families = [RAW_TEXT, VOID, HIDDEN, INLINE, SCOPE_BOUNDARY, CLOSES_PARAGRAPH];
    let mut family = 0;
    while family < families.len() {
        let (names, bit) = families[family];
        let mut name = 0;
        while name < names.len() {
            let key = key_of(names[name]);
            let mut at = place(key);
            while table[at].0 != 0 && table[at].0 != key {
                at = (at + 1) % PLACES;
            }
            table[at] = (key, table[at].1 | bit);
            name += 1;
        }
        family += 1;
    }
    table
};

const fn key_of(name: &str) -> u128 {
    let mut bytes = [0; 16];
    let mut at = 0;
    while at < name.len() {
        bytes[at] = name.as_bytes()[at];
        at += 1;
    }
    u128::from_le_bytes(bytes)
}

const fn place(key: u128) -> usize {
    let mixed = (key as u64 ^ (key >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 55) as usize % PLACES
}

/// The traits of an element, a bit each.
fn traits(id: ElementId) -> u8 {
    let key = id.key();
    let mut at = place(key);
    loop {
        match TABLE[at] {
            (known, traits) if known == key => return traits,
            (0, _) => return 0,
            _ => at = (at + 1) % PLACES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_traits_and_names_ignore_case() {
        let families = [RAW_TEXT, VOID, HIDDEN, INLINE, SCOPE_BOUNDARY, CLOSES_PARAGRAPH];
        for (names, bit) in families {
            assert!(names.iter().all(|name| traits(id(name)) & bit != 0));
            let named = TABLE.iter().filter(|(_, traits)| traits & bit != 0).count();
            assert_eq!(named, names.iter().collect::<std::collections::HashSet<_>>().len());
        }
        assert!(is_void(id("BR")) && closes_paragraph(id("Div")) && !closes_paragraph(id("span")));
        assert_eq!(id("a-very-long-custom-element-name").as_str(), "");
        assert_eq!((id("").key(), traits(id(""))), (0, 0));
        assert_eq!((id("a\0b").as_str(), id("a\0b").key()), ("a", id("A").key()));
    }
}
