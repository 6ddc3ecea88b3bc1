//! What a document holds of a page that can be read.

use jarvix_core::{Defect, Page, Signal};
use jarvix_curate::{MINHASH_HASHES, PAGE_TYPES};

use crate::{article_text, curate, curated, page, page_of_type, page_with_header};

fn article() -> String {
    format!(
        "<!doctype html><html lang=en-GB><head><title>The mills of the river | Valley Times</title>\
         <meta name=description content='How the water \u{202e}turns.'>\
         <meta property='og:site_name' content='Valley Times'>\
         <meta property='og:image' content='/i/mill.jpg'>\
         <link rel=canonical href='/a/page?utm_source=feed#x'>\
         <script type='application/ld+json'>{{\"@type\": \"NewsArticle\", \"headline\": \"The mills of \
         the river\", \"datePublished\": \"2025-09-04T10:00:00+02:00\", \"author\": \
         {{\"name\": \"Ada Mill\\u0007er\"}}}}</script></head>\
         <body><nav><a href=/>Home</a> <a href=/news>News</a></nav><article><h1>The mills of the \
         river</h1>{}<a href='https://b.example/x' rel=nofollow>See also</a></article></body></html>",
        article_text()
    )
}

#[test]
fn an_article_is_read_whole() {
    let document = curated(&article()).document;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    assert_eq!(document.url, "https://www.example.org/a/page");
    assert_eq!(document.ordinal, 7);
    assert_eq!(text(&document.title), "The mills of the river");
    assert_eq!(text(&document.author), "Ada Miller");
    assert_eq!(text(&document.published), "2025-09-04T10:00:00+02:00");
    assert_eq!(text(&document.language), "en");
    assert_eq!(text(&document.description), "How the water turns.");
    assert_eq!(text(&document.site_name), "Valley Times");
    assert_eq!(text(&document.canonical_url), "https://www.example.org/a/page");
    assert_eq!(text(&document.image), "https://www.example.org/i/mill.jpg");
    assert_eq!(text(&document.charset), "UTF-8");
    assert!(PAGE_TYPES.contains(&text(&document.page_type).as_str()));
    assert!(document.text.contains("Part 8. The river rises") && !document.text.contains("Home"));
    assert!(document.text.lines().all(|line| !line.trim().is_empty()));
    assert!(document.markdown.contains("Part 8."));
    assert_eq!(
        document.word_count as usize,
        document.text.split(' ').count() + document.text.lines().count() - 1
    );
    assert_eq!(document.text_hash.as_ref().map(String::len), Some(32));
    assert_eq!(document.minhash.as_ref().map(Vec::len), Some(4 * MINHASH_HASHES));
    assert_eq!((document.gate, document.defects.as_slice()), (None, &[][..]));
    assert_eq!(document.signals.len(), Signal::ALL.len());
    assert_eq!(document.signal(Signal::MetadataCount), Some(7.0));
    assert_eq!(document.signal(Signal::LinkCount), Some(3.0));
    assert_eq!(document.signal(Signal::ExternalLinkCount), Some(1.0));
    assert_eq!(document.signal(Signal::StopWordCount), Some(4.0));
}

#[test]
fn the_same_page_gives_the_same_document() {
    let once = curated(&article());
    assert_eq!(once, curated(&article()));
    let other_thread = std::thread::spawn(|| curated(&article())).join().expect("no panic");
    assert_eq!(once, other_thread);
    // A page before it makes no difference.
    let url = "https://forum.example.org/t/1".to_owned();
    curate(&Page { url, ..page("<div class=comments><div class=comment>Hello there</div></div>") });
    assert_eq!(once, curated(&article()));
}

#[test]
fn links_carry_their_page_and_its_wishes() {
    let html = "<base href=/d/><meta name=robots content=nofollow><a href=x>One</a>";
    let links = curated(html).links;
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].url, "https://www.example.org/a/page");
    assert_eq!(links[0].target, "https://www.example.org/d/x");
    assert!(links[0].nofollow && links[0].internal && links[0].position == 0);
    let by_header = curate(&page_with_header("x-robots-tag", "nofollow", "<a href=x>One</a>"));
    assert!(by_header.links[0].nofollow);
    assert_eq!(by_header.document.robots.as_deref(), Some("nofollow"));
    let both = "<meta name=robots content=nofollow><a href=x>One</a>";
    let both = curate(&page_with_header("x-robots-tag", "noindex", both)).document;
    assert_eq!(both.robots.as_deref(), Some("noindex, nofollow"));
    let other = curate(&page_with_header("x-robots-tag", "otherbot: none", "<p>One</p>")).document;
    assert_eq!(other.robots, None);
    let mut plain = page_with_header("x-robots-tag", "none", "One line");
    plain.content_type = Some("text/plain".to_owned());
    assert_eq!(curate(&plain).document.robots.as_deref(), Some("noindex, nofollow"));
    let redirected =
        Page { final_url: Some("https://b.example/c/".into()), ..page("<a href=x>One</a>") };
    assert_eq!(curate(&redirected).links[0].target, "https://b.example/c/x");
}

#[test]
fn text_that_is_not_html_is_the_document() {
    let cases = [
        ("text/plain", "One  line\n\n\nand <b>another</b>", "One line\nand <b>another</b>"),
        ("application/json", "{\"a\": \"words\"}", "{\"a\": \"words\"}"),
        (
            "application/xml",
            "<urlset><loc>https://x.org/</loc><loc>b</loc></urlset>",
            "https://x.org/\nb",
        ),
    ];
    for (content_type, body, text) in cases {
        let curated = curate(&page_of_type(content_type, body));
        assert_eq!(curated.document.text, text, "{content_type}");
        assert_eq!(curated.document.markdown, text, "{content_type}");
        assert_eq!(curated.document.page_type.as_deref(), Some("other"));
        assert_eq!(curated.document.signal(Signal::LinkDensity), None);
        assert!(curated.links.is_empty() && curated.document.gate.is_none());
    }
}

