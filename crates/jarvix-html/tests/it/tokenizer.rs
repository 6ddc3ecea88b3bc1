//! The tokenizer on markup as it is found, and in linear time on markup made to be slow (HOSTILE
//! 40, 41).

use std::fmt::Write;

use jarvix_html::{TokenKind, is_empty_shell, links, meta_robots, plain_text, tokens};
use proptest::prelude::*;
use url::Url;

/// The tokens in short: `<name a=v>`, `</name>`, `"text"`, `{raw}`, `!comment`, `?declaration`.
fn short(html: &str) -> String {
    let mut out = String::new();
    for token in tokens(html) {
        match token.kind {
            TokenKind::StartTag(tag) => {
                out.push_str(&format!("<{}", tag.name));
                for (name, value) in tag.attributes() {
                    write!(out, " {name}={value}").expect("in memory");
                }
                out.push_str(if tag.self_closing { "/>" } else { ">" });
            }
            TokenKind::EndTag { name } => write!(out, "</{name}>").expect("in memory"),
            TokenKind::Text(text) => write!(out, "{text:?}").expect("in memory"),
            TokenKind::RawText { text, .. } => write!(out, "{{{text}}}").expect("in memory"),
            TokenKind::Comment(text) => write!(out, "!{text}!").expect("in memory"),
            TokenKind::Declaration(text) => write!(out, "?{text}?").expect("in memory"),
        }
    }
    out
}

#[test]
fn markup_is_read_as_browsers_do() {
    let cases = [
        ("<p>a</p>", "<p>\"a\"</p>"),
        ("<A HREF=x Title = 'it is' data-x>", "<A HREF=x Title=it is data-x=>"),
        ("<a title=it's>", "<a title=it's>"),
        ("<p\">x", "<p\">\"x\""),
        ("<a href=\"a>b\">", "<a href=a>b>"),
        ("<br/><img src=a/>", "<br/><img src=a/>"),
        ("<a/b=c>", "<a b=c>"),
        ("<a =x>", "<a =x=>"),
        ("a < b && c > d <3", "\"a < b && c > d <3\""),
        ("<!-- a > b --><!doctype html><?php x?>", "!<!-- a > b -->!?<!doctype html>??<?php x?>?"),
        ("<!--><p><!---><p><!----><p>", "!<!-->!<p>!<!--->!<p>!<!---->!<p>"),
        ("<!-- a --!><p><!-- b -- c", "!<!-- a --!>!<p>!<!-- b -- c!"),
        ("<!-- a ---><p>", "!<!-- a --->!<p>"),
        (
            "<script>if (a</b/ && '</p>') </scripty></script >x",
            "<script>{if (a</b/ && '</p>') </scripty>}</script>\"x\"",
        ),
        ("<title>a <b> &amp;</TITLE>", "<title>{a <b> &amp;}</TITLE>"),
        ("<style>p{}", "<style>{p{}}"),
        ("<textarea></textarea>", "<textarea></textarea>"),
        ("<svg><style/><path d=1></svg><p>", "<svg><style/><path d=1></svg><p>"),
        ("<noscript><p></noscript>", "<noscript><p></noscript>"),
        ("<p></></ x></p class=a>", "<p>!</>!!</ x>!</p>"),
        ("text<a href='cut", "\"text\"!<a href='cut!"),
        ("<", "\"<\""),
        ("</", "\"</\""),
        ("<a", "!<a!"),
        ("", ""),
    ];
    for (html, expected) in cases {
        assert_eq!(short(html), expected, "{html}");
    }
}

#[test]
fn attributes_are_found_by_name_and_decoded() {
    let tag = tokens("<a HREF='?a=1&amp;b=2' href=second disabled>").find_map(|t| match t.kind {
        TokenKind::StartTag(tag) => Some(tag),
        _ => None,
    });
    let tag = tag.expect("a tag");
    assert_eq!(tag.attribute("href").as_deref(), Some("?a=1&b=2"));
    assert_eq!(tag.attribute("disabled").as_deref(), Some(""));
    assert!(tag.has("disabled") && !tag.has("class"));
}

