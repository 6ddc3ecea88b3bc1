//! The parser: bytes in, addresses out, in one pass and without looking back.
//!
//! It knows as much of XML as a sitemap needs: tags, attributes that are skipped, comments, CDATA,
//! and a document type that is passed over unread. An element counts by its depth and by having
//! the prefix of the root, so that `image:loc` and `xhtml:link` are no addresses of pages. Depth is
//! a number and no stack: a million open tags take no memory.

use jarvix_core::limits;

use crate::unescape;

/// Longest name of an element that is told apart, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Longest time stamp that is kept, in bytes.
const LASTMOD_BYTES_MAX: usize = 40;
/// Depth of `url` and `sitemap` below the document.
const ENTRY_DEPTH: u32 = 2;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// What a sitemap is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SitemapKind {
    /// A list of pages.
    Urls,
    /// A list of sitemaps.
    Index,
    /// A list of pages as plain text, one a line.
    Text,
}

/// What is wrong with a sitemap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is something else.
    NotASitemap,
    /// It ends before its root element does.
    Unfinished,
    /// It lists more addresses than [`limits::SITEMAP_URLS_MAX`].
    TooMany,
    /// It is larger than [`limits::SITEMAP_BYTES_MAX`].
    TooLarge,
    /// It cannot be unpacked, or not to its end.
    Packing,
}

impl Flaw {
    /// The flaw in words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::NotASitemap => "it is no sitemap",
            Self::Unfinished => "it ends too early",
            Self::TooMany => "it lists more than 50,000 addresses",
            Self::TooLarge => "it is larger than 50 MiB",
            Self::Packing => "it cannot be unpacked",
        }
    }
}

/// An address that a sitemap lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapEntry {
    /// The address as it stands there, character references decoded.
    pub loc: String,
    /// When it last changed, as it stands there.
    pub lastmod: Option<String>,
    /// Whether it is another sitemap.
    pub is_sitemap: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte that says something.
    Start,
    /// Lines of plain text.
    Plain,
    /// Between tags.
    Content,
    /// After `<`.
    Open,
    /// After `<!`; what follows is gathered until it tells what it is.
    Bang,
    /// In a comment, so many dashes seen.
    Comment(u8),
    /// In CDATA, so many brackets seen.
    Cdata(u8),
    /// In a document type: open brackets, and the quote that is open.
    Doctype(u32, u8),
    /// In a processing instruction; whether `?` was seen.
    Instruction(bool),
    /// In the name of a tag; whether it is an end tag.
    Name(bool),
    /// In a tag behind its name: end tag, the quote that is open, whether `/` was seen last.
    Tag(bool, u8, bool),
    /// Nothing more is wanted.
    Done,
}

/// What the text under way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Loc,
    Lastmod,
}

/// Reads a sitemap piece by piece.
#[derive(Debug)]
pub struct SitemapParser {
    state: State,
    kind: Option<SitemapKind>,
    /// The prefix of the root element, with its colon.
    prefix: Vec<u8>,
    name: Vec<u8>,
    depth: u32,
    /// Whether an entry is open.
    in_entry: bool,
    field: Option<Field>,
    text: Vec<u8>,
    loc: Option<String>,
    lastmod: Option<String>,
    entries: usize,
    flaw: Option<Flaw>,
}

impl Default for SitemapParser {
    fn default() -> Self {
        Self::new()
    }
}

impl SitemapParser {
    /// A parser that has read nothing.
    pub fn new() -> Self {
        Self {
            state: State::Start,
            kind: None,
            prefix: Vec::new(),
            name: Vec::new(),
            depth: 0,
            in_entry: false,
            field: None,
            text: Vec::new(),
            loc: None,
            lastmod: None,
            entries: 0,
            flaw: None,
        }
    }

