//! What is done with the bytes of a page before anyone understands them: content decoding with
//! caps, charset, sniffing, and a linear tokenizer with what can be read straight from its tokens
//! (links, meta robots, visible text, the empty-shell test); and sitemaps.
//!
//! There is one decoder and one tokenizer, here, for collect and curate alike. Everything is pure
//! and synchronous, takes time linear in its input, and never recurses: a page is hostile until
//! it has been read. What this crate refuses to do: build a tree, fetch, or judge what text is
//! worth reading.

pub mod charset;
pub mod decode;
pub mod elements;
pub mod entities;
mod inflate_prefix;
pub mod links;
pub mod robots;
pub mod shell;
pub mod sitemap;
pub mod sniff;
pub mod text;
pub mod tokenizer;

pub use charset::{DecodedText, decode_text};
pub use decode::{DecodeCaps, DecodeError, Decoded, decode_body, decode_prefix};
pub use entities::unescape;
pub use links::{Links, PageLink, base_href, links};
pub use robots::{RobotsDirectives, meta_robots};
pub use shell::is_empty_shell;
pub use sitemap::{SitemapEntry, SitemapFacts, SitemapKind, read_sitemap, robots_sitemaps};
pub use sniff::{ContentKind, sniff};
pub use text::plain_text;
pub use tokenizer::{Tag, Token, TokenKind, TokenList, Tokenizer, tokens};
