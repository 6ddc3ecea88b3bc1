//! A tokenizer for HTML as it is found: linear in its input, without recursion and without a tree.
//!
//! It follows the HTML standard where that matters for reading (quoting of attributes, comments,
//! raw text elements, case) and leaves the rest out: character references are decoded only on
//! demand, and `noscript` is an ordinary element. Every byte of the input belongs to exactly one
//! token, in order; each step moves forward, so a page of n bytes has at most n tokens.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use crate::elements::{self, is_raw_text};
use crate::entities::unescape;

/// A piece of the page: `html[start..end]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// What it is.
    pub kind: TokenKind<'a>,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind<'a> {
    /// `<name attribute=value>`.
    StartTag(Tag<'a>),
    /// `</name>`.
    EndTag {
        /// The name as it stands.
        name: &'a str,
    },
    /// Text between tags, character references as they stand.
    Text(&'a str),
    /// What stands inside a raw text element (script, style, title, textarea, ...).
    RawText {
        /// The element's name as it stands.
        of: &'a str,
        /// The content.
        text: &'a str,
    },
    /// A comment, its marks included; also a tag that the end of the page cuts off.
    Comment(&'a str),
    /// A doctype, a processing instruction or a CDATA mark, as it stands.
    Declaration(&'a str),
}

/// A start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    /// The name as it stands.
    pub name: &'a str,
    /// Whether it ends in `/>`.
    pub self_closing: bool,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// Whether the element's name is `name` (lower case).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value of the first attribute `name` (lower case), character references decoded; empty
    /// for an attribute without a value.
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| unescape(v))
    }

    /// Whether it has the attribute `name` (lower case).
    pub fn has(&self, name: &str) -> bool {
        self.attributes().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// Names and values as they stand.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let text = self.attributes;
        let mut at = 0;
        std::iter::from_fn(move || {
            let found = next_attribute(text.as_bytes(), at)?;
            at = found.next;
            Some((text.get(found.name)?, text.get(found.value)?))
        })
    }
}

/// The tokens of a page.
#[derive(Debug, Clone)]
pub struct Tokenizer<'a> {
    html: &'a str,
    at: usize,
    /// The raw text element whose start tag came last.
    raw: Option<&'a str>,
    /// How many `svg` and `math` elements are open: in them `<style/>` has no content.
    foreign: u32,
}

/// The tokens of `html`, in order.
pub fn tokens(html: &str) -> Tokenizer<'_> {
    Tokenizer { html, at: 0, raw: None, foreign: 0 }
}

/// Most tokens of a page that are kept; those behind them are read again by whoever needs them.
const KEPT_MAX: usize = 100_000;

/// The tokens of a page, read once for several readers.
#[derive(Debug)]
pub struct TokenList<'a> {
    kept: Vec<Token<'a>>,
    /// Where it goes on: at the last token, or at the first that is not kept.
    rest: Tokenizer<'a>,
}

impl<'a> TokenList<'a> {
    /// The tokens of `html`.
    pub fn of(html: &'a str) -> Self {
        let mut kept = Vec::new();
        let mut next = tokens(html);
        let mut rest = next.clone();
        let mut raw = None;
        while kept.len() < KEPT_MAX {
            // The last token might read on if more came behind the page.
            let Some(token) = next.next().filter(|token| token.end < html.len()) else { break };
            // So might raw text, if the name of its end tag did.
            if matches!(token.kind, TokenKind::RawText { .. }) {
                raw = Some(token);
                continue;
            }
            kept.extend(raw.take());
            kept.push(token);
            rest = next.clone();
        }
        Self { kept, rest }
    }

    /// All tokens, in order.
    pub fn iter(&self) -> impl Iterator<Item = Token<'a>> {
        self.kept.iter().copied().chain(self.rest.clone())
    }

    /// The tokens of `whole`, which must begin with the page that was read.
    pub fn iter_on<'w>(&'w self, whole: &'w str) -> impl Iterator<Item = Token<'w>> {
        let kept: &[Token<'w>] = &self.kept;
        let Tokenizer { at, raw, foreign, .. } = self.rest;
        kept.iter().copied().chain(Tokenizer { html: whole, at, raw, foreign })
    }
}

