//! How large and deep the tree of a page would be, told from its tokens: the guard in front of a
//! tree builder, which may recurse or take quadratic time (HOSTILE 40).
//!
//! It plays the open-elements stack of the HTML standard: implied end tags, scopes, and formatting
//! elements that are opened again in every block. Where it does not know it guesses too deep,
//! never too shallow. Every token costs a bounded number of steps.

use std::hash::{DefaultHasher, Hasher};

use crate::elements::{
    self, ElementId, closes_paragraph, is_formatting, is_scope_boundary, is_special, is_void,
};
use crate::tokenizer::{Tag, TokenKind, tokens};

/// How far an end tag looks for its start tag; one further away counts as missing.
const SEARCH_MAX: usize = 128;
/// Formatting elements that are remembered.
const FORMATTING_MAX: usize = 128;
/// Where counting ends: nobody builds a tree of such a page.
pub const COUNT_MAX: usize = 100_000;

/// The size of the tree that a page would make; counts end a little above [`COUNT_MAX`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Deepest nesting of elements.
    pub depth_max: usize,
    /// Elements, those that the tree builder opens again included.
    pub elements: usize,
    /// Sum of the depths of all elements: what a walk from every element to the root costs.
    pub depth_sum: u64,
    /// Bytes of text times the depth they stand at: what taking the text of every element costs.
    pub text_depth_bytes: u64,
    /// Bytes inside table cells times the columns and rows that each cell spans; nested cells count
    /// at every level: what spelling out a table costs.
    pub cell_bytes: u64,
}

/// The shape of `html`.
pub fn shape(html: &str) -> Shape {
    let mut stack = Stack::default();
    for token in tokens(html) {
        stack.at = token.start;
        match token.kind {
            TokenKind::StartTag(tag) => stack.start(&tag),
            TokenKind::EndTag { name } => stack.end(elements::id(name)),
            TokenKind::Text(text) => stack.text(text),
            TokenKind::RawText { text, .. } => stack.raw_text(text),
            TokenKind::Comment(_) | TokenKind::Declaration(_) => {}
        }
        if stack.shape.elements.max(stack.shape.depth_max) > COUNT_MAX {
            break;
        }
    }
    stack.at = html.len();
    stack.close_all();
    stack.shape
}

/// The deepest nesting of elements in `html`, counted to [`COUNT_MAX`].
pub fn depth_max(html: &str) -> usize {
    shape(html).depth_max
}

/// An open element, with what is asked of it again and again.
#[derive(Clone, Copy)]
struct Open {
    id: ElementId,
    /// Whether its children are SVG or MathML.
    foreign: bool,
    special: bool,
    boundary: bool,
    /// Where it begins, in bytes.
    start: usize,
    /// Columns times rows that it spans, if it is a table cell.
    span: u64,
}

/// An entry of the list of active formatting elements.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Active {
    Marker,
    Element(ElementId, u64),
}

#[derive(Default)]
struct Stack {
    open: Vec<Open>,
    active: Vec<Active>,
    /// Formatting elements that a block's end closed: the next content opens them again.
    lost: Vec<ElementId>,
    selects: usize,
    /// Where the current token begins, in bytes.
    at: usize,
    shape: Shape,
}

impl Stack {
    fn start(&mut self, tag: &Tag<'_>) {
        let id = elements::id(tag.name);
        let name = id.as_str();
        if matches!(name, "html" | "head" | "body") {
            return;
        }
        let foreign = self.open.last().is_some_and(|open| open.foreign);
        self.close_implied(id);
        if reopens_formatting(id) {
            self.reopen();
        }
        self.shape.elements += 1;
        if is_void(id) || (foreign && tag.self_closing && is_drawing(name)) {
            self.deepest(1);
            return;
        }
        if is_formatting(id) && !foreign {
            self.start_formatting(id, tag);
        }
        if is_marker(name) {
            self.active.push(Active::Marker);
            if self.active.len() > FORMATTING_MAX {
                self.active.remove(0);
            }
        }
        self.push(id, foreign);
        if let ("td" | "th", Some(open)) = (name, self.open.last_mut()) {
            open.span = span(tag, "colspan").saturating_mul(span(tag, "rowspan"));
        }
    }

