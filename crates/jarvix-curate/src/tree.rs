//! A page as an arena of nodes in document order: every node knows its parent and where its
//! subtree ends, so that a pass up or down the tree is a loop over a vector.
//!
//! Built straight from the tokens in linear time, without recursion: implied end tags, void
//! elements and stray end tags are dealt with as browsers do where it matters for reading. What it
//! refuses to do: move misplaced nodes, open formatting elements again, or nest deeper than
//! [`limits::HTML_DEPTH_MAX`]; what is deeper belongs to the deepest element that fits.

use jarvix_core::limits;
use jarvix_html::{Tag, Token, TokenKind, tokens};

pub(crate) use crate::names::Name;
use crate::names::Traits;

/// Nodes that are kept of one page.
pub(crate) const NODES_MAX: usize = 400_000;
/// How far an end tag looks for its start tag; one further away counts as missing.
const SEARCH_MAX: usize = 128;

/// What a node is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind<'a> {
    /// An element with its start tag.
    Element(Tag<'a>),
    /// Text, character references as they stand.
    Text(&'a str),
}

/// A node of the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a> {
    /// The parent's place; the root is its own parent.
    pub(crate) parent: u32,
    /// One behind the last node of the subtree.
    pub(crate) end: u32,
    /// How many elements are around it.
    pub(crate) depth: u16,
    /// The element's name; `Other` for text.
    pub(crate) name: Name,
    /// Whether it runs within a line of text.
    pub(crate) inline: bool,
    /// What it is.
    pub(crate) kind: Kind<'a>,
}

/// A page as nodes in document order; the first one is a root without a tag.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    /// The nodes.
    pub(crate) nodes: Vec<Node<'a>>,
    /// The first node of what was added behind the page.
    pub(crate) added: u32,
    /// Whether elements were nested deeper than a tree goes.
    pub(crate) too_deep: bool,
    /// Whether the page has more nodes than are kept.
    pub(crate) too_large: bool,
    /// Steps that were made on the stack of open elements: the measure of the work.
    pub(crate) steps: u64,
}

impl<'a> Tree<'a> {
    /// The tree of `html`, of which what stands behind `page_bytes` was added to the page.
    pub(crate) fn of(html: &'a str, page_bytes: usize) -> Self {
        Self::among(tokens(html), html.len(), page_bytes)
    }

    /// The same of the tokens of a page of `bytes` bytes.
    pub(crate) fn among(
        tokens: impl Iterator<Item = Token<'a>>,
        bytes: usize,
        page_bytes: usize,
    ) -> Self {
        let root = Node {
            parent: 0,
            end: 0,
            depth: 0,
            name: Name::Other,
            inline: false,
            kind: Kind::Text(""),
        };
        let nodes = Vec::with_capacity((bytes / 32).min(NODES_MAX));
        let tree = Tree { nodes, added: u32::MAX, too_deep: false, too_large: false, steps: 0 };
        let mut builder = Builder { tree, open: vec![0], overflow: 0, paragraphs: 0 };
        builder.tree.nodes.push(root);
        for token in tokens {
            if token.start >= page_bytes && builder.tree.added == u32::MAX {
                builder.pop_to(1);
                builder.overflow = 0;
                builder.tree.added = builder.tree.nodes.len() as u32;
            }
            match token.kind {
                TokenKind::StartTag(tag) => builder.start(tag),
                TokenKind::EndTag { name } => builder.end(name),
                TokenKind::Text(text) => builder.text(text),
                TokenKind::RawText { .. } | TokenKind::Comment(_) | TokenKind::Declaration(_) => {}
            }
            if builder.tree.too_deep {
                break;
            }
            if builder.tree.nodes.len() >= NODES_MAX {
                builder.tree.too_large = true;
                break;
            }
        }
        builder.pop_to(0);
        builder.tree
    }

    /// The start tag of the element at `at`.
    pub(crate) fn tag(&self, at: u32) -> Option<&Tag<'a>> {
        match &self.nodes[at as usize].kind {
            Kind::Element(tag) => Some(tag),
            Kind::Text(_) => None,
        }
    }

    /// The ancestors of the node at `at`, itself first, the root not.
    pub(crate) fn path(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        let mut at = at;
        std::iter::from_fn(move || {
            let here = at;
            at = self.nodes[here as usize].parent;
            (here != 0).then_some(here)
        })
    }
}

