//! What a body is, whatever its content type says (HOSTILE 20).

use jarvix_html::{ContentKind, sniff};
use proptest::prelude::*;

#[test]
fn bytes_speak_before_headers() {
    use ContentKind::{Binary, Html, Json, Text, Xml};
    let html = Some("text/html; charset=utf-8");
    let cases: &[(&[u8], Option<&str>, ContentKind)] = &[
        (b"<!DOCTYPE html><p>x", html, Html),
        (b"  \n<!-- hi --><html>", None, Html),
        (b"just words", html, Html),
        (b"just words", None, Text),
        (b"just words", Some("text/plain"), Text),
        (b"<html><p>source", Some("text/plain"), Text),
        (b"<?xml version=\"1.0\"?><rss>", None, Xml),
        (b"<?xml version=\"1.0\"?><html xmlns=\"x\">", Some("application/xhtml+xml"), Html),
        (b"<?xml version=\"1.0\"?><urlset>", Some("application/xml"), Xml),
        (b"<feed>", Some("application/atom+xml"), Xml),
        (b"{\"a\": 1}", Some("application/json"), Json),
        (b"[1]", None, Json),
        (b"%PDF-1.7\n%\xe2\xe3", html, Binary("application/pdf")),
        (b"\x89PNG\r\n\x1a\n\0\0", html, Binary("image/png")),
        (b"GIF89a\x01", Some("text/plain"), Binary("image/gif")),
        (b"PK\x03\x04\x14", html, Binary("application/zip")),
        (b"\0\0\0\x20ftypavif", None, Binary("image/avif")),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", html, Binary("image/svg+xml")),
        (
            b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'b'>]><svg>",
            None,
            Binary("image/svg+xml"),
        ),
        (b"\x01\x02\x03\x04text", html, Binary("application/octet-stream")),
        (b"\x01\x02\x03\x04", Some("image/heic"), Binary("image")),
        (b"\xff\xfe<\0h\0t\0m\0l\0>\0", None, Html),
        (
            b"<html>\0 a stray zero in a page that is otherwise long enough to be text</html>",
            html,
            Html,
        ),
        (b"<!DOCTYPE html>", Some("image/png"), Html),
        (b"", None, Text),
        (b"", html, Html),
    ];
    for (prefix, content_type, expected) in cases {
        assert_eq!(
            sniff(prefix, *content_type),
            *expected,
            "{:?} {content_type:?}",
            prefix.escape_ascii().to_string()
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in "[a-z/+;= ]{0,30}") {
        sniff(&bytes, Some(&kind));
    }

    #[test]
    fn text_is_never_taken_for_binary(text in "[a-zA-Z0-9 .,äöü\n]{1,300}") {
        prop_assert!(sniff(text.as_bytes(), Some("text/html")).is_text());
    }
}