#[test]
fn what_was_wrong_is_noted() {
    let text = article_text();
    let cases: &[(Page, Defect)] = &[
        (Page { truncated: true, ..page(article()) }, Defect::Truncated),
        (
            page_of_type("text/html; charset=iso-8859-1", &format!("<title>T</title>Grüße {text}")),
            Defect::CharsetMismatch,
        ),
        (
            page([b"<title>T</title>\xc3\xa4\xc3\xb6\xff", text.as_bytes()].concat()),
            Defect::InvalidCharacters,
        ),
        (
            page(format!("<title>T</title><script type=application/ld+json>{{]</script>{text}")),
            Defect::JsonLdMalformed,
        ),
        (
            page(format!("<title>T</title>{text}{}", "<a href=/x>y</a>".repeat(2_001))),
            Defect::TooManyLinks,
        ),
        (page(format!("{text}<p><b>No heading either.")), Defect::NoTitle),
    ];
    for (page, defect) in cases {
        assert_eq!(curate(page).document.defects, [*defect]);
    }
}

#[test]
fn local_files_go_the_same_way() {
    let url = "file:///folder/sub/page.html".to_owned();
    let local = Page { url, protocol: Some("file".into()), content_type: None, ..page(article()) };
    let curated = curate(&local);
    assert_eq!(curated.document.title.as_deref(), Some("The mills of the river"));
    assert_eq!(curated.links.last().map(|l| l.target.as_str()), Some("https://b.example/x"));
    assert!(curated.document.gate.is_none());
}

#[test]
fn what_is_sold_and_by_whom_is_read_with_its_sources() {
    let html = "<html lang=en><title>Copper kettle | Acme Shop</title>\
         <meta name=generator content='WordPress 6.4'><link href=/wp-content/plugins/woocommerce/a.css>\
         <script type=application/ld+json>{\"@type\":\"Product\",\"name\":\"Copper kettle\",\
         \"brand\":{\"name\":\"Acme\"},\"offers\":{\"price\":\"49.90\",\"priceCurrency\":\"EUR\",\
         \"availability\":\"https://schema.org/InStock\"}}</script>\
         <nav class=breadcrumb><ol><li><a href=/>Home</a><li>Kettles</ol></nav>\
         <h1>Copper kettle</h1><p>A kettle made of copper, for gas and induction, one litre.</p>\
         <h2>Care</h2><p>Wipe it dry after use and do not put it into the machine.</p>\
         <footer><a href=mailto:shop@acme.example>Mail</a>\
         <a href=https://www.instagram.com/acme>Instagram</a></footer>";
    let document = curated(html).document;
    let product = &document.product;
    assert_eq!(product.name.as_deref(), Some("Copper kettle"));
    assert_eq!(product.brand.as_deref(), Some("Acme"));
    assert_eq!((product.price, product.currency.as_deref()), (Some(49.9), Some("EUR")));
    assert_eq!(product.availability.as_deref(), Some("in_stock"));
    assert_eq!(document.platform.as_deref(), Some("woocommerce"));
    assert_eq!(document.breadcrumbs, ["Home", "Kettles"]);
    assert_eq!(document.contacts, ["mailto:shop@acme.example"]);
    assert_eq!(document.social_links, ["https://www.instagram.com/acme"]);
    let said: Vec<_> =
        document.sources.iter().map(|s| (s.column.as_str(), s.source.as_str())).collect();
    for expected in [
        ("title", "heading"),
        ("product_price", "json_ld Product"),
        ("breadcrumbs", "breadcrumb element"),
        ("platform", "marks in the markup"),
        ("contacts", "links"),
    ] {
        assert!(said.contains(&expected), "{expected:?} is not in {said:?}");
    }
    assert!(document.sources.iter().all(|s| (0.0..=1.0).contains(&s.confidence)));
    // Every part of the text is in a section, and a section begins with its heading.
    let chars: Vec<char> = document.text.chars().collect();
    let mut at = 0;
    for section in &document.sections {
        assert_eq!(section.start, at);
        at = section.end;
        let part: String = chars[section.start as usize..section.end as usize].iter().collect();
        assert!(part.starts_with(&section.heading), "{part:?}");
    }
    assert_eq!(at as usize, chars.len());
    assert!(document.sections.iter().any(|s| (s.level, s.heading.as_str()) == (2, "Care")));
}

#[test]
fn a_page_that_shows_nothing_is_what_it_says_of_itself() {
    let cases = [
        (
            "<title>T</title><meta property=og:type content=article>\
             <meta property=og:description content='All about mills.'><div id=a></div>",
            "All about mills.",
            "open_graph description",
        ),
        (
            "<title>T</title><meta name=description content=no><div itemscope \
             itemtype=http://schema.org/Article><meta itemprop=articleBody content='The mills turn.'></div>",
            "The mills turn.",
            "microdata articleBody",
        ),
    ];
    for (html, text, source) in cases {
        let document = curated(html).document;
        assert_eq!(document.text, text);
        let said = document.sources.iter().find(|s| s.column == "text");
        assert_eq!(said.map(|s| s.source.as_str()), Some(source));
    }
    // What a site says of itself is no content of a page.
    let site = "<title>T</title><meta property=og:type content=website>\
                <meta property=og:description content='All about mills.'><div id=a></div>";
    assert_eq!(curated(site).document.text, "");
}