struct Builder<'a> {
    tree: Tree<'a>,
    /// Open elements, the root first.
    open: Vec<u32>,
    /// Elements that are open but too deep to be kept.
    overflow: u32,
    /// How many open elements are paragraphs.
    paragraphs: u32,
}

impl<'a> Builder<'a> {
    fn name(&self, open: usize) -> Name {
        self.tree.nodes[self.open[open] as usize].name
    }

    fn push_node(&mut self, name: Name, inline: bool, kind: Kind<'a>) -> u32 {
        let at = self.tree.nodes.len() as u32;
        let parent = self.open.last().copied().unwrap_or(0);
        let depth = self.open.len() as u16;
        self.tree.nodes.push(Node { parent, end: at + 1, depth, name, inline, kind });
        at
    }

    fn text(&mut self, text: &'a str) {
        self.push_node(Name::Other, true, Kind::Text(text));
    }

    fn start(&mut self, tag: Tag<'a>) {
        let traits = Traits::of(tag.name);
        let name = traits.name;
        if matches!(name, Name::Html | Name::Body) {
            if name == Name::Body {
                self.leave_head();
            }
            if self.tree.nodes.iter().take(64).any(|node| node.name == name) {
                return;
            }
        } else if !matches!(
            name,
            Name::Head
                | Name::Title
                | Name::Meta
                | Name::Link
                | Name::Script
                | Name::Style
                | Name::Noscript
                | Name::Template
        ) && !tag.is("base")
        {
            self.leave_head();
        }
        self.close_implied(traits);
        if self.open.len() >= limits::HTML_DEPTH_MAX {
            self.tree.too_deep = true;
            if !traits.void {
                self.overflow += 1;
            }
            return;
        }
        let at = self.push_node(name, traits.inline, Kind::Element(tag));
        if traits.void || (tag.self_closing && self.in_drawing()) {
            return;
        }
        self.paragraphs += u32::from(name == Name::P);
        self.open.push(at);
    }

    /// Whether the innermost open elements belong to a drawing, where `<g/>` has no content.
    fn in_drawing(&self) -> bool {
        self.open
            .iter()
            .rev()
            .take(4)
            .any(|at| matches!(self.tree.nodes[*at as usize].name, Name::Svg | Name::Math))
    }

    /// What is no part of a head ends it.
    fn leave_head(&mut self) {
        let from = self.open.len().min(4);
        if let Some(at) = (1..from).find(|at| self.name(*at) == Name::Head) {
            self.pop_to(at);
        }
    }

    fn close_implied(&mut self, traits: Traits) {
        let found = match traits.name {
            Name::Li => {
                self.find(|n| n == Name::Li, |n| matches!(n, Name::Ul | Name::Ol | Name::Table))
            }
            Name::Dt | Name::Dd => {
                self.find(|n| matches!(n, Name::Dt | Name::Dd), |n| n == Name::Dl)
            }
            Name::Option | Name::Optgroup => {
                self.find(|n| n == Name::Option, |n| n != Name::Option)
            }
            Name::Td | Name::Th => self.find(Name::is_cell, |n| n == Name::Table || n == Name::Tr),
            Name::Tr => self
                .find(|n| n == Name::Tr, |n| n == Name::Table)
                .or_else(|| self.find(Name::is_cell, |n| n == Name::Table)),
            Name::Tbody | Name::Thead | Name::Tfoot => {
                self.find(Name::is_row_group, |n| n == Name::Table)
            }
            Name::A => self.find(|n| n == Name::A, Name::is_scope_boundary),
            _ => None,
        };
        if let Some(at) = found {
            self.pop_to(at);
        }
        if self.paragraphs > 0
            && traits.closes_paragraph
            && let Some(at) = self.find(|n| n == Name::P, Name::is_scope_boundary)
        {
            self.pop_to(at);
        }
    }

