//! The body of a page: content codings, charset, tokens, and what is read straight from them.

use jarvix_core::limits;
use jarvix_html::links::LINK_TEXT_CHARS_MAX;
use jarvix_html::{
    DecodeCaps, base_href, decode_body, decode_prefix, decode_text, is_empty_shell, links,
    meta_robots, plain_text, sniff, tokens, unescape,
};
use url::Url;

use crate::{first_line, header};

/// A content coding and a content type with `|` between them, a line end, and a body.
///
/// # Panics
/// When a reader breaks a promise.
pub fn target(data: &[u8]) {
    let (facts, body) = first_line(data);
    let bar = facts.iter().position(|byte| *byte == b'|').unwrap_or(facts.len());
    let coding = header(&facts[..bar]);
    let content_type = header(facts.get(bar + 1..).unwrap_or_default());
    let caps = DecodeCaps { bytes_max: 1 << 20, ..DecodeCaps::default() };
    let beginning = decode_prefix(body, coding, 1024);
    // An unknown coding gives the bytes as they stand.
    assert!(beginning.len() <= 1024);
    assert_eq!(sniff(&beginning, content_type), sniff(&beginning, content_type));
    let Ok(decoded) = decode_body(body, coding, &caps) else { return };
    assert!(decoded.bytes.len() as u64 <= caps.bytes_max.max(body.len() as u64));
    let text = decode_text(&decoded.bytes, content_type);
    page(&text.text);
}

fn page(html: &str) {
    let mut at = 0;
    for token in tokens(html) {
        assert_eq!(token.start, at, "tokens leave a gap");
        assert!(token.end > token.start, "a token without a byte");
        at = token.end;
    }
    assert_eq!(at, html.len(), "tokens end before the page does");
    let url = Url::parse("https://page.example/folder/page").expect("a URL");
    drop((base_href(html, &url), meta_robots(html), is_empty_shell(html)));
    let text = plain_text(html);
    // An entity of four bytes or more stands for one character; nothing else grows.
    assert!(text.len() <= 2 * html.len() + 1, "{} bytes from {}", text.len(), html.len());
    assert!(unescape(html).len() <= 2 * html.len() + 1);
    let found = links(html, &url);
    assert!(found.links.len() <= limits::LINKS_MAX);
    for link in found.links {
        assert!(link.text.is_none_or(|text| text.chars().count() <= LINK_TEXT_CHARS_MAX));
        let target = jarvix_core::canonicalise(&link.target).expect("a URL");
        assert_eq!(target.as_str(), link.target, "links are canonical");
    }
}
