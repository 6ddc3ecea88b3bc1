//! Charsets: declared, marked, found out, and lies about them (HOSTILE 19).

use encoding_rs::{Encoding, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};
use jarvix_html::decode_text;
use proptest::prelude::*;

fn coded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    encoding.encode(text).0.into_owned()
}

/// Body, content type, charset it is read in, a word of the text, mismatch, errors.
#[derive(Clone)]
struct Case {
    name: &'static str,
    body: Vec<u8>,
    content_type: Option<&'static str>,
    charset: &'static str,
    word: &'static str,
    mismatch: bool,
    errors: bool,
}

fn case(
    name: &'static str,
    body: Vec<u8>,
    content_type: Option<&'static str>,
    charset: &'static str,
    word: &'static str,
    mismatch: bool,
    errors: bool,
) -> Case {
    Case { name, body, content_type, charset, word, mismatch, errors }
}

fn meta(charset: &str, text: &[u8]) -> Vec<u8> {
    [format!("<head><meta charset={charset}></head>").as_bytes(), text].concat()
}

fn russian() -> String {
    "Быстрая коричневая лиса прыгает через ленивую собаку и убегает в лес. ".repeat(5)
}

/// A mark, a header or a meta element says it.
fn stated() -> Vec<Case> {
    let utf16: Vec<u8> = "\u{feff}Grüße".encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        case(
            "mark before header",
            b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe".to_vec(),
            Some("text/html; charset=windows-1252"),
            "UTF-8",
            "Grüße",
            true,
            false,
        ),
        case("utf-16 mark", utf16, None, "UTF-16LE", "Grüße", false, false),
        case(
            "header",
            coded("Grüße", WINDOWS_1252),
            Some("text/html; charset=\"ISO-8859-1\""),
            "windows-1252",
            "Grüße",
            false,
            false,
        ),
        case(
            "header before meta",
            meta("utf-8", &coded("Grüße", WINDOWS_1252)),
            Some("text/html;charset=latin1"),
            "windows-1252",
            "Grüße",
            false,
            false,
        ),
        case(
            "meta unquoted",
            meta("windows-1251", &coded("Привет", WINDOWS_1251)),
            None,
            "windows-1251",
            "Привет",
            false,
            false,
        ),
        case(
            "meta http-equiv",
            [
                b"<META HTTP-EQUIV='Content-Type' CONTENT='text/html; charset=shift_jis'>".to_vec(),
                coded("日本語", SHIFT_JIS),
            ]
            .concat(),
            None,
            "Shift_JIS",
            "日本語",
            false,
            false,
        ),
    ]
}

/// It stands where it is seldom looked for.
fn stated_elsewhere() -> Vec<Case> {
    vec![
        case(
            "xml declaration",
            [
                b"<?xml version='1.0' encoding='windows-1251'?>".to_vec(),
                coded("Привет", WINDOWS_1251),
            ]
            .concat(),
            None,
            "windows-1251",
            "Привет",
            false,
            false,
        ),
        case(
            "meta in a comment is none",
            b"<!-- <meta charset=windows-1251> -->Gr\xc3\xbc\xc3\x9fe".to_vec(),
            None,
            "UTF-8",
            "Grüße",
            false,
            false,
        ),
    ]
}

/// What is said and what is there differ, or nothing is said.
fn contradicted() -> Vec<Case> {
    vec![
        case(
            "header says latin, bytes are utf-8",
            "Grüße aus Köln".into(),
            Some("text/html; charset=iso-8859-1"),
            "UTF-8",
            "Grüße",
            true,
            false,
        ),
        case(
            "header says utf-8, bytes are not",
            coded(&russian(), WINDOWS_1251),
            Some("text/html; charset=utf-8"),
            "windows-1251",
            "лиса",
            true,
            false,
        ),
        case(
            "meta knows better than the header",
            meta("windows-1251", &coded("Привет", WINDOWS_1251)),
            Some("text/html; charset=utf-8"),
            "windows-1251",
            "Привет",
            true,
            false,
        ),
        case(
            "nothing said",
            coded(&russian(), WINDOWS_1251),
            Some("text/html"),
            "windows-1251",
            "лиса",
            false,
            false,
        ),
    ]
}

/// The bytes themselves are odd.
fn odd() -> Vec<Case> {
    vec![
        case(
            "mixed",
            [("ä".repeat(20)).as_bytes(), b"\xff", "ö".repeat(20).as_bytes()].concat(),
            Some("text/html; charset=utf-8"),
            "UTF-8",
            "öö",
            false,
            true,
        ),
        case(
            "cut in a character",
            "Grüß".as_bytes()[..5].to_vec(),
            Some("text/html; charset=utf-8"),
            "UTF-8",
            "Grü",
            false,
            false,
        ),
        case(
            "unknown charset",
            "Grüße".into(),
            Some("text/html; charset=klingon"),
            "UTF-8",
            "Grüße",
            false,
            false,
        ),
        case(
            "utf-16 in a header without zeros",
            "plain".into(),
            Some("text/html; charset=utf-16"),
            "UTF-8",
            "plain",
            true,
            false,
        ),
        case("empty", Vec::new(), None, "UTF-8", "", false, false),
    ]
}

#[test]
fn text_is_read_in_the_charset_it_is_in() {
    for case in [stated(), stated_elsewhere(), contradicted(), odd()].concat() {
        let read = decode_text(&case.body, case.content_type);
        let found = (read.charset, read.declared_mismatch, read.had_errors);
        assert_eq!(found, (case.charset, case.mismatch, case.errors), "{}", case.name);
        assert!(read.text.contains(case.word), "{}: {:?}", case.name, read.text);
        assert!(!read.text.starts_with('\u{feff}'), "{}", case.name);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        content_type in "(text/html)?;? ?(charset ?= ?[\"']?[a-z0-9-]{0,12}[\"']?)?",
    ) {
        decode_text(&bytes, Some(&content_type));
        decode_text(&bytes, None);
    }

    #[test]
    fn utf8_comes_back_as_it_was(text in "\\PC{0,200}") {
        let read = decode_text(text.as_bytes(), Some("text/html; charset=utf-8"));
        prop_assert_eq!(read.text, text);
    }
}
