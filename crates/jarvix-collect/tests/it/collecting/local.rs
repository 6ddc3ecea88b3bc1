//! Pages from a folder of one's own.

use std::io::Write;

use jarvix_core::Outcome;

use super::{Lab, assert_ended};

#[test]
fn files_become_pages_as_they_are() {
    let mut lab = Lab::new();
    lab.settings.max_body = 10_000;
    let folder = lab.folder().join("pages");
    std::fs::create_dir_all(folder.join("sub")).expect("a folder");
    let html = "<!doctype html><title>x</title><p>Some words of a page.";
    std::fs::write(folder.join("a.html"), html).expect("a file");
    std::fs::write(folder.join("long.html"), html.repeat(1_000)).expect("a file");
    std::fs::write(folder.join("picture.html"), b"\x89PNG\r\n\x1a\n\0\0\0").expect("a file");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(html.as_bytes()).expect("memory");
    let packed = packed.finish().expect("memory");
    std::fs::write(folder.join("sub/b.html.gz"), &packed).expect("a file");

    lab.admit_path(&folder);
    let summary = lab.collect();
    assert_eq!((summary.pages, summary.connections_opened), (4, 0));
    let pages = lab.pages();
    let page = |name: &str| pages.iter().find(|p| p.url.ends_with(name)).expect("a page");
    assert_ended(page("/a.html"), Outcome::Fetched, "");
    assert_eq!(page("/a.html").protocol.as_deref(), Some("file"));
    assert!(page("/a.html").url.starts_with("file:///pages/"), "{}", page("/a.html").url);
    assert_eq!(page("/b.html.gz").content_encoding.as_deref(), Some("gzip"));
    assert_eq!(page("/b.html.gz").body.as_deref(), Some(&packed[..]));
    assert!(page("/long.html").truncated);
    assert_ended(page("/picture.html"), Outcome::NotContent, "image/png");
}