/// Markup on which a careless reader takes quadratic time or a deep stack.
fn slow_pages() -> Vec<(&'static str, String)> {
    let n = 200_000;
    vec![
        ("nested", "<div>".repeat(1_000_000)),
        ("nested formatting", "<b>".repeat(n)),
        ("never closed comments", "<!-- -".repeat(n)),
        ("openings of comments", "<!--".repeat(n)),
        ("lone brackets", "<".repeat(n)),
        ("end tags", "</div>".repeat(n)),
        ("unclosed scripts", "<script>".repeat(n)),
        ("nearly ended scripts", format!("<script>{}", "</scrip".repeat(n))),
        ("unclosed quotes", "<a b=\"".repeat(n)),
        ("attributes", format!("<a {}>", "b=c ".repeat(n))),
        ("ampersands", "&".repeat(n)),
        ("entities", "&amp;lt;".repeat(n)),
        ("paragraphs", "<p>x".repeat(n)),
        ("fonts", (0..n / 4).map(|i| format!("<p><font size={i}>")).collect()),
        ("tables", "<table><tr><td>".repeat(n / 3)),
        ("svg", "<svg><title>".repeat(n / 2)),
        ("mixed ends", "<i><div></i>".repeat(n / 2)),
    ]
}

#[test]
fn a_million_pieces_take_linear_steps() {
    let page = Url::parse("https://example.org/").expect("a URL");
    for (name, html) in slow_pages() {
        // Tokens cannot be more than bytes: each one is a step forward.
        let mut end = 0;
        let mut steps = 0usize;
        for token in tokens(&html) {
            assert!(token.start == end && token.end > token.start, "{name}");
            end = token.end;
            steps += 1;
        }
        assert_eq!(end, html.len(), "{name}");
        assert!(steps <= html.len(), "{name}");
        // Everything built on tokens comes to its end in this test's patience too.
        plain_text(&html);
        links(&html, &page);
        meta_robots(&html);
        is_empty_shell(&html);
    }
}

#[test]
fn entity_bombs_do_not_expand() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><p>&b;&b;</p>";
    assert_eq!(plain_text(bomb), "]>\n&b;&b;");
}

/// Pieces of markup, so that random pages are more than text.
fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z &;#<>/\"'=!-]{0,8}",
        "</?[a-z]{1,6}( [a-z]{1,3}(=(\"[^\"]{0,3}\"|'x|y))?)?/?>?",
        Just("<!--".to_owned()),
        Just("-->".to_owned()),
        Just("<script>".to_owned()),
        Just("</script>".to_owned()),
        Just("<svg>".to_owned()),
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn tokens_cover_the_page_without_gaps(html in markup()) {
        let mut end = 0;
        for token in tokens(&html) {
            prop_assert_eq!(token.start, end);
            prop_assert!(token.end > token.start);
            let whole = &html[token.start..token.end];
            match token.kind {
                TokenKind::Text(text) | TokenKind::RawText { text, .. } | TokenKind::Comment(text)
                | TokenKind::Declaration(text) => prop_assert_eq!(text, whole),
                TokenKind::StartTag(tag) => prop_assert!(whole[1..].starts_with(tag.name)),
                TokenKind::EndTag { name } => prop_assert!(whole[2..].starts_with(name)),
            }
            end = token.end;
        }
        prop_assert_eq!(end, html.len());
    }

    #[test]
    fn no_page_makes_readers_panic(html in markup()) {
        let page = Url::parse("https://example.org/a").expect("a URL");
        links(&html, &page);
        meta_robots(&html);
        is_empty_shell(&html);
        let text = plain_text(&html);
        prop_assert!(!text.contains("\n\n") && text.trim() == text);
    }
}

#[test]
fn a_list_of_tokens_is_what_the_tokenizer_says() {
    let page = "<title>T</title><svg><style/><g></svg><!-- c --><a href='x>y'>l</a> 1 < 2 </p\
                ><script>if (a</b) '</scripts>'</script></ x><!DOCTYPE z><p class=\"q";
    let added = "<div class=\"ldjson\">more</div></script>'>-->";
    // The page may be cut anywhere: what follows must be read as part of the whole.
    for cut in 0..=page.len() {
        let page = &page[..cut];
        let whole = format!("{page}{added}");
        let list = jarvix_html::TokenList::of(page);
        assert!(list.iter().eq(tokens(page)), "{page}");
        assert!(list.iter_on(&whole).eq(tokens(&whole)), "{whole}");
    }
    // More tokens than are kept.
    let many = "<b>".repeat(150_000);
    let whole = format!("{many}{added}");
    let list = jarvix_html::TokenList::of(&many);
    assert!(list.iter().eq(tokens(&many)) && list.iter_on(&whole).eq(tokens(&whole)));
}
