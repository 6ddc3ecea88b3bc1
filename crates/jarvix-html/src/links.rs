//! The links of a page: resolved against its base, in canonical form, bounded in number.

use jarvix_core::{canonicalise, limits};
use url::Url;

use crate::entities::unescape;
use crate::text::TextLines;
use crate::tokenizer::{Tag, Token, TokenKind, last_start, tokens};

/// Longest link text that is kept, in characters.
pub const LINK_TEXT_CHARS_MAX: usize = 200;
/// Longest `rel` that is kept, in characters.
const REL_CHARS_MAX: usize = 200;

/// A link that can be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLink {
    /// Canonical URL it leads to.
    pub target: String,
    /// Its text, white space collapsed, at most [`LINK_TEXT_CHARS_MAX`] characters.
    pub text: Option<String>,
    /// Its `rel` words as they stand.
    pub rel: Option<String>,
    /// Whether it leads to the same host.
    pub internal: bool,
    /// Whether `rel` asks not to follow it.
    pub nofollow: bool,
}

/// The links of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// In page order, at most [`limits::LINKS_MAX`].
    pub links: Vec<PageLink>,
    /// Whether the page has more than were kept.
    pub cut: bool,
}

/// The address that relative links of the page stand on: its first `base` element, else `page`.
pub fn base_href(html: &str, page: &Url) -> Url {
    let Some(last) = last_start(html, "base") else { return page.clone() };
    let stated =
        tokens(html).take_while(|token| token.start <= last).find_map(|token| match token.kind {
            TokenKind::StartTag(tag) if tag.is("base") => tag.attribute("href"),
            _ => None,
        });
    base_at(stated.as_deref(), page)
}

/// The same where the `href` of the first `base` element that has one is known.
pub fn base_at(href: Option<&str>, page: &Url) -> Url {
    href.and_then(|href| page.join(href.trim()).ok())
        .filter(|base| matches!(base.scheme(), "http" | "https" | "file"))
        .unwrap_or_else(|| page.clone())
}

/// The links of `html`, which was read from `page`. Links to a place in the same page and links of
/// other schemes than http and https (file, if the page is one) are left out.
pub fn links(html: &str, page: &Url) -> Links {
    links_among(tokens(html), &base_href(html, page), page)
}

/// The links among the tokens of `page`, whose relative links stand on `base`.
pub fn links_among<'a>(tokens: impl Iterator<Item = Token<'a>>, base: &Url, page: &Url) -> Links {
    let mut found = Links::default();
    let mut open: Option<(PageLink, TextLines, usize)> = None;
    for token in tokens {
        match token.kind {
            TokenKind::StartTag(tag) if tag.is("a") || tag.is("area") => {
                close(&mut found, open.take());
                let Some(link) = follow(&tag, base, page) else { continue };
                if found.links.len() == limits::LINKS_MAX {
                    found.cut = true;
                    break;
                }
                if tag.is("area") {
                    found.links.push(link);
                } else {
                    open = Some((link, TextLines::default(), 0));
                }
            }
            TokenKind::EndTag { name } if name.eq_ignore_ascii_case("a") => {
                close(&mut found, open.take());
            }
            TokenKind::Text(raw) => {
                if let Some((_, text, bytes)) = &mut open
                    && *bytes < 8 * LINK_TEXT_CHARS_MAX
                {
                    *bytes += raw.len();
                    text.push(&unescape(raw));
                }
            }
            TokenKind::StartTag(_) => {
                // A picture or a block between words parts them.
                if let Some((_, text, _)) = &mut open {
                    text.push(" ");
                }
            }
            _ => {}
        }
    }
    close(&mut found, open.take());
    found
}

fn close(found: &mut Links, open: Option<(PageLink, TextLines, usize)>) {
    let Some((mut link, text, _)) = open else { return };
    let text: String = text.finish().chars().take(LINK_TEXT_CHARS_MAX).collect();
    link.text = Some(text).filter(|text| !text.is_empty());
    found.links.push(link);
}

fn follow(tag: &Tag<'_>, base: &Url, page: &Url) -> Option<PageLink> {
    let href = tag.attribute("href")?;
    let href = href.trim();
    if href.is_empty() || href.starts_with('#') || href.len() > limits::URL_BYTES_MAX {
        return None;
    }
    let joined = base.join(href).ok()?;
    let is_file = joined.scheme() == "file" && page.scheme() == "file";
    if !matches!(joined.scheme(), "http" | "https") && !is_file {
        return None;
    }
    let target = canonicalise(joined.as_str()).ok()?;
    let rel = tag.attribute("rel").map(|rel| rel.trim().chars().take(REL_CHARS_MAX).collect());
    let rel: Option<String> = rel.filter(|rel: &String| !rel.is_empty());
    let nofollow = rel.as_ref().is_some_and(|rel| {
        rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("nofollow"))
    });
    let internal = target.url().host_str() == page.host_str();
    Some(PageLink { target: target.as_str().to_owned(), text: None, rel, internal, nofollow })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(html: &str) -> Vec<String> {
        let page = Url::parse("https://example.org/a/b?c=1").expect("a URL");
        links(html, &page).links.into_iter().map(|link| link.target).collect()
    }

    #[test]
    fn links_are_resolved_and_canonical() {
        let cases: &[(&str, &[&str])] = &[
            (
                "<a href=x>1</a><A HREF='/y#z'>2</A>",
                &["https://example.org/a/x", "https://example.org/y"],
            ),
            (
                "<base href='https://other.example/d/'><a href=x>1</a>",
                &["https://other.example/d/x"],
            ),
            (
                "<a href='#top'>1</a><a href='javascript:x()'>2</a><a href='mailto:a@b.c'>3</a><a>4</a>",
                &[],
            ),
            ("<a href='file:///etc/passwd'>1</a><a href='http://[::1'>2</a>", &[]),
            ("<a href='//cdn.example/?utm_source=a&amp;b=2'>1</a>", &["https://cdn.example/?b=2"]),
            ("<a href='https://user:pw@example.org/'>1</a>", &["https://example.org/"]),
            ("<script>'<a href=/no>'</script><!-- <a href=/no> -->", &[]),
            ("<area href=/m>", &["https://example.org/m"]),
        ];
        for (html, expected) in cases {
            assert_eq!(targets(html), *expected, "{html}");
        }
    }

    #[test]
    fn text_rel_and_host_are_kept() {
        let page = Url::parse("https://example.org/").expect("a URL");
        let html = "<a href=/x rel='nofollow ugc'> One <b>two</b>\n<img>three </a>\
                    <a href=https://b.example/>";
        let found = links(html, &page).links;
        assert_eq!(found[0].text.as_deref(), Some("One two three"));
        assert_eq!(found[0].rel.as_deref(), Some("nofollow ugc"));
        assert!(found[0].nofollow && found[0].internal);
        assert!(!found[1].nofollow && !found[1].internal && found[1].text.is_none());
    }

    #[test]
    fn links_are_bounded() {
        let page = Url::parse("https://example.org/").expect("a URL");
        let html = "<a href=/x>y</a>".repeat(limits::LINKS_MAX + 1);
        let found = links(&html, &page);
        assert_eq!((found.links.len(), found.cut), (limits::LINKS_MAX, true));
    }
}