/// Where the last thing stands that may be a start tag `name` (lower case): no start tag with this
/// name is further on. A quick look that saves reading tokens for what the page does not have.
pub fn last_start(html: &str, name: &str) -> Option<usize> {
    let bytes = html.as_bytes();
    memchr::memrchr_iter(b'<', bytes).find(|at| {
        let found = bytes.get(at + 1..at + 1 + name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    })
}

impl<'a> Iterator for Tokenizer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(of) = self.raw.take() {
            let end = raw_text_end(self.html.as_bytes(), self.at, of);
            if end > self.at {
                let text = &self.html[self.at..end];
                return Some(self.emit(end, TokenKind::RawText { of, text }));
            }
        }
        let rest = self.html.as_bytes().get(self.at..).filter(|rest| !rest.is_empty())?;
        Some(if rest[0] == b'<' && opens_markup(rest) { self.markup() } else { self.text() })
    }
}

impl<'a> Tokenizer<'a> {
    fn emit(&mut self, end: usize, kind: TokenKind<'a>) -> Token<'a> {
        let token = Token { start: self.at, end, kind };
        self.at = end;
        token
    }

    fn text(&mut self) -> Token<'a> {
        let bytes = self.html.as_bytes();
        // A '<' that opens nothing is text; it stands at the first byte or further on.
        let mut end = self.at;
        loop {
            end = match memchr(b'<', &bytes[end..]) {
                Some(0) if opens_markup(&bytes[end..]) => break,
                Some(0) => end + 1,
                Some(n) => end + n,
                None => bytes.len(),
            };
            if end == bytes.len() {
                break;
            }
        }
        self.emit(end, TokenKind::Text(&self.html[self.at..end]))
    }

    fn markup(&mut self) -> Token<'a> {
        let rest = &self.html[self.at..];
        match rest.as_bytes()[1] {
            b'!' if rest.starts_with("<!--") => {
                let end = self.at + comment_end(rest.as_bytes());
                self.emit(end, TokenKind::Comment(&self.html[self.at..end]))
            }
            b'!' | b'?' => {
                let end = self.after(b'>');
                self.emit(end, TokenKind::Declaration(&self.html[self.at..end]))
            }
            b'/' => self.end_tag(),
            _ => self.start_tag(),
        }
    }

    /// Behind the next `mark`, or the end of the page.
    fn after(&self, mark: u8) -> usize {
        let bytes = self.html.as_bytes();
        memchr(mark, &bytes[self.at..]).map_or(bytes.len(), |n| self.at + n + 1)
    }

    fn end_tag(&mut self) -> Token<'a> {
        let name_start = self.at + 2;
        if !self.html.as_bytes().get(name_start).is_some_and(u8::is_ascii_alphabetic) {
            let end = self.after(b'>');
            return self.emit(end, TokenKind::Comment(&self.html[self.at..end]));
        }
        let name_end = name_end(self.html.as_bytes(), name_start);
        let name = &self.html[name_start..name_end];
        match tag_end(self.html.as_bytes(), name_end) {
            Some((end, _)) => {
                if is_foreign_root(name) {
                    self.foreign = self.foreign.saturating_sub(1);
                }
                self.emit(end, TokenKind::EndTag { name })
            }
            None => self.cut(),
        }
    }

    fn start_tag(&mut self) -> Token<'a> {
        let name_end = name_end(self.html.as_bytes(), self.at + 1);
        let name = &self.html[self.at + 1..name_end];
        let Some((end, self_closing)) = tag_end(self.html.as_bytes(), name_end) else {
            return self.cut();
        };
        if is_foreign_root(name) && !self_closing {
            self.foreign = self.foreign.saturating_add(1);
        }
        if is_raw_text(elements::id(name)) && !(self_closing && self.foreign > 0) {
            self.raw = Some(name);
        }
        let attributes = &self.html[name_end..end - 1];
        self.emit(end, TokenKind::StartTag(Tag { name, self_closing, attributes }))
    }

    /// A tag without an end: browsers drop it.
    fn cut(&mut self) -> Token<'a> {
        let rest = &self.html[self.at..];
        self.emit(self.html.len(), TokenKind::Comment(rest))
    }
}