    fn text(&mut self, text: &str) {
        if !text.trim_ascii().is_empty() {
            self.reopen();
            self.shape.text_depth_bytes += (text.len() * self.open.len()) as u64;
        }
    }

    fn push(&mut self, id: ElementId, foreign_before: bool) {
        let name = id.as_str();
        let foreign = match name {
            "svg" | "math" => true,
            "foreignobject" | "desc" | "title" | "mi" | "mo" | "mn" | "ms" | "mtext"
            | "annotation-xml" => false,
            _ => foreign_before,
        };
        self.selects += usize::from(name == "select");
        let (special, boundary) = (is_special(id), is_scope_boundary(id));
        let start = self.at;
        self.open.push(Open { id, foreign, special, boundary, start, span: 0 });
        self.deepest(0);
    }

    fn deepest(&mut self, more: usize) {
        self.shape.depth_max = self.shape.depth_max.max(self.open.len() + more);
        self.shape.depth_sum += (self.open.len() + more) as u64;
    }

    /// In SVG and in select raw text is tokenised as tags: take every one as a level.
    fn raw_text(&mut self, text: &str) {
        if self.selects > 0 || self.open.iter().rev().nth(1).is_some_and(|open| open.foreign) {
            let tags =
                text.as_bytes().windows(2).filter(|w| w[0] == b'<' && w[1].is_ascii_alphabetic());
            self.deepest(tags.count());
        }
    }