    fn end(&mut self, tag_name: &str) {
        let traits = Traits::of(tag_name);
        let name = traits.name;
        if self.overflow > 0 {
            self.overflow -= 1;
            return;
        }
        if traits.void || matches!(name, Name::Html | Name::Body) {
            return;
        }
        let is_part = name.is_cell()
            || name.is_row_group()
            || matches!(name, Name::Tr | Name::Table | Name::Caption);
        let is_line = traits.inline && name != Name::A;
        let from = self.open.len().saturating_sub(SEARCH_MAX).max(1);
        for at in (from..self.open.len()).rev() {
            self.tree.steps += 1;
            let node = self.tree.nodes[self.open[at] as usize];
            let same = node.name == name
                && (name != Name::Other
                    || matches!(node.kind, Kind::Element(tag) if tag.name.eq_ignore_ascii_case(tag_name)));
            if same {
                self.pop_to(at);
                return;
            }
            let stops = match (is_part, is_line) {
                (true, _) => node.name == Name::Table,
                (false, true) => !node.inline,
                (false, false) => node.name.is_scope_boundary(),
            };
            if stops {
                return;
            }
        }
    }

    /// The nearest open element that is `wanted` and not behind a `boundary`.
    fn find(&mut self, wanted: fn(Name) -> bool, boundary: fn(Name) -> bool) -> Option<usize> {
        let from = self.open.len().saturating_sub(SEARCH_MAX).max(1);
        for at in (from..self.open.len()).rev() {
            self.tree.steps += 1;
            let name = self.name(at);
            if wanted(name) {
                return Some(at);
            }
            if boundary(name) {
                return None;
            }
        }
        None
    }

    /// Closes the open element at `at` and all in it.
    fn pop_to(&mut self, at: usize) {
        let end = self.tree.nodes.len() as u32;
        for node in self.open.drain(at..) {
            let node = &mut self.tree.nodes[node as usize];
            node.end = end;
            self.paragraphs -= u32::from(node.name == Name::P);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree as nested brackets.
    fn shown(html: &str) -> String {
        let tree = Tree::of(html, html.len());
        let mut out = String::new();
        let mut open: Vec<u32> = Vec::new();
        for (at, node) in tree.nodes.iter().enumerate().skip(1) {
            while open.last().is_some_and(|o| tree.nodes[*o as usize].end as usize <= at) {
                open.pop();
                out.push(')');
            }
            match node.kind {
                Kind::Text(text) => out.push_str(text),
                Kind::Element(tag) => {
                    out.push_str(&format!("{}(", tag.name));
                    open.push(at as u32);
                }
            }
        }
        out.push_str(&")".repeat(open.len()));
        out
    }

    #[test]
    fn end_tags_are_implied() {
        let cases = [
            ("<p>a<p>b<div>c</div>", "p(a)p(b)div(c)"),
            ("<ul><li>a<li>b<ul><li>c</ul></ul>d", "ul(li(a)li(bul(li(c))))d"),
            ("<dl><dt>a<dd>b<dt>c</dl>", "dl(dt(a)dd(b)dt(c))"),
            ("<table><tr><td>a<td>b<tr><td>c</table>d", "table(tr(td(a)td(b))tr(td(c)))d"),
            ("<a>x<a>y</a>z", "a(x)a(y)z"),
            ("<div>a</span></p>b</div>c", "div(ab)c"),
            ("<div><b>a</div>b", "div(b(a))b"),
            ("<td>a</div>b", "td(ab)"),
            ("<br>a<img>b</br>", "br()aimg()b"),
            ("<head><title>t</title><p>a", "head(title())p(a)"),
            ("<html><body><p>a</body><p>b", "html(body(p(a)p(b)))"),
            ("<svg><g/><path/></svg>a", "svg(g()path())a"),
        ];
        for (html, expected) in cases {
            assert_eq!(shown(html), expected, "{html}");
        }
    }

    #[test]
    fn hostile_pages_cost_linear_work() {
        let many = 1_000_000;
        for html in [
            "<div>".repeat(many),
            "<p>".repeat(many),
            format!("{}{}", "<div>".repeat(600), "</p></b></table>".repeat(many / 4)),
            format!("{}{}", "<span>".repeat(500), "<li>".repeat(many / 4)),
        ] {
            let tree = Tree::of(&html, html.len());
            assert!(tree.nodes.len() <= NODES_MAX);
            assert!(tree.steps <= html.len() as u64 * SEARCH_MAX as u64);
            assert!(tree.nodes.iter().all(|n| usize::from(n.depth) <= limits::HTML_DEPTH_MAX));
        }
        assert!(Tree::of(&"<div>".repeat(1_000), usize::MAX).too_deep);
    }
}