fn is_foreign_root(name: &str) -> bool {
    name.eq_ignore_ascii_case("svg") || name.eq_ignore_ascii_case("math")
}

/// Whether `<` is followed by what makes it markup.
fn opens_markup(bytes: &[u8]) -> bool {
    match bytes.get(1) {
        Some(b'!' | b'?') => true,
        Some(b'/') => bytes.len() > 2,
        Some(b) => b.is_ascii_alphabetic(),
        None => false,
    }
}

/// The length of the comment at the start of `bytes` (`<!--...`).
fn comment_end(bytes: &[u8]) -> usize {
    if bytes[4..].starts_with(b">") {
        return 5;
    }
    if bytes[4..].starts_with(b"->") {
        return 6;
    }
    let body = &bytes[4..];
    let mut at = 0;
    while let Some(n) = memmem::find(&body[at..], b"--") {
        at += n + 2;
        match &body[at..] {
            [b'>', ..] => return 4 + at + 1,
            [b'!', b'>', ..] => return 4 + at + 2,
            // The second dash may be the first of the mark.
            [b'-', ..] => at -= 1,
            _ => {}
        }
    }
    bytes.len()
}

/// Where the content of raw text element `of` ends: at its end tag or the end of the page.
fn raw_text_end(bytes: &[u8], start: usize, of: &str) -> usize {
    if of.eq_ignore_ascii_case("plaintext") {
        return bytes.len();
    }
    let mut at = start;
    while let Some(n) = memmem::find(&bytes[at..], b"</") {
        let name = at + n + 2;
        let found = bytes.get(name..name + of.len());
        let ends = matches!(
            bytes.get(name + of.len()),
            None | Some(b' ' | b'\t' | b'\n' | b'\x0c' | b'\r' | b'/' | b'>')
        );
        if ends && found.is_some_and(|found| found.eq_ignore_ascii_case(of.as_bytes())) {
            return at + n;
        }
        at = name;
    }
    bytes.len()
}

fn name_end(bytes: &[u8], start: usize) -> usize {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>');
    bytes[start..].iter().position(ends).map_or(bytes.len(), |n| start + n)
}

struct Attribute {
    name: std::ops::Range<usize>,
    value: std::ops::Range<usize>,
    next: usize,
}

fn skip(bytes: &[u8], at: usize, skipped: fn(&u8) -> bool) -> usize {
    bytes[at..].iter().position(|b| !skipped(b)).map_or(bytes.len(), |n| at + n)
}

/// Behind the tag whose name ends at `at`, and whether it is self-closing; `None` where the page
/// ends inside the tag.
fn tag_end(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let mut at = at;
    loop {
        let next = skip(bytes, at, |b| b.is_ascii_whitespace() || *b == b'/');
        if *bytes.get(next)? == b'>' {
            return Some((next + 1, next > at && bytes[next - 1] == b'/'));
        }
        at = next_attribute(bytes, next)?.next;
    }
}

/// The attribute at or behind `at`; `None` at the end of the tag or inside a value that the page
/// cuts off.
fn next_attribute(bytes: &[u8], at: usize) -> Option<Attribute> {
    let start = skip(bytes, at, |b| b.is_ascii_whitespace() || *b == b'/');
    if matches!(bytes.get(start), None | Some(b'>')) {
        return None;
    }
    // The first byte belongs to the name, even if it is '='.
    let name_ends = |b: &u8| !(b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'='));
    let name_end = skip(bytes, start + 1, name_ends);
    let name = start..name_end;
    let equals = skip(bytes, name_end, u8::is_ascii_whitespace);
    if bytes.get(equals) != Some(&b'=') {
        return Some(Attribute { name, value: name_end..name_end, next: name_end });
    }
    let value = skip(bytes, equals + 1, u8::is_ascii_whitespace);
    let (value, next) = match bytes.get(value) {
        Some(quote @ (b'"' | b'\'')) => {
            let end = value + 1 + memchr(*quote, &bytes[value + 1..])?;
            (value + 1..end, end + 1)
        }
        _ => {
            let end = skip(bytes, value, |b| !(b.is_ascii_whitespace() || *b == b'>'));
            (value..end, end)
        }
    };
    Some(Attribute { name, value, next })
}