    fn start_formatting(&mut self, id: ElementId, tag: &Tag<'_>) {
        if matches!(id.as_str(), "a" | "nobr") {
            self.end_formatting(id);
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(id.as_str().as_bytes());
        for (name, value) in tag.attributes() {
            hasher.write(name.as_bytes());
            hasher.write(value.as_bytes());
        }
        let entry = Active::Element(id, hasher.finish());
        // At most three equal ones behind the last marker.
        let from = self.active.iter().rposition(|a| *a == Active::Marker).map_or(0, |at| at + 1);
        let equal = self.active[from..].iter().filter(|a| **a == entry).count();
        if equal >= 3
            && let Some(at) = self.active[from..].iter().position(|a| *a == entry)
        {
            self.active.remove(from + at);
        }
        if self.active.len() == FORMATTING_MAX {
            self.active.remove(0);
        }
        self.active.push(entry);
    }

    fn end(&mut self, id: ElementId) {
        if is_formatting(id) {
            self.end_formatting(id);
            return;
        }
        let (table_part, special) = (is_table_part(id.as_str()), is_special(id));
        let found = self.find(
            |open| open.id == id,
            |open| match (table_part, special) {
                (true, _) => is_table_scope(open),
                (false, true) => open.boundary,
                (false, false) => open.special,
            },
        );
        if let Some(at) = found {
            self.pop_to(at);
        }
    }

    fn end_formatting(&mut self, id: ElementId) {
        let is_it = |a: &Active| matches!(a, Active::Element(of, _) if *of == id);
        let from = self.active.iter().rposition(|a| *a == Active::Marker).map_or(0, |at| at + 1);
        if let Some(at) = self.active[from..].iter().rposition(is_it) {
            self.active.remove(from + at);
        }
        if let Some(at) = self.lost.iter().rposition(|lost| *lost == id) {
            self.lost.remove(at);
            return;
        }
        let Some(at) = self.find(|open| open.id == id, |open| open.boundary) else {
            return;
        };
        if self.open[at + 1..].iter().any(|open| open.special) {
            self.open.remove(at);
        } else {
            self.pop_to(at);
        }
    }

    /// The nearest open element that is `wanted` and not behind a `boundary`.
    fn find(
        &mut self,
        wanted: impl Fn(&Open) -> bool,
        boundary: impl Fn(&Open) -> bool,
    ) -> Option<usize> {
        let from = self.open.len().saturating_sub(SEARCH_MAX);
        for at in (from..self.open.len()).rev() {
            if wanted(&self.open[at]) {
                return Some(at);
            }
            if boundary(&self.open[at]) {
                return None;
            }
        }
        if from > 0 {
            // A tree builder looks further, and may close and open again what stands between.
            self.shape.elements += self.active.len();
        }
        None
    }

    /// Closes the element at `at` and all in it. At most [`SEARCH_MAX`] go.
    fn pop_to(&mut self, at: usize) {
        for open in self.open.split_off(at) {
            let name = open.id.as_str();
            self.selects -= usize::from(name == "select");
            self.close_cell(&open);
            if is_marker(name) {
                let marker = self.active.iter().rposition(|a| *a == Active::Marker).unwrap_or(0);
                self.active.truncate(marker);
                self.lost.clear();
            } else if is_formatting(open.id) && self.lost.len() < FORMATTING_MAX {
                let is_it = |a: &&Active| matches!(a, Active::Element(of, _) if *of == open.id);
                let from =
                    self.active.iter().rposition(|a| *a == Active::Marker).map_or(0, |at| at + 1);
                let active = self.active[from..].iter().filter(is_it).count();
                let lost = self.lost.iter().filter(|lost| **lost == open.id).count();
                if active > lost {
                    self.lost.push(open.id);
                }
            }
        }
    }

    /// A column is something to hold even where nothing stands in it.
    fn close_cell(&mut self, open: &Open) {
        let bytes = (self.at.saturating_sub(open.start) as u64).max(32);
        let cost = bytes.saturating_mul(open.span);
        self.shape.cell_bytes = self.shape.cell_bytes.saturating_add(cost);
    }

    fn close_all(&mut self) {
        for open in std::mem::take(&mut self.open) {
            self.close_cell(&open);
        }
    }

    /// Opens the lost formatting elements again.
    fn reopen(&mut self) {
        for id in std::mem::take(&mut self.lost) {
            self.shape.elements += 1;
            let foreign = self.open.last().is_some_and(|open| open.foreign);
            self.push(id, foreign);
        }
    }

    /// The end tags that a start tag implies.
    fn close_implied(&mut self, id: ElementId) {
        let name = id.as_str();
        let found = match name {
            "li" => self.find(|o| o.id == id, stops_list_item),
            "dt" | "dd" => self.find(|o| matches!(o.id.as_str(), "dt" | "dd"), stops_list_item),
            "option" | "optgroup" => self
                .open
                .len()
                .checked_sub(1)
                .filter(|at| self.open[*at].id == elements::id("option")),
            "td" | "th" => self.find(|o| matches!(o.id.as_str(), "td" | "th"), is_table_scope),
            "tr" => self.find_outermost(&["td", "th", "tr"]),
            "tbody" | "thead" | "tfoot" => self.find_outermost(&[
                "td", "th", "tr", "tbody", "thead", "tfoot", "colgroup", "caption",
            ]),
            _ => None,
        };
        if let Some(at) = found {
            self.pop_to(at);
        }
        if closes_paragraph(id) {
            let paragraph = elements::id("p");
            if let Some(at) = self.find(|open| open.id == paragraph, |open| open.boundary) {
                self.pop_to(at);
            }
        }
    }

    /// The outermost of `names` within the nearest table.
    fn find_outermost(&self, names: &[&str]) -> Option<usize> {
        let from = self.open.len().saturating_sub(SEARCH_MAX);
        let table = (from..self.open.len())
            .rev()
            .find(|at| matches!(self.open[*at].id.as_str(), "table" | "template"))?;
        (table + 1..self.open.len()).find(|at| names.contains(&self.open[*at].id.as_str()))
    }
}

/// The number that a cell's attribute says; 1 without one.
fn span(tag: &Tag<'_>, attribute: &str) -> u64 {
    let value = tag.attribute(attribute);
    value.map_or(1, |value| value.trim().parse().unwrap_or(1).max(1))
}

/// End tags that reach through everything up to their table.
fn is_table_part(name: &str) -> bool {
    matches!(name, "table" | "caption" | "tbody" | "thead" | "tfoot" | "tr" | "td" | "th")
}

fn is_table_scope(open: &Open) -> bool {
    matches!(open.id.as_str(), "table" | "template")
}

/// What keeps a list item's start tag from closing the one before.
fn stops_list_item(open: &Open) -> bool {
    open.special && !matches!(open.id.as_str(), "address" | "div" | "p")
}

/// Blocks do not open lost formatting elements again; what stands in them does.
fn reopens_formatting(id: ElementId) -> bool {
    let inside_lines = matches!(
        id.as_str(),
        "button"
            | "select"
            | "applet"
            | "marquee"
            | "object"
            | "xmp"
            | "br"
            | "img"
            | "input"
            | "area"
            | "embed"
            | "keygen"
            | "wbr"
    );
    inside_lines || !is_special(id)
}

/// Elements around which the tree builder keeps formatting apart.
fn is_marker(name: &str) -> bool {
    matches!(name, "td" | "th" | "caption" | "applet" | "object" | "marquee" | "template")
}

/// SVG and MathML elements that end with their own tag; a self-closing HTML element does not.
fn is_drawing(name: &str) -> bool {
    matches!(
        name,
        "path"
            | "rect"
            | "circle"
            | "ellipse"
            | "line"
            | "polyline"
            | "polygon"
            | "use"
            | "stop"
            | "g"
            | "defs"
            | "symbol"
            | "text"
            | "tspan"
            | "clippath"
            | "mask"
            | "pattern"
            | "lineargradient"
            | "radialgradient"
            | "filter"
            | "animate"
            | "animatetransform"
            | "animatemotion"
            | "set"
            | "metadata"
            | "style"
            | "script"
            | "mspace"
            | "mprescripts"
            | "none"
    ) || name.starts_with("fe")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_told_as_a_tree_builder_would() {
        let cases: &[(&str, String, usize)] = &[
            ("nothing", String::new(), 0),
            ("plain", "<html><body><div><p>x</p></div>".into(), 2),
            ("nested", "<div>".repeat(1000), 1000),
            ("closed", "<div></div>".repeat(1000), 1),
            ("void", "<br><img>".repeat(1000), 1),
            ("paragraphs", "<p>x".repeat(1000), 1),
            ("inline in paragraphs", "<p><span>x".repeat(1000), 2),
            ("list items", format!("<ul>{}", "<li>x".repeat(1000)), 2),
            ("rows", format!("<table>{}", "<tr><td>x<td>y".repeat(1000)), 3),
            ("font in cells", format!("<table>{}", "<tr><td><font size=1>x".repeat(1000)), 4),
            ("tables", "<table><tr><td><p>x</table>".repeat(1000), 4),
            ("svg", "<svg><path/><g><path/></g></svg>".repeat(1000), 3),
            ("end tags out of reach", "<div><table><td></div>".repeat(1000), 3000),
            ("end tags of spans", "<span><div></span>".repeat(1000), 2000),
            ("self-closing blocks do not close", "<div/>".repeat(1000), 1000),
            ("links close links", "<a href=x>y".repeat(1000), 1),
        ];
        for (name, html, expected) in cases {
            assert_eq!(depth_max(html), *expected, "{name}");
        }
    }

    #[test]
    fn tags_that_a_tree_builder_sees_in_raw_text_count() {
        let inner = "<g>".repeat(900);
        assert!(depth_max(&format!("<svg><style>{inner}</style></svg>")) >= 900);
        assert!(depth_max(&format!("<select><style></select>{inner}</style>")) >= 900);
        assert!(depth_max(&format!("<script>{inner}</script>")) < 10);
    }

    #[test]
    fn cells_cost_what_they_span() {
        let cost = |html: &str| shape(html).cell_bytes;
        assert_eq!(cost("<table><tr><td>12345678901234567890123456789</td></table>"), 33);
        assert!(cost("<table><tr><td colspan=100000000>x</table>") > 3_000_000_000);
        assert_eq!(cost("<td colspan=99999999999 rowspan=99999999999>x"), u64::MAX);
        let nested = format!("{}{}", "<table><tr><td>".repeat(100), "x".repeat(100_000));
        assert!(cost(&nested) > 10_000_000);
    }

    #[test]
    fn formatting_elements_left_open_count_in_every_block() {
        let fonts: String = (0..100).map(|n| format!("<font size={n}>")).collect();
        let html = format!("<p>{fonts}</p>{}", "<p>x</p>".repeat(1000));
        assert!(shape(&html).elements > 50_000, "{:?}", shape(&html));
        assert!(depth_max(&"<p><b>x".repeat(1000)) < 10);
    }
}
