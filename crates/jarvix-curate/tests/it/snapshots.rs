//! Whole extractions of a few pages, as snapshots: a change of the extractor is seen here.

use std::fmt::Write;

use jarvix_core::{Page, Signal};
use jarvix_curate::Curated;

use crate::{curate, page};

/// Everything of a document that a person can check.
fn shown(curated: &Curated) -> String {
    let document = &curated.document;
    let mut out = String::new();
    let fields = [
        ("title", &document.title),
        ("author", &document.author),
        ("published", &document.published),
        ("language", &document.language),
        ("page_type", &document.page_type),
        ("site_name", &document.site_name),
        ("description", &document.description),
        ("canonical_url", &document.canonical_url),
        ("image", &document.image),
        ("text_hash", &document.text_hash),
    ];
    for (name, value) in fields {
        writeln!(out, "{name}: {}", value.as_deref().unwrap_or("-")).expect("in memory");
    }
    writeln!(out, "words: {}", document.word_count).expect("in memory");
    writeln!(out, "gate: {:?}, defects: {:?}", document.gate, document.defects).expect("in memory");
    writeln!(out, "--- text\n{}\n--- markdown\n{}\n--- signals", document.text, document.markdown)
        .expect("in memory");
    for signal in Signal::ALL {
        let value = document.signal(*signal).map_or("-".to_owned(), |value| value.to_string());
        writeln!(out, "{signal}: {value}").expect("in memory");
    }
    out.push_str("--- links\n");
    for link in &curated.links {
        let text = link.text.as_deref().unwrap_or("-");
        let kind = if link.internal { "internal" } else { "external" };
        let follow = if link.nofollow { " nofollow" } else { "" };
        writeln!(out, "{} {text:?} {kind}{follow}", link.target).expect("in memory");
    }
    out
}

fn check(name: &str, url: &str, html: &str) {
    let curated = curate(&Page { url: url.to_owned(), ..page(html) });
    insta::assert_snapshot!(name, shown(&curated));
}

#[test]
fn pages_give_the_documents_that_they_gave() {
    check("article", "https://baublatt.example/bruecken", include_str!("fixtures/article.html"));
    check(
        "product",
        "https://hearth.example/p/copper-kettle",
        include_str!("fixtures/product.html"),
    );
    check("forum", "https://bread.example/forum/t/12", include_str!("fixtures/forum.html"));
}
