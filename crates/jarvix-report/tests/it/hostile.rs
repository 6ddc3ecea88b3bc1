//! HOSTILE 42 to 44: whatever pages, lines and servers write, a report shows it and does not do it.

use std::collections::BTreeSet;

use jarvix_report::text::{self, Style};
use jarvix_report::{html, json};

use crate::fixtures;

/// The elements that the templates are made of.
const ELEMENTS: &str = "a bdi body button caption circle code col colgroup dd defs desc details div dl dt \
    figcaption figure footer form h1 h2 h3 head header html input label li line link main meta nav option \
    output p pattern pre rect polygon script section select span strong style summary svg table tbody td \
    text tfoot th thead title tr ul";

/// The tags of `html`, without their brackets. Every bracket of a text is escaped, so that each
/// one that is left belongs to a tag; the bodies of style and script are skipped.
fn tags(html: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').expect("every tag ends");
        tags.push(tag);
        rest = match tag {
            "style" => after.split_once("</style").map(|(_, rest)| rest).expect("its end"),
            "script" => after.split_once("</script").map(|(_, rest)| rest).expect("its end"),
            _ => after,
        };
    }
    tags
}

/// Characters that act on a terminal or reorder a line.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[test]
fn no_text_becomes_markup() {
    let known: BTreeSet<&str> = ELEMENTS.split_whitespace().collect();
    let html = html(&fixtures::hostile(), &jarvix_report::Brand::default()).expect("renders");
    let tags = tags(&html);
    for tag in &tags {
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or("");
        assert!(known.contains(name) || *tag == "!DOCTYPE html", "<{tag}>");
        let mut outside = tag.split('"').step_by(2);
        assert!(!outside.any(|names| names.contains(" on")), "an event handler in <{tag}>");
        assert!(!tag.contains(" style="), "a style that the policy forbids in <{tag}>");
        for attribute in ["href", "src"] {
            if let Some((_, value)) = tag.split_once(&format!(" {attribute}=\"")) {
                let allowed = ["https://", "http://", "#", "data:image/svg+xml,%3Csvg "];
                assert!(allowed.iter().any(|start| value.starts_with(start)), "<{tag}>");
            }
        }
    }
    assert_eq!(tags.iter().filter(|tag| tag.starts_with("script")).count(), 1);
    assert!(html.contains("&#60;script&#62;alert(&#39;owned&#39;)&#60;/script&#62;"));
}

#[test]
fn links_tell_the_pages_nothing() {
    let html = html(&fixtures::hostile(), &jarvix_report::Brand::default()).expect("renders");
    let out = |tag: &&&str| tag.starts_with("a ") && tag.contains("href=\"http");
    let tags = tags(&html);
    assert!(tags.iter().filter(out).count() > 0);
    for tag in tags.iter().filter(out) {
        assert!(tag.contains("rel=\"noopener noreferrer nofollow\""), "<{tag}>");
    }
}

#[test]
fn a_report_needs_no_network() {
    let html = html(&fixtures::typical(60), &jarvix_report::Brand::default()).expect("renders");
    assert!(html.contains("content=\"default-src 'none'; "));
    for tag in tags(&html) {
        if tag.starts_with("link rel=\"icon\" href=\"data:") {
            continue;
        }
        let loads = ["link", "img", "iframe", "object", "embed", "base", "video", "audio"];
        let name = tag.split(' ').next().unwrap_or("");
        assert!(!loads.contains(&name) && !tag.contains(" src="), "<{tag}>");
    }
    assert!(!html.contains("@import") && !html.contains("url(h"));
}

#[test]
fn nothing_acts_on_a_terminal() {
    let summary = fixtures::hostile();
    let style = Style { columns: 120, rows: 50, color: false };
    let renderings = [
        ("html", html(&summary, &jarvix_report::Brand::default()).expect("renders")),
        ("json", json(&summary)),
        ("csv", crate::csv_text(&summary).replace("\r\n", "\n")),
        ("ranking", text::ranking(&summary, style)),
        ("outcome", text::outcome_line(&summary)),
    ];
    for (form, rendering) in renderings {
        let acting = rendering.chars().find(|c| acts(*c));
        assert_eq!(acting, None, "{form}");
    }
}

#[test]
fn no_cell_is_a_formula() {
    let csv = crate::csv_text(&fixtures::hostile());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut neutralised = 0;
    for record in reader.records() {
        for cell in record.expect("RFC 4180").iter() {
            let number = cell.parse::<jarvix_report::Milli>().is_ok();
            assert!(number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            neutralised += usize::from(cell.starts_with("'="));
        }
    }
    assert!(neutralised > 0);
}
