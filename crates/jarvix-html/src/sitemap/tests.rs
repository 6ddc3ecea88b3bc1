//! Sitemaps of every kind, whole and hostile.

use std::io::Write;

use proptest::prelude::*;

use super::*;

fn read(body: &[u8]) -> (Vec<SitemapEntry>, SitemapFacts) {
    let mut entries = Vec::new();
    let facts = read_sitemap(body, None, &mut |entry| entries.push(entry));
    assert_eq!(facts.entries, entries.len());
    (entries, facts)
}

#[track_caller]
fn check(body: &str, kind: Option<SitemapKind>, locs: &[&str], flaw: Option<Flaw>) {
    let (entries, facts) = read(body.as_bytes());
    let found: Vec<&str> = entries.iter().map(|entry| entry.loc.as_str()).collect();
    assert_eq!((facts.kind, found.as_slice(), facts.flaw), (kind, locs, flaw), "{body}");
    assert!(entries.iter().all(|e| e.is_sitemap == (kind == Some(SitemapKind::Index))));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).expect("memory can be written to");
    packer.finish().expect("memory can be written to")
}

const URLS: Option<SitemapKind> = Some(SitemapKind::Urls);

#[test]
fn addresses_are_read_from_every_kind() {
    check(
        "\u{feff}<?xml version='1.0'?>\n<!-- <url><loc>no</loc></url> -->\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" a='>'>\
         <url><loc>\n https://a.example/?a=1&amp;b=2 </loc><lastmod>2025-01-02</lastmod></url>\
         <url><loc><![CDATA[https://a.example/]]]></loc></url>\
         <url><image:image><image:loc>https://img.example/x.png</image:loc></image:image>\
         <xhtml:link rel='alternate' hreflang='de' href='https://a.example/de'/>\
         <loc>https://a.example/c</loc></url><url/><url><loc/></url></urlset> trailing",
        URLS,
        &["https://a.example/?a=1&b=2", "https://a.example/]", "https://a.example/c"],
        None,
    );
    check(
        "<s:sitemapindex><s:sitemap><s:loc>https://a.example/1.xml</s:loc></s:sitemap>\
         <sitemap><loc>https://a.example/other-namespace</loc></sitemap></s:sitemapindex>",
        Some(SitemapKind::Index),
        &["https://a.example/1.xml"],
        None,
    );
    check(
        "https://a.example/1\r\nnonsense\n HTTPS://a.example/2?x=&amp;\n\nhttp://a.example/3",
        Some(SitemapKind::Text),
        &["https://a.example/1", "HTTPS://a.example/2?x=&amp;", "http://a.example/3"],
        None,
    );
    let (entries, _) = read(b"<urlset><url><lastmod>2025</lastmod><loc>x</loc></url></urlset>");
    assert_eq!(entries[0].lastmod.as_deref(), Some("2025"));
}

#[test]
fn what_is_wrong_is_said_and_what_stood_before_it_is_kept() {
    let none = Some(Flaw::NotASitemap);
    check("", None, &[], none);
    check("   ", None, &[], none);
    check("</x>", None, &[], none);
    check("<!doctype html><html><body>404</body></html>", None, &[], none);
    check("some words\nand more", None, &[], none);
    check("<?xml version='1.0'?> words", None, &[], none);
    check("<urlset><url><loc>a</loc></url><url><loc>b", URLS, &["a"], Some(Flaw::Unfinished));
    let long = "x".repeat(limits::URL_BYTES_MAX + 1);
    check(&format!("<urlset><url><loc>{long}</loc></url></urlset>"), URLS, &[], None);
}

#[test]
fn entities_are_never_expanded() {
    let bomb = "<!DOCTYPE urlset [<!ENTITY a \"ha'>]ha\"><!ENTITY b \"&a;&a;&a;&a;\">\
                <!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
                <urlset><url><loc>https://a.example/&b;&x;&amp;amp;</loc></url></urlset>";
    check(bomb, URLS, &["https://a.example/&b;&x;&amp;"], None);
}

#[test]
fn limits_hold() {
    let one = "<url><loc>https://a.example/</loc></url>";
    let many = format!("<urlset>{}</urlset>", one.repeat(limits::SITEMAP_URLS_MAX + 1));
    let (entries, facts) = read(many.as_bytes());
    assert_eq!((entries.len(), facts.flaw), (limits::SITEMAP_URLS_MAX, Some(Flaw::TooMany)));
    // A million open tags, a comment, a name and a text without end.
    for hostile in [
        "<a>".repeat(1_000_000).replacen("<a>", "<urlset>", 1),
        format!("<urlset><!--{}", "-".repeat(1_000_000)),
        format!("<urlset><{}", "n".repeat(1_000_000)),
        format!("<urlset><url><loc>{}", "n".repeat(1_000_000)),
        format!("<!DOCTYPE x {}", "[".repeat(1_000_000)),
    ] {
        let (entries, facts) = read(hostile.as_bytes());
        assert!(entries.is_empty() && facts.flaw.is_some());
    }
}

#[test]
fn packed_files_are_unpacked_and_bombs_are_cut() {
    let plain = b"<urlset><url><loc>https://a.example/</loc></url></urlset>";
    assert_eq!(read(&gzip(plain)).0.len(), 1);
    let twice = gzip(&gzip(plain));
    let mut found = 0;
    let facts = read_sitemap(&twice, Some("gzip"), &mut |_| found += 1);
    assert_eq!((found, facts.flaw), (1, None));
    let broken = &gzip(plain)[..30];
    assert_eq!(read(broken).1.flaw, Some(Flaw::Packing));
    let spaces = vec![b' '; usize::try_from(limits::SITEMAP_BYTES_MAX).expect("fits") + 1];
    let bomb = [b"<urlset>".as_slice(), &spaces].concat();
    let facts = read(&gzip(&bomb)).1;
    assert_eq!((facts.kind, facts.flaw), (URLS, Some(Flaw::TooLarge)));
    assert_eq!(read_sitemap(plain, Some("lzw"), &mut |_| {}).flaw, Some(Flaw::Packing));
}

#[test]
fn robots_txt_names_sitemaps() {
    let text = "\u{feff}User-agent: *\nDisallow: /x\nSITEMAP :\thttps://a.example/s.xml # main\r\
                sitemap: https://b.example/#1\nSitemap:\nSitemap: #none\nNo sitemap: x";
    assert_eq!(robots_sitemaps(text), ["https://a.example/s.xml", "https://b.example/#1"]);
    let many = "Sitemap: https://a.example/\n".repeat(limits::ROBOTS_SITEMAPS_MAX + 1);
    assert_eq!(robots_sitemaps(&many).len(), limits::ROBOTS_SITEMAPS_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes);
    }

    #[test]
    fn pieces_give_what_the_whole_gives(
        tags in proptest::collection::vec(
            prop::sample::select(vec![
                "<urlset>", "</urlset>", "<url>", "</url>", "<loc>", "</loc>", "<lastmod>", "x", "&amp;",
                "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE ", "[", "]", ">", "\"", "'", "<?", "?>", "/>",
                "<a:loc>", "\n", "http://x/",
            ]),
            0..40,
        ),
        cut in 0usize..400,
    ) {
        let bytes = tags.concat().into_bytes();
        let (whole, facts) = read(&bytes);
        let mut pieces = Vec::new();
        let mut parser = SitemapParser::new();
        let (a, b) = bytes.split_at(cut.min(bytes.len()));
        for piece in [a, b] {
            parser.feed(piece, &mut |entry| pieces.push(entry));
        }
        let (kind, entries, flaw) = parser.finish(&mut |entry| pieces.push(entry));
        // A text without addresses gives none either way.
        prop_assert_eq!((pieces, kind, entries, flaw), (whole, facts.kind, facts.entries, facts.flaw));
    }
}