    /// Reads on; false once nothing more is wanted.
    pub fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(SitemapEntry)) -> bool {
        for byte in bytes {
            match self.state {
                State::Done => return false,
                State::Plain => self.plain(*byte, each),
                _ => self.markup(*byte, each),
            }
        }
        self.state != State::Done
    }

    /// Ends: what it was, how many addresses it gave, and what is wrong with it.
    pub fn finish(
        mut self,
        each: &mut dyn FnMut(SitemapEntry),
    ) -> (Option<SitemapKind>, usize, Option<Flaw>) {
        match self.state {
            State::Plain => self.plain(b'\n', each),
            State::Done if self.kind.is_some() => {}
            _ if self.kind.is_some() => self.flaw = self.flaw.or(Some(Flaw::Unfinished)),
            _ => self.flaw = self.flaw.or(Some(Flaw::NotASitemap)),
        }
        // A text without a single address is any text.
        if self.kind == Some(SitemapKind::Text) && self.entries == 0 {
            return (None, 0, Some(Flaw::NotASitemap));
        }
        (self.kind, self.entries, self.flaw)
    }

    fn plain(&mut self, byte: u8, each: &mut dyn FnMut(SitemapEntry)) {
        if byte != b'\n' && byte != b'\r' {
            self.keep(byte, limits::URL_BYTES_MAX);
            return;
        }
        let line = self.taken(limits::URL_BYTES_MAX);
        let is_address = |line: &String| {
            let start = line.get(..8).unwrap_or(line).to_ascii_lowercase();
            start.starts_with("http://") || start.starts_with("https://")
        };
        if let Some(loc) = line.filter(is_address) {
            self.give(SitemapEntry { loc, lastmod: None, is_sitemap: false }, each);
        }
    }

    fn markup(&mut self, byte: u8, each: &mut dyn FnMut(SitemapEntry)) {
        self.state = match self.state {
            State::Start => self.start(byte),
            State::Content if byte == b'<' => State::Open,
            State::Content => {
                self.character(byte);
                State::Content
            }
            State::Open => self.open(byte),
            State::Bang => self.bang(byte),
            State::Comment(2..) if byte == b'>' => State::Content,
            State::Comment(dashes) => State::Comment(run(byte, b'-', dashes)),
            State::Cdata(brackets) => self.cdata(byte, brackets),
            State::Doctype(brackets, quote) => doctype(byte, brackets, quote),
            State::Instruction(true) if byte == b'>' => State::Content,
            State::Instruction(_) => State::Instruction(byte == b'?'),
            State::Name(end) if byte == b'>' || byte == b'/' || byte.is_ascii_whitespace() => {
                self.tag(byte, end, 0, false, each)
            }
            State::Name(end) => {
                if self.name.len() < NAME_BYTES_MAX {
                    self.name.push(byte);
                }
                State::Name(end)
            }
            State::Tag(end, quote, slash) => self.tag(byte, end, quote, slash, each),
            done @ (State::Plain | State::Done) => done,
        };
    }

    /// The first bytes tell markup from plain text.
    fn start(&mut self, byte: u8) -> State {
        let in_bom = self.text.len() < BOM.len() && BOM[self.text.len()] == byte;
        if in_bom {
            self.text.push(byte);
            return State::Start;
        }
        match byte {
            b'<' => {
                self.text.clear();
                State::Open
            }
            _ if byte.is_ascii_whitespace() => State::Start,
            _ => {
                self.text.clear();
                self.text.push(byte);
                self.kind = Some(SitemapKind::Text);
                State::Plain
            }
        }
    }

    fn open(&mut self, byte: u8) -> State {
        self.name.clear();
        match byte {
            b'!' => State::Bang,
            b'?' => State::Instruction(false),
            b'/' => State::Name(true),
            _ => {
                self.name.push(byte);
                State::Name(false)
            }
        }
    }

    /// `<!` and what it begins: a comment, CDATA, or a declaration that is passed over.
    fn bang(&mut self, byte: u8) -> State {
        self.name.push(byte);
        match self.name.as_slice() {
            b"--" => State::Comment(0),
            b"[CDATA[" => State::Cdata(0),
            name if b"--".starts_with(name) || b"[CDATA[".starts_with(name) => State::Bang,
            // The bytes so far may hold the declaration's own brackets and quotes.
            name => {
                let mut state = State::Doctype(0, 0);
                for byte in name {
                    if let State::Doctype(brackets, quote) = state {
                        state = doctype(*byte, brackets, quote);
                    }
                }
                state
            }
        }
    }

    fn cdata(&mut self, byte: u8, brackets: u8) -> State {
        if byte == b'>' && brackets >= 2 {
            // The two brackets belonged to the end.
            self.text.truncate(self.text.len().saturating_sub(2));
            return State::Content;
        }
        self.character(byte);
        State::Cdata(run(byte, b']', brackets))
    }

    fn tag(
        &mut self,
        byte: u8,
        end: bool,
        quote: u8,
        slash: bool,
        each: &mut dyn FnMut(SitemapEntry),
    ) -> State {
        match byte {
            _ if quote != 0 => State::Tag(end, if byte == quote { 0 } else { quote }, false),
            b'"' | b'\'' => State::Tag(end, byte, false),
            b'/' => State::Tag(end, 0, true),
            b'>' if end => self.end_tag(each),
            b'>' => self.start_tag(slash, each),
            _ => State::Tag(end, 0, false),
        }
    }

    /// The name of the tag without the root's prefix; `None` if it has another.
    fn local_name(&self) -> Option<&[u8]> {
        let local = self.name.strip_prefix(self.prefix.as_slice())?;
        (!local.contains(&b':')).then_some(local)
    }

    fn start_tag(&mut self, empty: bool, each: &mut dyn FnMut(SitemapEntry)) -> State {
        if self.kind.is_none() {
            let colon = self.name.iter().position(|b| *b == b':').map_or(0, |at| at + 1);
            self.kind = match &self.name[colon..] {
                b"urlset" => Some(SitemapKind::Urls),
                b"sitemapindex" => Some(SitemapKind::Index),
                _ => {
                    self.flaw = Some(Flaw::NotASitemap);
                    return State::Done;
                }
            };
            self.prefix = self.name[..colon].to_vec();
        }
        self.depth = self.depth.saturating_add(1);
        self.field = None;
        self.text.clear();
        match (self.depth, self.local_name()) {
            (ENTRY_DEPTH, Some(b"url" | b"sitemap")) => {
                self.in_entry = true;
                (self.loc, self.lastmod) = (None, None);
            }
            (3, Some(b"loc")) if self.in_entry => self.field = Some(Field::Loc),
            (3, Some(b"lastmod")) if self.in_entry => self.field = Some(Field::Lastmod),
            _ => {}
        }
        if empty { self.end_tag(each) } else { State::Content }
    }

    fn end_tag(&mut self, each: &mut dyn FnMut(SitemapEntry)) -> State {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        match self.field.take() {
            Some(Field::Loc) => {
                let loc = self.taken(limits::URL_BYTES_MAX);
                self.loc = self.loc.take().or(loc);
            }
            Some(Field::Lastmod) => self.lastmod = self.taken(LASTMOD_BYTES_MAX),
            None => {}
        }
        if depth == ENTRY_DEPTH && std::mem::take(&mut self.in_entry) {
            let lastmod = self.lastmod.take();
            if let Some(loc) = self.loc.take() {
                let is_sitemap = self.kind == Some(SitemapKind::Index);
                self.give(SitemapEntry { loc, lastmod, is_sitemap }, each);
            }
        }
        // A root that has ended, or enough addresses.
        if self.depth == 0 || self.state == State::Done { State::Done } else { State::Content }
    }

    fn character(&mut self, byte: u8) {
        if self.field.is_some() {
            self.keep(byte, limits::URL_BYTES_MAX);
        }
    }

    /// Keeps a byte of a text; one byte over the limit marks a text that is too long.
    fn keep(&mut self, byte: u8, most: usize) {
        if self.text.len() <= most {
            self.text.push(byte);
        }
    }

    /// The text under way, if it is one and not longer than `most` bytes.
    fn taken(&mut self, most: usize) -> Option<String> {
        let text = std::mem::take(&mut self.text);
        if text.len() > limits::URL_BYTES_MAX {
            return None;
        }
        let text = String::from_utf8_lossy(&text);
        let text = match self.kind {
            Some(SitemapKind::Text) => text.trim().to_owned(),
            _ => unescape(text.trim()).into_owned(),
        };
        (!text.is_empty() && text.len() <= most).then_some(text)
    }

    fn give(&mut self, entry: SitemapEntry, each: &mut dyn FnMut(SitemapEntry)) {
        if self.entries >= limits::SITEMAP_URLS_MAX {
            self.flaw = Some(Flaw::TooMany);
            self.state = State::Done;
            return;
        }
        self.entries += 1;
        each(entry);
    }
}

/// How many bytes `wanted` stand in a row, two at most.
fn run(byte: u8, wanted: u8, before: u8) -> u8 {
    if byte == wanted { before.saturating_add(1).min(2) } else { 0 }
}

fn doctype(byte: u8, brackets: u32, quote: u8) -> State {
    match byte {
        _ if quote != 0 => State::Doctype(brackets, if byte == quote { 0 } else { quote }),
        b'"' | b'\'' => State::Doctype(brackets, byte),
        b'[' | b'<' => State::Doctype(brackets.saturating_add(1), 0),
        b']' => State::Doctype(brackets.saturating_sub(1), 0),
        b'>' if brackets == 0 => State::Content,
        b'>' => State::Doctype(brackets.saturating_sub(1), 0),
        _ => State::Doctype(brackets, 0),
    }
}
